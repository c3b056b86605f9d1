/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

#include "broker/state.h"

#include "base/mem.h"

#include "tests/lib/desk.h"
#include "tests/lib/test.h"

TEST(an_agent_is_found_by_its_whole_name_only) {
        Desk desk;

        desk_open(&desk);
        CHECK(state_find_agent(desk_state(&desk), slice_text("ada")));
        CHECK(!state_find_agent(desk_state(&desk), slice_text("ad")));
        CHECK(!state_find_agent(desk_state(&desk), slice_text("ada2")));
        desk_close(&desk);
}

TEST(an_agent_is_found_by_its_transport_key) {
        Desk desk;

        desk_open(&desk);
        CHECK_EQ_TEXT(
                state_find_agent_by_curve(desk_state(&desk), desk.keys[BUILDER].public.curve)->name,
                "bob");
        CHECK(!state_find_agent_by_curve(desk_state(&desk), desk.keys[STRANGER].public.curve));
        desk_close(&desk);
}

TEST(a_gate_whose_name_ends_in_another_is_not_that_gate) {
        Desk desk;
        PhaseRecord *phase;

        desk_open(&desk);
        CHECK(desk_submit(&desk, OPERATOR,
                          desk_make_plan(&desk, "p", (const char *[]){"WC1", "WC1.1"}, 2, "1")));
        phase = state_find_phase(desk_state(&desk), slice_text("p"));
        CHECK(!phase_find_gate(phase, slice_text("C1")));
        CHECK(phase_find_gate(phase, slice_text("WC1")));
        desk_close(&desk);
}

TEST(a_gate_that_left_the_plan_is_found_only_by_who_asks_for_all) {
        Desk desk;
        PhaseRecord *phase;

        desk_open(&desk);
        desk_approve(&desk);
        CHECK(desk_submit(&desk, OPERATOR,
                          desk_make_plan(&desk, "m", (const char *[]){"M2"}, 1, "1")));
        phase = state_find_phase(desk_state(&desk), slice_text("m"));
        CHECK(!phase_find_gate(phase, slice_text("M1")));
        CHECK(phase_find_gate_ever(phase, slice_text("M1")));
        CHECK_EQ_TEXT(phase->gates[0].id, "M2");
        desk_close(&desk);
}

/* Memory is bounded by what is open, not by what was. */
TEST(claims_that_are_over_and_not_the_newest_of_a_gate_are_forgotten) {
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        for (int i = 0; i < 50; i++) {
                uint64_t claim = desk_claim_and_lease(&desk, 1 + (size_t)i % 2);

                CHECK(desk_submit(&desk, ADVERSARY,
                                  desk_make_verdict(&desk, claim, "M1", DECISION_PASS)));
                if (i % 2)
                        CHECK(desk_submit(&desk, BUILDER, desk_make_withdraw(claim)));
        }
        CHECK(desk_state(&desk)->n_claims <= 2);
        desk_close(&desk);
}

TEST(of_many_findings_the_oldest_closed_ones_are_forgotten) {
        enum { N = FINDINGS_KEPT_MAX + 3 };
        static PhaseRecord phase;
        State state;

        state_init(&state);
        for (uint64_t i = 1; i <= N; i++) {
                FindingRecord *finding = mem_new(FindingRecord);

                finding->seq = i;
                finding->phase = &phase;
                finding->state = i == 1 ? FINDING_STATE_OPEN : FINDING_STATE_CLOSED;
                state_add_finding(&state, finding);
                phase.n_findings++;
        }
        state_drop_oldest_closed_finding(&state, &phase);
        CHECK(state_find_finding(&state, 1));
        CHECK(!state_find_finding(&state, 2));
        CHECK(state_find_finding(&state, 3));
        CHECK_EQ_U64(phase.n_findings, N - 1);
        state_deinit(&state);
}

TEST(two_states_that_differ_are_described_differently) {
        Desk desk;
        const char *before;

        desk_open(&desk);
        desk_approve(&desk);
        before = desk_describe(&desk);
        CHECK_EQ_TEXT(desk_describe(&desk), before);
        CHECK(desk_submit(&desk, BUILDER, desk_make_note("m", NOTE_TO_RECORD, "n")));
        CHECK(strcmp(desk_describe(&desk), before) != 0);
        desk_close(&desk);
}
