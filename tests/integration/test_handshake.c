/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The handshake, as it is typed: real programs, real sockets, a real repository. */

#include <signal.h>
#include <string.h>

#include "base/mem.h"
#include "base/options.h"
#include "tests/lib/handshake.h"
#include "tests/lib/test.h"

TEST(an_honest_claim_passes) {
        cleanup_handshake Handshake handshake;
        cleanup_buf Buf out = BUF_TEXT;

        handshake_init(&handshake);
        handshake_start(&handshake);
        CHECK_EQ_INT(BUILDER(&handshake, &out, "claim", "GREETS", "--wait"), EXIT_HOLDS);
        CHECK_CONTAINS(buf_get_text(&out), "GREETS: PASS");
        handshake_verify(&handshake);
}

/* The one-line reproduce, pasted into a shell. */
static int paste(const Handshake *handshake, const char *out) {
        const char *line = strstr(out, "reproduce: ");
        cleanup_free char *path = NULL;
        cleanup_free char *command = NULL;
        char *slash;

        CHECK(line != NULL);
        line += strlen("reproduce: ");
        path = mem_strdup(bench_program("COLDGATE_ADVERSARY"));
        slash = strrchr(path, '/');
        *slash = 0;
        command = mem_printf("PATH=%s:${COLDGATE_BROKER%%/*}:$PATH; %.*s", path,
                             (int)strcspn(line, "\n"), line);
        return bench_run(&(ProcessSpec){.argv = {"bash", "-c", command}, .cwd = handshake->dir},
                         HANDSHAKE_MS, NULL, NULL);
}

TEST(a_claim_that_holds_only_in_the_builder_s_tree_fails_is_mended_and_done) {
        cleanup_handshake Handshake handshake;
        cleanup_buf Buf out = BUF_TEXT;

        handshake_init(&handshake);
        handshake_commit(&handshake, ".gitignore", "greeting\n");
        handshake_commit(&handshake, "greeting", NULL);
        bench_write(handshake.dir, "greeting", "hello\n", 0644); /* here it is; git has it not */
        handshake_start(&handshake);

        CHECK_EQ_INT(BUILDER(&handshake, &out, "claim", "GREETS", "COUNTS", "SLOW", "--wait"),
                     EXIT_HOLDS_NOT);
        CHECK_CONTAINS(buf_get_text(&out), "GREETS: FAIL");
        CHECK_CONTAINS(buf_get_text(&out), "COUNTS: PASS");
        CHECK_CONTAINS(buf_get_text(&out), "fail greeting");
        CHECK_EQ_INT(paste(&handshake, buf_get_text(&out)), EXIT_HOLDS_NOT);
        CHECK_EQ_INT(BUILDER(&handshake, &out, "done"), EXIT_HOLDS_NOT);
        CHECK_CONTAINS(buf_get_text(&out), "done-not-yet");
        CHECK_CONTAINS(buf_get_text(&out), "- [ ] GREETS");
        CHECK_CONTAINS(buf_get_text(&out), "- [ ] SLOW");
        CHECK_CONTAINS_NOT(buf_get_text(&out), "- [ ] COUNTS");

        handshake_commit(&handshake, ".gitignore", "\n");
        CHECK_EQ_INT(BUILDER(&handshake, &out, "claim", "GREETS", "COUNTS", "SLOW", "--wait"),
                     EXIT_HOLDS);
        CHECK_EQ_INT(BUILDER(&handshake, &out, "done"), EXIT_HOLDS);
        CHECK_CONTAINS(buf_get_text(&out), "story is DONE");
        CHECK_EQ_INT(BUILDER(&handshake, &out, "done"), EXIT_HOLDS);
        CHECK_CONTAINS(buf_get_text(&out), "already");
        CHECK_EQ_INT(BUILDER(&handshake, &out, "claim", "GREETS"), EXIT_USAGE);
        CHECK_CONTAINS(buf_get_text(&out), "phase-done");
        handshake_verify(&handshake);
}

TEST(an_interrupt_detaches_and_withdraws_nothing) {
        cleanup_handshake Handshake handshake;
        cleanup(process_freep) Process *builder = NULL;
        cleanup_buf Buf out = BUF_TEXT;

        handshake_init(&handshake);
        handshake_start_broker(&handshake);
        builder = handshake_spawn(&handshake, "COLDGATE_BUILDER", "claim", "COUNTS", "--wait");
        process_wait_text(builder, " claims COUNTS", HANDSHAKE_MS);
        process_signal(builder, SIGINT);
        CHECK_EQ_INT(process_wait(builder, HANDSHAKE_MS), 130);
        CHECK_CONTAINS(process_get_err(builder), "the claim stands");
        CHECK_CONTAINS(process_get_err(builder), "builder-agent wait C-");
        CHECK_EQ_U64(handshake_count(&handshake, "withdraw"), 0);
        handshake_start_adversary(&handshake);
        CHECK_EQ_INT(BUILDER(&handshake, &out, "wait", "COUNTS"), EXIT_HOLDS);
}

TEST(a_timeout_says_pending_and_the_wait_is_taken_up_again) {
        cleanup_handshake Handshake handshake;
        cleanup_buf Buf out = BUF_TEXT;

        handshake_init(&handshake);
        handshake_start_broker(&handshake);
        CHECK_EQ_INT(BUILDER(&handshake, &out, "claim", "COUNTS", "--wait", "--timeout", "200ms"),
                     EXIT_PENDING);
        CHECK_CONTAINS(buf_get_text(&out), "next: builder-agent wait C-6");
        handshake_start_adversary(&handshake);
        CHECK_EQ_INT(BUILDER(&handshake, &out, "wait", "C-6", "--json"), EXIT_HOLDS);
        CHECK_CONTAINS(buf_get_text(&out), "\"outcome\":\"decided\"");
        CHECK_CONTAINS(buf_get_text(&out), "\"decision\":\"PASS\"");
        CHECK_EQ_INT(BUILDER(&handshake, &out, "wait", "GREETS"), EXIT_NOTHING_SELECTED);
        CHECK_CONTAINS(buf_get_text(&out), "claim-unknown");
}

TEST(a_claim_that_is_withdrawn_or_superseded_is_stale) {
        cleanup_handshake Handshake handshake;
        cleanup(process_freep) Process *first = NULL, *second = NULL;
        cleanup_buf Buf out = BUF_TEXT;

        handshake_init(&handshake);
        handshake_start_broker(&handshake);
        first = handshake_spawn(&handshake, "COLDGATE_BUILDER", "claim", "COUNTS", "--wait");
        process_wait_text(first, "C-6 claims", HANDSHAKE_MS);
        second = handshake_spawn(&handshake, "COLDGATE_BUILDER", "claim", "COUNTS", "--wait");
        process_wait_text(second, "C-7 claims", HANDSHAKE_MS);
        CHECK_EQ_INT(process_wait(first, HANDSHAKE_MS), EXIT_STALE);
        CHECK_CONTAINS(process_get_out(first), "COUNTS: superseded by entry 7");
        CHECK_EQ_INT(BUILDER(&handshake, &out, "withdraw", "C-7", "--why", "a mistake"), 0);
        CHECK_EQ_INT(process_wait(second, HANDSHAKE_MS), EXIT_STALE);
        CHECK_CONTAINS(process_get_out(second), "COUNTS: withdrawn by entry 8");
        CHECK_EQ_INT(BUILDER(&handshake, &out, "withdraw", "C-7"), EXIT_STALE);
}

TEST(done_waits_for_what_is_pending) {
        cleanup_handshake Handshake handshake;
        cleanup(process_freep) Process *builder = NULL;

        handshake_init(&handshake);
        handshake_start_broker(&handshake);
        CHECK_EQ_INT(BUILDER(&handshake, NULL, "claim", "GREETS", "COUNTS", "SLOW"), 0);
        CHECK_EQ_INT(BUILDER(&handshake, NULL, "done", "--wait", "--timeout", "200ms"),
                     EXIT_PENDING);
        builder = handshake_spawn(&handshake, "COLDGATE_BUILDER", "done", "--wait");
        handshake_start_adversary(&handshake);
        CHECK_EQ_INT(process_wait(builder, HANDSHAKE_MS), EXIT_HOLDS);
        CHECK_EQ_U64(handshake_count(&handshake, "done"), 1);
}

/* Another phase, of gates that need each other. */
static void approve_small(const Handshake *handshake) {
        handshake_commit(
                handshake, "small.md",
                "```yaml phase\nversion: 1\nphase: small\n```\n\n"
                "```yaml gate\ngate: LATER\nneeds: [FIRST]\nchecks:\n  - id: files\n"
                "    run: ls | wc -l\n    expect: { stdout: { number: { ge: 1 } } }\n```\n\n"
                "```yaml gate\ngate: FIRST\nchecks:\n  - id: greeting\n    run: cat greeting\n"
                "    expect: { stdout: { contains: hello } }\n```\n");
        CHECK_EQ_INT(BROKER(handshake, NULL, "plan", "approve", "small.md"), 0);
}

TEST(done_at_a_newer_commit_verifies_again_what_has_its_pass_elsewhere) {
        cleanup_handshake Handshake handshake;
        cleanup_buf Buf out = BUF_TEXT;

        handshake_init(&handshake);
        approve_small(&handshake);
        handshake_start(&handshake);
        CHECK_EQ_INT(BUILDER(&handshake, &out, "claim", "LATER", "--phase", "small"), EXIT_USAGE);
        CHECK_CONTAINS(buf_get_text(&out), "gate-needs");
        CHECK_EQ_INT(
                BUILDER(&handshake, NULL, "claim", "LATER", "FIRST", "--phase", "small", "--wait"),
                EXIT_HOLDS);
        handshake_commit(&handshake, "other", "text\n");
        CHECK_EQ_INT(BUILDER(&handshake, &out, "done", "small"), EXIT_PENDING);
        CHECK_CONTAINS(buf_get_text(&out), "still pending");
        CHECK_EQ_INT(BUILDER(&handshake, &out, "done", "small", "--wait"), EXIT_HOLDS);
        CHECK_CONTAINS(buf_get_text(&out), "small is DONE");
        CHECK_EQ_U64(handshake_count(&handshake, "done"), 1);
        CHECK_EQ_U64(handshake_count(&handshake, "reverify"), 1);
        handshake_verify(&handshake);
}

TEST(done_is_denied_where_a_re_verification_fails_and_what_needs_it_is_not_run) {
        cleanup_handshake Handshake handshake;
        cleanup_buf Buf out = BUF_TEXT;

        handshake_init(&handshake);
        approve_small(&handshake);
        handshake_start(&handshake);
        CHECK_EQ_INT(
                BUILDER(&handshake, NULL, "claim", "LATER", "FIRST", "--phase", "small", "--wait"),
                EXIT_HOLDS);
        handshake_commit(&handshake, "greeting", "good bye\n");
        CHECK_EQ_INT(BUILDER(&handshake, &out, "done", "small", "--wait"), EXIT_HOLDS_NOT);
        CHECK_CONTAINS(buf_get_text(&out), "- [ ] FIRST: FAIL");
        CHECK_CONTAINS(buf_get_text(&out), "- [ ] LATER: INCONCLUSIVE");
        CHECK_EQ_INT(BROKER(&handshake, &out, "log", "--kind", "verdict", "--json"), 0);
        CHECK_CONTAINS(buf_get_text(&out), "needs.gate");
        handshake_verify(&handshake);
}

TEST(each_mistake_has_its_rule_and_status) {
        static const struct {
                const char *words[6];
                int status;
                const char *rule;
        } rows[] = {
                {{"claim", "GREET"}, EXIT_NOTHING_SELECTED, "did you mean GREETS?"},
                {{"claim", "GREETS", "--phase", "stroy"}, EXIT_NOTHING_SELECTED, "phase-unknown"},
                {{"claim", "GREETS", "GREETS"}, EXIT_USAGE, "claim-gate-twice"},
                {{"claim", "GREETS", "--repo", "ext::sh"}, EXIT_USAGE, "claim-repository"},
                {{"claim", "GREETS", "--key", ".coldgate/keys/adversary"},
                 EXIT_NOT_AUTHORISED,
                 "role-forbids"},
                {{"withdraw", "C-99"}, EXIT_NOTHING_SELECTED, "claim-unknown"},
                {{"wait", "C-99"}, EXIT_NOTHING_SELECTED, "entry-unknown"},
                {{"wait", "C-1"}, EXIT_NOTHING_SELECTED, "claim-unknown"},
                {{"status", "nowhere"}, EXIT_NOTHING_SELECTED, "phase-unknown"},
        };
        cleanup_handshake Handshake handshake;
        cleanup_buf Buf out = BUF_TEXT;

        handshake_init(&handshake);
        handshake_start_broker(&handshake);
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                int status =
                        handshake_run_argv(&handshake, "COLDGATE_BUILDER", &out, rows[i].words);

                CHECK_CONTAINS(buf_get_text(&out), rows[i].rule);
                CHECK_EQ_INT(status, rows[i].status);
        }
        CHECK_EQ_U64(handshake_count(&handshake, "claim"), 0);
}

TEST(an_unknown_and_a_revoked_key_are_refused) {
        cleanup_handshake Handshake handshake;
        cleanup_buf Buf out = BUF_TEXT;

        handshake_init(&handshake);
        handshake_start_broker(&handshake);
        CHECK_EQ_INT(BUILDER(&handshake, NULL, "keygen", "eve"), 0);
        CHECK_EQ_INT(BUILDER(&handshake, &out, "status", "--key", ".coldgate/keys/eve"),
                     EXIT_NOT_AUTHORISED);
        CHECK_CONTAINS(buf_get_text(&out), "broker admit");
        CHECK_EQ_INT(BROKER(&handshake, &out, "admit", "eve", "builder", ".coldgate/keys/eve.pub"),
                     0);
        CHECK_EQ_INT(BUILDER(&handshake, &out, "note", "words", "--key", ".coldgate/keys/eve"), 0);
        CHECK_EQ_INT(BROKER(&handshake, &out, "revoke", "eve", "--why", "a test"), 0);
        CHECK_EQ_INT(BUILDER(&handshake, &out, "note", "more", "--key", ".coldgate/keys/eve"),
                     EXIT_NOT_AUTHORISED);
        CHECK_EQ_U64(handshake_count(&handshake, "note"), 1);
}

TEST(many_builders_at_once_are_heard_once_each) {
        enum { N = 8 };
        Process *builders[N];
        cleanup_handshake Handshake handshake;

        handshake_init(&handshake);
        handshake_start_broker(&handshake);
        for (int i = 0; i < N; i++)
                builders[i] = handshake_spawn(&handshake, "COLDGATE_BUILDER", "note", "words",
                                              "--phase", "story");
        for (int i = 0; i < N; i++) {
                CHECK_EQ_INT(process_wait(builders[i], HANDSHAKE_MS), 0);
                (void)process_free(builders[i]);
        }
        CHECK_EQ_U64(handshake_count(&handshake, "note"), N);
        handshake_verify(&handshake);
}
