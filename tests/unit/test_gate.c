/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

#include "broker/gate.h"

#include "tests/lib/test.h"

TEST(a_verdict_is_kept_in_the_gate) {
        GateRecord gate = {.state = GATE_STATE_VERIFYING};
        VerdictRecord verdict = {.seq = 5, .decision = DECISION_FAIL};

        CHECK_EQ_INT(gate_apply(&gate, &(GateEvent){.kind = gate_event_of_decision(DECISION_FAIL),
                                                    .verdict = &verdict}),
                     0);
        CHECK_EQ_INT(gate.state, GATE_STATE_FAILED);
        CHECK_EQ_U64(gate.verdict.seq, 5);
}

TEST(a_verdict_on_a_gate_that_nobody_verifies_changes_nothing) {
        VerdictRecord verdict = {.seq = 5, .decision = DECISION_PASS};

        for (int state = 0; state < _GATE_STATE_MAX; state++) {
                GateRecord gate = {.state = (GateState)state};

                if (state == GATE_STATE_VERIFYING)
                        continue;
                CHECK_EQ_INT(
                        gate_apply(&gate, &(GateEvent){.kind = GATE_EV_PASS, .verdict = &verdict}),
                        GATE_E_NOT_NOW);
                CHECK_EQ_INT(gate.state, state);
                CHECK_EQ_U64(gate.verdict.seq, 0);
        }
}

TEST(a_gate_can_be_claimed_in_every_state) {
        for (int state = 0; state < _GATE_STATE_MAX; state++) {
                GateRecord gate = {.state = (GateState)state};

                CHECK_EQ_INT(gate_apply(&gate, &(GateEvent){.kind = GATE_EV_CLAIM, .claim_seq = 3}),
                             0);
                CHECK_EQ_INT(gate.state, GATE_STATE_CLAIMED);
                CHECK_EQ_U64(gate.claim_seq, 3);
        }
}

TEST(a_released_gate_is_what_its_newest_verdict_says) {
        static const GateState expected[] = {
                [DECISION_PASS] = GATE_STATE_PASSED,
                [DECISION_FAIL] = GATE_STATE_FAILED,
                [DECISION_INCONCLUSIVE] = GATE_STATE_INCONCLUSIVE,
        };

        for (int decision = 0; decision < _DECISION_MAX; decision++) {
                GateRecord gate = {.state = GATE_STATE_CLAIMED,
                                   .verdict = {.seq = 4, .decision = (Decision)decision}};

                CHECK_EQ_INT(gate_apply(&gate, &(GateEvent){.kind = gate_event_of_release(&gate)}),
                             0);
                CHECK_EQ_INT(gate.state, expected[decision]);
        }
}

TEST(a_released_gate_without_a_verdict_is_open) {
        GateRecord gate = {.state = GATE_STATE_VERIFYING};

        CHECK_EQ_INT(gate_apply(&gate, &(GateEvent){.kind = gate_event_of_release(&gate)}), 0);
        CHECK_EQ_INT(gate.state, GATE_STATE_OPEN);
}
