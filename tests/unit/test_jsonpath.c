/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Values in JSON. */

#include "plan/jsonpath.h"

#include "base/mem.h"
#include "tests/lib/test.h"

static const char *get(const char *document, const char *path, JsonKind kind) {
        static char text[256];
        cleanup_arena Arena arena = ARENA_INIT;
        JsonValue value;

        CHECK_EQ_INT(jsonpath_get(slice_text(document), slice_text(path), &arena, &value), 0);
        CHECK_EQ_INT(value.kind, kind);
        CHECK(value.text.n < sizeof text);
        memcpy(text, value.text.data, value.text.n);
        text[value.text.n] = 0;
        return text;
}

static int condition(Slice document, const char *path) {
        cleanup_arena Arena arena = ARENA_INIT;
        JsonValue value;

        return jsonpath_get(document, slice_text(path), &arena, &value);
}

TEST(each_kind_of_value_is_told) {
        const char *document = "{\"t\":\"a\\u00e4\\\"\",\"n\":1.50,\"i\":12345678901234567890,"
                               "\"z\":null,\"b\":true,\"l\":[1,{\"x\":2}],\"m\":{},\"e\":\"\"}";

        CHECK_EQ_TEXT(get(document, "$.t", JSON_TEXT), "aä\"");
        CHECK_EQ_TEXT(get(document, "$.n", JSON_NUMBER), "1.50");
        CHECK_EQ_TEXT(get(document, "$.i", JSON_NUMBER), "12345678901234567890");
        CHECK_EQ_TEXT(get(document, "$.z", JSON_LITERAL), "null");
        CHECK_EQ_TEXT(get(document, "$.b", JSON_LITERAL), "true");
        CHECK_EQ_TEXT(get(document, "$.l", JSON_LIST), "[1,{\"x\":2}]");
        CHECK_EQ_TEXT(get(document, "$.l[#-1].x", JSON_NUMBER), "2");
        CHECK_EQ_TEXT(get(document, "$.m", JSON_MAP), "{}");
        CHECK_EQ_TEXT(get(document, "$.e", JSON_TEXT), "");
        CHECK_EQ_TEXT(get(" [ 7 ]\n", "$[0]", JSON_NUMBER), "7");
}

TEST(absent_is_not_null) {
        CHECK_EQ_INT(condition(slice_text("{\"a\":null}"), "$.b"), JSONPATH_E_ABSENT);
        CHECK_EQ_TEXT(get("{\"a\":null}", "$.a", JSON_LITERAL), "null");
}

TEST(what_is_not_json_is_told_from_what_is_absent) {
        CHECK_EQ_INT(condition(SLICE_NULL, "$.a"), JSONPATH_E_NOT_JSON);
        CHECK_EQ_INT(condition(slice_text("{\"a\":1} trailing"), "$.a"), JSONPATH_E_NOT_JSON);
        CHECK_EQ_INT(condition(slice_text("{a:1}"), "$.a"), JSONPATH_E_NOT_JSON);
        CHECK_EQ_INT(condition(slice_make("{\"a\":1}\0 x", 10), "$.a"), JSONPATH_E_NOT_JSON);
        CHECK_EQ_INT(condition(slice_text("{\"a\":\"\xff\"}"), "$.a"), JSONPATH_E_NOT_JSON);
}

TEST(json_nested_without_end_costs_nothing) {
        enum { DEPTH = 1 << 20 };
        cleanup_free char *text = mem_alloc(2 * DEPTH);

        memset(text, '[', DEPTH);
        memset(text + DEPTH, ']', DEPTH);
        CHECK_EQ_INT(condition(slice_make(text, 2 * DEPTH), "$[0]"), JSONPATH_E_NOT_JSON);
        CHECK_EQ_INT(condition(slice_make(text, DEPTH), "$[0]"), JSONPATH_E_NOT_JSON);
}

TEST(json_beyond_the_limit_is_not_read) {
        cleanup_free char *text = mem_alloc(JSON_BYTES_MAX + 1);

        memset(text, ' ', JSON_BYTES_MAX + 1);
        text[0] = '1';
        CHECK_EQ_INT(condition(slice_make(text, JSON_BYTES_MAX + 1), "$"), JSONPATH_E_LIMIT);
        CHECK_EQ_INT(condition(slice_make(text, JSON_BYTES_MAX), "$"), 0);
}

TEST(a_path_is_checked_before_there_is_a_document) {
        CHECK(jsonpath_is_valid(slice_text("$")));
        CHECK(jsonpath_is_valid(slice_text("$.a.b[0]")));
        CHECK(jsonpath_is_valid(slice_text("$.\"a b\"[#-1]")));
        CHECK(!jsonpath_is_valid(slice_text("a.b")));
        CHECK(!jsonpath_is_valid(slice_text("$a")));
        CHECK(!jsonpath_is_valid(slice_text("$[")));
        CHECK(!jsonpath_is_valid(slice_text("$.")));
        CHECK(!jsonpath_is_valid(SLICE_NULL));
}
