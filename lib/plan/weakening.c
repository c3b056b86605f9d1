/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * What a revision of a plan weakens, for the operator who is asked to approve it. Where a word has
 * no direction (another command, another URL) each difference is shown: it may be the weakening
 * that matters.
 */

#include "plan/implies.h"
#include "plan/revision.h"
#include "plan/visible.h"

enum { SHOWN_BYTES = 120 };

static Slice value_of(const PlanPair *pairs, size_t n, Slice name) {
        for (size_t i = 0; i < n; i++)
                if (slice_equal(pairs[i].name, name))
                        return pairs[i].value;
        return SLICE_NULL;
}

typedef struct Pairs {
        const PlanPair *items;
        size_t n;
} Pairs;

/* A check has the vars in its environment: they are shown once, with the phase. */
static bool is_said_before(const Revision *revision, Slice name, Slice was, Slice is) {
        const Plan *before = revision->plan_before, *after = revision->plan_after;

        return revision->check_before &&
               slice_equal(value_of(before->vars, before->n_vars, name), was) &&
               slice_equal(value_of(after->vars, after->n_vars, name), is);
}

/* Names and values that are not the same in both. */
static void compare_pairs(const Revision *revision, const char *what, Pairs before, Pairs after) {
        Pairs both[] = {before, after};

        for (size_t k = 0; k < ARRAY_SIZE(both); k++)
                for (size_t i = 0; i < both[k].n; i++) {
                        const PlanPair *item = &both[k].items[i];
                        Slice was = value_of(before.items, before.n, item->name);
                        Slice is = value_of(after.items, after.n, item->name);
                        cleanup_buf Buf name = BUF_TEXT;

                        if (slice_equal(was, is) || (k == 1 && was.data) ||
                            is_said_before(revision, item->name, was, is))
                                continue;
                        buf_printf(&name, "%s.", what);
                        visible_append(&name, item->name, SHOWN_BYTES);
                        revision_say_change(revision, buf_get_text(&name), was, is);
                }
}

static void command_describe(const Slice *command, size_t n, Buf *text) {
        for (size_t i = 0; i < n; i++) {
                buf_text(text, i ? " " : "");
                buf_slice(text, command[i]);
        }
}

static bool commands_are_equal(const Check *a, const Check *b) {
        if (a->n_command != b->n_command || a->is_shell != b->is_shell)
                return false;
        for (size_t i = 0; i < a->n_command; i++)
                if (!slice_equal(a->command[i], b->command[i]))
                        return false;
        return true;
}

static void compare_command(const Revision *revision) {
        const Check *before = revision->check_before, *after = revision->check_after;
        cleanup_buf Buf from = BUF_TEXT, to = BUF_TEXT;

        if (before->kind != after->kind)
                revision_say_change(revision, "kind", slice_text(check_kind_words[before->kind]),
                                    slice_text(check_kind_words[after->kind]));
        if (commands_are_equal(before, after))
                return;
        command_describe(before->command, before->n_command, &from);
        command_describe(after->command, after->n_command, &to);
        revision_say_change(revision, "run", buf_get(&from), buf_get(&to));
}

static bool teeth_are_equal(const Teeth *a, const Teeth *b) {
        const Check of_a = {
                .is_shell = a->is_shell, .command = a->command, .n_command = a->n_command};
        const Check of_b = {
                .is_shell = b->is_shell, .command = b->command, .n_command = b->n_command};

        return commands_are_equal(&of_a, &of_b) && slice_equal(a->patch, b->patch) &&
               slice_equal(a->assertion, b->assertion);
}

static void compare_teeth(const Revision *revision) {
        const Check *before = revision->check_before, *after = revision->check_after;

        for (size_t i = 0; i < before->n_teeth; i++) {
                const Teeth *teeth = &before->teeth[i];
                cleanup_buf Buf shown = BUF_TEXT;
                bool is_there = false;

                for (size_t k = 0; k < after->n_teeth; k++)
                        is_there |= teeth_are_equal(teeth, &after->teeth[k]);
                if (is_there)
                        continue;
                command_describe(teeth->command, teeth->n_command, &shown);
                revision_say(revision, "teeth", teeth->patch.n ? teeth->patch : buf_get(&shown),
                             "is gone");
        }
}

static bool is_same_subject(const Expectation *a, const Expectation *b) {
        return a->subject == b->subject && slice_equal(a->name, b->name) &&
               slice_equal(a->fact, b->fact);
}

/* The matchers of one subject: how many, at most as many as the check has expectations. */
static size_t matchers_of(const Check *check, const Expectation *like,
                          const Matcher **ret_matchers) {
        size_t n = 0;

        for (size_t i = 0; i < check->n_expectations; i++)
                if (is_same_subject(&check->expectations[i], like))
                        ret_matchers[n++] = check->expectations[i].matcher;
        return n;
}

static void matcher_describe(const Matcher *matcher, Buf *text) {
        if (!matcher_is_group(matcher))
                buf_slice(text, matcher->text.n ? matcher->text : slice_text("(nothing)"));
        for (size_t i = 0; i < matcher->n_parts; i++) {
                const Matcher *part = &matcher->parts[i];

                buf_printf(text, "%s%.*s%s", i ? "; " : "",
                           SLICE_ARGS(slice_from(part->where, matcher->where.n)),
                           matcher_is_group(part) ? " (" : " ");
                matcher_describe(part, text);
                buf_text(text, matcher_is_group(part) ? ")" : "");
        }
}

static bool are_the_same(const Matcher *a, const Matcher *b) {
        return slice_equal(a->where, b->where) && matchers_imply(&a, 1, b) &&
               matchers_imply(&b, 1, a);
}

/* What stands in its place and was not there before, if anything does. */
static const Matcher *find_successor(const Matcher *gone, const Check *before,
                                     const Matcher *const *matchers, size_t n_matchers) {
        for (size_t i = 0; i < n_matchers; i++) {
                bool is_new = slice_equal(matchers[i]->where, gone->where);

                for (size_t k = 0; k < before->n_expectations; k++)
                        is_new &= !are_the_same(before->expectations[k].matcher, matchers[i]);
                if (is_new)
                        return matchers[i];
        }
        return NULL;
}

static void say_weaker(const Revision *revision, const Matcher *matcher, const Matcher *successor) {
        cleanup_buf Buf name = BUF_TEXT, from = BUF_TEXT, to = BUF_TEXT;

        visible_append(&name, matcher->where, SHOWN_BYTES);
        matcher_describe(matcher, &from);
        if (!successor) {
                revision_say(revision, buf_get_text(&name), buf_get(&from), "is gone");
                return;
        }
        matcher_describe(successor, &to);
        revision_say_change(revision, buf_get_text(&name), buf_get(&from), buf_get(&to));
}

static void compare_expectations(const Revision *revision) {
        const Check *before = revision->check_before, *after = revision->check_after;
        cleanup_arena Arena arena = ARENA_INIT;
        const Matcher **matchers = arena_alloc_array(&arena, after->n_expectations, sizeof(void *));

        for (size_t i = 0; i < before->n_expectations; i++) {
                const Matcher *wanted = before->expectations[i].matcher;
                size_t n = matchers_of(after, &before->expectations[i], matchers);

                if (!matchers_imply(matchers, n, wanted))
                        say_weaker(revision, wanted, find_successor(wanted, before, matchers, n));
        }
}

static void compare_examined(const Revision *revision) {
        const Matcher *before = revision->check_before->examined;
        const Matcher *after = revision->check_after->examined;

        if (before && !matchers_imply(&after, after != NULL, before))
                say_weaker(revision, before, after);
}

static void compare_checks(const Revision *revision) {
        const Check *before = revision->check_before, *after = revision->check_after;

        compare_command(revision);
        compare_pairs(revision, "env", (Pairs){before->env, before->n_env},
                      (Pairs){after->env, after->n_env});
        compare_pairs(revision, "http.headers",
                      (Pairs){before->http.headers, before->http.n_headers},
                      (Pairs){after->http.headers, after->http.n_headers});
        revision_compare_checks(revision);
        compare_expectations(revision);
        compare_examined(revision);
        compare_teeth(revision);
}

static void compare_gates(const Revision *of_plan, const Gate *before, const Gate *after) {
        Revision revision = *of_plan;

        revision.gate_before = before;
        revision.gate_after = after;
        revision_compare_gates(&revision);
        for (size_t i = 0; i < before->n_checks; i++) {
                Revision of_check = revision;

                of_check.check_before = &before->checks[i];
                of_check.check_after = gate_find_check(after, before->checks[i].id);
                if (of_check.check_after)
                        compare_checks(&of_check);
                else
                        revision_say(&revision, "check", before->checks[i].id, "is gone");
        }
}

static void compare_vars(const Revision *revision) {
        const Plan *before = revision->plan_before, *after = revision->plan_after;

        compare_pairs(revision, "vars", (Pairs){before->vars, before->n_vars},
                      (Pairs){after->vars, after->n_vars});
}

static void compare_gate(const Revision *revision, const Gate *before) {
        const Gate *after = plan_find_gate(revision->plan_after, before->id);

        if (after)
                compare_gates(revision, before, after);
        else
                revision_say(revision, "gate", before->id, "is gone");
}

void plan_describe_weakening(const Plan *before, const Plan *after, Buf *text) {
        const Revision revision = {.plan_before = before, .plan_after = after, .text = text};

        revision_compare_plans(&revision);
        compare_vars(&revision);
        for (size_t i = 0; i < before->n_gates; i++)
                compare_gate(&revision, &before->gates[i]);
}

void plan_describe_gate_weakening(const Plan *before, const Plan *after, const Gate *gate,
                                  Buf *text) {
        const Revision revision = {.plan_before = before, .plan_after = after, .text = text};
        const Gate *same = plan_find_gate(after, gate->id);

        revision_compare_plans(&revision);
        if (same && hash_equal(&same->digest, &gate->digest))
                return;
        if (same)
                compare_vars(&revision);
        compare_gate(&revision, gate);
}
