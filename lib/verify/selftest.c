/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Cheats and honest work as rows. A cheat is judged from outside: by the sandbox's report, and by
 * baits that nobody may touch. */

#include "verify/selftest.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"
#include "sandbox/sandbox.h"
#include "verify/attempt.h"
#include "verify/scratch.h"

enum {
        WALL_MS = 20000,
        SHORT_MS = 100,
        OUTPUT_BYTES = 1 << 20,
        ERR_SHOWN = 200,
};

#define BAIT_TEXT "nobody may read this"

/* What a cheat would reach if the sandbox let it. */
typedef struct Bait {
        char *dir, *file, *socket, *outside;
        int port;
        int tcp_fd, path_fd, abstract_fd;
} Bait;

typedef struct Row {
        const char *what;
        const char *script; /* for bash; NULL: `program` is started */
        const char *program;
        SandboxEnd end;
        int status;
        bool leaves_processes;          /* and the report lists them */
        bool is_honest;                 /* nothing may be left, nothing written outside */
        uint64_t wall_ms, output_bytes; /* 0: as usual */
} Row;

static const Row rows[] = {
        {.what = "honest work passes",
         .script =
                 "mkdir -p a/b\n"
                 "printf '%s\\n' 3 1 2 | sort -n > a/b/list\n"
                 "[ \"$(tr -d '\\n' < a/b/list)\" = 123 ]\n"
                 "file=$(mktemp); echo kept > \"$file\"; [ \"$(cat \"$file\")\" = kept ]; rm \"$file\"\n"
                 "mkfifo pipe; (echo through > pipe) & [ \"$(cat pipe)\" = through ]; wait\n"
                 "ln -s a/b/list link; [ -r link ]\n"
                 "chmod 755 a/b/list; rm -r a\n",
         .is_honest = true},
        {.what = "a command that fails is seen to fail", .script = "false", .status = 1},
        {.what = "a daemon is listed and killed",
         .script = "(setsid sleep 300 </dev/null >/dev/null 2>&1 &)",
         .leaves_processes = true},
        {.what = "files outside the workspace do not reach the machine",
         .script = "(echo cheat > \"$BAIT_OUTSIDE\") 2>/dev/null || true"},
        {.what = "the machine's ports do not answer",
         .script = "if (exec 3<>\"/dev/tcp/127.0.0.1/$BAIT_PORT\") 2>/dev/null; then exit 1; fi"},
        {.what = "the machine's sockets do not answer",
         .script = "command -v perl >/dev/null || exit 0\n"
                   "perl -MSocket -e 'for my $name ($ARGV[0], \"\\0\" . substr($ARGV[0], 1)) {\n"
                   "  socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die;\n"
                   "  exit 1 if connect($s, pack_sockaddr_un($name)); }' \"$BAIT_SOCKET\"\n"},
        {.what = "the agent's files are not read",
         .script = "if cat \"$BAIT_FILE\" 2>/dev/null; then exit 1; fi"},
        {.what = "who kills everybody kills nobody of the harness",
         .script = "kill -9 1 2>/dev/null || true; kill -9 -1 2>/dev/null || true; exit 7",
         .status = 7},
        {.what = "nothing can be mounted, no namespace made",
         .script = "! mount -t tmpfs none /tmp 2>/dev/null\n! unshare -r true 2>/dev/null"},
        {.what = "an endless output ends",
         .script = "yes",
         .end = SANDBOX_OUTPUT_CAP,
         .output_bytes = OUTPUT_BYTES},
        {.what = "a deadline is kept",
         .script = "trap '' TERM; while :; do sleep 300; done",
         .end = SANDBOX_TIMED_OUT,
         .wall_ms = SHORT_MS},
        {.what = "what cannot be started is told from exit 127",
         .program = "/none/such",
         .end = SANDBOX_NOT_STARTED},
};

/* ---- the baits ---- */

static void bait_deinit(Bait *bait) {
        if (bait->outside)
                (void)unlink(bait->outside);
        free(bait->dir);
        free(bait->file);
        free(bait->socket);
        free(bait->outside);
        fd_close(&bait->tcp_fd);
        fd_close(&bait->path_fd);
        fd_close(&bait->abstract_fd);
}

static int listen_on(int family, const void *address, socklen_t n, int *ret_fd) {
        cleanup_fd int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

        if (fd < 0 || bind(fd, address, n) < 0 || listen(fd, 4) < 0)
                return error_origin(-errno);
        *ret_fd = fd_take(&fd);
        return 0;
}

static int listen_on_port(Bait *bait) {
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t n = sizeof address;

        TRY(listen_on(AF_INET, &address, n, &bait->tcp_fd));
        if (getsockname(bait->tcp_fd, (struct sockaddr *)&address, &n) < 0)
                return error_origin(-errno);
        bait->port = ntohs(address.sin_port);
        return 0;
}

/* The same name twice: as a path, and in the abstract space without its first byte. */
static int listen_on_names(Bait *bait) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        size_t n = strlen(bait->socket);
        socklen_t n_address = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);

        if (n >= sizeof address.sun_path)
                return 0; /* too long for a name: nobody can be lured by it */
        memcpy(address.sun_path, bait->socket, n);
        TRY(listen_on(AF_UNIX, &address, n_address + 1, &bait->path_fd));
        address.sun_path[0] = '\0';
        return listen_on(AF_UNIX, &address, n_address, &bait->abstract_fd);
}

static int lay_bait(const char *dir, Bait *bait) {
        bait->dir = mem_strdup(dir);
        bait->file = mem_printf("%s/bait", dir);
        bait->socket = mem_printf("%s/bait.sock", dir);
        bait->outside = mem_printf("/var/tmp/coldgate-bait-%ld", (long)getpid());
        TRY(file_write_atomic(bait->file, slice_text(BAIT_TEXT), 0644));
        TRY(listen_on_port(bait));
        return listen_on_names(bait);
}

static bool is_touched(int fd) {
        cleanup_fd int taken = fd < 0 ? -1 : accept4(fd, NULL, NULL, SOCK_CLOEXEC);

        return taken >= 0;
}

/* What of the bait was taken; NULL if nothing. */
static const char *find_touched(const Bait *bait) {
        if (is_touched(bait->tcp_fd))
                return "a port of the machine was reached";
        if (is_touched(bait->path_fd))
                return "a socket of the machine was reached by its path";
        if (is_touched(bait->abstract_fd))
                return "an abstract socket of the machine was reached";
        if (access(bait->outside, F_OK) == 0)
                return "a file was written outside the sandbox";
        return NULL;
}

/* ---- one row ---- */

static const char *const *make_argv(const Row *row, Arena *arena) {
        static const char *const bash[] = {"/bin/bash", "--noprofile", "--norc",
                                           "-euo",      "pipefail",    "-c"};
        const char **argv = arena_alloc_array(arena, ARRAY_SIZE(bash) + 2, sizeof *argv);

        if (row->program) {
                argv[0] = row->program;
                return argv;
        }
        memcpy(argv, bash, sizeof bash);
        argv[ARRAY_SIZE(bash)] = row->script;
        return argv;
}

static const char *const *make_env(const Bait *bait, Arena *arena) {
        const char **env = arena_alloc_array(arena, 8, sizeof *env);
        size_t n = 0;

        env[n++] = "PATH=" ATTEMPT_PATH;
        env[n++] = "HOME=" SANDBOX_HOME;
        env[n++] = "TMPDIR=" SANDBOX_TMP;
        env[n++] = arena_printf(arena, "BAIT_PORT=%d", bait->port);
        env[n++] = arena_printf(arena, "BAIT_SOCKET=%s", bait->socket);
        env[n++] = arena_printf(arena, "BAIT_FILE=%s", bait->file);
        env[n++] = arena_printf(arena, "BAIT_OUTSIDE=%s", bait->outside);
        return env;
}

static bool came_out(const Row *row, const SandboxOutcome *outcome, Buf *why) {
        if (outcome->end == SANDBOX_BROKEN) {
                buf_printf(why, "%s: %s", outcome->fault.rule, outcome->fault.found);
                return false;
        }
        if (outcome->end != row->end ||
            (row->end == SANDBOX_EXITED && outcome->status != row->status)) {
                buf_printf(why, "it ended otherwise (end %d, status %d): %.*s", (int)outcome->end,
                           outcome->status,
                           SLICE_ARGS(slice_head(buf_get(&outcome->err.head), ERR_SHOWN)));
                return false;
        }
        if (row->leaves_processes && outcome->n_leftovers == 0) {
                buf_text(why, "what it left behind is not in the report");
                return false;
        }
        if (row->is_honest && (outcome->n_leftovers || outcome->n_outside)) {
                buf_printf(why, "it is blamed for what it did not leave: %.100s",
                           outcome->n_outside ? outcome->outside[0]
                                              : outcome->leftovers[0].command);
                return false;
        }
        return true;
}

static bool try_row(const char *runner, const Bait *bait, size_t index, Buf *why) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup(sandbox_outcome_deinit) SandboxOutcome outcome = {.end = SANDBOX_BROKEN};
        const Row *row = &rows[index];
        const char *const hide[] = {bait->dir, NULL};
        SandboxSpec spec = {.argv = make_argv(row, &arena),
                            .env = make_env(bait, &arena),
                            .scratch = arena_printf(&arena, "%s/%zu", bait->dir, index),
                            .hide = hide,
                            .limits = sandbox_limits_default};
        const char *touched;

        spec.limits.wall_ms = row->wall_ms ? row->wall_ms : WALL_MS;
        spec.limits.grace_ms = SHORT_MS;
        if (row->output_bytes)
                spec.limits.output_bytes = row->output_bytes;
        if (mkdir(spec.scratch, 0700) < 0 || sandbox_run(runner, &spec, &outcome) != 0) {
                buf_text(why, "the sandbox could not be started");
                return false;
        }
        if (!came_out(row, &outcome, why))
                return false;
        touched = find_touched(bait);
        if (touched)
                buf_text(why, touched);
        return !touched;
}

int selftest_run(const char *runner, const char *scratch, Fault *reterr_fault) {
        cleanup(bait_deinit) Bait bait = {.tcp_fd = -1, .path_fd = -1, .abstract_fd = -1};
        cleanup_free char *dir = NULL;
        int r;

        TRY(scratch_open_job(scratch, &dir));
        r = lay_bait(dir, &bait);
        for (size_t i = 0; r == 0 && i < ARRAY_SIZE(rows); i++) {
                cleanup_buf Buf why = BUF_TEXT;

                if (try_row(runner, &bait, i, &why))
                        continue;
                fault_set(reterr_fault, "host.selftest", "%s: %s", rows[i].what,
                          buf_get_text(&why));
                fault_next(reterr_fault, "adversary-agent doctor");
                r = SELFTEST_E_FAILED;
        }
        scratch_drop(dir);
        return r;
}
