/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * An agent whose broker says whatever it likes: as it comes, or rightly signed, with losses and
 * keys that follow each other. An agent believes what the broker's key signed, and nothing that
 * contradicts what it signed before: what is remembered can be read again and never goes back,
 * but for a loss that was admitted.
 *
 * The input is a row of pieces: what is done with the bytes, their length in two bytes, a frame.
 */

#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "client/session_parts.h"
#include "proto/codec.h"
#include "view/status.h"

enum { PIECES_MAX = 32, HEAD_BYTES = 3, PATH_BYTES = 64, LATER_KEYS = 3 };

typedef enum Deed {
        SAY,
        SAY_SIGNED,
        ADMIT_LOSS, /* with the next welcome */
        ROTATE,     /* likewise */
        RECONNECT,
        _DEED_MAX
} Deed;

static char dir[PATH_BYTES], agent_dir[PATH_BYTES + 8], config[PATH_BYTES + 8];
static Key keys[1 + LATER_KEYS]; /* of the broker, one after the other */
static const Id an_id = {{1}};

typedef struct Play {
        Session session;
        size_t n_rotated; /* the key that signs now */
        struct rotation rotations[LATER_KEYS];
        Slice restored;
        Arena arena;
        Seen newest; /* that the agent remembered */
} Play;

static void clean_up(void) {
        must(dir_remove(dir) == 0);
}

static void make_world(void) {
        (void)snprintf(dir, sizeof dir, "/dev/shm/fuzz-session-%d", (int)getpid());
        (void)snprintf(agent_dir, sizeof agent_dir, "%s/agent", dir);
        (void)snprintf(config, sizeof config, "%s/config", dir);
        must(sign_start() == 0 && dir_make(dir, 0700) == 0 && atexit(clean_up) == 0);
        for (uint8_t i = 0; i <= LATER_KEYS; i++)
                key_from_seed((uint8_t[32]){1, i}, &keys[i]);
        for (size_t i = 1; i <= LATER_KEYS; i++)
                memcpy(keys[i].public.curve, keys[0].public.curve, sizeof keys[0].public.curve);
}

static void begin(Play *play) {
        cleanup_buf Buf text = BUF_TEXT;

        must(dir_remove(agent_dir) == 0 && dir_make(agent_dir, 0700) == 0);
        buf_text(&text, "name = m\nbroker-key = ");
        public_key_format(&keys[0].public, "broker", &text);
        must(file_write_atomic(config, buf_get(&text), 0600) == 0);
        *play = (Play){.session = {.broker = keys[0].public,
                                   .pinned = keys[0].public,
                                   .project_dir = dir,
                                   .dir = agent_dir,
                                   .endpoint = (char *)"ipc:///b"}};
}

static void end(Play *play) {
        free(play->session.name);
        for (size_t i = 0; i < play->session.n_rules; i++)
                free(play->session.rules[i]);
        arena_deinit(&play->session.reasons_arena);
        arena_deinit(&play->arena);
}

/* ---- what is remembered ---- */

static void look(Play *play, bool may_go_back) {
        Fault fault = FAULT_INIT;
        Seen seen;

        must(seen_read(agent_dir, &keys[0].public, &seen, &fault) == 0);
        if (play->newest.checkpoint.seq && !may_go_back) {
                must(hash_equal(&seen.ledger, &play->newest.ledger));
                must(seen.checkpoint.seq >= play->newest.checkpoint.seq);
                must(seen.checkpoint.seq > play->newest.checkpoint.seq ||
                     hash_equal(&seen.checkpoint.hash, &play->newest.checkpoint.hash));
        }
        play->newest = seen;
}

static void reconnect(Play *play) {
        play->session.said_seen = play->newest.checkpoint;
        play->session.has_ledger = play->newest.checkpoint.seq > 0;
        play->session.ledger = play->newest.ledger;
        if (play->newest.checkpoint.seq)
                play->session.broker = play->newest.broker;
}

/* ---- what the broker signs ---- */

static Slice signed_head(Play *play, Slice ledger, uint64_t seq, Slice hash) {
        Checkpoint checkpoint;
        Hash id, head;

        must(hash_from_slice(ledger, &id) && hash_from_slice(hash, &head));
        checkpoint_sign(&keys[play->n_rotated], &id, seq, &head, &checkpoint);
        return arena_slice(&play->arena,
                           slice_make(checkpoint.signature, sizeof checkpoint.signature));
}

static void sign_welcome(Play *play, struct welcome *welcome) {
        const Session *session = &play->session;

        welcome->protocol = 1;
        welcome->seen_seq = session->said_seen.seq;
        if (session->has_ledger)
                welcome->ledger = hash_slice(&session->ledger);
        welcome->broker_key =
                slice_make(&keys[play->n_rotated].public, sizeof keys[play->n_rotated].public);
        welcome->rotations = play->rotations;
        welcome->n_rotations = play->n_rotated;
        if (play->restored.n)
                welcome->restored = play->restored;
        else if (session->said_seen.seq && session->said_seen.seq <= welcome->head_seq)
                welcome->seen_hash = hash_slice(&session->said_seen.hash);
        welcome->head_signature =
                signed_head(play, welcome->ledger, welcome->head_seq, welcome->head_hash);
}

static void sign_ack(Play *play, struct ack *ack) {
        ack->head_signature =
                signed_head(play, hash_slice(&play->session.ledger), ack->head_seq, ack->head_hash);
}

static Slice signature_of(Play *play, const Key *key, Slice frame) {
        uint8_t signature[SIGNATURE_BYTES];

        entry_sign(key, &play->session.ledger, &an_id, frame, signature);
        return arena_slice(&play->arena, slice_make(signature, sizeof signature));
}

static Slice frame_of(Play *play, Message *message) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        CodecFault fault;

        message_set_present(message);
        return codec_encode(message, &frame, &fault) == 0
                       ? arena_slice(&play->arena, buf_get(&frame))
                       : SLICE_NULL;
}

static void admit_loss(Play *play, Slice frame) {
        static const uint8_t zeros[HASH_BYTES];
        Message entry = {.type = MESSAGE_ENTRY};

        entry.entry = (struct entry){.seq = 1,
                                     .received_ms = 1,
                                     .kind = slice_text("restored"),
                                     .phase = slice_text(""),
                                     .actor = slice_text("broker"),
                                     .id = id_slice(&an_id),
                                     .frame = frame,
                                     .signature = signature_of(play, &keys[play->n_rotated], frame),
                                     .prev = slice_make(zeros, sizeof zeros),
                                     .hash = slice_make(zeros, sizeof zeros)};
        play->restored = frame_of(play, &entry);
}

static void rotate(Play *play) {
        static const uint8_t zeros[SIGNATURE_BYTES];
        Message message = {.type = MESSAGE_ROTATED};
        Slice frame;

        if (play->n_rotated == LATER_KEYS)
                return;
        message.rotated.broker_key = slice_make(&keys[play->n_rotated + 1].public,
                                                sizeof keys[play->n_rotated + 1].public);
        message.rotated.consent = slice_make(zeros, sizeof zeros);
        frame = frame_of(play, &message);
        play->rotations[play->n_rotated] =
                (struct rotation){.seq = play->n_rotated + 1,
                                  .id = id_slice(&an_id),
                                  .frame = frame,
                                  .signature = signature_of(play, &keys[play->n_rotated], frame)};
        play->n_rotated++;
}

/* ---- what the agent makes of it ---- */

static void hear(Play *play, const Message *message) {
        cleanup_buf Buf text = BUF_TEXT;
        Fault fault = FAULT_INIT;
        int r = 0;

        if (message->type == MESSAGE_WELCOME)
                r = session_accept_welcome(&play->session, &message->welcome, &fault);
        else if (message->type == MESSAGE_ACK)
                r = session_accept_ack(&play->session, &message->ack, &fault);
        else if (message->type == MESSAGE_ENTRY)
                r = session_accept_entry(&play->session, &message->entry, &fault);
        must(r == 0 || r == SESSION_E_NOTHING || (r == SESSION_E_REFUSED && fault.rule));
        if (message->type == MESSAGE_REFUSE) {
                session_note_refusal(&play->session, &message->refuse, &fault);
                must(fault.rule && utf8_is_valid(slice_text(fault.found)));
                reasons_describe(play->session.reasons, play->session.n_reasons, &text);
                (void)refusal_exit_status(&fault);
        }
}

static void say(Play *play, Slice frame, bool is_signed) {
        cleanup_arena Arena arena = ARENA_INIT;
        CodecFault fault;
        Message message;

        if (codec_decode_answer(frame, &arena, &message, &fault) != 0)
                return;
        if (is_signed && message.type == MESSAGE_WELCOME)
                sign_welcome(play, &message.welcome);
        else if (is_signed && message.type == MESSAGE_ACK)
                sign_ack(play, &message.ack);
        hear(play, &message);
        look(play, message.type == MESSAGE_WELCOME && play->restored.n);
}

static void act(Play *play, uint8_t head, Slice bytes) {
        switch ((Deed)(head % _DEED_MAX)) {
        case SAY: say(play, bytes, false); break;
        case SAY_SIGNED: say(play, bytes, true); break;
        case ADMIT_LOSS: admit_loss(play, bytes); break;
        case ROTATE: rotate(play); break;
        case RECONNECT: reconnect(play); break;
        case _DEED_MAX: break;
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        Slice rest = slice_make(data, n);
        Play play;

        if (!dir[0])
                make_world();
        begin(&play);
        for (size_t i = 0; i < PIECES_MAX && rest.n >= HEAD_BYTES; i++) {
                size_t n_piece = (size_t)rest.data[1] << 8 | rest.data[2];
                Slice bytes = slice_head(slice_from(rest, HEAD_BYTES), n_piece);

                act(&play, rest.data[0], bytes);
                rest = slice_from(rest, HEAD_BYTES + bytes.n);
        }
        end(&play);
        return 0;
}
