/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What a command sees of the file system, and what becomes of what it writes. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "tests/lib/bench.h"
#include "tests/lib/cell.h"
#include "tests/lib/test.h"

static void expect_file(const Cell *cell, const char *path, const char *text) {
        cleanup_free char *full = mem_printf("%s/%s", cell->tree, path);
        cleanup_buf Buf bytes = BUF_TEXT;

        CHECK_EQ_INT(file_read(full, &bytes), 0);
        CHECK_EQ_TEXT(buf_get_text(&bytes), text);
}

static bool is_changed(const Cell *cell, const char *path) {
        return cell_has(cell->outcome.changed, cell->outcome.n_changed, path);
}

static bool is_outside(const Cell *cell, const char *path) {
        return cell_has(cell->outcome.outside, cell->outcome.n_outside, path);
}

/* On an overlay and in a copy alike. */
static void expect_exact_changes(Cell *cell, const char *isolation) {
        cell_run_script(cell, "echo new > file && rm sub/file && echo x > fresh && mkdir -p d/e && "
                              "rm -r gone && : >> same && touch same && ln -s file link && "
                              "chmod 600 evader");
        cell_expect_exit(cell, 0);
        CHECK_CONTAINS(cell->outcome.isolation, isolation);
        CHECK(is_changed(cell, "file"));
        CHECK(is_changed(cell, "sub/file"));
        CHECK(is_changed(cell, "fresh"));
        CHECK(is_changed(cell, "d/"));
        CHECK(is_changed(cell, "d/e/"));
        CHECK(is_changed(cell, "gone/"));
        CHECK(is_changed(cell, "link"));
        CHECK(is_changed(cell, "evader"));
        CHECK_EQ_U64(cell->outcome.n_changed, 8);
        CHECK_EQ_U64(cell->outcome.n_outside, 0);
        CHECK(!cell->outcome.is_listing_cut);
        expect_file(cell, "file", "one\n");
        expect_file(cell, "sub/file", "two\n");
        expect_file(cell, "gone/file", "three\n");
}

TEST(changes_on_an_overlay_are_listed_and_do_not_reach_the_tree) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        expect_exact_changes(&cell, "workspace overlay");
}

TEST(changes_in_a_copy_are_listed_and_do_not_reach_the_tree) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell.spec.force_copy = true;
        expect_exact_changes(&cell, "workspace copy");
}

TEST(a_directory_that_is_made_anew_shows_what_is_missing_in_it) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell_run_script(&cell, "rm -r sub && mkdir sub && echo x > sub/other");
        cell_expect_exit(&cell, 0);
        CHECK(is_changed(&cell, "sub/file"));
        CHECK(is_changed(&cell, "sub/other"));
}

TEST(a_directory_may_be_renamed_in_a_copy) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell.spec.force_copy = true;
        cell_run_script(&cell, "python3 -c \"import os; os.rename('sub', 'bus')\"");
        cell_expect_exit(&cell, 0);
        CHECK(is_changed(&cell, "sub/"));
        CHECK(is_changed(&cell, "bus/"));
        CHECK(is_changed(&cell, "bus/file"));
}

TEST(without_a_tree_the_workspace_is_empty) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell.spec.tree = NULL;
        cell_run_script(&cell, "test -z \"$(ls -A)\" && echo x > y");
        cell_expect_exit(&cell, 0);
        CHECK_EQ_U64(cell.outcome.n_changed, 1);
        CHECK(is_changed(&cell, "y"));
}

TEST(files_outside_the_workspace_are_listed_and_do_not_reach_the_host) {
        cleanup_cell Cell cell;
        cleanup_free char *name = NULL, *script = NULL;

        cell_init(&cell);
        name = mem_printf("cell-%d", (int)getpid());
        script = mem_printf("for d in /tmp /var/tmp /dev/shm /home/work /run/lock; do "
                            "echo x > $d/%s || exit 1; done; mkdir /tmp/d && : > /tmp/d/f",
                            name);
        cell_run_script(&cell, script);
        cell_expect_exit(&cell, 0);
        for (const char *const *dir = (const char *const[]){"/tmp", "/var/tmp", "/dev/shm",
                                                            "/home/work", "/run/lock", NULL};
             *dir; dir++) {
                cleanup_free char *path = mem_printf("%s/%s", *dir, name);

                CHECK(is_outside(&cell, path));
                CHECK(access(path, F_OK) < 0);
        }
        CHECK(is_outside(&cell, "/tmp/d/"));
        CHECK(is_outside(&cell, "/tmp/d/f"));
        CHECK_EQ_U64(cell.outcome.n_outside, 7);
        CHECK_EQ_U64(cell.outcome.n_changed, 0);
}

TEST(a_list_of_files_has_an_end) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell_run_script(&cell, "seq -f /tmp/f%g 4200 | xargs touch");
        cell_expect_exit(&cell, 0);
        CHECK(cell.outcome.is_listing_cut);
        CHECK_EQ_U64(cell.outcome.n_outside, 4096);
}

TEST(directories_without_rights_and_bottom_are_survived) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell_run_script(
                &cell,
                "mkdir -p /tmp/a/b && : > /tmp/a/b/c && chmod 0 /tmp/a/b && chmod 400 /tmp/a; "
                "mkdir ~/d && : > ~/d/f && chmod 0 ~/d ~; cd /var/tmp; i=0; "
                "while [ $i -lt 400 ]; do mkdir n && cd n || exit 1; i=$((i+1)); done");
        cell_expect_exit(&cell, 0);
        CHECK(is_outside(&cell, "/tmp/a/b/c"));
        CHECK(is_outside(&cell, "/home/work/d/f"));
        CHECK(is_outside(&cell, "/var/tmp/n/"));
        CHECK(cell.outcome.is_listing_cut);
}

TEST(each_run_begins_empty) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        for (int run = 0; run < 2; run++) {
                cell_run_script(
                        &cell, "find /tmp /var/tmp /dev/shm /home /run -type f | grep . && exit 1; "
                               "grep -q one file || exit 2; echo two > file; echo x > /tmp/left; "
                               "echo x > ~/left; echo x > /dev/shm/left");
                cell_expect_exit(&cell, 0);
        }
}

TEST(the_environment_is_exactly_what_was_asked_for) {
        static const char *const env[] = {"B=two words", "A=", "PATH=/usr/bin:/bin", NULL};
        cleanup_cell Cell cell;

        cell_init(&cell);
        CHECK_EQ_INT(setenv("SECRET_OF_THE_CALLER", "x", 1), 0);
        cell.spec.env = env;
        cell_run(&cell, "env");
        cell_expect_exit(&cell, 0);
        CHECK_EQ_TEXT(cell_get_out(&cell), "B=two words\nA=\nPATH=/usr/bin:/bin\n");
}

TEST(descriptors_of_the_caller_do_not_come_along) {
        cleanup_cell Cell cell;
        int fd;

        cell_init(&cell);
        fd = open("/etc/passwd", O_RDONLY); /* on purpose without O_CLOEXEC */
        CHECK(fd >= 0);
        CHECK_EQ_INT(dup2(fd, 100), 100);
        cell_expect_prevented(&cell, "descriptors", NULL);
        (void)close(fd);
        (void)close(100);
}

TEST(standard_input_is_empty) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell_run_script(&cell, "test \"$(readlink /proc/self/fd/0)\" = /dev/null && cat");
        cell_expect_exit(&cell, 0);
}

TEST(the_host_s_names_for_tree_and_scratch_are_not_seen) {
        cleanup_cell Cell cell;
        cleanup_free char *script = NULL;

        cell_init(&cell);
        script = mem_printf("test ! -e %s/file && test ! -e %s/run1", cell.tree, cell.dir);
        cell_run_script(&cell, script);
        cell_expect_exit(&cell, 0);
}

/* A directory that the host shows to everybody, outside of all that is covered anyway. NULL where
 * we may not make one. */
static const char *make_public(void) {
        static char path[64];

        (void)snprintf(path, sizeof path, "/var/lib/cell-%d", (int)getpid());
        if (mkdir(path, 0755) < 0)
                return NULL;
        cell_clean_up(path);
        bench_write(path, "secret/file", "secret\n", 0644);
        bench_write(path, "plain", "plain\n", 0644);
        bench_write(path, "shown", "shown\n", 0644);
        return path;
}

TEST(hidden_paths_are_not_seen) {
        const char *path = make_public();
        cleanup_cell Cell cell;
        cleanup_free char *secret = NULL, *plain = NULL, *script = NULL;

        if (!path)
                SKIP("no right to make a directory in /var/lib");
        cell_init(&cell);
        secret = mem_printf("%s/secret", path);
        plain = mem_printf("%s/plain", path);
        script = mem_printf("cat %s/shown && ! cat %s/file && ! ls %s/* && ! grep plain %s", path,
                            secret, secret, plain);
        cell_run_script(&cell, script);
        CHECK_CONTAINS(cell_get_out(&cell), "secret\n");
        cell.spec.hide = (const char *const[]){secret, plain, "/no/such/path", "/work/file", NULL};
        cell_run_script(&cell, script);
        cell_expect_exit(&cell, 0);
        CHECK_EQ_TEXT(cell_get_out(&cell), "shown\n");
        cell_run_script(&cell, "cat file");
        CHECK_EQ_TEXT(cell_get_out(&cell), "one\n");
}

TEST(nothing_tells_where_this_runs) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell_run_script(&cell,
                        "id -un; hostname; pwd; cat /proc/1/comm; tr -d '\\0' < /proc/1/cmdline");
        cell_expect_exit(&cell, 0);
        CHECK_EQ_TEXT(cell_get_out(&cell), "work\nlocalhost\n/work\ninit\ninit");
        cell_run_script(&cell, "env; cat /proc/self/cgroup /proc/*/cmdline; ls / /tmp /run");
        cell_expect_exit(&cell, 0);
        CHECK_CONTAINS_NOT(cell_get_out(&cell), "coldgate");
        CHECK_CONTAINS_NOT(cell_get_out(&cell), "sandbox");
        CHECK_CONTAINS_NOT(cell_get_out(&cell), "runner");
}
