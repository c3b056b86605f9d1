/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The sandbox as anybody makes it: the cases in sandbox_*.c, in a user namespace. */

#include "tests/lib/cell.h"
#include "tests/lib/mounts.h"
#include "tests/lib/test.h"

const bool cell_is_unprivileged = true;

TEST(what_is_in_force_is_said) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell_run(&cell, "true");
        CHECK_CONTAINS(cell.outcome.isolation,
                       "unprivileged: user pid mount net ipc uts cgroup, seccomp, root read-only");
}

TEST(the_namespace_has_no_root) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell_run_script(&cell, "id -u; wc -l < /proc/self/uid_map; cat /proc/self/setgroups");
        cell_expect_exit(&cell, 0);
        CHECK_EQ_TEXT(cell_get_out(&cell), "64123\n1\ndeny\n");
}

/* As ProtectKernelLogs= of a service would: what stands in the adversary's unit may not. */
TEST(where_a_part_of_proc_is_hidden_nothing_runs_and_it_is_said_why) {
        cleanup_cell Cell cell;

        if (!mounts_hide("/proc/kmsg"))
                SKIP("no mounts of one's own here");
        cell_init(&cell);
        cell_run(&cell, "true");
        cell_expect_end(&cell, SANDBOX_BROKEN);
        CHECK_EQ_TEXT(cell.outcome.fault.rule, "sandbox.mounts");
        CHECK_CONTAINS(cell.outcome.fault.next, "ProtectKernelLogs=");
}
