/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Signatures looked at before their turn. */

#include "broker/ahead.h"

#include <sched.h>
#include <string.h>

#include "base/processors.h"
#include "base/hash.h"
#include "proto/codec.h"
#include "tests/lib/test.h"

enum { N_FRAMES = 400, TRIES = 1000 };

typedef struct Waiting {
        Buf frame;
        AheadJob job;
} Waiting;

typedef struct Room {
        Key key;
        Hash ledger;
        Waiting waiting[N_FRAMES];
} Room;

/* A submission of some bytes; `is_right` false: of which the signature is not. */
static void make_frame(const Room *room, uint8_t number, bool is_right, Buf *ret_frame) {
        uint8_t signature[SIGNATURE_BYTES];
        Message submit = {.type = MESSAGE_SUBMIT};
        Id id = {{number}};
        CodecFault fault;

        entry_sign(&room->key, &room->ledger, &id, slice_text("an entry"), signature);
        signature[0] ^= is_right ? 0 : 1;
        submit.submit.id = id_slice(&id);
        submit.submit.frame = slice_text("an entry");
        submit.submit.signature = slice_make(signature, sizeof signature);
        message_set_present(&submit);
        *ret_frame = BUF_INIT(FRAME_MAX);
        CHECK_EQ_INT(codec_encode(&submit, ret_frame, &fault), 0);
}

static void room_init(Room *room) {
        CHECK_EQ_INT(sign_start(), 0);
        memset(room, 0, sizeof *room);
        key_make(&room->key);
        room->ledger.bytes[0] = 7;
        for (size_t i = 0; i < N_FRAMES; i++)
                make_frame(room, (uint8_t)i, i % 3 != 0, &room->waiting[i].frame);
}

static void room_deinit(Room *room) {
        for (size_t i = 0; i < N_FRAMES; i++)
                buf_deinit(&room->waiting[i].frame);
}

static void add_all(Room *room, Ahead *ahead) {
        for (size_t i = 0; i < N_FRAMES; i++)
                ahead_add(ahead, &room->waiting[i].job, buf_get(&room->waiting[i].frame),
                          &room->key.public, &room->ledger);
        ahead_begin(ahead);
}

static bool is_known(const Room *room, const Waiting *waiting, const PublicKey *author) {
        cleanup_arena Arena arena = ARENA_INIT;
        CodecFault fault;
        Message message;

        CHECK_EQ_INT(codec_decode(buf_get(&waiting->frame), &arena, &message, &fault), 0);
        return ahead_holds(&waiting->job, author, &room->ledger, &message.submit);
}

TEST(what_is_known_is_true_and_of_this_key_and_ledger_alone) {
        static Room room;
        size_t n_known = 0;
        Hash other_ledger = {{9}};
        Key other;
        Ahead *ahead;

        room_init(&room);
        key_make(&other);
        /* Until a thread has come before us. */
        for (unsigned i = 0; i < TRIES && n_known == 0; i++) {
                ahead = ahead_new();
                add_all(&room, ahead);
                for (size_t j = 0; j < N_FRAMES; j++) {
                        Waiting *waiting = &room.waiting[j];

                        ahead_take(ahead, &waiting->job);
                        if (!is_known(&room, waiting, &room.key.public)) {
                                (void)sched_yield();
                                continue;
                        }
                        n_known++;
                        CHECK(j % 3 != 0);
                        CHECK(!is_known(&room, waiting, &other.public));
                        waiting->job.ledger = other_ledger;
                        CHECK(!is_known(&room, waiting, &room.key.public));
                }
                (void)ahead_free(ahead);
        }
        CHECK(n_known > 0 || processors_count() < 2);
        room_deinit(&room);
}

TEST(what_another_frame_says_is_not_known_by_this_one) {
        static Room room;
        Message message;
        cleanup_arena Arena arena = ARENA_INIT;
        AheadJob *job = &room.waiting[1].job;
        CodecFault fault;

        room_init(&room);
        *job = (AheadJob){.state = AHEAD_OVER,
                          .holds = true,
                          .frame = buf_get(&room.waiting[1].frame),
                          .author = room.key.public,
                          .ledger = room.ledger};
        CHECK(is_known(&room, &room.waiting[1], &room.key.public));
        CHECK_EQ_INT(codec_decode(buf_get(&room.waiting[2].frame), &arena, &message, &fault), 0);
        CHECK(!ahead_holds(job, &room.key.public, &room.ledger, &message.submit));
        room_deinit(&room);
}

TEST(a_job_can_be_taken_back_before_and_while_it_is_looked_at) {
        static Room room;
        Ahead *ahead = ahead_new();

        room_init(&room);
        add_all(&room, ahead);
        for (size_t i = N_FRAMES; i-- > 0;) { /* from the end, where the threads begin */
                ahead_take(ahead, &room.waiting[i].job);
                CHECK(room.waiting[i].job.state == AHEAD_OURS ||
                      room.waiting[i].job.state == AHEAD_OVER);
                buf_clear(&room.waiting[i].frame);
        }
        (void)ahead_free(ahead);
        room_deinit(&room);
}

TEST(what_is_no_submission_is_not_looked_at) {
        Ahead *ahead = ahead_new();
        const Hash ledger = {{1}};
        AheadJob job = {.state = AHEAD_OURS};
        Key key;

        CHECK_EQ_INT(sign_start(), 0);
        key_make(&key);
        ahead_add(ahead, &job, slice_text("\x92\x01"), &key.public, &ledger);
        CHECK_EQ_INT(job.state, AHEAD_OURS);
        ahead_add(ahead, &job, SLICE_NULL, &key.public, &ledger);
        CHECK_EQ_INT(job.state, AHEAD_OURS);
        ahead_take(ahead, &job);
        (void)ahead_free(ahead);
}
