/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Deliveries beside the connections: what is put into the outbox with an entry is carried to hooks
 * and services, one thing of a delivery at a time and in the ledger's order, again and again until
 * it succeeds or is given up. Never blocks the loop. At least once: a crash between a success and
 * its record repeats it, with the same Idempotency-Key.
 */

#include "broker/ledger.h"
#include "broker/state.h"
#include "client/project.h"
#include "proto/loop.h"

typedef struct Notify Notify;

enum { _NOTIFY_E_SUCCESS, NOTIFY_E_REFUSED };

/* Reads .coldgate/deliveries. NOTIFY_E_REFUSED: rules of deliveries_read and http_client_new.
 * The ledger is open for writing; `state` is the core's. */
int notify_new(const Project *project, Ledger *ledger, const State *state, Notify **ret_notify,
               Fault *reterr_fault) must_check;
/* What is under way is broken off; its rows stay. */
Notify *notify_free(Notify *notify);
DEFINE_FREEP(Notify, notify_free, notify_freep)

/* The entry is being appended: its rows into the same transaction. */
int notify_hear(Notify *notify, const Entry *entry) must_check;
/* The deliveries that will carry the message, beside the connections. Names are borrowed. */
size_t notify_list(const Notify *notify, const Message *message, Slice phase, Slice *ret_names,
                   size_t n_max);

void notify_add_fds(const Notify *notify, LoopWait *wait);
/* Monotonic time at which notify_step is due; UINT64_MAX: not before something is ready. */
uint64_t notify_deadline(const Notify *notify);
/* Takes what has ended, starts what is due. What it records is in the ledger's open transaction:
 * commit afterwards, with the alerts. */
int notify_step(Notify *notify, const LoopWait *wait) must_check;

/* The i-th delivery and what waits for it; false behind the last. */
bool notify_get_queue(const Notify *notify, size_t i, const char **ret_name, uint64_t *ret_n);

typedef struct NotifyAlert {
        const char *delivery;
        uint64_t cause; /* the entry that was not delivered */
        char what[256];
} NotifyAlert;

/* What people must be told of; false: nothing. */
bool notify_take_alert(Notify *notify, NotifyAlert *ret_alert);
