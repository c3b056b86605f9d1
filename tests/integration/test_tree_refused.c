/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Trees that are not written: malformed, too large, or no longer all there. */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/lib/bench.h"
#include "tests/lib/repo.h"
#include "tests/lib/space.h"
#include "tests/lib/test.h"
#include "verify/tree.h"

enum { BOMB_LEVELS = 10, BOMB_WIDTH = 10 };

typedef struct BadRow {
        struct {
                const char *mode, *name;
        } entries[3];
        const char *place;
} BadRow;

static const BadRow bads[] = {
        {{{"100644", ".."}}, ".."},
        {{{"40000", "."}}, "."},
        {{{"40000", ".git"}}, ".git"},
        {{{"100644", ".Git "}}, ".Git "},
        {{{"100644", "../x"}}, "../x"},
        {{{"100644", ""}}, ""},
        {{{"120000", "a"}, {"40000", "a"}}, "a"},
        {{{"100644", "a"}, {"100644", "a.b"}, {"40000", "a"}}, "a"},
        {{{"60000", "a"}}, ""},
        {{{"104755", "a"}}, ""},
        {{{"100666", "a"}}, ""},
        {{{"", "a"}}, ""},
        {{{"10064x", "a"}}, ""},
        {{{"000000000000100644", "a"}}, ""},
};

static const char *id_for(const char *mode, const char *blob, const char *tree) {
        return strcmp(mode, "40000") == 0 ? tree : blob;
}

TEST(a_tree_that_no_checkout_may_have_is_refused_and_nothing_is_written) {
        for (size_t i = 0; i < ARRAY_SIZE(bads); i++) {
                cleanup_space Space space;
                cleanup_buf Buf bytes = BUF_TEXT;
                RepoId blob, tree;

                space_begin(&space);
                repo_object(&space.repo, "blob", slice_text("/tmp"), blob);
                repo_object(&space.repo, "tree", SLICE_NULL, tree);
                for (size_t k = 0; k < 3 && bads[i].entries[k].mode; k++)
                        repo_tree_add(&bytes, bads[i].entries[k].mode,
                                      slice_text(bads[i].entries[k].name),
                                      id_for(bads[i].entries[k].mode, blob, tree));
                repo_object(&space.repo, "tree", buf_get(&bytes), space.tree);
                space_expect_refused(&space, &tree_limits_default, PREP_E_FAIL, "claim.bad-tree",
                                     bads[i].place);
                space_expect_empty(&space);
        }
}

TEST(a_tree_cut_short_is_refused) {
        cleanup_space Space space;

        space_begin(&space);
        repo_object(&space.repo, "tree", slice_make("100644 a\0abc", 12), space.tree);
        space_expect_refused(&space, &tree_limits_default, PREP_E_FAIL, "claim.bad-tree", "");
}

/* An entry's mode says one kind, its id leads to another. */
static void expect_wrong_kind(const char *mode, const char *kind, Slice bytes) {
        cleanup_space Space space;
        cleanup_buf Buf tree = BUF_TEXT;
        RepoId id;

        space_begin(&space);
        repo_object(&space.repo, kind, bytes, id);
        repo_tree_add(&tree, mode, slice_text("a"), id);
        repo_object(&space.repo, "tree", buf_get(&tree), space.tree);
        space_expect_refused(&space, &tree_limits_default, PREP_E_FAIL, "claim.bad-tree", "a");
        space_expect_empty(&space);
}

TEST(an_entry_of_another_kind_than_its_object_is_refused) {
        expect_wrong_kind("100644", "tree", SLICE_NULL);
        expect_wrong_kind("120000", "tree", SLICE_NULL);
        expect_wrong_kind("40000", "blob", slice_text("x"));
}

TEST(a_link_without_a_possible_target_is_refused) {
        cleanup_buf Buf target = BUF_TEXT;

        expect_wrong_kind("120000", "blob", SLICE_NULL);
        expect_wrong_kind("120000", "blob", slice_make("a\0b", 3));
        while (target.n < 5000)
                buf_text(&target, "x/");
        expect_wrong_kind("120000", "blob", buf_get(&target));
}

TEST(limits_hold_before_anything_is_written) {
        TreeLimits limits = tree_limits_default;
        cleanup_space Space space;

        space_begin(&space);
        bench_write(space.repo.path, "a", "1234567890", 0644);
        bench_write(space.repo.path, "b", "1234567890", 0644);
        bench_write(space.repo.path, "c/d/e", "1234567890", 0644);
        space_commit(&space);
        limits.n_entries = 4;
        space_expect_refused(&space, &limits, PREP_E_ERROR, "prep.limits", "c/d/e");
        limits = tree_limits_default;
        limits.file_bytes = 9;
        space_expect_refused(&space, &limits, PREP_E_ERROR, "prep.limits", "a");
        limits = tree_limits_default;
        limits.n_bytes = 29;
        space_expect_refused(&space, &limits, PREP_E_ERROR, "prep.limits", "c/d/e");
        limits = tree_limits_default;
        limits.depth = 1;
        space_expect_refused(&space, &limits, PREP_E_ERROR, "prep.limits", "c/d");
        space_expect_empty(&space);
        limits = (TreeLimits){.n_entries = 5, .file_bytes = 10, .n_bytes = 30, .depth = 2};
        CHECK_EQ_INT(tree_write(space.mirror, space.tree, space.dir, &limits, &space.facts,
                                &(Fault){.rule = NULL}),
                     0);
}

TEST(a_tree_of_ten_billion_files_in_ten_objects_is_over_the_limit) {
        cleanup_space Space space;
        RepoId below;

        space_begin(&space);
        repo_object(&space.repo, "blob", slice_text("x"), below);
        for (int level = 0; level < BOMB_LEVELS; level++) {
                cleanup_buf Buf tree = BUF_TEXT;

                for (int i = 0; i < BOMB_WIDTH; i++) {
                        char name[] = {(char)('0' + i), 0};

                        repo_tree_add(&tree, level ? "40000" : "100644", slice_text(name), below);
                }
                repo_object(&space.repo, "tree", buf_get(&tree), below);
        }
        (void)snprintf(space.tree, sizeof space.tree, "%s", below);
        space_expect_refused(&space, &tree_limits_default, PREP_E_ERROR, "prep.limits", NULL);
        space_expect_empty(&space);
}

TEST(a_path_longer_than_the_system_takes_is_over_the_limit) {
        cleanup_space Space space;
        RepoId below;
        char name[201];

        memset(name, 'a', sizeof name - 1);
        name[sizeof name - 1] = 0;
        space_begin(&space);
        repo_object(&space.repo, "tree", SLICE_NULL, below);
        for (int level = 0; level < 21; level++) {
                cleanup_buf Buf tree = BUF_TEXT;

                repo_tree_add(&tree, "40000", slice_text(name), below);
                repo_object(&space.repo, "tree", buf_get(&tree), below);
        }
        (void)snprintf(space.tree, sizeof space.tree, "%s", below);
        space_expect_refused(&space, &tree_limits_default, PREP_E_ERROR, "prep.limits", NULL);
}

TEST(a_directory_that_is_not_empty_is_not_written_to) {
        cleanup_space Space space;

        space_begin(&space);
        bench_write(space.repo.path, "a", "1", 0644);
        space_commit(&space);
        bench_write(space.dir, "other", "", 0644);
        space_expect_refused(&space, &tree_limits_default, PREP_E_ERROR, "prep.workspace", "");
}

static char *object_path(const Space *space, const char *id) {
        return mem_printf("%s/objects/%.2s/%s", space->mirror, id, id + 2);
}

TEST(an_object_that_the_mirror_lost_is_an_error_of_the_mirror) {
        cleanup_space Space space;
        cleanup_free char *path = NULL;
        RepoId blob;

        space_begin(&space);
        bench_write(space.repo.path, "a", "1", 0644);
        space_commit(&space);
        repo_ask(&space.repo, blob, "rev-parse", "HEAD:a");
        path = object_path(&space, blob);
        CHECK_EQ_INT(unlink(path), 0);
        space_expect_refused(&space, &tree_limits_default, PREP_E_ERROR, "prep.mirror", "");
        space_expect_empty(&space);
}

TEST(an_object_whose_bytes_are_not_its_id_is_an_error_of_the_mirror) {
        cleanup_space Space space;
        cleanup_free char *path = NULL, *other_path = NULL;
        RepoId blob, other;

        space_begin(&space);
        bench_write(space.repo.path, "a", "1", 0644);
        bench_write(space.repo.path, "b", "2", 0644);
        space_commit(&space);
        repo_ask(&space.repo, blob, "rev-parse", "HEAD:a");
        repo_ask(&space.repo, other, "rev-parse", "HEAD:b");
        path = object_path(&space, blob);
        other_path = object_path(&space, other);
        CHECK_EQ_INT(rename(other_path, path), 0);
        CHECK_EQ_INT(link(path, other_path), 0);
        space_expect_refused(&space, &tree_limits_default, PREP_E_ERROR, "prep.mirror", "a");
}
