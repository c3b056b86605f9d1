/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Refused is what makes namespaces, mounts and other kernels' worth of attack surface, and what
 * the kernel keeps outside of all namespaces (keys, BPF, performance counters). ptrace is not: a
 * command may debug its own processes (leak checkers do), and PID 1 is out of its reach by
 * credentials.
 */

#include "sandbox/seccomp.h"

#include <errno.h>
#include <linux/sched.h>
#include <sys/ioctl.h>

#include <seccomp.h>

/* Handed out as what it is; the type only hides the library's void pointer. */
static scmp_filter_ctx context_of(SeccompFilter *filter) {
        return (scmp_filter_ctx)filter;
}

static const char *const denied[] = {
        "acct",
        "add_key",
        "bpf",
        "create_module",
        "delete_module",
        "finit_module",
        "fsconfig",
        "fsmount",
        "fsopen",
        "fspick",
        "init_module",
        "io_uring_enter",
        "io_uring_register",
        "io_uring_setup",
        "kexec_file_load",
        "kexec_load",
        "keyctl",
        "lookup_dcookie",
        "mount",
        "mount_setattr",
        "move_mount",
        "nfsservctl",
        "open_by_handle_at",
        "open_tree",
        "perf_event_open",
        "pivot_root",
        "quotactl",
        "quotactl_fd",
        "reboot",
        "request_key",
        "setns",
        "swapoff",
        "swapon",
        "syslog",
        "umount",
        "umount2",
        "userfaultfd",
        "vhangup",
};

/* CLONE_NEWTIME is among the bits of clone's exit signal: only unshare knows it. */
static const uint64_t namespaces[] = {
        CLONE_NEWNS,   CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
        CLONE_NEWUSER, CLONE_NEWPID,    CLONE_NEWNET,
};

/* Without it, a program of the smaller word size would have no system calls at all. */
static int add_arches(scmp_filter_ctx context) {
        return seccomp_arch_native() == SCMP_ARCH_X86_64 ? seccomp_arch_add(context, SCMP_ARCH_X86)
                                                         : 0;
}

static int deny_flag(scmp_filter_ctx context, int call, unsigned argument, uint64_t flag) {
        return seccomp_rule_add(context, SCMP_ACT_ERRNO(EPERM), call, 1,
                                SCMP_CMP64(argument, SCMP_CMP_MASKED_EQ, flag, flag));
}

static int add_rules(scmp_filter_ctx context) {
        int r = 0;

        for (size_t i = 0; r == 0 && i < ARRAY_SIZE(denied); i++) {
                int call = seccomp_syscall_resolve_name(denied[i]);

                if (call != __NR_SCMP_ERROR)
                        r = seccomp_rule_add(context, SCMP_ACT_ERRNO(EPERM), call, 0);
        }
        for (size_t i = 0; r == 0 && i < ARRAY_SIZE(namespaces); i++) {
                r = deny_flag(context, SCMP_SYS(clone), 0, namespaces[i]);
                if (r == 0)
                        r = deny_flag(context, SCMP_SYS(unshare), 0, namespaces[i]);
        }
        if (r == 0)
                r = deny_flag(context, SCMP_SYS(unshare), 0, CLONE_NEWTIME);
        /* Its flags are in memory, where no filter can read them; the C library then uses clone. */
        if (r == 0)
                r = seccomp_rule_add(context, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
        if (r == 0)
                r = seccomp_rule_add(context, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
                                     SCMP_CMP64(1, SCMP_CMP_MASKED_EQ, UINT32_MAX, TIOCSTI));
        return r;
}

SeccompFilter *seccomp_filter_new(void) {
        scmp_filter_ctx context = seccomp_init(SCMP_ACT_ALLOW);

        if (!context)
                return NULL;
        if (seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS)) < 0 ||
            add_arches(context) < 0 || add_rules(context) < 0) {
                seccomp_release(context);
                return NULL;
        }
        return context;
}

SeccompFilter *seccomp_filter_free(SeccompFilter *filter) {
        if (filter)
                seccomp_release(context_of(filter));
        return NULL;
}

int seccomp_filter_load(SeccompFilter *filter) {
        return seccomp_load(context_of(filter));
}
