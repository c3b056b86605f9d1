/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The man page coldgate-plan(5), from the rows. */

#include "plan/docs.h"

#include "base/text.h"
#include "plan/grammar.h"
#include "plan/lint.h"
#include "plan/plan.h"

static const char head[] =
        ".\\\" Printed from lib/plan/grammar.def by tools/describe; edit that.\n"
        ".TH COLDGATE-PLAN 5 \"\" \"coldgate " COLDGATE_VERSION "\"\n"
        ".SH NAME\n"
        "coldgate\\-plan \\- what a phase's gates demand\n"
        ".SH DESCRIPTION\n"
        "A plan is a Markdown file.\n"
        "Fenced blocks whose info string begins\n"
        ".B yaml phase\n"
        "(one) or\n"
        ".B yaml gate\n"
        "(each gate) are read by the machine, the rest is prose.\n"
        "The YAML is a strict subset: no anchors, aliases, tags, merge keys or document markers;\n"
        "every scalar is text until its word types it; a word that is unknown or stands twice is\n"
        "refused.\n"
        ".B broker plan lint\n"
        "says what is wrong, with its place.\n"
        ".SH EXAMPLE\n"
        ".EX\n"
        "```yaml phase\n"
        "version: 1\n"
        "phase: routes\n"
        "defaults: { timeout: 30s }\n"
        "```\n"
        "\n"
        "```yaml gate\n"
        "gate: M1\n"
        "checks:\n"
        "  \\- id: unit\n"
        "    report: { run: make check, format: tap }\n"
        "    expect: { executed: { ge: 40 } }\n"
        "  \\- id: pages\n"
        "    needs: [unit]\n"
        "    matrix: [{ page: /, status: 200 }, { page: /admin, status: 403 }]\n"
        "    http: { url: \"http://127.0.0.1:8080${matrix.page}\", serve: ./serve }\n"
        "    expect: { status: \"${matrix.status}\" }\n"
        "```\n"
        ".EE\n";

static void add_example(Buf *out, const char *word, const char *example) {
        cleanup_buf Buf text = BUF_TEXT;

        buf_printf(&text, "For example `%s: %s`.", word, example);
        text_print_man(buf_get_text(&text), out);
        buf_byte(out, '\n');
}

static void add_item(Buf *out, const char *word, const char *note, const char *value,
                     const char *sentence, const char *example) {
        cleanup_buf Buf tag = BUF_TEXT;

        buf_printf(&tag, "`%s`%s", word, note);
        buf_text(out, ".TP\n");
        text_print_man(buf_get_text(&tag), out);
        buf_byte(out, '\n');
        text_print_man(sentence, out);
        buf_byte(out, '\n');
        text_print_man(value, out);
        buf_text(out, ".\n");
        add_example(out, word, example);
}

/* A blank line begins a paragraph. */
static void add_paragraphs(Buf *out, const char *text) {
        Slice rest = slice_text(text);

        while (rest.n) {
                size_t n = slice_find(rest, slice_text("\n\n"));
                cleanup_buf Buf paragraph = BUF_TEXT;

                buf_slice(&paragraph, slice_head(rest, n));
                text_print_man(buf_get_text(&paragraph), out);
                rest = slice_from(rest, n + 2);
                buf_text(out, rest.n ? "\n.PP\n" : "");
        }
}

static void add_section(Buf *out, const char *title) {
        buf_text(out, ".SH ");
        for (; *title; title++)
                if (*title != '`')
                        buf_byte(out, *title >= 'a' && *title <= 'z' ? (uint8_t)(*title - 32)
                                                                     : (uint8_t)*title);
        buf_byte(out, '\n');
}

/* Words of gates and checks, which are told of there. */
static void add_defaults(Buf *out, const PlaceRow *place) {
        cleanup_buf Buf words = BUF_TEXT;

        for (size_t i = 0; i < n_word_rows; i++)
                if (word_rows[i].places & IN_DEFAULTS)
                        buf_printf(&words, "%s`%s`", words.n ? ", " : "", word_rows[i].word);
        add_section(out, place->title);
        buf_text(out, "Words of gates and checks that may stand there:\n");
        text_print_man(buf_get_text(&words), out);
        buf_text(out, ".\n");
}

static void add_place(Buf *out, const PlaceRow *place) {
        if (place->place == IN_DEFAULTS) {
                add_defaults(out, place);
                return;
        }
        add_section(out, place->title);
        for (size_t i = 0; i < n_word_rows; i++) {
                const Word *row = &word_rows[i];
                cleanup_buf Buf value = BUF_TEXT;

                if (!(row->places & place->place))
                        continue;
                buf_printf(&value, "Its value is %s", value_rows[row->kind].sentence);
                add_item(out, row->word, row->is_required ? " (required)" : "",
                         buf_get_text(&value), row->sentence, row->example);
        }
}

static void add_subjects(Buf *out) {
        add_section(out, "Subjects of expect");
        for (size_t i = 0; i < _SUBJECT_MAX; i++) {
                cleanup_buf Buf kinds = BUF_TEXT;

                buf_text(&kinds, "In checks of the kinds ");
                grammar_describe_checks(subject_rows[i].checks, &kinds);
                add_item(out, subject_rows[i].word, "", buf_get_text(&kinds),
                         subject_rows[i].sentence, subject_rows[i].example);
        }
        add_section(out, "Facts of a certificate");
        for (size_t i = 0; i < n_fact_rows; i++) {
                cleanup_buf Buf values = BUF_TEXT;

                buf_text(&values, "It is ");
                grammar_describe_values(fact_rows[i].values, &values);
                add_item(out, fact_rows[i].word, "", buf_get_text(&values), fact_rows[i].sentence,
                         fact_rows[i].example);
        }
}

static void add_matchers(Buf *out) {
        add_section(out, "Matchers");
        for (size_t i = 0; i < _MATCH_MAX; i++) {
                cleanup_buf Buf values = BUF_TEXT;

                buf_text(&values, "It looks at ");
                grammar_describe_values(matcher_rows[i].values, &values);
                add_item(out, matcher_rows[i].word, "", buf_get_text(&values),
                         matcher_rows[i].sentence, matcher_rows[i].example);
        }
}

void plan_print_man(Buf *text) {
        const LintRule *rule;

        buf_text(text, head);
        add_section(text, "Variables");
        add_paragraphs(text, docs_variables);
        for (size_t i = 0; i < n_place_rows; i++)
                if (place_rows[i].title)
                        add_place(text, &place_rows[i]);
        add_subjects(text);
        add_matchers(text);
        add_section(text, "What is refused because it could not fail");
        for (size_t i = 0; (rule = lint_rule_at(i)); i++) {
                buf_text(text, ".TP\n.B ");
                text_print_man(rule->rule, text);
                buf_byte(text, '\n');
                text_print_man(rule->sentence, text);
                buf_text(text, ".\nNext: ");
                text_print_man(rule->next, text);
                buf_text(text, ".\n");
        }
}
