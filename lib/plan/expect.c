/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Subjects, then matchers, then operands. An Aim says what is being looked at while the tree is
 * descended; a leaf adds one Expectation.
 */

#include "plan/expect.h"

#include <stdio.h>

#include "base/clock.h"
#include "plan/jsonpath.h"
#include "plan/matcher.h"
#include "plan/regex.h"
#include "plan/substitute.h"

typedef struct Aim {
        Build *build;
        Check *check;
        Subject subject;
        Slice header;
        MatchView view;
        Slice path;
        unsigned values;   /* AS_… */
        const char *where; /* "stdout.line-count" */
} Aim;

static void add(const Aim *aim, PlanPlace place, Matcher matcher) {
        Check *check = aim->check;
        Arena *arena = &aim->build->plan->arena;

        if (check->n_expectations == EXPECTATIONS_MAX) {
                faults_add(aim->build->faults, place, "plan-limit",
                           "a check has more than %d assertions", EXPECTATIONS_MAX);
                return;
        }
        matcher.view = aim->view;
        matcher.path = aim->path;
        matcher.where =
                slice_text(arena_printf(arena, "%s.%s", aim->where, matcher_rows[matcher.op].word));
        check->expectations = arena_grow(arena, check->expectations, check->n_expectations,
                                         sizeof *check->expectations);
        check->expectations[check->n_expectations] = (Expectation){
                .subject = aim->subject,
                .name = aim->header,
                .matcher = arena_alloc(arena, sizeof matcher),
                .place = place,
        };
        *check->expectations[check->n_expectations++].matcher = matcher;
}

static void refuse(const Aim *aim, MatchOp op, const YamlNode *node, const char *found) {
        Fault *fault = faults_add(aim->build->faults, node->place, "plan-value", "`%s.%s`: %s",
                                  aim->where, matcher_rows[op].word, found);

        fault_next(fault, "for example `%s: %s`", matcher_rows[op].word, matcher_rows[op].example);
}

static void refuse_empty(const Aim *aim, PlanPlace place) {
        Fault *fault = faults_add(aim->build->faults, place, "vacuous-expectation",
                                  "`%s` asserts nothing", aim->where);

        fault_next(fault, "say what must hold, or leave it out");
}

/* False after a fault, if the node is not a text or a variable is unknown. */
static bool get_text(const Aim *aim, MatchOp op, const YamlNode *node, Slice *ret_text) {
        if (node->kind == YAML_KIND_TEXT)
                return substitute(aim->build, node, ret_text);
        refuse(aim, op, node, "a text is wanted");
        return false;
}

static bool get_number(const Aim *aim, MatchOp op, const YamlNode *node, Decimal *ret_number) {
        uint64_t ms;
        Slice text;
        Fault *fault;

        if (!get_text(aim, op, node, &text))
                return false;
        if (!(aim->values & AS_DURATION)) {
                if (decimal_parse(text, ret_number))
                        return true;
                refuse(aim, op, node, "a number is wanted");
                return false;
        }
        switch (duration_parse(text, &ms)) {
        case 0: *ret_number = decimal_of((int64_t)ms); return true;
        case DURATION_E_NO_UNIT:
                fault = faults_add(aim->build->faults, node->place, "plan-unit",
                                   "`%s.%s`: %.*s has no unit", aim->where, matcher_rows[op].word,
                                   SLICE_ARGS(text));
                fault_next(fault, "did you mean `%.*ss`?", SLICE_ARGS(text));
                return false;
        default: refuse(aim, op, node, "a duration with its unit is wanted"); return false;
        }
}

static bool is_literal(const YamlNode *node, Slice text) {
        Decimal number;

        return node->is_plain && (slice_is(text, "null") || slice_is(text, "true") ||
                                  slice_is(text, "false") || decimal_parse(text, &number));
}

static void read_value(const Aim *aim, MatchOp op, const YamlNode *node) {
        Matcher matcher = {.op = op};

        if (!get_text(aim, op, node, &matcher.text))
                return;
        matcher.is_literal = is_literal(node, matcher.text);
        if (aim->values & (AS_NUMBER | AS_DURATION)) {
                if (!get_number(aim, op, node, &matcher.least))
                        return;
                matcher.most = matcher.least;
                matcher.is_number = true;
        }
        add(aim, node->place, matcher);
}

static void read_texts(const Aim *aim, MatchOp op, const YamlNode *node) {
        bool is_one = node->kind == YAML_KIND_TEXT;
        size_t n = is_one ? 1 : node->n_entries;

        if (node->kind == YAML_KIND_MAP)
                refuse(aim, op, node, "a text or a list of texts is wanted");
        else if (n == 0)
                refuse_empty(aim, node->place);
        for (size_t i = 0; i < n && node->kind != YAML_KIND_MAP; i++) {
                const YamlNode *item = is_one ? node : node->entries[i].value;
                char reason[REGEX_TEXT_BYTES];
                Matcher matcher = {.op = op};

                if (!get_text(aim, op, item, &matcher.text))
                        continue;
                if (matcher_rows[op].operand == OPERAND_REGEXES &&
                    regex_check(matcher.text, reason) != 0)
                        refuse(aim, op, item, reason);
                else
                        add(aim, item->place, matcher);
        }
}

static void read_bool(const Aim *aim, MatchOp op, const YamlNode *node) {
        Matcher matcher = {.op = op};

        if (!get_text(aim, op, node, &matcher.text))
                return;
        matcher.is_empty = slice_is(matcher.text, "true");
        if (!matcher.is_empty && !slice_is(matcher.text, "false"))
                refuse(aim, op, node, "`true` or `false` is wanted");
        else
                add(aim, node->place, matcher);
}

static void read_bounds(const Aim *aim, MatchOp op, const YamlNode *node) {
        Matcher matcher = {.op = op, .is_number = true};
        Arena *arena = &aim->build->plan->arena;

        if (op != MATCH_BETWEEN) {
                if (!get_text(aim, op, node, &matcher.text) ||
                    !get_number(aim, op, node, &matcher.least))
                        return;
                matcher.most = matcher.least;
                add(aim, node->place, matcher);
                return;
        }
        if (node->kind != YAML_KIND_LIST || node->n_entries != 2) {
                refuse(aim, op, node, "two bounds are wanted");
                return;
        }
        if (!get_number(aim, op, node->entries[0].value, &matcher.least) ||
            !get_number(aim, op, node->entries[1].value, &matcher.most))
                return;
        if (decimal_compare(&matcher.least, &matcher.most) > 0) {
                refuse(aim, op, node, "the second bound is less than the first");
                return;
        }
        matcher.text = slice_text(arena_printf(arena, "%.*s to %.*s",
                                               SLICE_ARGS(node->entries[0].value->text),
                                               SLICE_ARGS(node->entries[1].value->text)));
        add(aim, node->place, matcher);
}

static void read_matchers(const Aim *aim, const YamlNode *node);

static Aim aim_inside(const Aim *aim, MatchView view, unsigned values, MatchOp op) {
        Aim inner = *aim;

        inner.view = view;
        inner.values = values;
        inner.where =
                arena_printf(&aim->build->plan->arena, "%s.%s", aim->where, matcher_rows[op].word);
        return inner;
}

static void read_paths(const Aim *aim, MatchOp op, const YamlNode *node) {
        if (node->kind != YAML_KIND_MAP) {
                refuse(aim, op, node, "a map of paths is wanted");
                return;
        }
        if (node->n_entries == 0)
                refuse_empty(aim, node->place);
        for (size_t i = 0; i < node->n_entries; i++) {
                const YamlEntry *entry = &node->entries[i];
                Aim inner = aim_inside(aim, VIEW_JSON, AS_JSON, op);

                if (!jsonpath_is_valid(entry->key)) {
                        refuse(aim, op, entry->value,
                               "a path begins with `$`, as in `$.items[0].name`");
                        continue;
                }
                inner.path = entry->key;
                inner.where = arena_printf(&aim->build->plan->arena, "%s.%.*s", inner.where,
                                           SLICE_ARGS(entry->key));
                read_matchers(&inner, entry->value);
        }
}

static void read_operand(const Aim *aim, MatchOp op, const YamlNode *node) {
        Aim inner;

        switch (matcher_rows[op].operand) {
        case OPERAND_VALUE: read_value(aim, op, node); return;
        case OPERAND_TEXTS:
        case OPERAND_REGEXES: read_texts(aim, op, node); return;
        case OPERAND_BOOL: read_bool(aim, op, node); return;
        case OPERAND_BOUND:
        case OPERAND_BOUNDS: read_bounds(aim, op, node); return;
        case OPERAND_COUNTS:
                inner = aim_inside(aim, VIEW_LINE_COUNT, AS_NUMBER, op);
                read_matchers(&inner, node);
                return;
        case OPERAND_NUMBERS:
                inner = aim_inside(aim, VIEW_NUMBER, AS_NUMBER, op);
                read_matchers(&inner, node);
                return;
        case OPERAND_PATHS: read_paths(aim, op, node); return;
        }
}

static int find_matcher(unsigned values, Slice word) {
        for (int op = 0; op < _MATCH_MAX; op++)
                if ((matcher_rows[op].values & values) && slice_is(word, matcher_rows[op].word))
                        return op;
        return -1;
}

/* A typo, or a matcher of something else. */
static void refuse_matcher(const Aim *aim, const YamlEntry *entry) {
        int op = find_matcher(~0u, entry->key);
        cleanup_buf Buf values = BUF_TEXT;
        Fault *fault;

        if (op < 0) {
                grammar_refuse(IN_MATCHERS, entry->key, entry->place, aim->build->faults);
                return;
        }
        grammar_describe_values(matcher_rows[op].values, &values);
        fault = faults_add(aim->build->faults, entry->place, "plan-word-place",
                           "`%s` does not stand in `%s`: it looks at %s", matcher_rows[op].word,
                           aim->where, buf_get_text(&values));
        if (aim->values & AS_STREAM)
                fault_next(fault, "put it into `line-count`, `number` or `jsonpath`");
}

static void read_matchers(const Aim *aim, const YamlNode *node) {
        if (node->kind == YAML_KIND_TEXT) {
                read_value(aim, MATCH_EQUALS, node);
                return;
        }
        if (node->kind == YAML_KIND_LIST) {
                Fault *fault =
                        faults_add(aim->build->faults, node->place, "plan-value",
                                   "`%s` is a list; a map of matchers is wanted", aim->where);

                fault_next(fault, "for example `contains: [ready, listening]`");
                return;
        }
        if (node->n_entries == 0)
                refuse_empty(aim, node->place);
        for (size_t i = 0; i < node->n_entries; i++) {
                const YamlEntry *entry = &node->entries[i];
                int op = find_matcher(aim->values, entry->key);

                if (op < 0)
                        refuse_matcher(aim, entry);
                else
                        read_operand(aim, (MatchOp)op, entry->value);
        }
}

static void read_headers(const Aim *aim, const YamlNode *node) {
        if (node->kind != YAML_KIND_MAP) {
                faults_add(aim->build->faults, node->place, "plan-value",
                           "`headers` is a map of header names, here it is %s",
                           yaml_kind_name(node->kind));
                return;
        }
        if (node->n_entries == 0)
                refuse_empty(aim, node->place);
        for (size_t i = 0; i < node->n_entries; i++) {
                Aim inner = *aim;

                inner.header = node->entries[i].key;
                if (inner.header.n == 0 || inner.header.n > ID_BYTES_MAX) {
                        faults_add(aim->build->faults, node->entries[i].place, "plan-value",
                                   "a header's name has 1 to %d bytes", ID_BYTES_MAX);
                        continue;
                }
                inner.where = arena_printf(&aim->build->plan->arena, "headers.%.*s",
                                           SLICE_ARGS(inner.header));
                read_matchers(&inner, node->entries[i].value);
        }
}

static void read_subject(Build *build, Check *check, const YamlEntry *entry) {
        for (int subject = 0; subject < _SUBJECT_MAX; subject++) {
                const SubjectRow *row = &subject_rows[subject];
                Aim aim = {.build = build,
                           .check = check,
                           .subject = (Subject)subject,
                           .values = row->values,
                           .where = row->word};

                if (!row->word || !slice_is(entry->key, row->word))
                        continue;
                if (!(row->checks & 1u << check->kind))
                        faults_add(build->faults, entry->place, "plan-word-place",
                                   "`%s` does not stand here: %s check has none", row->word,
                                   check->kind == CHECK_RUN ? "a run" : "an http");
                else if (subject == SUBJECT_HEADERS)
                        read_headers(&aim, entry->value);
                else
                        read_matchers(&aim, entry->value);
                return;
        }
        grammar_refuse(IN_EXPECT, entry->key, entry->place, build->faults);
}

static void add_default(Build *build, Check *check) {
        Aim aim = {.build = build,
                   .check = check,
                   .subject = SUBJECT_EXIT_STATUS,
                   .values = AS_NUMBER,
                   .where = subject_rows[SUBJECT_EXIT_STATUS].word};

        add(&aim, check->place,
            (Matcher){.op = MATCH_EQUALS,
                      .text = slice_text("0"),
                      .is_literal = true,
                      .is_number = true,
                      .least = decimal_of(0),
                      .most = decimal_of(0)});
}

void expect_read(Build *build, Check *check, const YamlNode *expect) {
        Slice exit_status = slice_text(subject_rows[SUBJECT_EXIT_STATUS].word);

        if (expect && expect->kind != YAML_KIND_MAP) {
                faults_add(build->faults, expect->place, "plan-value",
                           "`expect` is a map of subjects, here it is %s",
                           yaml_kind_name(expect->kind));
                return;
        }
        if (expect && expect->n_entries == 0)
                faults_add(build->faults, expect->place, "vacuous-expectation",
                           "`expect` asserts nothing");
        if (check->kind == CHECK_RUN && !(expect && yaml_find(expect, exit_status)))
                add_default(build, check);
        for (size_t i = 0; expect && i < expect->n_entries; i++)
                read_subject(build, check, &expect->entries[i]);
}
