/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* One clone3. What the new process holds of ours is closed by its own hand. */

#include "sandbox/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "sandbox/init.h"
#include "sandbox/mount.h"
#include "sandbox/runner.h"
#include "sandbox/wire.h"

typedef struct Ends {
        int link[2], out[2], err[2]; /* ours first */
} Ends;

static int broken(Fault *reterr_fault, const char *rule, const char *what, int error) {
        fault_set(reterr_fault, rule, "%s: %s", what, strerror(error));
        return LAUNCH_E_BROKEN;
}

static int make_ends(Ends *ends) {
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends->link) < 0 ||
            pipe2(ends->out, O_CLOEXEC) < 0 || pipe2(ends->err, O_CLOEXEC) < 0 ||
            fcntl(ends->out[0], F_SETFL, O_NONBLOCK) < 0 ||
            fcntl(ends->err[0], F_SETFL, O_NONBLOCK) < 0)
                return -1;
        return 0;
}

noreturn_ static void be_init(const Setup *setup, SeccompFilter *filter, const Ends *ends,
                              char *name) {
        size_t n = strlen(name);

        (void)close(ends->link[0]);
        (void)close(ends->out[0]);
        (void)close(ends->err[0]);
        (void)close(RUNNER_CONTROL_FD);
        /* The command can read the arguments of PID 1. */
        memset(name, 0, n);
        (void)snprintf(name, n + 1, "init");
        init_run(setup, filter, &(InitFds){ends->link[1], ends->out[1], ends->err[1]});
}

static int wait_for_hello(int link_fd) {
        cleanup_buf Buf bytes = BUF_INIT(64);
        WireFrame frame;
        size_t offset = 0;

        while (!wire_take_frame(&bytes, &offset, &frame)) {
                uint8_t byte;

                if (read(link_fd, &byte, 1) != 1 || bytes.is_full)
                        return -1;
                buf_byte(&bytes, byte);
        }
        return frame.kind == INIT_HELLO ? 0 : -1;
}

static uint64_t namespaces_of(const Setup *setup) {
        if (setup->spec.on_host)
                return 0;
        return CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP |
               (setup->spec.network == SANDBOX_NETWORK_NONE ? CLONE_NEWNET : 0) |
               (setup->is_root ? 0 : CLONE_NEWUSER);
}

static int greet(const Setup *setup, const Launch *launch, Fault *reterr_fault) {
        int r;

        if (wait_for_hello(launch->link_fd) < 0)
                return broken(reterr_fault, "sandbox.init", "PID 1 does not answer", EPIPE);
        if (setup->is_root || setup->spec.on_host)
                return 0;
        r = setup_map_user(launch->init_pid, setup->uid, geteuid(), setup->gid, getegid());
        return r < 0 ? broken(reterr_fault, "sandbox.namespaces", "the user map", -r) : 0;
}

int launch_init(const Setup *setup, char *name, Launch *ret_launch, Fault *reterr_fault) {
        cleanup(seccomp_filter_freep) SeccompFilter *filter = seccomp_filter_new();
        Launch launch = LAUNCH_INIT;
        Ends ends;
        int r;

        if (!filter)
                return broken(reterr_fault, "sandbox.seccomp", "no system call filter", ENOSYS);
        if (make_ends(&ends) < 0)
                return broken(reterr_fault, "sandbox.runner", "pipes", errno);
        launch.init_pid = setup_clone(namespaces_of(setup), &launch.init_fd);
        if (launch.init_pid == 0)
                be_init(setup, filter, &ends, name);
        if (launch.init_pid < 0 && !mount_is_at_root(reterr_fault))
                return LAUNCH_E_BROKEN;
        if (launch.init_pid < 0)
                return broken(reterr_fault,
                              launch.init_pid == -EAGAIN || launch.init_pid == -ENOMEM
                                      ? "sandbox.clone"
                                      : "sandbox.namespaces",
                              "namespaces cannot be made", -launch.init_pid);
        (void)close(ends.link[1]);
        (void)close(ends.out[1]);
        (void)close(ends.err[1]);
        launch.link_fd = ends.link[0];
        launch.out_fd = ends.out[0];
        launch.err_fd = ends.err[0];
        r = greet(setup, &launch, reterr_fault);
        if (r == 0) {
                *ret_launch = launch;
                return 0;
        }
        (void)kill(launch.init_pid, SIGKILL);
        (void)waitpid(launch.init_pid, NULL, 0);
        return r;
}
