/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What is looked at, beside streams and exit status: signals, files, certificates, how much. */

#include "plan/match.h"

#include <signal.h>

#include "tests/lib/plans.h"
#include "tests/lib/test.h"

typedef struct Judged {
        Arena arena;
        Plan plan;
        MatchResult *results;
        size_t n;
} Judged;

static void judged_deinit(Judged *judged) {
        plan_deinit(&judged->plan);
        arena_deinit(&judged->arena);
}

#define cleanup_judged cleanup(judged_deinit)

static Judged judge(const char *check, const Observed *observed) {
        Judged judged = {.n = 0};

        plans_parse(plans_with_gate(&judged.arena,
                                    arena_printf(&judged.arena, "checks:\n  - id: c\n%s", check)),
                    &judged.plan);
        expectations_evaluate(&judged.plan.gates[0].checks[0], observed, &judged.arena,
                              &judged.results, &judged.n);
        return judged;
}

static bool holds(const char *check, const Observed *observed) {
        cleanup_judged Judged judged = judge(check, observed);

        for (size_t i = 0; i < judged.n; i++)
                if (!judged.results[i].held)
                        return false;
        return true;
}

static bool run_holds(const char *expect, const Observed *observed) {
        cleanup_arena Arena arena = ARENA_INIT;

        return holds(arena_printf(&arena, "    run: ./t\n    expect: %s", expect), observed);
}

static void refuse_run(const char *expect, const char *rule) {
        cleanup_arena Arena arena = ARENA_INIT;
        Refusal refusal;

        plans_refuse(plans_with_expect(&arena, expect), &refusal);
        (void)plans_find(&refusal, rule);
}

TEST(a_signal_has_a_name_or_a_number) {
        Observed observed = {.exit_status = -1, .signal = SIGTERM};

        CHECK(run_holds("{ signal: SIGTERM }", &observed));
        CHECK(run_holds("{ signal: TERM }", &observed));
        CHECK(run_holds("{ signal: 15 }", &observed));
        CHECK(!run_holds("{ signal: SIGKILL }", &observed));
        CHECK(run_holds("{ signal: { any: [SIGKILL, SIGTERM] } }", &observed));
        refuse_run("{ signal: SIGNONE }", "plan-value");
        refuse_run("{ signal: 0 }", "plan-value");
        refuse_run("{ signal: { ge: 1 } }", "plan-word-place");
}

TEST(what_exits_has_no_signal_and_not_does_not_turn_that) {
        Observed observed = {.exit_status = 0};
        cleanup_judged Judged judged =
                judge("    run: ./t\n    expect: { signal: TERM }", &observed);

        CHECK_EQ_U64(judged.n, 1);
        CHECK(!judged.results[0].held);
        CHECK_EQ_SLICE(judged.results[0].actual, slice_text("(no signal ended it)"));
        CHECK(!run_holds("{ signal: { not: TERM } }", &observed));
}

TEST(both_streams_together_are_the_output) {
        Observed observed = {.output = {.head = slice_text("out\nerr\n")}};

        CHECK(run_holds("{ output: { contains: [out, err] } }", &observed));
        CHECK(!run_holds("{ output: { contains: x } }", &observed));
}

static const ObservedFile files[] = {
        {.path = {(const uint8_t *)"build/out", 9},
         .exists = true,
         .is_regular = true,
         .size = 4096,
         .mode = 0100755,
         .content = {.head = {(const uint8_t *)"ready\n", 6}}},
        {.path = {(const uint8_t *)"build", 5}, .exists = true, .mode = 0755},
        {.path = {(const uint8_t *)"gone", 4}},
};

static bool files_hold(const char *facts) {
        cleanup_arena Arena arena = ARENA_INIT;
        Observed observed = {.files = files, .n_files = ARRAY_SIZE(files)};

        return run_holds(arena_printf(&arena, "{ files: %s }", facts), &observed);
}

TEST(facts_of_files_are_compared) {
        CHECK(files_hold("{ build/out: { exists: true, size: 4KiB, mode: 0755 } }"));
        CHECK(files_hold("{ build/out: { size: { between: [1B, 4096B] }, content: ready } }"));
        CHECK(!files_hold("{ build/out: { size: { lt: 4KiB } } }"));
        CHECK(!files_hold("{ build/out: { mode: '0644' } }"));
        CHECK(!files_hold("{ build/out: { content: { contains: steady } } }"));
        CHECK(!files_hold("{ build/out: { exists: false } }"));
        CHECK(files_hold("{ build/out: { sha256: "
                         "0000000000000000000000000000000000000000000000000000000000000000 } }"));
}

TEST(a_file_that_is_absent_has_no_facts_but_that) {
        CHECK(files_hold("{ gone: { exists: false } }"));
        CHECK(files_hold("{ never/looked/at: { exists: false } }"));
        CHECK(!files_hold("{ gone: { size: 0B } }"));
        CHECK(!files_hold("{ gone: { content: { not: { contains: x } } } }"));
        CHECK(files_hold("{ build: { exists: true, mode: 0755 } }"));
}

TEST(paths_and_facts_of_files_have_a_form) {
        refuse_run("{ files: {} }", "vacuous-expectation");
        refuse_run("{ files: { a: {} } }", "vacuous-expectation");
        refuse_run("{ files: { /etc/passwd: { exists: true } } }", "plan-value");
        refuse_run("{ files: { a/../../b: { exists: true } } }", "plan-value");
        refuse_run("{ files: { \"a-${N}\": { exists: false } } }", "plan-value");
        refuse_run("{ files: { a: { sizes: 1B } } }", "plan-word-unknown");
        refuse_run("{ files: { a: { size: 100 } } }", "plan-unit");
        refuse_run("{ files: { a: { size: big } } }", "plan-value");
        refuse_run("{ files: { a: { exists: yes } } }", "plan-value");
        refuse_run("{ files: { a: { mode: 644 } } }", "plan-value");
        refuse_run("{ files: { a: { sha256: ABC } } }", "plan-value");
}

static bool certificate_holds(const char *facts, const ObservedCertificate *certificate) {
        cleanup_arena Arena arena = ARENA_INIT;
        Observed observed = {.status = 200, .certificate = *certificate, .now_ms = 1000000000000};

        return holds(arena_printf(&arena,
                                  "    http: { url: https://a/ }\n"
                                  "    expect: { status: 200, certificate: %s }",
                                  facts),
                     &observed);
}

TEST(facts_of_a_certificate_are_compared) {
        const ObservedCertificate certificate = {.is_there = true,
                                                 .subject = slice_text("CN=ci.example.net"),
                                                 .issuer = slice_text("CN=Example CA"),
                                                 .names = slice_text("ci.example.net\na\n"),
                                                 .not_before_ms = 999999999999,
                                                 .not_after_ms = 1000000000000 + 20ull * 86400000,
                                                 .sha256 = slice_text("00")};

        CHECK(certificate_holds("{ valid: true, expires-in: { ge: 14d } }", &certificate));
        CHECK(!certificate_holds("{ expires-in: { ge: 21d } }", &certificate));
        CHECK(certificate_holds("{ subject: { contains: ci. }, issuer: CN=Example CA }",
                                &certificate));
        CHECK(certificate_holds("{ names: { matches: '(?m)^a$' } }", &certificate));
        CHECK(!certificate_holds("{ names: { contains: other } }", &certificate));
}

TEST(an_expired_or_missing_certificate_fails) {
        const ObservedCertificate expired = {.is_there = true, .not_after_ms = 999999999999};
        const ObservedCertificate future = {
                .is_there = true, .not_before_ms = 1000000000001, .not_after_ms = 2000000000000};
        const ObservedCertificate none = {.is_there = false};

        CHECK(!certificate_holds("{ valid: true }", &expired));
        CHECK(!certificate_holds("{ valid: true }", &future));
        CHECK(!certificate_holds("{ expires-in: { ge: 1s } }", &expired));
        CHECK(!certificate_holds("{ valid: false }", &none));
        CHECK(certificate_holds("{ valid: false }", &expired));
}

static MatchResult examine(Arena *arena, const Check *check, const Observed *observed) {
        MatchResult result;

        examined_evaluate(check, observed, arena, &result);
        CHECK(result.held == (result.reason == NULL));
        if (result.reason)
                CHECK_EQ_TEXT(result.reason, "vacuous");
        return result;
}

TEST(nothing_examined_is_vacuous_and_one_thing_is_not) {
        cleanup_arena Arena arena = ARENA_INIT;
        Check check = {.kind = CHECK_REPORT};
        Observed observed = {.n_executed = 0};
        MatchResult result = examine(&arena, &check, &observed);

        CHECK(!result.held);
        CHECK_EQ_SLICE(result.where, slice_text("examined.ge"));
        CHECK_EQ_SLICE(result.expected, slice_text(">= 1"));
        CHECK_EQ_SLICE(result.actual, slice_text("0"));
        observed.n_executed = 1;
        CHECK(examine(&arena, &check, &observed).held);
        check.kind = CHECK_LOG;
        CHECK(!examine(&arena, &check, &observed).held);
        check.kind = CHECK_RUN;
        CHECK(examine(&arena, &check, &observed).held);
}

TEST(from_names_the_number_of_what_was_examined) {
        cleanup_arena Arena arena = ARENA_INIT;
        Check check = {.kind = CHECK_RUN, .examined_from = slice_text("(\\d+) files checked")};
        Observed observed = {.out = {.head = slice_text("40 files\n"),
                                     .tail = slice_text("12 files checked\n"),
                                     .is_cut = true}};

        CHECK_EQ_SLICE(examine(&arena, &check, &observed).actual, slice_text("12"));
        observed.out.tail = slice_text("0 files checked");
        CHECK(!examine(&arena, &check, &observed).held);
        observed.out.tail = slice_text("no files checked");
        CHECK(!examine(&arena, &check, &observed).held);
        observed.out.tail = slice_text("99999999999999999999 files checked");
        CHECK(!examine(&arena, &check, &observed).held);
        check.kind = CHECK_HTTP;
        observed.body.head = slice_text("3 files checked");
        CHECK(examine(&arena, &check, &observed).held);
}
