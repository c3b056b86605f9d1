/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Subjects in the grammar that people and scripts grep: `claim(pvfix-M1): …`, `review(pvfix-M2): M2
 * PASS …`, `status(pvfix): …`. */

#include "broker/anchor_message.h"

#include <inttypes.h>

#include "base/text.h"
#include "base/utf8.h"

/* Enough of a commit for people, and of words for a subject. */
enum { COMMIT_SHOWN = 12, WORDS_BYTES_MAX = 72 };

bool anchor_is_point(const Entry *entry) {
        return slice_is(entry->kind, "claim") || slice_is(entry->kind, "reverify") ||
               slice_is(entry->kind, "verdict");
}

/* The first line, cut between characters. */
static void append_line(Slice words, Buf *text) {
        Slice line = slice_head(words, slice_find(words, slice_text("\n")));
        Slice head = utf8_head(line, WORDS_BYTES_MAX);

        text_make_visible(head, false, text);
        if (head.n < line.n)
                buf_text(text, "…");
}

static void append_scope(const char *what, Slice phase, const Slice *gates, size_t n_gates,
                         Buf *text) {
        buf_printf(text, "%s(", what);
        text_make_visible(phase, false, text);
        for (size_t i = 0; i < n_gates; i++) {
                buf_text(text, i ? "," : "-");
                text_make_visible(gates[i], false, text);
        }
        buf_text(text, "): ");
}

static void append_trailer(const State *state, uint64_t seq, const Hash *hash, Buf *text) {
        buf_text(text, "\nLedger: ");
        hex_append(text, hash_slice(&state->ledger));
        buf_printf(text, "\nLedger-Entry: %" PRIu64 "\nLedger-Hash: ", seq);
        hex_append(text, hash_slice(hash));
        buf_text(text, "\n");
}

/* ---- points ---- */

static void describe_claim(const Entry *entry, const struct claim *claim, Buf *text) {
        append_scope("claim", entry->phase, claim->gates, claim->n_gates, text);
        if (claim->what.n)
                append_line(claim->what, text);
        else
                buf_printf(text, "at %.*s", COMMIT_SHOWN, (const char *)claim->commit.data);
        buf_printf(text, "\n\nC-%" PRIu64 " by %.*s at %.*s\n", entry->seq,
                   SLICE_ARGS(entry->actor), SLICE_ARGS(claim->commit));
}

static void describe_reverify(const Entry *entry, const struct reverify *again, Buf *text) {
        append_scope("claim", entry->phase, again->gates, again->n_gates, text);
        buf_printf(text, "to be verified again at %.*s\n\n", COMMIT_SHOWN,
                   (const char *)again->commit.data);
        buf_printf(text, "C-%" PRIu64 " in the name of %.*s at %.*s\n", entry->seq,
                   SLICE_ARGS(again->builder), SLICE_ARGS(again->commit));
}

static void append_findings(const State *state, uint64_t seq, Buf *text) {
        for (size_t i = 0; i < state->n_findings; i++)
                if (state->findings[i]->verdict_seq == seq && state->findings[i]->closed_seq != seq)
                        buf_printf(text, " + F-%" PRIu64, state->findings[i]->seq);
}

/* One of several verifiers' words is sealed until the last is in. */
static void describe_verdict(const State *state, const Entry *entry, const struct verdict *verdict,
                             Buf *text) {
        const ClaimRecord *claim = state_find_claim(state, verdict->claim);
        const GateRecord *gate = claim ? phase_find_gate(claim->phase, verdict->gate) : NULL;
        bool is_decided = !gate || gate->verdict.seq == entry->seq;
        Decision decision = gate ? gate->verdict.decision : verdict->decision;

        append_scope("review", entry->phase, &verdict->gate, 1, text);
        text_make_visible(verdict->gate, false, text);
        if (is_decided) {
                buf_printf(text, " %s at %.*s", word_of(&words_DECISION, (int)decision),
                           COMMIT_SHOWN, (const char *)verdict->commit.data);
                append_findings(state, entry->seq, text);
        } else {
                buf_printf(text, ", the verdict of one of %u verifiers", gate->verifiers);
        }
        buf_printf(text, "\n\nV-%" PRIu64 " by %.*s on C-%" PRIu64 " at %.*s\n", entry->seq,
                   SLICE_ARGS(entry->actor), verdict->claim, SLICE_ARGS(verdict->commit));
}

void anchor_describe_point(const State *state, const Entry *entry, const Message *message,
                           Buf *text) {
        if (message->type == MESSAGE_CLAIM)
                describe_claim(entry, &message->claim, text);
        else if (message->type == MESSAGE_REVERIFY)
                describe_reverify(entry, &message->reverify, text);
        else if (message->type == MESSAGE_VERDICT)
                describe_verdict(state, entry, &message->verdict, text);
        append_trailer(state, entry->seq, &entry->hash, text);
}

void anchor_describe_rest(const State *state, Slice phase, uint64_t first, Buf *text) {
        const PhaseRecord *record = state_find_phase(state, phase);

        if (record) {
                append_scope("status", phase, NULL, 0, text);
                buf_printf(text, "%s, ", word_of(&words_PHASE_STATE, (int)record->state));
        } else {
                buf_text(text, "status: ");
        }
        buf_printf(text, "entries %" PRIu64 " to %" PRIu64 "\n", first, state->head_seq);
        append_trailer(state, state->head_seq, &state->head_hash, text);
}
