/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A connection that stands and says nothing. It takes as long as the limits of lib/client/link.h.
 */

#include "base/clock.h"
#include "client/session.h"
#include "tests/lib/fake_broker.h"
#include "tests/lib/test.h"

TEST(a_mute_broker_is_given_up_and_found_again) {
        cleanup_fake_broker FakeBroker broker;
        cleanup(session_freep) Session *session = NULL;
        uint64_t deadline_ms = clock_mono_ms() + 15000;
        cleanup_arena Arena kept = ARENA_INIT;
        Fault fault = FAULT_INIT;
        Message message;

        fake_broker_init(&broker);
        fake_broker_start(&broker);
        session = fake_broker_new_session(&broker);
        fake_broker_await(&broker, session, MESSAGE_WELCOME, &kept, &message, &fault);
        broker.is_mute = true;
        while (session_is_connected(session) && clock_mono_ms() < deadline_ms) {
                cleanup_arena Arena arena = ARENA_INIT;
                LoopWait wait = {.server = broker.server};

                CHECK_EQ_INT(session_poll(session, &arena, &message, &fault), SESSION_E_NOTHING);
                CHECK_EQ_INT(loop_wait(&wait, session_prepare(session, &wait)), 0);
                fake_broker_serve(&broker);
        }
        CHECK(!session_is_connected(session));
        broker.is_mute = false;
        fake_broker_await(&broker, session, MESSAGE_WELCOME, &kept, &message, &fault);
        CHECK(session_is_connected(session));
}
