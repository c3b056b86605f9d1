/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The life of a finding through the broker's core; each commit is compared with a replay. */

#include "broker/finding.h"

#include "broker/status.h"
#include "tests/lib/desk_findings.h"
#include "tests/lib/test.h"

typedef struct Finds {
        Desk desk;
        uint64_t finding; /* by hand, blocks the phase, of no gate */
} Finds;

static void finds_open(Finds *finds) {
        desk_open(&finds->desk);
        desk_approve(&finds->desk);
        finds->finding =
                desk_submit(&finds->desk, ADVERSARY, desk_make_finding("m", NULL, BLOCKS_PHASE));
        CHECK(finds->finding > 0);
}

static const FindingRecord *get(const Finds *finds) {
        return desk_get_finding(&finds->desk, finds->finding);
}

static FindingState state_of(const Finds *finds) {
        return get(finds)->state;
}

static uint64_t say(Finds *finds, Who who, Message message) {
        uint64_t seq = desk_submit(&finds->desk, who, message);

        if (seq == 0)
                FAIL_TEST("refused: %s", desk_rule(&finds->desk, who));
        return seq;
}

static void waive(Finds *finds) {
        say(finds, OPERATOR, desk_make_waive(&finds->desk, finds->finding, NULL, DESK_HOUR_MS));
}

static bool blocks_in(const Finds *finds, uint64_t ms) {
        return finding_is_blocking(get(finds), finds->desk.port.wall_ms + ms);
}

static size_t count_open(const Finds *finds) {
        return desk_state(&finds->desk)->phases[0]->n_open_findings;
}

/* Ways into each state, beside open. */

static void bring(Finds *finds, FindingState state) {
        switch (state) {
        case FINDING_STATE_OPEN: break;
        case FINDING_STATE_FIXED:
                say(finds, BUILDER, desk_make_fixed(finds->finding, COMMIT_B));
                break;
        case FINDING_STATE_REOPENED:
                bring(finds, FINDING_STATE_FIXED);
                say(finds, ADVERSARY, desk_make_reopen(finds->finding));
                break;
        case FINDING_STATE_DEFERRED:
                say(finds, ADVERSARY, desk_make_defer(finds->finding, NULL));
                break;
        case FINDING_STATE_WAIVED: waive(finds); break;
        case FINDING_STATE_CLOSED: say(finds, ADVERSARY, desk_make_close(finds->finding, 0)); break;
        case _FINDING_STATE_MAX: break;
        }
        CHECK_EQ_INT(state_of(finds), state);
}

/* A letter for each state, in their order. */
static const char letters[] = "ofrdwc";

/* What a finding in each state, in their order, becomes when something is said of it; refused: it
 * stays. */
static const struct {
        const char *kind, *becomes;
} rows[] = {
        {"fixed", "fffffc"}, {"close", "cccccc"}, {"reopen", "orrrwr"},
        {"defer", "ddddwc"}, {"waive", "wwwwwc"},
};

static Message message_of(const Finds *finds, const char *kind, Who *ret_who) {
        uint64_t finding = finds->finding;

        *ret_who = ADVERSARY;
        if (strcmp(kind, "close") == 0)
                return desk_make_close(finding, 0);
        if (strcmp(kind, "reopen") == 0)
                return desk_make_reopen(finding);
        if (strcmp(kind, "defer") == 0)
                return desk_make_defer(finding, NULL);
        *ret_who = strcmp(kind, "fixed") == 0 ? BUILDER : OPERATOR;
        return *ret_who == BUILDER ? desk_make_fixed(finding, COMMIT_A)
                                   : desk_make_waive(&finds->desk, finding, NULL, DESK_HOUR_MS);
}

TEST(each_state_goes_where_the_table_says_and_the_open_ones_are_counted) {
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                for (int state = 0; state < _FINDING_STATE_MAX; state++) {
                        Finds finds;
                        Message message;
                        Who who;

                        finds_open(&finds);
                        bring(&finds, (FindingState)state);
                        message = message_of(&finds, rows[i].kind, &who);
                        (void)desk_submit(&finds.desk, who, message);
                        CHECK_EQ_INT(letters[state_of(&finds)], rows[i].becomes[state]);
                        CHECK_EQ_U64(count_open(&finds), letters[state_of(&finds)] != 'c');
                        CHECK_EQ_U64(finding_is_open(get(&finds)), count_open(&finds));
                        desk_close(&finds.desk);
                }
}

/* ---- what blocks ---- */

TEST(a_mended_finding_blocks_until_it_is_tested_again) {
        Finds finds;

        finds_open(&finds);
        bring(&finds, FINDING_STATE_FIXED);
        CHECK_EQ_TEXT(get(&finds)->fixed_at, COMMIT_B);
        CHECK(blocks_in(&finds, 0));
        say(&finds, ADVERSARY, desk_make_close(finds.finding, 0));
        CHECK(!blocks_in(&finds, 0));
        desk_close(&finds.desk);
}

TEST(a_waived_finding_blocks_again_when_its_waiver_is_over) {
        Finds finds;

        finds_open(&finds);
        waive(&finds);
        CHECK(!blocks_in(&finds, DESK_HOUR_MS - 1));
        CHECK(blocks_in(&finds, DESK_HOUR_MS));
        CHECK_EQ_TEXT(get(&finds)->because, "the upstream fix is on its way");
        desk_close(&finds.desk);
}

TEST(a_waiver_that_is_over_lets_the_adversary_open_it_again) {
        Finds finds;

        finds_open(&finds);
        waive(&finds);
        fake_port_turn(&finds.desk.port, DESK_HOUR_MS);
        say(&finds, ADVERSARY, desk_make_reopen(finds.finding));
        CHECK_EQ_INT(state_of(&finds), FINDING_STATE_REOPENED);
        CHECK_EQ_U64(get(&finds)->waived_until_ms, 0);
        desk_close(&finds.desk);
}

TEST(a_waiver_that_is_over_lets_the_adversary_defer_it) {
        Finds finds;

        finds_open(&finds);
        waive(&finds);
        fake_port_turn(&finds.desk.port, DESK_HOUR_MS);
        bring(&finds, FINDING_STATE_DEFERRED);
        CHECK(blocks_in(&finds, 0));
        desk_close(&finds.desk);
}

TEST(mending_a_waived_finding_costs_the_builder_nothing) {
        Finds finds;

        finds_open(&finds);
        waive(&finds);
        bring(&finds, FINDING_STATE_FIXED);
        CHECK(!blocks_in(&finds, 0));
        CHECK(blocks_in(&finds, DESK_HOUR_MS));
        say(&finds, ADVERSARY, desk_make_reopen(finds.finding));
        CHECK_EQ_INT(state_of(&finds), FINDING_STATE_WAIVED);
        CHECK(!blocks_in(&finds, 0));
        desk_close(&finds.desk);
}

TEST(a_deferred_finding_blocks_done_and_not_its_gate) {
        const GateRecord *gate;
        Finds finds;

        finds_open(&finds);
        finds.finding = say(&finds, ADVERSARY, desk_make_finding("m", "M1", BLOCKS_GATE));
        gate = phase_find_gate(get(&finds)->phase, slice_text("M1"));
        CHECK(finding_blocks_gate(get(&finds), gate, 0));
        bring(&finds, FINDING_STATE_DEFERRED);
        CHECK(!finding_blocks_gate(get(&finds), gate, 0));
        CHECK(blocks_in(&finds, 0));
        bring(&finds, FINDING_STATE_FIXED);
        CHECK(!finding_blocks_gate(get(&finds), gate, 0));
        say(&finds, ADVERSARY, desk_make_reopen(finds.finding));
        CHECK(finding_blocks_gate(get(&finds), gate, 0));
        desk_close(&finds.desk);
}

TEST(a_new_item_is_deferred_from_its_beginning) {
        Finds finds;

        finds_open(&finds);
        finds.finding = say(&finds, ADVERSARY, desk_make_defer(0, "M1"));
        CHECK_EQ_INT(state_of(&finds), FINDING_STATE_DEFERRED);
        CHECK_EQ_TEXT(get(&finds)->gate, "M1");
        CHECK_EQ_TEXT(get(&finds)->title, "the runbook");
        CHECK_EQ_TEXT(get(&finds)->because, "a runbook that was followed once");
        CHECK(blocks_in(&finds, 0));
        CHECK_EQ_U64(count_open(&finds), 2);
        desk_close(&finds.desk);
}

TEST(what_closes_a_deferred_item_is_words_whatever_its_gate_is) {
        Finds finds;

        finds_open(&finds);
        finds.finding = say(&finds, ADVERSARY, desk_make_defer(0, "M1"));
        say(&finds, ADVERSARY, desk_make_close(finds.finding, 0));
        CHECK(!blocks_in(&finds, 0));
        desk_close(&finds.desk);
}

TEST(deferring_a_finding_that_blocks_a_gate_spares_nobody_the_retest) {
        Finds finds;

        finds_open(&finds);
        finds.finding = say(&finds, ADVERSARY, desk_make_finding("m", "M1", BLOCKS_GATE));
        bring(&finds, FINDING_STATE_DEFERRED);
        CHECK_EQ_U64(desk_submit(&finds.desk, ADVERSARY, desk_make_close(finds.finding, 0)), 0);
        CHECK_EQ_TEXT(desk_rule(&finds.desk, ADVERSARY), "close-needs-pass");
        desk_close(&finds.desk);
}

TEST(advice_blocks_nothing_until_it_is_deferred) {
        Finds finds;

        finds_open(&finds);
        finds.finding = say(&finds, ADVERSARY, desk_make_finding("m", NULL, BLOCKS_NOTHING));
        CHECK(!blocks_in(&finds, 0));
        bring(&finds, FINDING_STATE_DEFERRED);
        CHECK(blocks_in(&finds, 0));
        desk_close(&finds.desk);
}

TEST(a_waived_gate_lets_its_findings_stand_but_not_what_was_deferred) {
        Finds finds;

        finds_open(&finds);
        finds.finding = say(&finds, ADVERSARY, desk_make_finding("m", "M1", BLOCKS_GATE));
        say(&finds, OPERATOR, desk_make_waive(&finds.desk, 0, "M1", DESK_HOUR_MS));
        CHECK(!blocks_in(&finds, 0));
        CHECK(blocks_in(&finds, DESK_HOUR_MS));
        bring(&finds, FINDING_STATE_DEFERRED);
        CHECK(blocks_in(&finds, 0));
        desk_close(&finds.desk);
}

TEST(a_correction_changes_what_it_names_and_nothing_else) {
        Message message;
        Finds finds;

        finds_open(&finds);
        message = desk_make_correct(finds.finding);
        message.correct.title = slice_text("it drips");
        say(&finds, ADVERSARY, message);
        CHECK_EQ_TEXT(get(&finds)->title, "it drips");
        CHECK_EQ_INT(get(&finds)->severity, SEVERITY_MAJOR);
        CHECK_EQ_INT(get(&finds)->blocks, BLOCKS_PHASE);
        message = desk_make_correct(finds.finding);
        message.correct.present = UINT64_C(1) << 3; /* critical is the first word */
        message.correct.blocks = BLOCKS_NOTHING;
        say(&finds, ADVERSARY, message);
        CHECK_EQ_TEXT(get(&finds)->title, "it drips");
        CHECK_EQ_INT(get(&finds)->severity, SEVERITY_CRITICAL);
        CHECK(!blocks_in(&finds, 0));
        CHECK_EQ_INT(state_of(&finds), FINDING_STATE_OPEN);
        desk_close(&finds.desk);
}

TEST(the_status_tells_each_finding_with_why_and_until_when) {
        const struct finding_status *told;
        struct status status;
        Finds finds;

        finds_open(&finds);
        waive(&finds);
        status_build(desk_state(&finds.desk), SLICE_NULL, finds.desk.port.wall_ms,
                     &finds.desk.arena, &status);
        CHECK_EQ_U64(status.phases[0].n_findings, 1);
        told = &status.phases[0].findings[0];
        CHECK_EQ_INT(told->state, FINDING_STATE_WAIVED);
        CHECK_EQ_SLICE(told->because, slice_text("the upstream fix is on its way"));
        CHECK_EQ_U64(told->waived_until_ms, get(&finds)->waived_until_ms);
        CHECK_EQ_U64(told->is_blocking, 0);
        status_build(desk_state(&finds.desk), SLICE_NULL, get(&finds)->waived_until_ms,
                     &finds.desk.arena, &status);
        CHECK_EQ_U64(status.phases[0].findings[0].is_blocking, 1);
        desk_close(&finds.desk);
}

TEST(a_long_reason_is_cut_in_the_state_and_whole_in_the_ledger) {
        char words[2 * SAID_BYTES_MAX];
        Message message;
        Finds finds;

        finds_open(&finds);
        /* Two bytes each, and one before them: the cut would fall into the middle of one. */
        for (size_t i = 1; i < sizeof words; i += 2)
                memcpy(&words[i], "\xc3\xa9", i + 1 < sizeof words ? 2 : 1);
        words[0] = 'a';
        message = desk_make_defer(finds.finding, NULL);
        message.defer.closes = slice_make(words, sizeof words - 1);
        say(&finds, ADVERSARY, message);
        CHECK_EQ_U64(strlen(get(&finds)->because), SAID_BYTES_MAX - 1);
        desk_close(&finds.desk);
}

/* ---- what a FAIL files ---- */

static void finds_fail(Finds *finds) {
        desk_open(&finds->desk);
        desk_approve(&finds->desk);
        finds->finding = desk_verify_m1(&finds->desk, COMMIT_A, DECISION_FAIL);
        CHECK(get(finds)->is_of_fail);
        CHECK_EQ_INT(state_of(finds), FINDING_STATE_OPEN);
}

TEST(a_fail_files_the_names_of_what_failed) {
        struct check_result checks[] = {
                {.check = slice_text("builds"), .outcome = OUTCOME_PASS, .attempts = 1},
                {.check = slice_text("serves"), .outcome = OUTCOME_FAIL, .attempts = 1},
                {.check = slice_text("answers"), .outcome = OUTCOME_SKIPPED},
                {.check = slice_text("stops"), .outcome = OUTCOME_TIMEOUT, .attempts = 1},
        };
        Message verdict;
        uint64_t claim;
        Finds finds;

        desk_open(&finds.desk);
        desk_approve(&finds.desk);
        claim = desk_claim_and_lease(&finds.desk, 1);
        verdict = desk_make_verdict(&finds.desk, claim, "M1", DECISION_FAIL);
        verdict.verdict.checks = checks;
        verdict.verdict.n_checks = ARRAY_SIZE(checks);
        verdict.verdict.reproduce = slice_text("adversary-agent verify");
        finds.finding = say(&finds, ADVERSARY, verdict);
        CHECK_EQ_U64(get(&finds)->n_checks, 2);
        CHECK_EQ_TEXT(get(&finds)->checks[0], "serves");
        CHECK_EQ_TEXT(get(&finds)->checks[1], "stops");
        CHECK_EQ_TEXT(get(&finds)->reproduce, "adversary-agent verify");
        desk_close(&finds.desk);
}

TEST(a_further_fail_is_the_same_finding_with_its_newest_evidence) {
        uint64_t again;
        Finds finds;

        finds_fail(&finds);
        again = desk_verify_m1(&finds.desk, COMMIT_B, DECISION_FAIL);
        CHECK_EQ_U64(desk_state(&finds.desk)->n_findings, 1);
        CHECK_EQ_U64(get(&finds)->verdict_seq, again);
        CHECK_EQ_U64(get(&finds)->changed_seq, finds.finding);
        CHECK_CONTAINS(get(&finds)->title, "bbbbbbbbbbbb");
        desk_close(&finds.desk);
}

TEST(a_mended_finding_that_fails_again_is_reopened) {
        uint64_t again;
        Finds finds;

        finds_fail(&finds);
        bring(&finds, FINDING_STATE_FIXED);
        again = desk_verify_m1(&finds.desk, COMMIT_B, DECISION_FAIL);
        CHECK_EQ_INT(state_of(&finds), FINDING_STATE_REOPENED);
        CHECK_EQ_U64(get(&finds)->changed_seq, again);
        CHECK_EQ_TEXT(get(&finds)->fixed_at, "");
        CHECK_EQ_U64(desk_state(&finds.desk)->n_findings, 1);
        (void)desk_verify_m1(&finds.desk, COMMIT_B, DECISION_FAIL);
        CHECK_EQ_INT(state_of(&finds), FINDING_STATE_REOPENED);
        CHECK_EQ_U64(get(&finds)->changed_seq, again);
        desk_close(&finds.desk);
}

TEST(a_waived_or_deferred_finding_that_fails_again_stays_so_with_new_evidence) {
        static const FindingState states[] = {FINDING_STATE_WAIVED, FINDING_STATE_DEFERRED};

        for (size_t i = 0; i < ARRAY_SIZE(states); i++)
                for (int is_fixed = 0; is_fixed < 2; is_fixed++) {
                        uint64_t again;
                        Finds finds;

                        finds_fail(&finds);
                        bring(&finds, states[i]);
                        if (is_fixed)
                                bring(&finds, FINDING_STATE_FIXED);
                        again = desk_verify_m1(&finds.desk, COMMIT_B, DECISION_FAIL);
                        CHECK_EQ_INT(state_of(&finds), states[i]);
                        CHECK_EQ_U64(get(&finds)->verdict_seq, again);
                        CHECK_EQ_U64(desk_state(&finds.desk)->n_findings, 1);
                        desk_close(&finds.desk);
                }
}

TEST(a_waiver_that_is_over_does_not_outlive_a_further_fail) {
        for (int is_deferred = 0; is_deferred < 2; is_deferred++) {
                Finds finds;

                finds_fail(&finds);
                if (is_deferred)
                        bring(&finds, FINDING_STATE_DEFERRED);
                waive(&finds);
                fake_port_turn(&finds.desk.port, DESK_HOUR_MS);
                (void)desk_verify_m1(&finds.desk, COMMIT_B, DECISION_FAIL);
                CHECK_EQ_INT(state_of(&finds),
                             is_deferred ? FINDING_STATE_DEFERRED : FINDING_STATE_REOPENED);
                CHECK_EQ_U64(get(&finds)->waived_until_ms, 0);
                desk_close(&finds.desk);
        }
}

TEST(the_pass_that_retests_closes_it_whatever_was_said_of_it) {
        for (int state = 0; state < FINDING_STATE_CLOSED; state++) {
                uint64_t pass;
                Finds finds;

                finds_fail(&finds);
                bring(&finds, (FindingState)state);
                pass = desk_verify_m1(&finds.desk, COMMIT_B, DECISION_PASS);
                CHECK_EQ_INT(state_of(&finds), FINDING_STATE_CLOSED);
                CHECK_EQ_U64(get(&finds)->closed_seq, pass);
                CHECK_EQ_U64(get(&finds)->retest_seq, pass);
                CHECK_EQ_U64(count_open(&finds), 0);
                desk_close(&finds.desk);
        }
}

TEST(a_fail_after_the_pass_files_another_finding) {
        uint64_t again;
        Finds finds;

        finds_fail(&finds);
        (void)desk_verify_m1(&finds.desk, COMMIT_B, DECISION_PASS);
        again = desk_verify_m1(&finds.desk, COMMIT_A, DECISION_FAIL);
        CHECK_EQ_INT(state_of(&finds), FINDING_STATE_CLOSED);
        CHECK_EQ_INT(desk_get_finding(&finds.desk, again)->state, FINDING_STATE_OPEN);
        desk_close(&finds.desk);
}

/* ---- retracted verdicts ---- */

/* The state as it is, with the entry of a retraction; the desk is not asked, for only what counts
 * is retracted there. */
static void hear_retract(Finds *finds, uint64_t verdict) {
        State *state = (State *)desk_state(&finds->desk);
        Entry entry = {.seq = state->head_seq + 1, .received_ms = finds->desk.port.wall_ms};

        finding_hear_retract(state, state->phases[0], &entry, verdict);
}

TEST(what_only_a_retracted_fail_showed_closes) {
        uint64_t again;
        Finds finds;

        finds_fail(&finds);
        again = desk_verify_m1(&finds.desk, COMMIT_B, DECISION_FAIL);
        hear_retract(&finds, again);
        CHECK_EQ_INT(state_of(&finds), FINDING_STATE_OPEN);
        CHECK_EQ_U64(get(&finds)->verdict_seq, finds.finding);
        hear_retract(&finds, again);
        CHECK_EQ_INT(state_of(&finds), FINDING_STATE_OPEN);
        hear_retract(&finds, finds.finding);
        CHECK_EQ_INT(state_of(&finds), FINDING_STATE_CLOSED);
        CHECK_EQ_U64(count_open(&finds), 0);
        desk_close(&finds.desk);
}

TEST(what_a_retracted_pass_closed_opens_again) {
        uint64_t pass;
        Finds finds;

        finds_fail(&finds);
        pass = desk_verify_m1(&finds.desk, COMMIT_B, DECISION_PASS);
        hear_retract(&finds, pass);
        CHECK_EQ_INT(state_of(&finds), FINDING_STATE_REOPENED);
        CHECK_EQ_U64(count_open(&finds), 1);
        CHECK_EQ_U64(get(&finds)->closed_seq, 0);
        desk_close(&finds.desk);
}

TEST(nothing_opens_again_for_which_no_fail_stands) {
        uint64_t pass;
        Finds finds;

        finds_fail(&finds);
        pass = desk_verify_m1(&finds.desk, COMMIT_B, DECISION_PASS);
        hear_retract(&finds, finds.finding);
        CHECK_EQ_INT(state_of(&finds), FINDING_STATE_CLOSED);
        hear_retract(&finds, pass);
        CHECK_EQ_INT(state_of(&finds), FINDING_STATE_CLOSED);
        desk_close(&finds.desk);
}

TEST(what_was_closed_by_hand_with_a_retracted_pass_opens_again) {
        uint64_t pass;
        Finds finds;

        finds_open(&finds);
        finds.finding = say(&finds, ADVERSARY, desk_make_finding("m", "M1", BLOCKS_GATE));
        pass = desk_verify_m1(&finds.desk, COMMIT_A, DECISION_PASS);
        say(&finds, ADVERSARY, desk_make_close(finds.finding, pass));
        hear_retract(&finds, pass);
        CHECK_EQ_INT(state_of(&finds), FINDING_STATE_REOPENED);
        desk_close(&finds.desk);
}

TEST(more_fails_than_are_remembered_leave_the_newest) {
        uint64_t newest = 0;
        Finds finds;

        finds_fail(&finds);
        for (int i = 0; i < FINDING_FAILS_MAX; i++)
                newest = desk_verify_m1(&finds.desk, COMMIT_B, DECISION_FAIL);
        CHECK_EQ_U64(get(&finds)->n_fails, FINDING_FAILS_MAX);
        CHECK_EQ_U64(get(&finds)->fails[FINDING_FAILS_MAX - 1], newest);
        desk_close(&finds.desk);
}

/* Both adversaries say it of a gate that needs two; whose verdict came first and last. */
static void verify_by_two(Finds *finds, const char *commit, Decision decision, uint64_t ret[2]) {
        static const Who who[] = {ADVERSARY, ADVERSARY_2};
        Desk *desk = &finds->desk;
        uint64_t claim =
                say(finds, BUILDER, desk_make_claim(desk, "m", (const char *[]){"M1"}, 1, commit));

        for (size_t i = 0; i < 2; i++) {
                desk_credit(desk, who[i], 1, 0, 0);
                ret[i] = say(finds, who[i], desk_make_verdict(desk, claim, "M1", decision));
        }
}

TEST(a_verdict_of_two_counts_no_more_when_one_of_them_is_retracted) {
        uint64_t fails[2], passes[2];
        Message plan;
        Finds finds;

        desk_open(&finds.desk);
        plan = desk_make_plan(&finds.desk, "m", (const char *[]){"M1"}, 1, "1");
        plan.plan.gates[0].verifiers = 2;
        say(&finds, OPERATOR, plan);
        verify_by_two(&finds, COMMIT_A, DECISION_FAIL, fails);
        finds.finding = fails[1];
        CHECK_EQ_INT(state_of(&finds), FINDING_STATE_OPEN);
        verify_by_two(&finds, COMMIT_B, DECISION_PASS, passes);
        CHECK_EQ_INT(state_of(&finds), FINDING_STATE_CLOSED);
        say(&finds, ADVERSARY,
            (Message){.type = MESSAGE_RETRACT,
                      .retract = {.verdict = passes[0], .why = slice_text("another machine")}});
        CHECK_EQ_INT(state_of(&finds), FINDING_STATE_REOPENED);
        desk_close(&finds.desk);
}

TEST(the_last_pass_stands_beside_what_a_fail_files) {
        uint64_t pass;
        Finds finds;

        desk_open(&finds.desk);
        desk_approve(&finds.desk);
        pass = desk_verify_m1(&finds.desk, COMMIT_A, DECISION_PASS);
        finds.finding = desk_verify_m1(&finds.desk, COMMIT_B, DECISION_FAIL);
        CHECK_EQ_U64(get(&finds)->last_pass_seq, pass);
        desk_close(&finds.desk);
}

TEST(a_pass_does_not_count_while_a_finding_blocks_its_gate) {
        struct status status;
        Finds finds;

        finds_open(&finds);
        finds.finding = say(&finds, ADVERSARY, desk_make_finding("m", "M1", BLOCKS_GATE));
        (void)desk_verify_m1(&finds.desk, COMMIT_A, DECISION_PASS);
        status_build(desk_state(&finds.desk), SLICE_NULL, finds.desk.port.wall_ms,
                     &finds.desk.arena, &status);
        CHECK_EQ_U64(status.phases[0].gates[0].fresh, 0);
        CHECK_CONTAINS(arena_text(&finds.desk.arena, status.phases[0].gates[0].stale_because),
                       "blocks it: it leaks");
        bring(&finds, FINDING_STATE_DEFERRED);
        status_build(desk_state(&finds.desk), SLICE_NULL, finds.desk.port.wall_ms,
                     &finds.desk.arena, &status);
        CHECK_EQ_U64(status.phases[0].gates[0].fresh, 1);
        desk_close(&finds.desk);
}
