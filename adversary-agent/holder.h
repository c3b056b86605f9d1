/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * The resources that workers need while they verify (`lock` in a plan), asked of the broker in
 * their name: a worker says HOLD, gets GRANT or REFUSE, says RELEASE. Each hold belongs to the
 * worker's lease; what a worker leaves behind is given back for it.
 */

#include "base/id.h"
#include "client/session.h"

enum { HOLDER_MAX = 128, HOLDER_ASK_MS = 400 };

typedef struct Held {
        uint64_t lease;
        char *resource;
        Id id;        /* of the newest entry about it that was submitted */
        uint64_t seq; /* of the hold; 0: not acknowledged yet */
        bool is_held;
        bool is_unwanted;  /* to be released as soon as it has a number */
        bool is_releasing; /* the answer to its release is awaited */
} Held;

typedef struct Holder {
        Session *session;
        Held held[HOLDER_MAX];
        size_t n;
        uint64_t asked_ms; /* when the status was asked for last, monotonic */
        /* Tells the worker of a lease; lost if it is dead. */
        void (*tell)(void *userdata, uint64_t lease, const Message *message);
        void *userdata;
} Holder;

void holder_deinit(Holder *holder);

/* What a worker says. */
int holder_want(Holder *holder, uint64_t lease, const struct hold *hold) must_check;
int holder_release(Holder *holder, uint64_t lease, uint64_t hold) must_check;
/* A worker has ended. */
int holder_drop(Holder *holder, uint64_t lease) must_check;

/* What the broker says; false: it is not about a hold of ours. */
bool holder_on_ack(Holder *holder, const struct ack *ack);
bool holder_on_refuse(Holder *holder, const struct refuse *refuse);
void holder_on_status(Holder *holder, const struct status *status);

/* Releases what nobody wants, asks how those that wait stand. */
int holder_step(Holder *holder, uint64_t now_ms) must_check;
/* When holder_step is due, monotonic; 0: not before something happens. */
uint64_t holder_due_ms(const Holder *holder);
