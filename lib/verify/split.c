/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Unpacking and hashing keep one core busy; a second process halves the time. A process and not a
 * thread, because the library that reads objects, and everything else here, then stays as simple
 * as it is.
 */

#include "verify/split.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

/* What a file costs beside its bytes, and what makes a second process worth while. */
enum { FILE_COST = 4096, COST_LEAST = 4 << 20 };

/* What the second process says at its end. `rule` is a static text, hence at the same address in
 * both. */
typedef struct Answer {
        int result;
        Fault fault;
} Answer;

static uint64_t cost_of(const ListingEntry *entry) {
        return entry->n_bytes + FILE_COST;
}

/* Where the second half begins; the end, if there is too little for two. */
static size_t middle_of(const Listing *listing) {
        uint64_t whole = listing->facts.n_bytes + FILE_COST * (uint64_t)listing->n_entries,
                 half = 0;
        size_t i = 0;

        if (whole < COST_LEAST)
                return listing->n_entries;
        while (half < whole / 2)
                half += cost_of(&listing->entries[i++]);
        return i;
}

static noreturn_ void answer(SplitWork work, void *userdata, const size_t range[2], int fd,
                             pid_t parent) {
        Answer answer = {.fault = FAULT_INIT};

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
                _exit(1);
        answer.result = work(userdata, range[0], range[1], &answer.fault);
        if (fd_write_all(fd, slice_make(&answer, sizeof answer)) != 0)
                _exit(1);
        _exit(0);
}

/* The second process; -1 if there can be none, and then the caller does it all. */
static pid_t start(SplitWork work, void *userdata, const size_t range[2], int *ret_fd) {
        cleanup_fd int read_fd = -1, write_fd = -1;
        pid_t parent = getpid(), pid;
        int fds[2];

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -1;
        read_fd = fds[0];
        write_fd = fds[1];
        pid = fork();
        if (pid == 0)
                answer(work, userdata, range, write_fd, parent);
        if (pid > 0)
                *ret_fd = fd_take(&read_fd);
        return pid;
}

static int finish(pid_t pid, int fd, Fault *reterr_fault) {
        Buf bytes = BUF_INIT(sizeof(Answer));
        Answer answer;
        int r = fd_read_all(fd, &bytes);
        bool is_whole = r == 0 && bytes.n == sizeof answer;

        if (is_whole)
                memcpy(&answer, bytes.data, sizeof answer);
        buf_deinit(&bytes);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                continue;
        if (!is_whole) {
                fault_set(reterr_fault, "prep.workspace",
                          "a process at work on the workspace died without an answer");
                return PREP_E_ERROR;
        }
        if (answer.result != 0)
                *reterr_fault = answer.fault;
        return answer.result;
}

int split_run(const Listing *listing, SplitWork work, void *userdata, Fault *reterr_fault) {
        size_t range[2] = {middle_of(listing), listing->n_entries};
        cleanup_fd int fd = -1;
        Fault fault = FAULT_INIT;
        pid_t pid = -1;
        int r, other = 0;

        if (range[0] < range[1])
                pid = start(work, userdata, range, &fd);
        r = work(userdata, 0, pid > 0 ? range[0] : range[1], reterr_fault);
        if (pid < 0)
                return r;
        if (r != 0)
                (void)kill(pid, SIGKILL);
        other = finish(pid, fd, &fault);
        if (r != 0 || other == 0)
                return r;
        *reterr_fault = fault;
        return other;
}
