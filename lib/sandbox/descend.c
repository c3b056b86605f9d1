/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* One walk over /proc for each question. */

#include "sandbox/descend.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"

enum { STAT_BYTES = 1024, ROUNDS_MAX = 100, PATH_BYTES = 64 };

/* A line of the table. */
typedef struct Process {
        pid_t pid;
        ProcStat
                stat; /* without its name; when it started and the pid: this process and no other */
        bool is_ours;
} Process;

/* False: it is dead. */
static bool read_process(pid_t pid, Process *ret_process) {
        char path[PATH_BYTES], text[STAT_BYTES];
        cleanup_fd int fd = -1;
        ssize_t n;

        (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        n = fd < 0 ? -1 : read(fd, text, sizeof text);
        *ret_process = (Process){.pid = pid};
        if (n <= 0 || !proc_read_stat(slice_make(text, (size_t)n), &ret_process->stat))
                return false;
        ret_process->stat.name = SLICE_NULL;
        return true;
}

static Process *read_table(Arena *arena, size_t *ret_n) {
        DIR *entries = opendir("/proc");
        struct dirent *entry;
        Process *table = NULL;
        size_t n = 0;

        while (entries && (entry = readdir(entries))) {
                Process process;

                if (!isdigit((unsigned char)entry->d_name[0]) ||
                    !read_process((pid_t)strtol(entry->d_name, NULL, 10), &process))
                        continue;
                table = arena_grow(arena, table, n, sizeof *table);
                table[n++] = process;
        }
        if (entries)
                (void)closedir(entries);
        *ret_n = n;
        return table;
}

static int compare(const void *a, const void *b) {
        const Process *one = a, *other = b;

        return (one->pid > other->pid) - (one->pid < other->pid);
}

/* Marks children of what is marked until there are no more. */
static void mark_ours(Process *table, size_t n) {
        bool is_news = n > 0;

        if (n)
                qsort(table, n, sizeof *table, compare);
        while (is_news) {
                is_news = false;
                for (size_t i = 0; i < n; i++) {
                        const Process key = {.pid = table[i].stat.parent};
                        const Process *parent = bsearch(&key, table, n, sizeof *table, compare);

                        if (table[i].is_ours ||
                            (key.pid != getpid() && !(parent && parent->is_ours)))
                                continue;
                        table[i].is_ours = is_news = true;
                }
        }
}

void descend_list(Arena *arena, Descendants *ret_descendants) {
        size_t n = 0;
        Process *table = read_table(arena, &n);

        *ret_descendants = (Descendants){.pids = arena_alloc_array(arena, n + 1, sizeof(pid_t))};
        mark_ours(table, n);
        for (size_t i = 0; i < n; i++)
                if (table[i].is_ours && proc_is_alive(&table[i].stat))
                        ret_descendants->pids[ret_descendants->n++] = table[i].pid;
}

static bool signal_one(const Process *process, int number) {
        cleanup_fd int fd = pidfd_open(process->pid, 0);
        Process now;

        return fd >= 0 && read_process(process->pid, &now) &&
               now.stat.started == process->stat.started &&
               syscall(SYS_pidfd_send_signal, fd, number, NULL, 0) == 0;
}

size_t descend_signal(int number) {
        cleanup_arena Arena arena = ARENA_INIT;
        size_t n = 0, n_signalled = 0;
        Process *table = read_table(&arena, &n);

        mark_ours(table, n);
        for (size_t i = 0; i < n; i++)
                if (table[i].is_ours && proc_is_alive(&table[i].stat))
                        n_signalled += signal_one(&table[i], number);
        return n_signalled;
}

void descend_stop(void) {
        size_t n_before = 0, n = descend_signal(SIGSTOP);

        for (unsigned round = 0; n != n_before && round < ROUNDS_MAX; round++) {
                n_before = n;
                n = descend_signal(SIGSTOP);
        }
}

uint64_t descend_count_tasks(uid_t uid) {
        cleanup_arena Arena arena = ARENA_INIT;
        size_t n = 0;
        Process *table = read_table(&arena, &n);
        uint64_t n_tasks = 0;

        for (size_t i = 0; i < n; i++) {
                char path[PATH_BYTES];
                struct stat facts;

                (void)snprintf(path, sizeof path, "/proc/%d", (int)table[i].pid);
                if (stat(path, &facts) == 0 && facts.st_uid == uid)
                        n_tasks += table[i].stat.n_threads;
        }
        return n_tasks;
}
