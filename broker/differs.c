/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The claim's words and the verdict's evidence, fetched and compared. */

#include "broker/differs.h"

#include "base/error.h"
#include "broker/compare.h"
#include "broker/core_parts.h"
#include "proto/codec.h"

/* The loop waits for it: a claim that names very many checks is compared as far as this goes. */
enum { CHECKS_COMPARED_MAX = 64 };

/* Empty: it says nothing, or there are no words for this commit. */
static int read_claimed(Core *core, uint64_t claim_seq, Arena *arena, Slice *ret_claimed) {
        CodecFault fault;
        Message message;
        Entry entry;

        *ret_claimed = SLICE_NULL;
        if (claim_seq == 0)
                return 0;
        TRY(core->port.read(core->port.userdata, claim_seq, arena, &entry));
        TRY(codec_decode(entry.frame, arena, &message, &fault));
        if (message.type == MESSAGE_CLAIM)
                *ret_claimed = message.claim.claimed_evidence;
        return 0;
}

/* Evidence is stored before the verdict that names it, and is a frame of its kind: the rules. */
static int read_measured(Core *core, Slice digest, Arena *arena,
                         struct check_evidence *ret_evidence) {
        CodecFault fault;
        Message message;
        Slice frame;
        Hash hash;

        if (!hash_from_slice(digest, &hash))
                return 0;
        TRY(core->port.evidence_get(core->port.userdata, &hash, arena, &frame));
        TRY(codec_decode(frame, arena, &message, &fault));
        *ret_evidence = message.check_evidence;
        return 0;
}

static int read_all(Core *core, const struct verdict *verdict, Slice claimed, Arena *arena,
                    struct check_evidence *measured, size_t *ret_n) {
        *ret_n = 0;
        for (size_t i = 0; i < verdict->n_checks && *ret_n < CHECKS_COMPARED_MAX; i++) {
                const struct check_result *check = &verdict->checks[i];
                struct check_evidence *evidence = &measured[*ret_n];

                if (check->evidence.n == 0 || !compare_names_check(claimed, check->check))
                        continue;
                *evidence = (struct check_evidence){.present = 0};
                TRY(read_measured(core, check->evidence, arena, evidence));
                evidence->check = check->check;
                (*ret_n)++;
        }
        return 0;
}

static int say(Core *core, const struct verdict *verdict, uint64_t verdict_seq, bool fails,
               Slice *lines, size_t n_lines) {
        Message message = {
                .type = MESSAGE_DIFFERS,
                .differs = {.claim = verdict->claim,
                            .verdict = verdict_seq,
                            .gate = verdict->gate,
                            .lines = lines,
                            .n_lines = n_lines,
                            .fails = fails},
        };

        return core_append_own(core, &message);
}

int differs_hear(Core *core, const Message *message) {
        const struct verdict *verdict = &message->verdict;
        cleanup_arena Arena arena = ARENA_INIT;
        struct check_evidence *measured;
        const ClaimRecord *claim;
        const GateRecord *gate;
        size_t n_measured, n_lines;
        uint64_t seq = core->state.head_seq;
        Slice claimed, *lines;

        if (message->type != MESSAGE_VERDICT)
                return 0;
        claim = state_find_claim(&core->state, verdict->claim);
        gate = claim ? phase_find_gate(claim->phase, verdict->gate) : NULL;
        if (!gate || gate->verdict.seq != seq || gate->verdict.decision == DECISION_INCONCLUSIVE)
                return 0;
        TRY(read_claimed(core, gate->words_seq, &arena, &claimed));
        if (claimed.n == 0)
                return 0;
        measured = arena_alloc_array(&arena, CHECKS_COMPARED_MAX, sizeof *measured);
        TRY(read_all(core, verdict, claimed, &arena, measured, &n_measured));
        compare_evidence(claimed, measured, n_measured, &arena, &lines, &n_lines);
        if (n_lines == 0)
                return 0;
        return say(core, verdict, seq, gate->must_match && gate->verdict.decision == DECISION_PASS,
                   lines, n_lines);
}
