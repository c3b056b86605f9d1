/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Read from /proc, compared by halves. */

#include "tests/chaos/soak.h"

#include <sys/stat.h>

#include "tests/lib/test.h"

enum {
        GROWTH_KIB_MAX = 1 << 10,
        FDS_MORE_MAX = 2, /* a connection that comes and goes */
        WAL_KIB_MAX = 64 << 10,
        SLOWER_MAX = 2, /* times, where others use the processors as well */
        HOUR_MS = 3600000,
};

static uint64_t size_kib(const char *path) {
        struct stat facts;

        return path && stat(path, &facts) == 0 ? (uint64_t)facts.st_size / 1024 : 0;
}

void soak_look(pid_t pid, const char *wal, Figures *latencies, SoakPart *ret_part) {
        *ret_part = (SoakPart){.kib = process_resident_kib(pid),
                               .wal_kib = size_kib(wal),
                               .n_fds = process_count_fds(pid)};
        if (latencies) {
                ret_part->p50_us = figures_percentile(latencies, 50);
                ret_part->p99_us = figures_percentile(latencies, 99);
        }
}

/* The means of the parts' medians and 99th percentiles. */
typedef struct Mean {
        uint64_t p50_us, p99_us;
} Mean;

static Mean mean_of(const SoakPart *parts, size_t n) {
        Mean mean = {0, 0};

        for (size_t i = 0; i < n; i++) {
                mean.p50_us += parts[i].p50_us;
                mean.p99_us += parts[i].p99_us;
        }
        mean.p50_us /= n;
        mean.p99_us /= n;
        return mean;
}

static bool has_long_log(const SoakPart *parts, size_t n_parts) {
        for (size_t i = 0; i < n_parts; i++)
                if (parts[i].wal_kib > WAL_KIB_MAX)
                        return true;
        return false;
}

const char *soak_judge(const SoakPart *parts, size_t n_parts, uint64_t part_ms) {
        const SoakPart *first = &parts[1], *last = &parts[n_parts - 1];
        size_t n_half = (n_parts - 1) / 2;

        (void)part_ms;
        CHECK(n_parts >= 5);
        if (last->kib > first->kib + GROWTH_KIB_MAX)
                return "memory";
        if (last->n_fds > first->n_fds + FDS_MORE_MAX)
                return "descriptors";
        if (has_long_log(parts, n_parts))
                return "log";
        if (mean_of(last + 1 - n_half, n_half).p50_us > SLOWER_MAX * mean_of(first, n_half).p50_us)
                return "latency";
        return NULL;
}

int64_t soak_kib_an_hour(const SoakPart *parts, size_t n_parts, uint64_t part_ms) {
        double n = (double)n_parts - 1, x = 0, y = 0, xx = 0, xy = 0;

        for (size_t i = 1; i < n_parts; i++) {
                x += (double)i;
                y += (double)parts[i].kib;
                xx += (double)i * (double)i;
                xy += (double)i * (double)parts[i].kib;
        }
        return (int64_t)((n * xy - x * y) / (n * xx - x * x) * HOUR_MS / (double)part_ms);
}

const char *soak_judge_steady(const SoakPart *parts, size_t n_parts, uint64_t part_ms) {
        size_t n_half = (n_parts - 1) / 2;
        uint64_t before_us = mean_of(&parts[1], n_half).p99_us;
        uint64_t us = mean_of(&parts[n_parts - n_half], n_half).p99_us;

        CHECK(n_parts >= 5);
        if (soak_kib_an_hour(parts, n_parts, part_ms) > GROWTH_KIB_MAX)
                return "memory";
        for (size_t i = 1; i < n_parts; i++)
                if (parts[i].n_fds != parts[1].n_fds)
                        return "descriptors";
        if (has_long_log(parts, n_parts))
                return "log";
        if (us * 5 > before_us * 6 || us * 5 < before_us * 4)
                return "latency";
        return NULL;
}
