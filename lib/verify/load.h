/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Whether the machine was too busy, with what is not ours, for a deadline to mean anything. What a
 * check uses is subtracted: it cannot load the machine for its own excuse. And whose turn it is on
 * this machine: a run whose deadline passed on a busy machine is done again with none of ours
 * beside it.
 */

#include "base/clock.h"
#include "base/slice.h"

/* How much the processors had done, of all and of this process with its reaped children. */
typedef struct LoadMark {
        uint64_t all_ms, idle_ms, own_ms;
} LoadMark;

/* Zeros where the kernel does not tell. */
void load_mark(LoadMark *ret_mark);
/* Pure: adds what the text of /proc/stat says of all processors, in ticks of so many ms. */
void load_read(Slice table, uint64_t tick_ms, LoadMark *mark);
/* What others took of the processors between the two, in thousandths. 0: not known. */
unsigned load_of_others(const LoadMark *from, const LoadMark *to);
/* A command that took `cpu_ms` of its `wall_ms` wanted to run, and others had nearly all. */
bool load_is_excuse(unsigned others, uint64_t cpu_ms, uint64_t wall_ms);

typedef struct Turn {
        int gate_fd, run_fd; /* -1: not taken */
} Turn;

#define TURN_NONE ((Turn){-1, -1})

/* With others of this scratch directory, or alone; without waiting. */
enum { _TURN_E_SUCCESS, TURN_E_BUSY };
int turn_try(const char *scratch, bool is_alone, Turn *turn) must_check;
void turn_give(Turn *turn);
