/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Time of processors from /proc/stat, ours from getrusage. Turns are two locks: all runs share the
 * second; who wants it alone holds the first, which each run passes through, so that no stream of
 * newcomers keeps it waiting for ever.
 */

#include "verify/load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/proc.h"

enum {
        STAT_BYTES = 1 << 20,
        COLUMNS = 8, /* user nice system idle iowait irq softirq steal */
        IDLE = 3,
        IOWAIT = 4,
        IRQ = 5,
        SOFTIRQ = 6,
        MUCH = 750,    /* thousandths of all processors */
        AT_LEAST = 20, /* a twentieth of one: less is a command that waits for something */
};

static uint64_t ms_of(const struct timeval *time) {
        return (uint64_t)time->tv_sec * 1000 + (uint64_t)time->tv_usec / 1000;
}

static uint64_t used_by(int whom) {
        struct rusage usage;

        return getrusage(whom, &usage) < 0 ? 0 : ms_of(&usage.ru_utime) + ms_of(&usage.ru_stime);
}

void load_read(Slice table, uint64_t tick_ms, LoadMark *mark) {
        Slice line = proc_take_line(&table);

        if (!slice_is(proc_get_field(line, 0), "cpu"))
                return;
        for (unsigned i = 0; i < COLUMNS; i++) {
                uint64_t ticks = proc_number(proc_get_field(line, 1 + i));

                mark->all_ms += ticks * tick_ms;
                /* What packets cost is in nobody's account: a check's own would be its excuse. */
                if (i == IDLE || i == IOWAIT || i == IRQ || i == SOFTIRQ)
                        mark->idle_ms += ticks * tick_ms;
        }
}

void load_mark(LoadMark *ret_mark) {
        cleanup_buf Buf text = BUF_INIT(STAT_BYTES);

        *ret_mark = (LoadMark){.own_ms = used_by(RUSAGE_SELF) + used_by(RUSAGE_CHILDREN)};
        if (file_read("/proc/stat", &text) == 0)
                load_read(buf_get(&text), 1000 / (uint64_t)sysconf(_SC_CLK_TCK), ret_mark);
}

unsigned load_of_others(const LoadMark *from, const LoadMark *to) {
        uint64_t all_ms = to->all_ms - from->all_ms;
        uint64_t not_theirs_ms = to->idle_ms - from->idle_ms + to->own_ms - from->own_ms;

        if (!from->all_ms || to->all_ms <= from->all_ms || not_theirs_ms >= all_ms)
                return 0;
        return (unsigned)((all_ms - not_theirs_ms) * 1000 / all_ms);
}

bool load_is_excuse(unsigned others, uint64_t cpu_ms, uint64_t wall_ms) {
        return others >= MUCH && cpu_ms * AT_LEAST >= wall_ms;
}

static int open_lock(const char *scratch, const char *name) {
        cleanup_free char *path = mem_printf("%s/%s", scratch, name);

        return open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

static int take(int fd, int operation) {
        if (flock(fd, operation | LOCK_NB) == 0)
                return 0;
        return errno == EWOULDBLOCK || errno == EINTR ? TURN_E_BUSY : error_origin(-errno);
}

int turn_try(const char *scratch, bool is_alone, Turn *turn) {
        int r = 0;

        if (turn->gate_fd < 0)
                turn->gate_fd = open_lock(scratch, "turn.lock");
        if (turn->run_fd < 0)
                turn->run_fd = open_lock(scratch, "run.lock");
        if (turn->gate_fd < 0 || turn->run_fd < 0)
                return error_origin(-errno);
        r = take(turn->gate_fd, LOCK_EX);
        if (r == 0)
                r = take(turn->run_fd, is_alone ? LOCK_EX : LOCK_SH);
        if (r == 0 && !is_alone)
                fd_close(&turn->gate_fd);
        return r;
}

void turn_give(Turn *turn) {
        fd_close(&turn->gate_fd);
        fd_close(&turn->run_fd);
}
