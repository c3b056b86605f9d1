/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * One value of a JSON document, by SQLite's own functions on a connection in memory: size and
 * depth are limited, `null` and absent differ. Home of sqlite3.h in this folder.
 */

#include "base/arena.h"
#include "base/slice.h"

enum { JSON_BYTES_MAX = 16 << 20, JSONPATH_BYTES_MAX = 160 };

typedef enum JsonKind {
        JSON_LITERAL, /* null, true, false */
        JSON_NUMBER,
        JSON_TEXT,
        JSON_LIST,
        JSON_MAP,
} JsonKind;

typedef struct JsonValue {
        JsonKind kind;
        Slice text; /* a text's own characters; otherwise as it stands in the document */
} JsonValue;

bool jsonpath_is_valid(Slice path);

enum { _JSONPATH_E_SUCCESS, JSONPATH_E_NOT_JSON, JSONPATH_E_ABSENT, JSONPATH_E_LIMIT };

/* JSONPATH_E_NOT_JSON: the document is none (one that is nested beyond SQLite's limit included);
 * JSONPATH_E_ABSENT: nothing stands there; JSONPATH_E_LIMIT: too large, or no memory. */
int jsonpath_get(Slice document, Slice path, Arena *arena, JsonValue *ret_value) must_check;
