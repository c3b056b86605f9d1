/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The baseline of delivery: a message goes from a client through a broker to a worker and back, all
 * by CURVE over the same kind of socket, and none of them does anything with it. */

#include "tests/bench/figures.h"

typedef struct Echo Echo;

/* Broker and worker are processes of their own. */
Echo *echo_start(const char *dir);
Echo *echo_free(Echo *echo);
DEFINE_FREEP(Echo, echo_free, echo_freep)

/* The times of so many, one after the other, in us. */
void echo_measure(Echo *echo, unsigned n, Samples *us);
