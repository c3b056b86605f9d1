/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Groups stand below our own one. Of version 2 (a process is cloned into it; limits only where
 * controllers were handed down to us), and, where that has no memory, of version 1 for checks that
 * have a limit of memory: to go there costs some milliseconds.
 */

#include "sandbox/group.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/proc.h"

#define NAME "run-"   /* before the runner's pid */
#define LEAF "/agent" /* of a daemon that has settled */

enum {
        TABLE_BYTES = 4 << 20,
        VALUE_BYTES = 4096,
        REMOVALS = 50, /* the kernel lets go of the last process a little later */
        REMOVAL_STEP_MS = 2,
        INNOCENT_SHARE = 4, /* who never had a quarter of what there was has not used it up */
};

static bool write_value(const char *dir, const char *name, const char *value) {
        cleanup_free char *path = mem_printf("%s/%s", dir, name);
        cleanup_fd int fd = open(path, O_WRONLY | O_CLOEXEC);

        return fd >= 0 && fd_write_all(fd, slice_text(value)) == 0;
}

static bool write_number(const char *dir, const char *name, uint64_t number) {
        char text[24];

        (void)snprintf(text, sizeof text, "%llu", (unsigned long long)number);
        return write_value(dir, name, text);
}

/* The number after `words`, which begin a line; 0 if there is none. */
static uint64_t read_number(const char *dir, const char *name, const char *words) {
        cleanup_free char *path = mem_printf("%s/%s", dir, name);
        cleanup_buf Buf text = BUF_INIT(VALUE_BYTES);

        return file_read(path, &text) == 0 ? proc_find_number(buf_get(&text), words) : 0;
}

static bool has_end(Slice text, const char *end) {
        size_t n = strlen(end);

        return text.n >= n && slice_is(slice_from(text, text.n - n), end);
}

/* Where the hierarchy is mounted whose file system is `type` and whose options end in `option`. */
static char *find_mount(const char *type, const char *option) {
        cleanup_buf Buf table = BUF_INIT(TABLE_BYTES), path = BUF_INIT(TABLE_BYTES);
        Slice rest;

        if (file_read("/proc/self/mountinfo", &table) != 0)
                return NULL;
        for (rest = buf_get(&table); rest.n;) {
                ProcMount mount;

                if (!proc_read_mount(proc_take_line(&rest), &mount) ||
                    !slice_is(mount.type, type) || !has_end(mount.of_system, option))
                        continue;
                proc_unescape(mount.path, &path);
                return buf_take(&path);
        }
        return NULL;
}

/* Our own group in the hierarchy of these controllers. */
static char *find_own(const char *controllers) {
        cleanup_buf Buf table = BUF_INIT(TABLE_BYTES);
        Slice own;

        if (file_read("/proc/self/cgroup", &table) != 0)
                return NULL;
        own = proc_find_group(buf_get(&table), controllers);
        return own.n ? mem_strndup((const char *)own.data, own.n) : NULL;
}

/* Of runners that were killed; a group in which somebody is cannot be removed. */
static void sweep(const char *above) {
        DIR *entries = opendir(above);
        const struct dirent *entry;

        while (entries && (entry = readdir(entries))) {
                long pid = strncmp(entry->d_name, NAME, sizeof NAME - 1) == 0
                                   ? strtol(entry->d_name + sizeof NAME - 1, NULL, 10)
                                   : 0;

                if (pid > 0 && kill((pid_t)pid, 0) < 0 && errno == ESRCH)
                        (void)unlinkat(dirfd(entries), entry->d_name, AT_REMOVEDIR);
        }
        if (entries)
                (void)closedir(entries);
}

/* The directory of our own group; NULL: there is none. */
static char *find_directory(const char *type, const char *option, const char *controllers) {
        cleanup_free char *mount = find_mount(type, option);
        cleanup_free char *own = find_own(controllers);

        if (!mount || !own)
                return NULL;
        return mem_printf("%s%s", mount, strcmp(own, "/") == 0 ? "" : own);
}

/* Beside a daemon that has settled, not below it. */
static void leave_settled(char *above) {
        size_t n = strlen(above), n_leaf = sizeof LEAF - 1;

        if (n > n_leaf && strcmp(above + n - n_leaf, LEAF) == 0)
                above[n - n_leaf] = 0;
}

static bool is_handed_down(const char *dir) {
        static const char *const marks[] = {"user.delegate", "trusted.delegate"};

        for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
                char value = 0;

                if (getxattr(dir, marks[i], &value, 1) == 1 && value == '1')
                        return true;
        }
        return false;
}

bool group_settle(void) {
        cleanup_free char *own = find_directory("cgroup2", "", "");
        cleanup_free char *leaf = own ? mem_printf("%s" LEAF, own) : NULL;

        if (!own || !is_handed_down(own) || (mkdir(leaf, 0755) < 0 && errno != EEXIST) ||
            !write_value(leaf, "cgroup.procs", "0"))
                return false;
        /* Each by itself: one may have been handed down without the other. */
        (void)write_value(own, "cgroup.subtree_control", "+memory");
        (void)write_value(own, "cgroup.subtree_control", "+pids");
        return true;
}

static char *make_below(const char *type, const char *option, const char *controllers,
                        Arena *arena) {
        cleanup_free char *above = find_directory(type, option, controllers);
        char *path;

        if (!above)
                return NULL;
        leave_settled(above);
        path = arena_printf(arena, "%s/" NAME "%d", above, (int)getpid());
        if (access(above, W_OK) == 0)
                sweep(above);
        if (mkdir(path, 0700) == 0)
                return path;
        /* Of a dead one with our number: nobody is in it, or it cannot be removed. */
        return errno == EEXIST && rmdir(path) == 0 && mkdir(path, 0700) == 0 ? path : NULL;
}

static uint64_t bytes_of_tmpfs(const char *dir) {
        struct statfs facts;

        if (statfs(dir, &facts) < 0 || facts.f_type != TMPFS_MAGIC)
                return 0;
        return (uint64_t)facts.f_blocks * (uint64_t)facts.f_bsize;
}

static void make_second(const SandboxLimits *limits, uint64_t memory, Arena *arena, Group *group) {
        group->path = make_below("cgroup2", "", "", arena);
        if (!group->path)
                return;
        group->fd = open(group->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        group->limits_memory = memory && write_number(group->path, "memory.max", memory);
        if (group->limits_memory)
                (void)write_value(group->path, "memory.swap.max", "0");
        group->limits_processes =
                limits->n_processes && write_number(group->path, "pids.max", limits->n_processes);
}

static void make_first(uint64_t memory, Arena *arena, Group *group) {
        cleanup_free char *path = NULL;

        group->memory = make_below("cgroup", ",memory", "memory", arena);
        if (!group->memory)
                return;
        path = mem_printf("%s/cgroup.procs", group->memory);
        if (write_number(group->memory, "memory.limit_in_bytes", memory))
                group->memory_fd = open(path, O_WRONLY | O_CLOEXEC);
        group->limits_memory = group->memory_fd >= 0;
}

void group_make(const SandboxLimits *limits, const char *scratch, Arena *arena, Group *ret_group) {
        uint64_t memory = limits->memory_bytes;

        *ret_group = GROUP_INIT;
        if (memory)
                memory += bytes_of_tmpfs(scratch);
        make_second(limits, memory, arena, ret_group);
        if (memory && !ret_group->limits_memory)
                make_first(memory, arena, ret_group);
}

bool group_join_memory(const Group *group) {
        return group->memory_fd < 0 || fd_write_all(group->memory_fd, slice_text("0")) == 0;
}

void group_describe(const Group *group, Buf *text) {
        if (!group->path && !group->limits_memory)
                return;
        buf_printf(text, ", control group%s%s",
                   group->limits_memory ? " with memory of all processes" : "",
                   group->limits_processes ? " and their number" : "");
}

bool group_kill(const Group *group) {
        return group->path && write_value(group->path, "cgroup.kill", "1");
}

/* The least of what the machine has and of the limits of `name` from the group's parent up. */
static uint64_t memory_above(const char *group, const char *name) {
        cleanup_free char *dir = mem_strdup(group);
        uint64_t least = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);

        for (char *slash; (slash = strrchr(dir, '/')) && slash != dir;) {
                uint64_t limit;

                *slash = 0;
                limit = read_number(dir, name, ""); /* "max" is no number */
                if (limit && limit < least)
                        least = limit;
        }
        return least;
}

/* A limit that was never met is not what somebody was killed for. But who uses up the machine,
 * because its own limit is larger, must have no excuse in that. */
SandboxMemory group_look(const Group *group) {
        const char *first = group->memory, *second = group->path;
        uint64_t n_killed, n_met, peak, above;

        if (!group->limits_memory)
                return SANDBOX_MEMORY_UNKNOWN;
        if (first) {
                n_killed = read_number(first, "memory.oom_control", "oom_kill ");
                n_met = read_number(first, "memory.failcnt", "");
                peak = read_number(first, "memory.max_usage_in_bytes", "");
                above = memory_above(first, "memory.limit_in_bytes");
        } else {
                n_killed = read_number(second, "memory.events", "oom_kill ");
                n_met = read_number(second, "memory.events", "oom ");
                peak = read_number(second, "memory.peak", "");
                above = memory_above(second, "memory.max");
        }
        if (n_killed && n_met)
                return SANDBOX_MEMORY_LIMIT;
        if (!peak) /* nobody was ever in it, or this kernel does not tell */
                return SANDBOX_MEMORY_UNKNOWN;
        if (!n_killed)
                return SANDBOX_MEMORY_ENOUGH;
        return peak < above / INNOCENT_SHARE ? SANDBOX_MEMORY_HOST : SANDBOX_MEMORY_SHARED;
}

uint64_t group_get_cpu_ms(const Group *group) {
        return group->path ? read_number(group->path, "cpu.stat", "usage_usec ") / 1000 : 0;
}

static void remove_one(char **path) {
        const struct timespec step = {.tv_nsec = REMOVAL_STEP_MS * 1000000L};

        for (int i = 0; *path && rmdir(*path) < 0 && errno == EBUSY && i < REMOVALS; i++)
                (void)nanosleep(&step, NULL);
        *path = NULL;
}

void group_remove(Group *group) {
        fd_close(&group->fd);
        fd_close(&group->memory_fd);
        remove_one(&group->path);
        remove_one(&group->memory);
}
