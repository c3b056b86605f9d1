/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What STATUS and BACKLOG share. */

#include "broker/render_parts.h"

#include "base/clock.h"

void snapshot_begin(const Snapshot *snapshot, const char *file) {
        const State *state = snapshot->state;
        Buf *text = snapshot->text;
        char as_of[TIME_TEXT_BYTES];

        time_format_second(snapshot->status->now_ms, as_of);
        buf_printf(text, "<!-- rendered from the ledger, entries 1 to %llu, head ",
                   (unsigned long long)state->head_seq);
        hex_append(text, hash_slice(&state->head_hash));
        buf_printf(text, "; do not edit -->\n# %s — phase ", file);
        render_inline(snapshot->phase->phase, text);
        buf_printf(text, "\n\n**%s**, as of %s (entry %llu); plan `",
                   word_of(&words_PHASE_STATE, (int)snapshot->phase->state), as_of,
                   (unsigned long long)state->head_seq);
        hex_append(text, slice_head(snapshot->phase->plan_digest, 8));
        buf_text(text, "`\n\n");
}

void snapshot_link(const Snapshot *snapshot, char letter, uint64_t seq) {
        if (seq)
                buf_printf(snapshot->text, " [%c-%llu](REVIEW-%.*s.md#%c-%llu)", letter,
                           (unsigned long long)seq, SLICE_ARGS(snapshot->phase->phase),
                           letter | 0x20, (unsigned long long)seq);
}

static void say_why_open(const struct finding_status *finding, Buf *text) {
        char until[TIME_TEXT_BYTES];

        if (finding->waived_until_ms) {
                time_format_minute(finding->waived_until_ms, until);
                buf_printf(text, " until %s", until);
        }
        if (finding->because.n) {
                buf_text(text, finding->state == FINDING_STATE_DEFERRED
                                       ? ", must close before DONE, by: "
                                       : ": ");
                render_inline(finding->because, text);
        }
        if (finding->state == FINDING_STATE_FIXED && finding->fixed_at.n) {
                buf_text(text, " at ");
                render_code(slice_head(finding->fixed_at, 12), text);
                buf_text(text, ", awaiting its re-test");
        }
}

void snapshot_finding(const Snapshot *snapshot, const struct finding_status *finding) {
        Buf *text = snapshot->text;

        buf_printf(text, "- [%c] %.*s, %s, blocks %s",
                   finding->state == FINDING_STATE_CLOSED ? 'x' : ' ', SLICE_ARGS(finding->finding),
                   word_of(&words_SEVERITY, (int)finding->severity),
                   word_of(&words_BLOCKS, (int)finding->blocks));
        if (finding->gate.n) {
                buf_text(text, ", ");
                render_inline(finding->gate, text);
        }
        buf_text(text, ": ");
        render_inline(finding->title, text);
        buf_printf(text, " — %s", word_of(&words_FINDING_STATE, (int)finding->state));
        say_why_open(finding, text);
        buf_text(text, "\n");
}
