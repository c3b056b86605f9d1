/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* docs/plan.md from the rows. */

#include "plan/docs.h"

#include "plan/grammar.h"
#include "plan/lint.h"
#include "plan/plan.h"

static const char intro[] =
        "# Plans\n\n"
        "<!-- Printed from lib/plan/grammar.def and lib/plan/lint.c by tools/describe; "
        "edit those. -->\n\n"
        "A plan is a Markdown file. Fenced blocks whose info string begins `yaml phase` (one) or\n"
        "`yaml gate` (each gate) are read by the machine; they stand at the left margin. The rest\n"
        "is prose. The YAML is a strict subset: no anchors, aliases, tags, merge keys or document\n"
        "markers; every scalar is text until its word types it; a word that is unknown or stands\n"
        "twice is refused. `broker plan lint FILE` says what is wrong, with its place.\n";

const char docs_variables[] =
        "`${name}` stands for a text of `vars`, `${matrix.name}` for the value of the check's row,\n"
        "`${N}` for the repetition (from 1), `${GATE_COMMIT}` for the claimed commit,\n"
        "`${GATE_STARTED_AT}` and `${GATE_SINCE}` for the times when the run began and when the claim\n"
        "was made. They are put in after the YAML was read and never change the structure; `$${`\n"
        "stands for `${` itself; a name that is not there is refused. Where they may stand is said\n"
        "with the values below; the last four are known only when the check runs.\n\n"
        "The text of a command is never touched. A command has them in its environment: the vars by\n"
        "their names, a row as `MATRIX_NAME` (capitals, `-` becomes `_`), and `N`, `GATE_COMMIT`,\n"
        "`GATE_STARTED_AT`, `GATE_SINCE`. So write `\"$MATRIX_HOST\"`, in quotes. `vars` and `env`\n"
        "may not use these names. An instance of a matrix has an id of its own, as in\n"
        "`routes[host=ci,status=200]`: what is not printable, or would end a value, is written as\n"
        "`%XX`; beyond 256 bytes the end is cut and `~` and a hash of the whole stand there.\n";

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

static const char copies[] =
        "\n## A copy in the repository\n\n"
        "Only the approved text is run. `broker plan approve FILE` records where the file lies in its\n"
        "git work tree; a claimed commit with other bytes there gets a note, `plan.copy`: what they\n"
        "weaken of the gate, and what approves them. Where they weaken it, and the commit descends\n"
        "from one that has the approved text there, the gate fails with `claim.plan-copy`: bring the\n"
        "text back (`broker plan show --text PHASE`), or approve the revision.\n";

static void print_row(const char *word, const char *value, const char *sentence,
                      const char *example, Buf *text) {
        buf_printf(text, "- `%s`: %s.", word, value);
        buf_printf(text, " %s For example `%s: %s`.\n", sentence, word, example);
}

static const char *variables_of(const Word *row) {
        static const char *const texts[] = {
                [NO_VARIABLES] = "",
                [VARIABLES] = "; vars and matrix",
                [LATE_VARIABLES] = "; all variables",
        };

        if (row->target == TARGET_Gate && value_rows[row->kind].variables != NO_VARIABLES)
                return "; vars";
        return texts[row->places & IN_PHASE ? NO_VARIABLES : value_rows[row->kind].variables];
}

static void print_place(const PlaceRow *place, Buf *text) {
        buf_printf(text, "\n## %s\n\n", place->title);
        for (size_t i = 0; i < n_word_rows; i++) {
                const Word *row = &word_rows[i];

                if (!(row->places & place->place))
                        continue;
                if (place->place == IN_DEFAULTS)
                        buf_printf(text, "- `%s`\n", row->word);
                else
                        buf_printf(text, "- `%s`%s: %s%s. %s For example `%s: %s`.\n", row->word,
                                   row->is_required ? " (required)" : "",
                                   value_rows[row->kind].sentence, variables_of(row), row->sentence,
                                   row->word, row->example);
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

static void print_rule(const LintRule *rule, Buf *text) {
        bool has_lines = strchr(rule->example, '\n');

        buf_printf(text, "- `%s`: %s. Next: %s.", rule->rule, rule->sentence, rule->next);
        if (rule->example[0] && !has_lines)
                buf_printf(text, " For example `%s`.", rule->example);
        buf_byte(text, '\n');
}

void plan_print_docs(Buf *text) {
        const LintRule *rule;

        buf_text(text, intro);
        buf_printf(text, "\n## Variables\n\n%s", docs_variables);
        for (size_t i = 0; i < n_place_rows; i++)
                if (place_rows[i].title)
                        print_place(&place_rows[i], text);
        print_expectations(text);
        buf_text(text, "\n## What is refused because it could not fail\n\n");
        for (size_t i = 0; (rule = lint_rule_at(i)); i++)
                print_rule(rule, text);
        buf_text(text, digests);
        buf_text(text, copies);
}
