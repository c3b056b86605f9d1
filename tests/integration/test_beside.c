/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Checks of one gate at the same time: the same verdict, in the plan's order, whatever --jobs is.
 */

#include <ctype.h>

#include "base/mem.h"
#include "tests/lib/bench.h"
#include "tests/lib/test.h"
#include "tests/lib/trial.h"

#define HOLDS "    expect: { stdout: { contains: product } }\n"
/* Whoever has the lock keeps it for a while: two at a time meet at a device of the machine. */
#define MEETS "    run: exec 9</dev/full; flock -n 9; sleep 0.5; cat README\n" HOLDS

/* Of everything that a gate may hold: what fails, what needs it, what must be by itself. */
static const char mixed[] =
        "  - id: holds\n    run: cat README\n" HOLDS
        "  - id: writes\n    run: echo one >made; cat README\n" HOLDS
        "  - id: status\n    run: test ! -e made; cat README; exit 3\n"
        "  - id: after-status\n    run: cat README\n    needs: [status]\n" HOLDS
        "  - id: assertion\n    run: echo other\n" HOLDS
        "  - id: slow\n    run: cat README; sleep 60\n    timeout: 300ms\n" HOLDS
        "  - id: leaks\n    run: \"cat README; (sleep 60 >/dev/null 2>&1 &)\"\n" HOLDS
        "  - id: host\n    run: cat README\n    on: host\n" HOLDS
        "  - id: repeated\n    run: cat README\n    repeat: { times: 3, concurrency: 2 }\n" HOLDS
        "  - id: bites\n    run: cat README\n    teeth: { run: echo none >README }\n" HOLDS
        "  - id: after-both\n    run: cat README\n    needs: [holds, writes]\n" HOLDS
        "  - id: allowed\n    run: \"false\"\n    allow-failure: true\n"
        "  - id: last\n    run: cat README\n" HOLDS;

/* What was printed, but for times and the blanks that align them. */
static void keep_facts(const Buf *said, Buf *facts) {
        const char *text = buf_get_text(said);

        for (size_t i = 0; text[i]; i++) {
                if (text[i] == ' ' && (text[i + 1] == ' ' || isdigit((unsigned char)text[i + 1])))
                        continue;
                if (!isdigit((unsigned char)text[i]) && text[i] != '.')
                        buf_byte(facts, (uint8_t)text[i]);
        }
}

static int verify_with(Trial *trial, const char *jobs, Buf *facts) {
        int status = trial_verify(trial, "M1", trial->commit, "--jobs", jobs);

        keep_facts(&trial->out, facts);
        return status;
}

TEST(however_many_run_at_a_time_the_verdict_says_the_same) {
        cleanup_buf Buf one = BUF_TEXT, four = BUF_TEXT;
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_write_plan(&trial, mixed);
        CHECK_EQ_INT(verify_with(&trial, "1", &one), TRIAL_FAIL);
        CHECK_EQ_INT(verify_with(&trial, "4", &four), TRIAL_FAIL);
        CHECK_EQ_TEXT(buf_get_text(&four), buf_get_text(&one));
        CHECK_CONTAINS(buf_get_text(&trial.out), "skipped  after-status");
        CHECK_CONTAINS(buf_get_text(&trial.out), "pass     after-both");
        CHECK_CONTAINS(buf_get_text(&trial.out), "leak: check leaks left 1 process behind");
        CHECK_CONTAINS(buf_get_text(&trial.out), "FAIL  M1");
}

TEST(what_fails_only_beside_other_checks_is_contention) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_write_plan(&trial, "  - id: meets-1\n" MEETS "  - id: meets-2\n" MEETS);
        CHECK_EQ_INT(trial_verify(&trial, "M1", trial.commit, "--jobs", "1"), TRIAL_PASS);
        CHECK_EQ_INT(trial_verify(&trial, "M1", trial.commit, "--jobs", "2"), TRIAL_FAIL);
        CHECK_CONTAINS(buf_get_text(&trial.out), "contention");
        CHECK_CONTAINS(buf_get_text(&trial.out), "alone it holds; beside others");
}

TEST(what_needs_another_runs_after_it) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_write_plan(&trial,
                         "  - id: meets-1\n" MEETS "  - id: meets-2\n    needs: [meets-1]\n" MEETS
                         "  - id: meets-3\n    needs: [meets-2]\n" MEETS);
        CHECK_EQ_INT(trial_verify(&trial, "M1", trial.commit, "--jobs", "4"), TRIAL_PASS);
}

TEST(what_holds_a_lock_for_itself_has_nothing_beside_it) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_write_plan(&trial, "  - id: meets-1\n    lock: lab\n" MEETS "  - id: meets-2\n" MEETS
                                 "  - id: meets-3\n    lock: lab\n" MEETS);
        CHECK_EQ_INT(trial_verify(&trial, "M1", trial.commit, "--jobs", "4"), TRIAL_PASS);
}

TEST(a_number_of_jobs_has_bounds) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_write_plan(&trial, "  - id: holds\n    run: cat README\n" HOLDS);
        CHECK_EQ_INT(trial_verify(&trial, "M1", trial.commit, "--jobs", "0"), TRIAL_USAGE);
        CHECK_EQ_INT(trial_verify(&trial, "M1", trial.commit, "--jobs", "65"), TRIAL_USAGE);
}
