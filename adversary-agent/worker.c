/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Starting, hearing and ending workers. */

#include "adversary-agent/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "adversary-agent/framing.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "verify/scratch.h"

enum {
        STREAM_BYTES = 4 << 20,
        READ_BYTES = 65536,
        REMOVALS_MAX = 40,
        REMOVAL_STEP_MS = 25,
        FD_ABOVE = 10
};

extern char **environ;

static int set_attributes(posix_spawnattr_t *attributes) {
        sigset_t none, all;
        int r;

        (void)sigemptyset(&none);
        (void)sigfillset(&all);
        r = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                         POSIX_SPAWN_SETSIGDEF);
        if (r == 0)
                r = posix_spawnattr_setpgroup(attributes, 0);
        if (r == 0)
                r = posix_spawnattr_setsigmask(attributes, &none);
        return r ? r : posix_spawnattr_setsigdefault(attributes, &all);
}

static int spawn(int in_fd, int out_fd, int tell_fd, pid_t *ret_pid) {
        char parent[24];
        char name[] = "adversary-agent", verb[] = "work";
        char *argv[] = {name, verb, parent, NULL};
        posix_spawnattr_t attributes;
        posix_spawn_file_actions_t actions;
        int r;

        (void)snprintf(parent, sizeof parent, "%d", (int)getpid());
        r = posix_spawnattr_init(&attributes);
        if (r != 0)
                return error_origin(-r);
        r = posix_spawn_file_actions_init(&actions);
        if (r == 0) {
                r = set_attributes(&attributes);
                if (r == 0)
                        r = posix_spawn_file_actions_adddup2(&actions, in_fd, STDIN_FILENO);
                if (r == 0)
                        r = posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
                if (r == 0)
                        r = posix_spawn_file_actions_adddup2(&actions, tell_fd, WORKER_TELL_FD);
                if (r == 0)
                        r = posix_spawn(ret_pid, "/proc/self/exe", &actions, &attributes, argv,
                                        environ);
                (void)posix_spawn_file_actions_destroy(&actions);
        }
        (void)posix_spawnattr_destroy(&attributes);
        return r == 0 ? 0 : error_origin(-r);
}

/* Ours does not block; that of the worker is clear of the numbers that it gets others for. */
static int make_tell(int *ret_ours, int *ret_theirs) {
        cleanup_fd int ours = -1, theirs = -1;
        int ends[2];

        if (pipe2(ends, O_CLOEXEC) < 0)
                return error_origin(-errno);
        theirs = fcntl(ends[0], F_DUPFD_CLOEXEC, FD_ABOVE);
        ours = ends[1];
        (void)close(ends[0]);
        if (theirs < 0 || fcntl(ours, F_SETFL, O_NONBLOCK) < 0)
                return error_origin(-errno);
        *ret_ours = fd_take(&ours);
        *ret_theirs = fd_take(&theirs);
        return 0;
}

/* Standard input is no pipe: whether the worker reads it or not, we never wait. */
int worker_start(Worker **ret_worker) {
        cleanup_fd int in_fd = memfd_create("job", MFD_CLOEXEC);
        cleanup_fd int child_out = -1;
        cleanup_fd int our_out = -1;
        cleanup_fd int tell_fd = -1, child_tell = -1;
        int ends[2];
        pid_t pid = 0;
        Worker *worker;

        if (in_fd < 0)
                return error_origin(-errno);
        TRY(make_tell(&tell_fd, &child_tell));
        if (pipe2(ends, O_CLOEXEC) < 0)
                return error_origin(-errno);
        our_out = ends[0];
        child_out = ends[1];
        if (fcntl(our_out, F_SETFL, O_NONBLOCK) < 0)
                return error_origin(-errno);
        TRY(spawn(in_fd, child_out, child_tell, &pid));
        worker = mem_new(Worker);
        *worker = (Worker){.pid = pid,
                           .pidfd = pidfd_open(pid, 0),
                           .in_fd = fd_take(&in_fd),
                           .out_fd = fd_take(&our_out),
                           .tell_fd = fd_take(&tell_fd),
                           .stream = BUF_INIT(STREAM_BYTES)};
        *ret_worker = worker;
        return 0;
}

/* The descriptor is shared with the worker, and so is the place in the file. */
int worker_give(Worker *worker, uint64_t lease, const Message *job) {
        TRY(framing_write(worker->in_fd, job));
        if (lseek(worker->in_fd, 0, SEEK_SET) < 0)
                return error_origin(-errno);
        fd_close(&worker->in_fd);
        worker->lease = lease;
        if (write(worker->tell_fd, "", 1) < 0)
                log_write(LOG_DEBUG, "worker %d has died before its job", (int)worker->pid);
        return 0;
}

void worker_tell(const Worker *worker, const Message *message) {
        if (framing_write(worker->tell_fd, message) != 0)
                log_write(LOG_DEBUG, "worker %d cannot be told", (int)worker->pid);
}

static void reap(Worker *worker) {
        siginfo_t info = {.si_pid = 0};

        if (worker->has_ended)
                return;
        /* Left as a zombie until its group is dead, so that the group's id stays ours. */
        if (waitid(P_PID, (id_t)worker->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
                worker->has_ended = info.si_pid == worker->pid;
}

bool worker_is_dead(Worker *worker) {
        reap(worker);
        return worker->has_ended;
}

static int read_stream(Worker *worker) {
        while (worker->out_fd >= 0) {
                uint8_t *room = buf_reserve(&worker->stream, READ_BYTES);
                ssize_t n;

                if (!room)
                        return 0;
                n = read(worker->out_fd, room, READ_BYTES);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno != EAGAIN)
                        return error_origin(-errno);
                if (n == 0 &&
                    worker->pidfd >= 0) /* that tells its end, which comes a moment later */
                        fd_close(&worker->out_fd);
                if (n <= 0)
                        return 0;
                worker->stream.n += (size_t)n;
        }
        return 0;
}

int worker_hear(Worker *worker, Arena *arena, Message *ret_message) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        CodecFault fault = {.message = NULL};
        int r;

        reap(worker); /* before reading: what it said before it died is then all there */
        TRY(read_stream(worker));
        worker->stream.is_full = false;
        r = framing_take(&worker->stream, &frame);
        if (r == FRAMING_E_PENDING)
                return worker->has_ended ? WORKER_E_ENDED : WORKER_E_NOTHING;
        if (r == 0 &&
            codec_decode(arena_slice(arena, buf_get(&frame)), arena, ret_message, &fault) == 0)
                return 0;
        (void)kill(-worker->pid, SIGKILL); /* it does not speak as a worker does */
        worker->stream.n = 0;
        return worker->has_ended ? WORKER_E_ENDED : WORKER_E_NOTHING;
}

void worker_stop(Worker *worker, uint64_t now_ms) {
        if (worker->kill_at_ms)
                return;
        worker->kill_at_ms = now_ms + WORKER_GRACE_MS;
        (void)kill(worker->pid, SIGTERM);
}

void worker_tick(Worker *worker, uint64_t now_ms) {
        if (worker->kill_at_ms && now_ms >= worker->kill_at_ms)
                (void)kill(-worker->pid, SIGKILL);
}

/* What it had started dies a moment after it, and may until then still write. */
static void remove_scratch(const char *scratch, pid_t pid) {
        const struct timespec step = {.tv_nsec = REMOVAL_STEP_MS * 1000000L};

        for (unsigned i = 0; i < REMOVALS_MAX && !scratch_remove_jobs(scratch, pid); i++)
                (void)nanosleep(&step, NULL);
}

Worker *worker_free(Worker *worker, const char *scratch) {
        if (!worker)
                return NULL;
        (void)kill(-worker->pid, SIGKILL);
        while (waitpid(worker->pid, NULL, 0) < 0 && errno == EINTR)
                ;
        remove_scratch(scratch, worker->pid);
        fd_close(&worker->pidfd);
        fd_close(&worker->in_fd);
        fd_close(&worker->out_fd);
        fd_close(&worker->tell_fd);
        buf_deinit(&worker->stream);
        free(worker);
        return NULL;
}
