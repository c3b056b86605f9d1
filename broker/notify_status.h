/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Which commit statuses an entry makes, as the gate stands once it is in the state: what counts no
 * more, or is not what all verifiers say, is no success. */

#include "broker/event.h"
#include "broker/ledger.h"
#include "broker/state.h"

typedef struct StatusItem {
        uint64_t item;    /* of the outbox */
        Slice repository; /* of the claim that it is about */
} StatusItem;

/* In an arena. */
typedef struct StatusList {
        StatusItem *items;
        size_t n;
} StatusList;

/* `state` has the entry already. An entry that makes none has an empty list. */
int notify_status_list(Ledger *ledger, const State *state, const Event *event, Arena *arena,
                       StatusList *ret_list) must_check;
/* What the event is about, read from the ledger: sets event->about, which lives in the arena. */
int notify_status_fill(Ledger *ledger, Event *event, uint64_t item, Arena *arena) must_check;
