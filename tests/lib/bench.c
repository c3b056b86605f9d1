/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Children with two pipes each, pumped while somebody waits for them. */

#include "tests/lib/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "tests/lib/test.h"

enum {
        PIPE_BYTES = 1 << 20, /* nobody pumps a daemon while another one is waited for */
        OUTPUT_MAX = 64 << 20,
        STEP_MS = 20,
        EXIT_NOT_STARTED = 126,
};

typedef struct Output {
        int fd; /* -1 after its end */
        Buf text;
        size_t n_seen; /* by process_wait_text */
} Output;

struct Process {
        pid_t pid;
        char *name;
        Output out, err;
        bool has_ended;
        int status;
};

const char *bench_program(const char *variable) {
        const char *path = getenv(variable);

        if (!path || access(path, X_OK) < 0)
                FAIL_TEST("%s does not name a program; run this through meson test", variable);
        return path;
}

static void noreturn_ become(const ProcessSpec *spec, pid_t parent, int out_fd, int err_fd) {
        int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent || null_fd < 0 || dup2(null_fd, 0) < 0 || dup2(out_fd, 1) < 0 ||
            dup2(err_fd, 2) < 0)
                _exit(EXIT_NOT_STARTED);
        (void)setpgid(0, 0);
        if (spec->cwd && chdir(spec->cwd) < 0)
                _exit(EXIT_NOT_STARTED);
        for (size_t i = 0; spec->env && spec->env[i]; i++)
                (void)putenv((char *)spec->env[i]);
        (void)execvp(spec->argv[0], (char *const *)spec->argv);
        (void)fprintf(stderr, "%s: %s\n", spec->argv[0], strerror(errno));
        _exit(EXIT_NOT_STARTED);
}

static void output_open(Output *output, int *ret_write_fd) {
        int fds[2];

        if (pipe2(fds, O_CLOEXEC) < 0)
                FAIL_TEST("pipe: %s", strerror(errno));
        (void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
        (void)fcntl(fds[1], F_SETPIPE_SZ, PIPE_BYTES); /* smaller is only slower */
        *output = (Output){.fd = fds[0], .text = BUF_INIT(OUTPUT_MAX)};
        *ret_write_fd = fds[1];
}

Process *process_start(const ProcessSpec *spec) {
        Process *process = mem_new(Process);
        cleanup_fd int out_fd = -1, err_fd = -1;
        pid_t parent = getpid();

        output_open(&process->out, &out_fd);
        output_open(&process->err, &err_fd);
        process->name = mem_strdup(spec->argv[0]);
        (void)fflush(NULL);
        process->pid = fork();
        if (process->pid == 0)
                become(spec, parent, out_fd, err_fd);
        if (process->pid < 0)
                FAIL_TEST("fork: %s", strerror(errno));
        return process;
}

static void output_pump(Output *output) {
        uint8_t chunk[65536];

        while (output->fd >= 0) {
                ssize_t n = read(output->fd, chunk, sizeof chunk);

                if (n > 0) {
                        buf_append(&output->text, chunk, (size_t)n);
                        continue;
                }
                if (n < 0 && (errno == EAGAIN || errno == EINTR))
                        return;
                fd_close(&output->fd);
        }
}

static void look(Process *process) {
        int status;

        output_pump(&process->out);
        output_pump(&process->err);
        if (process->has_ended || waitpid(process->pid, &status, WNOHANG) != process->pid)
                return;
        process->has_ended = true;
        process->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        output_pump(&process->out); /* what it wrote between the first look and its end */
        output_pump(&process->err);
}

static void pause_for_output(Process *process) {
        struct pollfd fds[2] = {{.fd = process->out.fd, .events = POLLIN},
                                {.fd = process->err.fd, .events = POLLIN}};

        (void)poll(fds, 2, STEP_MS);
}

static void noreturn_ fail(Process *process, const char *what) {
        FAIL_TEST("%s (%d) %s\n-- its output:\n%s\n-- its errors:\n%s", process->name,
                  (int)process->pid, what, buf_get_text(&process->out.text),
                  buf_get_text(&process->err.text));
}

Process *process_free(Process *process) {
        if (!process)
                return NULL;
        process_kill(process);
        fd_close(&process->out.fd);
        fd_close(&process->err.fd);
        buf_deinit(&process->out.text);
        buf_deinit(&process->err.text);
        free(process->name);
        free(process);
        return NULL;
}

pid_t process_get_pid(const Process *process) {
        return process->pid;
}

const char *process_get_out(Process *process) {
        look(process);
        return buf_get_text(&process->out.text);
}

const char *process_get_err(Process *process) {
        look(process);
        return buf_get_text(&process->err.text);
}

static bool find_text(Output *output, const char *part) {
        const char *text = buf_get_text(&output->text);
        const char *place = strstr(text + output->n_seen, part);

        if (!place)
                return false;
        output->n_seen = (size_t)(place - text) + strlen(part);
        return true;
}

void process_wait_text(Process *process, const char *part, uint64_t limit_ms) {
        uint64_t deadline_ms = clock_mono_ms() + limit_ms;

        for (;;) {
                bool had_ended = process->has_ended;

                look(process);
                if (find_text(&process->out, part) || find_text(&process->err, part))
                        return;
                if (had_ended || clock_mono_ms() >= deadline_ms) {
                        cleanup_free char *what = mem_printf("did not say \"%s\"", part);

                        fail(process, what);
                }
                pause_for_output(process);
        }
}

int process_wait(Process *process, uint64_t limit_ms) {
        uint64_t deadline_ms = clock_mono_ms() + limit_ms;

        while (process_is_running(process)) {
                if (clock_mono_ms() >= deadline_ms)
                        fail(process, "did not end");
                pause_for_output(process);
        }
        return process->status;
}

bool process_is_running(Process *process) {
        look(process);
        return !process->has_ended;
}

void process_signal(Process *process, int number) {
        if (!process->has_ended)
                (void)kill(process->pid, number);
}

void process_kill(Process *process) {
        int status;

        look(process);
        if (process->has_ended)
                return;
        (void)kill(process->pid, SIGKILL);
        while (waitpid(process->pid, &status, 0) < 0 && errno == EINTR)
                continue;
        process->has_ended = true;
        process->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int bench_run(const ProcessSpec *spec, uint64_t limit_ms, Buf *out, Buf *err) {
        cleanup(process_freep) Process *process = process_start(spec);
        int status = process_wait(process, limit_ms);

        if (out)
                buf_slice(out, buf_get(&process->out.text));
        if (err)
                buf_slice(err, buf_get(&process->err.text));
        return status;
}

void bench_run_expect(const ProcessSpec *spec, uint64_t limit_ms, int expected, Buf *out) {
        cleanup(process_freep) Process *process = process_start(spec);
        int status = process_wait(process, limit_ms);

        if (status != expected) {
                cleanup_free char *what =
                        mem_printf("(%s) ended with %d, not %d", spec->argv[1] ? spec->argv[1] : "",
                                   status, expected);

                fail(process, what);
        }
        if (out)
                buf_slice(out, buf_get(&process->out.text));
}

void bench_git_argv(const char *cwd, Buf *out, const char *const *arguments) {
        static const char *const env[] = {
                "GIT_CONFIG_NOSYSTEM=1",
                "GIT_CONFIG_GLOBAL=/dev/null",
                "GIT_AUTHOR_NAME=A Builder",
                "GIT_AUTHOR_EMAIL=builder@example.net",
                "GIT_COMMITTER_NAME=A Builder",
                "GIT_COMMITTER_EMAIL=builder@example.net",
                "GIT_AUTHOR_DATE=2026-01-02T03:04:05Z",
                "GIT_COMMITTER_DATE=2026-01-02T03:04:05Z",
                NULL,
        };
        ProcessSpec spec = {
                .argv = {"git", "-c", "init.defaultBranch=main", "-c", "maintenance.auto=false"},
                .cwd = cwd,
                .env = env};
        size_t n = 5;

        for (; *arguments && n < BENCH_ARGS_MAX - 1; arguments++)
                spec.argv[n++] = *arguments;
        bench_run_expect(&spec, 30000, 0, out);
}

void bench_write(const char *dir, const char *path, const char *text, mode_t mode) {
        cleanup_free char *whole = mem_printf("%s/%s", dir, path);
        cleanup_free char *parent = mem_strdup(whole);

        *strrchr(parent, '/') = 0;
        if (dir_make(parent, 0755) != 0 || file_write_atomic(whole, slice_text(text), mode) != 0)
                FAIL_TEST("%s could not be written", whole);
}
