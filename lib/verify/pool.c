/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Processes and not threads, so that everything that a check is made of stays as simple as it is.
 */

#include "verify/pool.h"

#include <errno.h>
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

enum {
        TICK_MS = 100,
        STEP_MS = 5,
        END_MS = 10000,
        READ_BYTES = 1 << 16,
        HEARD_BYTES_MAX = POOL_ANSWER_BYTES + sizeof(uint64_t) + READ_BYTES,
};

/* ---- in the other process ---- */

/* Its length, then itself. */
static int say(int fd, const Buf *answer) {
        uint64_t n = answer->n;
        int r = fd_write_all(fd, slice_make(&n, sizeof n));

        return r < 0 ? r : fd_write_all(fd, buf_get(answer));
}

noreturn_ static void be_worker(const Pool *pool, int fd, pid_t parent) {
        uint64_t job;

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        while (getppid() == parent && read(fd, &job, sizeof job) == sizeof job) {
                cleanup_buf Buf answer = BUF_INIT(POOL_ANSWER_BYTES);

                if (pool->work(pool->userdata, job, &answer) != 0 || answer.is_full ||
                    say(fd, &answer) < 0)
                        _exit(1);
        }
        _exit(0);
}

/* ---- beginning and end of one ---- */

static bool hire(const Pool *pool, PoolWorker *worker) {
        pid_t parent = getpid();
        int ends[2];

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
                return false;
        worker->pid = fork();
        if (worker->pid == 0)
                be_worker(pool, ends[1], parent);
        (void)close(ends[1]);
        worker->fd = ends[0];
        if (worker->pid < 0)
                fd_close(&worker->fd);
        return worker->fd >= 0;
}

/* By the word: it has our end of its own line, and so has who came later. */
static void dismiss(PoolWorker *worker) {
        (void)shutdown(worker->fd, SHUT_RDWR);
        fd_close(&worker->fd);
        while (waitpid(worker->pid, NULL, 0) < 0 && errno == EINTR)
                continue;
}

/* It was asked to end, so that its sandbox is dead with it, and is killed if it will not. */
static void kill_if_late(const PoolWorker *worker) {
        const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};
        uint64_t until_ms = clock_mono_ms() + END_MS;
        siginfo_t death = {.si_pid = 0};

        while (waitid(P_PID, (id_t)worker->pid, &death, WEXITED | WNOHANG | WNOWAIT) == 0 &&
               !death.si_pid) {
                if (clock_mono_ms() >= until_ms)
                        (void)kill(worker->pid, SIGKILL);
                (void)nanosleep(&step, NULL);
        }
}

/* ---- questions and answers ---- */

static PoolWorker *find_idle(Pool *pool) {
        PoolWorker *vacant = NULL;

        for (size_t i = 0; i < POOL_WORKERS_MAX; i++) {
                PoolWorker *worker = &pool->workers[i];

                if (worker->fd >= 0 && !worker->is_busy)
                        return worker;
                if (worker->fd < 0 && !vacant)
                        vacant = worker;
        }
        return vacant && hire(pool, vacant) ? vacant : NULL;
}

bool pool_ask(Pool *pool, uint64_t job) {
        PoolWorker *worker = find_idle(pool);

        while (worker && send(worker->fd, &job, sizeof job, MSG_NOSIGNAL) != sizeof job) {
                dismiss(worker); /* somebody has killed it while it waited */
                worker = find_idle(pool);
        }
        if (!worker)
                return false;
        worker->is_busy = true;
        worker->job = job;
        worker->answer = BUF_INIT(HEARD_BYTES_MAX);
        pool->n_busy++;
        return true;
}

static bool is_whole(Buf *answer) {
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

/* True once it has answered, or died, without a word or in the middle of one. */
static bool hear(PoolWorker *worker) {
        uint8_t *room = buf_reserve(&worker->answer, READ_BYTES);
        ssize_t n = room ? read(worker->fd, room, READ_BYTES) : 0;

        if (n < 0 && errno == EINTR)
                return false;
        if (n <= 0) {
                buf_clear(&worker->answer);
                dismiss(worker);
                return true;
        }
        worker->answer.n += (size_t)n;
        return is_whole(&worker->answer);
}

static PoolWorker *find_ended(Pool *pool) {
        struct pollfd polled[POOL_WORKERS_MAX];

        for (size_t i = 0; i < POOL_WORKERS_MAX; i++)
                polled[i] =
                        (struct pollfd){.fd = pool->workers[i].is_busy ? pool->workers[i].fd : -1,
                                        .events = POLLIN};
        if (poll(polled, POOL_WORKERS_MAX, TICK_MS) <= 0)
                return NULL;
        for (size_t i = 0; i < POOL_WORKERS_MAX; i++)
                if (polled[i].revents && hear(&pool->workers[i]))
                        return &pool->workers[i];
        return NULL;
}

bool pool_hear(Pool *pool, uint64_t *ret_job, Buf *ret_answer) {
        PoolWorker *worker = find_ended(pool);

        if (!worker)
                return false;
        worker->is_busy = false;
        pool->n_busy--;
        *ret_job = worker->job;
        *ret_answer = worker->answer;
        worker->answer = BUF_INIT(0);
        return true;
}

/* ---- all of them ---- */

void pool_init(Pool *pool, PoolWork work, const void *userdata) {
        *pool = (Pool){.work = work, .userdata = userdata};
        for (size_t i = 0; i < POOL_WORKERS_MAX; i++)
                pool->workers[i].fd = -1;
}

/* All hear of it before the first is waited for. */
void pool_deinit(Pool *pool) {
        for (size_t i = 0; i < POOL_WORKERS_MAX; i++) {
                const PoolWorker *worker = &pool->workers[i];

                if (worker->fd >= 0)
                        (void)shutdown(worker->fd, SHUT_RDWR);
                if (worker->is_busy)
                        (void)kill(worker->pid, SIGTERM);
        }
        for (size_t i = 0; i < POOL_WORKERS_MAX; i++) {
                PoolWorker *worker = &pool->workers[i];

                if (worker->is_busy)
                        kill_if_late(worker);
                if (worker->fd >= 0)
                        dismiss(worker);
                buf_deinit(&worker->answer);
        }
}
