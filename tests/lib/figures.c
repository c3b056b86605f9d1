/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A list that is sorted when it is asked. */

#include "tests/lib/figures.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "tests/lib/test.h"

void figures_deinit(Figures *figures) {
        free(figures->values);
        *figures = (Figures){.n = 0};
}

void figures_add(Figures *figures, uint64_t value) {
        size_t n = figures->n;

        if ((n & (n - 1)) == 0)
                figures->values = mem_resize(figures->values, n ? n * 2 : 1, sizeof(uint64_t));
        figures->values[figures->n++] = value;
}

static int compare(const void *a, const void *b) {
        uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

        return (left > right) - (left < right);
}

uint64_t figures_percentile(Figures *figures, unsigned percent) {
        if (figures->n == 0)
                return 0;
        qsort(figures->values, figures->n, sizeof(uint64_t), compare);
        return figures->values[(figures->n - 1) * percent / 100];
}

void figures_print(Figures *figures, const char *name, const char *unit) {
        printf("# %s | n %zu, p50 %llu, p99 %llu, most %llu %s\n", name, figures->n,
               (unsigned long long)figures_percentile(figures, 50),
               (unsigned long long)figures_percentile(figures, 99),
               (unsigned long long)figures_percentile(figures, 100), unit);
        (void)fflush(stdout);
}

static void read_proc(pid_t pid, const char *name, Buf *ret_text) {
        char path[64];

        (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
        if (file_read(path, ret_text) != 0)
                FAIL_TEST("%s cannot be read", path);
}

uint64_t process_resident_kib(pid_t pid) {
        cleanup_buf Buf text = BUF_TEXT;
        const char *line;

        read_proc(pid, "status", &text);
        line = strstr(buf_get_text(&text), "VmRSS:");
        if (!line)
                FAIL_TEST("no VmRSS");
        return strtoull(line + strlen("VmRSS:"), NULL, 10);
}

size_t process_count_fds(pid_t pid) {
        char path[64];
        size_t n = 0;
        DIR *dir;

        (void)snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
        dir = opendir(path);
        CHECK(dir != NULL);
        while (readdir(dir))
                n++;
        (void)closedir(dir);
        return n - 2; /* without . and .. */
}

uint64_t process_cpu_ms(pid_t pid) {
        cleanup_buf Buf text = BUF_TEXT;
        uint64_t user = 0, system = 0;
        const char *rest;

        read_proc(pid, "stat", &text);
        rest = strrchr(buf_get_text(&text), ')');
        /* Behind the name: state and ten numbers, then utime and stime. */
        CHECK(rest &&
              sscanf(rest, // NOLINT(cert-err34-c)
                     ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) == 2);
        return (user + system) * 1000 / (uint64_t)sysconf(_SC_CLK_TCK);
}
