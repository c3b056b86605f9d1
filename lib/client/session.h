/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * An agent's side of a conversation with the broker. What the agent says is kept in its outbox
 * (synced, by message id) before it is sent, and resent until the broker has answered: a lost
 * broker, a lost connection or a killed agent loses nothing and nothing is said twice. Each ack's
 * checkpoint is verified and remembered; a broker whose ledger is shorter or different from what
 * was seen before is refused (rule ledger-shorter, ledger-forked).
 *
 * Non-blocking at heart (session_poll), for daemons; session_call for one-shot verbs.
 */

#include "base/arena.h"
#include "base/fault.h"
#include "base/id.h"
#include "client/project.h"
#include "proto/channel.h"
#include "proto/loop.h"
#include "proto/message.h"

typedef struct Session Session;

enum {
        _SESSION_E_SUCCESS,
        SESSION_E_REFUSED, /* the fault says why; a broker's refusal has its rule */
        SESSION_E_NOTHING, /* nothing to report now */
        SESSION_E_AWAY,    /* the broker did not answer in time: rule broker-away */
};

/* `program` is for the broker's log. Does not wait for the broker. */
int session_new(const Project *project, const char *key_path, const char *program,
                Session **ret_session, Fault *reterr_fault) must_check;
Session *session_free(Session *session);
DEFINE_FREEP(Session, session_free, session_freep)

/* Waits until the broker has welcomed us. SESSION_E_AWAY, SESSION_E_REFUSED. */
int session_connect(Session *session, uint64_t timeout_ms, Fault *reterr_fault) must_check;
bool session_is_connected(const Session *session);
/* As the broker knows us; "" and ROLE_OBSERVER before the welcome. */
const char *session_get_name(const Session *session);
Role session_get_role(const Session *session);
uint64_t session_get_head(const Session *session); /* newest entry that we know of */

/* For the program's loop: fills in the client, and says when session_poll is due at the latest. */
int64_t session_prepare(Session *session, LoopWait *wait);

/*
 * One step: reconnects, says hello, resends, keeps the heartbeat, and hands out the next message
 * that is for the program: ACK, REFUSE, OFFER, CANCEL, ENTRY, PROGRESS, STATUS, EVIDENCE.
 * SESSION_E_NOTHING when there is none; SESSION_E_REFUSED for what ends the session (revoked key,
 * shorter ledger). A WELCOME is handed out too, after each (re)connection, so that the program can
 * give its credit again; what the outbox holds is resent at the step after it. With a REFUSE the
 * fault is filled in as well; its rule lives as long as the session.
 */
int session_poll(Session *session, Arena *arena, Message *ret_message,
                 Fault *reterr_fault) must_check;

/* Signs, keeps in the outbox, sends. The answer comes as ACK or REFUSE with the same id. */
int session_submit(Session *session, const Message *entry, Id *ret_id) must_check;
/* Sends a passing message once; lost if the broker is away. */
int session_send(Session *session, const Message *message) must_check;
/* Submits still without an answer. */
size_t session_count_unanswered(const Session *session);

/* Submit and wait for the answer. Conditions as above; on success *ret_seq is the entry. */
int session_call(Session *session, const Message *entry, uint64_t timeout_ms, uint64_t *ret_seq,
                 Fault *reterr_fault) must_check;
/* Ask and wait for the answer of type `answer`. */
int session_ask(Session *session, const Message *question, MessageType answer, uint64_t timeout_ms,
                Arena *arena, Message *ret_answer, Fault *reterr_fault) must_check;

/* The reasons that came with the last refusal (done-not-yet …), borrowed until the next call. */
const Slice *session_get_reasons(const Session *session, size_t *ret_n);

/* The exit status that fits a refusal's rule: EXIT_NOT_AUTHORISED for role-forbids, key-*
 * and *-not-yours; EXIT_NOTHING_SELECTED for *-unknown, but of the words of a plan;
 * EXIT_NOT_CARRIED_OUT for broker-away; EXIT_HOLDS_NOT for done-not-yet; EXIT_USAGE otherwise. */
int refusal_exit_status(const Fault *fault);
