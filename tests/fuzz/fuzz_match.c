/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Output of hostile commands against one of each matcher: each assertion has an answer, its texts
 * are short and printable, and a cut never turns an answer round: what is decided for a cut stream
 * is so for the whole one. Where the answer is easily found in another way, it must be the same.
 * The first byte chooses the check: one costs a tenth of all.
 */

#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "base/utf8.h"
#include "plan/match.h"

enum { SHOWN_BYTES_MAX = 400, FAULTS_MAX = 4 };

static const char plan_text[] =
        "```yaml phase\nversion: 1\nphase: p\n```\n\n"
        "```yaml gate\ngate: G\nchecks:\n"
        "  - id: texts\n"
        "    run: ./t\n"
        "    expect:\n"
        "      stdout:\n"
        "        equals: ready\n"
        "        contains: [ready, \"\\n\\n\"]\n"
        "        not-contains: [error, x, ready]\n"
        "        empty: false\n"
        "  - id: matches\n"
        "    run: ./t\n"
        "    expect:\n"
        "      stdout:\n"
        "        matches: ['(?m)^\\d+ passed$', '(a+)+b', '\\b\\w{3}\\b', '(?<=a)b$', '^.\\n']\n"
        "  - id: not-matches\n"
        "    run: ./t\n"
        "    expect:\n"
        "      stdout:\n"
        "        not-matches: ['[^\\x00-\\x7f]', '\\Aab', 'z\\z']\n"
        "        line-count: { ge: 1 }\n"
        "  - id: lines\n"
        "    run: ./t\n"
        "    expect:\n"
        "      stdout:\n"
        "        every-line: ['\\bUp\\b', '^.', '(a+)+$', '[^\\x00-\\x7f]', '^.$']\n"
        "  - id: count\n"
        "    run: ./t\n"
        "    expect:\n"
        "      stdout:\n"
        "        line-count: { ge: 2, le: 5, equals: 3, between: [2, 4], gt: 1, lt: 9,\n"
        "                      not: 4, any: [3, { ge: 7 }] }\n"
        "  - id: number\n"
        "    run: ./t\n"
        "    expect:\n"
        "      stdout:\n"
        "        number: { between: [-1, 5.5], gt: 1e3, not: 7, any: [1, { lt: 0 }] }\n"
        "  - id: json\n"
        "    run: ./t\n"
        "    expect:\n"
        "      stdout:\n"
        "        jsonpath:\n"
        "          $.a: 1\n"
        "          $.b: { contains: x, not-contains: y, matches: '^.', not: { contains: z } }\n"
        "          \"$[0]\": null\n"
        "          \"$[#-1].c\": { gt: 1, empty: false, any: [2, { empty: false }] }\n"
        "  - id: groups\n"
        "    run: ./t\n"
        "    expect:\n"
        "      stdout:\n"
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

/* The gate's checks, by their place in it. */
enum { TEXTS, MATCHES, NOT_MATCHES, LINES, COUNT, NUMBER, JSON, GROUPS, HTTP, LOG, N_CHECKS };

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
                                &n_faults) == 0 &&
                     plan.gates[0].n_checks == N_CHECKS);
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

static MatchResult *judge_run(size_t which, ObservedStream stream, Arena *arena, size_t *ret_n) {
        const ObservedFile file = {
                .path = slice_text("out"), .exists = true, .is_regular = true, .content = stream};
        const Observed observed = {.out = stream, .files = &file, .n_files = 1};

        return judge(which, &observed, arena, ret_n);
}

/* ---- the other way; the results are those behind that of the exit status ---- */

static bool has(Slice text, const char *part) {
        return text.n && memmem(text.data, text.n, part, strlen(part)) != NULL;
}

static void texts_must_hold(const MatchResult *results, size_t n, Slice text) {
        Slice line = text;

        while (line.n && strchr("\r\n", line.data[line.n - 1]) && line.data[line.n - 1])
                line.n--;
        must(n == 7 && results[0].held == slice_is(line, "ready"));
        must(results[1].held == has(text, "ready") && results[2].held == has(text, "\n\n"));
        must(results[3].held != has(text, "error") && results[4].held != has(text, "x"));
        must(results[5].held != results[1].held && results[6].held == (line.n > 0));
}

static void count_must_hold(const MatchResult *results, size_t n_results, Slice text) {
        size_t n = text.n && text.data[text.n - 1] != '\n';

        for (size_t i = 0; i < text.n; i++)
                n += text.data[i] == '\n';
        must(n_results == 8 && results[0].held == (n >= 2) && results[1].held == (n <= 5));
        must(results[2].held == (n == 3) && results[3].held == (n >= 2 && n <= 4));
        must(results[4].held == (n > 1) && results[5].held == (n < 9));
        must(results[6].held == (n != 4) && results[7].held == (n == 3 || n >= 7));
}

static void not_matches_must_hold(const MatchResult *results, size_t n, Slice text) {
        bool is_ascii = true;

        for (size_t i = 0; i < text.n; i++)
                is_ascii &= text.data[i] < 0x80;
        must(n == 4 && (results[0].held == is_ascii || results[0].is_undecided));
        must(results[1].held != slice_is(slice_head(text, 2), "ab"));
        must(results[2].held != (text.n && text.data[text.n - 1] == 'z'));
}

/* ---- one input ---- */

static void judge_stream_and_cut(size_t which, Slice whole, Arena *arena) {
        size_t n, n_of_cut, third = whole.n / 3;
        ObservedStream cut = {.head = slice_head(whole, third),
                              .tail = slice_from(whole, whole.n - third),
                              .is_cut = true};
        const MatchResult *answers = judge_run(which, (ObservedStream){.head = whole}, arena, &n);
        const MatchResult *of_cut = judge_run(which, cut, arena, &n_of_cut);

        must(n == n_of_cut);
        for (size_t i = 0; i < n && whole.n > 0; i++)
                if (!of_cut[i].is_undecided && !answers[i].is_undecided)
                        must(of_cut[i].held == answers[i].held);
        if (which == TEXTS)
                texts_must_hold(answers + 1, n - 1, whole);
        else if (which == COUNT)
                count_must_hold(answers + 1, n - 1, whole);
        else if (which == NOT_MATCHES)
                not_matches_must_hold(answers + 1, n - 1, whole);
}

static void judge_other(size_t which, Slice whole, Arena *arena) {
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

        (void)judge(which, &observed, arena, &n_results);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        cleanup_arena Arena arena = ARENA_INIT;
        Slice whole = slice_from(slice_make(data, n), 1);
        size_t which = n ? data[0] % N_CHECKS : 0;

        if (n == 0)
                return 0;
        if (which < HTTP)
                judge_stream_and_cut(which, whole, &arena);
        else
                judge_other(which, whole, &arena);
        return 0;
}
