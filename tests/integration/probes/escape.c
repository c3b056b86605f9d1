/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * escape in|out KEY=VALUE…: tries one forbidden thing for each row, each in a process of its own,
 * and says in a line what became of it: `worked NAME`, `refused NAME why`. A call that gets as far
 * as having its arguments looked at has worked: the door was open. `out` is the control: the same
 * where there is no sandbox, as root; it leaves out what the machine would feel.
 */

#include "tests/integration/probes/escape.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/keyctl.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/quota.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROW_SECONDS = 10, CALL_ARGUMENTS = 6 };

#define N(number) ((const void *)(uintptr_t)(number))
/* What a filter that compares 64 bits takes for another number, and the kernel does not. */
#define DISGUISED(number) N((1ULL << 32) + (number))

static char zeros[256];
static struct bpf_attr_map { uint32_t type, key, value, n; } map = {BPF_MAP_TYPE_ARRAY, 4, 4, 1};
static struct perf_event_attr event = {.type = PERF_TYPE_SOFTWARE, .size = sizeof event};
static struct timex tick = {.modes = ADJ_TICK, .tick = 1};
static unsigned ring[30];
static struct sched_param first = {.sched_priority = 1};
static uint32_t all_rights[8] = {0x20080522, 0, ~0U, ~0U, 0, ~0U, ~0U, 0};
static unsigned handle[34] = {8};

typedef struct Row {
        const char *name;
        Escape *attempt; /* NULL: the call */
        bool has_no_control;
        long call;
        const void *arguments[CALL_ARGUMENTS];
} Row;

#define CALL(name_, call_, ...)                                                                    \
        {                                                                                          \
                .name = (name_), .call = (call_), .arguments = { __VA_ARGS__ }                     \
        }
#define NAMESPACE(name_, flag)                                                                     \
        CALL("unshare " name_, SYS_unshare, N(flag)),                                              \
                CALL("unshare " name_ ", disguised", SYS_unshare, DISGUISED(flag)),                \
                CALL("clone " name_, SYS_clone, N((flag) | SIGCHLD))

static const Row rows[] = {
        CALL("mount", SYS_mount, "none", "/tmp", "tmpfs"),
        CALL("remount", SYS_mount, NULL, "/", NULL, N(MS_REMOUNT | MS_BIND)),
        CALL("bind", SYS_mount, "/", "/tmp", NULL, N(MS_BIND)),
        CALL("umount", SYS_umount2, "/proc", N(MNT_DETACH)),
        CALL("pivot_root", SYS_pivot_root, ".", "."),
        CALL("chroot", SYS_chroot, "/tmp"),
        CALL("open_tree", SYS_open_tree, N(AT_FDCWD), "/", N(1)),
        CALL("move_mount", SYS_move_mount, N(-1), "", N(-1), "", N(0)),
        CALL("fsopen", SYS_fsopen, "tmpfs"),
        CALL("fspick", SYS_fspick, N(AT_FDCWD), "/"),
        CALL("fsmount", SYS_fsmount, N(-1)),
        CALL("fsconfig", SYS_fsconfig, N(-1)),
        CALL("mount_setattr", SYS_mount_setattr, N(AT_FDCWD), "/", N(0), zeros, N(32)),
        NAMESPACE("mount", CLONE_NEWNS),
        NAMESPACE("cgroup", CLONE_NEWCGROUP),
        NAMESPACE("uts", CLONE_NEWUTS),
        NAMESPACE("ipc", CLONE_NEWIPC),
        NAMESPACE("user", CLONE_NEWUSER),
        NAMESPACE("pid", CLONE_NEWPID),
        NAMESPACE("net", CLONE_NEWNET),
        CALL("unshare time", SYS_unshare, N(CLONE_NEWTIME)),
        CALL("clone two", SYS_clone, N(CLONE_NEWUSER | CLONE_NEWNET | SIGCHLD)),
        CALL("setns", SYS_setns, N(-1)),
        {.name = "clone3", .attempt = escape_clone3},
        {.name = "32-bit unshare", .attempt = escape_old_unshare},
        {.name = "32-bit clone3", .attempt = escape_old_clone3},
        {.name = "32-bit socketcall", .attempt = escape_old_socket},
        CALL("x32 unshare", SYS_unshare | 0x40000000, N(CLONE_NEWUSER)),
        CALL("add_key", SYS_add_key, "user", "probe", "x", N(1), N(KEY_SPEC_PROCESS_KEYRING)),
        CALL("keyctl", SYS_keyctl, N(KEYCTL_GET_KEYRING_ID), N(KEY_SPEC_PROCESS_KEYRING), N(1)),
        CALL("request_key", SYS_request_key, "user", "absent"),
        CALL("bpf", SYS_bpf, N(BPF_MAP_CREATE), &map, N(sizeof map)),
        CALL("perf_event_open", SYS_perf_event_open, &event, N(0), N(-1), N(-1)),
        CALL("userfaultfd", SYS_userfaultfd, N(1)),
        CALL("io_uring_setup", SYS_io_uring_setup, N(1), ring),
        CALL("io_uring_enter", SYS_io_uring_enter, N(-1)),
        CALL("io_uring_register", SYS_io_uring_register, N(-1)),
        CALL("kexec_load", SYS_kexec_load, N(0), N(0), NULL, N(1 << 15)),
        CALL("kexec_file_load", SYS_kexec_file_load, N(-1), N(-1), N(0), NULL, N(1 << 15)),
        CALL("init_module", SYS_init_module, zeros, N(0), ""),
        CALL("finit_module", SYS_finit_module, N(-1), ""),
        CALL("delete_module", SYS_delete_module, "absent-module"),
        CALL("open_by_handle_at", SYS_open_by_handle_at, N(AT_FDCWD), handle),
        CALL("reboot", SYS_reboot, N(0)),
        CALL("swapon", SYS_swapon, "/absent"),
        CALL("swapoff", SYS_swapoff, "/absent"),
        CALL("acct", SYS_acct, "/absent/file"),
        CALL("quotactl", SYS_quotactl, N(QCMD(Q_GETINFO, USRQUOTA)), "/absent"),
        CALL("quotactl_fd", SYS_quotactl_fd, N(-1), N(QCMD(Q_GETINFO, USRQUOTA))),
        CALL("settimeofday", SYS_settimeofday, NULL),
        CALL("adjtimex", SYS_adjtimex, &tick),
        CALL("clock_adjtime", SYS_clock_adjtime, N(0), &tick),
        CALL("sethostname", SYS_sethostname, "x", N(1)),
        CALL("setdomainname", SYS_setdomainname, "x", N(1)),
        CALL("syslog", SYS_syslog, N(10)),
        {.name = "vhangup", .call = SYS_vhangup, .has_no_control = true},
        CALL("iopl", SYS_iopl, N(3)),
        CALL("ioperm", SYS_ioperm, N(0x80), N(1), N(1)),
        CALL("mknod block", SYS_mknod, "/run/lock/escape-b", N(S_IFBLK | 0600), N(0xfe00)),
        CALL("mknod character", SYS_mknod, "/run/lock/escape-c", N(S_IFCHR | 0600), N(0x101)),
        CALL("real-time priority", SYS_sched_setscheduler, N(0), N(SCHED_FIFO), &first),
        {.name = "capset",
         .call = SYS_capset,
         .arguments = {all_rights, all_rights + 2},
         .has_no_control = true}, /* more than the control has, perhaps */
        CALL("keep-capabilities bits", SYS_prctl, N(PR_SET_SECUREBITS), N(1)),
        CALL("TIOCSTI", SYS_ioctl, N(0), N(TIOCSTI), "x"),
        CALL("TIOCSTI, disguised", SYS_ioctl, N(0), DISGUISED(TIOCSTI), "x"),
        CALL("TIOCLINUX", SYS_ioctl, N(0), N(TIOCLINUX), zeros),
        CALL("TIOCLINUX, disguised", SYS_ioctl, N(0), DISGUISED(TIOCLINUX), zeros),
        CALL("vsock", SYS_socket, N(AF_VSOCK), N(SOCK_STREAM)),
        CALL("vsock, disguised", SYS_socket, DISGUISED(AF_VSOCK), N(SOCK_STREAM)),
        CALL("kernel crypto", SYS_socket, N(AF_ALG), N(SOCK_SEQPACKET)),
        CALL("packets", SYS_socket, N(AF_PACKET), N(SOCK_RAW), N(0x300)),
        CALL("raw internet", SYS_socket, N(AF_INET), N(SOCK_RAW), N(1)),
        CALL("device events", SYS_socket, N(AF_NETLINK), N(SOCK_RAW), N(NETLINK_KOBJECT_UEVENT)),
        CALL("device events, disguised", SYS_socket, DISGUISED(AF_NETLINK), N(SOCK_RAW),
             DISGUISED(NETLINK_KOBJECT_UEVENT)),
        CALL("packet filter", SYS_socket, N(AF_NETLINK), N(SOCK_RAW), N(NETLINK_NETFILTER)),
        CALL("generic netlink", SYS_socket, N(AF_NETLINK), N(SOCK_RAW), N(NETLINK_GENERIC)),
        {.name = "namespace of a file", .attempt = escape_join},
        {.name = "user 0", .attempt = escape_user},
        {.name = "privileges again", .attempt = escape_privileges, .has_no_control = true},
        {.name = "core dumps", .attempt = escape_core},
        {.name = "limits", .attempt = escape_limit, .has_no_control = true},
        {.name = "trace a stranger", .attempt = escape_trace},
        {.name = "signal a stranger", .attempt = escape_signal},
        {.name = "memory of a stranger", .attempt = escape_memory},
        {.name = "handle of a stranger", .attempt = escape_pidfd},
        {.name = "see a stranger", .attempt = escape_see},
        {.name = "descriptor of PID 1", .attempt = escape_descriptor, .has_no_control = true},
        {.name = "files of PID 1", .attempt = escape_init_files, .has_no_control = true},
        {.name = "port of the host", .attempt = escape_port},
        {.name = "abstract socket of the host", .attempt = escape_abstract},
        {.name = "path of the host", .attempt = escape_path},
        {.name = "device nodes", .attempt = escape_devices},
        {.name = "kernel settings", .attempt = escape_settings},
        {.name = "system tree", .attempt = escape_system},
        {.name = "control groups", .attempt = escape_groups},
        {.name = "system request", .attempt = escape_request, .has_no_control = true},
        {.name = "kernel memory", .attempt = escape_kernel},
};

/* Refused by whoever may refuse; any other error is of one who has been let in. */
static bool is_refusal(int error) {
        return error == EPERM || error == EACCES || error == ENOSYS || error == EAFNOSUPPORT ||
               error == EPROTONOSUPPORT;
}

static int call(const Row *row) {
        const void *const *a = row->arguments;
        long r = syscall(row->call, a[0], a[1], a[2], a[3], a[4], a[5]);

        if (r == 0 && row->call == SYS_clone)
                _exit(0);
        return r < 0 && is_refusal(errno) ? errno : 0;
}

/* A namespace for each: what one does to mounts and names is nothing to the next, nor to anybody.
 */
static void step_aside(void) {
        if (unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC) < 0 ||
            mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("none", "/run", "tmpfs", 0, NULL) < 0 || mkdir("/run/lock", 0755) < 0)
                _exit(EX_NO_CONTROL);
}

static void run(const Row *row, bool is_control) {
        int status, error;
        pid_t pid = fork();

        if (pid == 0) {
                (void)alarm(ROW_SECONDS);
                if (is_control)
                        step_aside();
                error = row->attempt ? row->attempt(is_control) : call(row);
                _exit(error);
        }
        if (waitpid(pid, &status, 0) != pid)
                printf("lost %s\n", row->name);
        else if (WIFSIGNALED(status))
                printf("killed %s by signal %d\n", row->name, WTERMSIG(status));
        else if (WEXITSTATUS(status) == 0)
                printf("worked %s\n", row->name);
        else
                printf("refused %s: %s\n", row->name, strerror(WEXITSTATUS(status)));
        (void)fflush(stdout);
}

int main(int argc, char **argv) {
        bool is_control = argc > 1 && strcmp(argv[1], "out") == 0;

        escape_set_targets(argv + 1);
        (void)alarm(ROW_SECONDS * 5);
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                if (!is_control || !rows[i].has_no_control)
                        run(&rows[i], is_control);
        printf("rows %zu\n", ARRAY_SIZE(rows));
        return 0;
}
