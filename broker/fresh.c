/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Freshness. Sentences name commit and age. */

#include "broker/fresh.h"

#include <inttypes.h>
#include <stdarg.h>

#include "base/clock.h"
#include "broker/gate.h"
#include "broker/status_parts.h"

enum { CHECKS_SHOWN = 10 };

static bool say_stale(Buf *why, const char *format, ...) printf_like(2, 3);

static bool say_stale(Buf *why, const char *format, ...) {
        va_list args;

        if (!why)
                return false;
        va_start(args, format);
        buf_vprintf(why, format, args);
        va_end(args);
        return false;
}

/* What each of several verifiers found: its word, and the checks that did not pass. */
static void say_vote(const VerdictRecord *vote, Buf *why) {
        size_t n = 0;

        buf_printf(why, "%s says %s (V-%" PRIu64, vote->adversary,
                   word_of(&words_DECISION, (int)vote->decision), vote->seq);
        for (size_t i = 0; i < vote->n_results; i++)
                if (vote->results[i].outcome != OUTCOME_PASS && n++ < CHECKS_SHOWN)
                        buf_printf(why, "%s%s", n == 1 ? ": " : ", ", vote->results[i].check);
        if (n > CHECKS_SHOWN)
                buf_printf(why, " and %zu more", n - CHECKS_SHOWN);
        buf_text(why, ")");
}

static bool say_disagreement(const GateRecord *gate, Buf *why) {
        if (!why)
                return false;
        buf_printf(why, "its verifiers disagree at " SHORT_COMMIT, gate->verdict.commit);
        for (size_t i = 0; i < gate->n_votes; i++) {
                buf_text(why, i ? ", " : ": ");
                say_vote(&gate->votes[i], why);
        }
        return false;
}

static bool is_old(const VerdictRecord *verdict, uint64_t valid_for_ms, uint64_t now_ms, Buf *why) {
        uint64_t measured_ms = verdict->carried_from ? verdict->measured_ms : verdict->received_ms;
        uint64_t age = status_age(measured_ms, now_ms);

        if (age < valid_for_ms)
                return false;
        if (why) {
                buf_printf(why, "its PASS at " SHORT_COMMIT " is ", verdict->commit);
                duration_describe(age, why);
                buf_text(why, " old and counts for ");
                duration_describe(valid_for_ms, why);
        }
        return true;
}

bool gate_is_fresh(const GateRecord *gate, Slice commit, uint64_t now_ms, Buf *why) {
        const VerdictRecord *verdict = &gate->verdict;

        if (gate_is_exhausted(gate))
                return say_stale(why, "claim C-%" PRIu64 " ran out of attempts without a verdict",
                                 gate->claim_seq);
        if (verdict->seq == 0 && gate->retracted_seq)
                return say_stale(why, "its verdict V-%" PRIu64 " was retracted",
                                 gate->retracted_seq);
        if (verdict->seq == 0)
                return say_stale(why, "it has no verdict");
        if (verdict->is_mismatch)
                return say_stale(why,
                                 "its PASS at " SHORT_COMMIT
                                 " does not count: the claimed evidence differs (V-%" PRIu64 ")",
                                 verdict->commit, verdict->seq);
        if (verdict->is_disagreement)
                return say_disagreement(gate, why);
        if (verdict->decision != DECISION_PASS)
                return say_stale(why, "%s at " SHORT_COMMIT " (V-%" PRIu64 ")",
                                 word_of(&words_DECISION, (int)verdict->decision), verdict->commit,
                                 verdict->seq);
        if (verdict->mode != MODE_COLD)
                return say_stale(why, "its PASS at " SHORT_COMMIT " was %s, not cold",
                                 verdict->commit, word_of(&words_MODE, (int)verdict->mode));
        if (!hash_equal(&verdict->gate_digest, &gate->digest))
                return say_stale(why,
                                 "its PASS at " SHORT_COMMIT
                                 " is for an older definition of the gate; the plan was revised",
                                 verdict->commit);
        if (commit.n && !slice_is(commit, verdict->commit))
                return say_stale(why, "its PASS is at " SHORT_COMMIT ", not at %.*s",
                                 verdict->commit, SLICE_ARGS(slice_head(commit, 12)));
        return !is_old(verdict, gate->valid_for_ms, now_ms, why);
}

bool gate_say_questions(const PhaseRecord *phase, const GateRecord *gate, Buf *text) {
        size_t n = 0;

        for (size_t i = 0; i < gate->n_asked; i++)
                if (!phase_find_answer(phase, gate, gate->asked[i], gate->verdict.commit))
                        buf_printf(text, "%s%s", n++ ? ", " : "", gate->asked[i]);
        return n > 0;
}

bool gate_is_pending(const GateRecord *gate) {
        return gate->state == GATE_STATE_CLAIMED || gate->state == GATE_STATE_VERIFYING;
}

bool gate_need_is_met(const GateRecord *need, Slice commit, uint64_t now_ms) {
        const VerdictRecord *verdict = &need->verdict;

        if (gate_is_waived(need, now_ms))
                return true;
        return verdict->seq && verdict->decision == DECISION_PASS &&
               slice_is(commit, verdict->commit) &&
               hash_equal(&verdict->gate_digest, &need->digest);
}
