/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Which commit statuses an entry makes, as the gate stands once it is in the state: what counts no
 * more, or is not what all verifiers say, is no success. */

#include "broker/event.h"
#include "broker/ledger.h"
#include "broker/state.h"

/* The gates of a claim, and those of the claims before it. */
enum { STATUS_ITEMS_MAX = 128 };

/* Items of the outbox; `state` has the entry already. */
int notify_status_list(Ledger *ledger, const State *state, const Event *event,
                       uint64_t ret_items[STATUS_ITEMS_MAX], size_t *ret_n) must_check;
/* Of the claim that the entry is, or is about, or that it ended; empty: of none. */
int notify_status_repository(Ledger *ledger, const State *state, const Event *event, Arena *arena,
                             Slice *ret_repository) must_check;
/* What the event is about, read from the ledger: sets event->about, which lives in the arena. */
int notify_status_fill(Ledger *ledger, Event *event, uint64_t item, Arena *arena) must_check;
