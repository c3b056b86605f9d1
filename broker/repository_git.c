/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* git as a process. Whoever runs the broker may have aliases, hooks, signing and an editor in his
 * settings, and GIT_DIR or GIT_INDEX_FILE in his environment: none of that may decide what is
 * committed here. */

#include "broker/repository_git.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/text.h"
#include "broker/repository.h"

enum { OUTPUT_BYTES_MAX = 1 << 20, EXCERPT_BYTES = 200, STATUS_SIGNAL = 128 };

static const char *const first_args[] = {
        "git", "--literal-pathspecs",
        "-c",  "core.hooksPath=/dev/null",
        "-c",  "core.fsmonitor=false",
        "-c",  "commit.gpgSign=false",
        "-c",  "gc.auto=0",
};

static int set_files(posix_spawn_file_actions_t *files, const char *dir, int in_fd,
                     const GitProcess *git) {
        int r = in_fd >= 0 ? posix_spawn_file_actions_adddup2(files, in_fd, STDIN_FILENO)
                           : posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null",
                                                              O_RDONLY, 0);

        if (r == 0)
                r = posix_spawn_file_actions_adddup2(files, git->out_fd, STDOUT_FILENO);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(files, git->err_fd, STDERR_FILENO);
        if (r == 0)
                r = posix_spawn_file_actions_addchdir_np(files, dir);
        return r;
}

static int set_attributes(posix_spawnattr_t *attributes) {
        sigset_t none, pipe_signal;
        int r;

        (void)sigemptyset(&none);
        (void)sigemptyset(&pipe_signal);
        (void)sigaddset(&pipe_signal, SIGPIPE);
        r = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        if (r == 0)
                r = posix_spawnattr_setsigmask(attributes, &none);
        if (r == 0)
                r = posix_spawnattr_setsigdefault(attributes, &pipe_signal);
        return r;
}

static int spawn(GitProcess *git, const char *dir, char *const *argv, int in_fd) {
        const char *path = getenv("PATH");
        cleanup_free char *path_variable = mem_printf("PATH=%s", path ? path : "/usr/bin:/bin");
        char *environment[] = {
                path_variable,
                (char *)"LC_ALL=C",
                (char *)"HOME=/nonexistent",
                (char *)"GIT_CONFIG_NOSYSTEM=1",
                (char *)"GIT_CONFIG_GLOBAL=/dev/null",
                (char *)"GIT_TERMINAL_PROMPT=0",
                (char *)"GIT_NO_REPLACE_OBJECTS=1",
                (char *)"GIT_COMMITTER_NAME=broker",
                (char *)"GIT_COMMITTER_EMAIL=broker@coldgate.invalid",
                NULL,
        };
        posix_spawn_file_actions_t files;
        posix_spawnattr_t attributes;
        int r = posix_spawn_file_actions_init(&files);

        if (r != 0)
                return -r;
        r = posix_spawnattr_init(&attributes);
        if (r == 0) {
                r = set_files(&files, dir, in_fd, git);
                if (r == 0)
                        r = set_attributes(&attributes);
                if (r == 0)
                        r = posix_spawnp(&git->pid, argv[0], &files, &attributes, argv,
                                         environment);
                (void)posix_spawnattr_destroy(&attributes);
        }
        (void)posix_spawn_file_actions_destroy(&files);
        return -r;
}

int git_start(GitProcess *git, const char *dir, const char *const *args, int in_fd) {
        char *argv[ARRAY_SIZE(first_args) + GIT_ARGS_MAX + 1];
        size_t n = 0;
        int r;

        for (size_t i = 0; i < ARRAY_SIZE(first_args); i++)
                argv[n++] = (char *)first_args[i];
        for (size_t i = 0; args[i]; i++) {
                if (i >= GIT_ARGS_MAX)
                        return error_origin(-E2BIG);
                argv[n++] = (char *)args[i];
        }
        argv[n] = NULL;
        git->out_fd = memfd_create("git-out", MFD_CLOEXEC);
        git->err_fd = memfd_create("git-err", MFD_CLOEXEC);
        if (git->out_fd < 0 || git->err_fd < 0)
                return error_origin(-errno);
        r = spawn(git, dir, argv, in_fd);
        if (r != 0)
                git->pid = 0;
        return r;
}

int git_wait(GitProcess *git, int *ret_status) {
        int status;

        while (waitpid(git->pid, &status, 0) < 0)
                if (errno != EINTR)
                        return error_origin(-errno);
        git->pid = 0;
        *ret_status = WIFSIGNALED(status) ? STATUS_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
        return 0;
}

static int read_memory(int fd, Buf *ret_bytes) {
        if (lseek(fd, 0, SEEK_SET) < 0)
                return error_origin(-errno);
        return fd_read_all(fd, ret_bytes);
}

int git_read(const GitProcess *git, Buf *ret_out) {
        return read_memory(git->out_fd, ret_out);
}

int git_refuse(const GitProcess *git, const char *dir, Fault *reterr_fault) {
        cleanup_buf Buf errors = BUF_INIT(OUTPUT_BYTES_MAX), line = BUF_TEXT;
        Slice first;

        TRY(read_memory(git->err_fd, &errors));
        first = slice_head(buf_get(&errors), slice_find(buf_get(&errors), slice_text("\n")));
        text_make_visible(slice_head(first, EXCERPT_BYTES), false, &line);
        fault_set(reterr_fault, "git-failed", "git says: %s",
                  line.n ? buf_get_text(&line) : "nothing");
        fault_place(reterr_fault, "%s", dir);
        return REPOSITORY_E_REFUSED;
}

void git_end(GitProcess *git) {
        int status;

        if (git->pid) {
                (void)kill(git->pid, SIGKILL); /* not reaped yet: the number is its own */
                if (git_wait(git, &status) != 0)
                        git->pid = 0;
        }
        fd_close(&git->out_fd);
        fd_close(&git->err_fd);
}
