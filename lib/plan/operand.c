/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Operands: from the text that stands behind a matcher to what it is compared with. */

#include "plan/aim.h"

#include <signal.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/size.h"
#include "plan/regex.h"
#include "plan/substitute.h"

enum { SIGNALS_MAX = 64, NO_UNIT = -1 };

/* Whole numbers that a text stands for. NO_UNIT: it wants one. False: it is something else. */
typedef int NumberReader(Slice text, int64_t *ret_number);

static int read_duration(Slice text, int64_t *ret_number) {
        uint64_t ms = 0;
        int r = duration_parse(text, &ms);

        *ret_number = (int64_t)ms;
        return r == DURATION_E_NO_UNIT ? NO_UNIT : r == 0;
}

static int read_size(Slice text, int64_t *ret_number) {
        uint64_t n_bytes = 0;
        int r = size_parse(text, &n_bytes);

        *ret_number = (int64_t)n_bytes;
        return r == SIZE_E_NO_UNIT ? NO_UNIT : r == 0;
}

static int read_flag(Slice text, int64_t *ret_number) {
        *ret_number = slice_is(text, "true");
        return *ret_number || slice_is(text, "false");
}

static int read_signal(Slice text, int64_t *ret_number) {
        Slice name =
                slice_equal(slice_head(text, 3), slice_text("SIG")) ? slice_from(text, 3) : text;

        for (int signal = 1; signal <= SIGNALS_MAX; signal++) {
                const char *known = sigabbrev_np(signal);
                char digits[12];

                (void)snprintf(digits, sizeof digits, "%d", signal);
                *ret_number = signal;
                if ((known && slice_is(name, known)) || slice_is(text, digits))
                        return true;
        }
        return false;
}

static const struct {
        unsigned values;
        NumberReader *read;
        const char *wanted, *unit;
} number_rows[] = {
        {AS_DURATION, read_duration, "a duration with its unit is wanted", "s"},
        {AS_SIZE, read_size, "a size with its unit is wanted, as in `4KiB`", "B"},
        {AS_FLAG, read_flag, "`true` or `false` is wanted", ""},
        {AS_SIGNAL, read_signal, "a signal is wanted, as in `SIGTERM` or 15", ""},
};

/* What is known only when the check runs may stand in texts that are compared as they are. */
static bool may_be_late(const Aim *aim, MatchOp op) {
        return (aim->values & (AS_STREAM | AS_JSON)) &&
               (op == MATCH_EQUALS || op == MATCH_CONTAINS || op == MATCH_NOT_CONTAINS);
}

/* False after a fault, if the node is not a text or a variable is unknown. */
static bool get_text(const Aim *aim, MatchOp op, const YamlNode *node, Slice *ret_text) {
        if (node->kind == YAML_KIND_TEXT)
                return may_be_late(aim, op) ? substitute(aim->build, node, ret_text)
                                            : substitute_now(aim->build, node, ret_text);
        aim_refuse(aim, op, node, "a text is wanted");
        return false;
}

static bool get_number_as(const Aim *aim, MatchOp op, const YamlNode *node, size_t row, Slice text,
                          Decimal *ret_number) {
        int64_t number = 0;
        int r = number_rows[row].read(text, &number);
        Fault *fault;

        *ret_number = decimal_of(number);
        if (r == NO_UNIT) {
                fault = faults_add(aim->build->faults, node->place, "plan-unit",
                                   "`%s.%s`: %.*s has no unit", aim->where, matcher_rows[op].word,
                                   SLICE_ARGS(text));
                fault_next(fault, "did you mean `%.*s%s`?", SLICE_ARGS(text),
                           number_rows[row].unit);
                return false;
        }
        if (!r)
                aim_refuse(aim, op, node, number_rows[row].wanted);
        return r;
}

static bool get_number(const Aim *aim, MatchOp op, const YamlNode *node, Decimal *ret_number) {
        Slice text;

        if (!get_text(aim, op, node, &text))
                return false;
        for (size_t i = 0; i < ARRAY_SIZE(number_rows); i++)
                if (aim->values & number_rows[i].values)
                        return get_number_as(aim, op, node, i, text, ret_number);
        if (decimal_parse(text, ret_number))
                return true;
        aim_refuse(aim, op, node, "a number is wanted");
        return false;
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
        if (!(aim->values & (AS_STREAM | AS_JSON))) {
                if (!get_number(aim, op, node, &matcher.least))
                        return;
                matcher.most = matcher.least;
                matcher.is_number = true;
        }
        aim_add(aim, node->place, matcher);
}

static void read_texts(const Aim *aim, MatchOp op, const YamlNode *node) {
        bool is_one = node->kind == YAML_KIND_TEXT;
        size_t n = is_one ? 1 : node->n_entries;

        if (node->kind == YAML_KIND_MAP)
                aim_refuse(aim, op, node, "a text or a list of texts is wanted");
        else if (n == 0)
                aim_refuse_empty(aim, node->place);
        for (size_t i = 0; i < n && node->kind != YAML_KIND_MAP; i++) {
                const YamlNode *item = is_one ? node : node->entries[i].value;
                char reason[REGEX_TEXT_BYTES];
                Matcher matcher = {.op = op};

                if (!get_text(aim, op, item, &matcher.text))
                        continue;
                if (matcher_rows[op].operand == OPERAND_REGEXES &&
                    regex_check(matcher.text, reason) != 0)
                        aim_refuse(aim, op, item, reason);
                else
                        aim_add(aim, item->place, matcher);
        }
}

static void read_bool(const Aim *aim, MatchOp op, const YamlNode *node) {
        Matcher matcher = {.op = op};

        if (!get_text(aim, op, node, &matcher.text))
                return;
        matcher.is_empty = slice_is(matcher.text, "true");
        if (!matcher.is_empty && !slice_is(matcher.text, "false"))
                aim_refuse(aim, op, node, "`true` or `false` is wanted");
        else
                aim_add(aim, node->place, matcher);
}

static void read_bound(const Aim *aim, MatchOp op, const YamlNode *node) {
        Matcher matcher = {.op = op, .is_number = true};

        if (!get_text(aim, op, node, &matcher.text) || !get_number(aim, op, node, &matcher.least))
                return;
        matcher.most = matcher.least;
        aim_add(aim, node->place, matcher);
}

static void read_bounds(const Aim *aim, MatchOp op, const YamlNode *node) {
        Matcher matcher = {.op = op, .is_number = true};
        const YamlNode *least, *most;

        if (node->kind != YAML_KIND_LIST || node->n_entries != 2) {
                aim_refuse(aim, op, node, "two bounds are wanted");
                return;
        }
        least = node->entries[0].value;
        most = node->entries[1].value;
        if (!get_number(aim, op, least, &matcher.least) ||
            !get_number(aim, op, most, &matcher.most))
                return;
        if (decimal_compare(&matcher.least, &matcher.most) > 0) {
                aim_refuse(aim, op, node, "the second bound is less than the first");
                return;
        }
        matcher.text = slice_text(arena_printf(&aim->build->plan->arena, "%.*s to %.*s",
                                               SLICE_ARGS(least->text), SLICE_ARGS(most->text)));
        aim_add(aim, node->place, matcher);
}

void aim_read_operand(const Aim *aim, MatchOp op, const YamlNode *node) {
        switch (matcher_rows[op].operand) {
        case OPERAND_VALUE: read_value(aim, op, node); return;
        case OPERAND_TEXTS:
        case OPERAND_REGEXES: read_texts(aim, op, node); return;
        case OPERAND_BOOL: read_bool(aim, op, node); return;
        case OPERAND_BOUND: read_bound(aim, op, node); return;
        case OPERAND_BOUNDS: read_bounds(aim, op, node); return;
        case OPERAND_COUNTS:
        case OPERAND_NUMBERS:
        case OPERAND_PATHS:
        case OPERAND_GROUP:
        case OPERAND_GROUPS: return;
        }
}
