/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Messages made from their rows, by a seed: the same seed gives the same message. Whatever is
 * added to proto/schema.def is made and tested without further work. */

#include "base/arena.h"
#include "proto/message.h"

typedef struct Arbitrary {
        uint64_t state;
        Arena *arena; /* holds what the messages point to */
        bool is_full; /* each optional field is there, each list has one item */
} Arbitrary;

/* Uniform below `n`, which is not 0. */
uint64_t arbitrary_below(Arbitrary *arbitrary, uint64_t n);

/* Every value within its row's limits, at them more often than chance has it; long texts are kept
 * short so that the message fits a frame. `present` is right. */
void arbitrary_message(Arbitrary *arbitrary, MessageType type, Message *ret_message);
