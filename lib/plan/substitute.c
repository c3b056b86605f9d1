/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* ${name} */

#include "plan/substitute.h"

#include "base/nearest.h"
#include "plan/visible.h"

enum { NAMES_MAX = 64, SHOWN_BYTES = 64 };

static const char *const late_names[] = {"GATE_COMMIT", "GATE_STARTED_AT", "GATE_SINCE"};

static bool is_late(Slice name) {
        for (size_t i = 0; i < ARRAY_SIZE(late_names); i++)
                if (slice_is(name, late_names[i]))
                        return true;
        return false;
}

static const PlanPair *find_var(const Plan *plan, Slice name) {
        for (size_t i = 0; i < plan->n_vars; i++)
                if (slice_equal(plan->vars[i].name, name))
                        return &plan->vars[i];
        return NULL;
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

static void refuse_unknown(Build *build, PlanPlace place, Slice name) {
        const char *names[NAMES_MAX], *nearest;
        cleanup_buf Buf shown = BUF_TEXT;
        Fault *fault;
        size_t n = 0;

        for (size_t i = 0; i < build->plan->n_vars && n < NAMES_MAX; i++)
                names[n++] = (const char *)build->plan->vars[i].name.data;
        visible_append(&shown, name, SHOWN_BYTES);
        if (name.n == 0) {
                fault = faults_add(build->faults, place, "plan-variable",
                                   "there is a `${` that no name and `}` follow");
                fault_next(fault, "write `$${` for the text itself");
                return;
        }
        if (is_late(name)) {
                fault = faults_add(build->faults, place, "plan-variable",
                                   "`${%s}` is known only when the check runs",
                                   buf_get_text(&shown));
                fault_next(fault, "use it in the text of a `run`, which has it in its environment");
                return;
        }
        fault = faults_add(build->faults, place, "plan-variable", "there is no variable `${%s}`",
                           buf_get_text(&shown));
        nearest = nearest_word(name, names, n);
        if (nearest)
                fault_next(fault, "did you mean `${%s}`?", nearest);
        else
                fault_next(fault, "name it in `vars`, or write `$${` for the text itself");
}

static bool put_one(Build *build, PlanPlace place, Slice name, Buf *out) {
        const PlanPair *var = find_var(build->plan, name);

        if (var)
                buf_slice(out, var->value);
        else
                refuse_unknown(build, place, name);
        return var;
}

bool substitute(Build *build, const YamlNode *node, Slice *ret_text) {
        cleanup_buf Buf out = BUF_INIT(VALUE_BYTES_MAX);
        Slice rest = node->text, before, name, behind;
        bool is_good = true;

        while (next_variable(rest, &before, &name, &behind)) {
                if (before.n && before.data[before.n - 1] == '$') {
                        buf_slice(&out, slice_head(before, before.n - 1));
                        buf_text(&out, "${");
                        rest = slice_from(rest, before.n + 2);
                        continue;
                }
                buf_slice(&out, before);
                is_good = put_one(build, node->place, name, &out) && is_good;
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

bool substitute_is_absent(Build *build, const YamlNode *node) {
        Slice rest = node->text, before, name;

        while (next_variable(rest, &before, &name, &rest)) {
                Fault *fault;

                if (!find_var(build->plan, name) && !is_late(name))
                        continue;
                fault = faults_add(build->faults, node->place, "plan-variable",
                                   "`${%.*s}` is not put into a list, which runs without a shell",
                                   SLICE_ARGS(name));
                fault_next(fault, "write the command as a text; it has `%.*s` in its environment",
                           SLICE_ARGS(name));
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
