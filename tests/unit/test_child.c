/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A command beside a verb. */

#include "verbs/child.h"

#include <signal.h>

#include "tests/lib/test.h"

static int run(const char *script, const char *variable) {
        const char *const argv[] = {"sh", "-c", script, NULL};
        cleanup_child Child child = CHILD_INIT;
        int status = -1;

        CHECK_EQ_INT(child_start(&child, argv, &variable, variable ? 1 : 0), 0);
        CHECK_EQ_INT(child_wait(&child, &status), 0);
        return status;
}

TEST(its_status_is_that_of_the_command) {
        CHECK_EQ_INT(run("exit 7", NULL), 7);
        CHECK_EQ_INT(run("kill -TERM $$", NULL), 128 + SIGTERM);
}

TEST(it_has_the_variables) {
        CHECK_EQ_INT(run("test \"$COLDGATE_FENCE\" = 12", "COLDGATE_FENCE=12"), 0);
}

TEST(a_command_that_cannot_be_run_ends_with_127) {
        const char *const argv[] = {"no-such-command", NULL};
        cleanup_child Child child = CHILD_INIT;
        int status = -1;

        CHECK_EQ_INT(child_start(&child, argv, NULL, 0), 0);
        CHECK_EQ_INT(child_wait(&child, &status), 0);
        CHECK_EQ_INT(status, 127);
}

TEST(signals_that_we_hold_back_reach_it) {
        sigset_t term, before;
        int status;

        (void)sigemptyset(&term);
        (void)sigaddset(&term, SIGTERM);
        CHECK_EQ_INT(sigprocmask(SIG_BLOCK, &term, &before), 0);
        status = run("kill -TERM $$", NULL);
        CHECK_EQ_INT(sigprocmask(SIG_SETMASK, &before, NULL), 0);
        CHECK_EQ_INT(status, 128 + SIGTERM);
}

TEST(one_that_does_not_end_is_killed) {
        const char *const argv[] = {"sh", "-c", "trap '' TERM; while :; do sleep 1; done", NULL};
        cleanup_child Child child = CHILD_INIT;

        CHECK_EQ_INT(child_start(&child, argv, NULL, 0), 0);
        child_stop(&child, 50);
        CHECK_EQ_INT(child.pid, 0);
        child_stop(&child, 50); /* nothing is left to stop */
}
