/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Which phase is meant. */

#include "verbs/choose.h"

#include "tests/lib/test.h"

typedef struct Plans {
        struct gate_status gates[4];
        struct phase_status phases[3];
        struct status status;
} Plans;

/* first: M1 M2 (done); second: M2 WC1; third: M4 */
static void plans_init(Plans *plans) {
        *plans = (Plans){
                .gates = {{.gate = slice_text("M1")},
                          {.gate = slice_text("M2")},
                          {.gate = slice_text("WC1")},
                          {.gate = slice_text("M4")}},
                .phases = {{.phase = slice_text("first"), .state = PHASE_STATE_DONE, .n_gates = 2},
                           {.phase = slice_text("second"),
                            .state = PHASE_STATE_ACTIVE,
                            .n_gates = 2},
                           {.phase = slice_text("third"),
                            .state = PHASE_STATE_PLANNED,
                            .n_gates = 1}},
                .status = {.n_phases = 3},
        };
        plans->phases[0].gates = plans->gates;
        plans->phases[1].gates = plans->gates + 1;
        plans->phases[2].gates = plans->gates + 3;
        plans->status.phases = plans->phases;
}

#define CHOOSE(plans, phase, fault, ...)                                                           \
        choose_phase(&(plans)->status, (const char *[]){__VA_ARGS__},                              \
                     sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), (phase), (fault))

TEST(the_only_phase_with_the_gate_is_meant) {
        const struct phase_status *phase;
        Fault fault = FAULT_INIT;
        Plans plans;

        plans_init(&plans);
        CHECK_EQ_INT(CHOOSE(&plans, &phase, &fault, "M4"), 0);
        CHECK_EQ_SLICE(phase->phase, slice_text("third"));
        CHECK_EQ_INT(CHOOSE(&plans, &phase, &fault, "WC1", "M2"), 0);
        CHECK_EQ_SLICE(phase->phase, slice_text("second"));
}

TEST(an_open_phase_wins_over_a_done_one) {
        const struct phase_status *phase;
        Fault fault = FAULT_INIT;
        Plans plans;

        plans_init(&plans);
        CHECK_EQ_INT(CHOOSE(&plans, &phase, &fault, "M2"), 0);
        CHECK_EQ_SLICE(phase->phase, slice_text("second"));
        CHECK_EQ_INT(CHOOSE(&plans, &phase, &fault, "M1"), 0);
        CHECK_EQ_SLICE(phase->phase, slice_text("first"));
}

TEST(several_open_phases_are_named) {
        const struct phase_status *phase;
        Fault fault = FAULT_INIT;
        Plans plans;

        plans_init(&plans);
        plans.phases[0].state = PHASE_STATE_ACTIVE;
        CHECK_EQ_INT(CHOOSE(&plans, &phase, &fault, "M2"), CHOOSE_E_REFUSED);
        CHECK_EQ_TEXT(fault.rule, "phase-ambiguous");
        CHECK_CONTAINS(fault.found, "first and second");
        CHECK_CONTAINS(fault.next, "--phase");
}

TEST(an_id_is_exact) {
        const struct phase_status *phase;
        Fault fault = FAULT_INIT;
        Plans plans;

        plans_init(&plans);
        CHECK_EQ_INT(CHOOSE(&plans, &phase, &fault, "C1"), CHOOSE_E_REFUSED);
        CHECK_EQ_TEXT(fault.rule, "gate-unknown");
        CHECK_EQ_INT(CHOOSE(&plans, &phase, &fault, "WC"), CHOOSE_E_REFUSED);
        CHECK_CONTAINS(fault.next, "did you mean WC1?");
        CHECK_EQ_INT(CHOOSE(&plans, &phase, &fault, "m1"), CHOOSE_E_REFUSED);
        CHECK_CONTAINS(fault.next, "did you mean M1?");
}

TEST(gates_of_different_phases_are_not_one_claim) {
        const struct phase_status *phase;
        Fault fault = FAULT_INIT;
        Plans plans;

        plans_init(&plans);
        CHECK_EQ_INT(CHOOSE(&plans, &phase, &fault, "WC1", "M4"), CHOOSE_E_REFUSED);
        CHECK_EQ_TEXT(fault.rule, "gate-unknown");
        CHECK_CONTAINS(fault.found, "no single phase");
}

TEST(without_a_plan_nothing_can_be_claimed) {
        const struct phase_status *phase;
        struct status status = {.n_phases = 0};
        Fault fault = FAULT_INIT;

        CHECK_EQ_INT(choose_phase(&status, NULL, 0, &phase, &fault), CHOOSE_E_REFUSED);
        CHECK_EQ_TEXT(fault.rule, "plan-not-approved");
}
