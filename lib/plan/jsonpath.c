/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* json_type, json_extract and ->, with the document and the path bound, never spliced. */

#include "plan/jsonpath.h"

#include <sqlite3.h>

#include "base/utf8.h"

static const char select_value[] = "SELECT json_type(?1, ?2), json_extract(?1, ?2), ?1 -> ?2";

static const struct {
        const char *type;
        JsonKind kind;
} type_rows[] = {
        {"null", JSON_LITERAL},   {"true", JSON_LITERAL}, {"false", JSON_LITERAL},
        {"integer", JSON_NUMBER}, {"real", JSON_NUMBER},  {"text", JSON_TEXT},
        {"array", JSON_LIST},     {"object", JSON_MAP},
};

static void connection_freep(sqlite3 **connection) {
        (void)sqlite3_close(*connection);
}

static void statement_freep(sqlite3_stmt **statement) {
        (void)sqlite3_finalize(*statement);
}

static Slice column_get(sqlite3_stmt *statement, int column) {
        const void *data = sqlite3_column_blob(statement, column);

        return slice_make(data, (size_t)sqlite3_column_bytes(statement, column));
}

static int value_take(sqlite3_stmt *statement, Arena *arena, JsonValue *ret_value) {
        Slice type = column_get(statement, 0);

        if (type.n == 0)
                return JSONPATH_E_ABSENT;
        for (size_t i = 0; i < ARRAY_SIZE(type_rows); i++) {
                JsonKind kind = type_rows[i].kind;

                if (!slice_is(type, type_rows[i].type))
                        continue;
                ret_value->kind = kind;
                ret_value->text =
                        arena_slice(arena, column_get(statement, kind == JSON_TEXT ? 1 : 2));
                return 0;
        }
        return JSONPATH_E_LIMIT;
}

static int ask(sqlite3 *connection, Slice document, Slice path, Arena *arena,
               JsonValue *ret_value) {
        cleanup(statement_freep) sqlite3_stmt *statement = NULL;

        (void)sqlite3_limit(connection, SQLITE_LIMIT_LENGTH, JSON_BYTES_MAX + 1);
        if (sqlite3_prepare_v2(connection, select_value, sizeof select_value, &statement, NULL) !=
                    SQLITE_OK ||
            sqlite3_bind_text(statement, 1, (const char *)document.data, (int)document.n,
                              SQLITE_STATIC) != SQLITE_OK ||
            sqlite3_bind_text(statement, 2, (const char *)path.data, (int)path.n, SQLITE_STATIC) !=
                    SQLITE_OK)
                return JSONPATH_E_LIMIT;
        switch (sqlite3_step(statement)) {
        case SQLITE_ROW: return value_take(statement, arena, ret_value);
        case SQLITE_ERROR: return JSONPATH_E_NOT_JSON;
        default: return JSONPATH_E_LIMIT;
        }
}

int jsonpath_get(Slice document, Slice path, Arena *arena, JsonValue *ret_value) {
        cleanup(connection_freep) sqlite3 *connection = NULL;

        if (document.n > JSON_BYTES_MAX)
                return JSONPATH_E_LIMIT;
        /* SQLite reads JSON up to the first NUL and lets bytes pass that are not UTF-8. */
        if (document.n == 0 || memchr(document.data, 0, document.n) || !utf8_is_valid(document))
                return JSONPATH_E_NOT_JSON;
        if (sqlite3_open_v2(":memory:", &connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY,
                            NULL) != SQLITE_OK)
                return JSONPATH_E_LIMIT;
        return ask(connection, document, path, arena, ret_value);
}

bool jsonpath_is_valid(Slice path) {
        cleanup_arena Arena arena = ARENA_INIT;
        JsonValue value;

        if (path.n == 0 || path.n > JSONPATH_BYTES_MAX || path.data[0] != '$')
                return false;
        /* The document is good, hence only the path can be what is wrong. */
        return jsonpath_get(slice_text("{\"a\":[1]}"), path, &arena, &value) != JSONPATH_E_NOT_JSON;
}
