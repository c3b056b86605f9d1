/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Tables of the kernel in which strangers have chosen the names. */

#include "base/proc.h"

#include "tests/lib/test.h"

TEST(a_program_has_the_parent_that_the_kernel_says_whatever_its_name) {
        ProcStat stat;

        CHECK(proc_read_stat(
                slice_text("9 (a) Z 1 (\n) S 42 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 3 0 77"), &stat));
        CHECK_EQ_U64((uint64_t)stat.parent, 42);
        CHECK_EQ_U64(stat.n_threads, 3);
        CHECK_EQ_U64(stat.started, 77);
        CHECK(slice_is(stat.name, "a) Z 1 (\n"));
        CHECK(proc_is_alive(&stat));
        CHECK(!proc_read_stat(slice_text("9 (a) S 42 1"), &stat));
        CHECK(!proc_read_stat(slice_text(") 9 ("), &stat));
}

TEST(a_mount_is_found_where_its_name_has_blanks_and_what_was_mounted_has_none) {
        cleanup_buf Buf path = BUF_TEXT;
        ProcMount mount;

        CHECK(proc_read_mount(
                slice_text(
                        "36 35 98:0 /r /mnt/a\\040-\\040b rw,nosuid shared:1 - tmpfs  rw,size=4k"),
                &mount));
        CHECK(slice_is(mount.root, "/r"));
        CHECK(slice_is(mount.options, "rw,nosuid"));
        CHECK(slice_is(mount.type, "tmpfs"));
        CHECK(slice_is(mount.of_system, "rw,size=4k"));
        proc_unescape(mount.path, &path);
        CHECK_EQ_TEXT(buf_get_text(&path), "/mnt/a - b");
        CHECK(!proc_read_mount(slice_text("36 35 98:0 /r /mnt rw"), &mount));
}

TEST(a_group_is_that_of_its_own_hierarchy_whatever_others_are_called) {
        Slice table = slice_text("5:name=x:/0::/theirs\n4:memory:/a b\n0::/mine\n");

        CHECK(slice_is(proc_find_group(table, ""), "/mine"));
        CHECK(slice_is(proc_find_group(table, "memory"), "/a b"));
        CHECK_EQ_U64(proc_find_group(table, "cpu").n, 0);
}

TEST(a_number_stands_behind_its_words_at_the_begin_of_a_line) {
        Slice table = slice_text("oom 1\nnot_oom_kill 2\noom_kill 3\nmuch 99999999999999999999\n");

        CHECK_EQ_U64(proc_find_number(table, "oom_kill "), 3);
        CHECK_EQ_U64(proc_find_number(table, "oom "), 1);
        CHECK_EQ_U64(proc_find_number(table, "kill "), 0);
        CHECK_EQ_U64(proc_find_number(table, "much "), UINT64_MAX);
}
