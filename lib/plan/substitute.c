/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* ${name} */

#include "plan/substitute.h"

#include "base/nearest.h"
#include "plan/matrix.h"
#include "plan/visible.h"

enum { NAMES_MAX = 128, SHOWN_BYTES = 64 };

static const char *const late_names[] = {"GATE_COMMIT", "GATE_STARTED_AT", "GATE_SINCE", "N"};
static const char matrix_prefix[] = "matrix.";

/* Wherever it stands; only a check with `repeat` has N. */
static bool is_late(Slice name) {
        for (size_t i = 0; i < ARRAY_SIZE(late_names); i++)
                if (slice_is(name, late_names[i]))
                        return true;
        return false;
}

static const PlanPair *find_pair(const PlanPair *pairs, size_t n, Slice name) {
        for (size_t i = 0; i < n; i++)
                if (slice_equal(pairs[i].name, name))
                        return &pairs[i];
        return NULL;
}

static bool is_of_matrix(Slice name) {
        return slice_equal(slice_head(name, sizeof matrix_prefix - 1), slice_text(matrix_prefix));
}

static const PlanPair *find_value(const Build *build, Slice name) {
        if (is_of_matrix(name))
                return find_pair(build->row, build->n_row,
                                 slice_from(name, sizeof matrix_prefix - 1));
        return find_pair(build->plan->vars, build->plan->n_vars, name);
}

/* Splits the text at its next ${name}. False if there is none; `ret_name` is SLICE_NULL and the
 * rest is empty if one is not closed. */
static bool next_variable(Slice text, Slice *ret_before, Slice *ret_name, Slice *ret_rest) {
        size_t start = slice_find(text, slice_text("${")), end;

        if (start == text.n)
                return false;
        *ret_before = slice_head(text, start);
        *ret_name = *ret_rest = SLICE_NULL;
        end = slice_find(slice_from(text, start), slice_text("}"));
        if (start + end < text.n) {
                *ret_name = slice_make(text.data + start + 2, end - 2);
                *ret_rest = slice_from(text, start + end + 1);
        }
        return true;
}

static const char *nearest_name(Build *build, Slice name) {
        const Plan *plan = build->plan;
        const char *names[NAMES_MAX];
        size_t n = 0;

        for (size_t i = 0; i < ARRAY_SIZE(late_names) - !build->has_repeat; i++)
                names[n++] = late_names[i];
        for (size_t i = 0; i < build->n_row && n < NAMES_MAX; i++)
                names[n++] = arena_printf(&build->plan->arena, "%s%.*s", matrix_prefix,
                                          SLICE_ARGS(build->row[i].name));
        for (size_t i = 0; i < plan->n_vars && n < NAMES_MAX; i++)
                names[n++] = (const char *)plan->vars[i].name.data;
        return nearest_word(name, names, n);
}

static void refuse_unknown(Build *build, PlanPlace place, Slice name) {
        cleanup_buf Buf shown = BUF_TEXT;
        const char *nearest;
        Fault *fault;

        visible_append(&shown, name, SHOWN_BYTES);
        if (name.n == 0) {
                fault = faults_add(build->faults, place, "plan-variable",
                                   "there is a `${` that no name and `}` follow");
                fault_next(fault, "write `$${` for the text itself");
                return;
        }
        fault = faults_add(build->faults, place, "plan-variable", "there is no variable `${%s}`%s",
                           buf_get_text(&shown),
                           slice_is(name, "N")  ? " in a check without `repeat`"
                           : is_of_matrix(name) ? " in this check's `matrix`"
                                                : "");
        nearest = nearest_name(build, name);
        if (nearest)
                fault_next(fault, "did you mean `${%s}`?", nearest);
        else
                fault_next(fault, "name it in `vars`, or write `$${` for the text itself");
}

static void refuse_late(Build *build, PlanPlace place, Slice name) {
        Fault *fault = faults_add(build->faults, place, "plan-variable",
                                  "`${%.*s}` is known only when the check runs, this value must be "
                                  "known before",
                                  SLICE_ARGS(name));

        fault_next(fault, "use it in a command, in `http`, `expect` or `env`");
}

static bool put_one(Build *build, PlanPlace place, Slice name, bool may_be_late, Buf *out) {
        const PlanPair *value = find_value(build, name);

        if (value) {
                buf_slice(out, value->value);
                return true;
        }
        if (!is_late(name) || (slice_is(name, "N") && !build->has_repeat)) {
                refuse_unknown(build, place, name);
                return false;
        }
        if (!may_be_late) {
                refuse_late(build, place, name);
                return false;
        }
        buf_byte(out, LATE_BYTE);
        buf_printf(out, "{%.*s}", SLICE_ARGS(name));
        return true;
}

/* A text without variables is not copied: a check may be read once for each row of a matrix. */
static bool put_in(Build *build, const YamlNode *node, bool may_be_late, Slice *ret_text) {
        cleanup_buf Buf out = BUF_INIT(VALUE_BYTES_MAX);
        Slice rest = node->text, before, name, behind;
        bool is_good = true;

        *ret_text = node->text;
        if (slice_find(rest, slice_text("${")) == rest.n)
                return true;
        while (next_variable(rest, &before, &name, &behind)) {
                if (before.n && before.data[before.n - 1] == '$') {
                        buf_slice(&out, slice_head(before, before.n - 1));
                        buf_text(&out, "${");
                        rest = slice_from(rest, before.n + 2);
                        continue;
                }
                buf_slice(&out, before);
                is_good = put_one(build, node->place, name, may_be_late, &out) && is_good;
                rest = behind;
        }
        buf_slice(&out, rest);
        if (out.is_full) {
                faults_add(build->faults, node->place, "plan-limit",
                           "the text is longer than %d bytes with its variables put in",
                           VALUE_BYTES_MAX);
                return false;
        }
        *ret_text = arena_slice(&build->plan->arena, buf_get(&out));
        return is_good;
}

bool substitute(Build *build, const YamlNode *node, Slice *ret_text) {
        return put_in(build, node, true, ret_text);
}

bool substitute_now(Build *build, const YamlNode *node, Slice *ret_text) {
        return put_in(build, node, false, ret_text);
}

bool substitute_is_absent(Build *build, const YamlNode *node) {
        Slice rest = node->text, before, name;

        while (next_variable(rest, &before, &name, &rest)) {
                Fault *fault;

                if (!find_value(build, name) && !is_late(name))
                        continue;
                fault = faults_add(build->faults, node->place, "plan-variable",
                                   "`${%.*s}` is not put into a list, which runs without a shell",
                                   SLICE_ARGS(name));
                fault_next(fault, "write the command as a text; it has `$%s` in its environment",
                           is_of_matrix(name)
                                   ? matrix_env_name(slice_from(name, sizeof matrix_prefix - 1),
                                                     &build->plan->arena)
                                   : arena_text(&build->plan->arena, name));
                return false;
        }
        return true;
}

bool substitute_is_shell(Build *build, const YamlNode *node) {
        Slice rest = node->text, before, name;

        while (next_variable(rest, &before, &name, &rest)) {
                Fault *fault;

                if (!is_of_matrix(name))
                        continue;
                fault = faults_add(build->faults, node->place, "plan-variable",
                                   "`${%.*s}` is not put into a text for bash, which has the "
                                   "values in its environment",
                                   SLICE_ARGS(name));
                fault_next(fault, "write `$%s`",
                           matrix_env_name(slice_from(name, sizeof matrix_prefix - 1),
                                           &build->plan->arena));
                return false;
        }
        return true;
}

bool substitute_mentions(Slice text, Slice name) {
        Slice before, found;

        while (next_variable(text, &before, &found, &text))
                if (slice_equal(found, name))
                        return true;
        return false;
}
