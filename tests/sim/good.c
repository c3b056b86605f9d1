/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What leads to DONE from wherever it is: everybody does what is waited for, and nothing else. */

#include "broker/finding.h"
#include "broker/fresh.h"
#include "broker/gate.h"
#include "tests/lib/desk_findings.h"
#include "tests/lib/test.h"
#include "tests/sim/world.h"

#define COMMIT_GOOD "dddddddddddddddddddddddddddddddddddddddd"

/* What was found in a gate is closed by a PASS of it that is newer. */
static bool awaits_pass(const FindingRecord *finding, const GateRecord *gate) {
        return finding->gate && strcmp(finding->gate, gate->id) == 0 &&
               (gate->state != GATE_STATE_PASSED || gate->verdict.seq < finding->opened_seq);
}

static bool is_missing(const World *world, const GateRecord *gate) {
        const State *state = desk_state(&world->desk);
        uint64_t now_ms = world->desk.port.wall_ms;

        for (size_t i = 0; i < state->n_findings; i++)
                if (finding_is_blocking(state->findings[i], now_ms) &&
                    awaits_pass(state->findings[i], gate))
                        return true;
        return gate->in_plan && !gate_is_waived(gate, now_ms) &&
               !gate_is_fresh(gate, slice_text(COMMIT_GOOD), now_ms, NULL);
}

static bool waits_for_answer(const PhaseRecord *phase, const GateRecord *gate) {
        if (!gate->in_plan || gate->state != GATE_STATE_INCONCLUSIVE ||
            strcmp(gate->verdict.commit, COMMIT_GOOD) != 0)
                return false;
        for (size_t i = 0; i < gate->n_asked; i++)
                if (!phase_find_answer(phase, gate, gate->asked[i], gate->verdict.commit))
                        return true;
        return false;
}

static bool is_going_on(const PhaseRecord *phase) {
        for (size_t i = 0; i < phase->n_gates; i++)
                if (phase->gates[i].in_plan && (gate_is_pending(&phase->gates[i]) ||
                                                waits_for_answer(phase, &phase->gates[i])))
                        return true;
        return false;
}

static bool fix_one(World *world, const Agent *agent) {
        const State *state = desk_state(&world->desk);

        for (size_t i = 0; i < state->n_findings; i++) {
                const FindingRecord *finding = state->findings[i];

                if (!finding_is_blocking(finding, world->desk.port.wall_ms) ||
                    finding->state == FINDING_STATE_FIXED)
                        continue;
                world_say(world, agent->who, desk_make_fixed(finding->seq, COMMIT_GOOD));
                return true;
        }
        return false;
}

static void build(World *world, const Agent *agent) {
        const PhaseRecord *phase = world_phase(world);
        const char *missing[SIM_GATES];
        size_t n = 0;

        if (agent->who != BUILDER || phase->state == PHASE_STATE_DONE || is_going_on(phase))
                return;
        for (size_t i = 0; i < SIM_GATES; i++) {
                const GateRecord *gate = phase_find_gate(phase, slice_text(sim_gates[i]));

                if (gate && is_missing(world, gate))
                        missing[n++] = sim_gates[i];
        }
        if (n)
                world_say(world, agent->who,
                          says_claim(world, agent->who, missing, n, COMMIT_GOOD, true));
        else if (!fix_one(world, agent) && !phase->asked_seq)
                world_say(world, agent->who, desk_make_done("m", COMMIT_GOOD));
}

/* ---- adversaries ---- */

/* PASS, unless a person must look first. */
static bool verify(World *world, const Agent *agent) {
        const State *state = desk_state(&world->desk);

        for (size_t i = 0; i < agent->n_jobs; i++) {
                const ClaimRecord *claim = state_find_claim(state, agent->jobs[i].claim);

                for (size_t j = 0; claim && j < claim->n_gates; j++) {
                        const GateRecord *gate =
                                claim_get_gate_for(claim, j, desk_names[agent->who]);
                        bool is_open = false;

                        if (!gate)
                                continue;
                        for (size_t k = 1; k < gate->n_checks; k++)
                                is_open |= !phase_find_answer(claim->phase, gate,
                                                              gate->checks[k].id, claim->commit);
                        world_say(world, agent->who,
                                  says_verdict(world, agent->who, &agent->jobs[i],
                                               arena_text(&world->desk.arena, slice_text(gate->id)),
                                               is_open ? DECISION_INCONCLUSIVE : DECISION_PASS));
                        return true;
                }
        }
        return false;
}

static bool answer(World *world, const Agent *agent) {
        const PhaseRecord *phase = world_phase(world);

        for (size_t i = 0; i < phase->n_gates; i++)
                if (waits_for_answer(phase, &phase->gates[i])) {
                        world_say(world, agent->who, says_answer(world, &phase->gates[i], true));
                        return true;
                }
        return false;
}

static bool lift(World *world, const Agent *agent) {
        const State *state = desk_state(&world->desk);

        for (size_t i = 0; i < state->n_vetoes; i++)
                if (strcmp(state->vetoes[i]->adversary, desk_names[agent->who]) == 0) {
                        world_say(world, agent->who, desk_make_lift(state->vetoes[i]->seq));
                        return true;
                }
        return false;
}

static bool close_one(World *world, const Agent *agent) {
        const State *state = desk_state(&world->desk);

        for (size_t i = 0; i < state->n_findings; i++) {
                const FindingRecord *finding = state->findings[i];
                const GateRecord *gate =
                        finding->gate ? phase_find_gate(finding->phase, slice_text(finding->gate))
                                      : NULL;

                if (!finding_is_blocking(finding, world->desk.port.wall_ms) ||
                    finding->state != FINDING_STATE_FIXED || (gate && awaits_pass(finding, gate)))
                        continue;
                world_say(world, agent->who,
                          desk_make_close(finding->seq, gate ? gate->verdict.seq : 0));
                return true;
        }
        return false;
}

static void verify_or_clear(World *world, const Agent *agent) {
        if (!verify(world, agent) && !answer(world, agent) && !lift(world, agent))
                (void)close_one(world, agent);
}

void good_make(World *world, Agent *agent) {
        const State *state = desk_state(&world->desk);

        switch (agent->who) {
        case BUILDER: build(world, agent); break;
        case ADVERSARY:
        case ADVERSARY_2: verify_or_clear(world, agent); break;
        case OPERATOR:
                if (state->n_alerts)
                        world_say(world, OPERATOR,
                                  (Message){.type = MESSAGE_SEEN,
                                            .seen = {.alert = state->alerts[0]->seq}});
                break;
        case BUILDER_2:
        case OBSERVER:
        case STRANGER:
        case _WHO_MAX: break;
        }
}
