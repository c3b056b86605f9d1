/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What an agent believes of its broker: what the broker's key signed, and nothing that contradicts
 * what the same key signed before. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "client/project.h"
#include "client/session_parts.h"
#include "proto/codec.h"

enum { PROTOCOL_VERSION = 1 };

static int refuse_welcome(Session *session, const char *rule, const char *found, const char *next,
                          Fault *fault) {
        fault_set(fault, rule, "%s", found);
        fault_place(fault, "%s", session->endpoint);
        fault_next(fault, "%s", next);
        return SESSION_E_REFUSED;
}

static int refuse_shorter(Session *session, uint64_t head_seq, Fault *fault) {
        fault_set(fault, "ledger-shorter",
                  "the broker's ledger ends at entry %llu; it signed entry %llu before",
                  (unsigned long long)head_seq, (unsigned long long)session->said_seen.seq);
        fault_place(fault, "%s/seen", session->dir);
        fault_next(fault,
                   "entries were lost: the operator restores the longer ledger; if it is gone for "
                   "good: broker restore --accept-loss WHY --seen FILE, with that file");
        return SESSION_E_REFUSED;
}

static int refuse_forked(Session *session, Fault *fault) {
        fault_set(fault, "ledger-forked",
                  "entry %llu of the broker's ledger is not the one that it signed before",
                  (unsigned long long)session->said_seen.seq);
        fault_place(fault, "%s/seen", session->dir);
        fault_next(fault,
                   "history was rewritten: keep that file, it proves it; run `broker verify` "
                   "and ask the operator");
        return SESSION_E_REFUSED;
}

/* Verified, compared with what we know, remembered. `known` is the key that is known of old. */
static int accept_checkpoint(Session *session, const PublicKey *known, const Seen *head, Slice hash,
                             Slice signature, Fault *fault) {
        Seen newer = *head;
        int r;

        memcpy(newer.checkpoint.signature, signature.data, SIGNATURE_BYTES);
        if (!hash_from_slice(hash, &newer.checkpoint.hash) ||
            !checkpoint_holds(&session->broker, &newer.ledger, &newer.checkpoint))
                return refuse_welcome(session, "checkpoint-false",
                                      "the checkpoint is not signed by the broker's key",
                                      "this is not the broker of this project: ask the operator",
                                      fault);
        newer.broker = session->broker;
        r = seen_advance(session->dir, known, &newer, fault);
        if (r == SEEN_E_REFUSED)
                return SESSION_E_REFUSED;
        TRY(r);
        if (newer.checkpoint.seq > session->head)
                session->head = newer.checkpoint.seq;
        return 0;
}

/* ---- the broker's key ---- */

static bool read_rotation(const struct rotation *rotation, const Hash *ledger, PublicKey *key) {
        cleanup_arena Arena arena = ARENA_INIT;
        CodecFault fault;
        Message message;
        Id id;

        if (!id_from_slice(rotation->id, &id) ||
            !entry_signature_holds(key, ledger, &id, rotation->frame, rotation->signature) ||
            codec_decode(rotation->frame, &arena, &message, &fault) != 0 ||
            message.type != MESSAGE_ROTATED)
                return false;
        /* Connections are to who has the other half: that one stays. */
        memcpy(key->sign, message.rotated.broker_key.data, SIGN_PUBLIC_BYTES);
        return true;
}

/* From a key to the one that the welcome names, each step said by an entry that the key before it
 * signed. */
static bool follow_key(const struct welcome *welcome, const Hash *ledger, PublicKey *key) {
        for (size_t i = 0; i < welcome->n_rotations; i++)
                (void)read_rotation(&welcome->rotations[i], ledger, key); /* or of another key */
        return slice_equal(welcome->broker_key, slice_make(key, sizeof *key));
}

/* Both what the config says and what this agent remembers, be it from another process of it, must
 * lead to the broker's key. */
static int accept_key(Session *session, const struct welcome *welcome, const Hash *ledger,
                      PublicKey *ret_known, Fault *fault) {
        PublicKey pinned = session->pinned, key;
        Seen seen;
        int r = seen_read(session->dir, &session->broker, &seen, fault);

        if (r == SEEN_E_REFUSED)
                return SESSION_E_REFUSED;
        TRY(r);
        *ret_known = key = seen.checkpoint.seq ? seen.broker : session->broker;
        if (!follow_key(welcome, ledger, &pinned) || !follow_key(welcome, ledger, &key))
                return refuse_welcome(session, "broker-key-differs",
                                      "the broker's key is neither the config's broker-key nor "
                                      "said to follow it by who had the key before",
                                      "ask the operator for the broker's public line", fault);
        session->broker = key;
        return 0;
}

/* Each agent remembers the key; the config is for those who have seen nothing yet. */
static void say_new_key(Session *session, const PublicKey *known) {
        char before[KEY_ID_HEX + 1], now[KEY_ID_HEX + 1];
        Fault fault = FAULT_INIT;
        int r = 0;

        if (memcmp(known, &session->broker, sizeof *known) != 0) {
                public_key_id(known, before);
                public_key_id(&session->broker, now);
                log_write(LOG_WARNING,
                          "THE BROKER HAS ANOTHER KEY: %s instead of %s, and an entry signed by "
                          "that one says so. From now on only the new one is believed",
                          now, before);
        }
        if (memcmp(&session->pinned, &session->broker, sizeof session->pinned) != 0)
                r = project_replace_broker_key(session->project_dir, &session->pinned,
                                               &session->broker, &fault);
        if (r != 0)
                log_write(LOG_WARNING, "%s/config keeps the broker's former key: %s",
                          session->project_dir, r > 0 ? fault.found : strerror(-r));
        session->pinned = session->broker;
}

static void say_loss(const Session *session, const struct restored *restored) {
        cleanup_buf Buf why = BUF_TEXT;

        text_make_visible(restored->why, false, &why);
        log_write(LOG_WARNING,
                  "THE LEDGER WAS RESTORED FROM A BACKUP: entries %llu to %llu, which this agent "
                  "may have seen, are lost (%s). What it said in them must be said again; the "
                  "proof of what was is kept: %s/seen.lost-%llu",
                  (unsigned long long)restored->kept_seq + 1,
                  (unsigned long long)restored->lost_seq, buf_get_text(&why), session->dir,
                  (unsigned long long)session->said_seen.seq);
}

static bool covers(const struct restored *restored, const Checkpoint *seen) {
        if (seen->seq <= restored->kept_seq)
                return false;
        return seen->seq < restored->lost_seq ||
               (seen->seq == restored->lost_seq &&
                slice_equal(restored->lost_hash, hash_slice(&seen->hash)));
}

/* Only what the broker's key signed, and only as far as it says. */
static bool read_restored(const Session *session, Slice frame, Arena *arena,
                          Message *ret_restored) {
        CodecFault fault;
        Message entry;
        Id id;

        return codec_decode(frame, arena, &entry, &fault) == 0 && entry.type == MESSAGE_ENTRY &&
               id_from_slice(entry.entry.id, &id) &&
               entry_signature_holds(&session->broker, &session->ledger, &id, entry.entry.frame,
                                     entry.entry.signature) &&
               codec_decode(entry.entry.frame, arena, ret_restored, &fault) == 0 &&
               ret_restored->type == MESSAGE_RESTORED &&
               covers(&ret_restored->restored, &session->said_seen);
}

/* What we have seen is lost, and an operator said so: SESSION_E_NOTHING if that is not shown. */
static int accept_loss(Session *session, const struct welcome *welcome, Fault *fault) {
        cleanup_free char *inbox = mem_printf("%s/inbox", session->dir);
        cleanup_arena Arena arena = ARENA_INIT;
        Message restored;
        int r;

        if (!session->has_ledger || !welcome->restored.n ||
            !read_restored(session, welcome->restored, &arena, &restored))
                return SESSION_E_NOTHING;
        r = seen_set_aside(session->dir, &session->broker, &session->said_seen, fault);
        if (r == SEEN_E_REFUSED)
                return SESSION_E_REFUSED;
        TRY(r);
        (void)unlink(inbox); /* entries of the same numbers are other ones now: none was read */
        say_loss(session, &restored.restored);
        session->said_seen = (Checkpoint){.seq = 0};
        session->head = 0;
        return 0;
}

/* What the broker says of the entry that our hello named. */
static int check_memory(Session *session, const struct welcome *welcome, Fault *fault) {
        int r;

        if (!session->said_seen.seq ||
            slice_equal(welcome->seen_hash, hash_slice(&session->said_seen.hash)))
                return 0;
        r = accept_loss(session, welcome, fault);
        if (r != SESSION_E_NOTHING)
                return r;
        if (welcome->head_seq < session->said_seen.seq || !welcome->seen_hash.n)
                return refuse_shorter(session, welcome->head_seq, fault);
        return refuse_forked(session, fault);
}

int session_accept_welcome(Session *session, const struct welcome *welcome, Fault *reterr_fault) {
        PublicKey known;
        Hash ledger;
        int r;

        if (welcome->protocol != PROTOCOL_VERSION)
                return refuse_welcome(session, "protocol-unsupported",
                                      "the broker speaks another version of the protocol",
                                      "install the same version of coldgate on both sides",
                                      reterr_fault);
        if (!hash_from_slice(welcome->ledger, &ledger) ||
            (session->has_ledger && !hash_equal(&ledger, &session->ledger)))
                return refuse_welcome(session, "ledger-forked",
                                      "the broker keeps another ledger than before",
                                      "ask the operator which ledger holds", reterr_fault);
        if (welcome->seen_seq != session->said_seen.seq)
                return SESSION_E_NOTHING;
        r = accept_key(session, welcome, &ledger, &known, reterr_fault);
        if (r == 0)
                r = check_memory(session, welcome, reterr_fault);
        if (r == 0)
                r = accept_checkpoint(
                        session, &known,
                        &(Seen){.ledger = ledger, .checkpoint = {.seq = welcome->head_seq}},
                        welcome->head_hash, welcome->head_signature, reterr_fault);
        if (r != 0)
                return r;
        say_new_key(session, &known);
        session->ledger = ledger;
        session->has_ledger = true;
        session->role = welcome->role;
        free(session->name);
        session->name = mem_strndup((const char *)welcome->name.data, welcome->name.n);
        return 0;
}

int session_accept_ack(Session *session, const struct ack *ack, Fault *reterr_fault) {
        if (ack->seq > ack->head_seq ||
            (ack->seq == ack->head_seq && !slice_equal(ack->hash, ack->head_hash)))
                return refuse_welcome(session, "checkpoint-false",
                                      "an answer's entry does not fit its checkpoint",
                                      "run `broker verify` and ask the operator", reterr_fault);
        return accept_checkpoint(
                session, &session->broker,
                &(Seen){.ledger = session->ledger, .checkpoint = {.seq = ack->head_seq}},
                ack->head_hash, ack->head_signature, reterr_fault);
}

int session_accept_entry(Session *session, const struct entry *entry, Fault *reterr_fault) {
        Entry whole = {.seq = entry->seq,
                       .received_ms = entry->received_ms,
                       .kind = entry->kind,
                       .phase = entry->phase,
                       .actor = entry->actor,
                       .frame = entry->frame,
                       .signature = entry->signature};
        Hash hash;

        if (!id_from_slice(entry->id, &whole.id) || !hash_from_slice(entry->prev, &whole.prev) ||
            !hash_from_slice(entry->hash, &whole.hash))
                return error_origin(-EBADMSG);
        entry_hash(&whole, &hash);
        if (!hash_equal(&hash, &whole.hash)) {
                fault_set(reterr_fault, "entry-false",
                          "entry %llu does not have the hash it came with",
                          (unsigned long long)entry->seq);
                fault_next(reterr_fault, "run `broker verify` and ask the operator");
                return SESSION_E_REFUSED;
        }
        if (entry->seq > session->head)
                session->head = entry->seq;
        return 0;
}
