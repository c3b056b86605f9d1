/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Frames that have come and wait for their turn: a queue for each key, served one frame from each
 * in turn, so that who says much delays itself and nobody else. All of it is bounded: a queue may
 * grow only as long as it is smaller than what is still free, so that one alone has half of the
 * room, n have 1/(n+1) each, and whoever comes new always finds some.
 */

#include "base/sign.h"
#include "proto/channel.h"

typedef struct IntakeItem IntakeItem;
typedef struct IntakeQueue IntakeQueue;

typedef struct Intake {
        IntakeQueue *queues; /* of keys that wait, in the order of their turns */
        size_t n_queues;
        size_t turn;
        size_t n_bytes, n_bytes_max;
} Intake;

enum { _INTAKE_E_SUCCESS, INTAKE_E_FULL, INTAKE_E_EMPTY };

#define INTAKE_INIT(max) ((Intake){.n_bytes_max = (max)})
void intake_deinit(Intake *intake);

/* INTAKE_E_FULL: this key has its share; the frame was not taken. */
int intake_put(Intake *intake, const Route *route, const uint8_t curve[CURVE_BYTES],
               Slice frame) must_check;
/* The next in turn; its bytes are added to the buffer. INTAKE_E_EMPTY. */
int intake_take(Intake *intake, Buf *frame, Route *ret_route,
                uint8_t ret_curve[CURVE_BYTES]) must_check;
