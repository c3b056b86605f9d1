/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Vetoes, and what is never a verdict: probes and notes. */

#include "broker/veto.h"

#include "broker/status.h"
#include "tests/lib/desk_findings.h"
#include "tests/lib/test.h"

static void open_desk(Desk *desk) {
        desk_open(desk);
        desk_approve(desk);
}

static const PhaseRecord *phase_of(const Desk *desk) {
        return desk_state(desk)->phases[0];
}

static bool is_refused(const Desk *desk, const char *gate) {
        const PhaseRecord *phase = phase_of(desk);

        return veto_find_blocking(desk_state(desk), phase,
                                  gate ? phase_find_gate(phase, slice_text(gate)) : NULL) != NULL;
}

TEST(a_veto_of_the_phase_refuses_done_and_each_gate_until_it_is_lifted) {
        uint64_t veto;
        Desk desk;

        open_desk(&desk);
        CHECK(!is_refused(&desk, NULL));
        veto = desk_submit(&desk, ADVERSARY, desk_make_veto(&desk, NULL));
        CHECK(is_refused(&desk, NULL));
        CHECK(is_refused(&desk, "M1"));
        CHECK(is_refused(&desk, "M2"));
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_lift(veto)));
        CHECK(!is_refused(&desk, NULL));
        CHECK(!is_refused(&desk, "M1"));
        CHECK_EQ_U64(desk_state(&desk)->n_vetoes, 0);
        desk_close(&desk);
}

TEST(a_veto_of_a_gate_refuses_that_gate_and_done) {
        Desk desk;

        open_desk(&desk);
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_veto(&desk, "M2")));
        CHECK(is_refused(&desk, NULL));
        CHECK(!is_refused(&desk, "M1"));
        CHECK(is_refused(&desk, "M2"));
        desk_close(&desk);
}

TEST(a_veto_outlives_its_gate_in_the_plan) {
        Desk desk;

        open_desk(&desk);
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_veto(&desk, "M2")));
        CHECK(desk_submit(&desk, OPERATOR,
                          desk_make_plan(&desk, "m", (const char *[]){"M1"}, 1, "2")));
        CHECK(is_refused(&desk, NULL));
        desk_close(&desk);
}

TEST(another_adversary_lifts_the_veto_of_a_revoked_key) {
        uint64_t veto;
        Desk desk;

        open_desk(&desk);
        veto = desk_submit(&desk, ADVERSARY, desk_make_veto(&desk, NULL));
        CHECK_EQ_U64(desk_submit(&desk, ADVERSARY_2, desk_make_lift(veto)), 0);
        CHECK(desk_submit(&desk, OPERATOR, desk_make_revoke("ada")));
        CHECK(desk_submit(&desk, ADVERSARY_2, desk_make_lift(veto)));
        desk_close(&desk);
}

TEST(nobody_but_an_adversary_vetoes_or_lifts) {
        static const Who others[] = {OPERATOR, BUILDER, OBSERVER};
        uint64_t veto;
        Desk desk;

        open_desk(&desk);
        veto = desk_submit(&desk, ADVERSARY, desk_make_veto(&desk, NULL));
        for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
                CHECK_EQ_U64(desk_submit(&desk, others[i], desk_make_veto(&desk, NULL)), 0);
                CHECK_EQ_TEXT(desk_rule(&desk, others[i]), "role-forbids");
                CHECK_EQ_U64(desk_submit(&desk, others[i], desk_make_lift(veto)), 0);
                CHECK_EQ_TEXT(desk_rule(&desk, others[i]), "role-forbids");
        }
        desk_close(&desk);
}

TEST(the_status_lists_the_vetoes_that_stand) {
        const struct veto_status *told;
        struct status status;
        uint64_t first;
        Desk desk;

        open_desk(&desk);
        first = desk_submit(&desk, ADVERSARY, desk_make_veto(&desk, NULL));
        CHECK(desk_submit(&desk, ADVERSARY_2, desk_make_veto(&desk, "M2")));
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_lift(first)));
        status_build(desk_state(&desk), SLICE_NULL, desk.port.wall_ms, &desk.arena, &status);
        CHECK_EQ_U64(status.phases[0].n_vetoes, 1);
        told = &status.phases[0].vetoes[0];
        CHECK_EQ_SLICE(told->adversary, slice_text("alan"));
        CHECK_EQ_U64(told->n_gates, 1);
        CHECK_EQ_SLICE(told->gates[0], slice_text("M2"));
        CHECK_EQ_SLICE(told->lift_when, slice_text("a gate looks there"));
        desk_close(&desk);
}

TEST(a_veto_survives_a_restart) {
        Desk desk;

        open_desk(&desk);
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_veto(&desk, "M1")));
        desk_restart(&desk);
        CHECK(is_refused(&desk, "M1"));
        desk_close(&desk);
}

/* ---- never a verdict ---- */

/* What gates, claims and findings are: everything but the head. */
static const char *describe_without_head(Desk *desk) {
        return strchr(desk_describe(desk), '\n');
}

TEST(a_probe_changes_nothing) {
        const char *before;
        Desk desk;

        open_desk(&desk);
        before = describe_without_head(&desk);
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_probe("M1")));
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_probe(NULL)));
        CHECK_EQ_TEXT(describe_without_head(&desk), before);
        desk_close(&desk);
}

TEST(a_note_that_mentions_a_gate_changes_nothing) {
        Message note = desk_make_note("m", NOTE_TO_RECORD, "claim(m-M1): done, M1 PASS");
        const char *before;
        Desk desk;

        open_desk(&desk);
        before = describe_without_head(&desk);
        CHECK(desk_submit(&desk, BUILDER, note));
        note.note.gate = slice_text("M1");
        CHECK(desk_submit(&desk, ADVERSARY, note));
        CHECK_EQ_TEXT(describe_without_head(&desk), before);
        desk_close(&desk);
}

TEST(a_note_goes_to_the_inbox_of_a_role) {
        Message note = desk_make_note("m", NOTE_TO_INBOX, "look at the disk");
        Desk desk;

        open_desk(&desk);
        note.note.role = ROLE_OPERATOR;
        CHECK(desk_submit(&desk, ADVERSARY, note));
        desk_close(&desk);
}
