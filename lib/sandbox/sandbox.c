/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * The library's side: starts the runner and believes nobody but it. The connection to the runner
 * is its life line in both directions: when it ends here the runner kills, when it ends there the
 * sandbox is over.
 */

#include "sandbox/sandbox.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "sandbox/place.h"
#include "sandbox/report.h"
#include "sandbox/runner.h"
#include "sandbox/spec.h"
#include "sandbox/wire.h"

enum { CHUNK_BYTES = 1 << 16, FD_ABOVE = 10, END_MS = 30000, ANCESTORS_MAX = 4 };

const SandboxLimits sandbox_limits_default = {
        .wall_ms = 300000,
        .grace_ms = 2000,
        .leak_grace_ms = 200,
        .memory_bytes = 0,
        .file_bytes = (uint64_t)1 << 30,
        .n_processes = 1024,
        .n_files = 1024,
        .output_bytes = (uint64_t)64 << 20,
        .keep_head = (size_t)256 << 10,
        .keep_tail = (size_t)64 << 10,
};

struct Sandbox {
        pid_t runner_pid; /* 0: reaped, or never there */
        int control_fd;
        int init_fd; /* pidfd of PID 1; -1: not known */
        int init_pid;
        bool is_started, is_over, is_on_host;
        Buf bytes; /* what the runner says */
        size_t offset;
        Slice report; /* in `bytes`, complete */
        Fault fault;  /* why there is no runner */
};

void sandbox_outcome_deinit(SandboxOutcome *outcome) {
        arena_deinit(&outcome->arena);
        buf_deinit(&outcome->out.head);
        buf_deinit(&outcome->out.tail);
        buf_deinit(&outcome->err.head);
        buf_deinit(&outcome->err.tail);
}

char *sandbox_find_runner(Fault *reterr_fault) {
        const char *given = getenv("COLDGATE_RUNNER");
        char program[PATH_MAX];
        ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);

        if (given && given[0])
                return mem_strdup(given);
        program[n > 0 ? n : 0] = 0;
        for (int up = 0; up < ANCESTORS_MAX; up++) {
                static const char *const places[] = {"libexec/coldgate", "lib/sandbox"};
                char *slash = strrchr(program, '/');

                if (!slash)
                        break;
                *slash = 0;
                for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
                        cleanup_free char *path =
                                mem_printf("%s/%s/sandbox-runner", program, places[i]);

                        if (access(path, X_OK) == 0)
                                return TAKE(path);
                }
        }
        fault_set(reterr_fault, "sandbox.runner", "the helper program sandbox-runner is missing");
        fault_next(reterr_fault, "build it with the others, or set COLDGATE_RUNNER to its path");
        return NULL;
}

/* Sealed: what the runner reads is what was written. -errno. */
static int make_spec_fd(const SandboxSpec *spec, int *ret_fd, Fault *reterr_fault) {
        cleanup_buf Buf bytes = BUF_INIT(SPEC_BYTES_MAX);
        cleanup_fd int fd = memfd_create("spec", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        int r;

        if (fd < 0)
                return -errno;
        spec_encode(spec, &bytes);
        if (bytes.is_full) {
                fault_set(reterr_fault, "sandbox.spec", "arguments and environment are too large");
                return SPEC_E_REFUSED;
        }
        r = fd_write_all(fd, buf_get(&bytes));
        if (r < 0)
                return r;
        if (lseek(fd, 0, SEEK_SET) < 0 ||
            fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
                return -errno;
        *ret_fd = fcntl(fd, F_DUPFD_CLOEXEC, FD_ABOVE); /* clear of the numbers it is given */
        return *ret_fd < 0 ? -errno : 0;
}

typedef struct Spawn {
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
} Spawn;

static void spawn_deinit(Spawn *plan) {
        (void)posix_spawn_file_actions_destroy(&plan->actions);
        (void)posix_spawnattr_destroy(&plan->attributes);
}

/* These fail only for want of memory, then posix_spawn itself does. */
static void spawn_init(Spawn *plan, int spec_fd, int control_fd) {
        const short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID;
        sigset_t none, all;

        (void)sigemptyset(&none);
        (void)sigfillset(&all);
        (void)posix_spawn_file_actions_init(&plan->actions);
        (void)posix_spawnattr_init(&plan->attributes);
        (void)posix_spawnattr_setsigmask(&plan->attributes, &none);
        (void)posix_spawnattr_setsigdefault(&plan->attributes, &all);
        /* A session of its own: an interrupt from the terminal is for the caller to decide on. */
        (void)posix_spawnattr_setflags(&plan->attributes, flags);
        (void)posix_spawn_file_actions_addopen(&plan->actions, 0, "/dev/null", O_RDONLY, 0);
        (void)posix_spawn_file_actions_addopen(&plan->actions, 1, "/dev/null", O_WRONLY, 0);
        (void)posix_spawn_file_actions_adddup2(&plan->actions, spec_fd, RUNNER_SPEC_FD);
        (void)posix_spawn_file_actions_adddup2(&plan->actions, control_fd, RUNNER_CONTROL_FD);
}

/* Zero or an errno, as posix_spawn has it. */
static int spawn(const char *runner, int spec_fd, int control_fd, pid_t *ret_pid) {
        char name[] = "sandbox-runner", debug[] = "COLDGATE_LOG=debug";
        char *argv[] = {name, NULL}, *env[] = {NULL, NULL};
        cleanup(spawn_deinit) Spawn plan;
        pid_t pid;
        int r;

        if (log_is_on(LOG_DEBUG))
                env[0] = debug;
        spawn_init(&plan, spec_fd, control_fd);
        r = posix_spawn(&pid, runner, &plan.actions, &plan.attributes, argv, env);
        if (r == 0)
                *ret_pid = pid;
        return r;
}

int sandbox_start(const char *runner, const SandboxSpec *spec, Sandbox **ret_sandbox) {
        cleanup(sandbox_freep) Sandbox *sandbox = mem_new(Sandbox);
        cleanup_fd int spec_fd = -1, control_fd = -1;
        int ends[2], r;

        *sandbox = (Sandbox){.control_fd = -1,
                             .init_fd = -1,
                             .is_on_host = spec->on_host,
                             .bytes = BUF_INIT(RUNNER_REPORT_BYTES_MAX + CHUNK_BYTES)};
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
                return error_origin(-errno);
        sandbox->control_fd = ends[0];
        control_fd = fcntl(ends[1], F_DUPFD_CLOEXEC, FD_ABOVE);
        (void)close(ends[1]);
        if (control_fd < 0)
                return error_origin(-errno);
        r = spec_check(spec, &sandbox->fault);
        if (r == 0)
                r = make_spec_fd(spec, &spec_fd, &sandbox->fault);
        if (r < 0)
                return error_origin(r);
        if (r == 0 && (r = spawn(runner, spec_fd, control_fd, &sandbox->runner_pid)) != 0) {
                fault_set(&sandbox->fault, "sandbox.runner", "%s: %s", runner, strerror(r));
        }
        *ret_sandbox = TAKE(sandbox);
        return 0;
}

int sandbox_get_init_pid(const Sandbox *sandbox) {
        return sandbox->is_started && !sandbox->is_over ? sandbox->init_pid : 0;
}

void sandbox_stop(Sandbox *sandbox) {
        char order = RUNNER_STOP;

        (void)send(sandbox->control_fd, &order, 1,
                   MSG_NOSIGNAL); /* over already: it ended itself */
}

static void keep_init_fd(Sandbox *sandbox, struct msghdr *message) {
        struct cmsghdr *rights = CMSG_FIRSTHDR(message);

        if (!rights || rights->cmsg_level != SOL_SOCKET || rights->cmsg_type != SCM_RIGHTS ||
            rights->cmsg_len != CMSG_LEN(sizeof(int)))
                return;
        fd_close(&sandbox->init_fd);
        memcpy(&sandbox->init_fd, CMSG_DATA(rights), sizeof(int));
}

/* All that is there. False at the end of the connection. */
static bool receive(Sandbox *sandbox) {
        for (;;) {
                uint8_t chunk[CHUNK_BYTES];
                union {
                        struct cmsghdr header;
                        char bytes[CMSG_SPACE(sizeof(int))];
                } rights;
                struct iovec part = {.iov_base = chunk, .iov_len = sizeof chunk};
                struct msghdr message = {.msg_iov = &part,
                                         .msg_iovlen = 1,
                                         .msg_control = &rights,
                                         .msg_controllen = sizeof rights};
                ssize_t n = recvmsg(sandbox->control_fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno == EAGAIN)
                        return true;
                if (n <= 0)
                        return false;
                keep_init_fd(sandbox, &message);
                buf_append(&sandbox->bytes, chunk, (size_t)n);
        }
}

static void understand(Sandbox *sandbox) {
        WireFrame frame;

        while (!sandbox->report.n && wire_take_frame(&sandbox->bytes, &sandbox->offset, &frame)) {
                WireReader reader = {.rest = frame.payload};

                if (frame.kind == RUNNER_INIT)
                        sandbox->init_pid = (int)wire_get_limited(&reader, INT_MAX);
                else if (frame.kind == RUNNER_STARTED)
                        sandbox->is_started = true;
                else if (frame.kind == RUNNER_REPORT)
                        sandbox->report = frame.payload;
        }
}

static bool wait_readable(int fd, uint64_t ms) {
        struct pollfd polled = {.fd = fd, .events = POLLIN};
        uint64_t until_ms = clock_mono_ms() + size_min(ms, INT_MAX);
        uint64_t now_ms = clock_mono_ms();
        int r;

        do {
                r = poll(&polled, 1, until_ms > now_ms ? (int)(until_ms - now_ms) : 0);
                now_ms = clock_mono_ms();
        } while ((r < 0 && errno == EINTR) || (r == 0 && now_ms < until_ms));
        return r > 0;
}

/* On the host it is the runner, and after it PID 1, who kill what was started: each gets its time
 * for that. False if it still lives. */
static bool let_end(const Sandbox *sandbox) {
        uint64_t until_ms = clock_mono_ms() + END_MS;
        int pidfd = pidfd_open(sandbox->runner_pid, 0);
        bool has_ended = pidfd >= 0 && wait_readable(pidfd, until_ms - clock_mono_ms());

        if (pidfd >= 0)
                (void)close(pidfd);
        return has_ended;
}

/* The runner ends by itself once it has reported; otherwise nothing is expected of it any more, and
 * PID 1 is told of its death by the kernel. In the end nothing of the sandbox lives. */
static void bury(Sandbox *sandbox) {
        if (sandbox->runner_pid > 0) {
                if (sandbox->is_on_host)
                        (void)shutdown(sandbox->control_fd, SHUT_WR);
                if (!sandbox->report.n && !(sandbox->is_on_host && let_end(sandbox)))
                        (void)kill(sandbox->runner_pid, SIGKILL);
                while (waitpid(sandbox->runner_pid, NULL, 0) < 0 && errno == EINTR)
                        continue;
        }
        sandbox->runner_pid = 0;
        sandbox->is_over = true;
        (void)receive(sandbox); /* the pidfd may have been its last word */
        if (sandbox->init_fd < 0)
                return;
        if (sandbox->is_on_host)
                (void)wait_readable(sandbox->init_fd, END_MS);
        (void)syscall(SYS_pidfd_send_signal, sandbox->init_fd, SIGKILL, NULL, 0);
        if (!wait_readable(sandbox->init_fd, END_MS))
                fault_set(&sandbox->fault, "sandbox.init", "PID %d cannot be killed",
                          sandbox->init_pid);
}

static void finish(Sandbox *sandbox, SandboxOutcome *ret_outcome) {
        *ret_outcome = (SandboxOutcome){.arena = ARENA_INIT};
        bury(sandbox);
        if (!sandbox->fault.rule &&
            (!sandbox->report.n || report_decode(sandbox->report, ret_outcome) != 0))
                fault_set(&sandbox->fault, "sandbox.runner", "the runner ended without a report");
        if (sandbox->fault.rule)
                report_break(ret_outcome, &sandbox->fault);
}

int sandbox_wait(Sandbox *sandbox, uint64_t wait_ms, SandboxOutcome *ret_outcome) {
        uint64_t now_ms = clock_mono_ms();
        uint64_t until_ms = wait_ms > UINT64_MAX - now_ms ? UINT64_MAX : now_ms + wait_ms;

        for (;;) {
                bool is_open = receive(sandbox);

                understand(sandbox);
                if (!is_open || sandbox->report.n) {
                        finish(sandbox, ret_outcome);
                        return 0;
                }
                now_ms = clock_mono_ms();
                if (now_ms >= until_ms)
                        return SANDBOX_E_PENDING;
                (void)wait_readable(sandbox->control_fd, until_ms - now_ms);
        }
}

char *sandbox_get_copy(const SandboxSpec *spec, Arena *arena) {
        return arena_printf(arena, "%s/%s", spec->scratch, PART_COPY);
}

char *sandbox_get_home(const SandboxSpec *spec, Arena *arena) {
        return arena_printf(arena, "%s/%s", spec->scratch, PART_HOME);
}

char *sandbox_get_tmp(const SandboxSpec *spec, Arena *arena) {
        return arena_printf(arena, "%s/%s", spec->scratch, PART_TMP);
}

Sandbox *sandbox_free(Sandbox *sandbox) {
        if (!sandbox)
                return NULL;
        if (!sandbox->is_over)
                bury(sandbox);
        fd_close(&sandbox->control_fd);
        fd_close(&sandbox->init_fd);
        buf_deinit(&sandbox->bytes);
        free(sandbox);
        return NULL;
}

int sandbox_run(const char *runner, const SandboxSpec *spec, SandboxOutcome *ret_outcome) {
        cleanup(sandbox_freep) Sandbox *sandbox = NULL;

        TRY(sandbox_start(runner, spec, &sandbox));
        assert(sandbox);
        TRY(sandbox_wait(sandbox, UINT64_MAX, ret_outcome));
        return 0;
}
