/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What people read: a plan in short, and docs/plan.md from the rows. */

#include "plan/plan.h"

#include "base/clock.h"
#include "plan/grammar.h"
#include "plan/lint.h"

static void describe_digest(const Hash *digest, Buf *text) {
        buf_text(text, "  sha256 ");
        hex_append(text, hash_slice(digest));
        buf_byte(text, '\n');
}

static void describe_list(const char *name, const Slice *items, size_t n_items, Buf *text) {
        for (size_t i = 0; i < n_items; i++)
                buf_printf(text, "%s%.*s", i ? ", " : name, SLICE_ARGS(items[i]));
        if (n_items)
                buf_byte(text, '\n');
}

static void describe_check(const Check *check, Buf *text) {
        buf_printf(text, "  %-24.*s %-8s", SLICE_ARGS(check->id), check_kind_words[check->kind]);
        buf_printf(text, "  %zu assertion%s", check->n_expectations,
                   check->n_expectations == 1 ? "" : "s");
        if (check->title.n)
                buf_printf(text, "  %.*s", SLICE_ARGS(check->title));
        buf_byte(text, '\n');
}

void plan_describe(const Plan *plan, Buf *text) {
        buf_printf(text, "phase %.*s\n", SLICE_ARGS(plan->phase));
        describe_digest(&plan->digest, text);
        describe_list("  needs ", plan->needs, plan->n_needs, text);
        describe_list("  protected ", plan->protected_paths, plan->n_protected_paths, text);
        for (size_t i = 0; i < plan->n_gates; i++) {
                const Gate *gate = &plan->gates[i];

                buf_printf(text, "\ngate %.*s%s%.*s\n", SLICE_ARGS(gate->id),
                           gate->title.n ? ": " : "", SLICE_ARGS(gate->title));
                describe_digest(&gate->digest, text);
                describe_list("  needs ", gate->needs, gate->n_needs, text);
                buf_text(text, "  valid for ");
                duration_describe(gate->valid_for_ms, text);
                buf_byte(text, '\n');
                for (size_t k = 0; k < gate->n_checks; k++)
                        describe_check(&gate->checks[k], text);
        }
}

static const struct {
        unsigned place;
        const char *title;
} sections[] = {
        {IN_PHASE, "The block `yaml phase`"},
        {IN_DEFAULTS, "`defaults`"},
        {IN_GATE, "The block `yaml gate`"},
        {IN_CHECK, "A check"},
        {IN_HTTP, "`http`"},
        {IN_REPORT, "`report`"},
        {IN_GIT, "`git`"},
        {IN_UNCHANGED_SINCE, "`git`: `unchanged-since`"},
        {IN_PATHS_ONLY, "`git`: `paths-only`"},
        {IN_REVISION, "`revision`"},
        {IN_FILE, "`file`"},
        {IN_PORT, "`port`"},
        {IN_PROCESS, "`process`"},
        {IN_LOG, "`log`"},
        {IN_REPEAT, "`repeat`"},
        {IN_EXAMINED, "`examined`"},
        {IN_LIMITS, "`limits`"},
        {IN_TEETH, "`teeth`"},
        {IN_LOCK, "`lock`"},
        {IN_UNCHANGED, "`unchanged`"},
};

static const char intro[] =
        "# Plans\n\n"
        "<!-- Printed from lib/plan/grammar.def and lib/plan/lint.c by tools/describe; "
        "edit those. -->\n\n"
        "A plan is a Markdown file. Fenced blocks whose info string begins `yaml phase` (one) or\n"
        "`yaml gate` (each gate) are read by the machine; they stand at the left margin. The rest\n"
        "is prose. The YAML is a strict subset: no anchors, aliases, tags, merge keys or document\n"
        "markers; every scalar is text until its word types it; a word that is unknown or stands\n"
        "twice is refused. `broker plan lint FILE` says what is wrong, with its place.\n\n"
        "`${name}` stands for a text of `vars` in `http`, `expect` and `env`; it is put in after\n"
        "the YAML was read and never changes the structure; `$${` stands for `${` itself. The text\n"
        "of a command is never touched: a command has the vars in its environment, and beside them\n"
        "`GATE_COMMIT`, `GATE_STARTED_AT` and `GATE_SINCE` (when the claim was made).\n";

static const char digests[] =
        "\n## Digests\n\n"
        "The plan's digest is the SHA-256 of its bytes. A gate's digest says what the gate demands:\n"
        "it is the SHA-256 of `coldgate gate 1` and a line end, then the block with the defaults\n"
        "that it inherits written into it, then the vars that it uses. A map is `m`, the number of\n"
        "its entries, then each key and value by ascending key; a list is `s`, the number of its\n"
        "items and the items; a text is `t`, its length and its bytes, or `l` where it is written\n"
        "without quotes and is null, true, false or a number. Numbers and lengths are 8 bytes, the\n"
        "highest first; keys, names and values of vars come after their length. A gate uses all\n"
        "vars if one of its checks has a command, otherwise those that its texts mention; they are\n"
        "sorted by name. Comments, layout and the order of words change no digest.\n";

static void print_row(const char *word, const char *value, const char *sentence,
                      const char *example, Buf *text) {
        buf_printf(text, "- `%s`: %s.", word, value);
        buf_printf(text, " %s For example `%s: %s`.\n", sentence, word, example);
}

static void print_words(Buf *text) {
        for (size_t s = 0; s < ARRAY_SIZE(sections); s++) {
                buf_printf(text, "\n## %s\n\n", sections[s].title);
                for (size_t i = 0; i < n_word_rows; i++) {
                        const Word *row = &word_rows[i];

                        if (!(row->places & sections[s].place))
                                continue;
                        if (sections[s].place == IN_DEFAULTS) {
                                buf_printf(text, "- `%s`\n", row->word);
                                continue;
                        }
                        buf_printf(text, "- `%s`%s: %s. %s For example `%s: %s`.\n", row->word,
                                   row->is_required ? " (required)" : "",
                                   value_rows[row->kind].sentence, row->sentence, row->word,
                                   row->example);
                }
        }
}

static void print_expectations(Buf *text) {
        buf_text(text, "\n## `expect`: subjects\n\n");
        for (size_t i = 0; i < _SUBJECT_MAX; i++) {
                const SubjectRow *row = &subject_rows[i];

                cleanup_buf Buf kinds = BUF_TEXT;

                buf_text(&kinds, "of ");
                grammar_describe_checks(row->checks, &kinds);
                print_row(row->word, buf_get_text(&kinds), row->sentence, row->example, text);
        }
        buf_text(text, "\n## `certificate`: facts\n\n");
        for (size_t i = 0; i < n_fact_rows; i++) {
                cleanup_buf Buf values = BUF_TEXT;

                grammar_describe_values(fact_rows[i].values, &values);
                print_row(fact_rows[i].word, buf_get_text(&values), fact_rows[i].sentence,
                          fact_rows[i].example, text);
        }
        buf_text(text, "\n## `expect`: matchers\n\n"
                       "A map of matchers; each is one assertion. A bare text or number means "
                       "`equals`.\n\n");
        for (size_t i = 0; i < _MATCH_MAX; i++) {
                const MatcherRow *row = &matcher_rows[i];
                cleanup_buf Buf values = BUF_TEXT;

                buf_text(&values, "of ");
                grammar_describe_values(row->values, &values);
                print_row(row->word, buf_get_text(&values), row->sentence, row->example, text);
        }
        buf_text(
                text,
                "\nIn JSON a value without quotes in the plan that is `null`, `true`, `false` or\n"
                "a number equals only that; with quotes it equals only a text.\n"
                "Output beyond what is kept is cut in its middle. An assertion that what was kept\n"
                "cannot decide does not hold, with the reason `output.limit`.\n");
}

void plan_print_docs(Buf *text) {
        const LintRule *rule;

        buf_text(text, intro);
        print_words(text);
        print_expectations(text);
        buf_text(text, "\n## What is refused because it could not fail\n\n");
        for (size_t i = 0; (rule = lint_rule_at(i)); i++)
                buf_printf(text, "- `%s`: %s. Next: %s.\n", rule->rule, rule->sentence, rule->next);
        buf_text(text, digests);
}
