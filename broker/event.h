/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * An entry as it leaves the broker by a delivery: its JSON, a line for people, the bodies that
 * services want, commit statuses. Nothing sealed is in any of them (journal, WHY, claimed
 * evidence), whoever is at the other end; words of agents are made visible and cut. Pure.
 */

#include "base/arena.h"
#include "base/buf.h"
#include "broker/state.h"

typedef struct Event {
        const Entry *entry;
        const Message *message; /* its decoded frame */
        Slice project;
        /* Of a verdict: its gate, as the state has it now; NULL: of no gate that is known. While
         * others have to look too, what one of several adversaries found is said to nobody. */
        const GateRecord *gate;
        /* Of a status that a retraction or a difference makes: whose; of one for a claim that ended
         * without a verdict: its gate and commit. Otherwise NULL. */
        const struct verdict *about;
} Event;

/* False: it never leaves, as the journal. */
bool event_may_leave(const Message *message);

/* docs/json.md, "event". */
void event_print_json(const Event *event, Buf *text);
/* One line without control characters: "m: M1 PASS at 0123456789ab by ada (V-17)". */
void event_print_line(const Event *event, Buf *text);
/* {"text":…}, with & < > as Slack wants them. */
void event_print_slack(const Event *event, Buf *text);

/* Whom a ping or an alert is for: a role or an agent; empty for other kinds. */
Slice event_who(const Message *message);

/* How many commit statuses the entry makes by itself: one for each gate of a claim, one for a
 * verdict, for its retraction, for a difference that fails it, and for what can end a claim. */
size_t event_count_statuses(const Message *message);
/* The outbox's item of a verdict: what it made of its gate when it came, whatever comes later.
 * `is_vote`: it is one of several, and not the last. 0 is an item of older outboxes. */
uint64_t event_item_of(Decision decision, bool is_vote);

/* The outbox's item of a claim that an entry has ended without a verdict: which of its gates, and
 * what the gate's verdict at that commit says, which stands again; -1: there is none. */
uint64_t event_item_of_ended(uint64_t claim, size_t gate, int decision);
/* False: it is another item. */
bool event_read_ended(uint64_t item, uint64_t *ret_claim, size_t *ret_gate);

typedef struct EventStatus {
        Slice commit;
        const char *state; /* pending, success, failure, error */
        Buf body;          /* JSON for GitHub, Gitea, Forgejo */
} EventStatus;

void event_make_status(const Event *event, uint64_t item, const char *target_url,
                       EventStatus *ret_status);
