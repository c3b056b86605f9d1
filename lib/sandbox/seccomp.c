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
#include <linux/netlink.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <seccomp.h>

/* A comparison of the 32 bits that the kernel looks at: what stands above them must not make a
 * number look like another. */
#define IS_WORD(argument, value) SCMP_CMP64(argument, SCMP_CMP_MASKED_EQ, UINT32_MAX, value)

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

/* Terminals: what is typed into one, or pasted, may be read by a shell outside. */
static const uint64_t terminal_requests[] = {TIOCSTI, TIOCLINUX};

/* Files, the internet, and netlink; all others lead to what is in no namespace (a hypervisor's
 * sockets) or to more of the kernel than a command has need of. */
static const int families[] = {AF_UNSPEC, AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};

/* Of netlink: routes and sockets, which are of the network namespace; devices' events are the
 * host's. */
static const int netlink_protocols[] = {NETLINK_ROUTE, NETLINK_SOCK_DIAG};

/* Without it, a program of the smaller word size would have no system calls at all. */
static int add_arches(scmp_filter_ctx context) {
        return seccomp_arch_native() == SCMP_ARCH_X86_64 ? seccomp_arch_add(context, SCMP_ARCH_X86)
                                                         : 0;
}

static int deny_flag(scmp_filter_ctx context, int call, unsigned argument, uint64_t flag) {
        return seccomp_rule_add(context, SCMP_ACT_ERRNO(EPERM), call, 1,
                                SCMP_CMP64(argument, SCMP_CMP_MASKED_EQ, flag, flag));
}

static bool is_among(int value, const int *values, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (values[i] == value)
                        return true;
        return false;
}

/* Each value below the last that is allowed, and all above it, whatever stands in the upper bits.
 */
static int deny_family(scmp_filter_ctx context, int call) {
        const uint32_t refusal = SCMP_ACT_ERRNO(EAFNOSUPPORT);
        int r = 0;

        for (int family = 0; r == 0 && family <= AF_NETLINK; family++)
                if (!is_among(family, families, ARRAY_SIZE(families)))
                        r = seccomp_rule_add(context, refusal, call, 1,
                                             IS_WORD(0, (uint64_t)family));
        return r ? r
                 : seccomp_rule_add(context, refusal, call, 1,
                                    SCMP_CMP64(0, SCMP_CMP_GT, AF_NETLINK));
}

static int deny_netlink(scmp_filter_ctx context) {
        const uint32_t refusal = SCMP_ACT_ERRNO(EPROTONOSUPPORT);
        int r = 0;

        for (int protocol = 0; r == 0 && protocol <= NETLINK_SOCK_DIAG; protocol++)
                if (!is_among(protocol, netlink_protocols, ARRAY_SIZE(netlink_protocols)))
                        r = seccomp_rule_add(context, refusal, SCMP_SYS(socket), 2,
                                             IS_WORD(0, AF_NETLINK),
                                             IS_WORD(2, (uint64_t)protocol));
        return r ? r
                 : seccomp_rule_add(context, refusal, SCMP_SYS(socket), 2, IS_WORD(0, AF_NETLINK),
                                    SCMP_CMP64(2, SCMP_CMP_GT, NETLINK_SOCK_DIAG));
}

static int deny_sockets(scmp_filter_ctx context) {
        int r = deny_family(context, SCMP_SYS(socket));

        if (r == 0)
                r = deny_family(context, SCMP_SYS(socketpair));
        if (r == 0)
                r = deny_netlink(context);
        /* Its arguments are in memory; the C library has had calls of their own for long. */
        return r ? r : seccomp_rule_add(context, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(socketcall), 0);
}

/* The limit that keeps a program of the host from being started at a crash, by a pipe in
 * core_pattern, is 1; nobody may make it 0. Who tries is told that it worked: it dumps nothing. */
static int keep_core_limit(scmp_filter_ctx context) {
        int r = seccomp_rule_add(context, SCMP_ACT_ERRNO(0), SCMP_SYS(setrlimit), 1,
                                 IS_WORD(0, RLIMIT_CORE));

        return r ? r
                 : seccomp_rule_add(context, SCMP_ACT_ERRNO(0), SCMP_SYS(prlimit64), 2,
                                    IS_WORD(1, RLIMIT_CORE), SCMP_CMP64(2, SCMP_CMP_NE, 0));
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
        for (size_t i = 0; r == 0 && i < ARRAY_SIZE(terminal_requests); i++)
                r = seccomp_rule_add(context, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
                                     IS_WORD(1, terminal_requests[i]));
        if (r == 0)
                r = deny_sockets(context);
        return r ? r : keep_core_limit(context);
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
