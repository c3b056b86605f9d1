/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * The steps of a session. A message leaves the outbox when, and only when, its answer has come;
 * everything else here may be repeated at any time.
 */

#include "client/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "client/session_parts.h"
#include "proto/codec.h"

enum {
        PROTOCOL_VERSION = 1,
        RESEND_MS = 5000, /* without an answer on a connection that lives */
        REFUSED_MS = 500, /* after a refusal that says "not now", more or less */
};

/* Refusals that say "not now", not "no": what was refused stays in the outbox. */
static const char *const passing_rules[] = {"hello-first", "peers-too-many", "disk-full",
                                            "log-full",    "busy",           "quota-entries"};

/* ---- life ---- */

/* Keys of the project have folders with their names, however the path is spelled; a key from
 * elsewhere has its id. */
static int find_agent_dir(const Project *project, const char *key_path, const Key *key,
                          char **ret_dir) {
        cleanup_free char *keys_as_named = mem_printf("%s/keys", project->dir);
        cleanup_free char *keys = realpath(keys_as_named, NULL);
        cleanup_free char *path = realpath(key_path, NULL);
        char *slash = path ? strrchr(path, '/') : NULL;
        char id[KEY_ID_HEX + 1];

        if (keys && slash) {
                *slash = 0;
                if (strcmp(path, keys) == 0 && project_name_is_plain(slice_text(slash + 1)))
                        return project_agent_dir(project, slash + 1, ret_dir);
        }
        public_key_id(&key->public, id);
        return project_agent_dir(project, id, ret_dir);
}

static int remember(Session *session, Fault *fault) {
        Seen seen;
        int r = seen_read(session->dir, &session->broker, &seen, fault);

        if (r == SEEN_E_REFUSED)
                return SESSION_E_REFUSED;
        TRY(r);
        if (seen.checkpoint.seq)
                session->broker = seen.broker;
        session->said_seen = seen.checkpoint;
        session->has_ledger = seen.checkpoint.seq > 0;
        session->ledger = seen.ledger;
        return 0;
}

static int session_open(Session *session, const Project *project, Fault *fault) {
        cleanup_free char *outbox = NULL;
        int r = key_read(session->key_path, &session->key, fault);

        if (r == KEY_E_REFUSED)
                return SESSION_E_REFUSED;
        TRY(r);
        TRY(find_agent_dir(project, session->key_path, &session->key, &session->dir));
        r = remember(session, fault);
        if (r != 0)
                return r;
        outbox = mem_printf("%s/outbox", session->dir);
        TRY(outbox_open(outbox, &session->outbox));
        r = link_open(&session->link, session->endpoint, &session->key, &session->pinned, fault);
        return r == LINK_E_REFUSED ? SESSION_E_REFUSED : r;
}

int session_new(const Project *project, const char *key_path, const char *program,
                Session **ret_session, Fault *reterr_fault) {
        cleanup(session_freep) Session *session = mem_new(Session);
        int r;

        TRY(sign_start());
        session->broker = session->pinned = project->broker_key;
        session->project_dir = mem_strdup(project->dir);
        session->endpoint = mem_strdup(project->endpoint);
        session->program = mem_strdup(program);
        session->key_path = mem_strdup(key_path);
        session->name = mem_strdup("");
        session->role = ROLE_OBSERVER;
        r = session_open(session, project, reterr_fault);
        if (r != 0)
                return r;
        *ret_session = TAKE(session);
        return 0;
}

Session *session_free(Session *session) {
        if (!session)
                return NULL;
        link_close(&session->link);
        outbox_deinit(&session->outbox);
        key_deinit(&session->key);
        arena_deinit(&session->reasons_arena);
        for (size_t i = 0; i < session->n_rules; i++)
                free(session->rules[i]);
        free(session->project_dir);
        free(session->endpoint);
        free(session->program);
        free(session->key_path);
        free(session->dir);
        free(session->name);
        free(session);
        return NULL;
}

/* Every later step is refused with this fault. */
static int end(Session *session, const Fault *fault) {
        session->has_ended = true;
        session->end_fault = *fault;
        return SESSION_E_REFUSED;
}

bool session_is_connected(const Session *session) {
        return session->link.is_welcomed;
}

const char *session_get_name(const Session *session) {
        return session->name;
}

Role session_get_role(const Session *session) {
        return session->role;
}

uint64_t session_get_head(const Session *session) {
        return session->head;
}

size_t session_count_unanswered(const Session *session) {
        return session->outbox.n_items;
}

/* ---- saying ---- */

static int say_hello(Session *session, uint64_t now_ms) {
        Message hello = {.type = MESSAGE_HELLO};
        int r;

        hello.hello.protocol = PROTOCOL_VERSION;
        hello.hello.program = slice_text(session->program);
        if (session->said_seen.seq) {
                hello.hello.seen_seq = session->said_seen.seq;
                hello.hello.seen_hash = hash_slice(&session->said_seen.hash);
                hello.hello.seen_signature =
                        slice_make(session->said_seen.signature, SIGNATURE_BYTES);
        }
        message_set_present(&hello);
        r = link_send(&session->link, &hello);
        if (r == LINK_E_FULL)
                return 0;
        TRY(r);
        link_set_greeted(&session->link, now_ms);
        return 0;
}

/* Signed anew each time: Ed25519 gives the same bytes, and the ledger's id is known only now. */
static int send_item(Session *session, OutboxItem *item, uint64_t now_ms) {
        Message submit = {.type = MESSAGE_SUBMIT};
        uint8_t signature[SIGNATURE_BYTES];
        int r;

        entry_sign(&session->key, &session->ledger, &item->id, item->frame, signature);
        submit.submit.id = id_slice(&item->id);
        submit.submit.frame = item->frame;
        submit.submit.signature = slice_make(signature, sizeof signature);
        message_set_present(&submit);
        r = link_send(&session->link, &submit);
        if (r == 0) {
                item->welcome = session->n_welcomes;
                item->sent_ms = now_ms;
        }
        return r;
}

static int resend(Session *session, uint64_t now_ms) {
        if (!session->link.is_welcomed || session->resend_is_due)
                return 0;
        for (size_t i = 0; i < session->outbox.n_items; i++) {
                OutboxItem *item = &session->outbox.items[i];
                int r;

                if (item->welcome == session->n_welcomes && now_ms - item->sent_ms < RESEND_MS)
                        continue;
                r = send_item(session, item, now_ms);
                if (r == LINK_E_FULL)
                        return 0;
                TRY(r);
        }
        return 0;
}

int session_submit(Session *session, const Message *entry, Id *ret_id) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        CodecFault fault;
        int r;

        if (codec_encode(entry, &frame, &fault) != 0)
                return error_origin(-EMSGSIZE);
        id_make(&session->ids, clock_wall_ms(), ret_id);
        r = outbox_add(&session->outbox, ret_id, buf_get(&frame));
        if (r == OUTBOX_E_FULL)
                return error_origin(-ENOBUFS);
        TRY(r);
        if (!session->link.is_welcomed)
                return 0;
        r = send_item(session, &session->outbox.items[session->outbox.n_items - 1],
                      clock_mono_ms());
        return r == LINK_E_FULL ? 0 : r;
}

int session_send(Session *session, const Message *message) {
        int r = session->link.is_welcomed ? link_send(&session->link, message) : 0;

        return r == LINK_E_FULL ? 0 : r;
}

/* ---- hearing ---- */

static const char *keep_rule(Session *session, Slice rule) {
        for (size_t i = 0; i < session->n_rules; i++)
                if (slice_is(rule, session->rules[i]))
                        return session->rules[i];
        if (session->n_rules == RULES_KEPT_MAX)
                return "refused";
        session->rules[session->n_rules] = mem_strndup((const char *)rule.data, rule.n);
        return session->rules[session->n_rules++];
}

/* A refusal quotes what others have said: nothing of it may steer a terminal. */
void session_note_refusal(Session *session, const struct refuse *refuse, Fault *ret_fault) {
        cleanup_buf Buf found = BUF_TEXT, place = BUF_TEXT, next = BUF_TEXT;

        arena_deinit(&session->reasons_arena);
        session->n_reasons = refuse->n_reasons;
        session->reasons = NULL;
        if (refuse->n_reasons)
                session->reasons = arena_alloc_array(&session->reasons_arena, refuse->n_reasons,
                                                     sizeof(Slice));
        for (size_t i = 0; i < refuse->n_reasons; i++)
                session->reasons[i] = arena_slice(&session->reasons_arena, refuse->reasons[i]);
        text_make_visible(refuse->found, false, &found);
        text_make_visible(refuse->place, false, &place);
        text_make_visible(refuse->next, false, &next);
        fault_set(ret_fault, keep_rule(session, refuse->rule), "%s", buf_get_text(&found));
        fault_place(ret_fault, "%s", buf_get_text(&place));
        fault_next(ret_fault, "%s", buf_get_text(&next));
}

const Slice *session_get_reasons(const Session *session, size_t *ret_n) {
        *ret_n = session->n_reasons;
        return session->reasons;
}

static bool is_passing(Slice rule) {
        for (size_t i = 0; i < ARRAY_SIZE(passing_rules); i++)
                if (slice_is(rule, passing_rules[i]))
                        return true;
        return false;
}

static int on_welcome(Session *session, const Message *message, Fault *fault) {
        int r;

        if (session->link.is_welcomed)
                return SESSION_E_NOTHING; /* the answer to a hello that was said twice */
        r = session_accept_welcome(session, &message->welcome, fault);
        if (r == SESSION_E_REFUSED)
                return end(session, fault);
        if (r == SESSION_E_NOTHING)
                return SESSION_E_NOTHING;
        TRY(r);
        link_set_welcomed(&session->link);
        session->n_welcomes++;
        session->resend_is_due = true;
        return 0;
}

static int on_ack(Session *session, const Message *message, Fault *fault) {
        OutboxItem *item = outbox_find(&session->outbox, message->ack.id);
        int r;

        if (!item || !session->has_ledger)
                return SESSION_E_NOTHING; /* the answer to a resend */
        r = session_accept_ack(session, &message->ack, fault);
        if (r == SESSION_E_REFUSED)
                return end(session, fault);
        TRY(r);
        outbox_remove(&session->outbox, item);
        return 0;
}

/* By chance, that not all who were refused together come again together. */
static uint64_t wait_after_refusal(void) {
        uint16_t chance;

        random_bytes(&chance, sizeof chance);
        return REFUSED_MS / 2 + chance % REFUSED_MS;
}

/* Who waits for this one is told at once. Of what nobody waits for, "not now" is no answer. */
static bool is_awaited(const Session *session, const OutboxItem *item) {
        return item && session->awaited && id_equal(&item->id, session->awaited);
}

static int on_refuse(Session *session, const Message *message, Fault *fault) {
        const struct refuse *refuse = &message->refuse;
        OutboxItem *item = refuse->id.n ? outbox_find(&session->outbox, refuse->id) : NULL;

        if (is_passing(refuse->rule) && !is_awaited(session, item)) {
                if (slice_is(refuse->rule, "hello-first"))
                        session->link.is_greeted = session->link.is_welcomed = false;
                if (item)
                        item->sent_ms = clock_mono_ms() - RESEND_MS + wait_after_refusal();
                return SESSION_E_NOTHING;
        }
        if (refuse->id.n && !item)
                return SESSION_E_NOTHING;
        session_note_refusal(session, refuse, fault);
        if (item)
                outbox_remove(&session->outbox, item);
        else if (!session->link.is_welcomed || strncmp(fault->rule, "key-", 4) == 0)
                return end(session, fault);
        return 0;
}

static int on_entry(Session *session, const Message *message, Fault *fault) {
        int r = session_accept_entry(session, &message->entry, fault);

        return r == SESSION_E_REFUSED ? end(session, fault) : r;
}

static int on_heartbeat(Session *session, const Message *message, Fault *fault) {
        (void)session;
        (void)message;
        (void)fault;
        return SESSION_E_NOTHING; /* that it came was noted where it was read */
}

/* What is not here goes to the program as it is. */
static const struct {
        MessageType type;
        int (*handle)(Session *session, const Message *message, Fault *fault);
} handlers[] = {
        {MESSAGE_WELCOME, on_welcome},     {MESSAGE_ACK, on_ack},
        {MESSAGE_REFUSE, on_refuse},       {MESSAGE_ENTRY, on_entry},
        {MESSAGE_HEARTBEAT, on_heartbeat},
};

static int handle(Session *session, const Message *message, Fault *fault) {
        for (size_t i = 0; i < ARRAY_SIZE(handlers); i++)
                if (handlers[i].type == message->type)
                        return handlers[i].handle(session, message, fault);
        return message_spec(message->type)->direction == FROM_BROKER ||
                               message_spec(message->type)->direction == BOTH_WAYS
                       ? 0
                       : SESSION_E_NOTHING;
}

/* ---- steps ---- */

static int hear(Session *session, Arena *arena, Message *ret_message, Fault *fault) {
        for (;;) {
                CodecFault codec_fault;
                Slice frame;
                int r = link_receive(&session->link, clock_mono_ms(), &frame);

                if (r == LINK_E_NOTHING)
                        return SESSION_E_NOTHING;
                TRY(r);
                r = codec_decode_answer(arena_slice(arena, frame), arena, ret_message,
                                        &codec_fault);
                if (r == CODEC_E_REFUSED) {
                        codec_fault_to_fault(&codec_fault, fault);
                        return end(session, fault);
                }
                TRY(r);
                r = handle(session, ret_message, fault);
                if (r != SESSION_E_NOTHING)
                        return r;
        }
}

int session_poll(Session *session, Arena *arena, Message *ret_message, Fault *reterr_fault) {
        int r;

        if (session->has_ended) {
                *reterr_fault = session->end_fault;
                return SESSION_E_REFUSED;
        }
        session->resend_is_due = false;
        r = hear(session, arena, ret_message, reterr_fault);
        if (r != SESSION_E_NOTHING)
                return r;
        r = link_watch(&session->link, clock_mono_ms(), reterr_fault);
        if (r == LINK_E_REFUSED)
                return end(session, reterr_fault);
        TRY(r);
        if (!session->link.is_greeted && link_is_open(&session->link)) {
                r = remember(session, reterr_fault);
                if (r == SESSION_E_REFUSED)
                        return end(session, reterr_fault);
                TRY(r);
                TRY(say_hello(session, clock_mono_ms()));
        }
        TRY(resend(session, clock_mono_ms()));
        TRY(link_beat(&session->link, clock_mono_ms()));
        return SESSION_E_NOTHING;
}

int64_t session_prepare(Session *session, LoopWait *wait) {
        return link_prepare(&session->link, clock_mono_ms(), wait);
}
