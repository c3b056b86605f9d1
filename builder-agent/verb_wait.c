/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `wait`: takes up the wait for a claim again, by the claim's name or by a gate's. */

#include "base/error.h"
#include "verbs/talk.h"
#include "verbs/choose.h"
#include "builder-agent/verbs.h"
#include "builder-agent/verdicts.h"
#include "verbs/waiting.h"
#include "proto/label.h"

int claim_find(Talk *talk, const char *gate, Arena *arena, FoundClaim *ret_claim, Fault *fault) {
        const char *named = args_get(talk->args, "phase");
        const struct phase_status *phase = NULL;
        const struct gate_status *found;
        struct status status;
        int r = talk_ask_status(talk, named, arena, &status, fault);

        if (r == 0)
                r = choose_phase(&status, &gate, 1, &phase, fault);
        if (r != 0)
                return r;
        found = phase_find_gate_status(phase, gate);
        if (!found->claim) {
                fault_set(fault, "claim-unknown", "%s of %.*s was never claimed", gate,
                          SLICE_ARGS(phase->phase));
                fault_next(fault, "builder-agent claim %s --wait", gate);
                return TALK_E_REFUSED;
        }
        *ret_claim = (FoundClaim){
                .seq = found->claim,
                .has_no_taker = status.no_adversary && found->state == GATE_STATE_CLAIMED,
        };
        return 0;
}

/* A gate may be called 12; what begins with C- is taken for a claim. */
static bool is_claim_name(const char *name, uint64_t *ret_seq) {
        char letter;

        return label_parse(name, &letter, ret_seq) && letter == 'C';
}

static int wait_for(Talk *talk, Fault *fault) {
        cleanup_arena Arena arena = ARENA_INIT;
        const char *name = talk->args->rest[0];
        FoundClaim found = {.seq = 0};
        struct entry entry;
        uint64_t deadline_ms, seq;
        Message body;
        int r = waiting_deadline(talk->args, &deadline_ms, fault);

        if (r == 0)
                r = talk_connect(talk, fault);
        if (r == 0 && !is_claim_name(name, &found.seq))
                r = claim_find(talk, name, &arena, &found, fault);
        if (r == 0 && found.has_no_taker)
                verdicts_warn();
        seq = found.seq;
        if (r == 0)
                r = talk_ask_entry(talk, seq, &arena, &entry, &body, fault);
        if (r != 0)
                return r;
        if (body.type == MESSAGE_REVERIFY) {
                const struct claim claim = {.phase = body.reverify.phase,
                                            .gates = body.reverify.gates,
                                            .n_gates = body.reverify.n_gates,
                                            .repository = body.reverify.repository,
                                            .commit = body.reverify.commit};

                return verdicts_wait(talk, seq, &claim, deadline_ms, fault);
        }
        if (body.type != MESSAGE_CLAIM) {
                fault_set(fault, "claim-unknown", "entry %llu is a %s, not a claim",
                          (unsigned long long)seq, message_name(body.type));
                fault_next(fault, "builder-agent status shows the claims");
                return TALK_E_REFUSED;
        }
        return verdicts_wait(talk, seq, &body.claim, deadline_ms, fault);
}

int verb_wait(const Args *args) {
        return talk_run(args, wait_for);
}
