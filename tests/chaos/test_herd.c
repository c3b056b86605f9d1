/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Five hundred agents come back at once. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/lib/tcp_broker.h"
#include "tests/lib/test.h"

enum {
        KEYS = 10,
        AGENTS = 500, /* one key has room for 64 connections */
        COME_MS = 60000,
        BACK_MS_MAX = 20000, /* three seconds where the machine does nothing else */
        STEP_US = 2000,
        FEW = 10,
        FEW_MS = 3000,
};

typedef struct Herd {
        TcpBroker broker;
        Session *sessions[AGENTS];
        size_t n;
} Herd;

static void herd_deinit(Herd *herd) {
        for (size_t i = 0; i < herd->n; i++)
                herd->sessions[i] = session_free(herd->sessions[i]);
        tcp_broker_deinit(&herd->broker);
}

static void poll_one(Session *session) {
        int r = 0;

        while (r == 0) {
                cleanup_arena Arena arena = ARENA_INIT;
                Fault fault = FAULT_INIT;
                Message message;

                r = session_poll(session, &arena, &message, &fault);
                /* A stranger is told so, and is never connected. */
                if (r != 0 && r != SESSION_E_NOTHING && strcmp(fault.rule, "key-refused") != 0)
                        FAIL_TEST("%s: %s", fault.rule, fault.found);
        }
}

static size_t count_connected(Herd *herd) {
        size_t n = 0;

        for (size_t i = 0; i < herd->n; i++) {
                poll_one(herd->sessions[i]);
                n += session_is_connected(herd->sessions[i]);
        }
        return n;
}

/* Milliseconds until so many are connected. */
static uint64_t await(Herd *herd, bool all) {
        uint64_t started_ms = clock_mono_ms();
        size_t n;

        while ((n = count_connected(herd)) != (all ? herd->n : 0)) {
                if (clock_mono_ms() - started_ms >= COME_MS)
                        FAIL_TEST("%zu of %zu are connected", n, herd->n);
                (void)usleep(STEP_US);
        }
        return clock_mono_ms() - started_ms;
}

TEST(five_hundred_agents_that_come_back_at_once_are_served) {
        cleanup(herd_deinit) Herd herd = {.n = AGENTS};
        uint64_t back_ms;

        tcp_broker_start(&herd.broker, "");
        for (size_t i = 0; i < AGENTS; i++) {
                char name[] = {'h', (char)('a' + i % KEYS), 0};

                if (i < KEYS)
                        tcp_broker_admit(&herd.broker, name, "observer");
                herd.sessions[i] = real_broker_session(&herd.broker.real, name);
        }
        printf("# agents that come | %d after %llu ms\n", AGENTS,
               (unsigned long long)await(&herd, true));
        real_broker_kill(&herd.broker.real);
        (void)await(&herd, false);
        real_broker_start(&herd.broker.real);
        back_ms = await(&herd, true);
        printf("# agents that come back | %d after %llu ms\n", AGENTS, (unsigned long long)back_ms);
        CHECK(back_ms <= BACK_MS_MAX);
}

/* Some have a key that nobody admitted: they are not taken for served. */
TEST(whoever_is_not_admitted_is_not_counted_as_served) {
        cleanup(herd_deinit) Herd herd = {.n = FEW};
        uint64_t end_ms;
        size_t n = 0;

        tcp_broker_start(&herd.broker, "");
        tcp_broker_admit(&herd.broker, "friend", "observer");
        real_broker_do(&herd.broker.real, NULL, "keygen", "stranger");
        for (size_t i = 0; i < FEW; i++)
                herd.sessions[i] =
                        real_broker_session(&herd.broker.real, i % 2 ? "stranger" : "friend");
        end_ms = clock_mono_ms() + FEW_MS;
        while (clock_mono_ms() < end_ms) {
                n = count_connected(&herd);
                (void)usleep(STEP_US);
        }
        CHECK_EQ_U64(n, FEW / 2);
}
