/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Seals and reveals. What is due is seen from the broker's status, never remembered: a file whose
 * phase has no seal of ours is sealed as long as nothing was claimed; a seal whose phase is DONE,
 * or that an operator asks for, is revealed; then its evidence is handed over.
 */

#include "adversary-agent/sealed_file.h"
#include "client/session.h"

enum { SEALER_SEAL_MS = 1000, SEALER_REVEAL_MS = 3000 };

typedef struct SealerItem {
        uint64_t asked_ms; /* for the status of its phase, monotonic; 0: now */
        Id id;             /* of the newest entry about it */
        bool is_submitted; /* its answer is awaited */
        bool is_sealed;    /* our seal stands in the ledger */
        bool is_revealed;
        bool is_over; /* nothing more can be said of it */
        Hash last;    /* the evidence that was sent last */
        bool is_sent; /* it is awaited back */
} SealerItem;

typedef struct Sealer {
        Session *session;
        SealedFiles *files;
        SealerItem items[SEALED_FILES_MAX]; /* beside those of `files` */
} Sealer;

int sealer_step(Sealer *sealer, uint64_t now_ms) must_check;
/* When sealer_step is due, monotonic; 0: not before something happens. */
uint64_t sealer_due_ms(const Sealer *sealer);

/* A new connection: what was asked is asked again. */
void sealer_restart(Sealer *sealer);
int sealer_on_status(Sealer *sealer, const struct status *status) must_check;
/* False: it is not about a seal of ours. */
bool sealer_on_ack(Sealer *sealer, const struct ack *ack);
bool sealer_on_refuse(Sealer *sealer, const struct refuse *refuse);
void sealer_on_evidence(Sealer *sealer, const struct evidence *evidence);
