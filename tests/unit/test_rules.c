/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Each rule is refused once, by its name, with what was found, and nothing has changed. A rule
 * without a case fails a test. */

#include "broker/rules.h"

#include "base/mem.h"
#include "tests/lib/cases.h"
#include "tests/lib/desk_findings.h"
#include "tests/lib/test.h"

static const struct {
        const Case *cases;
        const size_t *n;
} subjects[] = {
        {plan_cases, &n_plan_cases},   {claim_cases, &n_claim_cases},
        {watch_cases, &n_watch_cases}, {finding_cases, &n_finding_cases},
        {seal_cases, &n_seal_cases},
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
        for (size_t i = 0; i < ARRAY_SIZE(subjects); i++)
                for (size_t k = 0; k < *subjects[i].n; k++)
                        run(&subjects[i].cases[k]);
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
        (void)desk_prepare_verdict(&desk, &message);
        twin = *state_find_agent(desk_state(&desk), slice_text("ada"));
        memcpy(twin.key.sign, desk.keys[BUILDER].public.sign, SIGN_PUBLIC_BYTES);
        input = (RuleInput){.state = desk_state(&desk), .actor = &twin, .message = &message};
        CHECK_EQ_INT(rules_check(&input, &arena, &refusal), RULES_E_REFUSED);
        CHECK_EQ_TEXT(refusal.fault.rule, "verdict-own-claim");
        desk_close(&desk);
}

static bool has_case(const char *rule) {
        for (size_t i = 0; i < ARRAY_SIZE(subjects); i++)
                for (size_t k = 0; k < *subjects[i].n; k++)
                        if (strcmp(rule, subjects[i].cases[k].rule) == 0)
                                return true;
        return strcmp(rule, "verdict-own-claim") == 0;
}

TEST(each_rule_has_a_case) {
        enum { MAX = 256 };
        const char *words[MAX];
        size_t n = rules_list(words, MAX);

        CHECK(n <= MAX);
        for (size_t i = 0; i < n; i++)
                if (!has_case(words[i]))
                        FAIL_TEST("no case breaks %s", words[i]);
}

/* ---- what a refusal says ---- */

TEST(a_mistyped_gate_is_answered_with_the_one_that_is_near) {
        Message message;
        Desk desk;

        desk_open(&desk);
        CHECK(desk_submit(&desk, OPERATOR,
                          desk_make_plan(&desk, "m", (const char *[]){"WC1"}, 1, "1")));
        message = desk_make_claim(&desk, "m", (const char *[]){"C1"}, 1, COMMIT_A);
        CHECK_EQ_U64(desk_submit(&desk, BUILDER, message), 0);
        CHECK_EQ_SLICE(desk_last(&desk, BUILDER, MESSAGE_REFUSE)->refuse.found,
                       slice_text("the plan of m has no gate \"C1\"; did you mean \"WC1\"?"));
        desk_close(&desk);
}

TEST(done_is_refused_with_every_reason_at_once) {
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        CHECK_EQ_U64(desk_submit(&desk, BUILDER, desk_make_done("m", COMMIT_A)), 0);
        CHECK_EQ_U64(desk_last(&desk, BUILDER, MESSAGE_REFUSE)->refuse.n_reasons, 2);
        desk_close(&desk);
}

TEST(a_pass_without_a_single_check_is_refused) {
        Message message;
        Desk desk;

        desk_open(&desk);
        (void)desk_prepare_verdict(&desk, &message);
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
        message = desk_make_claim(&desk, "m", (const char *[]){"M1"}, 1, COMMIT_A);
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
        message = desk_make_claim(&desk, "m", (const char *[]){"M1"}, 1, COMMIT_A);
        message.claim.repository = slice_text("https://example.net/r\nfetch = evil");
        CHECK_EQ_U64(desk_submit(&desk, BUILDER, message), 0);
        CHECK_EQ_TEXT(desk_rule(&desk, BUILDER), "claim-repository");
        desk_close(&desk);
}

TEST(a_fail_needs_no_checks) {
        Message message;
        Desk desk;

        desk_open(&desk);
        (void)desk_prepare_verdict(&desk, &message);
        message.verdict.decision = DECISION_FAIL;
        message.verdict.n_checks = 0;
        CHECK(desk_submit(&desk, ADVERSARY, message));
        desk_close(&desk);
}

TEST(a_lease_that_a_newer_one_replaced_is_expired) {
        Message message;
        Desk desk;

        desk_open(&desk);
        (void)desk_prepare_verdict(&desk, &message);
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
        (void)desk_prepare_verdict(&desk, &message);
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
        genesis.genesis.broker_key = slice_make(&desk.keys[OPERATOR].public, sizeof(PublicKey));
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
        desk_make_done_phase(&desk);
        CHECK_EQ_U64(desk_submit(&desk, OPERATOR,
                                 desk_make_plan(&desk, "m", (const char *[]){"M1", "M2"}, 2, "2")),
                     0);
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
