/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Waiting for descriptors, deadlines and signals. */

#include "proto/loop.h"

#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "tests/lib/test.h"

TEST(a_readable_descriptor_ends_the_wait_and_only_it_is_ready) {
        LoopWait wait = {.n_fds = 0};
        int quiet[2], loud[2];

        CHECK_EQ_INT(pipe(quiet), 0);
        CHECK_EQ_INT(pipe(loud), 0);
        CHECK_EQ_U64(loop_add_fd(&wait, quiet[0], false), 0);
        CHECK_EQ_U64(loop_add_fd(&wait, loud[0], false), 1);
        CHECK_EQ_INT(fd_write_all(loud[1], slice_text("x")), 0);
        CHECK_EQ_INT(loop_wait(&wait, -1), 0);
        CHECK(!wait.fds[0].is_ready);
        CHECK(wait.fds[1].is_ready);
}

TEST(a_descriptor_that_hung_up_is_ready) {
        LoopWait wait = {.n_fds = 0};
        int ends[2];

        CHECK_EQ_INT(pipe(ends), 0);
        (void)loop_add_fd(&wait, ends[0], false);
        CHECK_EQ_INT(close(ends[1]), 0);
        CHECK_EQ_INT(loop_wait(&wait, -1), 0);
        CHECK(wait.fds[0].is_ready);
}

TEST(a_writable_descriptor_is_ready_for_whoever_wants_to_write) {
        LoopWait wait = {.n_fds = 0};
        int ends[2];

        CHECK_EQ_INT(pipe(ends), 0);
        (void)loop_add_fd(&wait, ends[1], true);
        CHECK_EQ_INT(loop_wait(&wait, -1), 0);
        CHECK(wait.fds[0].is_ready);
}

TEST(the_deadline_ends_the_wait_with_nothing_ready) {
        LoopWait wait = {.n_fds = 0};
        uint64_t begin = clock_mono_ms();
        int ends[2];

        CHECK_EQ_INT(pipe(ends), 0);
        (void)loop_add_fd(&wait, ends[0], false);
        wait.fds[0].is_ready = true;
        CHECK_EQ_INT(loop_wait(&wait, 30), 0);
        CHECK(!wait.fds[0].is_ready);
        CHECK(clock_mono_ms() - begin >= 29);
}

TEST(signals_arrive_by_descriptor) {
        LoopWait wait = {.n_fds = 0};
        int fd = -1;

        CHECK_EQ_INT(loop_signal_fd(true, &fd), 0);
        CHECK_EQ_INT(loop_signal_read(fd), 0);
        CHECK_EQ_INT(raise(SIGTERM), 0);
        (void)loop_add_fd(&wait, fd, false);
        CHECK_EQ_INT(loop_wait(&wait, -1), 0);
        CHECK(wait.fds[0].is_ready);
        CHECK_EQ_INT(loop_signal_read(fd), SIGTERM);
        CHECK_EQ_INT(raise(SIGCHLD), 0);
        CHECK_EQ_INT(loop_signal_read(fd), SIGCHLD);
        CHECK_EQ_INT(loop_signal_read(fd), 0);
        fd_close(&fd);
}
