/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Each family of pairs is a file in pairs/, or court.c; what a cheat must get stands there. */

#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/lib/test.h"
#include "tests/redteam/court.h"

enum { PAIRS_LEAST = 60 };

TEST(a_cheat_that_is_honest_a_twin_that_is_red_and_another_reason_are_told) {
        Tally tally;

        raid_play("control", "control", &tally);
        CHECK_EQ_U64(tally.n_pairs, 4);
        CHECK_EQ_U64(tally.n_caught, 2);
        CHECK_EQ_U64(tally.n_missed, 1);
        CHECK_EQ_U64(tally.n_elsewhere, 1);
        CHECK_EQ_U64(tally.n_false_red, 1);
}

TEST(what_is_to_be_looked_at_is_changed) {
        raid_family("gates");
}

TEST(tests_are_taken_out_or_made_to_hold) {
        raid_family("tests");
}

TEST(reports_are_forged) {
        raid_family("reports");
}

TEST(the_workspace_holds_what_the_commit_does_not) {
        raid_family("tree");
}

TEST(somebody_else_answers_or_acts_for_the_product) {
        raid_family("daemons");
}

TEST(the_answer_is_looked_up) {
        raid_family("reading");
}

TEST(the_environment_is_prepared_and_the_verifier_is_told_by_it) {
        raid_family("environment");
}

TEST(the_harness_is_exhausted_or_confused) {
        raid_family("exhausting");
}

TEST(the_end_is_forged_or_blamed_on_the_harness) {
        raid_family("ending");
}

TEST(it_holds_now_and_then) {
        raid_family("sometimes");
}

TEST(something_else_answers_over_http) {
        raid_family("http");
}

TEST(the_claim_is_of_something_else) {
        raid_family("claims");
}

TEST(what_was_left_or_changed_around_is_seen) {
        raid_family("residue");
}

TEST(what_must_not_be_left_is_left) {
        raid_family("leftovers");
}

TEST(a_result_is_of_something_else_or_not_what_was_claimed) {
        Tally tally;

        court_play(&tally);
        raid_count(&tally);
}

TEST(a_plan_that_cannot_fail_is_refused) {
        raid_family("excuses");
}

static bool is_family(const char *name, Slice *ret_family) {
        size_t n = strlen(name), n_end = strlen(".pair");

        if (n <= n_end || strcmp(name + n - n_end, ".pair") != 0)
                return false;
        *ret_family = slice_make(name, n - n_end);
        return true;
}

static void check_all_have_played(void) {
        DIR *entries = opendir(test_source("tests/redteam/pairs"));
        struct dirent *entry;

        CHECK(entries);
        while ((entry = readdir(entries))) {
                cleanup_free char *family = NULL;
                Slice name;

                if (!is_family(entry->d_name, &name))
                        continue;
                family = mem_strndup((const char *)name.data, name.n);
                if (!raid_has_played(family))
                        FAIL_TEST("the family %s has no row in the table", family);
        }
        (void)closedir(entries);
}

TEST(the_table_has_no_cheat_that_was_missed_and_no_twin_that_is_red) {
        Tally sum;

        if (!stage_is_unprivileged && geteuid() != 0)
                SKIP("not root");
        raid_print_table(&sum);
        check_all_have_played();
        CHECK(sum.n_pairs >= PAIRS_LEAST);
        CHECK_EQ_U64(sum.n_caught, sum.n_pairs);
        CHECK_EQ_U64(sum.n_missed, 0);
        CHECK_EQ_U64(sum.n_false_red, 0);
}
