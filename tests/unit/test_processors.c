/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* How many processors we may use. */

#include "base/processors.h"

#include <sched.h>

#include "tests/lib/test.h"

TEST(a_process_that_is_bound_to_one_processor_has_one) {
        cpu_set_t before, one;
        int first = 0;

        CHECK_EQ_INT(sched_getaffinity(0, sizeof before, &before), 0);
        while (!CPU_ISSET(first, &before))
                first++;
        CPU_ZERO(&one);
        CPU_SET(first, &one);
        CHECK_EQ_INT(sched_setaffinity(0, sizeof one, &one), 0);
        CHECK_EQ_U64(processors_count(), 1);
        CHECK_EQ_INT(sched_setaffinity(0, sizeof before, &before), 0);
        CHECK(processors_count() >= 1);
        CHECK(processors_count() <= (size_t)CPU_COUNT(&before));
}

TEST(a_quota_counts_a_part_of_a_processor_as_one) {
        static const struct {
                const char *text;
                size_t n;
        } rows[] = {
                {"max 100000\n", 0},    {"100000 100000\n", 1}, {"50000 100000\n", 1},
                {"150000 100000\n", 2}, {"400000 100000", 4},   {"", 0},
                {"0 100000", 0},        {"100000", 0},          {"100000 0", 0},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                CHECK_EQ_U64(processors_of_quota(slice_text(rows[i].text)), rows[i].n);
}
