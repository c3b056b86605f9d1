/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Processes and not threads, so that everything that a check is made of stays as simple as it is.
 */

#include "verify/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"

enum { TICK_MS = 100, STEP_MS = 5, END_MS = 10000, READ_BYTES = 1 << 16 };

noreturn_ static void be_helper(HelperWork work, const void *userdata, uint64_t number, int fd,
                                pid_t parent) {
        cleanup_buf Buf answer = BUF_INIT(HELPER_ANSWER_BYTES);

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent || work(userdata, number, &answer) != 0 || answer.is_full)
                _exit(1);
        _exit(fd_write_all(fd, buf_get(&answer)) == 0 ? 0 : 1);
}

bool helper_start(Helper *helper, HelperWork work, const void *userdata, uint64_t number) {
        pid_t parent = getpid();
        int fds[2];

        if (pipe2(fds, O_CLOEXEC) < 0)
                return false;
        buf_clear(&helper->answer);
        helper->pid = fork();
        if (helper->pid == 0)
                be_helper(work, userdata, number, fds[1], parent);
        (void)close(fds[1]);
        if (helper->pid < 0) {
                (void)close(fds[0]);
                return false;
        }
        helper->fd = fds[0];
        return true;
}

/* True once it has ended. */
static bool hear(Helper *helper) {
        uint8_t *room = buf_reserve(&helper->answer, READ_BYTES);
        ssize_t n = room ? read(helper->fd, room, READ_BYTES) : 0;

        if (n < 0 && errno == EINTR)
                return false;
        if (n > 0) {
                helper->answer.n += (size_t)n;
                return false;
        }
        fd_close(&helper->fd);
        while (waitpid(helper->pid, NULL, 0) < 0 && errno == EINTR)
                continue;
        return true;
}

void helpers_hear(Helper *helpers, size_t n, bool *has_ended) {
        struct pollfd polled[HELPERS_MAX];
        int n_ready;

        for (size_t i = 0; i < n; i++) {
                polled[i] = (struct pollfd){.fd = helpers[i].fd, .events = POLLIN};
                has_ended[i] = false;
        }
        n_ready = poll(polled, n, TICK_MS);
        for (size_t i = 0; n_ready > 0 && i < n; i++)
                has_ended[i] = polled[i].revents && hear(&helpers[i]);
}

/* Each is asked to end, so that its sandbox is dead with it, and killed if it will not. */
static void end_helper(const Helper *helper) {
        const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};
        uint64_t until_ms = clock_mono_ms() + END_MS;

        while (waitpid(helper->pid, NULL, WNOHANG) == 0) {
                if (clock_mono_ms() >= until_ms)
                        (void)kill(helper->pid, SIGKILL);
                (void)nanosleep(&step, NULL);
        }
}

void helpers_deinit(Helper *helpers, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (helpers[i].fd >= 0)
                        (void)kill(helpers[i].pid, SIGTERM);
        for (size_t i = 0; i < n; i++) {
                if (helpers[i].fd >= 0)
                        end_helper(&helpers[i]);
                fd_close(&helpers[i].fd);
                buf_deinit(&helpers[i].answer);
        }
}
