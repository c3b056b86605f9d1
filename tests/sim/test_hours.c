/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Hours and weeks in virtual time: what is said again after a month, a machine that slept, a broker
 * that was away. */

#include <stdio.h>

#include "tests/lib/desk.h"
#include "tests/lib/test.h"

#define HOUR_MS UINT64_C(3600000)
#define DAY_MS  (24 * HOUR_MS)

enum { NOTES = 40, DAYS = 30, REPEATS_MAX = 5, LOST_PERCENT = 30, TEXT_BYTES = 32 };

/* ---- said several times ---- */

/* A note, and the answer that its author has in hand; without one it is said again. */
typedef struct Said {
        Id id;
        char text[TEXT_BYTES];
        uint64_t seq;
        Hash hash;
        size_t n_left;
} Said;

typedef struct Repeats {
        size_t n_said, n_rows, n_other; /* receipts that differ */
        uint64_t random;
} Repeats;

static uint64_t roll(Repeats *repeats, uint64_t sides) {
        repeats->random = repeats->random * 6364136223846793005 + 1442695040888963407;
        return (repeats->random >> 33) % sides;
}

static void say_note(Desk *desk, Said *said, Repeats *repeats) {
        const Message *ack;
        Hash hash;

        (void)desk_submit_as(desk, BUILDER, desk_make_note("m", NOTE_TO_RECORD, said->text),
                             &said->id);
        repeats->n_said++;
        ack = desk_last(desk, BUILDER, MESSAGE_ACK);
        CHECK(ack && slice_equal(ack->ack.id, id_slice(&said->id)));
        CHECK(hash_from_slice(ack->ack.hash, &hash));
        if (said->seq && (ack->ack.seq != said->seq || !hash_equal(&hash, &said->hash)))
                repeats->n_other++;
        if (roll(repeats, 100) >= LOST_PERCENT) {
                said->seq = ack->ack.seq;
                said->hash = hash;
        }
        said->n_left -= said->n_left > 0;
        desk_forget(desk);
}

/* On each day each note may be said; the broker begins anew each night. */
static Repeats say_for_a_month(FakeBug bug) {
        Repeats repeats = {.random = 1};
        Said said[NOTES];
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        desk.port.bug = bug;
        for (size_t i = 0; i < NOTES; i++) {
                said[i] = (Said){.n_left = 1 + roll(&repeats, REPEATS_MAX)};
                desk_make_id(&desk, &said[i].id);
                (void)snprintf(said[i].text, sizeof said[i].text, "note %zu", i);
        }
        for (size_t day = 0; day <= DAYS; day++) {
                for (size_t i = 0; i < NOTES; i++)
                        if (day == DAYS || ((said[i].n_left || !said[i].seq) && !roll(&repeats, 4)))
                                say_note(&desk, &said[i], &repeats);
                fake_port_turn(&desk.port, DAY_MS);
                desk_restart(&desk);
                desk_hello(&desk, BUILDER);
        }
        for (size_t i = 0; i < desk.port.n_durable; i++)
                repeats.n_rows += slice_is(desk.port.entries[i].kind, "note");
        desk_close(&desk);
        return repeats;
}

TEST(a_note_said_again_over_thirty_days_is_one_entry_with_one_receipt) {
        Repeats repeats = say_for_a_month(FAKE_BUG_NONE);

        printf("# notes | %d, said %zu times in %d days and restarts; entries %zu, receipts that "
               "differ %zu\n",
               NOTES, repeats.n_said, DAYS, repeats.n_rows, repeats.n_other);
        CHECK_EQ_U64(repeats.n_rows, NOTES);
        CHECK_EQ_U64(repeats.n_other, 0);
}

TEST(a_broker_that_knows_for_a_while_only_what_was_said_has_more_entries_and_receipts) {
        Repeats repeats = say_for_a_month(FAKE_BUG_WINDOW);

        CHECK(repeats.n_rows > NOTES);
        CHECK(repeats.n_other > 0);
}

/* ---- a machine that is suspended ---- */

static size_t count_entries(const Desk *desk, const char *kind) {
        size_t n = 0;

        for (size_t i = 0; i < desk->port.n_durable; i++)
                n += slice_is(desk->port.entries[i].kind, kind);
        return n;
}

/* A leased claim, and an hour that the wall clock sees, and the monotonic one does or not. */
static void pass_an_hour(Desk *desk, bool is_asleep, uint64_t *ret_claim) {
        desk_open(desk);
        desk_approve(desk);
        *ret_claim = desk_claim_and_lease(desk, 1);
        desk->port.wall_ms += HOUR_MS;
        desk->port.mono_ms += is_asleep ? 0 : HOUR_MS;
        desk_tick(desk);
}

TEST(a_machine_that_slept_an_hour_takes_nobody_for_dead) {
        uint64_t claim;
        Desk desk;

        pass_an_hour(&desk, true, &claim);
        CHECK_EQ_U64(count_entries(&desk, "lapse"), 0);
        CHECK_EQ_U64(count_entries(&desk, "ping"), 0);
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_verdict(&desk, claim, "M1", DECISION_PASS)) >
              0);
        CHECK_EQ_U64(count_entries(&desk, "lease"), 1);
        desk_close(&desk);
}

TEST(an_hour_without_a_sign_ends_the_lease_where_nobody_slept) {
        uint64_t claim;
        Desk desk;

        pass_an_hour(&desk, false, &claim);
        CHECK_EQ_U64(count_entries(&desk, "lapse"), 1);
        desk_close(&desk);
}

TEST(a_broker_that_slept_knows_its_connections_still) {
        uint64_t claim;
        Desk desk;

        pass_an_hour(&desk, true, &claim);
        desk_say(&desk, OBSERVER, (Message){.type = MESSAGE_HEARTBEAT});
        CHECK_EQ_TEXT(desk_rule(&desk, OBSERVER), "");
        CHECK(desk_last(&desk, OBSERVER, MESSAGE_HEARTBEAT));
        desk_close(&desk);
}
