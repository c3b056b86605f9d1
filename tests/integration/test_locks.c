/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A gate's lock, held through the broker while it is verified. */

#include <string.h>

#include "base/mem.h"
#include "base/options.h"
#include "tests/lib/handshake.h"
#include "tests/lib/test.h"

static const char plan[] = "# Story\n\n"
                           "```yaml phase\nversion: 1\nphase: story\n```\n\n"
                           "```yaml gate\ngate: ALONE\nlock: proxy\nchecks:\n"
                           "  - id: greeting\n    run: cat greeting\n"
                           "    expect: { stdout: { contains: hello } }\n"
                           "  - id: inner\n    run: cat greeting\n    lock: { shared: table }\n"
                           "    expect: { stdout: { contains: hello } }\n```\n";

static void start(Handshake *handshake) {
        handshake_init(handshake);
        bench_write(handshake->dir, "locks.md", plan, 0644);
        handshake_commit(handshake, "other", "x\n");
        CHECK_EQ_INT(BROKER(handshake, NULL, "plan", "approve", "locks.md", "--accept-weakening"),
                     EXIT_HOLDS);
        handshake_start(handshake);
}

/* Held by the Builder; its label. */
static char *take(const Handshake *handshake, const char *resource) {
        cleanup_buf Buf out = BUF_TEXT;

        CHECK_EQ_INT(BUILDER(handshake, &out, "hold", resource, "--for", "10m"), EXIT_HOLDS);
        return mem_strndup(buf_get_text(&out), strcspn(buf_get_text(&out), ":"));
}

TEST(a_lock_is_asked_of_the_broker_and_given_back) {
        cleanup_handshake Handshake handshake;
        cleanup_buf Buf out = BUF_TEXT;

        start(&handshake);
        CHECK_EQ_INT(BUILDER(&handshake, &out, "claim", "ALONE", "--wait"), EXIT_HOLDS);
        handshake_await(&handshake, "hold", 2);
        handshake_await(&handshake, "grant", 2);
        handshake_await(&handshake, "release", 2);
        handshake_verify(&handshake);
}

TEST(a_gate_waits_for_a_resource_that_another_has) {
        cleanup_handshake Handshake handshake;
        cleanup_buf Buf out = BUF_TEXT;
        cleanup(process_freep) Process *claim = NULL;
        cleanup_free char *hold = NULL;

        start(&handshake);
        hold = take(&handshake, "proxy");
        claim = handshake_spawn(&handshake, "COLDGATE_BUILDER", "claim", "ALONE", "--wait");
        handshake_await(&handshake, "hold", 2);
        process_wait_text(handshake.adversary, "waiting for proxy", HANDSHAKE_MS);
        CHECK(process_is_running(claim));
        CHECK_EQ_U64(handshake_count(&handshake, "grant"), 1);
        CHECK_EQ_INT(BROKER(&handshake, &out, "status"), EXIT_HOLDS);
        CHECK_CONTAINS(buf_get_text(&out), "proxy");
        CHECK_EQ_INT(BUILDER(&handshake, &out, "release", hold), EXIT_HOLDS);
        CHECK_EQ_INT(process_wait(claim, HANDSHAKE_MS), EXIT_HOLDS);
        handshake_verify(&handshake);
}

TEST(what_a_killed_adversary_held_ends_with_its_lease) {
        cleanup_handshake Handshake handshake;
        cleanup_buf Buf out = BUF_TEXT;
        cleanup(process_freep) Process *claim = NULL;
        cleanup_free char *hold = NULL;

        start(&handshake);
        hold = take(&handshake, "table");
        claim = handshake_spawn(&handshake, "COLDGATE_BUILDER", "claim", "ALONE", "--wait");
        handshake_await(&handshake, "hold", 3); /* it has proxy, and waits for the table */
        process_kill(handshake.adversary);
        handshake_await(&handshake, "expire", 2);
        CHECK_EQ_INT(BUILDER(&handshake, &out, "release", hold), EXIT_HOLDS);
        handshake_start_adversary(&handshake);
        CHECK_EQ_INT(process_wait(claim, HANDSHAKE_MS), EXIT_HOLDS);
        handshake_verify(&handshake);
}
