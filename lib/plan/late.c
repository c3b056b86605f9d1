/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Late references, put in by the rows that may have them: no text of a check is forgotten. */

#include "plan/plan.h"

#include "plan/matcher.h"
#include "plan/substitute.h"
#include "plan/visible.h"

bool plan_is_late(Slice text) {
        return text.n && memchr(text.data, LATE_BYTE, text.n);
}

void substitute_show(Buf *text, Slice scalar, size_t n_max) {
        cleanup_buf Buf out = BUF_TEXT;

        for (size_t i = 0; i < scalar.n; i++)
                buf_byte(&out, scalar.data[i] == LATE_BYTE ? '$' : scalar.data[i]);
        visible_append(text, buf_get(&out), n_max);
}

static const PlanPair *find_value(const PlanPair *values, size_t n_values, Slice name) {
        for (size_t i = 0; i < n_values; i++)
                if (slice_equal(values[i].name, name))
                        return &values[i];
        return NULL;
}

Slice plan_substitute_late(Slice text, const PlanPair *values, size_t n_values, Arena *arena) {
        cleanup_buf Buf out = BUF_TEXT;

        if (!plan_is_late(text))
                return text;
        while (text.n) {
                size_t mark = slice_find(text, slice_text(PLAN_LATE_MARK));
                Slice rest = slice_from(text, mark + 2);
                size_t n = slice_find(rest, slice_text("}"));
                const PlanPair *value = find_value(values, n_values, slice_head(rest, n));

                buf_slice(&out, slice_head(text, mark));
                text = slice_from(text, mark);
                if (value)
                        buf_slice(&out, value->value);
                else
                        buf_slice(&out, slice_head(text, n + 3));
                text = slice_from(text, n + 3);
        }
        return arena_slice(arena, buf_get(&out));
}

static PlanPair *pairs_substitute(const PlanPair *pairs, size_t n, const PlanPair *values,
                                  size_t n_values, Arena *arena) {
        PlanPair *copy = arena_alloc_array(arena, n, sizeof *copy);

        for (size_t i = 0; i < n; i++)
                copy[i] = (PlanPair){pairs[i].name,
                                     plan_substitute_late(pairs[i].value, values, n_values, arena)};
        return copy;
}

typedef struct Late {
        const PlanPair *values;
        size_t n_values;
        Arena *arena;
} Late;

static bool matcher_is_late(const Matcher *matcher) {
        if (plan_is_late(matcher->text))
                return true;
        for (size_t i = 0; i < matcher->n_parts; i++)
                if (matcher_is_late(&matcher->parts[i]))
                        return true;
        return false;
}

/* Groups are nested as deeply as YAML is. */
static Matcher matcher_substitute(const Matcher *matcher, const Late *late) {
        Matcher copy = *matcher, *parts;

        copy.text = plan_substitute_late(copy.text, late->values, late->n_values, late->arena);
        parts = arena_alloc_array(late->arena, copy.n_parts, sizeof *parts);
        for (size_t i = 0; i < copy.n_parts; i++)
                parts[i] = matcher_substitute(&matcher->parts[i], late);
        copy.parts = parts;
        return copy;
}

static Expectation *expectations_substitute(const Check *check, const Late *late) {
        Expectation *copy = arena_alloc_array(late->arena, check->n_expectations, sizeof *copy);

        for (size_t i = 0; i < check->n_expectations; i++) {
                Matcher *matcher;

                copy[i] = check->expectations[i];
                if (!matcher_is_late(copy[i].matcher))
                        continue;
                matcher = arena_alloc(late->arena, sizeof *matcher);
                *matcher = matcher_substitute(copy[i].matcher, late);
                copy[i].matcher = matcher;
        }
        return copy;
}

Check check_substitute_late(const Check *check, const PlanPair *values, size_t n_values,
                            Arena *arena) {
        const Late late = {values, n_values, arena};
        Check copy = *check;

        for (size_t i = 0; i < n_word_rows; i++) {
                const Word *word = &word_rows[i];
                void *member = (char *)&copy + word->offset;

                if (word->target != TARGET_Check ||
                    value_rows[word->kind].variables != LATE_VARIABLES)
                        continue;
                if (word->offset_n)
                        *(PlanPair **)member = pairs_substitute(
                                *(PlanPair **)member,
                                *(size_t *)(void *)((char *)&copy + word->offset_n), values,
                                n_values, arena);
                else
                        *(Slice *)member =
                                plan_substitute_late(*(Slice *)member, values, n_values, arena);
        }
        copy.expectations = expectations_substitute(check, &late);
        return copy;
}
