/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Lines into a struct. */

#include "client/settings.h"

#include <stdlib.h>

#include "tests/lib/test.h"

typedef struct Target {
        char *name;
        uint64_t limit_ms, n;
} Target;

static const SettingRow rows[] = {
        {"name", SETTING_TEXT, offsetof(Target, name), 1, 8, NULL, "What it is called."},
        {"limit", SETTING_DURATION, offsetof(Target, limit_ms), 100, 60000, "5s", "How long."},
        {"number", SETTING_NUMBER, offsetof(Target, n), 1, 10, "3", "How many."},
};

static void target_deinit(Target *target) {
        free(target->name);
}

static void expect_refused(const char *text, const char *rule, const char *place,
                           const char *words) {
        cleanup(target_deinit) Target target = {.name = NULL};
        cleanup_buf Buf all = BUF_TEXT;
        Fault fault = FAULT_INIT;

        CHECK_EQ_INT(
                settings_parse(slice_text(text), "file", rows, ARRAY_SIZE(rows), &target, &fault),
                SETTINGS_E_REFUSED);
        CHECK_EQ_TEXT(fault.rule, rule);
        CHECK_EQ_TEXT(fault.place, place);
        fault_describe(&fault, &all);
        CHECK_CONTAINS(buf_get_text(&all), words);
}

TEST(lines_comments_and_spaces_are_read) {
        cleanup(target_deinit) Target target = {.name = NULL};
        Fault fault = FAULT_INIT;
        Slice text = slice_text("# a comment\n\n name =  a b \r\nnumber=10\nlimit = 1m");

        CHECK_EQ_INT(settings_parse(text, "file", rows, ARRAY_SIZE(rows), &target, &fault), 0);
        CHECK_EQ_TEXT(target.name, "a b");
        CHECK_EQ_U64(target.n, 10);
        CHECK_EQ_U64(target.limit_ms, 60000);
}

TEST(what_is_not_given_has_its_default) {
        cleanup(target_deinit) Target target = {.name = NULL};
        Fault fault = FAULT_INIT;

        CHECK_EQ_INT(settings_parse(slice_text("name = x\n"), "file", rows, ARRAY_SIZE(rows),
                                    &target, &fault),
                     0);
        CHECK_EQ_U64(target.n, 3);
        CHECK_EQ_U64(target.limit_ms, 5000);
}

TEST(what_must_be_given_is_missed) {
        expect_refused("number = 1\n", "config-value", "file", "name is missing");
}

TEST(an_unknown_setting_is_named_with_its_line) {
        expect_refused("name = x\nnumbr = 1\n", "config-line", "file:2", "did you mean `number`?");
}

TEST(a_line_without_an_equals_sign_is_refused) {
        expect_refused("name x\n", "config-line", "file:1", "name = value");
}

TEST(a_setting_given_twice_is_refused) {
        expect_refused("name = x\nname = y\n", "config-line", "file:2", "name is given twice");
}

TEST(values_outside_their_limits_are_refused) {
        static const char *const lines[] = {
                "number = 0",  "number = 11",  "number = -1",      "number = 1x",
                "number =",    "limit = 99ms", "limit = 2m",       "limit = 5",
                "limit = x",   "name =",       "name = 123456789", "number = 1000000000000000000",
                "name = \xff",
        };

        for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
                expect_refused(lines[i], "config-value", "file:1", "wanted");
}

TEST(the_docs_have_each_row) {
        cleanup_buf Buf text = BUF_TEXT;

        settings_print_docs(rows, ARRAY_SIZE(rows), &text);
        CHECK_CONTAINS(buf_get_text(&text), "| `name` | must be given | What it is called. |");
        CHECK_CONTAINS(buf_get_text(&text), "| `limit` | `5s` | How long. |");
}
