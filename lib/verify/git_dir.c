/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * The objects of the tree go into a pack, the commit is written by hand, the index is read from the
 * tree. No git program runs, and no repository is opened that could have a configuration.
 */

#include "verify/git_dir.h"

#include <errno.h>
#include <git2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/late.h"
#include "base/mem.h"
#include "sandbox/copy.h"
#include "verify/objects.h"
#include "verify/scratch.h"

#define LATE LATE_DECLARE
#include "verify/git2.def"

enum { DIR_MODE = 0755, FILE_MODE = 0644 };

#define AUTHOR "coldgate <coldgate@localhost> 0 +0000"

typedef struct Making {
        git_odb *mirror, *own;
        git_repository *repository; /* of the mirror's objects alone */
        git_packbuilder *pack;
        git_tree *tree;
        git_index *index;
} Making;

static void making_deinit(Making *making) {
        late_git_index_free(making->index);
        late_git_tree_free(making->tree);
        late_git_packbuilder_free(making->pack);
        late_git_repository_free(making->repository);
        late_git_odb_free(making->own);
        late_git_odb_free(making->mirror);
}

static int broken(Fault *reterr_fault, const char *what) {
        const git_error *error = late_git_error_last();

        fault_set(reterr_fault, "prep.git-dir", "%s: %s", what,
                  error && error->message ? error->message : "no reason is known");
        return PREP_E_ERROR;
}

static int make_frame(const char *dir, Fault *reterr_fault) {
        static const char *const dirs[] = {"",     "objects",    "objects/pack",
                                           "refs", "refs/heads", "refs/tags"};
        static const struct {
                const char *name, *text;
        } files[] = {
                {"HEAD", "ref: refs/heads/main\n"},
                {"config",
                 "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
                cleanup_free char *path = mem_printf("%s/%s", dir, dirs[i]);

                if (mkdir(path, DIR_MODE) < 0 || chmod(path, DIR_MODE) < 0)
                        return broken(reterr_fault, path);
        }
        for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
                cleanup_free char *path = mem_printf("%s/%s", dir, files[i].name);

                if (file_write_atomic(path, slice_text(files[i].text), FILE_MODE) != 0)
                        return broken(reterr_fault, path);
        }
        return 0;
}

static int open_making(Making *making, const char *mirror, const char *dir) {
        cleanup_free char *objects = mem_printf("%s/objects", mirror);
        cleanup_free char *own = mem_printf("%s/objects", dir);
        cleanup_free char *index = mem_printf("%s/index", dir);

        if (late_git_odb_open(&making->mirror, objects) != 0 ||
            late_git_odb_open(&making->own, own) != 0 ||
            late_git_repository_wrap_odb(&making->repository, making->mirror) != 0 ||
            late_git_packbuilder_new(&making->pack, making->repository) != 0)
                return -1;
        return late_git_index_open(&making->index, index);
}

static int write_objects(Making *making, const git_oid *tree, const char *dir) {
        cleanup_free char *pack = mem_printf("%s/objects/pack", dir);

        if (late_git_tree_lookup(&making->tree, making->repository, tree) != 0 ||
            late_git_packbuilder_insert_tree(making->pack, tree) != 0 ||
            late_git_packbuilder_write(making->pack, pack, 0, NULL, NULL) != 0)
                return -1;
        if (late_git_index_read_tree(making->index, making->tree) != 0)
                return -1;
        return late_git_index_write(making->index);
}

static int write_commit(Making *making, const char *tree, const char *dir) {
        cleanup_free char *text = mem_printf("tree %s\nauthor " AUTHOR "\ncommitter " AUTHOR
                                             "\n\nThe tree of the commit that is verified\n",
                                             tree);
        cleanup_free char *path = mem_printf("%s/refs/heads/main", dir);
        char line[GIT_OID_HEXSZ + 2];
        git_oid id;

        if (late_git_odb_write(&id, making->own, text, strlen(text), GIT_OBJECT_COMMIT) != 0)
                return -1;
        late_git_oid_tostr(line, GIT_OID_HEXSZ + 1, &id);
        line[GIT_OID_HEXSZ] = '\n';
        return file_write_atomic(path, slice_make(line, GIT_OID_HEXSZ + 1), FILE_MODE);
}

static int lay(const char *mirror, const char *tree, const char *workspace, Fault *reterr_fault) {
        cleanup(making_deinit) Making making = {.mirror = NULL};
        cleanup_free char *dir = mem_printf("%s/.git", workspace);
        git_oid id;
        int r = make_frame(dir, reterr_fault);

        if (r != 0)
                return r;
        if (late_git_oid_fromstr(&id, tree) != 0 || open_making(&making, mirror, dir) != 0 ||
            write_objects(&making, &id, dir) != 0 || write_commit(&making, tree, dir) != 0)
                return broken(reterr_fault, "the synthetic repository cannot be made");
        return 0;
}

static int make_tree(const AttemptSetting *setting, const Checkout *checkout, const char *to,
                     Fault *reterr_fault) {
        const VerifyRequest *request = setting->request;
        cleanup(mirror_freep) Mirror *mirror = NULL;
        mode_t before = umask(022);
        int r = mirror_open(request->mirrors, request->repository, &mirror, reterr_fault);

        if (r == 0 &&
            (mkdir(to, DIR_MODE) < 0 || copy_tree(checkout->dir, to, (uid_t)-1, (gid_t)-1) != 0)) {
                fault_set(reterr_fault, "prep.git-dir", "the workspace cannot be copied");
                r = PREP_E_ERROR;
        }
        if (r == 0 && objects_start_library() != 0) {
                fault_set(reterr_fault, "prep.git-dir", "libgit2 cannot start");
                r = PREP_E_ERROR;
        }
        if (r == 0)
                r = lay(mirror_get_path(mirror), checkout->tree, to, reterr_fault);
        (void)umask(before);
        return r;
}

int git_dir_choose(const AttemptSetting *setting, const Check *check, const Checkout *checkout,
                   Arena *arena, const char **ret_tree, Fault *reterr_fault) {
        const char *dir;
        int r;

        *ret_tree = checkout->dir;
        if (!check->git_dir)
                return 0;
        dir = arena_printf(arena, "%s/git-%s", setting->dir, checkout->tree);
        r = access(dir, F_OK) == 0 ? 0 : make_tree(setting, checkout, dir, reterr_fault);
        if (r != 0)
                scratch_drop(dir);
        else
                *ret_tree = dir;
        return r;
}
