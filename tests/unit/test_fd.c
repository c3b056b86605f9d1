/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Whole files and trees. */

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/lib/test.h"

static char *path_in(const char *dir, const char *name) {
        return mem_printf("%s/%s", dir, name);
}

static bool exists(const char *path) {
        struct stat facts;

        return lstat(path, &facts) == 0;
}

TEST(what_is_written_is_read) {
        cleanup_free char *path = path_in(test_dir(), "file");
        cleanup_buf Buf bytes = BUF_INIT(100);
        struct stat facts;

        CHECK_EQ_INT(file_write_atomic(path, slice_make("a\0b", 3), 0640), 0);
        CHECK_EQ_INT(file_read(path, &bytes), 0);
        CHECK_EQ_SLICE(buf_get(&bytes), slice_make("a\0b", 3));
        CHECK_EQ_INT(stat(path, &facts), 0);
        CHECK_EQ_INT(facts.st_mode & 07777, 0640);
}

TEST(a_missing_file_is_told_apart) {
        cleanup_free char *path = path_in(test_dir(), "file");
        cleanup_buf Buf bytes = BUF_INIT(100);

        CHECK_EQ_INT(file_read(path, &bytes), FILE_E_MISSING);
}

TEST(a_file_larger_than_the_ceiling_is_told_apart) {
        cleanup_free char *path = path_in(test_dir(), "file");
        cleanup_buf Buf exact = BUF_INIT(4), small = BUF_INIT(3);

        CHECK_EQ_INT(file_write_atomic(path, slice_text("abcd"), 0600), 0);
        CHECK_EQ_INT(file_read(path, &exact), 0);
        CHECK_EQ_INT(file_read(path, &small), FILE_E_TOO_LARGE);
}

TEST(an_endless_file_ends_at_the_ceiling) {
        cleanup_buf Buf bytes = BUF_INIT(1 << 20);

        CHECK_EQ_INT(file_read("/dev/zero", &bytes), FILE_E_TOO_LARGE);
}

TEST(a_failed_write_leaves_the_old_file_and_no_other) {
        const char *dir = test_dir();
        cleanup_free char *path = path_in(dir, "file");
        cleanup_free char *inside = path_in(path, "x");
        cleanup_buf Buf bytes = BUF_INIT(100);

        CHECK_EQ_INT(file_write_atomic(path, slice_text("old"), 0600), 0);
        CHECK_EQ_INT(file_write_atomic(inside, slice_text("new"), 0600), -ENOTDIR);
        CHECK_EQ_INT(file_read(path, &bytes), 0);
        CHECK_EQ_TEXT(buf_get_text(&bytes), "old");
        CHECK_EQ_INT(unlink(path), 0);
        CHECK_EQ_INT(rmdir(dir), 0); /* it was the only one */
}

TEST(directories_are_made_with_their_parents) {
        cleanup_free char *path = path_in(test_dir(), "a/b/c");

        CHECK_EQ_INT(dir_make(path, 0700), 0);
        CHECK_EQ_INT(dir_make(path, 0700), 0);
        CHECK(exists(path));
}

TEST(a_file_in_the_way_of_a_directory_is_an_error) {
        const char *dir = test_dir();
        cleanup_free char *file = path_in(dir, "a");
        cleanup_free char *path = path_in(dir, "a/b");

        CHECK_EQ_INT(file_write_atomic(file, slice_text(""), 0600), 0);
        CHECK_EQ_INT(dir_make(file, 0700), -ENOTDIR);
        CHECK_EQ_INT(dir_make(path, 0700), -ENOTDIR);
}

TEST(removing_a_tree_follows_no_link) {
        const char *dir = test_dir();
        cleanup_free char *outside = path_in(dir, "outside");
        cleanup_free char *kept = path_in(dir, "outside/kept");
        cleanup_free char *tree = path_in(dir, "tree");
        cleanup_free char *link = path_in(dir, "tree/sub/link");
        cleanup_free char *sub = path_in(dir, "tree/sub");

        CHECK_EQ_INT(dir_make(outside, 0700), 0);
        CHECK_EQ_INT(file_write_atomic(kept, slice_text("x"), 0600), 0);
        CHECK_EQ_INT(dir_make(sub, 0700), 0);
        CHECK_EQ_INT(symlink(outside, link), 0);
        CHECK_EQ_INT(chmod(sub, 0500), 0);
        CHECK_EQ_INT(dir_remove(tree), 0);
        CHECK(!exists(tree));
        CHECK(exists(kept));
        CHECK_EQ_INT(dir_remove(tree), 0);
}

TEST(a_closed_descriptor_is_closed_once) {
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

        fd_close(&fd);
        CHECK_EQ_INT(fd, -1);
        fd_close(&fd);
}

TEST(a_lock_that_another_holds_is_waited_for_and_not_for_ever) {
        const char *dir = test_dir();
        cleanup_fd int held = -1, fd = -1;
        Fault fault = FAULT_INIT;

        CHECK_EQ_INT(dir_lock(dir, DIR_LOCK_MS, &held, &fault), 0);
        CHECK_EQ_INT(dir_lock(dir, 20, &fd, &fault), DIR_E_LOCKED);
        fd_close(&held);
        CHECK_EQ_INT(dir_lock(dir, DIR_LOCK_MS, &fd, &fault), 0);
}

TEST(who_holds_a_lock_is_named_with_what_to_type) {
        cleanup_free char *holder = mem_printf("process %d has held its lock", (int)getpid());
        cleanup_free char *look = mem_printf("ps -fp %d", (int)getpid());
        const char *dir = test_dir();
        cleanup_fd int held = -1, fd = -1;
        Fault fault = FAULT_INIT;

        CHECK_EQ_INT(dir_lock(dir, DIR_LOCK_MS, &held, &fault), 0);
        CHECK_EQ_INT(dir_lock(dir, 20, &fd, &fault), DIR_E_LOCKED);
        CHECK_EQ_TEXT(fault.rule, "dir-locked");
        CHECK_EQ_TEXT(fault.place, dir);
        CHECK_CONTAINS(fault.found, holder);
        CHECK_CONTAINS(fault.next, look);
}
