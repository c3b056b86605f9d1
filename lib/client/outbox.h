/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * What an agent has said and has no answer to: a file for each message id, synced before it is
 * first sent, removed when the broker has answered. A process holds a lock on each of its files
 * while it lives; a file without a lock was left by a process that died, and is adopted by the
 * next one. Ids make resends harmless, so that adopting too early or too late costs nothing.
 */

#include "base/id.h"
#include "base/slice.h"

enum { OUTBOX_MAX = 1024 };

typedef struct OutboxItem {
        Id id;
        Slice frame;      /* of the entry; owned by the item */
        uint64_t welcome; /* the welcome after which it was last sent; 0: never by this process */
        uint64_t sent_ms; /* when, monotonic */
        bool is_adopted;  /* another process wrote it, and may have sent it */
        int fd;           /* holds the lock */
} OutboxItem;

typedef struct Outbox {
        char *dir;
        OutboxItem *items; /* oldest first */
        size_t n_items;
} Outbox;

enum { _OUTBOX_E_SUCCESS, OUTBOX_E_FULL };

/* Makes the directory if it is missing and adopts what dead processes left in it. */
int outbox_open(const char *dir, Outbox *ret_outbox) must_check;
/* Gives up the locks; the files stay. */
void outbox_deinit(Outbox *outbox);
#define cleanup_outbox cleanup(outbox_deinit)

/* Durable when it returns. OUTBOX_E_FULL. */
int outbox_add(Outbox *outbox, const Id *id, Slice frame) must_check;
/* NULL if there is none. Borrowed until the next add or remove. */
OutboxItem *outbox_find(const Outbox *outbox, Slice id);
void outbox_remove(Outbox *outbox, OutboxItem *item);
