/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Members by rows. */

#include "plan/revision.h"

#include "base/clock.h"
#include "base/size.h"
#include "plan/substitute.h"

enum { SHOWN_BYTES = 120 };

typedef enum Kind { NUMBER, MS, BYTES, FLAG, NETWORK, ON, FORMAT, TEXT, TEXTS } Kind;
typedef enum Weaker { MORE, LESS, GONE, ADDED, WIDENED, CARRIED, OTHER } Weaker;

static const struct Row {
        Target target;
        const char *name;
        Kind kind;
        Weaker weaker;
        size_t offset, offset_n;
} rows[] = {
#define MEMBER(Target, name, KIND, WEAKER, member)                                                 \
        {TARGET_##Target, name, KIND, WEAKER, offsetof(Target, member), 0},
#define MEMBERS(Target, name, WEAKER, member, n_member)                                            \
        {TARGET_##Target,           name, TEXTS, WEAKER, offsetof(Target, member),                 \
         offsetof(Target, n_member)},
#include "plan/weakening.def"
};

static void say_place(const Revision *revision) {
        if (revision->gate_before)
                buf_printf(revision->text, "gate %.*s", SLICE_ARGS(revision->gate_before->id));
        else
                buf_text(revision->text, "phase");
        if (revision->check_before)
                buf_printf(revision->text, ", check %.*s", SLICE_ARGS(revision->check_before->id));
        buf_text(revision->text, ": ");
}

static void say_text(const Revision *revision, Slice text) {
        if (text.n == 0)
                buf_text(revision->text, "(nothing)");
        substitute_show(revision->text, text, SHOWN_BYTES);
}

void revision_say_change(const Revision *revision, const char *name, Slice before, Slice after) {
        say_place(revision);
        buf_printf(revision->text, "%s: ", name);
        say_text(revision, before);
        buf_text(revision->text, " -> ");
        say_text(revision, after);
        buf_byte(revision->text, '\n');
}

void revision_say(const Revision *revision, const char *name, Slice text, const char *what) {
        say_place(revision);
        buf_printf(revision->text, "%s: ", name);
        say_text(revision, text);
        buf_printf(revision->text, " %s\n", what);
}

static const void *member_of(const void *target, const struct Row *row) {
        return (const char *)target + row->offset;
}

static uint64_t number_of(const void *target, const struct Row *row) {
        const void *member = member_of(target, row);

        switch (row->kind) {
        case FLAG: return *(const bool *)member;
        case NETWORK: return *(const CheckNetwork *)member;
        case ON: return *(const CheckOn *)member;
        case FORMAT: return *(const ReportFormat *)member;
        case NUMBER:
        case MS:
        case BYTES: return *(const uint64_t *)member;
        case TEXT:
        case TEXTS: break;
        }
        return 0;
}

static void number_describe(const struct Row *row, uint64_t number, Buf *text) {
        static const char *const words[][2] = {
                [FLAG] = {"false", "true"},
                [NETWORK] = {"none", "host"},
                [ON] = {"sandbox", "host"},
                [FORMAT] = {"junit", "tap"},
        };

        switch ((int)row->kind) {
        case MS: duration_describe(number, text); return;
        case BYTES: size_describe(number, text); return;
        case NUMBER: buf_printf(text, "%llu", (unsigned long long)number); return;
        default: buf_text(text, words[row->kind][number != 0]);
        }
}

static void compare_numbers(const Revision *revision, const struct Row *row, const void *before,
                            const void *after) {
        uint64_t was = number_of(before, row), is = number_of(after, row);
        cleanup_buf Buf from = BUF_TEXT, to = BUF_TEXT;

        if (was == is || (row->weaker == MORE && is < was) || (row->weaker == LESS && is > was))
                return;
        number_describe(row, was, &from);
        number_describe(row, is, &to);
        revision_say_change(revision, row->name, buf_get(&from), buf_get(&to));
}

typedef struct Texts {
        const Slice *items;
        size_t n;
} Texts;

static Texts texts_of(const void *target, const struct Row *row) {
        return (Texts){*(Slice *const *)member_of(target, row),
                       *(const size_t *)(const void *)((const char *)target + row->offset_n)};
}

static bool texts_have(Texts texts, Slice text) {
        for (size_t i = 0; i < texts.n; i++)
                if (slice_equal(texts.items[i], text))
                        return true;
        return false;
}

static void say_missing(const Revision *revision, const char *name, Texts some, Texts others,
                        const char *what) {
        for (size_t i = 0; i < some.n; i++)
                if (!texts_have(others, some.items[i]))
                        revision_say(revision, name, some.items[i], what);
}

static void compare_texts(const Revision *revision, const struct Row *row, Texts before,
                          Texts after) {
        bool shows_gone =
                row->weaker == GONE || row->weaker == OTHER || (row->weaker == CARRIED && after.n);
        bool shows_new = row->weaker == ADDED || row->weaker == OTHER ||
                         (row->weaker == WIDENED && before.n) ||
                         (row->weaker == CARRIED && !before.n);

        if (shows_gone)
                say_missing(revision, row->name, before, after, "is gone");
        if (shows_new)
                say_missing(revision, row->name, after, before, "is new");
}

static void compare_text(const Revision *revision, const struct Row *row, Slice before,
                         Slice after) {
        if (!slice_equal(before, after) && (before.n || row->weaker != GONE))
                revision_say_change(revision, row->name, before, after);
}

static void compare_rows(const Revision *revision, Target target, const void *before,
                         const void *after) {
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                const struct Row *row = &rows[i];

                if (row->target != target)
                        continue;
                if (row->kind == TEXTS)
                        compare_texts(revision, row, texts_of(before, row), texts_of(after, row));
                else if (row->kind == TEXT)
                        compare_text(revision, row, *(const Slice *)member_of(before, row),
                                     *(const Slice *)member_of(after, row));
                else
                        compare_numbers(revision, row, before, after);
        }
}

void revision_compare_plans(const Revision *revision) {
        compare_rows(revision, TARGET_Plan, revision->plan_before, revision->plan_after);
}

void revision_compare_gates(const Revision *revision) {
        compare_rows(revision, TARGET_Gate, revision->gate_before, revision->gate_after);
}

void revision_compare_checks(const Revision *revision) {
        compare_rows(revision, TARGET_Check, revision->check_before, revision->check_after);
}
