/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What the child leaves behind before it says a word to anybody. */

#include "verify/http_child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "sandbox/sandbox.h"

enum { NOBODY = 65534, WAIT_US = 10000 };

static bool same_file(const char *a, const char *b) {
        struct stat facts_a, facts_b;

        return stat(a, &facts_a) == 0 && stat(b, &facts_b) == 0 &&
               facts_a.st_dev == facts_b.st_dev && facts_a.st_ino == facts_b.st_ino;
}

static int join(int pid, const char *kind, int flag) {
        char ours[64], theirs[64];
        cleanup_fd int fd = -1;

        (void)snprintf(ours, sizeof ours, "/proc/self/ns/%s", kind);
        (void)snprintf(theirs, sizeof theirs, "/proc/%d/ns/%s", pid, kind);
        if (same_file(ours, theirs))
                return 0;
        fd = open(theirs, O_RDONLY | O_CLOEXEC);
        return fd >= 0 && setns(fd, flag) == 0 ? 0 : -errno;
}

/* The mount namespace last: behind it, /proc is another one. */
static int join_all(const HttpRequest *request) {
        int pid = request->namespace_pid ? request->namespace_pid : request->mount_pid;
        int r = 0;

        if (pid)
                r = join(pid, "user", CLONE_NEWUSER);
        if (r == 0 && request->namespace_pid)
                r = join(request->namespace_pid, "net", CLONE_NEWNET);
        if (r == 0 && request->mount_pid)
                r = join(request->mount_pid, "mnt", CLONE_NEWNS);
        return r;
}

static bool is_there(const HttpRequest *request, struct stat *ret_facts) {
        cleanup_free char *path =
                mem_strndup((const char *)request->unix_socket.data, request->unix_socket.n);

        return stat(path, ret_facts) == 0 && S_ISSOCK(ret_facts->st_mode);
}

/* Only its owner may write to a socket that a server made without a thought. In a sandbox that is
 * the workspace's owner and nobody else; on the host the request has our own rights. */
static uid_t find_owner(const HttpRequest *request, uint64_t deadline_ms) {
        struct stat facts, work;

        while (!is_there(request, &facts)) {
                if (!request->waits_for_port || clock_mono_ms() >= deadline_ms)
                        return NOBODY;
                (void)usleep(WAIT_US);
        }
        if (!request->mount_pid)
                return geteuid();
        return stat(SANDBOX_WORK, &work) == 0 && work.st_uid && work.st_uid == facts.st_uid
                       ? work.st_uid
                       : NOBODY;
}

static int give_up_rights(const HttpRequest *request, uint64_t deadline_ms) {
        uid_t uid = NOBODY;

        if (request->unix_socket.n)
                uid = find_owner(request, deadline_ms);
        if (geteuid() != 0 || uid == 0)
                return 0;
        /* In a namespace with one user only there is nobody to become. */
        if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
            setresuid(uid, uid, uid) < 0)
                return errno == EINVAL || errno == EPERM ? 0 : -errno;
        return 0;
}

const char *http_isolate(const HttpRequest *request, pid_t parent, int fd, uint64_t deadline_ms) {
        sigset_t none;

        (void)sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        (void)signal(SIGTERM, SIG_DFL);
        (void)signal(SIGINT, SIG_IGN); /* a person's Ctrl-C is for the parent, which stops us */
        (void)signal(SIGPIPE, SIG_IGN);
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
                _exit(1);
        (void)clearenv();
        if (fd != 3 && dup3(fd, 3, 0) < 0)
                return "could not keep the pipe";
        if (syscall(SYS_close_range, 4u, ~0u, 0u) < 0)
                return "could not close descriptors";
        if (join_all(request) < 0)
                return "could not join the sandbox's namespaces";
        if (give_up_rights(request, deadline_ms) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return "could not give up rights";
        /* A change of user forgets it. */
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
                _exit(1);
        return NULL;
}
