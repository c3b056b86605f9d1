/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The plan's copy in the claimed commit: what it may say, and what of that the gate is blamed for.
 * The engine itself, since the broker says where the copy is. */

#include "verify/plan_copy.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "sandbox/sandbox.h"
#include "tests/lib/bench.h"
#include "tests/lib/repo.h"
#include "tests/lib/test.h"
#include "verify/mirror.h"

#define GATE(id, floor)                                                                            \
        "```yaml gate\ngate: " id "\nchecks:\n  - id: one\n    run: cat count\n"                   \
        "    expect: { stdout: { number: { ge: " floor " } } }\n```\n"
#define PHASE(phase)                "```yaml phase\nversion: 1\nphase: " phase "\nprotected: [ci/**]\n```\n\n"
#define PLAN(floor, floor_of_other) PHASE("p") GATE("M1", floor) GATE("M2", floor_of_other)

static const char approved[] = PLAN("4", "4");

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

static void put(Place *place, const char *text) {
        bench_write(place->repo.path, "docs/plan.md", text, 0644);
        repo_commit(&place->repo, "change", place->commit);
}

/* A product that holds, with this copy of the plan. */
static void place_make(Place *place, const char *copy) {
        Fault fault = FAULT_INIT;
        size_t n_faults = 0;

        *place = (Place){.mirrors = mem_printf("%s/mirrors", test_dir()),
                         .scratch = mem_printf("%s/scratch", test_dir()),
                         .runner = sandbox_find_runner(&fault)};
        repo_make(&place->repo);
        bench_write(place->repo.path, "count", "5\n", 0644);
        put(place, copy);
        CHECK_EQ_INT(plan_parse("plan", slice_text(approved), &place->plan, &fault, 1, &n_faults),
                     0);
        CHECK_EQ_INT(dir_make(place->scratch, 0700), 0);
        place->request = (VerifyRequest){.plan = &place->plan,
                                         .plan_file = "plan.md",
                                         .gate = &place->plan.gates[0],
                                         .repository = place->repo.url,
                                         .commit = place->commit,
                                         .mirrors = place->mirrors,
                                         .scratch = place->scratch,
                                         .plan_path = "docs/plan.md",
                                         .base = place->commit,
                                         .claimed_ms = 1,
                                         .fetch_ms = 20000,
                                         .runner = place->runner};
}

static const struct verdict *verify(Place *place) {
        verify_result_deinit(&place->result);
        CHECK_EQ_INT(verify_run(&place->request, &place->result), 0);
        return &place->result.verdict;
}

static void check_has(Slice text, const char *part) {
        cleanup_free char *whole = mem_strndup((const char *)text.data, text.n);

        CHECK_CONTAINS(whole, part);
}

/* One note that says so, beside this decision. */
static void expect_note(Place *place, Decision decision, const char *part) {
        const struct verdict *verdict = verify(place);

        CHECK_EQ_INT(verdict->decision, decision);
        CHECK_EQ_U64(verdict->n_notes, part != NULL);
        if (part) {
                check_has(verdict->notes[0], "plan.copy: docs/plan.md");
                check_has(verdict->notes[0], part);
                check_has(verdict->notes[0], "broker plan approve docs/plan.md");
        }
}

TEST(the_approved_text_in_the_commit_is_not_spoken_of) {
        cleanup(place_deinit) Place place;

        place_make(&place, approved);
        expect_note(&place, DECISION_PASS, NULL);
        bench_git(place.repo.path, NULL, "rm", "-q", "docs/plan.md");
        repo_commit(&place.repo, "gone", place.commit);
        expect_note(&place, DECISION_PASS, NULL);
}

TEST(a_commit_that_weakens_the_copy_of_its_gate_is_no_evidence) {
        cleanup(place_deinit) Place place;

        place_make(&place, approved);
        put(&place, PLAN("3", "4"));
        expect_note(&place, DECISION_FAIL, "stdout.number.ge: 4 -> 3. Next, if it is meant");
        CHECK(slice_is(place.result.verdict.reason, "claim.plan-copy"));
        check_has(place.result.verdict.summary, "gate M1, check one: stdout.number.ge: 4 -> 3");
        CHECK_EQ_U64(place.result.n_evidence, 0);
        bench_write(place.repo.path, "other", "x\n", 0644);
        repo_commit(&place.repo, "later", place.commit);
        expect_note(&place, DECISION_FAIL, "--accept-weakening");
        put(&place, approved);
        expect_note(&place, DECISION_PASS, NULL);
}

TEST(what_another_gate_loses_or_this_one_gains_is_only_noted) {
        cleanup(place_deinit) Place place;

        place_make(&place, approved);
        put(&place, PLAN("4", "3"));
        expect_note(&place, DECISION_PASS, "it does not weaken this gate");
        put(&place, PLAN("5", "4"));
        expect_note(&place, DECISION_PASS, "it does not weaken this gate");
        put(&place, PLAN("4", "4") "\nMore words.\n");
        expect_note(&place, DECISION_PASS, "it does not weaken this gate");
}

TEST(a_path_of_the_phase_that_is_protected_no_more_weakens_each_gate) {
        cleanup(place_deinit) Place place;

        place_make(&place, approved);
        put(&place, "```yaml phase\nversion: 1\nphase: p\n```\n\n" GATE("M1", "4") GATE("M2", "4"));
        expect_note(&place, DECISION_FAIL, "phase: protected: ci/** is gone");
}

/* The operator has approved more since: nobody edited anything. */
TEST(a_copy_that_is_only_old_is_noted_and_blames_nobody) {
        cleanup(place_deinit) Place place;

        place_make(&place, PLAN("2", "4"));
        expect_note(&place, DECISION_PASS, "stdout.number.ge: 4 -> 2");
        put(&place, PLAN("3", "4"));
        expect_note(&place, DECISION_PASS, "stdout.number.ge: 4 -> 3");
}

TEST(what_is_no_copy_of_the_plan_is_noted_and_not_read) {
        cleanup(place_deinit) Place place;
        cleanup_free char *path = NULL, *large = NULL;

        place_make(&place, approved);
        path = mem_printf("%s/docs/plan.md", place.repo.path);
        put(&place, "# Nothing\n");
        expect_note(&place, DECISION_PASS, "it cannot be read as a plan");
        put(&place, PHASE("q") GATE("M1", "1"));
        expect_note(&place, DECISION_PASS, "it plans another phase");
        large = mem_printf("%s%*s\n", PLAN("3", "4"), 256 << 10, "");
        put(&place, large);
        expect_note(&place, DECISION_PASS, "it is larger than a plan may be");
        CHECK_EQ_INT(unlink(path), 0);
        CHECK_EQ_INT(symlink("/etc/passwd", path), 0);
        repo_commit(&place.repo, "link", place.commit);
        expect_note(&place, DECISION_PASS, "it is no file");
}

TEST(a_verification_that_is_told_no_path_looks_for_no_copy) {
        cleanup(place_deinit) Place place;

        place_make(&place, approved);
        place.request.plan_path = NULL;
        put(&place, PHASE("p") GATE("M1", "1"));
        CHECK_EQ_INT(verify(&place)->decision, DECISION_PASS);
}

static bool always(void *userdata) {
        (void)userdata;
        return true;
}

TEST(the_look_into_the_history_ends_when_the_claim_does) {
        cleanup(place_deinit) Place place;
        cleanup(mirror_freep) Mirror *mirror = NULL;
        cleanup_arena Arena arena = ARENA_INIT;
        Fault fault = FAULT_INIT;
        VerdictDraft draft;

        place_make(&place, approved);
        put(&place, PLAN("3", "4"));
        expect_note(&place, DECISION_FAIL, "stdout.number.ge: 4 -> 3");
        CHECK_EQ_INT(mirror_open(place.mirrors, place.repo.url, &mirror, &fault), 0);
        draft_init(&draft, &place.request, &arena);
        CHECK_EQ_INT(plan_copy_check(&draft, mirror_get_path(mirror), &fault), PREP_E_FAIL);
        place.request.progress.is_cancelled = always;
        CHECK_EQ_INT(plan_copy_check(&draft, mirror_get_path(mirror), &fault), 0);
        draft_deinit(&draft);
}
