/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

#include "broker/offer_make.h"

#include "tests/lib/desk.h"
#include "tests/lib/test.h"

static const char *const all[] = {"M1", "M2", "M3"};

/* M1 needs M2, M2 needs M3; approved. */
static void open_chain(Desk *desk) {
        static Slice needs[] = {{(const uint8_t *)"M2", 2}, {(const uint8_t *)"M3", 2}};
        Message plan;

        desk_open(desk);
        plan = desk_make_plan(desk, "m", all, 3, "1");
        for (size_t i = 0; i < 2; i++) {
                plan.plan.gates[i].needs = &needs[i];
                plan.plan.gates[i].n_needs = 1;
        }
        CHECK(desk_submit(desk, OPERATOR, plan));
        desk_credit(desk, ADVERSARY, 1, 0, 0);
}

static const struct offer *last_offer(const Desk *desk) {
        return &desk_last(desk, ADVERSARY, MESSAGE_OFFER)->offer;
}

TEST(gates_stand_behind_those_that_they_need) {
        Desk desk;

        open_chain(&desk);
        CHECK(desk_submit(&desk, BUILDER, desk_make_claim(&desk, "m", all, 3, COMMIT_A)));
        CHECK_EQ_U64(last_offer(&desk)->n_gates, 3);
        CHECK_EQ_SLICE(last_offer(&desk)->gates[0], slice_text("M3"));
        CHECK_EQ_SLICE(last_offer(&desk)->gates[1], slice_text("M2"));
        CHECK_EQ_SLICE(last_offer(&desk)->gates[2], slice_text("M1"));
        CHECK_EQ_U64(last_offer(&desk)->n_not_passed, 0);
        desk_close(&desk);
}

TEST(the_next_holder_is_told_what_did_not_pass_already) {
        uint64_t claim;
        Desk desk;

        open_chain(&desk);
        claim = desk_submit(&desk, BUILDER, desk_make_claim(&desk, "m", all, 3, COMMIT_A));
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_verdict(&desk, claim, "M3", DECISION_FAIL)));
        desk_forget(&desk);
        desk_credit(&desk, ADVERSARY, 1, 0, 0);
        fake_port_turn(&desk.port, desk.settings.lease_ms);
        desk_tick(&desk);
        CHECK_EQ_U64(last_offer(&desk)->n_gates, 2);
        CHECK_EQ_U64(last_offer(&desk)->n_not_passed, 1);
        CHECK_EQ_SLICE(last_offer(&desk)->not_passed[0], slice_text("M3"));
        desk_close(&desk);
}

TEST(a_gate_whose_need_passed_at_the_commit_is_claimed_alone) {
        uint64_t claim;
        Desk desk;

        open_chain(&desk);
        claim = desk_submit(&desk, BUILDER, desk_make_claim(&desk, "m", &all[2], 1, COMMIT_A));
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_verdict(&desk, claim, "M3", DECISION_PASS)));
        CHECK(desk_submit(&desk, BUILDER, desk_make_claim(&desk, "m", &all[1], 1, COMMIT_A)));
        CHECK_EQ_U64(desk_submit(&desk, BUILDER, desk_make_claim(&desk, "m", &all[1], 1, COMMIT_B)),
                     0);
        CHECK_EQ_TEXT(desk_rule(&desk, BUILDER), "gate-needs");
        desk_close(&desk);
}

TEST(the_base_is_the_newest_pass_at_another_commit) {
        uint64_t claim;
        Desk desk;

        open_chain(&desk);
        claim = desk_submit(&desk, BUILDER, desk_make_claim(&desk, "m", &all[2], 1, COMMIT_A));
        CHECK_EQ_U64(last_offer(&desk)->base.n, 0);
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_verdict(&desk, claim, "M3", DECISION_PASS)));
        desk_credit(&desk, ADVERSARY, 1, 0, 0);
        CHECK(desk_submit(&desk, BUILDER, desk_make_claim(&desk, "m", &all[2], 1, COMMIT_B)));
        CHECK_EQ_SLICE(last_offer(&desk)->base, slice_text(COMMIT_A));
        desk_close(&desk);
}

TEST(where_the_plan_s_copy_is_goes_with_the_plan_that_said_it) {
        Message plan;
        Desk desk;

        desk_open(&desk);
        plan = desk_make_plan(&desk, "m", all, 1, "1");
        plan.plan.path = slice_text("docs/plan.md");
        CHECK(desk_submit(&desk, OPERATOR, plan));
        desk_credit(&desk, ADVERSARY, 1, 0, 0);
        CHECK(desk_submit(&desk, BUILDER, desk_make_claim(&desk, "m", all, 1, COMMIT_A)));
        CHECK_EQ_SLICE(last_offer(&desk)->plan_path, slice_text("docs/plan.md"));
        desk_forget(&desk);
        CHECK(desk_submit(&desk, OPERATOR, desk_make_plan(&desk, "m", all, 1, "2")));
        desk_credit(&desk, ADVERSARY_2, 1, 0, 0);
        CHECK_EQ_U64(desk_last(&desk, ADVERSARY_2, MESSAGE_OFFER)->offer.plan_path.n, 0);
        desk_close(&desk);
}
