/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * TAP 13 and 14, line by line. What is not TAP is a program's own output and is passed over; what
 * is TAP must agree with itself at every level: a plan, each number once, no number missing, a
 * subtest's failure seen in its parent.
 */

#include "verify/report.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "view/status.h"

enum {
        DEPTH_MAX = 16,
        INDENT = 4,      /* of a level of subtests */
        YAML_INDENT = 2, /* of a block behind a test */
        NUMBER_DIGITS_MAX = 9,
        BITS = 8,
        SEEN_BYTES = REPORT_TESTS_MAX / BITS + 1,
};

typedef struct Level {
        size_t first_test; /* of the report's tests */
        uint64_t n_points;
        uint64_t planned;
        bool has_plan, plan_is_last;
        uint64_t most; /* the greatest number so far */
} Level;

typedef struct Reading {
        Report *report;
        Arena *arena;
        Level levels[DEPTH_MAX];
        uint8_t *seen[DEPTH_MAX]; /* a bit for each number of the level that stands there now */
        size_t n_levels; /* at least one; more than that: subtests whose parent is still to come */
        bool is_in_yaml, may_be_yaml, is_over_limit, has_anything;
        size_t yaml_indent;
} Reading;

typedef struct Point {
        bool is_ok, is_skip, is_todo;
        bool has_number;
        uint64_t number;
        Slice name;
} Point;

static bool begins(Slice line, const char *word) {
        return line.n >= strlen(word) && memcmp(line.data, word, strlen(word)) == 0;
}

static bool begins_any_case(Slice line, const char *word) {
        return line.n >= strlen(word) &&
               strncasecmp((const char *)line.data, word, strlen(word)) == 0;
}

static Slice trim(Slice text) {
        while (text.n && isspace(text.data[0]))
                text = slice_from(text, 1);
        while (text.n && isspace(text.data[text.n - 1]))
                text.n--;
        return text;
}

/* False: there is none, or one that no report has. */
static bool take_number(Slice *rest, uint64_t *ret_number) {
        uint64_t number = 0;
        size_t n = 0;

        for (; n < rest->n && isdigit(rest->data[n]); n++)
                number = n < NUMBER_DIGITS_MAX ? number * 10 + (rest->data[n] - '0') : UINT32_MAX;
        *rest = slice_from(*rest, n);
        *ret_number = number;
        return n > 0;
}

/* Where the directive begins: a `#` that no backslash stands before. */
static size_t find_directive(Slice text) {
        for (size_t i = 0; i < text.n; i++) {
                if (text.data[i] == '\\')
                        i++;
                else if (text.data[i] == '#')
                        return i;
        }
        return text.n;
}

static bool is_directive(Slice text, const char *word) {
        size_t n = strlen(word);

        return begins_any_case(text, word) && (text.n == n || !isalnum(text.data[n]));
}

static Slice unescape(Slice text, Arena *arena) {
        uint8_t *bytes = arena_alloc(arena, text.n + 1);
        size_t n = 0;

        for (size_t i = 0; i < text.n; i++) {
                if (text.data[i] == '\\' && i + 1 < text.n &&
                    (text.data[i + 1] == '\\' || text.data[i + 1] == '#'))
                        i++;
                bytes[n++] = text.data[i];
        }
        return slice_make(bytes, n);
}

static bool point_parse(Slice line, Arena *arena, Point *ret_point) {
        bool is_bad = begins(line, "not ok");
        Slice rest = slice_from(line, is_bad ? 6 : 2);
        Slice directive;
        size_t n;

        if ((!is_bad && !begins(line, "ok")) || (rest.n && !isspace(rest.data[0])))
                return false;
        *ret_point = (Point){.is_ok = !is_bad};
        rest = trim(rest);
        ret_point->has_number = take_number(&rest, &ret_point->number);
        if (ret_point->has_number && rest.n && !isspace(rest.data[0]) && rest.data[0] != '#')
                return false;
        rest = trim(rest);
        n = find_directive(rest);
        directive = trim(slice_from(rest, n + 1));
        ret_point->is_skip = is_directive(directive, "skip") || is_directive(directive, "skipped");
        ret_point->is_todo = is_directive(directive, "todo");
        /* Another remark belongs to the name. */
        rest = trim(ret_point->is_skip || ret_point->is_todo ? slice_head(rest, n) : rest);
        if (begins(rest, "-"))
                rest = trim(slice_from(rest, 1));
        ret_point->name = unescape(rest, arena);
        return true;
}

static void mismatch_level(Reading *reading, const char *what, uint64_t number) {
        report_mismatch(reading->report, reading->arena, "%s%s %llu",
                        reading->n_levels > 1 ? "a subtest: " : "", what,
                        (unsigned long long)number);
}

/* Each number from 1 to the plan's, once. */
static void level_check(Reading *reading, const Level *level) {
        const uint8_t *seen = reading->seen[level - reading->levels];
        uint64_t n = size_min(level->planned, REPORT_TESTS_MAX);

        if (!level->has_plan) {
                mismatch_level(reading, "there is no plan; tests:", level->n_points);
                return;
        }
        for (uint64_t i = 1; level->most && i <= n; i++)
                if (!(seen[i / BITS] >> i % BITS & 1)) {
                        mismatch_level(reading, "the plan has a test that is missing: number", i);
                        return;
                }
        if (level->n_points != level->planned)
                report_mismatch(
                        reading->report, reading->arena, "%sthe plan says %llu, there are %llu",
                        reading->n_levels > 1 ? "a subtest: " : "",
                        (unsigned long long)level->planned, (unsigned long long)level->n_points);
}

/* One for each depth, whatever the number of subtests: a report decides how many there are. */
static uint8_t *seen_of(Reading *reading, const Level *level) {
        uint8_t **seen = &reading->seen[level - reading->levels];

        if (!*seen)
                *seen = arena_alloc(reading->arena, SEEN_BYTES);
        return *seen;
}

static void number_check(Reading *reading, Level *level, const Point *point) {
        uint64_t number = point->has_number ? point->number : level->n_points;
        uint8_t *byte;

        if (level->has_plan && level->plan_is_last)
                mismatch_level(reading, "behind the plan there is still test", number);
        if (number == 0 || number > REPORT_TESTS_MAX) {
                mismatch_level(reading, "no test has the number", number);
                return;
        }
        byte = &seen_of(reading, level)[number / BITS];
        if (*byte >> number % BITS & 1)
                mismatch_level(reading, "there are two tests with the number", number);
        *byte |= (uint8_t)(1u << number % BITS);
        level->most = size_max(level->most, number);
}

static ReportState state_of(const Point *point) {
        if (!point->is_ok)
                return point->is_todo ? REPORT_TEST_SKIPPED : REPORT_TEST_FAILED;
        return point->is_skip ? REPORT_TEST_SKIPPED : REPORT_TEST_PASSED;
}

static void add_test(Reading *reading, Slice name, ReportState state) {
        if (!report_add(reading->report, reading->arena, name, state))
                reading->is_over_limit = true;
}

/* The subtests get their parent's name; where it is known to fail, so are they. */
static void adopt(Reading *reading, const Level *level, const Point *point, Slice raw_name) {
        cleanup_buf Buf visible = BUF_TEXT;
        Report *report = reading->report;
        bool has_failed = false;
        Slice name;

        text_make_visible(raw_name, false, &visible);
        name = buf_get(&visible);
        for (size_t i = level->first_test; i < report->n_tests; i++) {
                ReportTest *test = &report->tests[i];

                report->n_name_bytes += name.n + test->name.n; /* each copy counts */
                reading->is_over_limit |= report->n_name_bytes > REPORT_NAMES_BYTES_MAX ||
                                          test->name.n + name.n > REPORT_NAME_BYTES_MAX;
                if (reading->is_over_limit)
                        return;
                test->name = slice_text(arena_printf(reading->arena, "%.*s > %.*s",
                                                     SLICE_ARGS(name), SLICE_ARGS(test->name)));
                if (test->state == REPORT_TEST_FAILED && point->is_todo)
                        test->state = REPORT_TEST_SKIPPED;
                has_failed |= test->state == REPORT_TEST_FAILED;
        }
        if (has_failed && point->is_ok)
                report_mismatch(report, reading->arena,
                                "a subtest of %.*s failed, and it is said to be ok",
                                SLICE_ARGS(slice_head(name, 80)));
        if (state_of(point) == REPORT_TEST_FAILED && !has_failed)
                add_test(reading, raw_name, REPORT_TEST_FAILED);
}

static void level_drop(Reading *reading) {
        const Level *level = &reading->levels[reading->n_levels - 1];

        level_check(reading, level);
        reading->n_levels--;
        if (level->most)
                memset(reading->seen[reading->n_levels], 0, (size_t)level->most / BITS + 1);
}

static void on_point(Reading *reading, size_t depth, const Point *point) {
        Level *level = &reading->levels[depth], *below = level + 1;
        bool has_subtests = reading->n_levels == depth + 2;
        Slice name = point->name;
        Slice number;

        level->n_points++;
        number = slice_text(arena_printf(
                reading->arena, "%llu",
                (unsigned long long)(point->has_number ? point->number : level->n_points)));
        if (!name.n)
                name = number;
        if (has_subtests)
                level_drop(reading);
        if (has_subtests && below->first_test < reading->report->n_tests)
                adopt(reading, below, point, name);
        else
                add_test(reading, name,
                         has_subtests && point->is_ok ? REPORT_TEST_SKIPPED : state_of(point));
        number_check(reading, level, point);
}

static bool on_plan(Reading *reading, Level *level, Slice line) {
        Slice rest = slice_from(line, 3);
        uint64_t planned;

        if (!begins(line, "1..") || !take_number(&rest, &planned) ||
            (trim(rest).n && trim(rest).data[0] != '#'))
                return false;
        if (level->has_plan)
                mismatch_level(reading, "there is a second plan, for", planned);
        else
                level->plan_is_last = level->n_points > 0;
        level->has_plan = true;
        level->planned = planned;
        return true;
}

/* To the level of a line of TAP. False: it stands too deep to be one. */
static bool go_to(Reading *reading, size_t depth, bool is_point) {
        if (depth > reading->n_levels || depth >= DEPTH_MAX)
                return false;
        if (depth == reading->n_levels) {
                reading->levels[depth] = (Level){.first_test = reading->report->n_tests};
                reading->n_levels++;
        }
        while (reading->n_levels > depth + (is_point ? 2 : 1)) {
                level_drop(reading);
                report_mismatch(reading->report, reading->arena, "subtests belong to no test");
        }
        return true;
}

static bool is_version(Slice line) {
        return begins(line, "TAP version 12") || begins(line, "TAP version 13") ||
               begins(line, "TAP version 14");
}

static void on_line(Reading *reading, size_t depth, Slice line) {
        Point point;

        if (begins_any_case(line, "bail out!")) {
                reading->report->has_bailed = reading->has_anything = true;
                reading->report->bail = trim(slice_from(line, 9));
        } else if (point_parse(line, reading->arena, &point)) {
                if (!go_to(reading, depth, true))
                        return;
                on_point(reading, depth, &point);
                reading->has_anything = reading->may_be_yaml = true;
                reading->yaml_indent = depth * INDENT + YAML_INDENT;
        } else if (begins(line, "1..") && isdigit(line.n > 3 ? line.data[3] : 0)) {
                if (go_to(reading, depth, false))
                        reading->has_anything |= on_plan(reading, &reading->levels[depth], line);
        } else if (is_version(line) && depth == 0) {
                if (reading->has_anything)
                        report_mismatch(reading->report, reading->arena,
                                        "there are two reports, one behind the other");
                reading->has_anything = true;
        }
}

/* True if the line belongs to a block behind a test. */
static bool take_yaml(Reading *reading, size_t indent, Slice line) {
        if (reading->is_in_yaml) {
                reading->is_in_yaml = indent != reading->yaml_indent || !slice_is(line, "...");
                return true;
        }
        if (reading->may_be_yaml && indent == reading->yaml_indent && slice_is(line, "---")) {
                reading->is_in_yaml = true;
                return true;
        }
        reading->may_be_yaml = false;
        return false;
}

static void read_lines(Reading *reading, Slice text) {
        while (text.n && !reading->is_over_limit) {
                size_t n = slice_find(text, slice_text("\n")), indent = 0;
                Slice line = slice_head(text, n);

                text = slice_from(text, n + 1);
                while (line.n && isspace(line.data[line.n - 1]))
                        line.n--;
                while (indent < line.n && line.data[indent] == ' ')
                        indent++;
                line = slice_from(line, indent);
                if (!take_yaml(reading, indent, line) && indent % INDENT == 0)
                        on_line(reading, indent / INDENT, line);
        }
}

int report_read_tap(Slice text, Arena *arena, Report *ret_report,
                    char reterr_why[REPORT_WHY_BYTES]) {
        Reading reading = {.report = ret_report, .arena = arena, .n_levels = 1};

        *ret_report = (Report){.n_tests = 0};
        reterr_why[0] = 0;
        reading.is_over_limit = text.n > REPORT_BYTES_MAX;
        read_lines(&reading, text);
        if (reading.is_in_yaml)
                report_mismatch(ret_report, arena, "it ends in the middle of a block");
        while (reading.n_levels > 1) {
                level_drop(&reading);
                report_mismatch(ret_report, arena, "subtests belong to no test");
        }
        if (!ret_report->has_bailed)
                level_check(&reading, &reading.levels[0]);
        report_count(ret_report);
        if (reading.is_over_limit)
                (void)snprintf(reterr_why, REPORT_WHY_BYTES,
                               "it has more tests, or longer names, than are read");
        else if (!reading.has_anything)
                (void)snprintf(reterr_why, REPORT_WHY_BYTES, "no line of it is TAP");
        return reterr_why[0] ? REPORT_E_MALFORMED : 0;
}
