/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * A pack whose bytes are not what git found good when it indexed it; libgit2 reads it. What is
 * written is the claimed tree byte for byte, or it is refused by a name. The index is git's own
 * work on this machine: no stranger writes it.
 *
 * The input is edits of three bytes: where (two bytes, modulo the size), and what is turned round
 * there; 0: the pack ends there.
 */

#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <git2.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/mem.h"
#include "verify/tree.h"
#include "verify/verify.h"

enum {
        EDIT_BYTES = 3,
        EDITS_MAX = 64,
        PATH_BYTES = 256,
        FILE_BYTES = 1 << 16,
        N_BLOBS = 6,
        N_LINES = 40,
};

typedef struct World {
        char dir[64], good[PATH_BYTES], spoiled[PATH_BYTES], work[PATH_BYTES];
        char tree[GIT_OID_HEXSZ + 1];
        char name[PATH_BYTES]; /* of the pack below a repository, without its suffix */
        Buf pack;
} World;

static World world;

static void clean_up(void) {
        must(dir_remove(world.dir) == 0);
}

/* Texts that differ by a line, so that the pack has deltas. */
static void make_text(int i, Buf *ret_text) {
        for (int k = 0; k < N_LINES; k++)
                buf_printf(ret_text, "line %d of a file that is like its neighbours, %d\n", k,
                           k == i * 3 ? i : 0);
}

static void add_entry(git_treebuilder *tree, const char *name, const git_oid *id,
                      git_filemode_t mode) {
        must(git_treebuilder_insert(NULL, tree, name, id, mode) == 0);
}

static void make_objects(git_repository *repository, git_odb *objects, git_packbuilder *pack) {
        git_treebuilder *top = NULL, *below = NULL;
        git_oid id;

        must(git_treebuilder_new(&top, repository, NULL) == 0 &&
             git_treebuilder_new(&below, repository, NULL) == 0);
        for (int i = 0; i < N_BLOBS; i++) {
                cleanup_buf Buf text = BUF_TEXT;
                char name[16];

                (void)snprintf(name, sizeof name, "file-%d", i);
                make_text(i, &text);
                must(git_odb_write(&id, objects, text.data, text.n, GIT_OBJECT_BLOB) == 0);
                must(git_packbuilder_insert(pack, &id, name) == 0);
                add_entry(i % 2 ? top : below, name, &id, GIT_FILEMODE_BLOB_EXECUTABLE);
        }
        must(git_odb_write(&id, objects, "below/file-0", 12, GIT_OBJECT_BLOB) == 0);
        must(git_packbuilder_insert(pack, &id, "link") == 0);
        add_entry(top, "link", &id, GIT_FILEMODE_LINK);
        must(git_treebuilder_write(&id, below) == 0 && git_packbuilder_insert_tree(pack, &id) == 0);
        add_entry(top, "below", &id, GIT_FILEMODE_TREE);
        must(git_treebuilder_write(&id, top) == 0 && git_packbuilder_insert_tree(pack, &id) == 0);
        git_oid_tostr(world.tree, sizeof world.tree, &id);
        git_treebuilder_free(top);
        git_treebuilder_free(below);
}

static void write_pack(git_repository *repository) {
        cleanup_free char *dir = mem_printf("%s/objects/pack", world.good);
        git_packbuilder *pack = NULL;
        git_odb *objects = NULL;

        must(git_repository_odb(&objects, repository) == 0 &&
             git_packbuilder_new(&pack, repository) == 0);
        (void)git_packbuilder_set_threads(pack, 1);
        make_objects(repository, objects, pack);
        must(git_packbuilder_write(pack, dir, 0600, NULL, NULL) == 0);
        (void)snprintf(world.name, PATH_BYTES, "objects/pack/pack-%s", git_packbuilder_name(pack));
        git_packbuilder_free(pack);
        git_odb_free(objects);
}

static char *path_of(const char *repository, const char *suffix) {
        return mem_printf("%s/%s.%s", repository, world.name, suffix);
}

static void make_world(void) {
        git_repository *repository = NULL;
        cleanup_free char *packs = NULL, *pack = NULL, *index = NULL, *copy = NULL;

        (void)snprintf(world.dir, sizeof world.dir, "/dev/shm/fuzz-pack-%d", (int)getpid());
        (void)snprintf(world.good, PATH_BYTES, "%s/good", world.dir);
        (void)snprintf(world.spoiled, PATH_BYTES, "%s/spoiled", world.dir);
        (void)snprintf(world.work, PATH_BYTES, "%s/work", world.dir);
        packs = mem_printf("%s/objects/pack", world.spoiled);
        must(git_libgit2_init() > 0 && dir_make(packs, 0700) == 0 &&
             dir_make(world.good, 0700) == 0 &&
             git_repository_init(&repository, world.good, 1) == 0);
        write_pack(repository);
        git_repository_free(repository);
        pack = path_of(world.good, "pack");
        index = path_of(world.good, "idx");
        copy = path_of(world.spoiled, "idx");
        world.pack = BUF_INIT(FILE_BYTES);
        must(link(index, copy) == 0 && file_read(pack, &world.pack) == 0 && world.pack.n > 0);
        (void)atexit(clean_up);
}

static void spoil(const uint8_t *edits, size_t n) {
        cleanup_free char *path = path_of(world.spoiled, "pack");
        cleanup_buf Buf pack = BUF_INIT(FILE_BYTES);

        buf_slice(&pack, buf_get(&world.pack));
        for (size_t i = 0; i + EDIT_BYTES <= n && pack.n; i += EDIT_BYTES) {
                size_t at = (size_t)(edits[i] << 8 | edits[i + 1]) % pack.n;

                if (edits[i + 2])
                        pack.data[at] ^= edits[i + 2];
                else
                        pack.n = at;
        }
        must(file_write_atomic(path, buf_get(&pack), 0600) == 0);
}

static void check_out(bool is_whole) {
        TreeLimits limits = {
                .n_entries = 64, .n_bytes = 1 << 20, .file_bytes = 1 << 16, .depth = 4};
        Fault fault = FAULT_INIT;
        TreeFacts facts = {.n_files = 0};
        int r;

        must(dir_make(world.work, 0755) == 0);
        r = tree_write(world.spoiled, world.tree, world.work, &limits, &facts, &fault);
        must(r >= 0 && (r == 0 || fault.rule) && (r == 0 || !is_whole));
        if (r == 0)
                must(tree_verify(world.good, world.tree, world.work, &limits, &facts, &fault) == 0);
        must(dir_remove(world.work) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        n = size_min(n, (size_t)EDITS_MAX * EDIT_BYTES);
        if (!world.dir[0])
                make_world();
        spoil(data, n);
        check_out(n < EDIT_BYTES);
        return 0;
}
