/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

#include "verbs/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"

enum { STATUS_NOT_RUN = 127, STATUS_SIGNAL = 128 };

static noreturn_ void run(pid_t parent, const char *const argv[], const char *const variables[],
                          size_t n_variables) {
        sigset_t none;

        (void)sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != parent) /* it died before that */
                _exit(STATUS_NOT_RUN);
        for (size_t i = 0; i < n_variables; i++)
                (void)putenv((char *)variables[i]);
        (void)execvp(argv[0], (char *const *)argv);
        (void)fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
        _exit(STATUS_NOT_RUN);
}

int child_start(Child *child, const char *const argv[], const char *const variables[],
                size_t n_variables) {
        pid_t parent = getpid();

        (void)fflush(stdout);
        child->pid = fork();
        if (child->pid < 0) {
                child->pid = 0;
                return error_origin(-errno);
        }
        if (child->pid == 0)
                run(parent, argv, variables, n_variables);
        child->pidfd = pidfd_open(child->pid, 0);
        return child->pidfd < 0 ? error_origin(-errno) : 0;
}

void child_signal(const Child *child, int signal) {
        if (child->pid)
                (void)kill(child->pid, signal); /* not reaped yet: the number is its own */
}

int child_wait(Child *child, int *ret_status) {
        int status;

        while (waitpid(child->pid, &status, 0) < 0)
                if (errno != EINTR)
                        return error_origin(-errno);
        child->pid = 0;
        fd_close(&child->pidfd);
        *ret_status = WIFSIGNALED(status) ? STATUS_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
        return 0;
}

void child_stop(Child *child, uint64_t grace_ms) {
        struct pollfd end = {.fd = child->pidfd, .events = POLLIN};

        child_signal(child, SIGTERM);
        if (child->pid && child->pidfd >= 0)
                (void)poll(&end, 1, (int)grace_ms); /* however it ends, it is killed next */
        child_end(child);
}

void child_end(Child *child) {
        int status;

        if (child->pid) {
                child_signal(child, SIGKILL);
                if (child_wait(child, &status) != 0)
                        child->pid = 0; /* it was logged; there is nobody to end */
        }
        fd_close(&child->pidfd);
}
