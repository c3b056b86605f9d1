/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Subjects: what is looked at. Those that are maps of names or facts are descended once more. */

#include "plan/expect.h"

#include "base/nearest.h"
#include "plan/aim.h"
#include "plan/visible.h"

enum { FACTS_MAX = 16, FILE_PATH_BYTES_MAX = 1024, MODE_DIGITS = 4, SHOWN_BYTES = 64 };

static const char hex_digits[] = "0123456789abcdef", octal_digits[] = "01234567";

typedef void EntryReader(const Aim *aim, const YamlEntry *entry);

static void read_map(const Aim *aim, const YamlNode *node, const char *what, EntryReader *read) {
        if (node->kind != YAML_KIND_MAP) {
                faults_add(aim->build->faults, node->place, "plan-value",
                           "`%s` is a map of %s, here it is %s", aim->where, what,
                           yaml_kind_name(node->kind));
                return;
        }
        if (node->n_entries == 0)
                aim_refuse_empty(aim, node->place);
        for (size_t i = 0; i < node->n_entries; i++)
                read(aim, &node->entries[i]);
}

static void read_header(const Aim *aim, const YamlEntry *entry) {
        Aim inner = *aim;

        inner.name = entry->key;
        if (inner.name.n == 0 || inner.name.n > ID_BYTES_MAX) {
                faults_add(aim->build->faults, entry->place, "plan-value",
                           "a header's name has 1 to %d bytes", ID_BYTES_MAX);
                return;
        }
        inner.where = arena_printf(&aim->build->plan->arena, "%s.%.*s", aim->where,
                                   SLICE_ARGS(inner.name));
        aim_read(&inner, entry->value);
}

static void refuse_fact(const Aim *aim, const YamlEntry *entry, const char *const *words,
                        size_t n_words) {
        cleanup_buf Buf all = BUF_TEXT, shown = BUF_TEXT;
        const char *nearest = nearest_word(entry->key, words, n_words);
        Fault *fault;

        visible_append(&shown, entry->key, SHOWN_BYTES);
        fault = faults_add(aim->build->faults, entry->place, "plan-word-unknown",
                           "there is no fact `%s` in `%s`", buf_get_text(&shown), aim->where);
        for (size_t i = 0; i < n_words; i++)
                buf_printf(&all, "%s%s", i ? ", " : "", words[i]);
        if (nearest)
                fault_next(fault, "did you mean `%s`?", nearest);
        else
                fault_next(fault, "the facts are: %s", buf_get_text(&all));
}

static bool is_made_of(Slice text, size_t n, const char *digits) {
        for (size_t i = 0; i < text.n; i++)
                if (!text.data[i] || !strchr(digits, text.data[i]))
                        return false;
        return text.n == n;
}

/* Digests and modes have one form: what is written in another would never be equal. */
static void refuse_form(const Aim *aim, Slice word, const YamlNode *node) {
        bool is_mode = slice_is(word, subject_rows[SUBJECT_MODE].word);
        bool is_digest = slice_is(word, subject_rows[SUBJECT_SHA256].word);
        const YamlEntry *equals =
                node->kind == YAML_KIND_MAP ? yaml_find(node, slice_text("equals")) : NULL;
        const YamlNode *value = equals ? equals->value : node;

        if (value->kind != YAML_KIND_TEXT ||
            slice_find(value->text, slice_text("${")) < value->text.n)
                return;
        if (is_mode && !is_made_of(value->text, MODE_DIGITS, octal_digits))
                faults_add(aim->build->faults, value->place, "plan-value",
                           "`%s` has four octal digits, such as 0644", aim->where);
        else if (is_digest && !is_made_of(value->text, HASH_HEX, hex_digits))
                faults_add(aim->build->faults, value->place, "plan-value",
                           "`%s` has %d lower-case hexadecimal digits", aim->where, HASH_HEX);
}

static void read_fact_of(const Aim *aim, unsigned values, const YamlEntry *entry) {
        Aim inner = aim_inside(aim, aim->view, values,
                               arena_text(&aim->build->plan->arena, entry->key));

        inner.fact = entry->key;
        refuse_form(&inner, entry->key, entry->value);
        aim_read(&inner, entry->value);
}

static void read_certificate_fact(const Aim *aim, const YamlEntry *entry) {
        const char *words[FACTS_MAX];
        size_t n = size_min(n_fact_rows, FACTS_MAX);
        Aim named = *aim;

        for (size_t i = 0; i < n; i++) {
                words[i] = fact_rows[i].word;
                if (!slice_is(entry->key, fact_rows[i].word))
                        continue;
                named.name = entry->key;
                read_fact_of(&named, fact_rows[i].values, entry);
                return;
        }
        refuse_fact(aim, entry, words, n);
}

static void read_file_fact(const Aim *aim, const YamlEntry *entry) {
        const char *words[FACTS_MAX];
        size_t n = 0;

        for (size_t i = 0; i < _SUBJECT_MAX; i++) {
                const SubjectRow *row = &subject_rows[i];

                if (!(row->checks & OF_FILE) || n == FACTS_MAX)
                        continue;
                words[n++] = row->word;
                if (slice_is(entry->key, row->word)) {
                        read_fact_of(aim, row->values, entry);
                        return;
                }
        }
        refuse_fact(aim, entry, words, n);
}

/* In the workspace; anywhere with `on: host`. No part leads out of it. Variables are put into
 * values only: a path that still has one would always be absent. */
static bool path_is_good(const Aim *aim, Slice path) {
        bool is_absolute = path.n && path.data[0] == '/';

        if (path.n == 0 || path.n > FILE_PATH_BYTES_MAX || visible_has_hidden(path) ||
            slice_find(path, slice_text("${")) < path.n ||
            (is_absolute && aim->check->on != CHECK_ON_HOST))
                return false;
        for (path = slice_from(path, is_absolute); path.n;) {
                size_t n = slice_find(path, slice_text("/"));
                Slice part = slice_head(path, n);

                if (slice_is(part, "..") || slice_is(part, ".") || part.n == 0)
                        return false;
                path = slice_from(path, n + 1);
        }
        return true;
}

static void read_file(const Aim *aim, const YamlEntry *entry) {
        Aim inner = *aim;
        cleanup_buf Buf shown = BUF_TEXT;

        visible_append(&shown, entry->key, SHOWN_BYTES);
        if (!path_is_good(aim, entry->key)) {
                faults_add(aim->build->faults, entry->place, "plan-value",
                           "`%s`: \"%s\" is no path inside the workspace", aim->where,
                           buf_get_text(&shown));
                return;
        }
        inner.name = entry->key;
        inner.where = arena_printf(&aim->build->plan->arena, "%s.%.*s", aim->where,
                                   SLICE_ARGS(entry->key));
        read_map(&inner, entry->value, "facts", read_file_fact);
}

static void read_of(const Aim *aim, const YamlNode *node) {
        switch ((int)aim->subject) {
        case SUBJECT_HEADERS: read_map(aim, node, "header names", read_header); return;
        case SUBJECT_CERTIFICATE: read_map(aim, node, "facts", read_certificate_fact); return;
        case SUBJECT_FILES: read_map(aim, node, "paths", read_file); return;
        default: refuse_form(aim, slice_text(aim->where), node); aim_read(aim, node);
        }
}

static void refuse_subject(Build *build, const Check *check, const YamlEntry *entry,
                           const SubjectRow *row) {
        cleanup_buf Buf kinds = BUF_TEXT;
        Fault *fault = faults_add(build->faults, entry->place, "plan-word-place",
                                  "`%s` does not stand here: a check of kind `%s` has none",
                                  row->word, check_kind_words[check->kind]);

        grammar_describe_checks(row->checks, &kinds);
        fault_next(fault, "it stands in checks of kind %s", buf_get_text(&kinds));
}

static void read_subject(Build *build, Check *check, const YamlEntry *entry, size_t *n_matchers) {
        for (int subject = 0; subject < _SUBJECT_MAX; subject++) {
                const SubjectRow *row = &subject_rows[subject];
                Aim aim = {.build = build,
                           .check = check,
                           .subject = (Subject)subject,
                           .values = row->values,
                           .where = row->word,
                           .n_matchers = n_matchers};

                if (!slice_is(entry->key, row->word))
                        continue;
                if (row->checks & 1u << check->kind)
                        read_of(&aim, entry->value);
                else
                        refuse_subject(build, check, entry, row);
                return;
        }
        grammar_refuse(IN_EXPECT, entry->key, entry->place, build->faults);
}

/* What a check asserts where it says nothing about a subject: that it is 0. */
static const struct {
        Subject subject, instead; /* either of them */
} default_rows[] = {
        {SUBJECT_EXIT_STATUS, SUBJECT_SIGNAL},
        {SUBJECT_FAILED, SUBJECT_FAILED},
};

static bool says(const YamlNode *expect, Subject subject) {
        return expect && yaml_find(expect, slice_text(subject_rows[subject].word));
}

static void add_default(Build *build, Check *check, Subject subject, size_t *n_matchers) {
        Aim aim = {.build = build,
                   .check = check,
                   .subject = subject,
                   .values = AS_NUMBER,
                   .where = subject_rows[subject].word,
                   .n_matchers = n_matchers};

        aim_add(&aim, check->place,
                (Matcher){.op = MATCH_EQUALS,
                          .text = slice_text("0"),
                          .is_literal = true,
                          .is_number = true,
                          .least = decimal_of(0),
                          .most = decimal_of(0)});
}

void expect_read(Build *build, Check *check, const YamlNode *expect) {
        size_t n_matchers = 0;

        if (expect && expect->kind != YAML_KIND_MAP) {
                faults_add(build->faults, expect->place, "plan-value",
                           "`expect` is a map of subjects, here it is %s",
                           yaml_kind_name(expect->kind));
                return;
        }
        if (expect && expect->n_entries == 0)
                faults_add(build->faults, expect->place, "vacuous-expectation",
                           "`expect` asserts nothing");
        for (size_t i = 0; i < ARRAY_SIZE(default_rows); i++)
                if ((subject_rows[default_rows[i].subject].checks & 1u << check->kind) &&
                    !says(expect, default_rows[i].subject) &&
                    !says(expect, default_rows[i].instead))
                        add_default(build, check, default_rows[i].subject, &n_matchers);
        for (size_t i = 0; expect && i < expect->n_entries; i++)
                read_subject(build, check, &expect->entries[i], &n_matchers);
}

static YamlNode without_from(const YamlNode *node, Arena *arena) {
        YamlNode copy = *node;

        if (node->kind != YAML_KIND_MAP)
                return copy;
        copy.entries = arena_alloc_array(arena, node->n_entries, sizeof *copy.entries);
        copy.n_entries = 0;
        for (size_t i = 0; i < node->n_entries; i++)
                if (!slice_is(node->entries[i].key, "from"))
                        copy.entries[copy.n_entries++] = node->entries[i];
        return copy;
}

Matcher *expect_read_examined(Build *build, Check *check, const YamlNode *node) {
        Arena *arena = &build->plan->arena;
        size_t n_matchers = 0;
        Matcher *group = arena_alloc(arena, sizeof *group);
        Aim aim = {.build = build,
                   .check = check,
                   .values = AS_NUMBER,
                   .where = "examined",
                   .group = group,
                   .n_matchers = &n_matchers};
        const YamlNode numbers = without_from(node, arena);

        *group = (Matcher){.op = MATCH_ALL, .where = slice_text(aim.where)};
        aim_read(&aim, &numbers);
        if (group->n_parts == 1)
                *group = group->parts[0];
        return n_matchers ? group : NULL;
}
