/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Trees written as raw bytes, and every way in which a workspace may differ from its commit. */

#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "tests/lib/bench.h"
#include "tests/lib/mounts.h"
#include "tests/lib/repo.h"
#include "tests/lib/space.h"
#include "tests/lib/test.h"
#include "verify/tree.h"

TEST(a_written_tree_is_whole_and_its_facts_are_told) {
        cleanup_space Space space;

        space_make(&space);
        space_expect_whole(&space);
        CHECK_EQ_U64(space.facts.n_files, 5);
        CHECK_EQ_U64(space.facts.n_dirs, 4);
        CHECK_EQ_U64(space.facts.n_links, 1);
        CHECK_EQ_U64(space.facts.n_submodules, 0);
        CHECK_EQ_U64(space.facts.n_bytes, 8 + 10 + 7 + 11 + 8);
}

TEST(modes_do_not_depend_on_the_caller_s_umask) {
        cleanup_space Space space;

        (void)umask(0077);
        space_make(&space);
        space_expect_whole(&space);
        CHECK_EQ_INT(umask(0022), 0077);
}

TEST(an_empty_tree_is_an_empty_directory) {
        cleanup_space Space space;

        space_begin(&space);
        space_commit(&space);
        space_write(&space);
        space_expect_empty(&space);
        space_expect_whole(&space);
}

TEST(attributes_and_filters_change_no_byte) {
        static const char text[] = "$Id$\n$Format:%H$\nline\n";
        cleanup_space Space space;
        cleanup_buf Buf bytes = BUF_TEXT;
        cleanup_free char *path = NULL;

        space_begin(&space);
        bench_write(space.repo.path, "a.txt", text, 0644);
        space_commit(&space);
        bench_write(space.repo.path, ".gitattributes",
                    "* text eol=crlf ident export-subst\n"
                    "a.txt export-ignore filter=x working-tree-encoding=UTF-16\n",
                    0644);
        bench_git(space.repo.path, NULL, "add", ".gitattributes");
        bench_git(space.repo.path, NULL, "commit", "--quiet", "-m", "attributes");
        repo_ask(&space.repo, space.tree, "rev-parse", "HEAD^{tree}");
        space_write(&space);
        path = space_path(&space, "a.txt");
        CHECK_EQ_INT(file_read(path, &bytes), 0);
        CHECK_EQ_TEXT(buf_get_text(&bytes), text);
        space_expect_whole(&space);
}

TEST(names_of_any_bytes_are_written_and_verified) {
        cleanup_space Space space;
        cleanup_free char *path = NULL;

        space_begin(&space);
        bench_write(space.repo.path, "new\nline", "1", 0644);
        bench_write(space.repo.path, "\xff\xfe/-rf", "2", 0644);
        bench_write(space.repo.path, "a.b/c", "3", 0644);
        bench_write(space.repo.path, "a/c", "4", 0644);
        bench_write(space.repo.path, "a0/c", "5", 0644);
        space_commit(&space);
        space_write(&space);
        space_expect_whole(&space);
        path = space_path(&space, "\xff\xfe/-rf");
        CHECK_EQ_INT(unlink(path), 0);
        space_expect_differing(&space, "\\xff\\xfe/-rf", "missing");
}

TEST(a_submodule_is_an_empty_directory_and_counted) {
        cleanup_space Space space;
        cleanup_buf Buf tree = BUF_TEXT;

        space_begin(&space);
        repo_tree_add(&tree, "160000", slice_text("module"),
                      "1111111111111111111111111111111111111111");
        repo_object(&space.repo, "tree", buf_get(&tree), space.tree);
        space_write(&space);
        CHECK_EQ_U64(space.facts.n_submodules, 1);
        space_expect_whole(&space);
}

TEST(pointers_of_git_lfs_are_counted_and_nothing_else_is) {
        static const char pointer[] = "version https://git-lfs.github.com/spec/v1\n"
                                      "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daa"
                                      "aa5e2ca24d17e2393\nsize 12345\n";
        cleanup_free char *quoted = mem_printf("# how a pointer looks:\n%s", pointer);
        cleanup_space Space space;

        space_begin(&space);
        bench_write(space.repo.path, "a.bin", pointer, 0644);
        bench_write(space.repo.path, "dir/b.bin", pointer, 0755);
        bench_write(space.repo.path, "manual", quoted, 0644);
        bench_write(space.repo.path, "spec", "version https://git-lfs.github.com/spec/v1\n", 0644);
        space_commit(&space);
        space_write(&space);
        CHECK_EQ_INT(tree_verify(space.mirror, space.tree, space.dir, &tree_limits_default,
                                 &space.facts, &(Fault){.rule = NULL}),
                     0);
        CHECK_EQ_U64(space.facts.n_pointers, 2);
}

/* How a workspace is spoiled, and what verification must say about which path. */
typedef struct SpoilRow {
        void (*spoil)(const Space *space);
        const char *place, *found;
} SpoilRow;

static void plant(const Space *space, const char *path) {
        bench_write(space->dir, path, "planted\n", 0644);
}

static void replace(const Space *space, const char *path, const char *text, mode_t mode) {
        bench_write(space->dir, path, text, mode);
}

static void change_mode(const Space *space, const char *path, mode_t mode) {
        cleanup_free char *whole = space_path(space, path);

        CHECK_EQ_INT(chmod(whole, mode), 0);
}

static void take_away(const Space *space, const char *path) {
        cleanup_free char *whole = space_path(space, path);

        CHECK_EQ_INT(dir_remove(whole), 0);
}

static void link_to(const Space *space, const char *target, const char *path) {
        cleanup_free char *whole = space_path(space, path);

        take_away(space, path);
        CHECK_EQ_INT(symlink(target, whole), 0);
}

static void spoil_ignored_file(const Space *space) {
        plant(space, "src/a.o");
}

static void spoil_ignored_dir(const Space *space) {
        plant(space, "build/out");
}

static void spoil_dot_git(const Space *space) {
        plant(space, ".git/config");
}

static void spoil_empty_dir(const Space *space) {
        cleanup_free char *path = space_path(space, "src/deep/none");

        CHECK_EQ_INT(mkdir(path, 0755), 0);
}

static void spoil_byte(const Space *space) {
        replace(space, "src/deep/er/a.c", "int b;\n", 0644);
}

static void spoil_length(const Space *space) {
        replace(space, "src/deep/er/a.c", "int a;\n\n", 0644);
}

static void spoil_mode(const Space *space) {
        change_mode(space, "README", 0755);
}

static void spoil_program(const Space *space) {
        change_mode(space, "bin/run", 0644);
}

static void spoil_group(const Space *space) {
        change_mode(space, "README", 0664);
}

static void spoil_setuid(const Space *space) {
        change_mode(space, "bin/run", 04755);
}

static void spoil_dir_mode(const Space *space) {
        change_mode(space, "src/deep", 0700);
}

static void spoil_hard_link(const Space *space) {
        cleanup_free char *from = space_path(space, "README"), *to = mem_printf("%s/x", test_dir());

        CHECK_EQ_INT(link(from, to), 0);
}

static void spoil_missing_file(const Space *space) {
        take_away(space, "empty");
}

static void spoil_missing_dir(const Space *space) {
        take_away(space, "src/deep");
}

static void spoil_link_target(const Space *space) {
        link_to(space, "src/Deep", "link");
}

static void spoil_link_by_file(const Space *space) {
        take_away(space, "link");
        replace(space, "link", "src/deep", 0644);
}

static void spoil_file_by_link(const Space *space) {
        cleanup_free char *copy = mem_printf("%s/README", space->repo.path);

        link_to(space, copy, "README");
}

static void spoil_dir_by_link(const Space *space) {
        cleanup_free char *copy = mem_printf("%s/src", space->repo.path);

        link_to(space, copy, "src");
}

static void spoil_file_by_dir(const Space *space) {
        take_away(space, "empty");
        plant(space, "empty/file");
}

static void spoil_file_by_fifo(const Space *space) {
        cleanup_free char *path = space_path(space, "empty");

        take_away(space, "empty");
        CHECK_EQ_INT(mkfifo(path, 0644), 0);
}

static void spoil_file_by_socket(const Space *space) {
        cleanup_free char *path = space_path(space, "empty");
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        cleanup_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        take_away(space, "empty");
        (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
        CHECK_EQ_INT(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
}

static void spoil_extra_link(const Space *space) {
        link_to(space, "/etc/passwd", "src/extra");
}

static const SpoilRow spoils[] = {
        {spoil_ignored_file, "src/a.o", "not in the commit"},
        {spoil_ignored_dir, "build", "not in the commit"},
        {spoil_dot_git, ".git", "not in the commit"},
        {spoil_empty_dir, "src/deep/none", "not in the commit"},
        {spoil_extra_link, "src/extra", "not in the commit"},
        {spoil_byte, "src/deep/er/a.c", "bytes are not those"},
        {spoil_length, "src/deep/er/a.c", "8 bytes and should have 7"},
        {spoil_mode, "README", "0755 and should be 0644"},
        {spoil_program, "bin/run", "0644 and should be 0755"},
        {spoil_group, "README", "0664"},
        {spoil_setuid, "bin/run", "4755"},
        {spoil_dir_mode, "src/deep", "0700"},
        {spoil_hard_link, "README", "2 names"},
        {spoil_missing_file, "empty", "missing"},
        {spoil_missing_dir, "src/deep", "missing"},
        {spoil_link_target, "link", "bytes are not those"},
        {spoil_link_by_file, "link", "should be a symbolic link"},
        {spoil_file_by_link, "README", "is a symbolic link"},
        {spoil_dir_by_link, "src", "is a symbolic link"},
        {spoil_file_by_dir, "empty", "is a directory"},
        {spoil_file_by_fifo, "empty", "is a fifo"},
        {spoil_file_by_socket, "empty", "is a socket"},
};

TEST(every_difference_from_the_commit_is_found_and_named) {
        for (size_t i = 0; i < ARRAY_SIZE(spoils); i++) {
                cleanup_space Space space;

                space_make(&space);
                spoils[i].spoil(&space);
                space_expect_differing(&space, spoils[i].place, spoils[i].found);
        }
}

TEST(what_is_put_into_a_submodule_s_directory_is_found) {
        cleanup_space Space space;
        cleanup_buf Buf tree = BUF_TEXT;

        space_begin(&space);
        repo_tree_add(&tree, "160000", slice_text("module"),
                      "1111111111111111111111111111111111111111");
        repo_object(&space.repo, "tree", buf_get(&tree), space.tree);
        space_write(&space);
        plant(&space, "module/code.c");
        space_expect_differing(&space, "module/code.c", "not in the commit");
}

/* Large enough that two processes share the work. */
static void make_large(Space *space) {
        cleanup_buf Buf text = BUF_TEXT;

        space_begin(space);
        for (int i = 0; i < 6; i++) {
                cleanup_free char *path = mem_printf("dir%d/file", i);

                while (text.n < (size_t)(i + 10) * 100000)
                        buf_printf(&text, "%zu\n", text.n);
                bench_write(space->repo.path, path, buf_get_text(&text), 0644);
        }
        space_commit(space);
}

TEST(a_large_tree_is_written_and_verified_by_two_processes) {
        cleanup_space Space space;

        make_large(&space);
        space_write(&space);
        space_expect_whole(&space);
        CHECK_EQ_U64(space.facts.n_files, 6);
        change_mode(&space, "dir5/file", 0600);
        space_expect_differing(&space, "dir5/file", "0600");
        plant(&space, "dir4/extra");
        space_expect_differing(&space, "dir4/extra", "not in the commit");
        change_mode(&space, "dir0/file", 0600);
        space_expect_differing(&space, "dir0/file", "0600");
}

TEST(a_link_that_leads_outside_is_only_data) {
        cleanup_space Space space;
        const char *outside = test_dir();
        cleanup_free char *link = NULL, *path = NULL;
        char target[4096] = "";

        space_begin(&space);
        link = mem_printf("%s/out", space.repo.path);
        CHECK_EQ_INT(symlink(outside, link), 0);
        bench_write(space.repo.path, "outer/file", "x", 0644);
        space_commit(&space);
        space_write(&space);
        space_expect_whole(&space);
        CHECK_EQ_INT(rmdir(outside), 0); /* hence nothing was put there */
        path = space_path(&space, "out");
        CHECK_EQ_INT(readlink(path, target, sizeof target - 1), (int64_t)strlen(outside));
        CHECK_EQ_TEXT(target, outside);
}

static void mount_small(const char *dir) {
        if (!mounts_tmpfs(dir, "size=64k"))
                SKIP("may not mount a tmpfs");
}

TEST(a_full_disk_is_an_error_that_says_so) {
        cleanup_space Space space;
        cleanup_buf Buf text = BUF_TEXT;

        space_begin(&space);
        while (text.n < 200000)
                buf_text(&text, "0123456789");
        bench_write(space.repo.path, "a", buf_get_text(&text), 0644);
        space_commit(&space);
        mount_small(space.dir);
        space_expect_refused(&space, &tree_limits_default, PREP_E_ERROR, "prep.space", "a");
}

TEST(a_disk_that_fills_under_two_processes_is_an_error_that_says_so) {
        cleanup_space Space space;

        make_large(&space);
        mount_small(space.dir);
        space_expect_refused(&space, &tree_limits_default, PREP_E_ERROR, "prep.space", NULL);
}

TEST(a_mount_inside_the_workspace_is_found) {
        cleanup_space Space space;
        cleanup_free char *path = NULL;

        space_make(&space);
        path = space_path(&space, "src/deep/er");
        mount_small(path);
        CHECK_EQ_INT(chmod(path, 0755), 0);
        plant(&space, "src/deep/er/a.c");
        space_expect_differing(&space, "src/deep/er", "cannot be opened");
        CHECK_EQ_INT(umount(path), 0);
}
