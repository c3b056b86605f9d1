/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The mark is a file; a handler of signals can make one. */

#include "verify/suspect.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"

/* What the handler of a signal is told can only be global. */
static char watched[PATH_MAX];

static void make_mark(const char *path) {
        int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

        if (fd >= 0)
                (void)close(fd);
}

/* The handler is gone when it runs: the second time is the end. */
static void on_death(int number) {
        make_mark(watched);
        (void)raise(number);
}

/* Not where a tool looks at deaths itself, as a sanitizer does. */
static void handle(int number) {
        struct sigaction before,
                action = {.sa_handler = on_death, .sa_flags = (int)SA_RESETHAND | SA_NODEFER};

        if (sigaction(number, NULL, &before) == 0 && before.sa_handler == SIG_DFL)
                (void)sigaction(number, &action, NULL);
}

static char *mark_path(const char *git_dir) {
        return mem_printf("%s/suspect", git_dir);
}

void suspect_watch(const char *git_dir) {
        (void)snprintf(watched, sizeof watched, "%s/suspect", git_dir);
        handle(SIGBUS);
        handle(SIGSEGV);
        handle(SIGABRT);
}

void suspect_mark(const char *git_dir) {
        cleanup_free char *path = mark_path(git_dir);

        make_mark(path);
}

bool suspect_is(const char *git_dir) {
        cleanup_free char *path = mark_path(git_dir);

        return access(path, F_OK) == 0;
}

int suspect_clear(const char *git_dir) {
        cleanup_free char *path = mark_path(git_dir);

        return unlink(path) == 0 || errno == ENOENT ? 0 : error_origin(-errno);
}
