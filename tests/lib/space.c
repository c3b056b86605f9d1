/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Trees and their directories. */

#include "tests/lib/space.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/lib/bench.h"
#include "tests/lib/test.h"

void space_begin(Space *ret_space) {
        *ret_space = (Space){.dir = test_dir()};
        repo_make(&ret_space->repo);
        ret_space->mirror = mem_printf("%s/.git", ret_space->repo.path);
}

void space_deinit(Space *space) {
        free(space->mirror);
}

void space_commit(Space *space) {
        RepoId commit;

        repo_commit(&space->repo, "all", commit);
        repo_ask(&space->repo, space->tree, "rev-parse", "HEAD^{tree}");
}

void space_write(Space *space) {
        Fault fault = FAULT_INIT;

        repo_pack(&space->repo);
        if (tree_write(space->mirror, space->tree, space->dir, &tree_limits_default, &space->facts,
                       &fault) != 0)
                FAIL_TEST("%s: %s at %s", fault.rule, fault.found, fault.place);
}

void space_make(Space *ret_space) {
        cleanup_free char *link = NULL;

        space_begin(ret_space);
        link = mem_printf("%s/link", ret_space->repo.path);
        bench_write(ret_space->repo.path, "README", "read me\n", 0644);
        bench_write(ret_space->repo.path, "empty", "", 0644);
        bench_write(ret_space->repo.path, "bin/run", "#!/bin/sh\n", 0755);
        bench_write(ret_space->repo.path, "src/deep/er/a.c", "int a;\n", 0644);
        bench_write(ret_space->repo.path, ".gitignore", "*.o\nbuild/\n", 0644);
        CHECK_EQ_INT(symlink("src/deep", link), 0);
        space_commit(ret_space);
        space_write(ret_space);
}

void space_expect_whole(const Space *space) {
        TreeFacts facts = {0};
        Fault fault = FAULT_INIT;

        if (tree_verify(space->mirror, space->tree, space->dir, &tree_limits_default, &facts,
                        &fault) != 0)
                FAIL_TEST("%s: %s at %s", fault.rule, fault.found, fault.place);
        CHECK(memcmp(&facts, &space->facts, sizeof facts) == 0);
}

void space_expect_differing(const Space *space, const char *place, const char *found) {
        TreeFacts facts = {0};
        Fault fault = FAULT_INIT;
        int r = tree_verify(space->mirror, space->tree, space->dir, &tree_limits_default, &facts,
                            &fault);

        if (r != PREP_E_ERROR || !fault_is(&fault, "prep.tree-mismatch"))
                FAIL_TEST("%s: %d %s: %s", place, r, fault.rule, fault.found);
        CHECK_EQ_TEXT(fault.place, place);
        CHECK_CONTAINS(fault.found, found);
}

void space_expect_refused(Space *space, const TreeLimits *limits, int expected, const char *rule,
                          const char *place) {
        Fault fault = FAULT_INIT;
        int r;

        repo_pack(&space->repo);
        r = tree_write(space->mirror, space->tree, space->dir, limits, &space->facts, &fault);
        if (r != expected || !fault_is(&fault, rule))
                FAIL_TEST("%s: %d %s: %s", rule, r, fault.rule, fault.found);
        if (place)
                CHECK_EQ_TEXT(fault.place, place);
}

void space_expect_empty(const Space *space) {
        DIR *dir = opendir(space->dir);
        size_t n = 0;

        while (readdir(dir))
                n++;
        (void)closedir(dir);
        CHECK_EQ_U64(n, 2);
}

char *space_path(const Space *space, const char *path) {
        return mem_printf("%s/%s", space->dir, path);
}
