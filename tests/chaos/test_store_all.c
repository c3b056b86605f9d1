/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The same by the figures of a machine that does nothing else; and a disk that is none in memory.
 */

#include <sched.h>
#include <sys/mount.h>

#include "base/mem.h"
#include "tests/chaos/extent.h"
#include "tests/chaos/store.h"
#include "tests/lib/bench.h"
#include "tests/lib/test.h"

enum { TOOL_MS = 20000 };

const bool extent_is_long = true;

/* Its blocks are a file's. */
static void give_ext4(const char *dir) {
        cleanup_free char *command = mem_printf(
                "truncate -s 24M %s.img && mkfs.ext4 -q -F -m 0 %s.img && mount -o loop %s.img %s",
                dir, dir, dir, dir);
        ProcessSpec spec = {.argv = {"sh", "-c", command}};

        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            bench_run(&spec, TOOL_MS, NULL, NULL) != 0)
                SKIP("no loop devices, no mkfs.ext4, or not root");
}

TEST(on_a_full_disk_of_its_own_blocks_it_is_the_same) {
        store_fill(give_ext4);
}
