/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What of pauses, holds and alerts is refused. */

#include "tests/lib/cases.h"
#include "base/mem.h"
#include "tests/lib/test.h"

static Message make_pause(const Desk *desk, uint64_t for_ms) {
        return (Message){.type = MESSAGE_PAUSE,
                         .pause = {.phase = slice_text("m"),
                                   .until_ms = desk->port.wall_ms + for_ms,
                                   .why = slice_text("a build")}};
}

static Who pause_over(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = make_pause(desk, 0);
        return BUILDER;
}

static Who pause_too_long(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = make_pause(desk, 7 * 24 * 3600 * 1000 + 1);
        return BUILDER;
}

static Who pause_too_many(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = make_pause(desk, 1000000);
        for (int i = 0; i < PAUSES_MAX; i++) {
                uint8_t seed[32] = {(uint8_t)i, 77};
                Fault fault = FAULT_INIT;
                uint64_t seq;
                Key key;

                key_from_seed(seed, &key);
                CHECK_EQ_INT(core_admit(desk->core, arena_printf(&desk->arena, "b%d", i),
                                        ROLE_BUILDER, &key.public),
                             0);
                CHECK_EQ_INT(core_submit_locally(desk->core, &key, ret_message, &seq, &fault), 0);
        }
        desk_commit(desk);
        return BUILDER;
}

static Who pause_unknown(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = (Message){.type = MESSAGE_RESUME, .resume = {.pause = 1}};
        return BUILDER;
}

static Who pause_not_yours(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message =
                (Message){.type = MESSAGE_RESUME,
                          .resume = {.pause = desk_submit(desk, BUILDER, make_pause(desk, 1000))}};
        return BUILDER_2;
}

static Message make_hold(const char *resource) {
        return (Message){.type = MESSAGE_HOLD,
                         .hold = {.resource = slice_text(resource), .hold_ms = 1000}};
}

static Who hold_too_many(Desk *desk, Message *ret_message) {
        *ret_message = make_hold("proxy");
        for (int i = 0; i < HOLDS_OF_AGENT_MAX; i++)
                CHECK(desk_submit(desk, BUILDER, *ret_message));
        return BUILDER;
}

static Who hold_lease(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        (void)desk_claim_and_lease(desk, 1);
        *ret_message = make_hold("proxy");
        ret_message->hold.lease = desk_state(desk)->claims[0]->lease_seq;
        return ADVERSARY_2;
}

static Who hold_unknown(Desk *desk, Message *ret_message) {
        (void)desk;
        *ret_message = (Message){.type = MESSAGE_RELEASE, .release = {.hold = 1}};
        return BUILDER;
}

static Who hold_not_yours(Desk *desk, Message *ret_message) {
        *ret_message =
                (Message){.type = MESSAGE_RELEASE,
                          .release = {.hold = desk_submit(desk, BUILDER, make_hold("proxy"))}};
        return ADVERSARY;
}

static Who alert_unknown(Desk *desk, Message *ret_message) {
        (void)desk;
        *ret_message = (Message){.type = MESSAGE_SEEN, .seen = {.alert = 1}};
        return OPERATOR;
}

const Case watch_cases[] = {
        {"pause-over", pause_over},           {"pause-too-long", pause_too_long},
        {"pause-too-many", pause_too_many},   {"pause-unknown", pause_unknown},
        {"pause-not-yours", pause_not_yours}, {"hold-too-many", hold_too_many},
        {"hold-lease", hold_lease},           {"hold-unknown", hold_unknown},
        {"hold-not-yours", hold_not_yours},   {"alert-unknown", alert_unknown},
};
const size_t n_watch_cases = ARRAY_SIZE(watch_cases);
