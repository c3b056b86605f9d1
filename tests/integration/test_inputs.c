/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What a gate depends on, what a PASS carries over, what a plan protects: the engine itself, since
 * these come from the broker. */

#include "verify/inputs.h"

#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/lib/bench.h"
#include "tests/lib/rig.h"
#include "tests/lib/test.h"
#include "verify/protect.h"

#define PLAN                                                                                       \
        "```yaml phase\nversion: 1\nphase: p\nprotected: [tests/**]\n```\n\n"                      \
        "```yaml gate\ngate: M1\ninputs: [lab/**, net/*]\nchecks:\n"                               \
        "  - id: one\n    run: cat lab/a\n    expect: { stdout: { contains: product } }\n```\n"

static void make(Rig *rig) {
        rig_make(rig, PLAN);
        bench_write(rig->repo.path, "net/b", "b\n", 0644);
        bench_write(rig->repo.path, "tests/t", "strict\n", 0644);
        rig_change(rig, "lab/a", "a product\n");
}

/* The cache of trees is believed no more than anything else. */
TEST(a_cached_tree_that_was_spoiled_is_seen_and_written_anew) {
        cleanup_rig Rig rig;
        cleanup_free char *pattern = NULL;
        glob_t files;

        make(&rig);
        CHECK_EQ_INT(rig_verify(&rig)->decision, DECISION_PASS);
        pattern = mem_printf("%s/trees/*/lab/a", rig.scratch);
        CHECK_EQ_INT(glob(pattern, 0, NULL, &files), 0);
        CHECK_EQ_INT(truncate(files.gl_pathv[0], 0), 0);
        CHECK_EQ_INT(rig_verify(&rig)->decision, DECISION_PASS);
        CHECK_EQ_INT(chmod(files.gl_pathv[0], 0666), 0);
        CHECK_EQ_INT(rig_verify(&rig)->decision, DECISION_PASS);
        globfree(&files);
}

TEST(the_digest_of_inputs_is_of_what_they_match_and_of_nothing_else) {
        cleanup_rig Rig rig;
        Hash first, second;

        make(&rig);
        CHECK_EQ_INT(rig_verify(&rig)->decision, DECISION_PASS);
        CHECK(hash_from_slice(rig_verify(&rig)->inputs, &first));
        rig_change(&rig, "elsewhere", "x\n");
        CHECK(hash_from_slice(rig_verify(&rig)->inputs, &second));
        CHECK(hash_equal(&first, &second));
        rig_change(&rig, "net/b", "other\n");
        CHECK(hash_from_slice(rig_verify(&rig)->inputs, &second));
        CHECK(!hash_equal(&first, &second));
        rig_change(&rig, "net/b", "b\n");
        CHECK(hash_from_slice(rig_verify(&rig)->inputs, &second));
        CHECK(hash_equal(&first, &second));
        bench_git(rig.repo.path, NULL, "mv", "net/b", "net/c");
        repo_commit(&rig.repo, "moved", rig.commit);
        CHECK(hash_from_slice(rig_verify(&rig)->inputs, &second));
        CHECK(!hash_equal(&first, &second));
}

TEST(inputs_that_match_nothing_are_vacuous) {
        cleanup_rig Rig rig;

        make(&rig);
        bench_git(rig.repo.path, NULL, "rm", "-q", "net/b");
        repo_commit(&rig.repo, "gone", rig.commit);
        CHECK_EQ_INT(rig_verify(&rig)->decision, DECISION_FAIL);
        CHECK(slice_is(rig.result.verdict.reason, "vacuous"));
}

TEST(a_pass_with_the_same_inputs_is_carried_over_and_nothing_is_run) {
        cleanup_rig Rig rig;
        struct carry carry = {.gate = slice_text("M1"), .verdict = 12};
        Hash inputs;

        make(&rig);
        CHECK(hash_from_slice(rig_verify(&rig)->inputs, &inputs));
        carry.inputs = hash_slice(&inputs);
        rig.request.carry = &carry;
        rig_change(&rig, "elsewhere", "x\n");
        CHECK_EQ_INT(rig_verify(&rig)->decision, DECISION_PASS);
        CHECK_EQ_U64(rig.result.verdict.carried_from, 12);
        CHECK_EQ_U64(rig.result.n_evidence, 0);
        CHECK_EQ_INT(rig.result.verdict.checks[0].outcome, OUTCOME_CARRIED);
        CHECK_EQ_U64(rig.result.verdict.checks[0].attempts, 0);
        CHECK(slice_find(rig.result.verdict.workspace, slice_text("nothing was run")) <
              rig.result.verdict.workspace.n);
        rig_change(&rig, "lab/a", "ruin\n");
        CHECK_EQ_INT(rig_verify(&rig)->decision, DECISION_FAIL);
        CHECK_EQ_U64(rig.result.verdict.carried_from, 0);
}

TEST(what_is_asked_of_the_commit_is_never_carried_over) {
        cleanup_rig Rig rig;
        struct carry carry = {.gate = slice_text("M1"), .verdict = 12};
        RepoId first;
        Hash inputs;

        make(&rig);
        CHECK(hash_from_slice(rig_verify(&rig)->inputs, &inputs));
        carry.inputs = hash_slice(&inputs);
        rig.request.carry = &carry;
        memcpy(first, rig.commit, sizeof first);
        rig.plan.gates[0].checks[0].kind = CHECK_GIT;
        rig.plan.gates[0].checks[0].git.descendant_of = slice_text(first);
        rig_change(&rig, "elsewhere", "x\n");
        CHECK_EQ_INT(rig_verify(&rig)->decision, DECISION_PASS);
        CHECK_EQ_U64(rig.result.verdict.carried_from, 0);
        CHECK_EQ_INT(rig.result.verdict.checks[0].outcome, OUTCOME_PASS);
}

TEST(a_claim_that_changes_what_is_protected_is_no_evidence) {
        cleanup_rig Rig rig;
        RepoId base;

        make(&rig);
        memcpy(base, rig.commit, sizeof base);
        CHECK_EQ_INT(rig_verify(&rig)->decision, DECISION_PASS); /* nothing to compare with */
        CHECK_EQ_U64(rig.result.verdict.n_notes, 1);
        rig.request.base = base;
        rig_change(&rig, "lab/a", "another product\n");
        CHECK_EQ_INT(rig_verify(&rig)->decision, DECISION_PASS);
        rig_change(&rig, "tests/t", "lenient\n");
        CHECK_EQ_INT(rig_verify(&rig)->decision, DECISION_FAIL);
        CHECK(slice_is(rig.result.verdict.reason, "claim.protected"));
        CHECK(slice_find(rig.result.verdict.summary, slice_text("tests/t")) <
              rig.result.verdict.summary.n);
        rig.request.base = "0123456789012345678901234567890123456789";
        CHECK_EQ_INT(rig_verify(&rig)->decision, DECISION_FAIL);
        CHECK(slice_is(rig.result.verdict.reason, "claim.protected"));
}
