/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Each row is a story on a desk, told twice: by a cheat, and by its honest twin, whose PASS must
 * stand. */

#include "tests/redteam/court.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/desk.h"
#include "tests/lib/test.h"

static const char *const m1[] = {"M1"};

/* The story; who was refused at its end, if somebody was. */
typedef Who Story(Desk *desk, bool is_cheat);

static uint64_t claim(Desk *desk) {
        return desk_claim_and_lease(desk, 1);
}

static void approve(Desk *desk, const char *salt, bool must_match, uint64_t verifiers) {
        Message plan = desk_make_plan(desk, "m", m1, 1, salt);

        plan.plan.gates[0].must_match = must_match;
        plan.plan.gates[0].verifiers = verifiers;
        CHECK(desk_submit(desk, OPERATOR, plan));
}

static Message pass_on(Desk *desk, uint64_t claim_seq) {
        return desk_make_verdict(desk, claim_seq, "M1", DECISION_PASS);
}

static Who number_that_differs(Desk *desk, bool is_cheat) {
        Message message;
        uint64_t seq;
        Hash digest;

        approve(desk, "1", true, 1);
        desk_credit(desk, ADVERSARY, 1, 0, 0);
        message = desk_make_claim(desk, "m", m1, 1, COMMIT_A);
        message.claim.claimed_evidence = slice_text(is_cheat ? "c: 16 of them" : "c: 12 of them");
        seq = desk_submit(desk, BUILDER, message);
        desk_measure(desk, "12", &digest);
        message = pass_on(desk, seq);
        message.verdict.checks->evidence = hash_slice(&digest);
        (void)desk_submit(desk, ADVERSARY, message);
        return ADVERSARY;
}

static Who result_of_an_older_claim(Desk *desk, bool is_cheat) {
        Message old;
        uint64_t seq;

        approve(desk, "1", false, 1);
        old = pass_on(desk, claim(desk));
        seq = claim(desk);
        (void)desk_submit(desk, ADVERSARY, is_cheat ? old : pass_on(desk, seq));
        return ADVERSARY;
}

/* The revision offers the claim anew. */
static Who result_of_the_gate_as_it_was(Desk *desk, bool is_cheat) {
        Message old, fresh;
        uint64_t seq;

        approve(desk, "1", false, 1);
        seq = claim(desk);
        old = pass_on(desk, seq);
        desk_credit(desk, ADVERSARY_2, 1, 0, 0);
        approve(desk, "2", false, 1);
        fresh = pass_on(desk, seq);
        if (is_cheat)
                fresh.verdict.gate_digest = old.verdict.gate_digest;
        (void)desk_submit(desk, ADVERSARY_2, fresh);
        return ADVERSARY_2;
}

static Who result_of_another_commit(Desk *desk, bool is_cheat) {
        Message verdict;

        approve(desk, "1", false, 1);
        verdict = pass_on(desk, claim(desk));
        if (is_cheat)
                verdict.verdict.commit = slice_text(COMMIT_B);
        (void)desk_submit(desk, ADVERSARY, verdict);
        return ADVERSARY;
}

static Who lease_of_somebody_else(Desk *desk, bool is_cheat) {
        Who who = is_cheat ? ADVERSARY_2 : ADVERSARY;

        approve(desk, "1", false, 1);
        (void)desk_submit(desk, who, pass_on(desk, claim(desk)));
        return who;
}

static Who judged_by_the_builder(Desk *desk, bool is_cheat) {
        Who who = is_cheat ? BUILDER : ADVERSARY;

        approve(desk, "1", false, 1);
        (void)desk_submit(desk, who, pass_on(desk, claim(desk)));
        return who;
}

static Who pass_over_a_failure(Desk *desk, bool is_cheat) {
        Message verdict;

        approve(desk, "1", false, 1);
        verdict = pass_on(desk, claim(desk));
        if (is_cheat)
                verdict.verdict.checks->outcome = OUTCOME_FAIL;
        (void)desk_submit(desk, ADVERSARY, verdict);
        return ADVERSARY;
}

static Who pass_without_a_check(Desk *desk, bool is_cheat) {
        Message verdict;

        approve(desk, "1", false, 1);
        verdict = pass_on(desk, claim(desk));
        if (is_cheat)
                verdict.verdict.n_checks = 0;
        (void)desk_submit(desk, ADVERSARY, verdict);
        return ADVERSARY;
}

static Who one_verifier_for_two(Desk *desk, bool is_cheat) {
        Who second = is_cheat ? ADVERSARY : ADVERSARY_2;
        uint64_t seq;

        approve(desk, "1", false, 2);
        seq = claim(desk);
        CHECK(desk_submit(desk, ADVERSARY, pass_on(desk, seq)));
        desk_credit(desk, second, 1, 0, 0);
        (void)desk_submit(desk, second, pass_on(desk, seq));
        return second;
}

static Who verdict_taken_back(Desk *desk, bool is_cheat) {
        uint64_t verdict;

        approve(desk, "1", false, 1);
        verdict = desk_submit(desk, ADVERSARY,
                              desk_make_verdict(desk, claim(desk), "M1", DECISION_FAIL));
        CHECK(verdict);
        if (is_cheat)
                (void)desk_submit(
                        desk, BUILDER,
                        (Message){.type = MESSAGE_RETRACT,
                                  .retract = {.verdict = verdict, .why = slice_text("wrong")}});
        else
                (void)desk_submit(desk, ADVERSARY, pass_on(desk, claim(desk)));
        return is_cheat ? BUILDER : ADVERSARY;
}

static const struct Row {
        Story *play;
        const char *about;
        const char *rule; /* what refuses the cheat; "": its verdict is taken, and does not count */
} rows[] = {
        {number_that_differs, "The claim says another number than the one that is measured.", ""},
        {result_of_an_older_claim, "A result of the same commit, of a claim before.",
         "claim-unknown"},
        {result_of_the_gate_as_it_was,
         "A result of the same commit, of the gate before its plan "
         "was revised.",
         "verdict-gate-digest"},
        {result_of_another_commit, "What was verified is another commit.",
         "verdict-commit-differs"},
        {lease_of_somebody_else, "Another adversary has the lease.", "lease-not-yours"},
        {judged_by_the_builder, "Who claims gives the verdict.", "role-forbids"},
        {pass_over_a_failure, "A PASS, and a check in it that failed.", "pass-with-failures"},
        {pass_without_a_check, "A PASS, and no check in it.", "pass-with-failures"},
        {one_verifier_for_two, "One adversary for the two that are needed.", "verdict-already"},
        {verdict_taken_back, "The builder takes a FAIL back.", "role-forbids"},
};

static bool stands(const Desk *desk) {
        return desk_state(desk)->phases[0]->gates[0].state == GATE_STATE_PASSED;
}

static void play(const struct Row *row, Tally *tally) {
        const char *rule;
        Desk desk;
        Who who;

        desk_open(&desk);
        (void)row->play(&desk, false);
        if (!stands(&desk)) {
                tally->n_false_red++;
                printf("# false red: %s %s\n", row->about, desk_describe(&desk));
        }
        desk_close(&desk);
        desk_open(&desk);
        who = row->play(&desk, true);
        rule = desk_rule(&desk, who);
        tally->n_pairs++;
        if (stands(&desk))
                tally->n_missed++;
        else if (strcmp(rule, row->rule) == 0)
                tally->n_caught++;
        else
                tally->n_elsewhere++;
        if (stands(&desk) || strcmp(rule, row->rule) != 0)
                printf("# %s: %s: %s, not %s\n", stands(&desk) ? "missed" : "caught elsewhere",
                       row->about, rule, row->rule);
        desk_close(&desk);
}

void court_play(Tally *ret_tally) {
        *ret_tally = (Tally){.family = "court"};
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                play(&rows[i], ret_tally);
}
