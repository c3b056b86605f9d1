/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Frames that have come and wait for their turn: a queue for each key, served one frame from each
 * in turn, so that who says much delays itself and nobody else. All of it is bounded: a queue may
 * grow only as long as it is smaller than what is still free, so that one alone has half of the
 * room, n have 1/(n+1) each, and whoever comes new always finds some.
 */

#include <stdlib.h>

#include "base/sign.h"
#include "broker/ahead.h"
#include "proto/channel.h"

typedef struct IntakeItem IntakeItem;
typedef struct IntakeQueue IntakeQueue;

struct IntakeItem {
        IntakeItem *next; /* of its key's queue */
        Route route;
        uint8_t curve[CURVE_BYTES];
        AheadJob ahead; /* the caller's */
        size_t n;
        uint8_t bytes[];
};

typedef struct Intake {
        IntakeQueue *queues; /* of keys that wait, in the order of their turns */
        size_t n_queues;
        size_t turn;
        size_t n_bytes, n_bytes_max;
        bool has_drained; /* a key has had all taken that it had said, since the caller cleared it
                           */
} Intake;

enum { _INTAKE_E_SUCCESS, INTAKE_E_FULL };

#define INTAKE_INIT(max) ((Intake){.n_bytes_max = (max)})
void intake_deinit(Intake *intake);

/* INTAKE_E_FULL: this key has its share; the frame was not taken. The item stays the intake's. */
int intake_put(Intake *intake, const Route *route, const uint8_t curve[CURVE_BYTES], Slice frame,
               IntakeItem **ret_item) must_check;
/* The next in turn, the caller's to free; NULL when nothing waits. */
IntakeItem *intake_take(Intake *intake);

static inline IntakeItem *intake_item_free(IntakeItem *item) {
        free(item);
        return NULL;
}
DEFINE_FREEP(IntakeItem, intake_item_free, intake_item_freep)

static inline Slice intake_item_get(const IntakeItem *item) {
        return slice_make(item->bytes, item->n);
}
