/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Each rule is refused once, by its name, with what was found, and nothing has changed. A rule
 * without a row here fails a test. One long file, for the table must see each case. */

#include "broker/rules.h"

#include "base/mem.h"
#include "tests/lib/desk.h"
#include "tests/lib/desk_seals.h"
#include "tests/lib/test.h"

static const char *const m1[] = {"M1"};
static const char *const m1_m2[] = {"M1", "M2"};

static Slice key_slice(const Desk *desk, Who who) {
        return slice_make(&desk->keys[who].public, sizeof(PublicKey));
}

static Message make_admit(const Desk *desk, const char *name, Who whose_key) {
        return (Message){.type = MESSAGE_ADMIT,
                         .admit = {.name = slice_text(name),
                                   .role = ROLE_OBSERVER,
                                   .key = key_slice(desk, whose_key)}};
}

static Message make_revoke(const char *name) {
        return (Message){.type = MESSAGE_REVOKE,
                         .revoke = {.name = slice_text(name), .why = slice_text("lost")}};
}

static Message make_claim_m1(Desk *desk) {
        return desk_make_claim(desk, "m", m1, 1, COMMIT_A);
}

/* A verdict PASS on M1 of a fresh lease, to be spoilt. */
static Who prepare_verdict(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = desk_make_verdict(desk, desk_claim_and_lease(desk, 1), "M1", DECISION_PASS);
        return ADVERSARY;
}

static void make_done_phase(Desk *desk) {
        uint64_t claim;

        desk_approve(desk);
        claim = desk_claim_and_lease(desk, 2);
        CHECK(desk_submit(desk, ADVERSARY, desk_make_verdict(desk, claim, "M1", DECISION_PASS)));
        CHECK(desk_submit(desk, ADVERSARY, desk_make_verdict(desk, claim, "M2", DECISION_PASS)));
        CHECK(desk_submit(desk, BUILDER, desk_make_done("m", COMMIT_A)));
}

/* ---- agents ---- */

static Who role_forbids(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = make_claim_m1(desk);
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
        *ret_message = make_revoke("nobody");
        return OPERATOR;
}

static Who revoke_already(Desk *desk, Message *ret_message) {
        CHECK(desk_submit(desk, OPERATOR, make_revoke("bob")));
        *ret_message = make_revoke("bob");
        return OPERATOR;
}

static Who revoke_last_operator(Desk *desk, Message *ret_message) {
        (void)desk;
        *ret_message = make_revoke("olga");
        return OPERATOR;
}

/* ---- plans ---- */

static Who plan_not_approved(Desk *desk, Message *ret_message) {
        *ret_message = make_claim_m1(desk);
        return BUILDER;
}

static Who phase_unknown(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = desk_make_claim(desk, "mm", m1, 1, COMMIT_A);
        return BUILDER;
}

static Who phase_done(Desk *desk, Message *ret_message) {
        make_done_phase(desk);
        *ret_message = make_claim_m1(desk);
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

/* ---- claims ---- */

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
        *ret_message = make_claim_m1(desk);
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

/* ---- verdicts ---- */

static Who verdict_gate_not_claimed(Desk *desk, Message *ret_message) {
        Who who = prepare_verdict(desk, ret_message);

        ret_message->verdict.gate = slice_text("M2");
        return who;
}

static Who verdict_already(Desk *desk, Message *ret_message) {
        Who who = prepare_verdict(desk, ret_message);

        CHECK(desk_submit(desk, who, *ret_message));
        return who;
}

static Who lease_unknown(Desk *desk, Message *ret_message) {
        Who who = prepare_verdict(desk, ret_message);

        ret_message->verdict.lease = desk_state(desk)->head_seq + 1;
        return who;
}

static Who lease_not_yours(Desk *desk, Message *ret_message) {
        (void)prepare_verdict(desk, ret_message);
        return ADVERSARY_2;
}

static Who lease_expired(Desk *desk, Message *ret_message) {
        Who who = prepare_verdict(desk, ret_message);

        fake_port_turn(&desk->port, desk->settings.lease_ms);
        return who;
}

static Who verdict_commit_differs(Desk *desk, Message *ret_message) {
        Who who = prepare_verdict(desk, ret_message);

        ret_message->verdict.commit = slice_text(COMMIT_B);
        return who;
}

static Who verdict_mode_differs(Desk *desk, Message *ret_message) {
        Who who = prepare_verdict(desk, ret_message);

        ret_message->verdict.mode = MODE_QUICK;
        return who;
}

static Who verdict_gate_digest(Desk *desk, Message *ret_message) {
        Who who = prepare_verdict(desk, ret_message);

        ret_message->verdict.gate_digest = hash_slice(&desk_state(desk)->ledger);
        return who;
}

static Who evidence_missing(Desk *desk, Message *ret_message) {
        Who who = prepare_verdict(desk, ret_message);

        ret_message->verdict.checks->evidence = hash_slice(&desk_state(desk)->ledger);
        return who;
}

static Who pass_with_failures(Desk *desk, Message *ret_message) {
        Who who = prepare_verdict(desk, ret_message);

        ret_message->verdict.checks->outcome = OUTCOME_SKIPPED;
        return who;
}

/* ---- done ---- */

/* ---- gates ---- */

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
        *ret_message = make_claim_m1(desk);
        return BUILDER;
}

static void approve_with_check(Desk *desk, const char *check) {
        Message plan = make_plan(desk);

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
        Who who = prepare_verdict(desk, ret_message);

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
        Who who = prepare_verdict(desk, &verdict);

        *ret_message = make_retract(desk_submit(desk, who, verdict));
        return ADVERSARY_2;
}

static Who retract_of_done(Desk *desk, Message *ret_message) {
        make_done_phase(desk);
        *ret_message = make_retract(desk_state(desk)->phases[0]->gates[0].verdict.seq);
        return ADVERSARY;
}

static Who check_unknown(Desk *desk, Message *ret_message) {
        approve_with_check(desk, "look");
        *ret_message = (Message){.type = MESSAGE_ANSWER,
                                 .answer = {.phase = slice_text("m"),
                                            .gate = slice_text("M1"),
                                            .check = slice_text("lok"),
                                            .commit = slice_text(COMMIT_A),
                                            .text = slice_text("seen")}};
        return ADVERSARY;
}

static Who done_not_yet(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = desk_make_done("m", COMMIT_A);
        return BUILDER;
}

/* ---- pauses, holds, alerts ---- */

static Message make_pause(const Desk *desk, uint64_t for_ms) {
        return (Message){.type = MESSAGE_PAUSE,
                         .pause = {.phase = slice_text("m"),
                                   .until_ms = desk->port.wall_ms + for_ms,
                                   .why = slice_text("a build")}};
}

static Who pause_over(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = make_pause(desk, 0);
        return BUILDER;
}

static Who pause_too_long(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = make_pause(desk, 7 * 24 * 3600 * 1000 + 1);
        return BUILDER;
}

static Who pause_too_many(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = make_pause(desk, 1000000);
        for (int i = 0; i < PAUSES_MAX; i++) {
                uint8_t seed[32] = {(uint8_t)i, 77};
                Fault fault = FAULT_INIT;
                uint64_t seq;
                Key key;

                key_from_seed(seed, &key);
                CHECK_EQ_INT(core_admit(desk->core, arena_printf(&desk->arena, "b%d", i),
                                        ROLE_BUILDER, &key.public),
                             0);
                CHECK_EQ_INT(core_submit_locally(desk->core, &key, ret_message, &seq, &fault), 0);
        }
        desk_commit(desk);
        return BUILDER;
}

static Who pause_unknown(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = (Message){.type = MESSAGE_RESUME, .resume = {.pause = 1}};
        return BUILDER;
}

static Who pause_not_yours(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message =
                (Message){.type = MESSAGE_RESUME,
                          .resume = {.pause = desk_submit(desk, BUILDER, make_pause(desk, 1000))}};
        return BUILDER_2;
}

static Message make_hold(const char *resource) {
        return (Message){.type = MESSAGE_HOLD,
                         .hold = {.resource = slice_text(resource), .hold_ms = 1000}};
}

static Who hold_too_many(Desk *desk, Message *ret_message) {
        *ret_message = make_hold("proxy");
        for (int i = 0; i < HOLDS_OF_AGENT_MAX; i++)
                CHECK(desk_submit(desk, BUILDER, *ret_message));
        return BUILDER;
}

static Who hold_lease(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        (void)desk_claim_and_lease(desk, 1);
        *ret_message = make_hold("proxy");
        ret_message->hold.lease = desk_state(desk)->claims[0]->lease_seq;
        return ADVERSARY_2;
}

static Who hold_unknown(Desk *desk, Message *ret_message) {
        (void)desk;
        *ret_message = (Message){.type = MESSAGE_RELEASE, .release = {.hold = 1}};
        return BUILDER;
}

static Who hold_not_yours(Desk *desk, Message *ret_message) {
        *ret_message =
                (Message){.type = MESSAGE_RELEASE,
                          .release = {.hold = desk_submit(desk, BUILDER, make_hold("proxy"))}};
        return ADVERSARY;
}

static Who alert_unknown(Desk *desk, Message *ret_message) {
        (void)desk;
        *ret_message = (Message){.type = MESSAGE_SEEN, .seen = {.alert = 1}};
        return OPERATOR;
}

#define CASE(function, word)                                                                       \
        { .rule = (word), .prepare = function }

static const Case cases[] = {
        CASE(role_forbids, "role-forbids"),
        CASE(name_malformed, "name-malformed"),
        CASE(admit_role, "admit-role"),
        CASE(admit_name_taken, "admit-name-taken"),
        CASE(admit_replaces, "admit-replaces"),
        CASE(admit_key_known, "admit-key-known"),
        CASE(revoke_unknown, "revoke-unknown"),
        CASE(revoke_already, "revoke-already"),
        CASE(revoke_last_operator, "revoke-last-operator"),
        CASE(plan_not_approved, "plan-not-approved"),
        CASE(phase_unknown, "phase-unknown"),
        CASE(phase_done, "phase-done"),
        CASE(phase_needs, "phase-needs"),
        CASE(gate_unknown, "gate-unknown"),
        CASE(plan_digest_wrong, "plan-digest-wrong"),
        CASE(plan_gates, "plan-gates"),
        CASE(plan_needs, "plan-needs"),
        CASE(plan_too_many, "plan-too-many"),
        CASE(commit_malformed, "commit-malformed"),
        CASE(claim_gate_twice, "claim-gate-twice"),
        CASE(claim_repository, "claim-repository"),
        CASE(claim_too_many, "claim-too-many"),
        CASE(claim_unknown, "claim-unknown"),
        CASE(claim_not_yours, "claim-not-yours"),
        CASE(claim_superseded, "claim-superseded"),
        CASE(claim_not_open, "claim-not-open"),
        CASE(verdict_gate_not_claimed, "verdict-gate-not-claimed"),
        CASE(verdict_already, "verdict-already"),
        CASE(lease_unknown, "lease-unknown"),
        CASE(lease_not_yours, "lease-not-yours"),
        CASE(lease_expired, "lease-expired"),
        CASE(verdict_commit_differs, "verdict-commit-differs"),
        CASE(verdict_mode_differs, "verdict-mode-differs"),
        CASE(verdict_gate_digest, "verdict-gate-digest"),
        CASE(evidence_missing, "evidence-missing"),
        CASE(pass_with_failures, "pass-with-failures"),
        CASE(plan_gate_needs, "plan-gate-needs"),
        CASE(plan_gate_needs_nothing, "plan-gate-needs"),
        CASE(gate_needs, "gate-needs"),
        CASE(pass_without_checks, "pass-without-checks"),
        CASE(carried, "carried"),
        CASE(retract_unknown, "retract-unknown"),
        CASE(retract_not_yours, "retract-not-yours"),
        CASE(retract_of_done, "phase-done"),
        CASE(check_unknown, "check-unknown"),
        CASE(done_not_yet, "done-not-yet"),
        CASE(pause_over, "pause-over"),
        CASE(pause_too_long, "pause-too-long"),
        CASE(pause_too_many, "pause-too-many"),
        CASE(pause_unknown, "pause-unknown"),
        CASE(pause_not_yours, "pause-not-yours"),
        CASE(hold_too_many, "hold-too-many"),
        CASE(hold_lease, "hold-lease"),
        CASE(hold_unknown, "hold-unknown"),
        CASE(hold_not_yours, "hold-not-yours"),
        CASE(alert_unknown, "alert-unknown"),
};

static void run(const Case *row) {
        const Message *refusal;
        const char *before;
        size_t n_before;
        Message message;
        Desk desk;
        Who who;

        desk_open(&desk);
        who = row->prepare(&desk, &message);
        desk_forget(&desk);
        before = desk_describe(&desk);
        n_before = desk.port.n_entries;
        CHECK_EQ_U64(desk_submit(&desk, who, message), 0);
        CHECK_EQ_TEXT(desk_rule(&desk, who), row->rule);
        CHECK_EQ_TEXT(desk_describe(&desk), before);
        CHECK_EQ_U64(desk.port.n_entries, n_before);
        refusal = desk_last(&desk, who, MESSAGE_REFUSE);
        CHECK(refusal->refuse.found.n > 0);
        CHECK(refusal->refuse.place.n > 0);
        CHECK(rules_get_sentence(row->rule));
        desk_close(&desk);
}

TEST(each_rule_is_refused_by_its_name_and_changes_nothing) {
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                run(&cases[i]);
        for (size_t i = 0; i < n_finding_cases; i++)
                run(&finding_cases[i]);
        for (size_t i = 0; i < n_seal_cases; i++)
                run(&seal_cases[i]);
}

/* Keys are unique by admission, so that no message can break this one; it stands all the same. */
TEST(the_key_that_claims_may_not_verify) {
        cleanup_arena Arena arena = ARENA_INIT;
        RuleRefusal refusal = {.n_reasons = 0};
        AgentRecord twin;
        Message message;
        RuleInput input;
        Desk desk;

        desk_open(&desk);
        (void)prepare_verdict(&desk, &message);
        twin = *state_find_agent(desk_state(&desk), slice_text("ada"));
        memcpy(twin.key.sign, desk.keys[BUILDER].public.sign, SIGN_PUBLIC_BYTES);
        input = (RuleInput){.state = desk_state(&desk), .actor = &twin, .message = &message};
        CHECK_EQ_INT(rules_check(&input, &arena, &refusal), RULES_E_REFUSED);
        CHECK_EQ_TEXT(refusal.fault.rule, "verdict-own-claim");
        desk_close(&desk);
}

TEST(each_rule_has_a_case) {
        enum { MAX = 256 };
        const char *words[MAX];
        size_t n = rules_list(words, MAX);

        CHECK(n <= MAX);
        for (size_t i = 0; i < n; i++) {
                bool is_there = strcmp(words[i], "verdict-own-claim") == 0;

                for (size_t j = 0; j < ARRAY_SIZE(cases); j++)
                        is_there |= strcmp(words[i], cases[j].rule) == 0;
                for (size_t j = 0; j < n_finding_cases; j++)
                        is_there |= strcmp(words[i], finding_cases[j].rule) == 0;
                for (size_t j = 0; j < n_seal_cases; j++)
                        is_there |= strcmp(words[i], seal_cases[j].rule) == 0;
                if (!is_there)
                        FAIL_TEST("no case breaks %s", words[i]);
        }
}

/* ---- what a refusal says ---- */

TEST(a_mistyped_gate_is_answered_with_the_one_that_is_near) {
        Message message;
        Desk desk;

        desk_open(&desk);
        (void)gate_unknown(&desk, &message);
        CHECK_EQ_U64(desk_submit(&desk, BUILDER, message), 0);
        CHECK_EQ_SLICE(desk_last(&desk, BUILDER, MESSAGE_REFUSE)->refuse.found,
                       slice_text("the plan of m has no gate \"C1\"; did you mean \"WC1\"?"));
        desk_close(&desk);
}

TEST(done_is_refused_with_every_reason_at_once) {
        Message message;
        Desk desk;

        desk_open(&desk);
        (void)done_not_yet(&desk, &message);
        CHECK_EQ_U64(desk_submit(&desk, BUILDER, message), 0);
        CHECK_EQ_U64(desk_last(&desk, BUILDER, MESSAGE_REFUSE)->refuse.n_reasons, 2);
        desk_close(&desk);
}

TEST(a_pass_without_a_single_check_is_refused) {
        Message message;
        Desk desk;

        desk_open(&desk);
        (void)prepare_verdict(&desk, &message);
        message.verdict.n_checks = 0;
        CHECK_EQ_U64(desk_submit(&desk, ADVERSARY, message), 0);
        CHECK_EQ_TEXT(desk_rule(&desk, ADVERSARY), "pass-with-failures");
        desk_close(&desk);
}

TEST(a_repository_with_a_secret_in_its_url_stays_out_of_the_ledger) {
        static const char *const urls[] = {"https://token@example.net/r",
                                           "https://user:secret@example.net/r",
                                           "ssh://user:secret@example.net/r"};
        Message message;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        message = make_claim_m1(&desk);
        for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
                message.claim.repository = slice_text(urls[i]);
                CHECK_EQ_U64(desk_submit(&desk, BUILDER, message), 0);
                CHECK_EQ_TEXT(desk_rule(&desk, BUILDER), "claim-repository");
        }
        message.claim.repository = slice_text("ssh://git@example.net:2222/r");
        CHECK(desk_submit(&desk, BUILDER, message));
        desk_close(&desk);
}

TEST(a_repository_with_a_line_break_is_refused) {
        Message message;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        message = make_claim_m1(&desk);
        message.claim.repository = slice_text("https://example.net/r\nfetch = evil");
        CHECK_EQ_U64(desk_submit(&desk, BUILDER, message), 0);
        CHECK_EQ_TEXT(desk_rule(&desk, BUILDER), "claim-repository");
        desk_close(&desk);
}

TEST(a_fail_needs_no_checks) {
        Message message;
        Desk desk;

        desk_open(&desk);
        (void)prepare_verdict(&desk, &message);
        message.verdict.decision = DECISION_FAIL;
        message.verdict.n_checks = 0;
        CHECK(desk_submit(&desk, ADVERSARY, message));
        desk_close(&desk);
}

TEST(a_lease_that_a_newer_one_replaced_is_expired) {
        Message message;
        Desk desk;

        desk_open(&desk);
        (void)prepare_verdict(&desk, &message);
        fake_port_turn(&desk.port, desk.settings.lease_ms);
        desk_tick(&desk);
        desk_credit(&desk, ADVERSARY, 1, 0, 0);
        CHECK_EQ_U64(desk_count(&desk, ADVERSARY, MESSAGE_OFFER), 2);
        CHECK_EQ_U64(desk_submit(&desk, ADVERSARY, message), 0);
        CHECK_EQ_TEXT(desk_rule(&desk, ADVERSARY), "lease-expired");
        desk_close(&desk);
}

/* The claim lives on by its other gate, but nobody claims this one any more. */
TEST(a_verdict_on_a_gate_that_left_the_plan_and_came_back_is_refused) {
        static const char *const both[] = {"M1", "M2"};
        uint64_t claim;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        claim = desk_claim_and_lease(&desk, 2);
        CHECK(desk_submit(&desk, OPERATOR, desk_make_plan(&desk, "m", &both[1], 1, "")));
        CHECK(desk_submit(&desk, OPERATOR, desk_make_plan(&desk, "m", both, 2, "")));
        desk_credit(&desk, ADVERSARY, 1, 0, 0);
        CHECK_EQ_U64(
                desk_submit(&desk, ADVERSARY, desk_make_verdict(&desk, claim, "M1", DECISION_PASS)),
                0);
        CHECK_EQ_TEXT(desk_rule(&desk, ADVERSARY), "claim-superseded");
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_verdict(&desk, claim, "M2", DECISION_PASS)));
        desk_close(&desk);
}

TEST(a_lease_that_lapsed_is_expired) {
        Message message;
        Desk desk;

        desk_open(&desk);
        (void)prepare_verdict(&desk, &message);
        fake_port_turn(&desk.port, desk.settings.lease_ms);
        desk_tick(&desk);
        CHECK_EQ_U64(desk_submit(&desk, ADVERSARY, message), 0);
        CHECK_EQ_TEXT(desk_rule(&desk, ADVERSARY), "lease-expired");
        desk_close(&desk);
}

TEST(entries_of_the_broker_are_refused_from_everybody) {
        const Message own[] = {
                {.type = MESSAGE_LEASE,
                 .lease =
                         {.claim = 1, .adversary = slice_text("ada"), .lease_ms = 1, .attempt = 1}},
                {.type = MESSAGE_LAPSE,
                 .lapse = {.claim = 1, .lease = 1, .why = slice_text("w"), .exhausted = 0}},
        };
        Desk desk;

        desk_open(&desk);
        for (int who = 0; who < STRANGER; who++)
                for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
                        desk_forget(&desk);
                        CHECK_EQ_U64(desk_submit(&desk, (Who)who, own[i]), 0);
                        CHECK_EQ_TEXT(desk_rule(&desk, (Who)who), "role-forbids");
                }
        desk_close(&desk);
}

TEST(a_second_genesis_is_refused_from_everybody) {
        Desk desk;
        Message genesis = {.type = MESSAGE_GENESIS};

        desk_open(&desk);
        genesis.genesis.ledger = hash_slice(&desk_state(&desk)->ledger);
        genesis.genesis.project = slice_text("p");
        genesis.genesis.broker_key = key_slice(&desk, OPERATOR);
        genesis.genesis.format = 1;
        for (int who = 0; who < STRANGER; who++) {
                CHECK_EQ_U64(desk_submit(&desk, (Who)who, genesis), 0);
                CHECK_EQ_TEXT(desk_rule(&desk, (Who)who), "role-forbids");
        }
        desk_close(&desk);
}

TEST(a_finding_that_blocks_a_gate_is_closed_by_a_newer_pass) {
        uint64_t claim, finding, verdict;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        finding = desk_submit(&desk, ADVERSARY, desk_make_finding("m", "M1", BLOCKS_GATE));
        claim = desk_claim_and_lease(&desk, 1);
        verdict =
                desk_submit(&desk, ADVERSARY, desk_make_verdict(&desk, claim, "M1", DECISION_PASS));
        CHECK(verdict);
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_close(finding, verdict)));
        desk_close(&desk);
}

TEST(a_plan_on_a_done_phase_is_refused) {
        Desk desk;

        desk_open(&desk);
        make_done_phase(&desk);
        CHECK_EQ_U64(desk_submit(&desk, OPERATOR, desk_make_plan(&desk, "m", m1_m2, 2, "2")), 0);
        CHECK_EQ_TEXT(desk_rule(&desk, OPERATOR), "phase-done");
        desk_close(&desk);
}

TEST(the_docs_name_each_rule) {
        enum { MAX = 256 };
        cleanup_buf Buf text = BUF_TEXT;
        const char *words[MAX];
        size_t n = rules_list(words, MAX);

        rules_print_docs(&text);
        for (size_t i = 0; i < n; i++) {
                cleanup_free char *row = mem_printf("| `%s` | ", words[i]);

                CHECK_CONTAINS(buf_get_text(&text), row);
        }
}
