/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A verdict without a verification. */

#include "adversary-agent/stand_in.h"

#include "plan/plan.h"

bool stand_in_make(const Job *job, uint64_t now_ms, Arena *arena, Message *ret_verdict) {
        cleanup(plan_deinit) Plan plan = {.n_gates = 0};
        Fault fault;
        size_t n_faults = 0;
        const Gate *gate;

        if (plan_parse_approved("plan", slice_make(job->plan, job->plan_bytes), &plan, &fault, 1,
                                &n_faults) != 0)
                return false;
        gate = plan_find_gate(&plan, slice_text(job->gates[job->at]));
        if (!gate)
                return false;
        *ret_verdict = (Message){
                .type = MESSAGE_VERDICT,
                .verdict = {.claim = job->claim,
                            .gate = slice_text(job->gates[job->at]),
                            .lease = job->lease,
                            .decision = DECISION_INCONCLUSIVE,
                            .reason = slice_text("sandbox.worker-died"),
                            .summary =
                                    slice_text("the verifying process died twice without a word"),
                            .commit = slice_text(job->commit),
                            .gate_digest = arena_slice(arena, hash_slice(&gate->digest)),
                            .mode = job->mode,
                            .started_ms = now_ms},
        };
        message_set_present(ret_verdict);
        return true;
}
