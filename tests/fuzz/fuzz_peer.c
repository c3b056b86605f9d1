/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * A broker whose peers say whatever they like: frames, and entries that they signed, from every
 * role. Nothing of it may be fatal, nothing is sent before it is durable (the fake port looks), and
 * what a fresh fold makes of the ledger is the live state (the desk looks).
 *
 * The input is a row of pieces: who (its high bits: what is done with the bytes), the length in two
 * bytes, the bytes.
 */

#include "tests/fuzz/fuzz.h"

#include <errno.h>

#include "base/mem.h"
#include "broker/status.h"
#include "proto/codec.h"
#include "proto/scan.h"
#include "tests/lib/desk.h"

enum { PIECES_MAX = 64, HEAD_BYTES = 3, TURN_MS = 7000 };

typedef enum Deed { SAY, SUBMIT, TURN, RESTART, _DEED_MAX } Deed;

static void say(Desk *desk, Who who, Slice bytes) {
        Route route = fake_route((uint8_t)who);

        must(core_receive(desk->core, &route, desk->keys[who].public.curve, bytes) == 0);
}

/* The bytes as an entry, rightly signed, with an id that nobody had. */
static void submit(Desk *desk, Who who, Slice bytes) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        uint8_t signature[SIGNATURE_BYTES];
        Message message = {.type = MESSAGE_SUBMIT};
        CodecFault fault;
        Id id;

        if (!bytes.n)
                return;
        desk_make_id(desk, &id);
        entry_sign(&desk->keys[who], &desk_state(desk)->ledger, &id, bytes, signature);
        message.submit = (struct submit){.id = id_slice(&id),
                                         .frame = bytes,
                                         .signature = slice_make(signature, sizeof signature)};
        message_set_present(&message);
        if (codec_encode(&message, &frame, &fault) == 0)
                say(desk, who, buf_get(&frame));
}

static void turn(Desk *desk, Slice bytes) {
        fake_port_turn(&desk->port, TURN_MS * (1 + (uint64_t)bytes.n));
        must(core_tick(desk->core) == 0 && core_commit(desk->core) == 0);
}

static void play(Desk *desk, uint8_t head, Slice bytes) {
        Who who = (Who)(head % _WHO_MAX);

        switch ((Deed)(head / 64)) {
        case SAY: say(desk, who, bytes); break;
        case SUBMIT:
                submit(desk, who, bytes);
                must(core_commit(desk->core) == 0);
                break;
        case TURN: turn(desk, bytes); break;
        case RESTART:
                must(core_commit(desk->core) == 0);
                desk_restart(desk);
                for (int i = 0; i < STRANGER; i++)
                        desk_hello(desk, (Who)i);
                break;
        case _DEED_MAX: break;
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        Slice rest = slice_make(data, n);
        Desk desk;

        desk_open(&desk);
        for (size_t i = 0; i < PIECES_MAX && rest.n > HEAD_BYTES; i++) {
                size_t n_piece = (size_t)rest.data[1] << 8 | rest.data[2];
                Slice bytes = slice_head(slice_from(rest, HEAD_BYTES), n_piece);

                play(&desk, rest.data[0], bytes);
                rest = slice_from(rest, HEAD_BYTES + bytes.n);
        }
        desk_commit(&desk);
        desk_tick(&desk);
        desk_close(&desk);
        return 0;
}
