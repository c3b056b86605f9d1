/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Output of hostile commands against one of each matcher: each assertion has an answer, its texts
 * are short and printable, and a cut never turns an answer round: what is decided for a cut stream
 * is so for the whole one.
 */

#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "plan/match.h"

enum { SHOWN_BYTES_MAX = 400, FAULTS_MAX = 4 };

static const char plan_text[] =
        "```yaml phase\nversion: 1\nphase: p\n```\n\n"
        "```yaml gate\ngate: G\nchecks:\n"
        "  - id: run\n"
        "    run: ./t\n"
        "    expect:\n"
        "      stdout:\n"
        "        equals: ready\n"
        "        contains: [ready, \"\\n\\n\"]\n"
        "        not-contains: [error, x]\n"
        "        matches: ['(?m)^\\d+ passed$', '(a+)+b', '\\b\\w{3}\\b', '(?<=a)b$']\n"
        "        not-matches: ['[^\\x00-\\x7f]', '\\Aab', 'z\\z']\n"
        "        line-count: { ge: 2, le: 5, equals: 3, between: [2, 4], gt: 1, lt: 9 }\n"
        "        number: { between: [-1, 5.5], gt: 1e3 }\n"
        "        jsonpath:\n"
        "          $.a: 1\n"
        "          $.b: { contains: x, not-contains: y, matches: '^.' }\n"
        "          \"$[0]\": null\n"
        "          \"$[#-1].c\": { gt: 1, empty: false }\n"
        "        empty: false\n"
        "```\n";

static void must(bool holds) {
        if (!holds)
                abort();
}

static void must_be_short(Slice text) {
        must(text.n <= SHOWN_BYTES_MAX && utf8_is_valid(text));
        for (size_t i = 0; i < text.n; i++)
                must(text.data[i] >= ' ' && text.data[i] != 0x7f);
}

static const Check *check_get(void) {
        static Fault faults[FAULTS_MAX];
        static Plan plan;
        size_t n_faults;

        if (plan.n_gates == 0)
                must(plan_parse("p.md", slice_text(plan_text), &plan, faults, FAULTS_MAX,
                                &n_faults) == 0);
        return &plan.gates[0].checks[0];
}

static MatchResult *judge(ObservedStream stream, Arena *arena, size_t *ret_n) {
        Observed observed = {.out = stream};
        MatchResult *results;

        expectations_evaluate(check_get(), &observed, arena, &results, ret_n);
        for (size_t i = 0; i < *ret_n; i++) {
                must(results[i].where.n > 0);
                must(results[i].held == (results[i].reason == NULL));
                must(!results[i].held || !results[i].is_undecided);
                must_be_short(results[i].actual);
                must_be_short(results[i].expected);
        }
        return results;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        cleanup_arena Arena arena = ARENA_INIT;
        Slice whole = slice_make(data, n);
        size_t n_results, third = n / 3;
        const MatchResult *answers = judge((ObservedStream){.head = whole}, &arena, &n_results);
        const MatchResult *of_cut = judge((ObservedStream){.head = slice_head(whole, third),
                                                           .tail = slice_from(whole, n - third),
                                                           .is_cut = true},
                                          &arena, &n_results);

        for (size_t i = 0; i < n_results && n > 0; i++)
                if (!of_cut[i].is_undecided && !answers[i].is_undecided)
                        must(of_cut[i].held == answers[i].held);
        return 0;
}
