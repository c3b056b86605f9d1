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
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

enum { STAT_BYTES = 1024, ROUNDS_MAX = 100, PATH_BYTES = 64 };

/* A line of the table. */
typedef struct Process {
        pid_t pid, parent;
        unsigned long long started; /* with the pid: this process and no other */
        unsigned long n_threads;
        char state;
        bool is_ours;
} Process;

/* As proc(5) counts them, from the state, which is the third. */
enum { FIELD_STATE = 3, FIELD_PARENT = 4, FIELD_THREADS = 20, FIELD_STARTED = 22 };

/* `text` begins before the state. False: it is not such a line. */
static bool parse_fields(char *text, Process *process) {
        char *field;
        int number = FIELD_STATE;

        while (number <= FIELD_STARTED && (field = strsep(&text, " "))) {
                if (!field[0])
                        continue;
                if (number == FIELD_STATE)
                        process->state = field[0];
                else if (number == FIELD_PARENT)
                        process->parent = (pid_t)strtol(field, NULL, 10);
                else if (number == FIELD_THREADS)
                        process->n_threads = strtoul(field, NULL, 10);
                else if (number == FIELD_STARTED)
                        process->started = strtoull(field, NULL, 10);
                number++;
        }
        return number > FIELD_STARTED;
}

/* False: it is dead. */
static bool read_process(pid_t pid, Process *ret_process) {
        char path[PATH_BYTES], text[STAT_BYTES];
        char *behind;
        cleanup_fd int fd = -1;
        ssize_t n;

        (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
        if (n <= 0)
                return false;
        text[n] = 0;
        behind = strrchr(text, ')'); /* the name before it may be anything */
        *ret_process = (Process){.pid = pid};
        return behind && parse_fields(behind + 1, ret_process);
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
                        const Process key = {.pid = table[i].parent};
                        const Process *parent = bsearch(&key, table, n, sizeof *table, compare);

                        if (table[i].is_ours ||
                            (key.pid != getpid() && !(parent && parent->is_ours)))
                                continue;
                        table[i].is_ours = is_news = true;
                }
        }
}

static bool is_alive(const Process *process) {
        return !strchr("ZXx", process->state);
}

void descend_list(Arena *arena, Descendants *ret_descendants) {
        size_t n = 0;
        Process *table = read_table(arena, &n);

        *ret_descendants = (Descendants){.pids = arena_alloc_array(arena, n + 1, sizeof(pid_t))};
        mark_ours(table, n);
        for (size_t i = 0; i < n; i++)
                if (table[i].is_ours && is_alive(&table[i]))
                        ret_descendants->pids[ret_descendants->n++] = table[i].pid;
}

static bool signal_one(const Process *process, int number) {
        cleanup_fd int fd = pidfd_open(process->pid, 0);
        Process now;

        return fd >= 0 && read_process(process->pid, &now) && now.started == process->started &&
               syscall(SYS_pidfd_send_signal, fd, number, NULL, 0) == 0;
}

size_t descend_signal(int number) {
        cleanup_arena Arena arena = ARENA_INIT;
        size_t n = 0, n_signalled = 0;
        Process *table = read_table(&arena, &n);

        mark_ours(table, n);
        for (size_t i = 0; i < n; i++)
                if (table[i].is_ours && is_alive(&table[i]))
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
                        n_tasks += table[i].n_threads;
        }
        return n_tasks;
}
