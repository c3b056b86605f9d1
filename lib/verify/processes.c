/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A walk of /proc. What ends while it is looked at was not there. */

#include "verify/processes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/proc.h"
#include "plan/regex.h"
#include "view/status.h"

enum { PROCESSES_MAX = 65536, LINE_BYTES_MAX = 16384, STAT_BYTES_MAX = 4096, DESCENT_MAX = 1024 };

typedef struct Process {
        int pid, parent;
} Process;

typedef struct Processes {
        Process *items; /* in the order of /proc */
        size_t n;
} Processes;

static void processes_deinit(Processes *processes) {
        free(processes->items);
}

/* -1: it is gone. */
static int read_parent(int pid) {
        cleanup_free char *path = mem_printf("/proc/%d/stat", pid);
        cleanup_buf Buf text = BUF_INIT(STAT_BYTES_MAX);
        ProcStat stat;

        return file_read(path, &text) == 0 && proc_read_stat(buf_get(&text), &stat) ? stat.parent
                                                                                    : -1;
}

static int list(Processes *processes) {
        DIR *entries = opendir("/proc");
        struct dirent *entry;
        int r = 0;

        if (!entries)
                return PROCESSES_E_UNREADABLE;
        while (r == 0 && (entry = readdir(entries))) {
                int pid = (int)strtol(entry->d_name, NULL, 10); /* 0: not one */
                int parent = pid ? read_parent(pid) : -1;

                if (parent < 0)
                        continue;
                if (processes->n == PROCESSES_MAX) {
                        r = PROCESSES_E_LIMIT;
                        continue;
                }
                if ((processes->n & (processes->n - 1)) == 0)
                        processes->items =
                                mem_resize(processes->items, size_max(1, processes->n * 2),
                                           sizeof *processes->items);
                processes->items[processes->n++] = (Process){.pid = pid, .parent = parent};
        }
        (void)closedir(entries);
        return r == 0 && processes->n == 0 ? PROCESSES_E_UNREADABLE : r;
}

static int parent_of(const Processes *processes, int pid) {
        for (size_t i = 0; i < processes->n; i++)
                if (processes->items[i].pid == pid)
                        return processes->items[i].parent;
        return 0;
}

static bool descends(const Processes *processes, int pid, int ancestor) {
        for (size_t i = 0; i < DESCENT_MAX && pid > 0; i++) {
                pid = parent_of(processes, pid);
                if (pid == ancestor)
                        return true;
        }
        return false;
}

/* False: it has none (a kernel thread), or is gone. */
static bool read_command(int pid, Buf *line) {
        cleanup_free char *path = mem_printf("/proc/%d/cmdline", pid);
        cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);

        buf_clear(line);
        if (fd < 0 || fd_read_all(fd, line) < 0)
                return false;
        while (line->n && line->data[line->n - 1] == 0)
                line->n--;
        for (size_t i = 0; i < line->n; i++)
                if (line->data[i] == 0)
                        line->data[i] = ' ';
        return line->n > 0;
}

int processes_find(int ancestor, Slice expression, Buf *ret_lines, uint64_t *ret_n) {
        cleanup(processes_deinit) Processes processes = {.n = 0};
        RegexEffort effort = {.spent = 0};
        int r = list(&processes);

        buf_clear(ret_lines);
        *ret_n = 0;
        for (size_t i = 0; r == 0 && i < processes.n; i++) {
                cleanup_buf Buf line = BUF_INIT(LINE_BYTES_MAX);
                int pid = processes.items[i].pid;
                size_t start = 0;
                RegexAnswer answer;

                if (ancestor ? !descends(&processes, pid, ancestor) : pid == getpid())
                        continue;
                if (!read_command(pid, &line))
                        continue;
                answer = regex_search_within(&effort, expression, buf_get(&line), REGEX_WHOLE,
                                             &start);
                if (answer == REGEX_LIMIT)
                        return PROCESSES_E_LIMIT;
                if (answer == REGEX_NONE)
                        continue;
                (*ret_n)++;
                text_make_visible(buf_get(&line), false, ret_lines);
                buf_byte(ret_lines, '\n');
        }
        return r;
}
