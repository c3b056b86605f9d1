/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Who is told, when, how often, and what keeps the watchdog silent. */

#include "broker/watchdog.h"

#include "broker/state_watch.h"
#include "broker/status.h"
#include "proto/codec.h"
#include "tests/lib/desk.h"
#include "tests/lib/test.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, START = 21 * SECOND };

static const char *const m1[] = {"M1"};
static const char *const m1_m2[] = {"M1", "M2"};

static Message decode(Desk *desk, size_t place) {
        CodecFault fault;
        Message message;

        CHECK_EQ_INT(codec_decode(desk->port.entries[place].frame, &desk->arena, &message, &fault),
                     0);
        return message;
}

static size_t count(const Desk *desk, const char *kind) {
        size_t n = 0;

        for (size_t i = 0; i < desk->port.n_entries; i++)
                n += slice_is(desk->port.entries[i].kind, kind);
        return n;
}

static size_t count_pings(const Desk *desk) {
        return count(desk, "ping");
}

static Message newest(Desk *desk, const char *kind) {
        for (size_t i = desk->port.n_entries; i-- > 0;)
                if (slice_is(desk->port.entries[i].kind, kind))
                        return decode(desk, i);
        FAIL_TEST("there is no %s", kind);
        return (Message){.type = MESSAGE_NONE};
}

/* In steps, as a loop that wakes when something is due. */
static void turn(Desk *desk, uint64_t ms) {
        uint64_t end_ms = desk->port.mono_ms + ms;

        while (desk->port.mono_ms < end_ms) {
                uint64_t left = end_ms - desk->port.mono_ms;

                fake_port_turn(&desk->port, left < 30 * SECOND ? left : 30 * SECOND);
                if (core_next_deadline(desk->core) <= desk->port.mono_ms)
                        desk_tick(desk);
        }
}

/* Who was quiet for long has to say hello again. */
static uint64_t say(Desk *desk, Who who, Message message) {
        uint64_t seq;

        desk_hello(desk, who);
        seq = desk_submit(desk, who, message);
        if (!seq)
                FAIL_TEST("refused: %s", desk_rule(desk, who));
        return seq;
}

static uint64_t claim_m1(Desk *desk) {
        return say(desk, BUILDER, desk_make_claim(desk, "m", m1, 1, COMMIT_A));
}

static Message make_pause(const Desk *desk, uint64_t for_ms) {
        return (Message){.type = MESSAGE_PAUSE,
                         .pause = {.phase = slice_text("m"),
                                   .until_ms = desk->port.wall_ms + for_ms,
                                   .why = slice_text("a quota")}};
}

static void open_approved(Desk *desk) {
        desk_open(desk);
        desk_approve(desk);
        turn(desk, START);
}

/* ---- when ---- */

TEST(a_wait_is_pinged_on_its_first_edge_with_its_cause) {
        uint64_t claim;
        Message ping;
        Desk desk;

        open_approved(&desk);
        claim = claim_m1(&desk);
        turn(&desk, SECOND);
        CHECK_EQ_U64(count_pings(&desk), 1);
        ping = newest(&desk, "ping");
        CHECK_EQ_SLICE(ping.ping.who, slice_text("adversary"));
        CHECK_EQ_INT(ping.ping.wait_for, WAIT_FOR_TAKE);
        CHECK_EQ_U64(ping.ping.cause, claim);
        CHECK_EQ_U64(ping.ping.attempt, 1);
        CHECK_EQ_SLICE(ping.ping.phase, slice_text("m"));
        desk_close(&desk);
}

TEST(pings_back_off_then_the_operator_is_alerted_and_then_there_is_silence) {
        Desk desk;

        open_approved(&desk);
        (void)claim_m1(&desk);
        turn(&desk, 4 * MINUTE);
        CHECK_EQ_U64(count_pings(&desk), 1);
        turn(&desk, 2 * MINUTE);
        CHECK_EQ_U64(count_pings(&desk), 2);
        turn(&desk, 15 * MINUTE);
        CHECK_EQ_U64(count_pings(&desk), 3);
        turn(&desk, 60 * MINUTE);
        CHECK_EQ_U64(count_pings(&desk), 4);
        CHECK_EQ_U64(count(&desk, "alert"), 0);
        turn(&desk, 16 * MINUTE);
        CHECK_EQ_U64(count(&desk, "alert"), 1);
        CHECK_EQ_SLICE(newest(&desk, "alert").alert.who, slice_text("adversary"));
        turn(&desk, 24 * HOUR);
        CHECK_EQ_U64(count_pings(&desk), 4);
        CHECK_EQ_U64(count(&desk, "alert"), 1);
        desk_close(&desk);
}

TEST(an_alert_stands_until_an_operator_has_seen_it) {
        struct status status;
        uint64_t alert;
        Desk desk;

        open_approved(&desk);
        (void)claim_m1(&desk);
        turn(&desk, 3 * HOUR);
        status_build(desk_state(&desk), SLICE_NULL, desk.port.wall_ms, &desk.arena, &status);
        CHECK_EQ_U64(status.n_alerts, 1);
        CHECK_EQ_SLICE(status.alerts[0].phase, slice_text("m"));
        CHECK_EQ_U64(status.phases[0].waits[0].pings, 4);
        alert = status.alerts[0].alert;
        (void)say(&desk, OPERATOR, (Message){.type = MESSAGE_SEEN, .seen = {.alert = alert}});
        turn(&desk, 3 * HOUR);
        CHECK_EQ_U64(desk_state(&desk)->n_alerts, 0);
        CHECK_EQ_U64(count(&desk, "alert"), 1);
        desk_close(&desk);
}

TEST(who_does_what_is_waited_for_is_pinged_no_more) {
        Desk desk;

        open_approved(&desk);
        (void)claim_m1(&desk);
        turn(&desk, MINUTE);
        CHECK_EQ_U64(count_pings(&desk), 1);
        desk_hello(&desk, ADVERSARY);
        desk_credit(&desk, ADVERSARY, 1, 0, 0);
        CHECK(desk_submit(
                &desk, ADVERSARY,
                desk_make_verdict(&desk, desk_state(&desk)->claims[0]->seq, "M1", DECISION_PASS)));
        turn(&desk, 24 * HOUR - 10 * MINUTE);
        CHECK_EQ_U64(count_pings(&desk), 1);
        desk_close(&desk);
}

TEST(a_fail_is_one_ping_to_the_builder_that_claimed) {
        uint64_t claim;
        Desk desk;

        open_approved(&desk);
        claim = desk_claim_and_lease(&desk, 1);
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_verdict(&desk, claim, "M1", DECISION_FAIL)));
        turn(&desk, MINUTE);
        CHECK_EQ_U64(count_pings(&desk), 1);
        CHECK_EQ_SLICE(newest(&desk, "ping").ping.who, slice_text("bob"));
        CHECK_EQ_INT(newest(&desk, "ping").ping.wait_for, WAIT_FOR_MEND);
        desk_close(&desk);
}

TEST(the_gates_of_one_claim_are_one_ping) {
        Desk desk;

        open_approved(&desk);
        (void)say(&desk, BUILDER, desk_make_claim(&desk, "m", m1_m2, 2, COMMIT_A));
        turn(&desk, 30 * MINUTE);
        CHECK_EQ_U64(count_pings(&desk), 3);
        desk_close(&desk);
}

/* ---- silence ---- */

TEST(nobody_is_pinged_to_claim_what_was_just_planned) {
        Desk desk;

        open_approved(&desk);
        turn(&desk, 24 * HOUR);
        CHECK_EQ_U64(count_pings(&desk), 0);
        desk_close(&desk);
}

TEST(a_verification_that_goes_on_is_never_pinged) {
        uint64_t claim;
        Desk desk;

        open_approved(&desk);
        claim = desk_claim_and_lease(&desk, 1);
        for (uint64_t i = 0; i < 200; i++) {
                desk_say(&desk, ADVERSARY,
                         (Message){.type = MESSAGE_PROGRESS,
                                   .progress = {.claim = claim,
                                                .lease = desk_state(&desk)->claims[0]->lease_seq,
                                                .gate = slice_text("M1"),
                                                .what = slice_text("c"),
                                                .n_done = i,
                                                .n_total = 200}});
                turn(&desk, 50 * SECOND);
        }
        CHECK_EQ_INT(desk_state(&desk)->claims[0]->state, CLAIM_STATE_LEASED);
        CHECK_EQ_U64(count_pings(&desk), 0);
        desk_close(&desk);
}

TEST(prose_pings_nobody) {
        Desk desk;

        open_approved(&desk);
        (void)say(&desk, BUILDER,
                  desk_make_note("m", NOTE_TO_RECORD, "claim(M1): M1 M2 WC1 are done, DONE"));
        (void)say(&desk, BUILDER, desk_make_note("m", NOTE_TO_JOURNAL, "review(M1): PASS"));
        turn(&desk, 3 * HOUR);
        CHECK_EQ_U64(count_pings(&desk), 0);
        CHECK_EQ_U64(count(&desk, "alert"), 0);
        desk_close(&desk);
}

TEST(a_note_in_an_inbox_is_told_to_its_role_once) {
        Message note = desk_make_note("m", NOTE_TO_INBOX, "the proxy is parked for you");
        uint64_t seq;
        Desk desk;

        open_approved(&desk);
        note.note.role = ROLE_ADVERSARY;
        seq = say(&desk, BUILDER, note);
        desk_restart(&desk);
        turn(&desk, START);
        CHECK_EQ_U64(count_pings(&desk), 1);
        CHECK_EQ_SLICE(newest(&desk, "ping").ping.who, slice_text("adversary"));
        CHECK_EQ_U64(newest(&desk, "ping").ping.cause, seq);
        desk_restart(&desk);
        turn(&desk, 24 * HOUR);
        CHECK_EQ_U64(count_pings(&desk), 1);
        desk_close(&desk);
}

TEST(done_eligible_is_said_once_for_the_newest_verdict) {
        uint64_t claim;
        Desk desk;

        open_approved(&desk);
        claim = desk_claim_and_lease(&desk, 2);
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_verdict(&desk, claim, "M1", DECISION_PASS)));
        turn(&desk, SECOND);
        CHECK_EQ_U64(count_pings(&desk), 0);
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_verdict(&desk, claim, "M2", DECISION_PASS)));
        turn(&desk, SECOND);
        CHECK_EQ_U64(count_pings(&desk), 1);
        CHECK_EQ_INT(newest(&desk, "ping").ping.wait_for, WAIT_FOR_DONE);
        desk_restart(&desk);
        turn(&desk, 20 * HOUR);
        CHECK_EQ_U64(count_pings(&desk), 1);
        CHECK_EQ_U64(count(&desk, "alert"), 0);
        desk_close(&desk);
}

TEST(while_an_adversary_verifies_another_claim_is_not_pressed_at_once) {
        Desk desk;

        open_approved(&desk);
        (void)desk_claim_and_lease(&desk, 1);
        CHECK(desk_submit(&desk, BUILDER,
                          desk_make_claim(&desk, "m", (const char *[]){"M2"}, 1, COMMIT_A)));
        turn(&desk, 30 * SECOND);
        CHECK_EQ_U64(count_pings(&desk), 0);
        desk_close(&desk);
}

/* ---- pauses ---- */

TEST(a_pause_silences_pings_about_its_author_until_it_ends) {
        uint64_t claim;
        Desk desk;

        open_approved(&desk);
        claim = desk_claim_and_lease(&desk, 1);
        (void)say(&desk, BUILDER, make_pause(&desk, HOUR));
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_verdict(&desk, claim, "M1", DECISION_FAIL)));
        turn(&desk, 59 * MINUTE);
        CHECK_EQ_U64(count_pings(&desk), 0);
        turn(&desk, 2 * MINUTE);
        CHECK_EQ_U64(count_pings(&desk), 1);
        desk_close(&desk);
}

TEST(a_role_is_silent_only_when_all_its_agents_pause) {
        struct status status;
        uint64_t pause;
        Desk desk;

        open_approved(&desk);
        pause = say(&desk, ADVERSARY, make_pause(&desk, 2 * HOUR));
        (void)claim_m1(&desk);
        turn(&desk, MINUTE);
        CHECK_EQ_U64(count_pings(&desk), 1);
        (void)say(&desk, ADVERSARY_2, make_pause(&desk, 3 * HOUR));
        turn(&desk, 30 * MINUTE);
        CHECK_EQ_U64(count_pings(&desk), 1);
        status_build(desk_state(&desk), SLICE_NULL, desk.port.wall_ms, &desk.arena, &status);
        CHECK(status.phases[0].waits[0].paused_until_ms > desk.port.wall_ms);
        CHECK_EQ_U64(status.phases[0].n_pauses, 2);
        (void)say(&desk, ADVERSARY, (Message){.type = MESSAGE_RESUME, .resume = {.pause = pause}});
        turn(&desk, MINUTE);
        CHECK_EQ_U64(count_pings(&desk), 2);
        desk_close(&desk);
}

TEST(a_newer_pause_replaces_the_older_one) {
        Desk desk;

        open_approved(&desk);
        (void)say(&desk, BUILDER, make_pause(&desk, 3 * HOUR));
        (void)say(&desk, BUILDER, make_pause(&desk, HOUR));
        CHECK_EQ_U64(desk_state(&desk)->n_pauses, 1);
        CHECK_EQ_U64(desk_state(&desk)->pauses[0]->until_ms, desk.port.wall_ms + HOUR);
        desk_close(&desk);
}

/* ---- restarts ---- */

TEST(a_restart_between_the_entry_and_its_ping_loses_no_ping) {
        Desk desk;

        open_approved(&desk);
        (void)claim_m1(&desk);
        CHECK_EQ_U64(count_pings(&desk), 0);
        desk_restart(&desk);
        turn(&desk, START);
        CHECK_EQ_U64(count_pings(&desk), 1);
        desk_close(&desk);
}

TEST(a_restart_repeats_no_ping_and_goes_on_with_the_next_attempt) {
        Desk desk;

        open_approved(&desk);
        (void)claim_m1(&desk);
        turn(&desk, SECOND);
        for (int i = 0; i < 10; i++) {
                desk_restart(&desk);
                turn(&desk, START);
        }
        CHECK_EQ_U64(count_pings(&desk), 1);
        turn(&desk, 2 * MINUTE);
        CHECK_EQ_U64(count_pings(&desk), 2);
        CHECK_EQ_U64(newest(&desk, "ping").ping.attempt, 2);
        desk_close(&desk);
}

TEST(a_wait_that_comes_back_is_not_pinged_from_the_beginning) {
        Desk desk;

        open_approved(&desk);
        (void)claim_m1(&desk);
        turn(&desk, SECOND);
        desk_credit(&desk, ADVERSARY, 1, 0, 0);
        CHECK_EQ_INT(desk_state(&desk)->claims[0]->state, CLAIM_STATE_LEASED);
        turn(&desk, 3 * MINUTE);
        CHECK_EQ_INT(desk_state(&desk)->claims[0]->state, CLAIM_STATE_QUEUED);
        CHECK_EQ_U64(count_pings(&desk), 1);
        turn(&desk, 3 * MINUTE);
        CHECK_EQ_U64(newest(&desk, "ping").ping.attempt, 2);
        desk_close(&desk);
}

TEST(nobody_is_pinged_twice_for_one_cause_and_attempt_whatever_happens) {
        Desk desk;

        open_approved(&desk);
        for (int i = 0; i < 60; i++) {
                if (i % 7 == 0)
                        (void)say(&desk, BUILDER,
                                  desk_make_claim(&desk, "m", m1_m2, 1 + (size_t)i % 2, COMMIT_A));
                if (i % 5 == 0) {
                        desk_hello(&desk, ADVERSARY);
                        desk_credit(&desk, ADVERSARY, 1, 0, 0);
                }
                if (i % 4 == 3)
                        desk_restart(&desk);
                turn(&desk, (uint64_t)(i * i % 11) * MINUTE);
        }
        CHECK(count_pings(&desk) > 10);
        for (size_t i = 0; i < desk.port.n_entries; i++)
                for (size_t j = 0; j < i; j++)
                        if (slice_is(desk.port.entries[i].kind, "ping") &&
                            slice_is(desk.port.entries[j].kind, "ping")) {
                                Message a = decode(&desk, i), b = decode(&desk, j);

                                CHECK(a.ping.cause != b.ping.cause ||
                                      a.ping.wait_for != b.ping.wait_for ||
                                      a.ping.attempt != b.ping.attempt ||
                                      !slice_equal(a.ping.who, b.ping.who));
                        }
        desk_close(&desk);
}

/* ---- holds ---- */

TEST(who_keeps_others_waiting_is_told_after_a_while) {
        Message hold = {.type = MESSAGE_HOLD,
                        .hold = {.resource = slice_text("proxy"), .hold_ms = HOUR}};
        Desk desk;

        open_approved(&desk);
        (void)say(&desk, BUILDER, hold);
        (void)say(&desk, ADVERSARY, hold);
        turn(&desk, 4 * MINUTE);
        CHECK_EQ_U64(count_pings(&desk), 0);
        turn(&desk, 2 * MINUTE);
        CHECK_EQ_U64(count_pings(&desk), 1);
        CHECK_EQ_SLICE(newest(&desk, "ping").ping.who, slice_text("bob"));
        desk_close(&desk);
}

/* ---- stall ---- */

/* The same progress again and again, as a heartbeat, for so long. */
static void beat(Desk *desk, uint64_t claim, uint64_t ms) {
        const ClaimRecord *record = state_find_claim(desk_state(desk), claim);
        uint64_t lease = record->lease_seq;

        for (uint64_t past_ms = 0; past_ms < ms; past_ms += 50 * SECOND) {
                desk_say(desk, ADVERSARY,
                         (Message){.type = MESSAGE_PROGRESS,
                                   .progress = {.claim = claim,
                                                .lease = lease,
                                                .gate = slice_text("M1"),
                                                .what = slice_text("c"),
                                                .n_total = 2}});
                turn(desk, 50 * SECOND);
        }
}

TEST(a_lease_with_heartbeats_but_without_progress_lapses) {
        uint64_t claim;
        Desk desk;

        open_approved(&desk);
        claim = desk_claim_and_lease(&desk, 1);
        beat(&desk, claim, HOUR - 2 * MINUTE);
        CHECK_EQ_INT(state_find_claim(desk_state(&desk), claim)->state, CLAIM_STATE_LEASED);
        beat(&desk, claim, 4 * MINUTE);
        CHECK_EQ_INT(state_find_claim(desk_state(&desk), claim)->state, CLAIM_STATE_QUEUED);
        CHECK_CONTAINS(arena_text(&desk.arena, newest(&desk, "lapse").lapse.why), "no progress of");
        CHECK(desk_last(&desk, ADVERSARY, MESSAGE_CANCEL));
        desk_close(&desk);
}

TEST(a_declared_pause_is_no_stall) {
        uint64_t claim;
        Desk desk;

        open_approved(&desk);
        claim = desk_claim_and_lease(&desk, 1);
        (void)say(&desk, ADVERSARY, make_pause(&desk, 3 * HOUR));
        beat(&desk, claim, 2 * HOUR);
        CHECK_EQ_INT(state_find_claim(desk_state(&desk), claim)->state, CLAIM_STATE_LEASED);
        beat(&desk, claim, 3 * HOUR);
        CHECK_EQ_INT(state_find_claim(desk_state(&desk), claim)->state, CLAIM_STATE_QUEUED);
        desk_close(&desk);
}

TEST(who_waits_for_a_resource_does_not_stall) {
        Message hold = {.type = MESSAGE_HOLD,
                        .hold = {.resource = slice_text("proxy"), .hold_ms = 3 * HOUR}};
        uint64_t claim;
        Desk desk;

        open_approved(&desk);
        (void)say(&desk, BUILDER, hold);
        claim = desk_claim_and_lease(&desk, 1);
        hold.hold.lease = state_find_claim(desk_state(&desk), claim)->lease_seq;
        CHECK(desk_submit(&desk, ADVERSARY, hold));
        beat(&desk, claim, 2 * HOUR);
        CHECK_EQ_INT(state_find_claim(desk_state(&desk), claim)->state, CLAIM_STATE_LEASED);
        desk_close(&desk);
}
