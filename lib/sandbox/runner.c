/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * The helper program. It stands outside of the sandbox that it makes, reads the output, holds the
 * clock, and tells the library how it went. When its caller dies it kills; when it dies itself,
 * the kernel does.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "sandbox/descend.h"
#include "sandbox/init.h"
#include "sandbox/launch.h"
#include "sandbox/report.h"
#include "sandbox/residue.h"
#include "sandbox/runner.h"
#include "sandbox/spec.h"
#include "sandbox/stream.h"
#include "sandbox/wire.h"

enum {
        SETUP_MS = 120000, /* until the command runs; a copy of a large tree is in it */
        KILL_MS = 10000,   /* until PID 1 has listed and reaped */
        LINK_BYTES_MAX = 17 << 20,
        CHUNK_BYTES = 1 << 16,
        DRAIN_MAX = 64,
        BURIAL_STEP_MS = 2,
        LOOK_MS = 200, /* how long a stopped PID 1 may go unseen */
};

/* How far the end has come, where it is we who end it. */
typedef enum Stage {
        STAGE_SETTING_UP,
        STAGE_RUNNING,
        STAGE_ASKED,  /* TERM */
        STAGE_FORCED, /* KILL, with a report */
        STAGE_CUT,    /* PID 1 itself is killed */
} Stage;

typedef struct Runner {
        Setup setup;
        Launch launch;
        Stage stage;
        SandboxEnd reason; /* of the end, from STAGE_ASKED on */
        uint64_t next_ms;  /* when the stage is over */
        uint64_t started_ms;
        int stop_signal; /* that PID 1 was stopped by, on the host */
        bool is_over;
        Buf link;
        Stream out, err;
        SandboxOutcome outcome;
} Runner;

static void tell_init(const Runner *runner, char order) {
        (void)send(runner->launch.link_fd, &order, 1,
                   MSG_NOSIGNAL); /* dead: then there is nothing to say */
}

/* On the host the death of PID 1 leaves its children to us. False if one cannot be killed. */
static bool bury_orphans(const Group *group) {
        const struct timespec step = {.tv_nsec = BURIAL_STEP_MS * 1000000L};
        uint64_t until_ms = clock_mono_ms() + KILL_MS;

        (void)group_kill(group);
        for (;;) {
                pid_t pid;

                (void)descend_signal(SIGKILL);
                while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
                        continue;
                if (pid < 0 || clock_mono_ms() >= until_ms)
                        return pid < 0;
                (void)nanosleep(&step, NULL);
        }
}

static void cut(Runner *runner) {
        (void)syscall(SYS_pidfd_send_signal, runner->launch.init_fd, SIGKILL, NULL, 0);
        runner->stage = STAGE_CUT;
        runner->next_ms = UINT64_MAX;
}

static void force(Runner *runner) {
        tell_init(runner, INIT_KILL);
        runner->stage = STAGE_FORCED;
        runner->next_ms = clock_mono_ms() + KILL_MS;
}

static void ask(Runner *runner, SandboxEnd reason) {
        if (runner->stage > STAGE_RUNNING)
                return;
        runner->reason = reason;
        if (runner->stage == STAGE_SETTING_UP) {
                cut(runner);
                return;
        }
        tell_init(runner, INIT_TERM);
        runner->stage = STAGE_ASKED;
        runner->next_ms = clock_mono_ms() + runner->setup.spec.limits.grace_ms;
}

static void overflow(Runner *runner) {
        if (runner->stage >= STAGE_FORCED)
                return;
        runner->reason = SANDBOX_OUTPUT_CAP;
        force(runner);
}

static void on_time(Runner *runner) {
        if (clock_mono_ms() < runner->next_ms)
                return;
        if (runner->stage == STAGE_SETTING_UP)
                ask(runner, SANDBOX_BROKEN);
        else if (runner->stage == STAGE_RUNNING)
                ask(runner, SANDBOX_TIMED_OUT);
        else if (runner->stage == STAGE_ASKED)
                force(runner);
        else
                cut(runner);
}

static void tell_library(char kind, Slice payload) {
        cleanup_buf Buf frame = BUF_INIT(payload.n + 16);

        wire_put_frame(&frame, kind, payload);
        if (fd_write_all(RUNNER_CONTROL_FD, buf_get(&frame)) < 0)
                _exit(EXIT_FAILURE); /* it has gone; the kernel tells PID 1 */
}

static void on_started(Runner *runner) {
        uint64_t wall_ms = runner->setup.spec.limits.wall_ms;

        if (runner->stage != STAGE_SETTING_UP)
                return;
        runner->stage = STAGE_RUNNING;
        runner->started_ms = clock_mono_ms();
        runner->next_ms = wall_ms ? runner->started_ms + wall_ms : UINT64_MAX;
        tell_library(RUNNER_STARTED, SLICE_NULL);
}

/* What PID 1 says. The report stays in the buffer until it is dead. */
static void on_link(Runner *runner) {
        uint8_t chunk[CHUNK_BYTES];
        size_t offset = 0;
        WireFrame frame;

        for (;;) {
                ssize_t n = recv(runner->launch.link_fd, chunk, sizeof chunk, MSG_DONTWAIT);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        break;
                buf_append(&runner->link, chunk, (size_t)n);
        }
        while (wire_take_frame(&runner->link, &offset, &frame))
                if (frame.kind == INIT_STARTED)
                        on_started(runner);
}

/* One read; false when there was nothing to read. */
static bool on_output(Runner *runner, Stream *stream, int *fd) {
        uint8_t chunk[CHUNK_BYTES];
        ssize_t n = *fd < 0 ? 0 : read(*fd, chunk, sizeof chunk);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return false;
        if (n <= 0) {
                fd_close(fd);
                return false;
        }
        stream_add(stream, slice_make(chunk, (size_t)n));
        if (stream->is_over) {
                fd_close(fd);
                overflow(runner);
        }
        return true;
}

static void on_control(Runner *runner) {
        char order;
        ssize_t n = recv(RUNNER_CONTROL_FD, &order, 1, MSG_DONTWAIT);

        if (n == 1)
                ask(runner, SANDBOX_STOPPED);
        else if (n == 0 || (errno != EAGAIN && errno != EINTR))
                cut(runner); /* nobody wants the outcome any more */
}

/* A stop of PID 1 wakes nobody: on the host, where a command can bring it about, it is looked for.
 */
static int wait_ms(const Runner *runner) {
        int most = runner->setup.spec.on_host ? LOOK_MS : INT_MAX;
        uint64_t now_ms = clock_mono_ms();

        if (runner->next_ms == UINT64_MAX)
                return runner->setup.spec.on_host ? LOOK_MS : -1;
        return now_ms >= runner->next_ms ? 0 : (int)size_min(runner->next_ms - now_ms, most);
}

static void look_for_stop(Runner *runner) {
        siginfo_t news = {.si_pid = 0};

        if (!runner->setup.spec.on_host || runner->stage == STAGE_CUT ||
            waitid(P_PIDFD, (id_t)runner->launch.init_fd, &news, WSTOPPED | WNOHANG) < 0 ||
            !news.si_pid)
                return;
        runner->stop_signal = news.si_status;
        cut(runner);
}

static void serve(Runner *runner) {
        while (!runner->is_over) {
                struct pollfd polled[] = {
                        {.fd = runner->launch.init_fd, .events = POLLIN},
                        {.fd = runner->launch.link_fd, .events = POLLIN},
                        {.fd = runner->launch.out_fd, .events = POLLIN},
                        {.fd = runner->launch.err_fd, .events = POLLIN},
                        {.fd = runner->stage == STAGE_CUT ? -1 : RUNNER_CONTROL_FD,
                         .events = POLLIN},
                };
                int r = poll(polled, ARRAY_SIZE(polled), wait_ms(runner));

                if (r < 0 && errno != EINTR)
                        cut(runner);
                runner->is_over = r > 0 && polled[0].revents != 0;
                if (r > 0 && polled[1].revents)
                        on_link(runner);
                if (r > 0 && polled[1].revents & POLLHUP)
                        fd_close(&runner->launch.link_fd);
                if (r > 0 && polled[2].revents)
                        (void)on_output(runner, &runner->out, &runner->launch.out_fd);
                if (r > 0 && polled[3].revents)
                        (void)on_output(runner, &runner->err, &runner->launch.err_fd);
                if (r > 0 && polled[4].revents)
                        on_control(runner);
                look_for_stop(runner);
                on_time(runner);
        }
}

/* What was written before the death of the last writer. Under a shared network a descriptor may
 * have been given to a process outside: hence not until the end of file, but a pipe's worth. */
static void drain(Runner *runner) {
        if (runner->launch.link_fd >= 0)
                on_link(runner);
        for (int n = 0; n < DRAIN_MAX && on_output(runner, &runner->out, &runner->launch.out_fd);)
                n++;
        for (int n = 0; n < DRAIN_MAX && on_output(runner, &runner->err, &runner->launch.err_fd);)
                n++;
}

static bool take_report(const Runner *runner, SandboxOutcome *ret_outcome) {
        size_t offset = 0;
        WireFrame frame;

        while (wire_take_frame(&runner->link, &offset, &frame))
                if (frame.kind == INIT_REPORT)
                        return report_decode(frame.payload, ret_outcome) == 0;
        return false;
}

/* On the host a command has our rights and can kill its reaper, even before that has said that it
 * runs. It may not make an error of its failure so; what else would have killed it is seen to by
 * the confirmation of a fail. */
static bool was_killed_by_command(const Runner *runner, const siginfo_t *death) {
        return runner->setup.spec.on_host &&
               (runner->stop_signal ||
                (runner->stage != STAGE_CUT && death->si_code != CLD_EXITED));
}

/* There is no report. Where we had to cut the end short, we know why there is none. */
static void conclude_alone(Runner *runner, const siginfo_t *death) {
        SandboxOutcome *outcome = &runner->outcome;
        Fault fault = FAULT_INIT;

        if (was_killed_by_command(runner, death)) {
                outcome->end = SANDBOX_SIGNALED;
                outcome->signal = runner->stop_signal ? runner->stop_signal : death->si_status;
                outcome->wall_ms = runner->started_ms ? clock_mono_ms() - runner->started_ms : 0;
                outcome->isolation = arena_text(&outcome->arena, SLICE_NULL);
                return;
        }
        if (runner->started_ms && runner->stage == STAGE_CUT) {
                outcome->end = runner->reason;
                outcome->wall_ms = clock_mono_ms() - runner->started_ms;
                outcome->isolation = arena_text(&outcome->arena, SLICE_NULL);
                return;
        }
        if (runner->stage == STAGE_CUT && runner->reason == SANDBOX_STOPPED) {
                outcome->end = SANDBOX_STOPPED;
                outcome->isolation = arena_text(&outcome->arena, SLICE_NULL);
                return;
        }
        if (runner->stage == STAGE_CUT)
                fault_set(&fault, "sandbox.setup", "the command was not running after %d s",
                          SETUP_MS / 1000);
        else
                fault_set(&fault, "sandbox.init", "PID 1 ended without a report (%s %d)",
                          death->si_code == CLD_EXITED ? "status" : "signal", death->si_status);
        report_break(outcome, &fault);
}

static void conclude(Runner *runner) {
        SandboxOutcome *outcome = &runner->outcome;
        siginfo_t death = {.si_code = 0};

        (void)waitid(P_PIDFD, (id_t)runner->launch.init_fd, &death, WEXITED);
        drain(runner);
        if (!take_report(runner, outcome))
                conclude_alone(runner, &death);
        if (runner->setup.spec.on_host && !bury_orphans(&runner->setup.group)) {
                Fault fault = FAULT_INIT;

                fault_set(&fault, "sandbox.host", "a process that it started cannot be killed");
                report_break(outcome, &fault);
        }
        if (outcome->end == SANDBOX_STOPPED && runner->stage > STAGE_RUNNING)
                outcome->end = runner->reason;
        if (outcome->end == SANDBOX_BROKEN)
                return;
        if (runner->out.is_over || runner->err.is_over)
                outcome->end = SANDBOX_OUTPUT_CAP;
        outcome->memory = group_look(&runner->setup.group);
        outcome->group_cpu_ms = group_get_cpu_ms(&runner->setup.group);
        stream_finish(&runner->out, &outcome->out);
        stream_finish(&runner->err, &outcome->err);
        residue_list(&runner->setup, outcome);
}

static int read_spec(Setup *setup, Fault *reterr_fault) {
        cleanup_buf Buf bytes = BUF_INIT(SPEC_BYTES_MAX);
        int r = fd_read_all(RUNNER_SPEC_FD, &bytes);

        (void)close(RUNNER_SPEC_FD);
        if (r < 0)
                fault_set(reterr_fault, "sandbox.spec", "it cannot be read: %s", strerror(-r));
        return r < 0 ? r : spec_decode(buf_get(&bytes), &setup->arena, &setup->spec, reterr_fault);
}

/* The pidfd lets the library wait for the death of PID 1 even where we are killed ourselves. */
static int present_init(const Launch *launch) {
        cleanup_buf Buf frame = BUF_INIT(64);
        union {
                struct cmsghdr header;
                char bytes[CMSG_SPACE(sizeof(int))];
        } rights = {.bytes = {0}};
        uint64_t pid = (uint64_t)launch->init_pid;
        struct iovec part;
        struct msghdr message = {.msg_iov = &part,
                                 .msg_iovlen = 1,
                                 .msg_control = &rights,
                                 .msg_controllen = sizeof rights};

        rights.header = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)),
                                         .cmsg_level = SOL_SOCKET,
                                         .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(&rights.header), &launch->init_fd, sizeof(int));
        wire_put_frame(&frame, RUNNER_INIT, slice_make(&pid, sizeof pid));
        part = (struct iovec){.iov_base = frame.data, .iov_len = frame.n};
        return sendmsg(RUNNER_CONTROL_FD, &message, MSG_NOSIGNAL) == (ssize_t)frame.n ? 0 : -1;
}

static int start(Runner *runner, char *name, Fault *reterr_fault) {
        int r = read_spec(&runner->setup, reterr_fault);

        if (r == 0)
                r = setup_prepare(&runner->setup, reterr_fault);
        if (r == 0)
                group_make(&runner->setup.spec.limits, runner->setup.spec.scratch,
                           &runner->setup.arena, &runner->setup.group);
        if (r == 0 && runner->setup.spec.on_host)
                (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); /* should PID 1 die before them */
        if (r == 0)
                r = launch_init(&runner->setup, name, &runner->launch, reterr_fault);
        if (r != 0)
                return r;
        stream_init(&runner->out, &runner->setup.spec.limits);
        stream_init(&runner->err, &runner->setup.spec.limits);
        runner->next_ms = clock_mono_ms() + SETUP_MS;
        if (present_init(&runner->launch) < 0)
                _exit(1); /* the library is gone, and PID 1 with us */
        tell_init(runner, INIT_GO);
        return 0;
}

int main(int argc, char **argv) {
        Runner runner = {.setup = SETUP_INIT,
                         .launch = LAUNCH_INIT,
                         .link = BUF_INIT(LINK_BYTES_MAX),
                         .reason = SANDBOX_BROKEN,
                         .outcome = {.arena = ARENA_INIT}};
        cleanup_buf Buf bytes = BUF_INIT(RUNNER_REPORT_BYTES_MAX);
        Fault fault = FAULT_INIT;

        if (argc != 1 || fcntl(RUNNER_CONTROL_FD, F_GETFD) < 0) {
                log_write(LOG_ERROR, "this program is started by others, not by hand");
                return EXIT_FAILURE;
        }
        (void)signal(SIGPIPE, SIG_IGN);
        (void)syscall(SYS_close_range, RUNNER_CONTROL_FD + 1, ~0U, 0);
        if (start(&runner, argv[0], &fault) == 0) {
                serve(&runner);
                conclude(&runner);
        } else {
                report_break(&runner.outcome, &fault);
        }
        report_encode(&runner.outcome, &bytes);
        tell_library(RUNNER_REPORT, buf_get(&bytes));
        sandbox_outcome_deinit(&runner.outcome);
        stream_deinit(&runner.out);
        stream_deinit(&runner.err);
        buf_deinit(&runner.link);
        setup_deinit(&runner.setup);
        return EXIT_SUCCESS;
}
