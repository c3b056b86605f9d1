/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Every table of states: what must hold of all of them. */

#include "broker/claim.h"
#include "broker/finding.h"
#include "broker/gate.h"
#include "broker/hold.h"
#include "broker/veto.h"
#include "tests/lib/test.h"

static void check_machine(const Machine *machine, const WordSet *words) {
        cleanup_buf Buf defects = BUF_TEXT;

        (void)machine_verify(machine, &defects);
        CHECK_EQ_TEXT(buf_get_text(&defects), "");
        CHECK_EQ_U64(machine->n_states, words->n_rows);
        CHECK(machine->n_edges > 0);
}

TEST(the_life_of_a_claim_has_no_defect) {
        MachineState states[_CLAIM_STATE_MAX];
        Machine machine;

        claim_get_machine(states, &machine);
        check_machine(&machine, &words_CLAIM_STATE);
}

TEST(the_life_of_a_gate_has_no_defect) {
        MachineState states[_GATE_STATE_MAX];
        Machine machine;

        gate_get_machine(states, &machine);
        check_machine(&machine, &words_GATE_STATE);
}

TEST(the_life_of_a_finding_has_no_defect) {
        MachineState states[_FINDING_STATE_MAX];
        Machine machine;

        finding_get_machine(states, &machine);
        check_machine(&machine, &words_FINDING_STATE);
}

TEST(the_life_of_a_veto_has_no_defect) {
        MachineState states[_VETO_STATE_MAX];
        Machine machine;

        veto_get_machine(states, &machine);
        check_machine(&machine, &words_VETO_STATE);
}

TEST(the_life_of_a_hold_has_no_defect) {
        MachineState states[_HOLD_STATE_MAX];
        Machine machine;

        hold_get_machine(states, &machine);
        check_machine(&machine, &words_HOLD_STATE);
}

TEST(a_claim_without_its_timer_is_a_defect) {
        MachineState states[_CLAIM_STATE_MAX];
        cleanup_buf Buf defects = BUF_TEXT;
        Machine machine;

        claim_get_machine(states, &machine);
        states[CLAIM_STATE_QUEUED].is_waiting = true;
        CHECK(!machine_verify(&machine, &defects));
        CHECK_CONTAINS(buf_get_text(&defects), "waits without a timer");
}
