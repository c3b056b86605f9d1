/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * On the host, where we are no PID 1, orphans come to us all the same (we are their subreaper), and
 * what is said to "all processes" is said to our descendants.
 *
 * Everything that is started inside becomes a child of PID 1 sooner or later, so that "no child
 * left" is "nobody left". Processes are stopped before they are listed: then they cannot fork away
 * from under the list.
 */

#include "sandbox/init.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "sandbox/command.h"
#include "sandbox/descend.h"
#include "sandbox/leftovers.h"
#include "sandbox/report.h"
#include "sandbox/root.h"
#include "sandbox/wire.h"
#include "sandbox/workspace.h"

enum { REPORT_BYTES_MAX = 16 << 20, ISOLATION_BYTES_MAX = 1024 };

typedef struct Init {
        const Setup *setup;
        InitFds fds;
        int signal_fd;
        pid_t main_pid;
        uint64_t started_ms;
        bool is_main_over, is_empty; /* empty: no process but us */
        bool must_kill;
        SandboxOutcome outcome;
} Init;

static bool is_on_host(const Init *init) {
        return init->setup->spec.on_host;
}

static void signal_all(const Init *init, int number) {
        if (is_on_host(init))
                (void)descend_signal(number);
        else
                (void)kill(-1, number);
}

/* Nobody is there to be told. With PID 1 all others die; on the host they have to be killed. */
noreturn_ static void leave(const Init *init) {
        while (is_on_host(init) && descend_signal(SIGKILL) > 0)
                while (waitpid(-1, NULL, WNOHANG) > 0)
                        continue;
        _exit(1);
}

static void send_frame(const Init *init, char kind, Slice payload) {
        cleanup_buf Buf frame = BUF_INIT(REPORT_BYTES_MAX + 16);

        wire_put_frame(&frame, kind, payload);
        if (fd_write_all(init->fds.link, buf_get(&frame)) < 0)
                leave(init);
}

noreturn_ static void report(Init *init) {
        cleanup_buf Buf bytes = BUF_INIT(REPORT_BYTES_MAX);

        report_encode(&init->outcome, &bytes);
        send_frame(init, INIT_REPORT, buf_get(&bytes));
        _exit(0);
}

noreturn_ static void give_up(Init *init, const Fault *fault) {
        report_break(&init->outcome, fault);
        report(init);
}

static bool bring_up_loopback(void) {
        struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
        cleanup_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        return fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
}

static void enter_host(Init *init) {
        cleanup_buf Buf isolation = BUF_INIT(ISOLATION_BYTES_MAX);
        Fault fault = FAULT_INIT;

        if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0) {
                fault_set(&fault, "sandbox.host", "orphans cannot be kept: %s", strerror(errno));
                give_up(init, &fault);
        }
        if (workspace_copy(init->setup, &fault) != 0)
                give_up(init, &fault);
        buf_printf(
                &isolation,
                "none (on: host, by the plan), workspace copy, own session, descendants tracked%s, "
                "uid %u",
                init->setup->is_root ? ", processes not limited" : "", (unsigned)geteuid());
        init->outcome.isolation = arena_text(&init->outcome.arena, buf_get(&isolation));
}

static void enter(Init *init) {
        const Setup *setup = init->setup;
        bool is_alone = setup->spec.network == SANDBOX_NETWORK_NONE;
        cleanup_buf Buf isolation = BUF_INIT(ISOLATION_BYTES_MAX);
        Fault fault = FAULT_INIT;

        buf_printf(&isolation, "%s: %spid mount%s ipc uts cgroup, seccomp",
                   setup->is_root ? "root" : "unprivileged", setup->is_root ? "" : "user ",
                   is_alone ? " net" : "");
        if (is_alone && !bring_up_loopback()) {
                fault_set(&fault, "sandbox.network", "the loopback interface: %s", strerror(errno));
                give_up(init, &fault);
        }
        /* A name that every table of hosts knows, so that looking oneself up works. */
        if (sethostname("localhost", 9) < 0 || setdomainname("", 0) < 0) {
                fault_set(&fault, "sandbox.namespaces", "the host name: %s", strerror(errno));
                give_up(init, &fault);
        }
        if (root_enter(setup, &isolation, &fault) != 0)
                give_up(init, &fault);
        if (!is_alone)
                buf_text(&isolation, ", network of the host");
        buf_printf(&isolation, ", uid %u", setup->uid);
        init->outcome.isolation = arena_text(&init->outcome.arena, buf_get(&isolation));
}

/* The runner may have died before we asked to be told: then there is no byte to read. */
static void greet(const Init *init) {
        char go = 0;

        if (prctl(PR_SET_PDEATHSIG, is_on_host(init) ? SIGTERM : SIGKILL, 0, 0, 0) < 0)
                _exit(1);
        send_frame(init, INIT_HELLO, SLICE_NULL);
        if (read(init->fds.link, &go, 1) != 1 || go != INIT_GO)
                _exit(1);
}

static void fail(Init *init, const CommandFailure *failure) {
        static const char *const rules[] = {
                [COMMAND_PREPARED] = "sandbox.exec",
                [COMMAND_WORKDIR] = "exec.workdir",
                [COMMAND_EXEC] = "exec.command",
        };
        const SandboxSpec *spec = &init->setup->spec;
        const char *const subjects[] = {
                [COMMAND_PREPARED] = "the command's process",
                [COMMAND_WORKDIR] = spec->workdir,
                [COMMAND_EXEC] = spec->argv[0],
        };
        SandboxOutcome *outcome = &init->outcome;

        outcome->end = failure->stage == COMMAND_PREPARED ? SANDBOX_BROKEN : SANDBOX_NOT_STARTED;
        outcome->error = failure->error;
        fault_set(&outcome->fault, rules[failure->stage], "%s: %s%s%s", subjects[failure->stage],
                  strerror(failure->error), failure->what[0] ? ": " : "", failure->what);
        report(init);
}

/* Into its group where there is one: it is in it before it can do anything. */
static pid_t fork_command(Init *init) {
        const Group *group = &init->setup->group;
        struct clone_args args = {
                .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)group->fd};
        cleanup_buf Buf isolation = BUF_INIT(ISOLATION_BYTES_MAX);
        long pid = group->fd < 0 ? -1 : syscall(SYS_clone3, &args, sizeof args);

        if (pid < 0 && !group->path) {
                pid = fork();
                if (pid > 0 && !group->memory)
                        return (pid_t)pid;
        } else if (pid < 0) {
                return fork(); /* what is said of a group would not be true */
        }
        if (pid > 0) {
                buf_text(&isolation, init->outcome.isolation);
                group_describe(group, &isolation);
                init->outcome.isolation = arena_text(&init->outcome.arena, buf_get(&isolation));
        }
        return (pid_t)pid;
}

static void start(Init *init, SeccompFilter *filter) {
        CommandFailure failure;
        Fault fault = FAULT_INIT;
        int exec_fds[2];

        if (pipe2(exec_fds, O_CLOEXEC) < 0 || (init->main_pid = fork_command(init)) < 0) {
                fault_set(&fault, "sandbox.init", "the command's process: %s", strerror(errno));
                give_up(init, &fault);
        }
        if (init->main_pid == 0)
                command_become(init->setup, filter,
                               &(CommandFds){init->fds.out, init->fds.err, exec_fds[1]});
        (void)close(exec_fds[1]);
        (void)close(init->fds.out);
        (void)close(init->fds.err);
        if (read(exec_fds[0], &failure, sizeof failure) == sizeof failure)
                fail(init, &failure);
        (void)close(exec_fds[0]);
        init->started_ms = clock_mono_ms();
        send_frame(init, INIT_STARTED, SLICE_NULL);
}

static void settle_main(Init *init, int status) {
        SandboxOutcome *outcome = &init->outcome;

        init->is_main_over = true;
        outcome->wall_ms = clock_mono_ms() - init->started_ms;
        if (WIFSIGNALED(status))
                outcome->signal = WTERMSIG(status);
        else
                outcome->status = WEXITSTATUS(status);
        if (outcome->end != SANDBOX_STOPPED)
                outcome->end = WIFSIGNALED(status) ? SANDBOX_SIGNALED : SANDBOX_EXITED;
}

static void reap(Init *init, int flags) {
        int status;
        pid_t pid;

        while ((pid = waitpid(-1, &status, flags)) > 0 || (pid < 0 && errno == EINTR))
                if (pid == init->main_pid)
                        settle_main(init, status);
        if (pid < 0)
                init->is_empty = true;
}

static void obey(Init *init) {
        char order;

        if (read(init->fds.link, &order, 1) != 1)
                leave(init);
        if (!init->is_main_over)
                init->outcome.end = SANDBOX_STOPPED;
        if (order == INIT_KILL) {
                init->must_kill = true;
                return;
        }
        signal_all(init, SIGTERM);
        signal_all(init, SIGCONT);
}

/* Until something was said or somebody died; at most `ms`, -1 without end. */
static void wait_for_news(Init *init, int ms) {
        struct pollfd polled[] = {
                {.fd = init->signal_fd, .events = POLLIN},
                {.fd = init->fds.link, .events = POLLIN},
        };
        struct signalfd_siginfo info;

        if (poll(polled, ARRAY_SIZE(polled), ms) <= 0)
                return;
        /* Deaths first: what has ended by itself was not ended by an order that came later. */
        if (polled[0].revents && read(init->signal_fd, &info, sizeof info) > 0) {
                reap(init, WNOHANG);
                if (info.ssi_signo == SIGTERM)
                        leave(init); /* on the host: the runner has died */
        }
        if (polled[1].revents)
                obey(init);
}

static void wait_for_command(Init *init) {
        uint64_t until_ms;

        reap(init, WNOHANG);
        while (!init->is_main_over && !init->must_kill)
                wait_for_news(init, -1);
        until_ms = clock_mono_ms() + init->setup->spec.limits.leak_grace_ms;
        while (!init->is_empty && !init->must_kill) {
                uint64_t now_ms = clock_mono_ms();

                if (now_ms >= until_ms)
                        return;
                wait_for_news(init, (int)size_min(until_ms - now_ms, INT_MAX));
        }
}

static void list_leftovers(Init *init) {
        cleanup_arena Arena arena = ARENA_INIT;
        Descendants ours;

        if (!is_on_host(init)) {
                (void)kill(-1, SIGSTOP);
                leftovers_list(NULL, &init->outcome);
                return;
        }
        descend_stop();
        descend_list(&arena, &ours);
        leftovers_list(&ours, &init->outcome);
}

/* On the host a process may have been forked from under the first signal: until there is none. */
static void kill_all(Init *init) {
        signal_all(init, SIGKILL);
        while (!init->is_empty && is_on_host(init)) {
                reap(init, WNOHANG);
                if (descend_signal(SIGKILL) == 0)
                        break;
        }
        while (!init->is_empty)
                reap(init, 0);
}

static void end_all(Init *init) {
        struct rusage usage;

        if (!init->is_empty && init->is_main_over)
                list_leftovers(init);
        kill_all(init);
        (void)getrusage(RUSAGE_CHILDREN, &usage);
        init->outcome.cpu_ms = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
                               (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
        init->outcome.memory_peak_bytes = (uint64_t)usage.ru_maxrss * 1024;
}

void init_run(const Setup *setup, SeccompFilter *filter, const InitFds *fds) {
        Init init = {.setup = setup, .fds = *fds, .outcome = {.arena = ARENA_INIT}};
        Fault fault = FAULT_INIT;
        sigset_t all;

        (void)sigfillset(&all);
        (void)sigprocmask(SIG_SETMASK, &all, NULL);
        (void)sigemptyset(&all);
        (void)sigaddset(&all, SIGCHLD);
        if (setup->spec.on_host)
                (void)sigaddset(&all, SIGTERM);
        greet(&init);
        (void)prctl(PR_SET_NAME, "init");
        /* Unprivileged, the namespaces must be open to the caller, who is no more than the owner;
         * the command lacks our capabilities, and that keeps it out. */
        if (setup->is_root && !setup->spec.on_host)
                (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
        init.signal_fd = signalfd(-1, &all, SFD_CLOEXEC);
        if (init.signal_fd < 0) {
                fault_set(&fault, "sandbox.init", "signals: %s", strerror(errno));
                give_up(&init, &fault);
        }
        if (setup->spec.on_host)
                enter_host(&init);
        else
                enter(&init);
        start(&init, filter);
        wait_for_command(&init);
        end_all(&init);
        report(&init);
}
