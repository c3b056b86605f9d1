/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The deliveries that are under way. */

#include "adversary-agent/delivery.h"

typedef struct Mailbag {
        Delivery **deliveries;
        size_t n, n_allocated;
} Mailbag;

void mailbag_deinit(Mailbag *bag);

/* The one that is being filled for this lease, or a new one. */
Delivery *mailbag_open(Mailbag *bag, uint64_t lease);
/* The submitted one that this answer is about; NULL if there is none. */
Delivery *mailbag_find(const Mailbag *bag, Slice id);
void mailbag_drop(Mailbag *bag, const Delivery *delivery);
/* What of this lease was not submitted: the half-filled, or the whole ones too. What was submitted
 * is the session's: its answer tells. */
void mailbag_drop_lease(Mailbag *bag, uint64_t lease, bool also_whole);

int mailbag_step(Mailbag *bag, Session *session, uint64_t now_ms) must_check;
void mailbag_hear(Mailbag *bag, const struct evidence *evidence);
void mailbag_restart(Mailbag *bag);
/* When mailbag_step is due again, monotonic; 0: not before something happens. */
uint64_t mailbag_due_ms(const Mailbag *bag);
/* Whole verdicts without an answer. */
size_t mailbag_count_whole(const Mailbag *bag);
