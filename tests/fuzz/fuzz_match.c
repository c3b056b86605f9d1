/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Output of hostile commands against one of each matcher: each assertion has an answer, its texts
 * are short and printable, and a cut never turns an answer round: what is decided for a cut stream
 * is so for the whole one.
 */

#include "tests/fuzz/fuzz.h"

#include "base/utf8.h"
#include "plan/match.h"

enum { SHOWN_BYTES_MAX = 400, FAULTS_MAX = 4 };
enum { RUN, HTTP, LOG }; /* the checks */

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
        "        matches: ['(?m)^\\d+ passed$', '(a+)+b', '\\b\\w{3}\\b', '(?<=a)b$', '^.\\n']\n"
        "        not-matches: ['[^\\x00-\\x7f]', '\\Aab', 'z\\z']\n"
        "        every-line: ['\\bUp\\b', '^.', '(a+)+$', '[^\\x00-\\x7f]', '^.$']\n"
        "        line-count: { ge: 2, le: 5, equals: 3, between: [2, 4], gt: 1, lt: 9,\n"
        "                      not: 4, any: [3, { ge: 7 }] }\n"
        "        number: { between: [-1, 5.5], gt: 1e3, not: 7, any: [1, { lt: 0 }] }\n"
        "        jsonpath:\n"
        "          $.a: 1\n"
        "          $.b: { contains: x, not-contains: y, matches: '^.', not: { contains: z } }\n"
        "          \"$[0]\": null\n"
        "          \"$[#-1].c\": { gt: 1, empty: false, any: [2, { empty: false }] }\n"
        "        empty: false\n"
        "        not: { contains: a, matches: '[bc]', every-line: d }\n"
        "        any:\n"
        "          - { contains: ready, not-contains: error }\n"
        "          - { number: { ge: 1 }, not: { line-count: 2 } }\n"
        "          - { not: { any: [{ jsonpath: { $.a: 1 } }, { every-line: x }] }, empty: false }\n"
        "        all: [{ not: { equals: x } }, { any: [a, { line-count: { le: 3 } }] }]\n"
        "      files:\n"
        "        out:\n"
        "          content: { any: [{ every-line: a }, { matches: 'b+' }], not: { equals: c } }\n"
        "  - id: http\n"
        "    http: { url: \"https://a/\" }\n"
        "    expect:\n"
        "      status: 200\n"
        "      headers: { X-A: { contains: a, not: { matches: '^b' } } }\n"
        "      body: { every-line: a, any: [a, { jsonpath: { $.a: 1 } }] }\n"
        "      certificate: { subject: { contains: a }, names: { every-line: a }, valid: true }\n"
        "  - id: log\n"
        "    log: { run: ./journal, control: a }\n"
        "    examined: { ge: 2, from: '(\\d*) passed' }\n"
        "    expect: { lines: { every-line: a }, count: { any: [2, { gt: 4 }] } }\n"
        "```\n";

static void must_be_short(Slice text) {
        must(text.n <= SHOWN_BYTES_MAX && utf8_is_valid(text));
        for (size_t i = 0; i < text.n; i++)
                must(text.data[i] >= ' ' && text.data[i] != 0x7f);
}

static const Gate *gate_get(void) {
        static Fault faults[FAULTS_MAX];
        static Plan plan;
        size_t n_faults;

        if (plan.n_gates == 0)
                must(plan_parse("p.md", slice_text(plan_text), &plan, faults, FAULTS_MAX,
                                &n_faults) == 0);
        return &plan.gates[0];
}

static void must_be_good(const MatchResult *result) {
        must(result->where.n > 0);
        must(result->held == (result->reason == NULL));
        must(!result->held || !result->is_undecided);
        must_be_short(result->actual);
        must_be_short(result->expected);
}

static MatchResult *judge(size_t which, const Observed *observed, Arena *arena, size_t *ret_n) {
        const Check *check = &gate_get()->checks[which];
        MatchResult *results, examined;

        expectations_evaluate(check, observed, arena, &results, ret_n);
        for (size_t i = 0; i < *ret_n; i++)
                must_be_good(&results[i]);
        examined_evaluate(check, observed, arena, &examined);
        must_be_good(&examined);
        return results;
}

static MatchResult *judge_run(ObservedStream stream, Arena *arena, size_t *ret_n) {
        const ObservedFile file = {
                .path = slice_text("out"), .exists = true, .is_regular = true, .content = stream};
        const Observed observed = {.out = stream, .files = &file, .n_files = 1};

        return judge(RUN, &observed, arena, ret_n);
}

static void judge_others(Slice whole, Arena *arena) {
        const ObservedHeader header = {slice_text("x-a"), whole};
        const Observed observed = {.status = 200,
                                   .headers = &header,
                                   .n_headers = 1,
                                   .body = {.head = whole},
                                   .certificate = {.is_there = true,
                                                   .subject = whole,
                                                   .names = whole,
                                                   .not_after_ms = whole.n},
                                   .lines = {.head = whole},
                                   .count = whole.n,
                                   .now_ms = 9};
        size_t n_results;

        (void)judge(HTTP, &observed, arena, &n_results);
        (void)judge(LOG, &observed, arena, &n_results);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        cleanup_arena Arena arena = ARENA_INIT;
        Slice whole = slice_make(data, n);
        size_t n_results, third = n / 3;
        const MatchResult *answers = judge_run((ObservedStream){.head = whole}, &arena, &n_results);
        const MatchResult *of_cut = judge_run((ObservedStream){.head = slice_head(whole, third),
                                                               .tail = slice_from(whole, n - third),
                                                               .is_cut = true},
                                              &arena, &n_results);

        for (size_t i = 0; i < n_results && n > 0; i++)
                if (!of_cut[i].is_undecided && !answers[i].is_undecided)
                        must(of_cut[i].held == answers[i].held);
        judge_others(whole, &arena);
        return 0;
}
