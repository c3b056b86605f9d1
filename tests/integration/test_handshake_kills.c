/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Each program is killed in mid-handshake and started again; the handshake ends as if it had not
 * been, with each entry once. */

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/options.h"
#include "tests/lib/handshake.h"
#include "tests/lib/test.h"

static void expect_once(const Handshake *handshake) {
        CHECK_EQ_U64(handshake_count(handshake, "claim"), 1);
        CHECK_EQ_U64(handshake_count(handshake, "verdict"), 1);
        handshake_verify(handshake);
}

/* A builder that waits for SLOW, which the adversary has begun to verify. */
static Process *begin_slowly(Handshake *handshake) {
        Process *builder;

        handshake_start(handshake);
        builder = handshake_spawn(handshake, "COLDGATE_BUILDER", "claim", "SLOW", "--wait");
        process_wait_text(handshake->adversary, "verifying", HANDSHAKE_MS);
        return builder;
}

TEST(a_broker_killed_while_a_claim_is_queued) {
        cleanup_handshake Handshake handshake;
        cleanup(process_freep) Process *builder = NULL;

        handshake_init(&handshake);
        handshake_start_broker(&handshake);
        builder = handshake_spawn(&handshake, "COLDGATE_BUILDER", "claim", "COUNTS", "--wait");
        process_wait_text(builder, " claims COUNTS", HANDSHAKE_MS);
        process_kill(handshake.broker);
        handshake_start(&handshake);
        CHECK_EQ_INT(process_wait(builder, HANDSHAKE_MS), EXIT_HOLDS);
        expect_once(&handshake);
}

TEST(a_broker_killed_while_a_claim_is_verified) {
        cleanup_handshake Handshake handshake;
        cleanup(process_freep) Process *builder = NULL;

        handshake_init(&handshake);
        builder = begin_slowly(&handshake);
        process_kill(handshake.broker);
        handshake_start_broker(&handshake);
        CHECK_EQ_INT(process_wait(builder, HANDSHAKE_MS), EXIT_HOLDS);
        expect_once(&handshake);
}

/* Its worker has ended, so that the verdict is there and nobody to tell it to. */
static bool worker_has_ended(void *userdata) {
        static const char words[] = "verifying, worker ";
        const Handshake *handshake = userdata;
        const char *at = strstr(process_get_err(handshake->adversary), words);
        cleanup_free char *path = NULL;

        if (!at)
                return false;
        path = mem_printf("/proc/%ld", strtol(at + sizeof words - 1, NULL, 10));
        return access(path, F_OK) < 0;
}

TEST(a_broker_that_is_away_when_the_verdict_is_ready) {
        cleanup_handshake Handshake handshake;
        cleanup(process_freep) Process *builder = NULL;

        handshake_init(&handshake);
        builder = begin_slowly(&handshake);
        process_kill(handshake.broker);
        CHECK(test_wait_until(worker_has_ended, &handshake, HANDSHAKE_MS));
        handshake_start_broker(&handshake);
        CHECK_EQ_INT(process_wait(builder, HANDSHAKE_MS), EXIT_HOLDS);
        expect_once(&handshake);
}

TEST(an_adversary_killed_while_it_verifies) {
        cleanup_handshake Handshake handshake;
        cleanup(process_freep) Process *builder = NULL;

        handshake_init(&handshake);
        builder = begin_slowly(&handshake);
        process_kill(handshake.adversary);
        handshake_start_adversary(&handshake);
        CHECK_EQ_INT(process_wait(builder, HANDSHAKE_MS), EXIT_HOLDS);
        expect_once(&handshake);
}

TEST(an_adversary_stopped_in_order_while_it_verifies) {
        cleanup_handshake Handshake handshake;
        cleanup(process_freep) Process *builder = NULL;

        handshake_init(&handshake);
        builder = begin_slowly(&handshake);
        process_signal(handshake.adversary, SIGTERM);
        CHECK_EQ_INT(process_wait(handshake.adversary, HANDSHAKE_MS), 0);
        handshake_start_adversary(&handshake);
        CHECK_EQ_INT(process_wait(builder, HANDSHAKE_MS), EXIT_HOLDS);
        expect_once(&handshake);
}

TEST(a_builder_killed_while_it_waits) {
        cleanup_handshake Handshake handshake;
        cleanup(process_freep) Process *builder = NULL;

        handshake_init(&handshake);
        builder = begin_slowly(&handshake);
        process_kill(builder);
        CHECK_EQ_INT(BUILDER(&handshake, NULL, "wait", "SLOW"), EXIT_HOLDS);
        expect_once(&handshake);
}

TEST(everything_killed_at_once) {
        cleanup_handshake Handshake handshake;
        cleanup(process_freep) Process *builder = NULL;

        handshake_init(&handshake);
        builder = begin_slowly(&handshake);
        process_kill(handshake.adversary);
        process_kill(handshake.broker);
        process_kill(builder);
        handshake_start(&handshake);
        CHECK_EQ_INT(BUILDER(&handshake, NULL, "wait", "SLOW"), EXIT_HOLDS);
        expect_once(&handshake);
}

TEST(a_claim_made_while_the_broker_is_killed_counts_once) {
        cleanup_handshake Handshake handshake;

        handshake_init(&handshake);
        handshake_start_broker(&handshake);
        for (int i = 0; i < 5; i++) {
                cleanup(process_freep) Process *builder = handshake_spawn(
                        &handshake, "COLDGATE_BUILDER", "note", "words", "--phase", "story");

                process_kill(handshake.broker); /* anywhere between its start and its answer */
                handshake_start_broker(&handshake);
                CHECK_EQ_INT(process_wait(builder, HANDSHAKE_MS), EXIT_HOLDS);
        }
        CHECK_EQ_U64(handshake_count(&handshake, "note"), 5);
        handshake_verify(&handshake);
}

TEST(a_broker_that_stands_still_is_waited_for) {
        cleanup_handshake Handshake handshake;
        cleanup(process_freep) Process *builder = NULL;

        handshake_init(&handshake);
        handshake_start(&handshake);
        process_signal(handshake.broker, SIGSTOP);
        builder = handshake_spawn(&handshake, "COLDGATE_BUILDER", "claim", "COUNTS", "--wait");
        CHECK(process_is_running(builder));
        process_signal(handshake.broker, SIGCONT);
        CHECK_EQ_INT(process_wait(builder, HANDSHAKE_MS), EXIT_HOLDS);
        expect_once(&handshake);
}
