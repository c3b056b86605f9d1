/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* An outcome on its way back. */

#include "sandbox/report.h"
#include "tests/lib/test.h"

static char *keep(SandboxOutcome *outcome, const char *text) {
        return arena_text(&outcome->arena, slice_text(text));
}

static void fill_lists(SandboxOutcome *outcome) {
        Arena *arena = &outcome->arena;

        outcome->leftovers = arena_alloc_array(arena, 2, sizeof(SandboxLeftover));
        outcome->n_leftovers = 2;
        outcome->leftovers[0] = (SandboxLeftover){
                .pid = 7, .command = keep(outcome, "sleep 600"), .cwd = keep(outcome, "/work")};
        outcome->leftovers[1] = (SandboxLeftover){.pid = 8,
                                                  .command = keep(outcome, "server"),
                                                  .listens = keep(outcome, "tcp 127.0.0.1:80")};
        outcome->outside = arena_alloc_array(arena, 3, sizeof(char *));
        outcome->outside[0] = keep(outcome, "/tmp/a");
        outcome->outside[1] = keep(outcome, "/tmp/b");
        outcome->n_outside = 2;
        outcome->changed = arena_alloc_array(arena, 2, sizeof(char *));
        outcome->changed[0] = keep(outcome, "file");
        outcome->n_changed = 1;
        outcome->isolation = keep(outcome, "everything");
}

static void fill(SandboxOutcome *outcome) {
        *outcome = (SandboxOutcome){.end = SANDBOX_NOT_STARTED,
                                    .status = 1,
                                    .signal = 2,
                                    .error = 3,
                                    .wall_ms = 4,
                                    .cpu_ms = 5,
                                    .memory_peak_bytes = 6,
                                    .group_cpu_ms = 7,
                                    .memory = SANDBOX_MEMORY_LIMIT,
                                    .is_listing_cut = true,
                                    .out = {.n_bytes = 99, .is_cut = true}};
        fill_lists(outcome);
        outcome->out.head = BUF_INIT(16);
        outcome->out.tail = BUF_INIT(16);
        buf_text(&outcome->out.head, "he\xff");
        buf_append(&outcome->out.tail, "t\0l", 3);
        hash_of(slice_text("x"), &outcome->out.hash);
        fault_set(&outcome->fault, "exec.command", "it is not there");
        fault_place(&outcome->fault, "here");
}

TEST(an_outcome_comes_back_as_it_was) {
        cleanup_buf Buf bytes = BUF_INIT(1 << 16);
        SandboxOutcome outcome, got;

        fill(&outcome);
        report_encode(&outcome, &bytes);
        CHECK_EQ_INT(report_decode(buf_get(&bytes), &got), 0);
        CHECK(got.end == SANDBOX_NOT_STARTED);
        CHECK_EQ_INT(got.error, 3);
        CHECK_EQ_U64(got.memory_peak_bytes, 6);
        CHECK_EQ_U64(got.group_cpu_ms, 7);
        CHECK_EQ_INT(got.memory, SANDBOX_MEMORY_LIMIT);
        CHECK_EQ_U64(got.n_leftovers, 2);
        CHECK_EQ_TEXT(got.leftovers[0].command, "sleep 600");
        CHECK_EQ_TEXT(got.leftovers[0].listens, NULL);
        CHECK_EQ_TEXT(got.leftovers[1].listens, "tcp 127.0.0.1:80");
        CHECK_EQ_U64(got.n_outside, 2);
        CHECK_EQ_TEXT(got.outside[1], "/tmp/b");
        CHECK_EQ_U64(got.n_changed, 1);
        CHECK(got.is_listing_cut);
        CHECK_EQ_TEXT(got.isolation, "everything");
        CHECK_EQ_U64(got.out.n_bytes, 99);
        CHECK_EQ_SLICE(buf_get(&got.out.head), slice_text("he\xff"));
        CHECK_EQ_SLICE(buf_get(&got.out.tail), slice_make("t\0l", 3));
        CHECK(hash_equal(&got.out.hash, &outcome.out.hash));
        CHECK_EQ_TEXT(got.fault.rule, "exec.command");
        CHECK_EQ_TEXT(got.fault.place, "here");
        sandbox_outcome_deinit(&got);
        sandbox_outcome_deinit(&outcome);
}

TEST(a_cut_report_is_none) {
        cleanup_buf Buf bytes = BUF_INIT(1 << 16);
        SandboxOutcome outcome, got;

        fill(&outcome);
        report_encode(&outcome, &bytes);
        for (size_t n = 0; n < bytes.n; n++)
                CHECK_EQ_INT(report_decode(slice_head(buf_get(&bytes), n), &got), REPORT_E_BAD);
        CHECK(got.end == SANDBOX_BROKEN);
        sandbox_outcome_deinit(&outcome);
}

TEST(an_unknown_rule_is_not_repeated) {
        cleanup_buf Buf bytes = BUF_INIT(1 << 16);
        SandboxOutcome outcome, got;

        fill(&outcome);
        outcome.fault.rule = "made.up";
        report_encode(&outcome, &bytes);
        CHECK_EQ_INT(report_decode(buf_get(&bytes), &got), 0);
        CHECK_EQ_TEXT(got.fault.rule, "sandbox.runner");
        sandbox_outcome_deinit(&got);
        sandbox_outcome_deinit(&outcome);
}

TEST(a_broken_outcome_keeps_nothing_else) {
        SandboxOutcome outcome;
        Fault fault = FAULT_INIT;

        fill(&outcome);
        fault_set(&fault, "sandbox.init", "gone");
        report_break(&outcome, &fault);
        CHECK(outcome.end == SANDBOX_BROKEN);
        CHECK_EQ_TEXT(outcome.fault.rule, "sandbox.init");
        CHECK_EQ_U64(outcome.n_leftovers, 0);
        CHECK_EQ_U64(outcome.out.n_bytes, 0);
        CHECK_EQ_TEXT(outcome.isolation, "");
        sandbox_outcome_deinit(&outcome);
}
