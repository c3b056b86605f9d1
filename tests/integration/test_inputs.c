/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What a gate depends on, what a PASS carries over, what a plan protects: the engine itself, since
 * these come from the broker. */

#include "verify/inputs.h"

#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "sandbox/sandbox.h"
#include "tests/lib/bench.h"
#include "tests/lib/repo.h"
#include "tests/lib/test.h"
#include "verify/protect.h"

#define PLAN                                                                                       \
        "```yaml phase\nversion: 1\nphase: p\nprotected: [tests/**]\n```\n\n"                      \
        "```yaml gate\ngate: M1\ninputs: [lab/**, net/*]\nchecks:\n"                               \
        "  - id: one\n    run: cat lab/a\n    expect: { stdout: { contains: product } }\n```\n"

typedef struct Place {
        Repo repo;
        RepoId commit;
        Plan plan;
        char *mirrors, *scratch, *runner;
        VerifyRequest request;
        VerifyResult result;
} Place;

static void place_deinit(Place *place) {
        verify_result_deinit(&place->result);
        plan_deinit(&place->plan);
        free(place->mirrors);
        free(place->scratch);
        free(place->runner);
}

static void place_make(Place *place) {
        Fault fault = FAULT_INIT;
        size_t n_faults = 0;

        *place = (Place){.mirrors = mem_printf("%s/mirrors", test_dir()),
                         .scratch = mem_printf("%s/scratch", test_dir()),
                         .runner = sandbox_find_runner(&fault)};
        repo_make(&place->repo);
        bench_write(place->repo.path, "lab/a", "a product\n", 0644);
        bench_write(place->repo.path, "net/b", "b\n", 0644);
        bench_write(place->repo.path, "tests/t", "strict\n", 0644);
        repo_commit(&place->repo, "first", place->commit);
        CHECK_EQ_INT(plan_parse("plan", slice_text(PLAN), &place->plan, &fault, 1, &n_faults), 0);
        CHECK_EQ_INT(dir_make(place->scratch, 0700), 0);
        place->request = (VerifyRequest){.plan = &place->plan,
                                         .plan_file = "plan.md",
                                         .gate = &place->plan.gates[0],
                                         .repository = place->repo.url,
                                         .commit = place->commit,
                                         .mirrors = place->mirrors,
                                         .scratch = place->scratch,
                                         .claimed_ms = 1,
                                         .fetch_ms = 20000,
                                         .runner = place->runner};
}

static const struct verdict *verify(Place *place) {
        verify_result_deinit(&place->result);
        CHECK_EQ_INT(verify_run(&place->request, &place->result), 0);
        return &place->result.verdict;
}

/* The cache of trees is believed no more than anything else. */
TEST(a_cached_tree_that_was_spoiled_is_seen_and_written_anew) {
        cleanup(place_deinit) Place place;
        cleanup_free char *pattern = NULL;
        glob_t files;

        place_make(&place);
        CHECK_EQ_INT(verify(&place)->decision, DECISION_PASS);
        pattern = mem_printf("%s/trees/*/lab/a", place.scratch);
        CHECK_EQ_INT(glob(pattern, 0, NULL, &files), 0);
        CHECK_EQ_INT(truncate(files.gl_pathv[0], 0), 0);
        CHECK_EQ_INT(verify(&place)->decision, DECISION_PASS);
        CHECK_EQ_INT(chmod(files.gl_pathv[0], 0666), 0);
        CHECK_EQ_INT(verify(&place)->decision, DECISION_PASS);
        globfree(&files);
}

static void change(Place *place, const char *path, const char *text) {
        bench_write(place->repo.path, path, text, 0644);
        repo_commit(&place->repo, "change", place->commit);
}

TEST(the_digest_of_inputs_is_of_what_they_match_and_of_nothing_else) {
        cleanup(place_deinit) Place place;
        Hash first, second;

        place_make(&place);
        CHECK_EQ_INT(verify(&place)->decision, DECISION_PASS);
        CHECK(hash_from_slice(verify(&place)->inputs, &first));
        change(&place, "elsewhere", "x\n");
        CHECK(hash_from_slice(verify(&place)->inputs, &second));
        CHECK(hash_equal(&first, &second));
        change(&place, "net/b", "other\n");
        CHECK(hash_from_slice(verify(&place)->inputs, &second));
        CHECK(!hash_equal(&first, &second));
        change(&place, "net/b", "b\n");
        CHECK(hash_from_slice(verify(&place)->inputs, &second));
        CHECK(hash_equal(&first, &second));
        bench_git(place.repo.path, NULL, "mv", "net/b", "net/c");
        repo_commit(&place.repo, "moved", place.commit);
        CHECK(hash_from_slice(verify(&place)->inputs, &second));
        CHECK(!hash_equal(&first, &second));
}

TEST(inputs_that_match_nothing_are_vacuous) {
        cleanup(place_deinit) Place place;

        place_make(&place);
        bench_git(place.repo.path, NULL, "rm", "-q", "net/b");
        repo_commit(&place.repo, "gone", place.commit);
        CHECK_EQ_INT(verify(&place)->decision, DECISION_FAIL);
        CHECK(slice_is(place.result.verdict.reason, "vacuous"));
}

TEST(a_pass_with_the_same_inputs_is_carried_over_and_nothing_is_run) {
        cleanup(place_deinit) Place place;
        struct carry carry = {.gate = slice_text("M1"), .verdict = 12};
        Hash inputs;

        place_make(&place);
        CHECK(hash_from_slice(verify(&place)->inputs, &inputs));
        carry.inputs = hash_slice(&inputs);
        place.request.carry = &carry;
        change(&place, "elsewhere", "x\n");
        CHECK_EQ_INT(verify(&place)->decision, DECISION_PASS);
        CHECK_EQ_U64(place.result.verdict.carried_from, 12);
        CHECK_EQ_U64(place.result.n_evidence, 0);
        CHECK_EQ_INT(place.result.verdict.checks[0].outcome, OUTCOME_CARRIED);
        CHECK_EQ_U64(place.result.verdict.checks[0].attempts, 0);
        CHECK(slice_find(place.result.verdict.workspace, slice_text("nothing was run")) <
              place.result.verdict.workspace.n);
        change(&place, "lab/a", "ruin\n");
        CHECK_EQ_INT(verify(&place)->decision, DECISION_FAIL);
        CHECK_EQ_U64(place.result.verdict.carried_from, 0);
}

TEST(what_is_asked_of_the_commit_is_never_carried_over) {
        cleanup(place_deinit) Place place;
        struct carry carry = {.gate = slice_text("M1"), .verdict = 12};
        RepoId first;
        Hash inputs;

        place_make(&place);
        CHECK(hash_from_slice(verify(&place)->inputs, &inputs));
        carry.inputs = hash_slice(&inputs);
        place.request.carry = &carry;
        memcpy(first, place.commit, sizeof first);
        place.plan.gates[0].checks[0].kind = CHECK_GIT;
        place.plan.gates[0].checks[0].git.descendant_of = slice_text(first);
        change(&place, "elsewhere", "x\n");
        CHECK_EQ_INT(verify(&place)->decision, DECISION_PASS);
        CHECK_EQ_U64(place.result.verdict.carried_from, 0);
        CHECK_EQ_INT(place.result.verdict.checks[0].outcome, OUTCOME_PASS);
}

TEST(a_claim_that_changes_what_is_protected_is_no_evidence) {
        cleanup(place_deinit) Place place;
        RepoId base;

        place_make(&place);
        memcpy(base, place.commit, sizeof base);
        CHECK_EQ_INT(verify(&place)->decision, DECISION_PASS); /* nothing to compare with */
        CHECK_EQ_U64(place.result.verdict.n_notes, 1);
        place.request.base = base;
        change(&place, "lab/a", "another product\n");
        CHECK_EQ_INT(verify(&place)->decision, DECISION_PASS);
        change(&place, "tests/t", "lenient\n");
        CHECK_EQ_INT(verify(&place)->decision, DECISION_FAIL);
        CHECK(slice_is(place.result.verdict.reason, "claim.protected"));
        CHECK(slice_find(place.result.verdict.summary, slice_text("tests/t")) <
              place.result.verdict.summary.n);
        place.request.base = "0123456789012345678901234567890123456789";
        CHECK_EQ_INT(verify(&place)->decision, DECISION_FAIL);
        CHECK(slice_is(place.result.verdict.reason, "claim.protected"));
}
