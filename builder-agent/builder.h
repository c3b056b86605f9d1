/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What every verb shares: the project, the session, and how a verb ends. */

#include "base/arena.h"
#include "base/options.h"
#include "client/project.h"
#include "client/session.h"

enum { ANSWER_MS = 10000 }; /* for the broker to answer one question */

typedef struct Builder {
        const Args *args;
        bool is_json;
        Project project;
        Session *session; /* NULL until builder_connect */
        int status;       /* the exit status of a verb that was carried out */
} Builder;

enum { _BUILDER_E_SUCCESS, BUILDER_E_REFUSED };

/* Opens the project, runs the body, prints a refusal or an error; the exit status. */
int builder_run(const Args *args, int (*body)(Builder *builder, Fault *reterr_fault));

/* BUILDER_E_REFUSED: the broker is away, or does not want us. */
int builder_connect(Builder *builder, Fault *reterr_fault) must_check;
/* Refuses, as a usage error, what breaks the limits of its message. */
int builder_check(const Message *message, Fault *reterr_fault) must_check;
/* Submits and waits for the entry's number. */
int builder_call(Builder *builder, const Message *entry, uint64_t *ret_seq,
                 Fault *reterr_fault) must_check;
/* `phase` NULL: all. Everything in the arena. */
int builder_ask_status(Builder *builder, const char *phase, Arena *arena, struct status *ret_status,
                       Fault *reterr_fault) must_check;
/* One entry with its decoded body; rule entry-unknown. */
int builder_ask_entry(Builder *builder, uint64_t seq, Arena *arena, struct entry *ret_entry,
                      Message *ret_body, Fault *reterr_fault) must_check;

/* The phase that was named, as an argument or with --phase; NULL: none. */
const char *builder_get_phase(const Args *args);

/* Prints the text on standard output, all of it. */
void builder_print(const Buf *text);
