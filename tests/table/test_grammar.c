/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The grammar's rows, all of them: examples that are accepted, refusals that are really given. */

#include "plan/grammar.h"

#include <dirent.h>
#include <stdio.h>

#include "plan/lint.h"
#include "tests/lib/plans.h"
#include "tests/lib/test.h"

/* A plan in which every word that an example needs beside it is there. */
static const char *plan_of(Arena *arena, const char *phase, const char *gate, const char *checks) {
        return arena_printf(arena,
                            "```yaml phase\n%s%s%s%s```\n\n"
                            "```yaml gate\ngate: M1\nchecks: [{ id: first, run: ./t }]\n```\n\n"
                            "```yaml gate\n%s%s%s```\n",
                            strstr(phase, "version:") ? "" : "version: 1\n",
                            strstr(phase, "phase:") ? "" : "phase: p\n",
                            strstr(phase, "vars:") ? "" : "vars: { domain: a }\n", phase,
                            strncmp(gate, "gate:", 5) == 0 ? "" : "gate: G\n", gate, checks);
}

static void accept(const char *text) {
        Plan plan;

        plans_parse(text, &plan);
        plan_deinit(&plan);
}

/* What a check's word needs beside it. */
static const char *company_of(const char *word) {
        if (strcmp(word, "run") == 0)
                return "";
        if (strcmp(word, "http") == 0)
                return "    expect: { status: 200 }\n";
        if (strcmp(word, "retries") == 0)
                return "    run: ./t\n    interval: 1s\n";
        return "    run: ./t\n";
}

static void accept_check(Arena *arena, const Word *row) {
        bool is_id = strcmp(row->word, "id") == 0;

        accept(plan_of(arena, "", "",
                       arena_printf(arena,
                                    "checks:\n  - { id: build, run: ./t }\n"
                                    "  - %s%s: %s\n%s",
                                    is_id ? "" : "id: c\n    ", row->word, row->example,
                                    company_of(row->word))));
}

static void accept_http(Arena *arena, const Word *row) {
        accept(plan_of(arena, "", "",
                       arena_printf(arena,
                                    "checks:\n  - id: c\n    http:\n%s      %s: %s\n"
                                    "    expect: { status: 200 }\n",
                                    strcmp(row->word, "url") == 0 ? "" : "      url: http://a/\n",
                                    row->word, row->example)));
}

static void accept_word(Arena *arena, const Word *row) {
        const char *line = arena_printf(arena, "%s: %s\n", row->word, row->example);
        const char *checks = "checks: [{ id: c, run: ./t }]\n";

        if (row->places & IN_PHASE)
                accept(plan_of(arena, line, "", checks));
        if (row->places & IN_DEFAULTS)
                accept(plan_of(
                        arena,
                        arena_printf(arena, "defaults:\n  %s%s",
                                     strcmp(row->word, "retries") == 0 ? "interval: 1s\n  " : "",
                                     line),
                        "", checks));
        if (row->places & IN_GATE)
                accept(plan_of(arena, "", strcmp(row->word, "gate") == 0 ? "gate: M2\n" : line,
                               strcmp(row->word, "checks") == 0 ? "" : checks));
        if (row->places & IN_CHECK)
                accept_check(arena, row);
        if (row->places & IN_HTTP)
                accept_http(arena, row);
}

TEST(each_word_has_an_example_that_is_accepted) {
        cleanup_arena Arena arena = ARENA_INIT;

        for (size_t i = 0; i < n_word_rows; i++)
                accept_word(&arena, &word_rows[i]);
}

/* A check of each kind, and what its `expect` needs beside the subject. */
static const struct {
        const char *check, *company;
} kind_rows[_CHECK_MAX] = {
        [CHECK_RUN] = {"run: ./t", ""},
        [CHECK_HTTP] = {"http: { url: http://a/ }", "status: 200, "},
        [CHECK_REPORT] = {"report: { run: ./t, format: junit }", "executed: { ge: 1 }, "},
        [CHECK_FILE] = {"file: { path: build/out }", ""},
        [CHECK_PORT] = {"port: { number: 80 }", ""},
        [CHECK_PROCESS] = {"process: { matches: nginx }", ""},
        [CHECK_LOG] = {"log: { run: ./t, control: started }", ""},
};

static void accept_subject(Arena *arena, const SubjectRow *row, size_t kind) {
        const char *company = kind_rows[kind].company;

        if (strncmp(company, row->word, strlen(row->word)) == 0)
                company = "";
        accept(plan_of(arena, "", "",
                       arena_printf(arena, "checks:\n  - id: c\n    %s\n    expect: { %s%s: %s }\n",
                                    kind_rows[kind].check, company, row->word, row->example)));
}

TEST(each_subject_has_an_example_that_is_accepted_in_each_kind_of_check) {
        cleanup_arena Arena arena = ARENA_INIT;

        for (size_t i = 0; i < _SUBJECT_MAX; i++)
                for (size_t kind = 0; kind < _CHECK_MAX; kind++)
                        if ((subject_rows[i].checks & 1u << kind) &&
                            grammar_find_word(IN_CHECK, slice_text(check_kind_words[kind])))
                                accept_subject(&arena, &subject_rows[i], kind);
}

TEST(each_fact_of_a_certificate_has_an_example_that_is_accepted) {
        cleanup_arena Arena arena = ARENA_INIT;

        for (size_t i = 0; i < n_fact_rows; i++)
                accept(plan_of(
                        &arena, "", "",
                        arena_printf(&arena,
                                     "checks:\n  - id: c\n    http: { url: https://a/ }\n"
                                     "    expect: { status: 200, certificate: { %s: %s } }\n",
                                     fact_rows[i].word, fact_rows[i].example)));
}

TEST(each_matcher_has_an_example_that_is_accepted) {
        cleanup_arena Arena arena = ARENA_INIT;

        for (size_t i = 0; i < _MATCH_MAX; i++) {
                const MatcherRow *row = &matcher_rows[i];
                const char *format = row->values & AS_STREAM
                                             ? "{ stdout: { contains: x1, %s: %s } }"
                                             : "{ stdout: { line-count: { %s: %s } } }";

                if (i == MATCH_CONTAINS)
                        format = "{ stdout: { %s: %s } }";
                accept(plans_with_expect(&arena,
                                         arena_printf(&arena, format, row->word, row->example)));
        }
}

static bool is_duplicate(const char *word, unsigned places, const char *other, unsigned others) {
        return (places & others) && strcmp(word, other) == 0;
}

TEST(no_word_has_two_rows_in_one_place) {
        for (size_t i = 0; i < n_word_rows; i++) {
                for (size_t k = 0; k < i; k++)
                        CHECK(!is_duplicate(word_rows[i].word, word_rows[i].places,
                                            word_rows[k].word, word_rows[k].places));
                for (size_t k = 0; k < n_later_rows; k++)
                        CHECK(!is_duplicate(word_rows[i].word, word_rows[i].places,
                                            later_rows[k].word, later_rows[k].places));
        }
}

TEST(each_row_has_its_sentence) {
        for (size_t i = 0; i < n_word_rows; i++)
                CHECK(word_rows[i].sentence[0] && value_sentences[word_rows[i].kind][0]);
        for (size_t i = 0; i < _SUBJECT_MAX; i++)
                CHECK(subject_rows[i].word && subject_rows[i].sentence[0]);
        for (size_t i = 0; i < _CHECK_MAX; i++)
                CHECK(check_kind_words[i]);
        for (size_t i = 0; i < _MATCH_MAX; i++)
                CHECK(matcher_rows[i].word && matcher_rows[i].sentence[0]);
        for (size_t i = 0; i < n_later_rows; i++)
                CHECK(later_rows[i].sentence[0]);
}

TEST(each_word_for_later_is_told_from_a_typo) {
        cleanup_arena Arena arena = ARENA_INIT;
        static const struct {
                unsigned place;
                const char *format;
        } places[] = {
                {IN_PHASE, "```yaml phase\nversion: 1\nphase: p\n%s: x\n```\n"},
                {IN_DEFAULTS, "```yaml phase\nversion: 1\nphase: p\ndefaults: { %s: x }\n```\n"},
                {IN_GATE, "```yaml gate\n%s: x\n```\n"},
                {IN_CHECK, "```yaml gate\nchecks: [{ id: a, run: ./t, %s: x }]\n```\n"},
                {IN_HTTP, "```yaml gate\nchecks: [{ id: a, http: { %s: x } }]\n```\n"},
                {IN_EXPECT,
                 "```yaml gate\nchecks: [{ id: a, run: ./t, expect: { %s: x } }]\n```\n"},
                {IN_MATCHERS,
                 "```yaml gate\nchecks: [{ id: a, run: ./t, expect: { stdout: { %s: x } } }]\n```\n"},
        };

        for (size_t i = 0; i < n_later_rows; i++)
                for (size_t k = 0; k < ARRAY_SIZE(places); k++) {
                        Refusal refusal;

                        if (!(later_rows[i].places & places[k].place))
                                continue;
                        plans_refuse(arena_printf(&arena, places[k].format, later_rows[i].word),
                                     &refusal);
                        CHECK_CONTAINS(plans_find(&refusal, "plan-word-later")->found,
                                       later_rows[i].word);
                }
}

/* <rule>[.<variant>].md, with <!-- line:column --> of the fault at its beginning. */
static void check_refusal(Arena *arena, const char *name) {
        const char *text = plans_read(arena, arena_printf(arena, "refused/%s", name));
        char rule[64], place[32], wanted[64];
        const Fault *fault;
        Refusal refusal;

        CHECK(sscanf(name, "%63[^.]", rule) == 1);
        CHECK(sscanf(text, "<!-- %31s -->", place) == 1);
        plans_refuse(text, &refusal);
        fault = plans_find(&refusal, rule);
        (void)snprintf(wanted, sizeof wanted, "p.md:%s", place);
        if (strcmp(fault->place, wanted) != 0)
                FAIL_TEST("%s: at %s, not %s", name, fault->place, wanted);
}

TEST(each_refused_plan_is_refused_by_its_rule_at_its_place) {
        cleanup_arena Arena arena = ARENA_INIT;
        DIR *directory = opendir(test_source("tests/data/plans/refused"));
        const struct dirent *entry;
        size_t n = 0;

        if (!directory)
                FAIL_TEST("no refused plans");
        while ((entry = readdir(directory)) != NULL) {
                if (entry->d_name[0] == '.')
                        continue;
                check_refusal(&arena, entry->d_name);
                n++;
        }
        (void)closedir(directory);
        CHECK(n >= 100);
}

static bool has_example(const char *rule) {
        DIR *directory = opendir(test_source("tests/data/plans/refused"));
        const struct dirent *entry;
        size_t n_rule = strlen(rule);
        bool found = false;

        if (!directory)
                FAIL_TEST("no refused plans");
        while ((entry = readdir(directory)) != NULL)
                found |= strncmp(entry->d_name, rule, n_rule) == 0 && entry->d_name[n_rule] == '.';
        (void)closedir(directory);
        return found;
}

TEST(each_rule_of_the_lint_has_a_plan_that_it_refuses) {
        const LintRule *rule;

        for (size_t i = 0; (rule = lint_rule_at(i)); i++)
                if (!has_example(rule->rule))
                        FAIL_TEST("no tests/data/plans/refused/%s*.md", rule->rule);
}

TEST(the_document_names_every_word) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf text = BUF_TEXT;

        plan_print_docs(&text);
        for (size_t i = 0; i < n_word_rows; i++)
                CHECK_CONTAINS(buf_get_text(&text),
                               arena_printf(&arena, "`%s`", word_rows[i].word));
        for (size_t i = 0; i < _MATCH_MAX; i++)
                CHECK_CONTAINS(buf_get_text(&text),
                               arena_printf(&arena, "`%s`", matcher_rows[i].word));
}
