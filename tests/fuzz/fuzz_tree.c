/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * A tree as a stranger's pack brings it: its bytes are the input, put into a repository as they
 * are, with ids that lead to a few objects of each kind. It is refused and nothing is written, or
 * it is written within its directory and the disk proved to be it. Names and URLs on the way.
 * Behind a `c` stands a commit, whose history is walked.
 */

#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <git2.h>

#include "base/fd.h"
#include "base/hash.h"
#include "base/mem.h"
#include "verify/history.h"
#include "verify/listing.h"
#include "verify/mirror.h"
#include "verify/tree.h"

enum {
        OBJECTS = 5,
        POINTER = OBJECTS,
        POINTER_FROM = 250,
        INPUT_MAX = 2048,
        PATH_BYTES = 256,
        ID_AFTER_NUL = 20
};

typedef struct World {
        char dir[64], mirror[PATH_BYTES], work[PATH_BYTES], out[PATH_BYTES];
        git_repository *repository;
        git_odb *objects;
        git_oid ids[OBJECTS + 1], commit;
        char pack[PATH_BYTES]; /* the newest, without its suffix */
} World;

static World world;

static void clean_up(void) {
        must(dir_remove(world.dir) == 0);
}

static void put(size_t i, const void *bytes, size_t n, git_object_t kind) {
        must(git_odb_write(&world.ids[i], world.objects, bytes, n, kind) == 0);
}

/* The mirror is read by its packs alone. */
static void write_pack(const git_oid *ids, size_t n) {
        cleanup_free char *dir = mem_printf("%s/objects/pack", world.mirror);
        git_packbuilder *pack = NULL;

        must(git_packbuilder_new(&pack, world.repository) == 0);
        (void)git_packbuilder_set_threads(pack, 1);
        for (size_t i = 0; i < n; i++)
                must(git_packbuilder_insert(pack, &ids[i], NULL) == 0);
        must(git_packbuilder_write(pack, dir, 0600, NULL, NULL) == 0);
        (void)snprintf(world.pack, PATH_BYTES, "%s/pack-%s", dir, git_packbuilder_name(pack));
        git_packbuilder_free(pack);
}

static void make_commit(void) {
        cleanup_buf Buf commit = BUF_TEXT;

        buf_text(&commit, "tree ");
        hex_append(&commit, slice_make(world.ids[3].id, GIT_OID_RAWSZ));
        buf_text(&commit, "\nauthor a <a> 1 +0000\ncommitter a <a> 1 +0000\n\na\n");
        must(git_odb_write(&world.commit, world.objects, commit.data, commit.n,
                           GIT_OBJECT_COMMIT) == 0);
        write_pack(&world.commit, 1);
}

static void make_world(void) {
        static const char leaf[] = "100644 leaf";
        static const char pointer[] = "version https://git-lfs.github.com/spec/v1\n"
                                      "oid sha256:00\nsize 1\n";
        uint8_t tree[sizeof leaf + GIT_OID_RAWSZ];

        (void)snprintf(world.dir, sizeof world.dir, "/dev/shm/fuzz-tree-%d", (int)getpid());
        (void)snprintf(world.mirror, PATH_BYTES, "%s/mirror", world.dir);
        (void)snprintf(world.work, PATH_BYTES, "%s/work", world.dir);
        (void)snprintf(world.out, PATH_BYTES, "%s/out", world.dir);
        must(git_libgit2_init() > 0 && dir_make(world.mirror, 0700) == 0 &&
             git_repository_init(&world.repository, world.mirror, 1) == 0 &&
             git_repository_odb(&world.objects, world.repository) == 0);
        put(0, "bytes\n", 6, GIT_OBJECT_BLOB);
        put(1, "../out", 6, GIT_OBJECT_BLOB);
        put(2, "", 0, GIT_OBJECT_BLOB);
        memcpy(tree, leaf, sizeof leaf);
        memcpy(tree + sizeof leaf, world.ids[0].id, GIT_OID_RAWSZ);
        put(3, tree, sizeof tree, GIT_OBJECT_TREE);
        write_pack(world.ids, 4);
        memset(world.ids[4].id, 0x77, GIT_OID_RAWSZ); /* nowhere */
        put(POINTER, pointer, sizeof pointer - 1, GIT_OBJECT_BLOB);
        write_pack(&world.ids[POINTER], 1);
        make_commit();
        (void)atexit(clean_up);
}

/* Behind each name stands an id, where there is room: one of ours. */
static size_t give_ids(uint8_t *tree, size_t n) {
        size_t at = 0;

        while (at < n) {
                uint8_t *nul = memchr(tree + at, 0, n - at);

                if (!nul || (size_t)(tree + n - nul) <= ID_AFTER_NUL)
                        return n;
                memcpy(nul + 1, world.ids[nul[1] >= POINTER_FROM ? POINTER : nul[1] % OBJECTS].id,
                       GIT_OID_RAWSZ);
                at = (size_t)(nul - tree) + 1 + ID_AFTER_NUL;
        }
        return n;
}

static void drop_object(const git_oid *id) {
        char hex[GIT_OID_HEXSZ + 1], path[PATH_BYTES * 2];

        for (size_t i = 0; i <= POINTER; i++)
                if (git_oid_equal(id, &world.ids[i]))
                        return;
        git_oid_tostr(hex, sizeof hex, id);
        (void)snprintf(path, sizeof path, "%s/objects/%.2s/%s", world.mirror, hex, hex + 2);
        (void)unlink(path);
        (void)snprintf(path, sizeof path, "%s.idx", world.pack);
        (void)unlink(path);
        (void)snprintf(path, sizeof path, "%s.pack", world.pack);
        (void)unlink(path);
}

static void check_out(const char *tree) {
        TreeLimits limits = {.n_entries = 64, .n_bytes = 4096, .file_bytes = 1024, .depth = 4};
        Fault fault = FAULT_INIT;
        TreeFacts facts = {.n_files = 0}, proved = {.n_files = 0};
        int r;

        must(dir_make(world.work, 0755) == 0);
        r = tree_write(world.mirror, tree, world.work, &limits, &facts, &fault);
        must(r >= 0);
        if (r == 0) {
                must(tree_verify(world.mirror, tree, world.work, &limits, &proved, &fault) == 0);
                must(facts.n_files == proved.n_files && facts.n_dirs == proved.n_dirs);
        } else {
                must(fault.rule != NULL);
        }
        must(access(world.out, F_OK) < 0 && dir_remove(world.work) == 0);
}

/* "@0" to "@5" are ids of objects, a tree and a commit among them. */
static void put_commit(Slice text, Buf *bytes) {
        for (size_t i = 0; i < text.n; i++) {
                size_t which = i + 1 < text.n ? (size_t)(text.data[i + 1] - '0') : OBJECTS + 1;

                if (text.data[i] != '@' || which > OBJECTS) {
                        buf_byte(bytes, text.data[i]);
                        continue;
                }
                hex_append(bytes,
                           slice_make(which == OBJECTS ? world.commit.id : world.ids[which].id,
                                      GIT_OID_RAWSZ));
                i++;
        }
}

static void walk(const History *history, const char *hex, const char *elder) {
        cleanup_arena Arena arena = ARENA_INIT;
        Fault fault = FAULT_INIT;
        HistoryPlace place;
        HistoryPaths paths;
        bool is_so = false;
        int r = history_descends(history, hex, elder, &is_so, &fault);

        must(r == 0 || fault.rule);
        r = history_find(history, hex, slice_text("leaf"), &place, &fault);
        must(r == 0 || fault.rule);
        if (r == 0 && place.kind == HISTORY_FILE)
                must(history_had(history, hex, slice_text("leaf"), &place.id, &is_so, &fault) ==
                             0 &&
                     is_so);
        r = history_compare(history, hex, elder, &arena, &paths, &fault);
        must(r == 0 ? paths.n_differing <= paths.n_all : fault.rule != NULL);
}

/* A commit as nobody's git would have written it. */
static void read_commit(Slice text) {
        History history = {.mirror = world.mirror, .deadline_ms = UINT64_MAX};
        char hex[GIT_OID_HEXSZ + 1], elder[GIT_OID_HEXSZ + 1];
        cleanup_buf Buf bytes = BUF_TEXT;
        git_oid id;

        put_commit(text, &bytes);
        must(git_odb_write(&id, world.objects, bytes.data, bytes.n, GIT_OBJECT_COMMIT) == 0);
        git_oid_tostr(hex, sizeof hex, &id);
        git_oid_tostr(elder, sizeof elder, &world.commit);
        if (!git_oid_equal(&id, &world.commit))
                write_pack(&id, 1);
        must(objects_open(world.mirror, &history.objects) == 0);
        walk(&history, hex, elder);
        history.objects = objects_free(history.objects);
        if (!git_oid_equal(&id, &world.commit))
                drop_object(&id);
}

static void read_text(Slice input) {
        cleanup_free char *text = mem_strndup((const char *)input.data, input.n);
        Fault fault = FAULT_INIT;

        if (repository_url_check(slice_text(text), &fault) == 0)
                must(text[0] != '-' && !strstr(text, "::"));
        if (commit_id_is_full(slice_text(text)))
                must(strlen(text) == OBJECT_ID_HEX || strlen(text) == COMMIT_HEX_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        uint8_t tree[INPUT_MAX];
        char hex[GIT_OID_HEXSZ + 1];
        git_oid id;

        if (!world.objects)
                make_world();
        if (n == 0 || n > INPUT_MAX)
                return 0;
        if (data[0] == 'c') { /* no mode of a tree begins so */
                read_commit(slice_make(data + 1, n - 1));
                return 0;
        }
        read_text(slice_make(data, n));
        memcpy(tree, data, n);
        n = give_ids(tree, n);
        if (git_odb_write(&id, world.objects, tree, n, GIT_OBJECT_TREE) != 0)
                return 0;
        git_oid_tostr(hex, sizeof hex, &id);
        write_pack(&id, 1);
        check_out(hex);
        drop_object(&id);
        return 0;
}
