/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

#include "broker/compare.h"

#include "base/buf.h"
#include "tests/lib/test.h"

/* Two checks of a gate, as they were measured. */
static size_t compare(const char *claimed, Arena *arena, Slice **ret_lines) {
        static struct assertion limit[] = {
                {.where = {(const uint8_t *)"stdout.number.le", 16},
                 .actual = {(const uint8_t *)"12", 2}},
                {.where = {(const uint8_t *)"stdout.jsonpath", 15},
                 .actual = {(const uint8_t *)"10.10.0.0/16", 12}},
        };
        static struct stream output = {.head = {(const uint8_t *)"57 passed, 4 leaked\n", 20},
                                       .bytes = 20};
        struct check_evidence measured[] = {
                {.check = slice_text("headroom"), .assertions = limit, .n_assertions = 2},
                {.check = slice_text("units"), .streams = &output, .n_streams = 1},
        };
        size_t n;

        compare_evidence(slice_text(claimed), measured, ARRAY_SIZE(measured), arena, ret_lines, &n);
        return n;
}

/* One check with one assertion, which found `actual`. */
static size_t compare_one(const char *claimed, const char *actual) {
        cleanup_arena Arena arena = ARENA_INIT;
        struct assertion found = {.where = slice_text("stdout.jsonpath.$.subnet.equals"),
                                  .actual = slice_text(actual)};
        struct check_evidence measured = {
                .check = slice_text("subnet"), .assertions = &found, .n_assertions = 1};
        const char *line = arena_printf(&arena, "subnet stdout.jsonpath = %s", claimed);
        Slice *lines;
        size_t n;

        compare_evidence(slice_text(line), &measured, 1, &arena, &lines, &n);
        return n;
}

static void check_same(const char *claimed) {
        cleanup_arena Arena arena = ARENA_INIT;
        Slice *lines;
        size_t n = compare(claimed, &arena, &lines);

        if (n)
                FAIL_TEST("\"%s\" differs: %.*s", claimed, SLICE_ARGS(lines[0]));
}

static void check_differs(const char *claimed, const char *line) {
        cleanup_arena Arena arena = ARENA_INIT;
        Slice *lines;

        CHECK_EQ_U64(compare(claimed, &arena, &lines), 1);
        CHECK_EQ_SLICE(lines[0], slice_text(line));
}

TEST(a_number_that_was_measured_is_no_difference) {
        check_same("units: 57 passed");
        check_same("units 57 passed, 4 leaked, exit 0");
        check_same("headroom: 12 of 10.10.0.0/16");
}

TEST(a_number_that_was_not_measured_is_told_with_those_that_were) {
        check_differs("units: 60 passed", "units: claimed 60; measured 57, 4, 0");
        check_differs("headroom: 17 left", "headroom: claimed 17; measured 12, 16, 0");
}

TEST(a_value_is_compared_with_what_its_assertion_found) {
        check_same("headroom stdout.number.le = 12");
        check_same("headroom stdout.number.le = 12.0");
        check_same("headroom = 12");
        check_same("headroom stdout.jsonpath = 10.10.0.0/16");
        check_differs("headroom stdout.number.le = 4",
                      "headroom stdout.number.le: claimed 4; measured 12");
}

TEST(a_json_text_is_claimed_with_its_quotes_or_without) {
        static const struct {
                const char *claimed, *actual;
                size_t n_differ;
        } rows[] = {
                {"198.19.0.0/16", "\"198.19.0.0/16\"", 0},
                {"\"198.19.0.0/16\"", "\"198.19.0.0/16\"", 0},
                {"`198.19.0.0/16` |", "\"198.19.0.0/16\"", 0},
                {"on a bridge", "\"on a bridge\"", 0},
                {"a \"b\"", "\"a \"b\"\"", 0},
                {"", "\"\"", 0},
                {"12", "\"12\"", 0},
                {"198.19.0.0/16", "\"198.18.1.0/24\"", 1},
                {"\"198.19.0.0/16\"", "\"198.18.1.0/24\"", 1},
                {"198.19.0.0/16", "\"198.19.0.0/16", 1},
                {"198.19.0.0", "\"198.19.0.0/16\"", 1},
                {"\"", "\"\"", 1},
                {"\"12\"", "12", 1},
                {"12", "\"13\"", 1},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                size_t n = compare_one(rows[i].claimed, rows[i].actual);

                if (n != rows[i].n_differ)
                        FAIL_TEST("%s, measured %s: %zu", rows[i].claimed, rows[i].actual, n);
        }
}

TEST(marks_of_lists_and_tables_are_passed_over) {
        check_differs("- [x] `units`: 60", "units: claimed 60; measured 57, 4, 0");
        check_differs("| units | 60 |", "units: claimed 60; measured 57, 4, 0");
        check_differs("  * **units** 60", "units: claimed 60; measured 57, 4, 0");
}

TEST(prose_and_other_checks_are_not_compared) {
        check_same("All 99 units passed");
        check_same("units2: 99\nunits-slow: 99\nunits.a: 99\nunits[n=1]: 99");
        check_same("");
        check_same("\n\n");
}

TEST(words_with_letters_are_no_numbers) {
        check_same("units: in 0.7s at 2026-06-13T05:33Z, commit 5741e88, v1.2.3");
}

TEST(zeros_that_say_nothing_are_left_out) {
        check_same("units: 057 passed");
        check_same("units: 57.00 passed");
        check_differs("units: 570 passed", "units: claimed 570; measured 57, 4, 0");
}

TEST(differences_have_a_ceiling) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf claimed = BUF_TEXT;
        Slice *lines;

        for (int i = 0; i < 2 * COMPARE_LINES_MAX; i++)
                buf_printf(&claimed, "units: %d\n", 1000 + i);
        CHECK_EQ_U64(compare(buf_get_text(&claimed), &arena, &lines), COMPARE_LINES_MAX);
}

TEST(a_check_is_named_where_a_line_begins_with_it) {
        CHECK(compare_names_check(slice_text("so\n- units: 3"), slice_text("units")));
        CHECK(!compare_names_check(slice_text("the units: 3"), slice_text("units")));
        CHECK(!compare_names_check(slice_text("units2"), slice_text("units")));
}
