/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * probe NAME [ARGUMENT]: tries one thing that a sandbox has to prevent. Exit status 0: prevented,
 * 1: it worked, 2: it could not be tried. What it met is said on standard output. Rows at the end.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <arpa/inet.h>
#include <unistd.h>

#include "base/defs.h"

enum { PREVENTED, WORKED, NOT_TRIED };

/* Anything but the end of the world (-1 and errno) is a success of the attempt. */
static int judge(long result) {
        if (result >= 0) {
                printf("worked\n");
                return WORKED;
        }
        printf("prevented: %s\n", strerror(errno));
        return PREVENTED;
}

static int judge_error(long result, int expected) {
        if (result < 0 && errno != expected) {
                printf("%s, not %s\n", strerror(errno), strerror(expected));
                return NOT_TRIED;
        }
        return judge(result);
}

static int try_mount(const char *unused) {
        (void)unused;
        return judge_error(mount("tmpfs", "/work", "tmpfs", 0, NULL), EPERM);
}

static int try_mount_new(const char *unused) {
        (void)unused;
        return judge_error(fsopen("tmpfs", 0), EPERM);
}

static int try_umount(const char *path) {
        return judge_error(umount2(path, MNT_DETACH), EPERM);
}

static int try_remount(const char *unused) {
        (void)unused;
        return judge_error(mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL), EPERM);
}

static int try_chroot(const char *unused) {
        (void)unused;
        return judge(chroot("/tmp"));
}

static int try_unshare(const char *flag) {
        return judge_error(syscall(SYS_unshare, strtoul(flag, NULL, 0)), EPERM);
}

static int try_clone(const char *flag) {
        long pid = syscall(SYS_clone, strtoul(flag, NULL, 0) | SIGCHLD, NULL, NULL, NULL, NULL);

        if (pid == 0)
                _exit(0);
        return judge_error(pid, EPERM);
}

/* The C library must be told that there is none, or threads would not start. */
static int try_clone3(const char *unused) {
        struct clone_args args = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
        long pid = syscall(SYS_clone3, &args, sizeof args);

        (void)unused;
        if (pid == 0)
                _exit(0);
        return judge_error(pid, ENOSYS);
}

static int try_setns(const char *path) {
        int fd = open(path, O_RDONLY);

        return fd < 0 ? judge(fd) : judge_error(syscall(SYS_setns, fd, 0), EPERM);
}

static int try_ptrace(const char *pid) {
        return judge(ptrace(PTRACE_ATTACH, (pid_t)strtol(pid, NULL, 10), NULL, NULL));
}

static int try_read_memory(const char *pid) {
        char byte;
        struct iovec here = {&byte, 1}, there = {(void *)environ, 1};

        return judge(process_vm_readv((pid_t)strtol(pid, NULL, 10), &here, 1, &there, 1, 0));
}

static int try_kill(const char *pid) {
        pid_t target = (pid_t)strtol(pid, NULL, 10);

        for (int number = 1; number < NSIG; number++)
                (void)kill(target, number);
        /* It still reaps: an orphan of ours disappears only if it does. */
        printf("prevented: %s\n", access("/proc/1", F_OK) == 0 ? "still there" : "gone");
        return access("/proc/1", F_OK) == 0 ? PREVENTED : WORKED;
}

static int try_open(const char *path) {
        return judge(open(path, O_RDONLY));
}

static int try_list(const char *path) {
        return judge(open(path, O_RDONLY | O_DIRECTORY));
}

static int try_write(const char *path) {
        return judge(open(path, O_WRONLY));
}

static int try_create(const char *path) {
        return judge(open(path, O_WRONLY | O_CREAT | O_EXCL, 0600));
}

static int try_device(const char *unused) {
        (void)unused;
        return judge(mknod("/tmp/disk", S_IFBLK | 0600, makedev(254, 0)));
}

static int try_setuid(const char *unused) {
        (void)unused;
        return judge(setuid(0));
}

static int try_bpf(const char *unused) {
        char attributes[128] = {0};

        (void)unused;
        return judge_error(syscall(SYS_bpf, 0, attributes, sizeof attributes), EPERM);
}

static int try_perf(const char *unused) {
        struct perf_event_attr attributes = {.size = sizeof attributes, .exclude_kernel = 1};

        (void)unused;
        return judge_error(syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0), EPERM);
}

static int try_keyring(const char *unused) {
        (void)unused;
        return judge_error(syscall(SYS_add_key, "user", "probe", "x", 1, -3), EPERM);
}

static int try_io_uring(const char *unused) {
        char parameters[256] = {0};

        (void)unused;
        return judge_error(syscall(SYS_io_uring_setup, 1, parameters), EPERM);
}

static int try_userfaultfd(const char *unused) {
        (void)unused;
        return judge_error(syscall(SYS_userfaultfd, 1), EPERM);
}

static int try_handle(const char *unused) {
        char handle[64] = {8};

        (void)unused;
        return judge_error(syscall(SYS_open_by_handle_at, AT_FDCWD, handle, O_RDONLY), EPERM);
}

static int try_kernel_log(const char *unused) {
        (void)unused;
        return judge_error(syscall(SYS_syslog, 10, NULL, 0), EPERM);
}

static int try_reboot(const char *unused) {
        (void)unused;
        return judge_error(syscall(SYS_reboot, 0, 0, 0, NULL), EPERM);
}

static int try_type_ahead(const char *unused) {
        (void)unused;
        return judge(ioctl(0, TIOCSTI, "x"));
}

/* Nothing beside the three streams came along, and nothing that is written anywhere else arrives.
 */
static int try_descriptors(const char *unused) {
        int n = 0;

        (void)unused;
        for (int fd = 3; fd < 65536; fd++)
                if (fcntl(fd, F_GETFD) >= 0 || write(fd, "R", 1) > 0)
                        printf("%d: descriptor %d\n", ++n, fd);
        return n ? WORKED : PREVENTED;
}

static int try_terminal(const char *unused) {
        (void)unused;
        return judge(open("/dev/tty", O_RDWR));
}

static int try_tcp(const char *port) {
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
                                      .sin_addr = {htonl(INADDR_LOOPBACK)}};

        return judge(connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&address,
                             sizeof address));
}

static int try_outside(const char *host) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(53)};

        if (inet_pton(AF_INET, host, &address.sin_addr) != 1)
                return NOT_TRIED;
        return judge_error(connect(socket(AF_INET, SOCK_DGRAM, 0), (struct sockaddr *)&address,
                                   sizeof address),
                           ENETUNREACH);
}

static int try_unix(const char *path) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
        return judge(connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address,
                             sizeof address));
}

static int try_abstract(const char *name) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        size_t n = strlen(name);

        memcpy(address.sun_path + 1, name, n);
        return judge(connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address,
                             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + n)));
}

static int try_shared_memory(const char *key) {
        return judge(shmget((key_t)strtol(key, NULL, 10), 0, 0));
}

/* Not what this file is for, but next to its like: a debugger of one's own child is honest. */
static int try_own_child(const char *unused) {
        pid_t pid = fork();
        int status;

        (void)unused;
        if (pid == 0) {
                (void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
                (void)raise(SIGSTOP);
                _exit(7);
        }
        if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status) ||
            ptrace(PTRACE_CONT, pid, NULL, NULL) < 0 || waitpid(pid, &status, 0) != pid)
                return WORKED;
        return WIFEXITED(status) && WEXITSTATUS(status) == 7 ? PREVENTED : WORKED;
}

static const struct {
        const char *name;
        int (*attempt)(const char *argument);
} rows[] = {
        {"mount", try_mount},
        {"mount-new", try_mount_new},
        {"umount", try_umount},
        {"remount", try_remount},
        {"chroot", try_chroot},
        {"unshare", try_unshare},
        {"clone", try_clone},
        {"clone3", try_clone3},
        {"setns", try_setns},
        {"ptrace", try_ptrace},
        {"memory", try_read_memory},
        {"kill", try_kill},
        {"open", try_open},
        {"list", try_list},
        {"write", try_write},
        {"create", try_create},
        {"device", try_device},
        {"setuid", try_setuid},
        {"bpf", try_bpf},
        {"perf", try_perf},
        {"keyring", try_keyring},
        {"io-uring", try_io_uring},
        {"userfaultfd", try_userfaultfd},
        {"handle", try_handle},
        {"kernel-log", try_kernel_log},
        {"reboot", try_reboot},
        {"type-ahead", try_type_ahead},
        {"descriptors", try_descriptors},
        {"terminal", try_terminal},
        {"tcp", try_tcp},
        {"outside", try_outside},
        {"unix", try_unix},
        {"abstract", try_abstract},
        {"shared-memory", try_shared_memory},
        {"own-child", try_own_child},
};

int main(int argc, char **argv) {
        for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(rows); i++)
                if (strcmp(rows[i].name, argv[1]) == 0)
                        return rows[i].attempt(argc > 2 ? argv[2] : "");
        return NOT_TRIED;
}
