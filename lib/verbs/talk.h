/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What every verb shares: the project, the session, and how a verb ends. */

#include "base/arena.h"
#include "base/options.h"
#include "client/project.h"
#include "client/session.h"

enum { ANSWER_MS = 10000 }; /* for the broker to answer one question */

typedef struct Talk {
        const Args *args;
        bool is_json;
        Project project;
        Session *session;   /* NULL until talk_connect */
        uint64_t answer_ms; /* how long the broker is waited for */
        int status;         /* the exit status of a verb that was carried out */
} Talk;

enum { _TALK_E_SUCCESS, TALK_E_REFUSED };

/* Opens the project, runs the body, prints a refusal or an error; the exit status. */
int talk_run(const Args *args, int (*body)(Talk *talk, Fault *reterr_fault));

/* TALK_E_REFUSED: the broker is away, or does not want us. */
int talk_connect(Talk *talk, Fault *reterr_fault) must_check;
/* Refuses, as a usage error, what breaks the limits of its message. */
int talk_check(const Message *message, Fault *reterr_fault) must_check;
/* Submits and waits for the entry's number. */
int talk_call(Talk *talk, const Message *entry, uint64_t *ret_seq, Fault *reterr_fault) must_check;
/* `phase` NULL: all. Everything in the arena. */
int talk_ask_status(Talk *talk, const char *phase, Arena *arena, struct status *ret_status,
                    Fault *reterr_fault) must_check;
/* One entry with its decoded body; rule entry-unknown. */
int talk_ask_entry(Talk *talk, uint64_t seq, Arena *arena, struct entry *ret_entry,
                   Message *ret_body, Fault *reterr_fault) must_check;

/* The phase that was named, as an argument or with --phase; NULL: none. */
const char *talk_get_phase(const Args *args);

/* Prints the text on standard output, all of it. */
void talk_print(const Buf *text);
