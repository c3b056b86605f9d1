/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Hooks. Nothing here waits: pipes do not block, the end is a pidfd in the loop. */

#include "broker/notify_exec.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"

enum { OUTPUT_BYTES_MAX = 4096, READ_BYTES = 4096, READS_MAX = 32, FIRST_FD = 3 };

struct ExecRun {
        char *name;
        pid_t pid; /* its group's too; 0: reaped */
        int pid_fd, in_fd, out_fd;
        Buf input, output;
        size_t n_written;
        uint64_t deadline_ms;
};

static int make_pipes(int ret_in[2], int ret_out[2]) {
        if (pipe2(ret_in, O_CLOEXEC) < 0)
                return errno;
        if (pipe2(ret_out, O_CLOEXEC) < 0)
                return errno;
        /* Our ends only: the program has a right to pipes that block. */
        if (fcntl(ret_in[1], F_SETFL, O_NONBLOCK) < 0 || fcntl(ret_out[0], F_SETFL, O_NONBLOCK) < 0)
                return errno;
        return 0;
}

static int set_files(posix_spawn_file_actions_t *files, int in_fd, int out_fd) {
        int r = posix_spawn_file_actions_adddup2(files, in_fd, STDIN_FILENO);

        if (r == 0)
                r = posix_spawn_file_actions_adddup2(files, out_fd, STDOUT_FILENO);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(files, out_fd, STDERR_FILENO);
        if (r == 0)
                r = posix_spawn_file_actions_addclosefrom_np(files, FIRST_FD);
        return r;
}

/* The broker blocks signals for its signalfd and ignores SIGPIPE: no business of the program's. */
static int set_attributes(posix_spawnattr_t *attributes) {
        sigset_t none, pipe_signal;
        int r;

        (void)sigemptyset(&none);
        (void)sigemptyset(&pipe_signal);
        (void)sigaddset(&pipe_signal, SIGPIPE);
        r = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                         POSIX_SPAWN_SETSIGDEF);
        if (r == 0)
                r = posix_spawnattr_setpgroup(attributes, 0);
        if (r == 0)
                r = posix_spawnattr_setsigmask(attributes, &none);
        if (r == 0)
                r = posix_spawnattr_setsigdefault(attributes, &pipe_signal);
        return r;
}

static int spawn(const ExecSpec *spec, int in_fd, int out_fd, pid_t *ret_pid) {
        posix_spawn_file_actions_t files;
        posix_spawnattr_t attributes;
        int r = posix_spawn_file_actions_init(&files);

        if (r != 0)
                return r;
        r = posix_spawnattr_init(&attributes);
        if (r == 0) {
                r = set_files(&files, in_fd, out_fd);
                if (r == 0)
                        r = set_attributes(&attributes);
                if (r == 0)
                        r = posix_spawn(ret_pid, spec->program, &files, &attributes, spec->argv,
                                        spec->env);
                (void)posix_spawnattr_destroy(&attributes);
        }
        (void)posix_spawn_file_actions_destroy(&files);
        return r;
}

/* The group with all that it left behind; the status of the program itself. */
static int kill_all(ExecRun *run) {
        int status = 0;

        if (!run->pid)
                return 0;
        (void)kill(-run->pid, SIGKILL);
        (void)waitpid(run->pid, &status, 0); /* it is dead: this does not wait */
        run->pid = 0;
        return status;
}

ExecRun *exec_run_free(ExecRun *run) {
        if (!run)
                return NULL;
        (void)kill_all(run);
        fd_close(&run->pid_fd);
        fd_close(&run->in_fd);
        fd_close(&run->out_fd);
        buf_deinit(&run->input);
        buf_deinit(&run->output);
        free(run->name);
        free(run);
        return NULL;
}

static int start(ExecRun *run, const ExecSpec *spec) {
        int in[2] = {-1, -1}, out[2] = {-1, -1};
        int r = make_pipes(in, out);

        if (r == 0)
                r = spawn(spec, in[0], out[1], &run->pid);
        fd_close(&in[0]);
        fd_close(&out[1]);
        run->in_fd = in[1];
        run->out_fd = out[0];
        if (r != 0)
                return r;
        run->pid_fd = (int)syscall(SYS_pidfd_open, run->pid, 0);
        return run->pid_fd < 0 ? errno : 0;
}

ExecRun *exec_run_start(const ExecSpec *spec, int *reterr_errno) {
        cleanup(exec_run_freep) ExecRun *run = mem_new(ExecRun);
        int r;

        run->pid_fd = run->in_fd = run->out_fd = -1;
        run->name = mem_strdup(spec->name);
        run->input = BUF_TEXT;
        run->output = BUF_INIT(OUTPUT_BYTES_MAX);
        run->deadline_ms = clock_mono_ms() + spec->timeout_ms;
        buf_slice(&run->input, spec->input);
        r = start(run, spec);
        if (r != 0) {
                *reterr_errno = r;
                return NULL;
        }
        return TAKE(run);
}

void exec_run_add_fds(const ExecRun *run, LoopWait *wait) {
        (void)loop_add_fd(wait, run->pid_fd, false);
        if (run->in_fd >= 0)
                (void)loop_add_fd(wait, run->in_fd, true);
        if (run->out_fd >= 0)
                (void)loop_add_fd(wait, run->out_fd, false);
}

uint64_t exec_run_deadline(const ExecRun *run) {
        return run->deadline_ms;
}

static void write_input(ExecRun *run) {
        while (run->in_fd >= 0) {
                Slice left = slice_from(buf_get(&run->input), run->n_written);
                ssize_t n = left.n ? write(run->in_fd, left.data, left.n) : 0;

                if (n > 0)
                        run->n_written += (size_t)n;
                else if (left.n && (errno == EAGAIN || errno == EINTR))
                        return;
                else
                        fd_close(&run->in_fd); /* all of it, or nobody reads it */
        }
}

/* What is over the cap is read and forgotten, so that the program can go on. Never more than a
 * part: one that writes as fast as it is read would keep the loop here. */
static void read_output(ExecRun *run) {
        char bytes[READ_BYTES];
        ssize_t n = -1;

        if (run->out_fd < 0)
                return;
        for (size_t i = 0; i < READS_MAX; i++) {
                n = read(run->out_fd, bytes, sizeof bytes);
                if (n <= 0)
                        break;
                buf_append(&run->output, bytes,
                           size_min((size_t)n, run->output.n_max - run->output.n));
        }
        if (n == 0)
                fd_close(&run->out_fd);
}

static void log_output(const ExecRun *run) {
        Slice rest = buf_get(&run->output);

        while (rest.n) {
                size_t end = slice_find(rest, slice_text("\n"));

                log_write(LOG_INFO, "%s: %.*s", run->name, SLICE_ARGS(slice_head(rest, end)));
                rest = slice_from(rest, end + 1);
        }
}

bool exec_run_step(ExecRun *run, int *ret_status, bool *ret_is_late) {
        siginfo_t info = {.si_pid = 0};

        write_input(run);
        read_output(run);
        /* Not reaped before its group is killed: until then the number is its own. */
        (void)waitid(P_PID, (id_t)run->pid, &info, WEXITED | WNOHANG | WNOWAIT);
        *ret_is_late = info.si_pid == 0;
        if (*ret_is_late && clock_mono_ms() < run->deadline_ms)
                return false;
        *ret_status = kill_all(run);
        read_output(run);
        log_output(run);
        return true;
}
