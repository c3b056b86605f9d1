/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What of claims, verdicts and DONE is refused. */

#include "tests/lib/cases.h"
#include "tests/lib/test.h"

static const char *const m1[] = {"M1"};

static Who commit_malformed(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message =
                desk_make_claim(desk, "m", m1, 1, "AAAAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        return BUILDER;
}

static Who claim_gate_twice(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = desk_make_claim(desk, "m", (const char *[]){"M1", "M1"}, 2, COMMIT_A);
        return BUILDER;
}

static Who claim_repository(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = desk_make_claim(desk, "m", m1, 1, COMMIT_A);
        ret_message->claim.repository = slice_text("ext::sh -c id");
        return BUILDER;
}

static Who claim_too_many(Desk *desk, Message *ret_message) {
        enum { N = 257 };
        const char *gates[N];

        for (int i = 0; i < N; i++)
                gates[i] = arena_printf(&desk->arena, "G%d", i);
        CHECK(desk_submit(desk, OPERATOR, desk_make_plan(desk, "m", gates, N, "1")));
        for (int i = 0; i < N - 1; i++) {
                Id id;

                desk_make_id(desk, &id);
                desk_put_entry(desk, BUILDER, desk_make_claim(desk, "m", &gates[i], 1, COMMIT_A),
                               &id);
        }
        desk_commit(desk);
        *ret_message = desk_make_claim(desk, "m", &gates[N - 1], 1, COMMIT_A);
        return BUILDER;
}

static Who claim_unknown(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = desk_make_withdraw(2);
        return BUILDER;
}

static Who claim_not_yours(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = desk_make_withdraw(desk_claim_and_lease(desk, 1));
        return BUILDER_2;
}

/* The older claim still has M2 of its own. */
static Who claim_superseded(Desk *desk, Message *ret_message) {
        uint64_t claim;

        desk_approve(desk);
        claim = desk_claim_and_lease(desk, 2);
        *ret_message = desk_make_verdict(desk, claim, "M1", DECISION_PASS);
        CHECK(desk_submit(desk, BUILDER, desk_make_claim(desk, "m", m1, 1, COMMIT_B)));
        return ADVERSARY;
}

static Who claim_not_open(Desk *desk, Message *ret_message) {
        uint64_t claim;

        desk_approve(desk);
        claim = desk_claim_and_lease(desk, 1);
        *ret_message = desk_make_verdict(desk, claim, "M1", DECISION_PASS);
        CHECK(desk_submit(desk, BUILDER, desk_make_withdraw(claim)));
        return ADVERSARY;
}

static Who verdict_gate_not_claimed(Desk *desk, Message *ret_message) {
        Who who = desk_prepare_verdict(desk, ret_message);

        ret_message->verdict.gate = slice_text("M2");
        return who;
}

static Who verdict_already(Desk *desk, Message *ret_message) {
        Who who = desk_prepare_verdict(desk, ret_message);

        CHECK(desk_submit(desk, who, *ret_message));
        return who;
}

static Who lease_unknown(Desk *desk, Message *ret_message) {
        Who who = desk_prepare_verdict(desk, ret_message);

        ret_message->verdict.lease = desk_state(desk)->head_seq + 1;
        return who;
}

static Who lease_not_yours(Desk *desk, Message *ret_message) {
        (void)desk_prepare_verdict(desk, ret_message);
        return ADVERSARY_2;
}

static Who lease_expired(Desk *desk, Message *ret_message) {
        Who who = desk_prepare_verdict(desk, ret_message);

        fake_port_turn(&desk->port, desk->settings.lease_ms);
        return who;
}

static Who verdict_commit_differs(Desk *desk, Message *ret_message) {
        Who who = desk_prepare_verdict(desk, ret_message);

        ret_message->verdict.commit = slice_text(COMMIT_B);
        return who;
}

static Who verdict_mode_differs(Desk *desk, Message *ret_message) {
        Who who = desk_prepare_verdict(desk, ret_message);

        ret_message->verdict.mode = MODE_QUICK;
        return who;
}

static Who verdict_gate_digest(Desk *desk, Message *ret_message) {
        Who who = desk_prepare_verdict(desk, ret_message);

        ret_message->verdict.gate_digest = hash_slice(&desk_state(desk)->ledger);
        return who;
}

static Who evidence_missing(Desk *desk, Message *ret_message) {
        Who who = desk_prepare_verdict(desk, ret_message);

        ret_message->verdict.checks->evidence = hash_slice(&desk_state(desk)->ledger);
        return who;
}

static Who pass_with_failures(Desk *desk, Message *ret_message) {
        Who who = desk_prepare_verdict(desk, ret_message);

        ret_message->verdict.checks->outcome = OUTCOME_SKIPPED;
        return who;
}

static void approve_with_check(Desk *desk, const char *check) {
        Message plan = desk_make_plan(desk, "m", (const char *[]){"M1", "M2"}, 2, "1");

        plan.plan.gates[0].checks = arena_alloc(&desk->arena, sizeof(Slice));
        plan.plan.gates[0].checks[0] = slice_text(check);
        plan.plan.gates[0].n_checks = 1;
        CHECK(desk_submit(desk, OPERATOR, plan));
}

static Who pass_without_checks(Desk *desk, Message *ret_message) {
        approve_with_check(desk, "routes");
        *ret_message = desk_make_verdict(desk, desk_claim_and_lease(desk, 1), "M1", DECISION_PASS);
        return ADVERSARY;
}

static Who carried(Desk *desk, Message *ret_message) {
        Who who = desk_prepare_verdict(desk, ret_message);

        ret_message->verdict.carried_from = 1;
        ret_message->verdict.checks[0].outcome = OUTCOME_CARRIED;
        return who;
}

static Message make_retract(uint64_t verdict) {
        return (Message){.type = MESSAGE_RETRACT,
                         .retract = {.verdict = verdict, .why = slice_text("a bug of mine")}};
}

static Who retract_unknown(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = make_retract(1);
        return ADVERSARY;
}

static Who retract_not_yours(Desk *desk, Message *ret_message) {
        Message verdict;
        Who who = desk_prepare_verdict(desk, &verdict);

        *ret_message = make_retract(desk_submit(desk, who, verdict));
        return ADVERSARY_2;
}

static Who retract_of_done(Desk *desk, Message *ret_message) {
        desk_make_done_phase(desk);
        *ret_message = make_retract(desk_state(desk)->phases[0]->gates[0].verdict.seq);
        return ADVERSARY;
}

static Message make_answer(const char *check) {
        return (Message){.type = MESSAGE_ANSWER,
                         .answer = {.phase = slice_text("m"),
                                    .gate = slice_text("M1"),
                                    .check = slice_text(check),
                                    .commit = slice_text(COMMIT_A),
                                    .text = slice_text("seen")}};
}

static Who check_unknown(Desk *desk, Message *ret_message) {
        approve_with_check(desk, "look");
        *ret_message = make_answer("lok");
        return ADVERSARY;
}

static Who check_measured(Desk *desk, Message *ret_message) {
        static Slice checks[] = {{(const uint8_t *)"look", 4}, {(const uint8_t *)"run", 3}};
        Message plan = desk_make_plan(desk, "m", (const char *[]){"M1", "M2"}, 2, "1");

        plan.plan.gates[0].checks = checks;
        plan.plan.gates[0].n_checks = ARRAY_SIZE(checks);
        plan.plan.gates[0].measured = slice_text("\x02");
        CHECK(desk_submit(desk, OPERATOR, plan));
        CHECK(desk_submit(desk, ADVERSARY, make_answer("look")));
        *ret_message = make_answer("run");
        return ADVERSARY;
}

static Who done_not_yet(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = desk_make_done("m", COMMIT_A);
        return BUILDER;
}

const Case claim_cases[] = {
        {"commit-malformed", commit_malformed},
        {"claim-gate-twice", claim_gate_twice},
        {"claim-repository", claim_repository},
        {"claim-too-many", claim_too_many},
        {"claim-unknown", claim_unknown},
        {"claim-not-yours", claim_not_yours},
        {"claim-superseded", claim_superseded},
        {"claim-not-open", claim_not_open},
        {"verdict-gate-not-claimed", verdict_gate_not_claimed},
        {"verdict-already", verdict_already},
        {"lease-unknown", lease_unknown},
        {"lease-not-yours", lease_not_yours},
        {"lease-expired", lease_expired},
        {"verdict-commit-differs", verdict_commit_differs},
        {"verdict-mode-differs", verdict_mode_differs},
        {"verdict-gate-digest", verdict_gate_digest},
        {"evidence-missing", evidence_missing},
        {"pass-with-failures", pass_with_failures},
        {"pass-without-checks", pass_without_checks},
        {"carried", carried},
        {"retract-unknown", retract_unknown},
        {"retract-not-yours", retract_not_yours},
        {"phase-done", retract_of_done},
        {"check-unknown", check_unknown},
        {"check-measured", check_measured},
        {"done-not-yet", done_not_yet},
};
const size_t n_claim_cases = ARRAY_SIZE(claim_cases);
