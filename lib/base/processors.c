/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Of control groups only the second version is asked. */

#include "base/processors.h"

#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/proc.h"

enum { FILE_BYTES = 4096, SET_MOST = 1 << 16 };

static const char groups[] = "/sys/fs/cgroup";

size_t processors_of_quota(Slice cpu_max) {
        uint64_t quota = proc_number(proc_get_field(cpu_max, 0)); /* "max" is none */
        uint64_t period = proc_number(proc_get_field(cpu_max, 1));

        return !quota || !period ? 0 : (size_t)((quota - 1) / period + 1);
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
        cleanup_free char *group = NULL;
        size_t least = 0;
        Slice own;
        char *slash;

        if (file_read("/proc/self/cgroup", &table) != 0)
                return 0;
        own = proc_find_group(buf_get(&table), "");
        if (!own.n)
                return 0;
        group = mem_strndup((const char *)own.data, own.n);
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
