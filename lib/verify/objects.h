/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Git objects, read and hashed: the home of libgit2, of which nothing else is used. Each object
 * that is read was hashed on the way and found to be what its id says.
 */

#include "base/slice.h"

enum { OBJECT_ID_BYTES = 20, OBJECT_ID_HEX = 40 };

typedef struct ObjectId {
        uint8_t bytes[OBJECT_ID_BYTES];
} ObjectId;

typedef enum ObjectKind {
        OBJECT_COMMIT,
        OBJECT_TREE,
        OBJECT_BLOB,
        OBJECT_TAG,
} ObjectKind;

typedef struct Objects Objects;

typedef struct Object {
        Slice bytes;
        void *library; /* owner of the bytes */
} Object;

#define OBJECT_INIT ((Object){.library = NULL})

enum {
        _OBJECTS_E_SUCCESS,
        OBJECTS_E_MISSING, /* no such object */
        OBJECTS_E_DAMAGED, /* it, or the files of the repository, cannot be read as what they are */
};

/* For whoever uses libgit2 itself: started, and deaf to what the machine and our user have set for
 * git. OBJECTS_E_DAMAGED. */
int objects_start_library(void) must_check;

/* The objects in the packs of a bare repository. It is marked as suspect (suspect.h) by each
 * OBJECTS_E_DAMAGED, by an object that cannot be read, by our death. OBJECTS_E_DAMAGED. */
int objects_open(const char *git_dir, Objects **ret_objects) must_check;
Objects *objects_free(Objects *objects);
DEFINE_FREEP(Objects, objects_free, objects_freep)
/* Marks it, for who knows that an object which is missing must be there. */
void objects_doubt(const Objects *objects);

/* 40 lower-case hex digits. */
bool object_id_parse(Slice hex, ObjectId *ret_id);
void object_id_format(const ObjectId *id, char ret_hex[OBJECT_ID_HEX + 1]);

/* Kind and size, without reading it. OBJECTS_E_*. */
int objects_stat(Objects *objects, const ObjectId *id, ObjectKind *ret_kind,
                 uint64_t *ret_bytes) must_check;
/* The whole object into memory: ask objects_stat first. OBJECTS_E_*. */
int objects_read(Objects *objects, const ObjectId *id, Object *ret_object) must_check;
void object_deinit(Object *object);
#define cleanup_object cleanup(object_deinit)

/* The id that these bytes have as a blob. */
int object_hash_blob(Slice bytes, ObjectId *ret_id) must_check;

const char *object_kind_word(ObjectKind kind);
