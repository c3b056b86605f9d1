/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The sandbox as root makes it: the cases in sandbox_*.c, and what only root has. */

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/lib/cell.h"
#include "tests/lib/test.h"

const bool cell_is_unprivileged = false;

TEST(what_is_in_force_is_said) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell_run(&cell, "true");
        CHECK_CONTAINS(
                cell.outcome.isolation,
                "root: pid mount net ipc uts cgroup, seccomp, root overlay, workspace overlay");
        CHECK_CONTAINS(cell.outcome.isolation, "uid 6");
}

TEST(the_command_is_nobody_we_know) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell_run_script(&cell,
                        "test $(id -u) -ge 64123 && test $(id -u) -le 65146 && id -G | wc -w");
        cell_expect_exit(&cell, 0);
        CHECK_EQ_TEXT(cell_get_out(&cell), "1\n");
}

/* On the host anybody may write there: only the overlay keeps it. */
TEST(writes_to_open_directories_of_the_host_stay_in_the_overlay) {
        cleanup_free char *path = mem_printf("/var/lib/cell-%d", (int)getpid());
        cleanup_free char *file = mem_printf("%s/file", path);
        cleanup_cell Cell cell;

        if (mkdir(path, 0777) < 0 || chmod(path, 0777) < 0)
                SKIP("no right to make a directory in /var/lib");
        cell_clean_up(path);
        cell_init(&cell);
        cell_run(&cell, "touch", file);
        cell_expect_exit(&cell, 0);
        CHECK(access(file, F_OK) < 0);
        CHECK_EQ_U64(cell.outcome.n_outside, 1);
        CHECK_EQ_TEXT(cell.outcome.outside[0], file);
}

TEST(a_directory_of_the_tree_may_be_renamed_on_the_overlay) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell_run(&cell, "python3", "-c",
                 "import os; os.rename('sub', 'bus'); open('bus/new', 'w')");
        cell_expect_exit(&cell, 0);
        CHECK(cell_has(cell.outcome.changed, cell.outcome.n_changed, "sub/"));
        CHECK(cell_has(cell.outcome.changed, cell.outcome.n_changed, "bus/"));
        CHECK(cell_has(cell.outcome.changed, cell.outcome.n_changed, "bus/new"));
}

TEST(terminals_can_be_had) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell_run(&cell, "python3", "-c", "import pty; m, s = pty.openpty(); print('pty')");
        cell_expect_exit(&cell, 0);
}
