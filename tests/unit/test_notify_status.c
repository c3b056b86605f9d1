/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What commit statuses say of verdicts that count together, or no more. */

#include "broker/notify_status.h"

#include "base/mem.h"
#include "broker/fold.h"
#include "tests/lib/desk.h"
#include "tests/lib/test.h"

static const char *const m1[] = {"M1"};

static void open_plan(Desk *desk, unsigned verifiers) {
        Message plan;

        desk_open(desk);
        plan = desk_make_plan(desk, "m", m1, 1, "1");
        plan.plan.gates[0].verifiers = verifiers;
        CHECK(desk_submit(desk, OPERATOR, plan));
        desk_credit(desk, ADVERSARY, 1, 0, 0);
        CHECK(desk_submit(desk, BUILDER, desk_make_claim(desk, "m", m1, 1, COMMIT_A)));
}

static uint64_t decide(Desk *desk, Who who, Decision decision) {
        return desk_submit(
                desk, who,
                desk_make_verdict(desk, desk_state(desk)->claims[0]->seq, "M1", decision));
}

/* The desk's entries in a file, as the broker has them. */
static Ledger *write_ledger(const Desk *desk) {
        cleanup_free char *path = mem_printf("%s/status.db", test_dir());
        Ledger *ledger = NULL;
        Fault fault = FAULT_INIT;

        CHECK_EQ_INT(ledger_open(path, LEDGER_CREATE, &ledger, &fault), 0);
        for (size_t i = 0; i < desk->port.n_entries; i++)
                CHECK_EQ_INT(ledger_append(ledger, &desk->port.entries[i]), 0);
        return ledger;
}

static const Entry *find_newest(const Desk *desk) {
        const Entry *entry = &desk->port.entries[desk->port.n_entries - 1];

        while (slice_is(entry->kind, "ping"))
                entry--;
        return entry;
}

typedef struct Told {
        Ledger *ledger;
        Message message;
        Event event;
        StatusList list;
} Told;

/* The statuses that the desk's newest entry but for pings makes. */
static void tell(Desk *desk, Told *ret_told) {
        Fault fault = FAULT_INIT;

        *ret_told = (Told){.ledger = write_ledger(desk), .event = {.entry = find_newest(desk)}};
        ret_told->event.message = &ret_told->message;
        CHECK_EQ_INT(fold_decode(ret_told->event.entry, &desk->arena, &ret_told->message, &fault),
                     0);
        CHECK_EQ_INT(notify_status_list(ret_told->ledger, desk_state(desk), &ret_told->event,
                                        &desk->arena, &ret_told->list),
                     0);
}

/* "STATE COMMIT'S FIRST; …" */
static void check_statuses(Desk *desk, const char *wanted) {
        cleanup_buf Buf said = BUF_TEXT;
        Told told;

        tell(desk, &told);
        for (size_t i = 0; i < told.list.n; i++) {
                const StatusItem *item = &told.list.items[i];
                EventStatus status;

                CHECK(item->repository.n);
                CHECK_EQ_INT(notify_status_fill(told.ledger, &told.event, item->item, &desk->arena),
                             0);
                event_make_status(&told.event, item->item, "", &status);
                buf_printf(&said, "%s %.1s;", status.state, (const char *)status.commit.data);
                buf_deinit(&status.body);
        }
        CHECK_EQ_TEXT(buf_get_text(&said), wanted);
        (void)ledger_free(told.ledger);
        desk_close(desk);
}

static void check_repositories(Desk *desk, const char *wanted) {
        cleanup_buf Buf said = BUF_TEXT;
        Told told;

        tell(desk, &told);
        for (size_t i = 0; i < told.list.n; i++)
                buf_printf(&said, "%.*s;", SLICE_ARGS(told.list.items[i].repository));
        CHECK_EQ_TEXT(buf_get_text(&said), wanted);
        (void)ledger_free(told.ledger);
        desk_close(desk);
}

TEST(one_of_several_verdicts_is_pending_whatever_it_says) {
        Desk desk;

        open_plan(&desk, 2);
        CHECK(decide(&desk, ADVERSARY, DECISION_PASS));
        check_statuses(&desk, "pending a;");
}

TEST(verifiers_that_disagree_are_no_success_whoever_speaks_last) {
        Desk desk;

        open_plan(&desk, 2);
        CHECK(decide(&desk, ADVERSARY, DECISION_FAIL));
        desk_credit(&desk, ADVERSARY_2, 1, 0, 0);
        CHECK(decide(&desk, ADVERSARY_2, DECISION_PASS));
        check_statuses(&desk, "error a;");
}

TEST(a_retracted_pass_is_no_success_any_more) {
        Desk desk;
        uint64_t verdict;

        open_plan(&desk, 1);
        verdict = decide(&desk, ADVERSARY, DECISION_PASS);
        CHECK(desk_submit(
                &desk, ADVERSARY,
                (Message){.type = MESSAGE_RETRACT,
                          .retract = {.verdict = verdict, .why = slice_text("a bug of mine")}}));
        check_statuses(&desk, "error a;");
}

TEST(a_retracted_pass_says_nothing_where_the_commit_is_claimed_again) {
        Desk desk;
        uint64_t verdict;

        open_plan(&desk, 1);
        verdict = decide(&desk, ADVERSARY, DECISION_PASS);
        CHECK(desk_submit(&desk, BUILDER, desk_make_claim(&desk, "m", m1, 1, COMMIT_A)));
        CHECK(desk_submit(
                &desk, ADVERSARY,
                (Message){.type = MESSAGE_RETRACT,
                          .retract = {.verdict = verdict, .why = slice_text("a bug of mine")}}));
        check_statuses(&desk, "");
}

static uint64_t withdraw(Desk *desk, uint64_t claim) {
        return desk_submit(desk, BUILDER,
                           (Message){.type = MESSAGE_WITHDRAW, .withdraw = {.claim = claim}});
}

TEST(a_claim_that_is_withdrawn_is_pending_no_more) {
        Desk desk;

        open_plan(&desk, 1);
        CHECK(withdraw(&desk, desk_state(&desk)->claims[0]->seq));
        check_statuses(&desk, "error a;");
}

TEST(a_verdict_that_stands_again_behind_a_claim_that_is_withdrawn_is_told_again) {
        Desk desk;
        uint64_t again;

        open_plan(&desk, 1);
        CHECK(decide(&desk, ADVERSARY, DECISION_PASS));
        again = desk_submit(&desk, BUILDER, desk_make_claim(&desk, "m", m1, 1, COMMIT_A));
        CHECK(withdraw(&desk, again));
        check_statuses(&desk, "success a;");
}

TEST(a_claim_at_another_commit_ends_what_was_pending_at_the_one_before) {
        Desk desk;

        open_plan(&desk, 1);
        CHECK(desk_submit(&desk, BUILDER, desk_make_claim(&desk, "m", m1, 1, COMMIT_B)));
        check_statuses(&desk, "pending b;error a;");
}

TEST(a_claim_at_the_same_commit_is_pending_only) {
        Desk desk;

        open_plan(&desk, 1);
        CHECK(desk_submit(&desk, BUILDER, desk_make_claim(&desk, "m", m1, 1, COMMIT_A)));
        check_statuses(&desk, "pending a;");
}

TEST(a_plan_without_the_gate_ends_what_was_pending_there) {
        static const char *const m2[] = {"M2"};
        Desk desk;

        open_plan(&desk, 1);
        CHECK(desk_submit(&desk, OPERATOR, desk_make_plan(&desk, "m", m2, 1, "2")));
        check_statuses(&desk, "error a;");
}

TEST(a_claim_that_nobody_could_verify_is_an_error_whatever_was_before) {
        Desk desk;

        open_plan(&desk, 1);
        CHECK(decide(&desk, ADVERSARY, DECISION_PASS));
        CHECK(desk_submit(&desk, BUILDER, desk_make_claim(&desk, "m", m1, 1, COMMIT_A)));
        for (uint64_t i = 0; i < desk.settings.attempts; i++) {
                desk_credit(&desk, ADVERSARY, 1, 0, 0);
                fake_port_turn(&desk.port, desk.settings.lease_ms);
                desk_tick(&desk);
        }
        check_statuses(&desk, "error a;");
}

/* ---- several gates ---- */

static void claim_in(Desk *desk, const char *gate, const char *repository, const char *commit) {
        Message claim = desk_make_claim(desk, "m", (const char *[]){gate}, 1, commit);

        claim.claim.repository = slice_text(repository);
        CHECK(desk_submit(desk, BUILDER, claim));
}

static void open_two_repositories(Desk *desk) {
        desk_open(desk);
        CHECK(desk_submit(desk, OPERATOR,
                          desk_make_plan(desk, "m", (const char *[]){"M1", "M2"}, 2, "1")));
        claim_in(desk, "M1", "https://a.example/r", COMMIT_A);
        claim_in(desk, "M2", "https://b.example/r", COMMIT_A);
}

TEST(a_plan_that_ends_claims_tells_each_of_them_in_its_own_repository) {
        static const char *const m3[] = {"M3"};
        Desk desk;

        open_two_repositories(&desk);
        CHECK(desk_submit(&desk, OPERATOR, desk_make_plan(&desk, "m", m3, 1, "2")));
        check_repositories(&desk, "https://a.example/r;https://b.example/r;");
}

TEST(a_claim_in_another_repository_ends_the_one_before_it_in_that_one_s) {
        Desk desk;

        open_two_repositories(&desk);
        claim_in(&desk, "M1", "https://b.example/r", COMMIT_B);
        check_repositories(&desk, "https://b.example/r;https://a.example/r;");
}

TEST(a_plan_ends_as_many_pending_gates_as_there_are) {
        enum { N_GATES = 192, AT_ONCE = 64 };
        static const char *const other[] = {"other"};
        const char *gates[N_GATES];
        Told told;
        Desk desk;

        desk_open(&desk);
        for (size_t i = 0; i < N_GATES; i++)
                gates[i] = arena_printf(&desk.arena, "G%zu", i);
        CHECK(desk_submit(&desk, OPERATOR, desk_make_plan(&desk, "m", gates, N_GATES, "1")));
        for (size_t i = 0; i < N_GATES; i += AT_ONCE)
                CHECK(desk_submit(&desk, BUILDER,
                                  desk_make_claim(&desk, "m", gates + i, AT_ONCE, COMMIT_A)));
        CHECK(desk_submit(&desk, OPERATOR, desk_make_plan(&desk, "m", other, 1, "2")));
        tell(&desk, &told);
        CHECK_EQ_U64(told.list.n, N_GATES);
        (void)ledger_free(told.ledger);
        desk_close(&desk);
}
