/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Real programs for which an hour passes: asleep, all together, or awake and without a broker. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/lib/fleet.h"
#include "tests/lib/handshake.h"
#include "tests/lib/real_broker.h"
#include "tests/lib/shim.h"
#include "tests/lib/test.h"

enum {
        HOUR_S = 3600,
        ASLEEP_S = 3, /* longer than the lease of a handshake */
        SENDERS = 4,
        N_KEPT = 900,
        WARM_MS = 200,
        AWAY_MS = 3000,
        JUMP_EVERY_MS = 200,
        CLAIM_MS = 60000,
        LONG_SECONDS = 300,
};

typedef struct Story {
        Handshake handshake;
        ShimState *shim;
        char *preload, *orders;
        Process *builder;
} Story;

static Process *start(Story *story, const char *program, const char *const *words) {
        const char *const env[] = {story->preload, story->orders, NULL};
        ProcessSpec spec = {
                .argv = {bench_program(program)}, .cwd = story->handshake.dir, .env = env};

        for (size_t i = 0; words[i]; i++)
                spec.argv[i + 1] = words[i];
        return process_start(&spec);
}

static void start_broker(Story *story) {
        story->handshake.broker = process_free(story->handshake.broker);
        story->handshake.broker =
                start(story, "COLDGATE_BROKER", (const char *const[]){"run", NULL});
        process_wait_text(story->handshake.broker, "ready", HANDSHAKE_MS);
}

/* Up to where a claim is being verified. */
static void story_init(Story *story) {
        cleanup_free char *path = mem_printf("%s/shim", test_dir());

        (void)alarm(LONG_SECONDS);
        *story = (Story){.builder = NULL};
        handshake_init(&story->handshake);
        story->shim = shim_state_new(path);
        CHECK(story->shim);
        (void)snprintf(story->shim->root, sizeof story->shim->root, "/nowhere");
        story->preload = mem_printf("LD_PRELOAD=%s", bench_program("COLDGATE_SHIM_LIBRARY"));
        story->orders = mem_printf("COLDGATE_SHIM=%s", path);
        start_broker(story);
        story->handshake.adversary =
                start(story, "COLDGATE_ADVERSARY", (const char *const[]){"run", NULL});
        process_wait_text(story->handshake.adversary, "ready", HANDSHAKE_MS);
        story->builder = start(story, "COLDGATE_BUILDER",
                               (const char *const[]){"claim", "SLOW", "--wait", NULL});
        process_wait_text(story->handshake.adversary, "verifying", HANDSHAKE_MS);
}

static void story_deinit(Story *story) {
        story->builder = process_free(story->builder);
        handshake_deinit(&story->handshake);
        free(story->preload);
        free(story->orders);
}

static void signal_all(Story *story, int number) {
        process_signal(story->builder, number);
        process_signal(story->handshake.adversary, number);
        process_signal(story->handshake.broker, number);
}

/* The wall clock goes on for an hour; the monotonic one stands still, as far as they can tell, or
 * goes on as well. */
static void sleep_together(Story *story, bool does_mono_stand) {
        signal_all(story, SIGSTOP);
        (void)sleep(ASLEEP_S);
        atomic_store(&story->shim->mono_s, does_mono_stand ? -ASLEEP_S : 0);
        atomic_store(&story->shim->wall_s, HOUR_S);
        signal_all(story, SIGCONT);
}

static void expect_one_verdict(Story *story) {
        CHECK_EQ_INT(process_wait(story->builder, CLAIM_MS), 0);
        CHECK_EQ_U64(handshake_count(&story->handshake, "claim"), 1);
        CHECK_EQ_U64(handshake_count(&story->handshake, "verdict"), 1);
        handshake_verify(&story->handshake);
}

TEST(a_suspended_machine_takes_nobody_for_dead_and_goes_on) {
        cleanup(story_deinit) Story story;

        story_init(&story);
        sleep_together(&story, true);
        expect_one_verdict(&story);
        CHECK_EQ_U64(handshake_count(&story.handshake, "lapse"), 0);
}

TEST(a_machine_that_stood_still_with_its_clock_going_loses_the_lease_and_goes_on) {
        cleanup(story_deinit) Story story;

        story_init(&story);
        sleep_together(&story, false);
        expect_one_verdict(&story);
        CHECK(handshake_count(&story.handshake, "lapse") > 0);
}

/* A day on, a day back, and back in steps of an hour, while the lease runs: it is nobody's clock.
 */
TEST(a_wall_clock_that_jumps_and_steps_back_gives_no_lease_away) {
        static const int64_t jumps_h[] = {24, -24, -25, -26, -27, -28, 0};
        cleanup(story_deinit) Story story;

        story_init(&story);
        for (size_t i = 0; i < ARRAY_SIZE(jumps_h); i++) {
                atomic_store(&story.shim->wall_s, jumps_h[i] * HOUR_S);
                (void)usleep(JUMP_EVERY_MS * 1000);
        }
        expect_one_verdict(&story);
        CHECK_EQ_U64(handshake_count(&story.handshake, "lease"), 1);
        CHECK_EQ_U64(handshake_count(&story.handshake, "lapse"), 0);
}

/* The verdict waits at the adversary, the builder for it. */
TEST(a_verdict_that_was_kept_for_an_hour_without_a_broker_is_there_when_it_is_back) {
        cleanup(story_deinit) Story story;

        story_init(&story);
        process_kill(story.handshake.broker);
        (void)sleep(ASLEEP_S);
        atomic_store(&story.shim->wall_s, HOUR_S);
        atomic_store(&story.shim->mono_s, HOUR_S);
        (void)sleep(1);
        CHECK(process_is_running(story.builder));
        CHECK(process_is_running(story.handshake.adversary));
        start_broker(&story);
        expect_one_verdict(&story);
}

/* Senders that go on speaking while nobody is there: all of it is kept. */
TEST(what_agents_kept_while_their_broker_was_away_is_there_once_and_in_order) {
        cleanup_free char *ledger = NULL;
        cleanup_real_broker RealBroker broker;
        cleanup_fleet Fleet fleet;

        real_broker_init(&broker);
        real_broker_approve(&broker);
        fleet_init(&fleet, broker.dir, "m", SENDERS, N_KEPT);
        real_broker_start(&broker);
        fleet_run(&fleet, WARM_MS);
        real_broker_kill(&broker);
        fleet_run(&fleet, AWAY_MS);
        for (size_t i = 0; i < SENDERS; i++)
                CHECK_EQ_U64(session_count_unanswered(fleet.sessions[i]), N_KEPT);
        fleet_restart(&fleet, 0);
        real_broker_start(&broker);
        fleet_settle(&fleet, CLAIM_MS);
        real_broker_kill(&broker);
        ledger = mem_printf("%s/.coldgate/ledger.db", broker.dir);
        history_check(&fleet.history, ledger, DECEIT_NONE);
        history_expect_whole(&fleet.history);
        printf("# kept while the broker was away | %d, lost 0, twice 0, out of order 0\n",
               SENDERS * N_KEPT);
}
