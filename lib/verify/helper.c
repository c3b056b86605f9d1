/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Processes and not threads, so that everything that a check is made of stays as simple as it is.
 */

#include "verify/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
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
        helper->hand = NULL;
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

/* ---- those that are kept ---- */

noreturn_ static void be_hand(const Crew *crew, int fd, pid_t parent) {
        uint64_t number;

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        while (getppid() == parent && read(fd, &number, sizeof number) == sizeof number) {
                cleanup_buf Buf answer = BUF_INIT(HELPER_ANSWER_BYTES);
                uint64_t n;

                if (crew->work(crew->userdata, number, &answer) != 0 || answer.is_full)
                        _exit(1);
                n = answer.n;
                if (fd_write_all(fd, slice_make(&n, sizeof n)) < 0 ||
                    fd_write_all(fd, buf_get(&answer)) < 0)
                        _exit(1);
        }
        _exit(0);
}

static bool hire(const Crew *crew, Hand *hand) {
        pid_t parent = getpid();
        int ends[2];

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
                return false;
        hand->pid = fork();
        if (hand->pid == 0)
                be_hand(crew, ends[1], parent);
        (void)close(ends[1]);
        hand->fd = ends[0];
        if (hand->pid < 0)
                fd_close(&hand->fd);
        return hand->fd >= 0;
}

static void bury(pid_t pid) {
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                continue;
}

static void dismiss(Hand *hand) {
        fd_close(&hand->fd);
        bury(hand->pid);
        hand->is_busy = false;
}

static Hand *find_idle(Crew *crew) {
        Hand *vacant = NULL;

        for (size_t i = 0; i < HELPERS_MAX; i++) {
                Hand *hand = &crew->hands[i];

                if (hand->fd >= 0 && !hand->is_busy)
                        return hand;
                if (hand->fd < 0 && !vacant)
                        vacant = hand;
        }
        return vacant && hire(crew, vacant) ? vacant : NULL;
}

bool helper_ask(Helper *helper, Crew *crew, uint64_t number) {
        Hand *hand = find_idle(crew);

        if (!hand)
                return false;
        if (send(hand->fd, &number, sizeof number, MSG_NOSIGNAL) != sizeof number) {
                dismiss(hand); /* somebody has killed it; the next is a new one */
                return false;
        }
        hand->is_busy = true;
        buf_clear(&helper->answer);
        helper->pid = hand->pid;
        helper->fd = hand->fd;
        helper->hand = hand;
        return true;
}

/* Its length, then itself. */
static bool answer_is_whole(Buf *answer) {
        uint64_t n;

        if (answer->n < sizeof n)
                return false;
        memcpy(&n, answer->data, sizeof n);
        if (answer->n - sizeof n != n)
                return false;
        memmove(answer->data, answer->data + sizeof n, n);
        answer->n = n;
        return true;
}

void crew_init(Crew *crew, HelperWork work, const void *userdata) {
        *crew = (Crew){.work = work, .userdata = userdata};
        for (size_t i = 0; i < HELPERS_MAX; i++)
                crew->hands[i].fd = -1;
}

/* By the word, since a later one has our end of an earlier one's line, too. */
void crew_deinit(Crew *crew) {
        for (size_t i = 0; i < HELPERS_MAX; i++)
                if (crew->hands[i].fd >= 0)
                        (void)shutdown(crew->hands[i].fd, SHUT_RDWR);
        for (size_t i = 0; i < HELPERS_MAX; i++)
                if (crew->hands[i].fd >= 0)
                        dismiss(&crew->hands[i]);
}

/* ---- both ---- */

/* Without a word, or in the middle of one. */
static void settle_dead(Helper *helper) {
        if (!helper->hand) {
                fd_close(&helper->fd);
                bury(helper->pid);
                return;
        }
        buf_clear(&helper->answer);
        dismiss(helper->hand);
        helper->hand = NULL;
        helper->fd = -1;
}

/* True once it has ended. */
static bool hear(Helper *helper) {
        uint8_t *room = buf_reserve(&helper->answer, READ_BYTES);
        ssize_t n = room ? read(helper->fd, room, READ_BYTES) : 0;

        if (n < 0 && errno == EINTR)
                return false;
        if (n <= 0) {
                settle_dead(helper);
                return true;
        }
        helper->answer.n += (size_t)n;
        if (!helper->hand || !answer_is_whole(&helper->answer))
                return false;
        helper->hand->is_busy = false;
        helper->hand = NULL;
        helper->fd = -1;
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
                if (helpers[i].fd >= 0) {
                        (void)kill(helpers[i].pid, SIGTERM);
                        if (helpers[i].hand)
                                (void)shutdown(helpers[i].fd, SHUT_RDWR);
                }
        for (size_t i = 0; i < n; i++) {
                if (helpers[i].fd >= 0)
                        end_helper(&helpers[i]);
                fd_close(&helpers[i].fd);
                if (helpers[i].hand)
                        *helpers[i].hand = (Hand){.fd = -1};
                buf_deinit(&helpers[i].answer);
        }
}
