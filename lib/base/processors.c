/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Of control groups only the second version is asked: its table has one line. */

#include "base/processors.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"

enum { FILE_BYTES = 4096, SET_MOST = 1 << 16 };

static const char groups[] = "/sys/fs/cgroup";

size_t processors_of_quota(Slice cpu_max) {
        cleanup_free char *text = mem_strndup((const char *)cpu_max.data, cpu_max.n);
        char *rest;
        unsigned long long quota = strtoull(text, &rest, 10);
        unsigned long long period = strtoull(rest, NULL, 10);

        return rest == text || !quota || !period ? 0 : (size_t)((quota - 1) / period + 1);
}

/* The set's size is asked for by trial: the kernel's may be larger than the library's. */
static size_t count_bound(void) {
        for (size_t most = CPU_SETSIZE; most <= SET_MOST; most *= 2) {
                cpu_set_t *set = CPU_ALLOC(most);
                size_t n_bytes = CPU_ALLOC_SIZE(most);
                int r = set ? sched_getaffinity(0, n_bytes, set) : -1;
                size_t n = r == 0 ? (size_t)CPU_COUNT_S(n_bytes, set) : 0;

                CPU_FREE(set);
                if (n || errno != EINVAL)
                        return n;
        }
        return 0;
}

static size_t quota_of(const char *group) {
        cleanup_free char *path = mem_printf("%s%s/cpu.max", groups, group);
        cleanup_buf Buf text = BUF_INIT(FILE_BYTES);

        return file_read(path, &text) == 0 ? processors_of_quota(buf_get(&text)) : 0;
}

/* The least of our group's and of those above it. */
static size_t count_quota(void) {
        cleanup_buf Buf table = BUF_INIT(FILE_BYTES);
        char *group, *slash;
        size_t least = 0;

        if (file_read("/proc/self/cgroup", &table) != 0)
                return 0;
        group = strstr(buf_get_text(&table), "0::/");
        if (!group)
                return 0;
        group += strlen("0::");
        group[strcspn(group, "\n")] = 0;
        for (;;) {
                size_t n = quota_of(group);

                if (n && (!least || n < least))
                        least = n;
                slash = strrchr(group, '/');
                if (!slash)
                        return least;
                *slash = 0;
        }
}

size_t processors_count(void) {
        size_t n = count_bound(), quota = count_quota();

        if (!n) {
                long n_online = sysconf(_SC_NPROCESSORS_ONLN);

                n = n_online > 0 ? (size_t)n_online : 1;
        }
        return quota && quota < n ? quota : n;
}
