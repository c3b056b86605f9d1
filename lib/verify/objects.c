/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* libgit2 as a reader of objects. No git_repository is opened, so that no configuration is read. */

#include "verify/objects.h"

#include <git2.h>
#include <git2/odb_backend.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/late.h"
#include "base/log.h"
#include "base/mem.h"
#include "verify/suspect.h"

#define LATE LATE_DEFINE
#include "verify/git2.def"

struct Objects {
        git_odb *odb;
        char *git_dir;
};

/* What libgit2 says goes to the debug log; the callers say what it means. */
static int condition_of(int library_result) {
        const git_error *error;

        if (library_result == 0)
                return 0;
        if (library_result == GIT_ENOTFOUND)
                return OBJECTS_E_MISSING;
        error = late_git_error_last();
        log_write(LOG_DEBUG, "libgit2: %d: %s", library_result,
                  error && error->message ? error->message : "no message");
        return OBJECTS_E_DAMAGED;
}

int objects_start_library(void) {
        static const LateRow rows[] = {
#define LATE LATE_ROW
#include "verify/git2.def"
        };
        static const int levels[] = {GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM,
                                     GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL};
        const char *why = late_load("libgit2.so." LIBGIT2_SOVERSION, rows, ARRAY_SIZE(rows));

        if (why) {
                log_write(LOG_ERROR, "%s: install libgit2's library", why);
                return OBJECTS_E_DAMAGED;
        }
        if (late_git_libgit2_init() < 0)
                return OBJECTS_E_DAMAGED;
        for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
                if (late_git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], "") < 0)
                        return OBJECTS_E_DAMAGED;
        return 0;
}

/* Packs alone: git has indexed each of them and hashed all of its objects before it came here.
 * Loose objects can be had from a server as they are, and libgit2 writes beyond the end of what one
 * says its size is, and turns without end where one is cut. */
static int open_packs(const char *git_dir, git_odb **ret_odb) {
        cleanup_free char *path = mem_printf("%s/objects", git_dir);
        git_odb_backend *packs = NULL;

        if (late_git_odb_new(ret_odb) != 0 || late_git_odb_backend_pack(&packs, path) != 0)
                return OBJECTS_E_DAMAGED;
        return late_git_odb_add_backend(*ret_odb, packs, 1) == 0 ? 0 : OBJECTS_E_DAMAGED;
}

void objects_doubt(const Objects *objects) {
        suspect_mark(objects->git_dir);
}

static int suspect(const Objects *objects, int condition) {
        if (condition == OBJECTS_E_DAMAGED)
                objects_doubt(objects);
        return condition;
}

int objects_open(const char *git_dir, Objects **ret_objects) {
        cleanup(objects_freep) Objects *objects = mem_new(Objects);

        /* Never shut down again: the first start costs milliseconds, the others nothing. */
        if (objects_start_library() != 0 ||
            late_git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 1) < 0)
                return OBJECTS_E_DAMAGED;
        objects->git_dir = mem_strdup(git_dir);
        suspect_watch(git_dir);
        if (open_packs(git_dir, &objects->odb) != 0)
                return suspect(objects, OBJECTS_E_DAMAGED);
        *ret_objects = TAKE(objects);
        return 0;
}

Objects *objects_free(Objects *objects) {
        if (!objects)
                return NULL;
        if (objects->odb)
                late_git_odb_free(objects->odb);
        free(objects->git_dir);
        free(objects);
        return NULL;
}

bool object_id_parse(Slice hex, ObjectId *ret_id) {
        return hex_decode(hex, ret_id->bytes, OBJECT_ID_BYTES);
}

void object_id_format(const ObjectId *id, char ret_hex[OBJECT_ID_HEX + 1]) {
        hex_encode(slice_make(id->bytes, OBJECT_ID_BYTES), ret_hex);
}

static git_oid library_id(const ObjectId *id) {
        git_oid oid;

        memcpy(oid.id, id->bytes, OBJECT_ID_BYTES);
        return oid;
}

static bool kind_from_library(git_object_t type, ObjectKind *ret_kind) {
        switch (type) {
        case GIT_OBJECT_COMMIT: *ret_kind = OBJECT_COMMIT; return true;
        case GIT_OBJECT_TREE: *ret_kind = OBJECT_TREE; return true;
        case GIT_OBJECT_BLOB: *ret_kind = OBJECT_BLOB; return true;
        case GIT_OBJECT_TAG: *ret_kind = OBJECT_TAG; return true;
        case GIT_OBJECT_ANY:
        case GIT_OBJECT_INVALID:
        case GIT_OBJECT_OFS_DELTA:
        case GIT_OBJECT_REF_DELTA: return false;
        }
        return false;
}

int objects_stat(Objects *objects, const ObjectId *id, ObjectKind *ret_kind, uint64_t *ret_bytes) {
        git_oid oid = library_id(id);
        git_object_t type;
        size_t n;
        int r = suspect(objects,
                        condition_of(late_git_odb_read_header(&n, &type, objects->odb, &oid)));

        if (r != 0)
                return r;
        if (!kind_from_library(type, ret_kind))
                return suspect(objects, OBJECTS_E_DAMAGED);
        *ret_bytes = n;
        return 0;
}

int objects_read(Objects *objects, const ObjectId *id, Object *ret_object) {
        git_oid oid = library_id(id);
        git_odb_object *object = NULL;
        int r = condition_of(late_git_odb_read(&object, objects->odb, &oid));

        if (r != 0) {
                objects_doubt(objects);
                return r;
        }
        *ret_object = (Object){
                .bytes = slice_make(late_git_odb_object_data(object),
                                    late_git_odb_object_size(object)),
                .library = object,
        };
        return 0;
}

void object_deinit(Object *object) {
        if (object->library)
                late_git_odb_object_free(object->library);
        *object = OBJECT_INIT;
}

int object_hash_blob(Slice bytes, ObjectId *ret_id) {
        git_oid oid;
        int r = late_git_odb_hash(&oid, bytes.n ? (const void *)bytes.data : "", bytes.n,
                                  GIT_OBJECT_BLOB);

        if (r != 0)
                return condition_of(r);
        memcpy(ret_id->bytes, oid.id, OBJECT_ID_BYTES);
        return 0;
}

const char *object_kind_word(ObjectKind kind) {
        static const char *const words[] = {[OBJECT_COMMIT] = "commit",
                                            [OBJECT_TREE] = "tree",
                                            [OBJECT_BLOB] = "blob",
                                            [OBJECT_TAG] = "tag"};

        return words[kind];
}
