/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The ways out that take more than one call. */

#include "tests/integration/probes/escape.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <arpa/inet.h>
#include <unistd.h>

enum { WALK_DESCRIPTORS = 16, LINE_BYTES = 4096 };

static const char *const keys[] = {"pid", "mark", "port", "abstract", "path"};
static const char *values[ARRAY_SIZE(keys)] = {"0", "", "0", "", ""};

void escape_set_targets(char **arguments) {
        for (; *arguments; arguments++)
                for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
                        if (strncmp(*arguments, keys[i], strlen(keys[i])) == 0 &&
                            (*arguments)[strlen(keys[i])] == '=')
                                values[i] = *arguments + strlen(keys[i]) + 1;
}

static const char *target(const char *key) {
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
                if (strcmp(keys[i], key) == 0)
                        return values[i];
        return "";
}

static pid_t stranger(void) {
        return (pid_t)strtol(target("pid"), NULL, 10);
}

static int outcome_of(long result) {
        return result >= 0 ? 0 : errno;
}

/* Some files of /proc open to everybody and ask at the first byte. */
static int try_open(const char *path, int flags) {
        int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK);
        char byte;

        if (fd < 0)
                return errno;
        errno = 0;
        if ((flags & O_ACCMODE) == O_RDONLY && read(fd, &byte, 1) < 0 &&
            (errno == EPERM || errno == EACCES))
                return errno;
        return 0;
}

/* What stands there is written back. */
static bool can_rewrite(const char *path) {
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        char text[LINE_BYTES];
        ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);

        if (fd >= 0)
                (void)close(fd);
        fd = n <= 0 ? -1 : open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
        return fd >= 0 && write(fd, text, (size_t)n) > 0;
}

/* The first that can be opened is too much. */
static int try_open_any(const char *const *paths, size_t n, int flags) {
        int error = ENOENT;

        for (size_t i = 0; i < n; i++) {
                error = try_open(paths[i], flags);
                if (error == 0) {
                        printf("# %s\n", paths[i]);
                        (void)fflush(stdout);
                        return 0;
                }
        }
        return error;
}

/* The flags lie in memory, where no filter sees them. */
int escape_clone3(bool is_control) {
        struct clone_args args = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
        long pid = syscall(SYS_clone3, &args, sizeof args);

        (void)is_control;
        if (pid == 0)
                _exit(0);
        return outcome_of(pid);
}

/* The entry of programs of 32 bits; what lies in memory must be below 4 GiB. */
static long call_old(long number, unsigned long first, unsigned long second) {
#ifdef __x86_64__
        long result;

        __asm__ volatile("int $0x80"
                         : "=a"(result)
                         : "a"(number), "b"(first), "c"(second), "d"(0L), "S"(0L), "D"(0L)
                         : "memory", "r8", "r9", "r10", "r11");
        if (result >= 0)
                return result;
        errno = (int)-result;
#else
        (void)number;
        (void)first;
        (void)second;
        errno = ENOSYS;
#endif
        return -1;
}

int escape_old_unshare(bool is_control) {
        (void)is_control;
        return outcome_of(call_old(310, CLONE_NEWUTS, 0));
}

int escape_old_clone3(bool is_control) {
        long r = call_old(435, 0, 0);

        (void)is_control;
        return r < 0 && errno == EINVAL ? 0 : outcome_of(r); /* it looked at the size */
}

int escape_old_socket(bool is_control) {
        long r = call_old(102, 1, 0); /* SYS_SOCKET, with its arguments where nothing is */

        (void)is_control;
        return r < 0 && errno == EFAULT ? 0 : outcome_of(r);
}

int escape_join(bool is_control) {
        int fd = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);

        (void)is_control;
        return fd < 0 ? errno : outcome_of(setns(fd, CLONE_NEWUTS));
}

int escape_user(bool is_control) {
        int error = is_control ? outcome_of(setresuid(1, 1, 0)) : 0;

        if (error == 0)
                error = outcome_of(setresuid(0, 0, 0));
        return geteuid() == 0 ? 0 : error;
}

int escape_privileges(bool is_control) {
        int error = outcome_of(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));

        (void)is_control;
        return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? error : 0;
}

/* A pipe in core_pattern leads to a program of the host, whatever the size; 1 alone shuts it. */
int escape_core(bool is_control) {
        const struct rlimit none = {0, 0};
        struct rlimit now;

        (void)is_control;
        (void)setrlimit(RLIMIT_CORE, &none);
        (void)prlimit(0, RLIMIT_CORE, &none, NULL);
        return getrlimit(RLIMIT_CORE, &now) == 0 && now.rlim_cur == 1 ? EPERM : 0;
}

int escape_limit(bool is_control) {
        struct rlimit now;

        (void)is_control;
        if (getrlimit(RLIMIT_NOFILE, &now) < 0)
                return errno;
        now.rlim_max++;
        return outcome_of(setrlimit(RLIMIT_NOFILE, &now));
}

int escape_trace(bool is_control) {
        (void)is_control;
        return outcome_of(ptrace(PTRACE_SEIZE, stranger(), NULL, NULL));
}

int escape_signal(bool is_control) {
        (void)is_control;
        return outcome_of(kill(stranger(), 0));
}

int escape_memory(bool is_control) {
        char byte = 0;
        struct iovec here = {&byte, 1}, there = {NULL, 1};
        long r = process_vm_readv(stranger(), &here, 1, &there, 1, 0);

        (void)is_control;
        return r < 0 && errno == EFAULT ? 0 : outcome_of(r);
}

int escape_pidfd(bool is_control) {
        (void)is_control;
        return outcome_of(syscall(SYS_pidfd_open, stranger(), 0));
}

static bool has_mark(const char *pid, const char *name) {
        char path[300], line[LINE_BYTES];
        const char *mark = target("mark");
        ssize_t n;
        int fd;

        (void)snprintf(path, sizeof path, "/proc/%s/%s", pid, name);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        n = fd < 0 ? 0 : read(fd, line, sizeof line);
        if (fd >= 0)
                (void)close(fd);
        return n > 0 && memmem(line, (size_t)n, mark, strlen(mark));
}

/* In its environment, that is: in our own arguments the mark stands too. */
int escape_see(bool is_control) {
        DIR *entries = opendir("/proc");
        const struct dirent *entry;
        bool is_seen = false;

        (void)is_control;
        while (entries && (entry = readdir(entries)))
                if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
                        is_seen |= has_mark(entry->d_name, "environ");
        if (entries)
                (void)closedir(entries);
        return is_seen ? 0 : ENOENT;
}

int escape_descriptor(bool is_control) {
        long fd = syscall(SYS_pidfd_open, 1, 0);

        (void)is_control;
        return fd < 0 ? errno : outcome_of(syscall(SYS_pidfd_getfd, fd, 0, 0));
}

int escape_init_files(bool is_control) {
        static const char *const paths[] = {
                "/proc/1/root/etc/passwd",
                "/proc/1/cwd/.",
                "/proc/1/environ",
                "/proc/1/exe",
                "/proc/1/mem",
                "/proc/1/maps",
                "/proc/1/fd/0",
                "/proc/1/fd/3",
                "/proc/1/ns/mnt",
                "/proc/1/ns/net",
                "/proc/1/syscall",
                "/proc/1/stack",
        };

        (void)is_control;
        return try_open_any(paths, ARRAY_SIZE(paths), O_RDONLY);
}

int escape_port(bool is_control) {
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_port =
                                              htons((uint16_t)strtoul(target("port"), NULL, 10)),
                                      .sin_addr = {htonl(INADDR_LOOPBACK)}};

        (void)is_control;
        return outcome_of(connect(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
                                  (struct sockaddr *)&address, sizeof address));
}

int escape_abstract(bool is_control) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        const char *name = target("abstract");
        size_t n = strlen(name);

        (void)is_control;
        memcpy(address.sun_path + 1, name, n);
        return outcome_of(connect(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0),
                                  (struct sockaddr *)&address,
                                  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + n)));
}

int escape_path(bool is_control) {
        const char *path = target("path");

        (void)is_control;
        return try_open_any(&path, 1, O_RDONLY);
}

int escape_devices(bool is_control) {
        static const char *const paths[] = {
                "/dev/mem",  "/dev/kmem",    "/dev/port",    "/dev/kmsg", "/dev/tty",
                "/dev/tty0", "/dev/console", "/dev/vda",     "/dev/sda",  "/dev/nvme0n1",
                "/dev/fuse", "/dev/net/tun", "/dev/loop0",   "/dev/kvm",  "/dev/loop-control",
                "/dev/hvc0", "/dev/ttyS0",   "/dev/snapshot"};

        (void)is_control;
        return try_open_any(paths, ARRAY_SIZE(paths), O_RDWR | O_NOCTTY | O_NONBLOCK);
}

static int stop_at_writable(const char *path, const struct stat *facts, int kind,
                            struct FTW *place) {
        (void)facts;
        (void)place;
        if (kind != FTW_F || !can_rewrite(path))
                return 0;
        printf("# %s\n", path);
        (void)fflush(stdout);
        return 1;
}

static int try_walk(const char *path) {
        return nftw(path, stop_at_writable, WALK_DESCRIPTORS, FTW_PHYS) == 1 ? 0 : EACCES;
}

int escape_settings(bool is_control) {
        return is_control ? try_open("/proc/sys/kernel/core_pattern", O_WRONLY)
                          : try_walk("/proc/sys");
}

int escape_system(bool is_control) {
        return is_control ? try_open("/sys/kernel/uevent_helper", O_WRONLY) == 0 ||
                                            try_open("/sys/fs/cgroup", O_RDONLY) == 0
                                    ? 0
                                    : ENOENT
                          : try_walk("/sys");
}

int escape_groups(bool is_control) {
        static const char *const paths[] = {
                "/sys/fs/cgroup/cgroup.procs",         "/sys/fs/cgroup/unified/cgroup.procs",
                "/sys/fs/cgroup/memory/release_agent", "/sys/fs/cgroup/pids/release_agent",
                "/sys/fs/cgroup/memory/tasks",         "/sys/fs/cgroup/devices/devices.allow"};

        (void)is_control;
        return try_open_any(paths, ARRAY_SIZE(paths), O_WRONLY);
}

int escape_request(bool is_control) {
        (void)is_control;
        return try_open("/proc/sysrq-trigger", O_WRONLY);
}

int escape_kernel(bool is_control) {
        static const char *const paths[] = {"/proc/kcore", "/proc/kmsg", "/proc/kpagecount",
                                            "/proc/kpageflags", "/proc/slabinfo"};

        (void)is_control;
        return try_open_any(paths, ARRAY_SIZE(paths), O_RDONLY);
}
