/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The grammar's rows, all of them: examples that are accepted, refusals that are really given. */

#include "plan/grammar.h"

#include <dirent.h>
#include <stdio.h>

#include "plan/lint.h"
#include "tests/lib/plans.h"
#include "tests/lib/test.h"

#define GATE_CHECKS "checks: [{ id: a, run: ./t }]\n"
#define CHECK_HEAD  "checks:\n- { id: build, run: ./t }\n- id: c\n"
#define HTTP_TAIL   "  expect: { status: 200 }\n"
#define REPORT_TAIL "  expect: { executed: { ge: 1 } }\n"
#define FILE_TAIL   "  expect: { size: { ge: 1B } }\n"
#define PORT_TAIL   "  expect: { listening: true }\n"
#define COUNT_TAIL  "  expect: { count: { ge: 1 } }\n"
#define SOME_COMMIT "0123456789012345678901234567890123456789"

/* Where a word stands with all that it needs beside it, `@` for its line. Without a word: for
 * those of its place that have no row of their own. */
static const struct {
        unsigned place;
        const char *word, *text; /* the end of the phase's block, or of the gate's */
} contexts[] = {
        {IN_PHASE, "version", "phase: p\n@\n"},
        {IN_PHASE, "phase", "version: 1\n@\n"},
        {IN_PHASE, NULL, "version: 1\nphase: p\n@\n"},
        {IN_DEFAULTS, "retries", "version: 1\nphase: p\ndefaults:\n  interval: 1s\n  @\n"},
        {IN_DEFAULTS, NULL, "version: 1\nphase: p\ndefaults:\n  @\n"},
        {IN_GATE, "gate", "@\n" GATE_CHECKS},
        {IN_GATE, "checks", "gate: G\n@\n"},
        {IN_GATE, NULL, "gate: G\n@\n" GATE_CHECKS},
        {IN_UNCHANGED, "run", "gate: G\nunchanged:\n  @\n" GATE_CHECKS},
        {IN_UNCHANGED, NULL, "gate: G\nunchanged:\n  run: [ls]\n  @\n" GATE_CHECKS},
        {IN_CHECK, "id", "gate: G\nchecks:\n- run: ./t\n  @\n"},
        {IN_CHECK, "run", "gate: G\n" CHECK_HEAD "  @\n"},
        {IN_CHECK, "http", "gate: G\n" CHECK_HEAD "  @\n" HTTP_TAIL},
        {IN_CHECK, "report", "gate: G\n" CHECK_HEAD "  @\n" REPORT_TAIL},
        {IN_CHECK, "git", "gate: G\n" CHECK_HEAD "  @\n"},
        {IN_CHECK, "revision", "gate: G\n" CHECK_HEAD "  @\n"},
        {IN_CHECK, "file", "gate: G\n" CHECK_HEAD "  @\n" FILE_TAIL},
        {IN_CHECK, "port", "gate: G\n" CHECK_HEAD "  @\n" PORT_TAIL},
        {IN_CHECK, "process", "gate: G\n" CHECK_HEAD "  @\n" COUNT_TAIL},
        {IN_CHECK, "log", "gate: G\n" CHECK_HEAD "  @\n" COUNT_TAIL},
        {IN_CHECK, "manual", "gate: G\n" CHECK_HEAD "  @\n"},
        {IN_CHECK, "retries", "gate: G\n" CHECK_HEAD "  run: ./t\n  interval: 1s\n  @\n"},
        {IN_CHECK, "hold", "gate: G\n" CHECK_HEAD "  run: ./t\n  interval: 1s\n  @\n"},
        {IN_CHECK, NULL, "gate: G\n" CHECK_HEAD "  run: ./t\n  @\n"},
        {IN_HTTP, "url", "gate: G\n" CHECK_HEAD "  http:\n    @\n" HTTP_TAIL},
        {IN_HTTP, NULL, "gate: G\n" CHECK_HEAD "  http:\n    url: http://a/\n    @\n" HTTP_TAIL},
        {IN_REVISION, "url", "gate: G\n" CHECK_HEAD "  revision:\n    @\n"},
        {IN_REVISION, "run", "gate: G\n" CHECK_HEAD "  revision:\n    @\n"},
        {IN_REVISION, NULL, "gate: G\n" CHECK_HEAD "  revision:\n    url: http://a/\n    @\n"},
        {IN_REPORT, "run",
         "gate: G\n" CHECK_HEAD "  report:\n    format: tap\n    @\n" REPORT_TAIL},
        {IN_REPORT, "format",
         "gate: G\n" CHECK_HEAD "  report:\n    run: ./t\n    @\n" REPORT_TAIL},
        {IN_REPORT, NULL,
         "gate: G\n" CHECK_HEAD "  report:\n    run: ./t\n    format: tap\n    @\n" REPORT_TAIL},
        {IN_GIT, NULL, "gate: G\n" CHECK_HEAD "  git:\n    @\n"},
        {IN_UNCHANGED_SINCE, "commit",
         "gate: G\n" CHECK_HEAD "  git:\n    unchanged-since:\n      paths: [a]\n      @\n"},
        {IN_UNCHANGED_SINCE, NULL,
         "gate: G\n" CHECK_HEAD "  git:\n    unchanged-since:\n      commit: " SOME_COMMIT
         "\n      @\n"},
        {IN_PATHS_ONLY, "since",
         "gate: G\n" CHECK_HEAD "  git:\n    paths-only:\n      paths: [a]\n      @\n"},
        {IN_PATHS_ONLY, NULL,
         "gate: G\n" CHECK_HEAD "  git:\n    paths-only:\n      since: " SOME_COMMIT "\n      @\n"},
        {IN_FILE, "path", "gate: G\n" CHECK_HEAD "  file:\n    @\n" FILE_TAIL},
        {IN_FILE, NULL, "gate: G\n" CHECK_HEAD "  file:\n    path: a\n    @\n" FILE_TAIL},
        {IN_PORT, "number", "gate: G\n" CHECK_HEAD "  port:\n    @\n" PORT_TAIL},
        {IN_PORT, NULL, "gate: G\n" CHECK_HEAD "  port:\n    number: 80\n    @\n" PORT_TAIL},
        {IN_PROCESS, "matches", "gate: G\n" CHECK_HEAD "  process:\n    @\n" COUNT_TAIL},
        {IN_PROCESS, NULL,
         "gate: G\n" CHECK_HEAD "  process:\n    matches: a1\n    @\n" COUNT_TAIL},
        {IN_LOG, "control", "gate: G\n" CHECK_HEAD "  log:\n    run: ./t\n    @\n" COUNT_TAIL},
        {IN_LOG, "stamp",
         "gate: G\n" CHECK_HEAD
         "  on: host\n  log:\n    file: /a\n    control: a1\n    @\n" COUNT_TAIL},
        {IN_LOG, "file",
         "gate: G\n" CHECK_HEAD "  on: host\n  log:\n    control: a1\n    @\n" COUNT_TAIL},
        {IN_LOG, NULL, "gate: G\n" CHECK_HEAD "  log:\n    control: a1\n    @\n" COUNT_TAIL},
        {IN_REPEAT, "times", "gate: G\n" CHECK_HEAD "  run: ./t\n  repeat:\n    @\n"},
        {IN_REPEAT, NULL, "gate: G\n" CHECK_HEAD "  run: ./t\n  repeat:\n    times: 9\n    @\n"},
        {IN_EXAMINED, NULL, "gate: G\n" CHECK_HEAD "  run: ./t\n  examined:\n    ge: 1\n    @\n"},
        {IN_LIMITS, NULL, "gate: G\n" CHECK_HEAD "  run: ./t\n  limits:\n    @\n"},
        {IN_TEETH, "run", "gate: G\n" CHECK_HEAD "  run: ./t\n  teeth:\n    @\n"},
        {IN_TEETH, "patch", "gate: G\n" CHECK_HEAD "  run: ./t\n  teeth:\n    @\n"},
        {IN_TEETH, NULL, "gate: G\n" CHECK_HEAD "  run: ./t\n  teeth:\n    run: ./b\n    @\n"},
        {IN_LOCK, NULL, "gate: G\n" CHECK_HEAD "  run: ./t\n  lock:\n    @\n"},
        {IN_EXPECT, NULL, "gate: G\n" CHECK_HEAD "  run: ./t\n  expect:\n    @\n"},
        {IN_MATCHERS, NULL, "gate: G\n" CHECK_HEAD "  run: ./t\n  expect:\n    stdout:\n      @\n"},
};

static const char *context_of(unsigned place, const char *word) {
        for (size_t i = 0; i < ARRAY_SIZE(contexts); i++)
                if (contexts[i].place == place &&
                    (!contexts[i].word || strcmp(contexts[i].word, word) == 0))
                        return contexts[i].text;
        FAIL_TEST("no context of `%s` in place %u", word, place);
}

/* A plan in which the line stands in its context; `value` NULL: an empty line in its place. */
static const char *plan_with(Arena *arena, unsigned place, const char *word, const char *value) {
        const char *context = context_of(place, word), *at = strchr(context, '@');
        const char *text =
                arena_printf(arena, "%.*s%s%s%s%s", (int)(at - context), context, value ? word : "",
                             value ? ": " : "", value ? value : "", at + 1);
        bool is_phase = place & (IN_PHASE | IN_DEFAULTS);

        return arena_printf(arena,
                            "```yaml phase\n%s%s```\n\n"
                            "```yaml gate\ngate: M1\nchecks: [{ id: first, run: ./t }]\n```\n\n"
                            "```yaml gate\n%s```\n",
                            is_phase ? text : "version: 1\nphase: p\n",
                            strcmp(word, "vars") == 0 ? "" : "vars: { domain: a }\n",
                            is_phase ? "gate: G\n" GATE_CHECKS : text);
}

static void accept(const char *text) {
        Plan plan;

        plans_parse(text, &plan);
        plan_deinit(&plan);
}

TEST(each_word_has_an_example_that_is_accepted_where_it_stands) {
        cleanup_arena Arena arena = ARENA_INIT;

        for (size_t i = 0; i < n_word_rows; i++)
                for (unsigned place = 1; place <= IN_TEETH; place <<= 1) {
                        const Word *row = &word_rows[i];
                        /* The first gate has that id. */
                        bool is_gate = place == IN_GATE && strcmp(row->word, "gate") == 0;

                        if (row->places & place)
                                accept(plan_with(&arena, place, row->word,
                                                 is_gate ? "M2" : row->example));
                }
}

static bool is_word_in(unsigned place, const char *word) {
        for (size_t i = 0; i < _SUBJECT_MAX; i++)
                if (place == IN_EXPECT && strcmp(subject_rows[i].word, word) == 0)
                        return true;
        for (size_t i = 0; i < _MATCH_MAX; i++)
                if (place & (IN_MATCHERS | IN_EXAMINED) && strcmp(matcher_rows[i].word, word) == 0)
                        return true;
        return grammar_find_word(place, slice_text(word));
}

/* In `examined` words stand beside matchers, and are refused as such. */
TEST(each_word_is_refused_where_it_does_not_stand) {
        cleanup_arena Arena arena = ARENA_INIT;
        Refusal refusal;

        for (size_t i = 0; i < n_word_rows; i++)
                for (unsigned place = 1; place <= IN_TEETH; place <<= 1) {
                        const Word *row = &word_rows[i];

                        if (is_word_in(place, row->word) || place == IN_EXAMINED)
                                continue;
                        plans_refuse(plan_with(&arena, place, row->word, row->example), &refusal);
                        CHECK_CONTAINS(plans_find(&refusal, "plan-word-place")->found, row->word);
                }
}

TEST(each_word_is_told_from_a_typo_of_it) {
        cleanup_arena Arena arena = ARENA_INIT;
        Refusal refusal;

        for (size_t i = 0; i < n_word_rows; i++)
                for (unsigned place = 1; place <= IN_TEETH; place <<= 1) {
                        const Word *row = &word_rows[i];
                        const char *typo = arena_printf(&arena, "%sx", row->word);

                        if (!(row->places & place) || place == IN_EXAMINED ||
                            is_word_in(place, typo))
                                continue;
                        plans_refuse(plan_with(&arena, place, typo, row->example), &refusal);
                        CHECK_CONTAINS(plans_find(&refusal, "plan-word-unknown")->next,
                                       "did you mean");
                }
}

/* Of the second gate. False if the plan is refused. */
static bool get_digest(const char *text, Hash *ret_digest) {
        Fault faults[1];
        size_t n_faults;
        Plan plan;

        if (plan_parse("p.md", slice_text(text), &plan, faults, 1, &n_faults) != 0)
                return false;
        *ret_digest = plan.gates[1].digest;
        plan_deinit(&plan);
        return true;
}

/* The i-th other value of a word: none at all, the other word of a choice, or the example with one
 * letter or digit changed. */
static const char *other_value(Arena *arena, const char *example, size_t i) {
        char *text = arena_text(arena, slice_text(example));
        char *at;

        if (i == 0)
                return NULL;
        if (i == 1)
                return strcmp(example, "junit") == 0 ? "tap" : "sandbox";
        at = text + strlen(text) - (i - 1);
        *at = *at == '9' || *at == 'z' ? (char)(*at - 1) : (char)(*at + 1);
        return text;
}

/* How many plans that differ in this word only are accepted; each has another digest. */
static size_t count_others(Arena *arena, unsigned place, const Word *row) {
        Hash digest, other;
        size_t n = 0;

        CHECK(get_digest(plan_with(arena, place, row->word, row->example), &digest));
        for (size_t i = 0; i < strlen(row->example) + 2; i++) {
                const char *value = other_value(arena, row->example, i);

                if (!get_digest(plan_with(arena, place, row->word, value), &other))
                        continue;
                if (hash_equal(&digest, &other))
                        FAIL_TEST("`%s: %s` has the digest of `%s`", row->word, row->example,
                                  value ? value : "nothing");
                n++;
        }
        return n;
}

TEST(each_word_of_a_gate_changes_its_digest) {
        cleanup_arena Arena arena = ARENA_INIT;

        for (size_t i = 0; i < n_word_rows; i++)
                for (unsigned place = IN_GATE; place <= IN_TEETH; place <<= 1) {
                        const Word *row = &word_rows[i];
                        bool is_gate = place == IN_GATE && strcmp(row->word, "gate") == 0;

                        if ((row->places & place) && !is_gate &&
                            count_others(&arena, place, row) == 0)
                                FAIL_TEST("no plan differs in `%s` only", row->word);
                }
}

/* A plan whose second gate has these checks. */
static const char *plan_of(Arena *arena, const char *checks) {
        return arena_printf(arena,
                            "```yaml phase\nversion: 1\nphase: p\nvars: { domain: a }\n```\n\n"
                            "```yaml gate\ngate: G\n%s```\n",
                            checks);
}

/* A check of each kind, and what its `expect` needs beside the subject. */
static const struct {
        const char *check, *company;
} examples[_CHECK_MAX] = {
        [CHECK_RUN] = {"run: ./t", ""},
        [CHECK_HTTP] = {"http: { url: http://a/ }", "status: 200, "},
        [CHECK_REPORT] = {"report: { run: ./t, format: junit }", "executed: { ge: 1 }, "},
        [CHECK_FILE] = {"file: { path: build/out }", ""},
        [CHECK_PORT] = {"port: { number: 80 }", ""},
        [CHECK_PROCESS] = {"process: { matches: nginx }", ""},
        [CHECK_LOG] = {"log: { run: ./t, control: started }", ""},
};

static void accept_subject(Arena *arena, const SubjectRow *row, size_t kind) {
        const char *company = examples[kind].company;

        if (strncmp(company, row->word, strlen(row->word)) == 0)
                company = "";
        accept(plan_of(arena,
                       arena_printf(arena, "checks:\n  - id: c\n    %s\n    expect: { %s%s: %s }\n",
                                    examples[kind].check, company, row->word, row->example)));
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
                        &arena,
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
        }
}

TEST(each_row_has_its_sentence) {
        for (size_t i = 0; i < n_word_rows; i++)
                CHECK(word_rows[i].sentence[0] && value_rows[word_rows[i].kind].sentence[0]);
        for (size_t i = 0; i < _SUBJECT_MAX; i++)
                CHECK(subject_rows[i].word && subject_rows[i].sentence[0]);
        for (size_t i = 0; i < _CHECK_MAX; i++)
                CHECK(check_kind_words[i]);
        for (size_t i = 0; i < _MATCH_MAX; i++)
                CHECK(matcher_rows[i].word && matcher_rows[i].sentence[0]);
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

/* Whether tests/data/plans/`folder` has <rule>[.<variant>].md */
static bool has_file(const char *folder, const char *rule) {
        cleanup_arena Arena arena = ARENA_INIT;
        DIR *directory = opendir(test_source(arena_printf(&arena, "tests/data/plans/%s", folder)));
        const struct dirent *entry;
        size_t n_rule = strlen(rule);
        bool found = false;

        if (!directory)
                FAIL_TEST("no tests/data/plans/%s", folder);
        while ((entry = readdir(directory)) != NULL)
                found |= strncmp(entry->d_name, rule, n_rule) == 0 && entry->d_name[n_rule] == '.';
        (void)closedir(directory);
        return found;
}

TEST(each_rule_of_the_lint_has_a_plan_that_it_refuses) {
        const LintRule *rule;

        for (size_t i = 0; (rule = lint_rule_at(i)); i++)
                if (!has_file("refused", rule->rule))
                        FAIL_TEST("no tests/data/plans/refused/%s*.md", rule->rule);
}

/* A check without its id, as lines or as a map, or the lines of a gate. */
static const char *plan_of_example(Arena *arena, const char *example) {
        if (strstr(example, "checks:"))
                return plan_of(arena, arena_printf(arena, "%s\n", example));
        if (example[0] == '{')
                return plan_of(arena,
                               arena_printf(arena, "checks:\n  - { id: c, %s\n", example + 1));
        return plan_of(arena, arena_printf(arena, "checks:\n  - id: c\n    %s\n", example));
}

TEST(each_rule_of_the_lint_refuses_its_example) {
        cleanup_arena Arena arena = ARENA_INIT;
        const LintRule *rule;

        for (size_t i = 0; (rule = lint_rule_at(i)); i++) {
                Refusal refusal;

                if (!rule->example[0])
                        continue;
                plans_refuse(plan_of_example(&arena, rule->example), &refusal);
                (void)plans_find(&refusal, rule->rule);
        }
}

TEST(each_plan_that_is_no_trap_is_accepted) {
        cleanup_arena Arena arena = ARENA_INIT;
        DIR *directory = opendir(test_source("tests/data/plans/accepted"));
        const struct dirent *entry;
        size_t n = 0;

        if (!directory)
                FAIL_TEST("no accepted plans");
        while ((entry = readdir(directory)) != NULL) {
                if (entry->d_name[0] == '.')
                        continue;
                accept(plans_read(&arena, arena_printf(&arena, "accepted/%s", entry->d_name)));
                n++;
        }
        (void)closedir(directory);
        CHECK(n >= 70);
}

/* A rule that refuses everything would be no rule. */
TEST(each_trap_has_an_honest_twin) {
        const LintRule *rule;

        for (size_t i = 0; (rule = lint_rule_at(i)); i++)
                if (!has_file("accepted", rule->rule) && strcmp(rule->rule, "vacuous-phase") != 0)
                        FAIL_TEST("no tests/data/plans/accepted/%s*.md", rule->rule);
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
