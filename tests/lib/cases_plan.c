/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What of agents and of plans is refused. */

#include "tests/lib/cases.h"
#include "tests/lib/desk_findings.h"
#include "tests/lib/test.h"

static const char *const m1[] = {"M1"};
static const char *const m1_m2[] = {"M1", "M2"};

static Message make_admit(const Desk *desk, const char *name, Who whose_key) {
        return (Message){
                .type = MESSAGE_ADMIT,
                .admit = {.name = slice_text(name),
                          .role = ROLE_OBSERVER,
                          .key = slice_make(&desk->keys[whose_key].public, sizeof(PublicKey))}};
}

static Who role_forbids(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = desk_make_claim(desk, "m", m1, 1, COMMIT_A);
        return ADVERSARY;
}

static Who name_malformed(Desk *desk, Message *ret_message) {
        *ret_message = make_admit(desk, "../../etc", STRANGER);
        return OPERATOR;
}

static Who admit_role(Desk *desk, Message *ret_message) {
        *ret_message = make_admit(desk, "second", STRANGER);
        ret_message->admit.role = ROLE_BROKER;
        return OPERATOR;
}

static Who admit_name_taken(Desk *desk, Message *ret_message) {
        *ret_message = make_admit(desk, BROKER_NAME, STRANGER);
        return OPERATOR;
}

static Who admit_replaces(Desk *desk, Message *ret_message) {
        *ret_message = make_admit(desk, "nobody", STRANGER);
        ret_message->admit.replaces = 1;
        return OPERATOR;
}

static Who admit_key_known(Desk *desk, Message *ret_message) {
        *ret_message = make_admit(desk, "bob2", BUILDER);
        ret_message->admit.role = ROLE_ADVERSARY;
        return OPERATOR;
}

static Who revoke_unknown(Desk *desk, Message *ret_message) {
        (void)desk;
        *ret_message = desk_make_revoke("nobody");
        return OPERATOR;
}

static Who revoke_already(Desk *desk, Message *ret_message) {
        CHECK(desk_submit(desk, OPERATOR, desk_make_revoke("bob")));
        *ret_message = desk_make_revoke("bob");
        return OPERATOR;
}

static Who revoke_last_operator(Desk *desk, Message *ret_message) {
        (void)desk;
        *ret_message = desk_make_revoke("olga");
        return OPERATOR;
}

static Who plan_not_approved(Desk *desk, Message *ret_message) {
        *ret_message = desk_make_claim(desk, "m", m1, 1, COMMIT_A);
        return BUILDER;
}

static Who phase_unknown(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = desk_make_claim(desk, "mm", m1, 1, COMMIT_A);
        return BUILDER;
}

static Who phase_done(Desk *desk, Message *ret_message) {
        desk_make_done_phase(desk);
        *ret_message = desk_make_claim(desk, "m", m1, 1, COMMIT_A);
        return BUILDER;
}

static Who phase_needs(Desk *desk, Message *ret_message) {
        Message plan = desk_make_plan(desk, "n", m1, 1, "1");
        Slice needs[] = {slice_text("m")};

        desk_approve(desk);
        plan.plan.needs = needs;
        plan.plan.n_needs = 1;
        CHECK(desk_submit(desk, OPERATOR, plan));
        *ret_message = desk_make_claim(desk, "n", m1, 1, COMMIT_A);
        return BUILDER;
}

static Who gate_unknown(Desk *desk, Message *ret_message) {
        CHECK(desk_submit(desk, OPERATOR,
                          desk_make_plan(desk, "m", (const char *[]){"WC1"}, 1, "1")));
        *ret_message = desk_make_claim(desk, "m", (const char *[]){"C1"}, 1, COMMIT_A);
        return BUILDER;
}

static Who plan_digest_wrong(Desk *desk, Message *ret_message) {
        *ret_message = desk_make_plan(desk, "m", m1, 1, "1");
        ret_message->plan.text = slice_text("another text");
        return OPERATOR;
}

static Who plan_gates(Desk *desk, Message *ret_message) {
        *ret_message = desk_make_plan(desk, "m", (const char *[]){"M1", "M1"}, 2, "1");
        return OPERATOR;
}

static Who plan_needs(Desk *desk, Message *ret_message) {
        Message plan = desk_make_plan(desk, "n", m1, 1, "1");
        Slice *needs = arena_alloc_array(&desk->arena, 2, sizeof *needs);

        needs[0] = slice_text("m");
        needs[1] = slice_text("n");
        desk_approve(desk);
        plan.plan.needs = needs;
        plan.plan.n_needs = 1;
        CHECK(desk_submit(desk, OPERATOR, plan));
        *ret_message = desk_make_plan(desk, "m", m1, 1, "2");
        ret_message->plan.needs = needs + 1;
        ret_message->plan.n_needs = 1;
        return OPERATOR;
}

static Who plan_too_many(Desk *desk, Message *ret_message) {
        for (int i = 0; i < PHASES_MAX; i++) {
                Id id;

                desk_make_id(desk, &id);
                desk_put_entry(
                        desk, OPERATOR,
                        desk_make_plan(desk, arena_printf(&desk->arena, "p%d", i), m1, 1, "1"),
                        &id);
        }
        desk_commit(desk);
        *ret_message = desk_make_plan(desk, "m", m1, 1, "1");
        return OPERATOR;
}

/* The plan of M1 and M2, to be changed before it is approved. */
static Message make_plan(Desk *desk) {
        return desk_make_plan(desk, "m", m1_m2, 2, "1");
}

static void set_needs(Desk *desk, Message *plan, size_t gate, const char *need) {
        Slice *needs = arena_alloc(&desk->arena, sizeof *needs);

        *needs = slice_text(need);
        plan->plan.gates[gate].needs = needs;
        plan->plan.gates[gate].n_needs = 1;
}

static Who plan_gate_needs(Desk *desk, Message *ret_message) {
        *ret_message = make_plan(desk);
        set_needs(desk, ret_message, 0, "M2");
        set_needs(desk, ret_message, 1, "M1");
        return OPERATOR;
}

static Who plan_gate_needs_nothing(Desk *desk, Message *ret_message) {
        *ret_message = make_plan(desk);
        set_needs(desk, ret_message, 0, "M3");
        return OPERATOR;
}

static Who gate_needs(Desk *desk, Message *ret_message) {
        Message plan = make_plan(desk);

        set_needs(desk, &plan, 0, "M2");
        CHECK(desk_submit(desk, OPERATOR, plan));
        *ret_message = desk_make_claim(desk, "m", m1, 1, COMMIT_A);
        return BUILDER;
}

const Case plan_cases[] = {
        {"role-forbids", role_forbids},
        {"name-malformed", name_malformed},
        {"admit-role", admit_role},
        {"admit-name-taken", admit_name_taken},
        {"admit-replaces", admit_replaces},
        {"admit-key-known", admit_key_known},
        {"revoke-unknown", revoke_unknown},
        {"revoke-already", revoke_already},
        {"revoke-last-operator", revoke_last_operator},
        {"plan-not-approved", plan_not_approved},
        {"phase-unknown", phase_unknown},
        {"phase-done", phase_done},
        {"phase-needs", phase_needs},
        {"gate-unknown", gate_unknown},
        {"plan-digest-wrong", plan_digest_wrong},
        {"plan-gates", plan_gates},
        {"plan-needs", plan_needs},
        {"plan-too-many", plan_too_many},
        {"plan-gate-needs", plan_gate_needs},
        {"plan-gate-needs", plan_gate_needs_nothing},
        {"gate-needs", gate_needs},
};
const size_t n_plan_cases = ARRAY_SIZE(plan_cases);
