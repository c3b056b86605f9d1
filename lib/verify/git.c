/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Running git. Everything that could make it run a program of somebody else's choice is closed
 * here: configuration, hooks, helpers, protocols, prompts.
 */

#include "verify/git.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/text.h"

/* A file that git writes, hence a pack, may not be larger. */
#define FILE_BYTES_MAX ((rlim_t)16 << 30)

enum { POLL_MS_MAX = 60000, CHUNK_BYTES = 8192, CHUNKS_MAX = 64 };

static const char *const git_programs[] = {"/usr/bin/git", "/usr/local/bin/git", "/bin/git"};

/* Nothing is asked, nothing is forwarded, and no connection outlives the command. */
static const char ssh_env[] =
        "GIT_SSH_COMMAND=ssh -oBatchMode=yes -oControlMaster=no -oControlPath=none "
        "-oClearAllForwardings=yes -oForwardAgent=no -oPermitLocalCommand=no -oConnectTimeout=30";

/*
 * HOME leads nowhere, so that neither .netrc nor .gitconfig is found; ssh takes the home of the
 * user from the password file and thereby keeps its keys and known hosts. GIT_ALLOC_LIMIT ends
 * git before an object that unfolds without bound ends the machine.
 */
static const char *const git_env[] = {
        "PATH=/usr/local/bin:/usr/bin:/bin",
        "HOME=/nonexistent",
        "LC_ALL=C",
        "GIT_CONFIG_NOSYSTEM=1",
        "GIT_CONFIG_GLOBAL=/dev/null",
        "GIT_ATTR_NOSYSTEM=1",
        "GIT_TERMINAL_PROMPT=0",
        "GIT_ALLOW_PROTOCOL=https:ssh:file",
        "GIT_NO_REPLACE_OBJECTS=1",
        "GIT_NO_LAZY_FETCH=1",
        "GIT_OPTIONAL_LOCKS=0",
        "GIT_ALLOC_LIMIT=2g",
        ssh_env,
        "GIT_SSH_VARIANT=ssh",
};

static const char *const git_settings[] = {
        "core.hooksPath=/dev/null",
        "core.fsmonitor=false",
        "safe.bareRepository=explicit",
        "transfer.fsckObjects=true",
        "fetch.unpackLimit=1",
        "submodule.recurse=false",
        "maintenance.auto=false",
        "gc.auto=0",
        "credential.helper=",
        /* should we be killed, a git whose server is silent ends by itself */
        "http.lowSpeedLimit=1",
        "http.lowSpeedTime=300",
};

static void arguments_make(const GitCommand *command, const char **ret_argv) {
        size_t n = 0;

        ret_argv[n++] = "git";
        ret_argv[n++] = "--git-dir";
        ret_argv[n++] = command->git_dir;
        for (size_t i = 0; i < ARRAY_SIZE(git_settings); i++) {
                ret_argv[n++] = "-c";
                ret_argv[n++] = git_settings[i];
        }
        for (size_t i = 0; command->args[i] && i < GIT_ARGS_MAX; i++)
                ret_argv[n++] = command->args[i];
        ret_argv[n] = NULL;
}

/* Nothing of ours but the three standard descriptors, no signal blocked or ignored. */
static int spawn_prepare(int output_fd, posix_spawn_file_actions_t *actions,
                         posix_spawnattr_t *attributes) {
        sigset_t all, none;
        int r = 0;

        (void)sigfillset(&all);
        (void)sigemptyset(&none);
        (void)posix_spawnattr_setsigdefault(attributes, &all);
        (void)posix_spawnattr_setsigmask(attributes, &none);
        r = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF |
                                                         POSIX_SPAWN_SETSIGMASK);
        if (r == 0)
                r = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(actions, output_fd, 1);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(actions, output_fd, 2);
        if (r == 0)
                r = posix_spawn_file_actions_addclosefrom_np(actions, 3);
        if (r == 0)
                r = posix_spawn_file_actions_addchdir_np(actions, "/");
        return -r;
}

static int spawn_first(const posix_spawn_file_actions_t *actions,
                       const posix_spawnattr_t *attributes, const char **argv, const char **env,
                       pid_t *ret_pid) {
        int r = ENOENT;

        for (size_t i = 0; r == ENOENT && i < ARRAY_SIZE(git_programs); i++)
                r = posix_spawn(ret_pid, git_programs[i], actions, attributes, (char **)argv,
                                (char **)env);
        return r == ENOENT ? GIT_E_MISSING : -r;
}

static int spawn(const GitCommand *command, int output_fd, pid_t *ret_pid) {
        const char *argv[3 + 2 * ARRAY_SIZE(git_settings) + GIT_ARGS_MAX + 1];
        const char *env[ARRAY_SIZE(git_env) + 2] = {NULL};
        const char *agent = command->is_for_ssh ? getenv("SSH_AUTH_SOCK") : NULL;
        cleanup_free char *agent_env = agent ? mem_printf("SSH_AUTH_SOCK=%s", agent) : NULL;
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        struct rlimit before, limited;
        int r;

        arguments_make(command, argv);
        memcpy(env, git_env, sizeof git_env);
        env[ARRAY_SIZE(git_env)] = agent_env;
        if (posix_spawn_file_actions_init(&actions) != 0 || posix_spawnattr_init(&attributes) != 0)
                abort();
        /* Limits are inherited and cannot be passed: ours are narrowed for a moment. */
        if (getrlimit(RLIMIT_FSIZE, &before) < 0)
                return error_origin(-errno);
        limited = before;
        if (limited.rlim_cur > FILE_BYTES_MAX)
                limited.rlim_cur = FILE_BYTES_MAX;
        r = spawn_prepare(output_fd, &actions, &attributes);
        if (r == 0 && setrlimit(RLIMIT_FSIZE, &limited) < 0)
                r = -errno;
        if (r == 0)
                r = spawn_first(&actions, &attributes, argv, env, ret_pid);
        (void)setrlimit(RLIMIT_FSIZE, &before); /* widening up to the hard limit cannot fail */
        (void)posix_spawn_file_actions_destroy(&actions);
        (void)posix_spawnattr_destroy(&attributes);
        return r;
}

/* What is in the pipe now; a writer without end does not keep us. False at the end of the pipe. */
static bool drain(int fd, Buf *output) {
        uint8_t chunk[CHUNK_BYTES];

        for (int i = 0; i < CHUNKS_MAX; i++) {
                ssize_t n = read(fd, chunk, sizeof chunk);

                if (n < 0)
                        return errno == EAGAIN || errno == EINTR;
                if (n == 0)
                        return false;
                buf_append(output, chunk, size_min((size_t)n, output->n_max - output->n));
        }
        return true;
}

/* True if it ended by itself before the deadline. */
static bool watch(int process_fd, int output_fd, uint64_t deadline_ms, Buf *output) {
        struct pollfd fds[2] = {{.fd = process_fd, .events = POLLIN},
                                {.fd = output_fd, .events = POLLIN}};

        for (;;) {
                uint64_t now_ms = clock_mono_ms();

                if (now_ms >= deadline_ms)
                        return false;
                if (deadline_ms - now_ms > POLL_MS_MAX)
                        now_ms = deadline_ms - POLL_MS_MAX;
                (void)poll(fds, 2, (int)(deadline_ms - now_ms));
                if (fds[1].fd >= 0 && !drain(output_fd, output))
                        fds[1].fd = -1;
                if (fds[0].revents)
                        return true;
        }
}

int git_run(const GitCommand *command, Buf *output) {
        cleanup_fd int read_fd = -1, write_fd = -1, process_fd = -1;
        int fds[2], status = 0, r;
        bool has_ended;
        pid_t pid = -1;

        if (clock_mono_ms() >= command->deadline_ms)
                return GIT_E_TIMEOUT;
        if (pipe2(fds, O_CLOEXEC) < 0)
                return error_origin(-errno);
        read_fd = fds[0];
        write_fd = fds[1];
        if (fcntl(read_fd, F_SETFL, O_NONBLOCK) < 0)
                return error_origin(-errno);
        r = spawn(command, write_fd, &pid);
        if (r == GIT_E_MISSING)
                return r;
        TRY(r);
        fd_close(&write_fd);
        process_fd = pidfd_open(pid, 0);
        has_ended = process_fd >= 0 && watch(process_fd, read_fd, command->deadline_ms, output);
        /* Not reaped yet, so the number is still its own. */
        (void)kill(-pid, SIGKILL);
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return error_origin(-errno);
        (void)drain(read_fd, output);
        if (process_fd < 0)
                return error_origin(-EMFILE);
        if (!has_ended)
                return GIT_E_TIMEOUT;
        return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : GIT_E_FAILED;
}

static bool is_error(Slice line) {
        Slice word = slice_head(line, strlen("fatal:"));

        /* ssh has said why, on a line before */
        if (slice_is(line, "fatal: Could not read from remote repository."))
                return false;
        return slice_is(word, "fatal:") || slice_is(word, "error:");
}

void git_get_complaint(const Buf *output, Buf *text) {
        Slice rest = buf_get(output), best = SLICE_NULL;

        while (rest.n) {
                Slice line = slice_head(rest, slice_find(rest, slice_text("\n")));

                if (is_error(line)) {
                        best = line;
                        break;
                }
                if (!best.n)
                        best = line;
                rest = slice_from(rest, line.n + 1);
        }
        text_make_visible(best, false, text);
}
