/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The inside of a session, for its own files: session.c (steps), session_welcome.c (what is
 * believed), session_call.c (waiting for an answer). */

#include "client/link.h"
#include "client/outbox.h"
#include "client/seen.h"
#include "client/session.h"

enum { RULES_KEPT_MAX = 64 };

struct Session {
        Key key;
        PublicKey broker; /* the key that this agent believes */
        PublicKey pinned; /* the config's */
        char *project_dir;
        char *endpoint;
        char *program;
        char *key_path;
        char *dir; /* the agent's */
        Outbox outbox;
        Link link;
        IdMaker ids;

        bool has_ledger; /* known from a welcome or from the remembered checkpoint */
        Hash ledger;
        Checkpoint said_seen; /* in the last hello; seq 0: none */
        char *name;
        Role role;
        uint64_t head;
        uint64_t n_welcomes; /* after each one, what has no answer is sent again */

        const Id *awaited;  /* by a call; NULL: none */
        bool resend_is_due; /* after the program has been told of the welcome */
        bool has_ended;
        Fault end_fault;

        Arena reasons_arena;
        Slice *reasons;
        size_t n_reasons;
        char *rules[RULES_KEPT_MAX]; /* Fault wants rules that stay */
        size_t n_rules;
};

/* Checks a welcome against the config and the memory; remembers its checkpoint.
 * SESSION_E_NOTHING: it answers an older hello, of a connection that broke; of our memory as it is
 * now it says nothing. */
int session_accept_welcome(Session *session, const struct welcome *welcome,
                           Fault *reterr_fault) must_check;
/* Verifies and remembers the checkpoint in an ack. */
int session_accept_ack(Session *session, const struct ack *ack, Fault *reterr_fault) must_check;
/* The entry's own hash must be right. */
int session_accept_entry(Session *session, const struct entry *entry,
                         Fault *reterr_fault) must_check;

/* A broker's refusal as a fault; its reasons are kept in the session. */
void session_note_refusal(Session *session, const struct refuse *refuse, Fault *ret_fault);
