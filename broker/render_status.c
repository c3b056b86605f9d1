/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* STATUS-<phase>.md: a snapshot of one phase at the ledger's newest entry. `## DONE` stands in it
 * only when it was granted. */

#include "broker/render.h"

#include "base/clock.h"
#include "broker/status.h"

static void seq_link(const char *letter, uint64_t seq, Slice phase, Buf *text) {
        if (!seq)
                return;
        buf_printf(text, " [%s-%llu](REVIEW-%.*s.md#%c-%llu)", letter, (unsigned long long)seq,
                   SLICE_ARGS(phase), letter[0] | 0x20, (unsigned long long)seq);
}

static void waits_section(const struct phase_status *phase, Buf *text) {
        for (size_t i = 0; i < phase->n_waits; i++) {
                const struct wait *wait = &phase->waits[i];
                char since[TIME_TEXT_BYTES];

                time_format_minute(wait->since_ms, since);
                buf_text(text, "- Waiting for ");
                render_inline(wait->who, text);
                buf_text(text, ": ");
                render_inline(wait->what, text);
                buf_printf(text, ", since %s\n", since);
        }
        if (phase->n_waits)
                buf_text(text, "\n");
}

static void gate_row(const struct gate_status *gate, Slice phase, Buf *text) {
        char decided[TIME_TEXT_BYTES] = "";

        if (gate->decided_ms)
                time_format_minute(gate->decided_ms, decided);
        buf_text(text, "| ");
        render_inline(gate->gate, text);
        buf_text(text, " | ");
        render_inline(gate->title, text);
        buf_printf(text, " | %s", word_of(&words_GATE_STATE, (int)gate->state));
        seq_link("C", gate->claim, phase, text);
        seq_link("V", gate->verdict, phase, text);
        buf_text(text, " | ");
        render_code(slice_head(gate->commit, 12), text);
        buf_printf(text, " | %s | ", decided);
        if (gate->fresh)
                buf_text(text, "yes");
        else
                render_inline(gate->stale_because.n ? gate->stale_because : slice_text("no"), text);
        buf_printf(text, " | %llu |\n", (unsigned long long)gate->open_findings);
}

static void formal_line(const struct gate_status *gate, Buf *text) {
        static const char *const lines[] = {
                [GATE_STATE_OPEN] = "not claimed",
                [GATE_STATE_CLAIMED] = "CLAIMED, awaiting Adversary",
                [GATE_STATE_VERIFYING] = "CLAIMED, awaiting Adversary (verification in progress)",
                [GATE_STATE_PASSED] = "PASS",
                [GATE_STATE_FAILED] = "FAIL",
                [GATE_STATE_INCONCLUSIVE] = "INCONCLUSIVE",
        };

        buf_text(text, "\nGate: ");
        render_inline(gate->gate, text);
        buf_printf(text, " — %s\n", lines[gate->state]);
}

static void gates_section(const struct phase_status *phase, Buf *text) {
        buf_text(text,
                 "## Gate\n\n| gate | title | state | commit | decided | counts for DONE | open "
                 "findings |\n| --- | --- | --- | --- | --- | --- | --- |\n");
        for (size_t i = 0; i < phase->n_gates; i++)
                gate_row(&phase->gates[i], phase->phase, text);
        for (size_t i = 0; i < phase->n_gates; i++)
                formal_line(&phase->gates[i], text);
}

static void reasons_section(const struct phase_status *phase, Buf *text) {
        if (!phase->n_why_not_done)
                return;
        buf_text(text, "\n## Why not DONE\n\n");
        for (size_t i = 0; i < phase->n_why_not_done; i++) {
                buf_text(text, "- [ ] ");
                render_inline(phase->why_not_done[i], text);
                buf_text(text, "\n");
        }
}

static void findings_section(const struct phase_status *phase, Buf *text) {
        if (phase->n_findings)
                buf_text(text, "\n## Adversary findings\n\n");
        for (size_t i = 0; i < phase->n_findings; i++) {
                const struct finding_status *finding = &phase->findings[i];

                buf_printf(text, "- [%c] %.*s, %s, blocks %s: ",
                           finding->state == FINDING_STATE_CLOSED ? 'x' : ' ',
                           SLICE_ARGS(finding->finding),
                           word_of(&words_SEVERITY, (int)finding->severity),
                           word_of(&words_BLOCKS, (int)finding->blocks));
                render_inline(finding->title, text);
                buf_printf(text, " — %s\n", word_of(&words_FINDING_STATE, (int)finding->state));
        }
}

static void done_section(const struct phase_status *phase, Buf *text) {
        char when[TIME_TEXT_BYTES];

        if (phase->state != PHASE_STATE_DONE)
                return;
        time_format_minute(phase->done_ms, when);
        buf_printf(text,
                   "\n## DONE\n\nGranted @%s at commit `%.*s`: every gate has a fresh PASS.\n",
                   when, SLICE_ARGS(phase->done_commit));
}

void render_status(const State *state, const PhaseRecord *phase, uint64_t as_of_ms, Buf *text) {
        cleanup_arena Arena arena = ARENA_INIT;
        char as_of[TIME_TEXT_BYTES];
        struct status status;

        status_build(state, slice_text(phase->name), as_of_ms, &arena, &status);
        if (!status.n_phases)
                return;
        time_format_second(as_of_ms, as_of);
        buf_printf(text, "<!-- rendered from the ledger, entries 1 to %llu, head ",
                   (unsigned long long)state->head_seq);
        hex_append(text, hash_slice(&state->head_hash));
        buf_text(text, "; do not edit -->\n# STATUS — phase ");
        render_inline(status.phases[0].phase, text);
        buf_printf(text, "\n\n**%s**, as of %s (entry %llu); plan `",
                   word_of(&words_PHASE_STATE, (int)status.phases[0].state), as_of,
                   (unsigned long long)state->head_seq);
        hex_append(text, slice_head(status.phases[0].plan_digest, 8));
        buf_text(text, "`\n\n");
        waits_section(&status.phases[0], text);
        gates_section(&status.phases[0], text);
        reasons_section(&status.phases[0], text);
        findings_section(&status.phases[0], text);
        done_section(&status.phases[0], text);
}
