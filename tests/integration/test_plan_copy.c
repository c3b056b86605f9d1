/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The plan's copy in the claimed commit: what it may say, and what of that the gate is blamed for.
 * The engine itself, since the broker says where the copy is. */

#include "verify/plan_copy.h"

#include <unistd.h>

#include "base/mem.h"
#include "tests/lib/bench.h"
#include "tests/lib/rig.h"
#include "tests/lib/test.h"
#include "verify/mirror.h"

#define GATE(id, floor)                                                                            \
        "```yaml gate\ngate: " id "\nchecks:\n  - id: one\n    run: cat count\n"                   \
        "    expect: { stdout: { number: { ge: " floor " } } }\n```\n"
#define PHASE(phase)                "```yaml phase\nversion: 1\nphase: " phase "\nprotected: [ci/**]\n```\n\n"
#define PLAN(floor, floor_of_other) PHASE("p") GATE("M1", floor) GATE("M2", floor_of_other)

static const char approved[] = PLAN("4", "4");

static void put(Rig *rig, const char *text) {
        rig_change(rig, "docs/plan.md", text);
}

/* A product that holds, with this copy of the plan. */
static void make(Rig *rig, const char *copy) {
        rig_make(rig, approved);
        rig->request.plan_path = "docs/plan.md";
        rig->request.base = rig->commit;
        bench_write(rig->repo.path, "count", "5\n", 0644);
        put(rig, copy);
}

static void check_has(Slice text, const char *part) {
        cleanup_free char *whole = mem_strndup((const char *)text.data, text.n);

        CHECK_CONTAINS(whole, part);
}

/* One note that says so, beside this decision. */
static void expect_note(Rig *rig, Decision decision, const char *part) {
        const struct verdict *verdict = rig_verify(rig);

        CHECK_EQ_INT(verdict->decision, decision);
        CHECK_EQ_U64(verdict->n_notes, part != NULL);
        if (part) {
                check_has(verdict->notes[0], "plan.copy: docs/plan.md");
                check_has(verdict->notes[0], part);
                check_has(verdict->notes[0], "broker plan approve docs/plan.md");
        }
}

TEST(the_approved_text_in_the_commit_is_not_spoken_of) {
        cleanup_rig Rig rig;

        make(&rig, approved);
        expect_note(&rig, DECISION_PASS, NULL);
        bench_git(rig.repo.path, NULL, "rm", "-q", "docs/plan.md");
        repo_commit(&rig.repo, "gone", rig.commit);
        expect_note(&rig, DECISION_PASS, NULL);
}

TEST(a_commit_that_weakens_the_copy_of_its_gate_is_no_evidence) {
        cleanup_rig Rig rig;

        make(&rig, approved);
        put(&rig, PLAN("3", "4"));
        expect_note(&rig, DECISION_FAIL, "stdout.number.ge: 4 -> 3. Next, if it is meant");
        CHECK(slice_is(rig.result.verdict.reason, "claim.plan-copy"));
        check_has(rig.result.verdict.summary, "gate M1, check one: stdout.number.ge: 4 -> 3");
        CHECK_EQ_U64(rig.result.n_evidence, 0);
        bench_write(rig.repo.path, "other", "x\n", 0644);
        repo_commit(&rig.repo, "later", rig.commit);
        expect_note(&rig, DECISION_FAIL, "--accept-weakening");
        put(&rig, approved);
        expect_note(&rig, DECISION_PASS, NULL);
}

TEST(what_another_gate_loses_or_this_one_gains_is_only_noted) {
        cleanup_rig Rig rig;

        make(&rig, approved);
        put(&rig, PLAN("4", "3"));
        expect_note(&rig, DECISION_PASS, "it does not weaken this gate");
        put(&rig, PLAN("5", "4"));
        expect_note(&rig, DECISION_PASS, "it does not weaken this gate");
        put(&rig, PLAN("4", "4") "\nMore words.\n");
        expect_note(&rig, DECISION_PASS, "it does not weaken this gate");
}

TEST(a_path_of_the_phase_that_is_protected_no_more_weakens_each_gate) {
        cleanup_rig Rig rig;

        make(&rig, approved);
        put(&rig, "```yaml phase\nversion: 1\nphase: p\n```\n\n" GATE("M1", "4") GATE("M2", "4"));
        expect_note(&rig, DECISION_FAIL, "phase: protected: ci/** is gone");
}

/* The operator has approved more since: nobody edited anything. */
TEST(a_copy_that_is_only_old_is_noted_and_blames_nobody) {
        cleanup_rig Rig rig;

        make(&rig, PLAN("2", "4"));
        expect_note(&rig, DECISION_PASS, "stdout.number.ge: 4 -> 2");
        put(&rig, PLAN("3", "4"));
        expect_note(&rig, DECISION_PASS, "stdout.number.ge: 4 -> 3");
}

TEST(what_is_no_copy_of_the_plan_is_noted_and_not_read) {
        cleanup_rig Rig rig;
        cleanup_free char *path = NULL, *large = NULL;

        make(&rig, approved);
        path = mem_printf("%s/docs/plan.md", rig.repo.path);
        put(&rig, "# Nothing\n");
        expect_note(&rig, DECISION_PASS, "it cannot be read as a plan");
        put(&rig, PHASE("q") GATE("M1", "1"));
        expect_note(&rig, DECISION_PASS, "it plans another phase");
        large = mem_printf("%s%*s\n", PLAN("3", "4"), 256 << 10, "");
        put(&rig, large);
        expect_note(&rig, DECISION_PASS, "it is larger than a plan may be");
        CHECK_EQ_INT(unlink(path), 0);
        CHECK_EQ_INT(symlink("/etc/passwd", path), 0);
        repo_commit(&rig.repo, "link", rig.commit);
        expect_note(&rig, DECISION_PASS, "it is no file");
}

TEST(a_verification_that_is_told_no_path_looks_for_no_copy) {
        cleanup_rig Rig rig;

        make(&rig, approved);
        rig.request.plan_path = NULL;
        put(&rig, PHASE("p") GATE("M1", "1"));
        CHECK_EQ_INT(rig_verify(&rig)->decision, DECISION_PASS);
}

static bool always(void *userdata) {
        (void)userdata;
        return true;
}

TEST(the_look_into_the_history_ends_when_the_claim_does) {
        cleanup_rig Rig rig;
        cleanup(mirror_freep) Mirror *mirror = NULL;
        cleanup_arena Arena arena = ARENA_INIT;
        Fault fault = FAULT_INIT;
        VerdictDraft draft;

        make(&rig, approved);
        put(&rig, PLAN("3", "4"));
        expect_note(&rig, DECISION_FAIL, "stdout.number.ge: 4 -> 3");
        CHECK_EQ_INT(mirror_open(rig.mirrors, rig.repo.url, &mirror, &fault), 0);
        draft_init(&draft, &rig.request, &arena);
        CHECK_EQ_INT(plan_copy_check(&draft, mirror_get_path(mirror), &fault), PREP_E_FAIL);
        rig.request.progress.is_cancelled = always;
        CHECK_EQ_INT(plan_copy_check(&draft, mirror_get_path(mirror), &fault), 0);
        draft_deinit(&draft);
}

/* Approved where git gives the files CR LF: what it keeps has LF. */
TEST(a_plan_that_was_approved_with_other_ends_of_lines_is_the_same) {
        cleanup_buf Buf text = BUF_TEXT;
        cleanup_rig Rig rig;
        Fault fault = FAULT_INIT;
        size_t n_faults = 0;

        make(&rig, approved);
        for (const char *c = approved; *c; c++) {
                if (*c == '\n')
                        buf_byte(&text, '\r');
                buf_byte(&text, (uint8_t)*c);
        }
        plan_deinit(&rig.plan);
        CHECK_EQ_INT(plan_parse("plan", buf_get(&text), &rig.plan, &fault, 1, &n_faults), 0);
        rig.request.gate = &rig.plan.gates[0];
        expect_note(&rig, DECISION_PASS, NULL);
        put(&rig, PLAN("3", "4"));
        expect_note(&rig, DECISION_FAIL, "stdout.number.ge: 4 -> 3");
        put(&rig, buf_get_text(&text));
        expect_note(&rig, DECISION_PASS, NULL);
}
