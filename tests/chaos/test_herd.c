/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Five hundred agents come back at once. */

#include <stdio.h>
#include <stdlib.h>
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
};

typedef struct Herd {
        TcpBroker broker;
        Session *sessions[AGENTS];
} Herd;

static void herd_deinit(Herd *herd) {
        for (size_t i = 0; i < AGENTS; i++)
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
                if (r != 0 && r != SESSION_E_NOTHING)
                        FAIL_TEST("%s: %s", fault.rule, fault.found);
        }
}

static size_t count_connected(Herd *herd) {
        size_t n = 0;

        for (size_t i = 0; i < AGENTS; i++) {
                poll_one(herd->sessions[i]);
                n += session_is_connected(herd->sessions[i]);
        }
        return n;
}

/* Milliseconds until so many are connected. */
static uint64_t await(Herd *herd, bool all) {
        uint64_t started_ms = clock_mono_ms();
        size_t n;

        while ((n = count_connected(herd)) != (all ? AGENTS : 0)) {
                if (clock_mono_ms() - started_ms >= COME_MS)
                        FAIL_TEST("%zu of %d are connected", n, AGENTS);
                (void)usleep(STEP_US);
        }
        return clock_mono_ms() - started_ms;
}

TEST(five_hundred_agents_that_come_back_at_once_are_served) {
        cleanup(herd_deinit) Herd herd = {.sessions = {NULL}};
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
