/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Who gets a named resource, in which order, and what alone ends it. */

#include "broker/hold.h"

#include "broker/state_watch.h"
#include "broker/status.h"
#include "tests/lib/desk.h"
#include "tests/lib/test.h"

enum { NONE = -1, MINUTE = 60000 };

static Message make_hold(Lock lock, uint64_t hold_ms, uint64_t wait_ms) {
        return (Message){.type = MESSAGE_HOLD,
                         .hold = {.resource = slice_text("proxy"),
                                  .lock = lock,
                                  .hold_ms = hold_ms,
                                  .wait_ms = wait_ms}};
}

static uint64_t ask(Desk *desk, Who who, Lock lock) {
        uint64_t seq = desk_submit(desk, who, make_hold(lock, 10 * MINUTE, 0));

        CHECK(seq > 0);
        return seq;
}

/* NONE: it is over. */
static int state_of(const Desk *desk, uint64_t seq) {
        const HoldRecord *hold = state_find_hold(desk_state(desk), seq);

        return hold ? (int)hold->state : NONE;
}

/* Who was quiet for long has to say hello again. */
static void release(Desk *desk, Who who, uint64_t seq) {
        desk_hello(desk, who);
        CHECK(desk_submit(desk, who, (Message){.type = MESSAGE_RELEASE, .release = {.hold = seq}}) >
              0);
}

static void turn(Desk *desk, uint64_t ms) {
        fake_port_turn(&desk->port, ms);
        desk_tick(desk);
}

TEST(a_free_resource_is_granted_in_the_same_batch_and_an_exclusive_one_once) {
        uint64_t first, second;
        Desk desk;

        desk_open(&desk);
        first = ask(&desk, BUILDER, LOCK_EXCLUSIVE);
        CHECK_EQ_INT(state_of(&desk, first), HOLD_STATE_HELD);
        second = ask(&desk, ADVERSARY, LOCK_EXCLUSIVE);
        CHECK_EQ_INT(state_of(&desk, second), HOLD_STATE_WAITING);
        release(&desk, BUILDER, first);
        CHECK_EQ_INT(state_of(&desk, first), NONE);
        CHECK_EQ_INT(state_of(&desk, second), HOLD_STATE_HELD);
        desk_close(&desk);
}

TEST(those_who_share_share_and_nobody_overtakes_an_exclusive_that_waits) {
        uint64_t a, b, exclusive, late;
        Desk desk;

        desk_open(&desk);
        a = ask(&desk, BUILDER, LOCK_SHARED);
        b = ask(&desk, BUILDER_2, LOCK_SHARED);
        CHECK_EQ_INT(state_of(&desk, b), HOLD_STATE_HELD);
        exclusive = ask(&desk, ADVERSARY, LOCK_EXCLUSIVE);
        late = ask(&desk, ADVERSARY_2, LOCK_SHARED);
        CHECK_EQ_INT(state_of(&desk, exclusive), HOLD_STATE_WAITING);
        CHECK_EQ_INT(state_of(&desk, late), HOLD_STATE_WAITING);
        release(&desk, BUILDER, a);
        CHECK_EQ_INT(state_of(&desk, exclusive), HOLD_STATE_WAITING);
        release(&desk, BUILDER_2, b);
        CHECK_EQ_INT(state_of(&desk, exclusive), HOLD_STATE_HELD);
        CHECK_EQ_INT(state_of(&desk, late), HOLD_STATE_WAITING);
        release(&desk, ADVERSARY, exclusive);
        CHECK_EQ_INT(state_of(&desk, late), HOLD_STATE_HELD);
        desk_close(&desk);
}

TEST(who_waits_no_more_makes_way_for_those_behind) {
        uint64_t a, exclusive, late;
        Desk desk;

        desk_open(&desk);
        a = ask(&desk, BUILDER, LOCK_SHARED);
        exclusive = ask(&desk, ADVERSARY, LOCK_EXCLUSIVE);
        late = ask(&desk, BUILDER_2, LOCK_SHARED);
        release(&desk, ADVERSARY, exclusive);
        CHECK_EQ_INT(state_of(&desk, a), HOLD_STATE_HELD);
        CHECK_EQ_INT(state_of(&desk, late), HOLD_STATE_HELD);
        desk_close(&desk);
}

TEST(a_hold_ends_at_its_own_deadline_and_a_waiting_at_its_own) {
        uint64_t held, impatient, patient;
        Desk desk;

        desk_open(&desk);
        held = ask(&desk, BUILDER, LOCK_EXCLUSIVE);
        impatient = desk_submit(&desk, ADVERSARY, make_hold(LOCK_EXCLUSIVE, MINUTE, MINUTE));
        patient = ask(&desk, ADVERSARY_2, LOCK_EXCLUSIVE);
        turn(&desk, MINUTE);
        CHECK_EQ_INT(state_of(&desk, impatient), NONE);
        CHECK_EQ_INT(state_of(&desk, held), HOLD_STATE_HELD);
        CHECK(core_next_deadline(desk.core) <= desk.port.mono_ms + 9 * MINUTE);
        turn(&desk, 9 * MINUTE);
        CHECK_EQ_INT(state_of(&desk, held), NONE);
        CHECK_EQ_INT(state_of(&desk, patient), HOLD_STATE_HELD);
        desk_close(&desk);
}

TEST(the_time_of_a_hold_begins_when_it_is_granted) {
        uint64_t first, second;
        Desk desk;

        desk_open(&desk);
        first = ask(&desk, BUILDER, LOCK_EXCLUSIVE);
        second = ask(&desk, ADVERSARY, LOCK_EXCLUSIVE);
        turn(&desk, 9 * MINUTE);
        release(&desk, BUILDER, first);
        turn(&desk, 9 * MINUTE);
        CHECK_EQ_INT(state_of(&desk, second), HOLD_STATE_HELD);
        turn(&desk, MINUTE);
        CHECK_EQ_INT(state_of(&desk, second), NONE);
        desk_close(&desk);
}

TEST(a_jump_of_the_wall_clock_ends_no_hold) {
        uint64_t seq;
        Desk desk;

        desk_open(&desk);
        seq = ask(&desk, BUILDER, LOCK_EXCLUSIVE);
        desk.port.wall_ms += 24ull * 60 * MINUTE;
        desk_tick(&desk);
        CHECK_EQ_INT(state_of(&desk, seq), HOLD_STATE_HELD);
        desk_close(&desk);
}

TEST(a_restart_keeps_holds_and_what_is_left_of_their_time) {
        uint64_t held, waits;
        Desk desk;

        desk_open(&desk);
        held = ask(&desk, BUILDER, LOCK_EXCLUSIVE);
        waits = ask(&desk, ADVERSARY, LOCK_EXCLUSIVE);
        turn(&desk, 4 * MINUTE);
        desk_restart(&desk);
        desk_tick(&desk);
        CHECK_EQ_INT(state_of(&desk, held), HOLD_STATE_HELD);
        turn(&desk, 6 * MINUTE);
        CHECK_EQ_INT(state_of(&desk, held), NONE);
        CHECK_EQ_INT(state_of(&desk, waits), HOLD_STATE_HELD);
        desk_close(&desk);
}

TEST(a_hold_ends_with_its_lease) {
        uint64_t claim, seq;
        Message hold = make_hold(LOCK_EXCLUSIVE, 60 * MINUTE, 0);
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        claim = desk_claim_and_lease(&desk, 1);
        hold.hold.lease = state_find_claim(desk_state(&desk), claim)->lease_seq;
        seq = desk_submit(&desk, ADVERSARY, hold);
        CHECK_EQ_INT(state_of(&desk, seq), HOLD_STATE_HELD);
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_verdict(&desk, claim, "M1", DECISION_PASS)));
        CHECK_EQ_INT(state_of(&desk, seq), NONE);
        desk_close(&desk);
}

TEST(a_hold_of_a_lost_owner_ends_with_its_key_or_by_an_operator) {
        uint64_t a, b;
        Desk desk;

        desk_open(&desk);
        a = ask(&desk, BUILDER, LOCK_EXCLUSIVE);
        b = ask(&desk, BUILDER_2, LOCK_EXCLUSIVE);
        CHECK(desk_submit(
                &desk, OPERATOR,
                (Message){.type = MESSAGE_REVOKE,
                          .revoke = {.name = slice_text("bob"), .why = slice_text("lost")}}));
        CHECK_EQ_INT(state_of(&desk, a), NONE);
        CHECK_EQ_INT(state_of(&desk, b), HOLD_STATE_HELD);
        release(&desk, OPERATOR, b);
        CHECK_EQ_INT(state_of(&desk, b), NONE);
        desk_close(&desk);
}

TEST(who_waits_sees_the_grant_by_following) {
        uint64_t first;
        Desk desk;

        desk_open(&desk);
        first = ask(&desk, BUILDER, LOCK_EXCLUSIVE);
        (void)ask(&desk, ADVERSARY, LOCK_EXCLUSIVE);
        desk_credit(&desk, ADVERSARY, 0, 100, desk_state(&desk)->head_seq);
        desk_forget(&desk);
        release(&desk, BUILDER, first);
        CHECK_EQ_SLICE(desk_last(&desk, ADVERSARY, MESSAGE_ENTRY)->entry.kind, slice_text("grant"));
        desk_close(&desk);
}

TEST(status_says_who_holds_who_waits_and_since_when) {
        const struct hold_status *holds;
        struct status status;
        Desk desk;

        desk_open(&desk);
        (void)ask(&desk, BUILDER, LOCK_EXCLUSIVE);
        turn(&desk, MINUTE);
        (void)ask(&desk, ADVERSARY, LOCK_SHARED);
        status_build(desk_state(&desk), SLICE_NULL, desk.port.wall_ms, &desk.arena, &status);
        CHECK_EQ_U64(status.n_holds, 2);
        holds = status.holds;
        CHECK_EQ_SLICE(holds[0].who, slice_text("bob"));
        CHECK_EQ_U64(holds[0].since_ms, desk.port.wall_ms - MINUTE);
        CHECK_EQ_U64(holds[0].deadline_ms, desk.port.wall_ms + 9 * MINUTE);
        CHECK_EQ_INT(holds[1].state, HOLD_STATE_WAITING);
        CHECK_EQ_U64(holds[1].deadline_ms, 0);
        desk_close(&desk);
}
