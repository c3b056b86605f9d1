/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Before a claim: a gate in the Builder's own hands; a plan's teeth. */

#include "base/mem.h"
#include "base/options.h"
#include "tests/lib/handshake.h"
#include "tests/lib/test.h"
#include "tests/lib/trial.h"

TEST(what_is_tried_is_no_verdict) {
        cleanup_handshake Handshake handshake;
        cleanup_buf Buf out = BUF_TEXT;

        handshake_init(&handshake);
        handshake_start_broker(&handshake);
        CHECK_EQ_INT(BUILDER(&handshake, &out, "try", "GREETS"), EXIT_HOLDS);
        CHECK_CONTAINS(buf_get_text(&out), "pass     greeting");
        CHECK_CONTAINS(buf_get_text(&out), "tried here, cold: no verdict");
        CHECK_EQ_U64(handshake_count(&handshake, "claim"), 0);
        CHECK_EQ_U64(handshake_count(&handshake, "verdict"), 0);
        handshake_commit(&handshake, "greeting", "goodbye\n");
        CHECK_EQ_INT(BUILDER(&handshake, &out, "try", "GREETS"), EXIT_HOLDS_NOT);
        CHECK_CONTAINS(buf_get_text(&out), "fail     greeting");
        CHECK_EQ_INT(BUILDER(&handshake, &out, "try", "NONE"), EXIT_NOTHING_SELECTED);
}

TEST(without_a_broker_a_plan_s_file_is_tried) {
        cleanup_handshake Handshake handshake;
        cleanup_buf Buf out = BUF_TEXT;

        handshake_init(&handshake);
        CHECK_EQ_INT(BUILDER(&handshake, &out, "try", "COUNTS", "--plan", "plan.md"), EXIT_HOLDS);
        bench_write(handshake.dir, "greeting", "not committed\n", 0644);
        CHECK_EQ_INT(BUILDER(&handshake, &out, "try", "COUNTS", "--plan", "plan.md"), EXIT_USAGE);
        CHECK_CONTAINS(buf_get_text(&out), "claim-dirty-tree");
}

TEST(a_claim_that_was_tried_carries_what_was_seen) {
        cleanup_handshake Handshake handshake;
        cleanup_buf Buf out = BUF_TEXT;

        handshake_init(&handshake);
        handshake_start(&handshake);
        CHECK_EQ_INT(BUILDER(&handshake, &out, "claim", "COUNTS", "--try", "--wait"), EXIT_HOLDS);
        CHECK_EQ_INT(BROKER(&handshake, &out, "log", "--json"), EXIT_HOLDS);
        CHECK_CONTAINS(buf_get_text(&out), "files stdout.number.ge = ");
        handshake_verify(&handshake);
}

TEST(what_fails_when_tried_is_not_claimed_unless_one_says_so) {
        cleanup_handshake Handshake handshake;
        cleanup_buf Buf out = BUF_TEXT;

        handshake_init(&handshake);
        handshake_start_broker(&handshake);
        handshake_commit(&handshake, "greeting", "goodbye\n");
        CHECK_EQ_INT(BUILDER(&handshake, &out, "claim", "GREETS", "--try"), EXIT_HOLDS_NOT);
        CHECK_CONTAINS(buf_get_text(&out), "try-not-green");
        CHECK_EQ_U64(handshake_count(&handshake, "claim"), 0);
        CHECK_EQ_INT(BUILDER(&handshake, &out, "claim", "GREETS", "--try", "--anyway"), EXIT_HOLDS);
        CHECK_EQ_U64(handshake_count(&handshake, "claim"), 1);
}

TEST(a_plan_s_teeth_are_told) {
        cleanup_trial Trial trial;
        ProcessSpec spec;

        trial_make(&trial, "other", "x\n", 0644);
        trial_write_plan(
                &trial,
                "  - id: bites\n    run: cat README\n    expect: { stdout: { contains: product } }\n"
                "    teeth: { run: echo ruin > README }\n"
                "  - id: toothless\n    run: cat README\n"
                "    expect: { stdout: { contains: product } }\n");
        CHECK_EQ_INT(trial_verify(&trial, "M1", trial.commit, "--prove", NULL), TRIAL_PASS);
        CHECK_CONTAINS(buf_get_text(&trial.out), "has teeth          bites");
        CHECK_CONTAINS(buf_get_text(&trial.out), "never seen red     toothless");
        trial_write_plan(
                &trial,
                "  - id: other\n    run: cat README\n    expect: { stdout: { contains: product } }\n"
                "  - id: idle\n    run: cat README\n    expect: { stdout: { contains: product } }\n"
                "    allow-failure: true\n    teeth: { run: rm other }\n");
        spec = (ProcessSpec){.argv = {bench_program("COLDGATE_BROKER"), "plan", "prove", "plan.md",
                                      "--repo", trial.repo.url, "--commit", trial.commit},
                             .cwd = trial.dir};
        buf_clear(&trial.out);
        CHECK_EQ_INT(bench_run(&spec, HANDSHAKE_MS, &trial.out, &trial.out), EXIT_HOLDS_NOT);
        CHECK_CONTAINS(buf_get_text(&trial.out), "teeth do not bite  idle");
        CHECK_CONTAINS(buf_get_text(&trial.out), "never seen red     other");
}
