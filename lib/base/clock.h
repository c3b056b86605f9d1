/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Time. Wall time is for people and entries; deadlines are monotonic. Pure code gets both as
 * arguments and never asks. */

#include "base/defs.h"
#include "base/buf.h"

enum { TIME_TEXT_BYTES = 32 };

/* Milliseconds since 1970, UTC. */
uint64_t clock_wall_ms(void);
/* Nanoseconds and milliseconds on CLOCK_MONOTONIC. */
uint64_t clock_mono_ns(void);
uint64_t clock_mono_ms(void);

/* "2026-06-13T05:33Z" and "2026-06-13T05:33:07Z". */
void time_format_minute(uint64_t wall_ms, char ret_text[TIME_TEXT_BYTES]);
void time_format_second(uint64_t wall_ms, char ret_text[TIME_TEXT_BYTES]);

enum { _TIME_E_SUCCESS, TIME_E_BAD };

/* "2026-06-13T05:33Z", with seconds or without; UTC only. TIME_E_BAD. */
int time_parse(Slice text, uint64_t *ret_wall_ms) must_check;

enum { _DURATION_E_SUCCESS, DURATION_E_NO_UNIT, DURATION_E_BAD };

/* "250ms", "30s", "5m", "24h", "7d"; a unit is compulsory (docs: plan grammar). 0s is allowed.
 * Conditions: DURATION_E_NO_UNIT, DURATION_E_BAD (not a number, unknown unit, too large). */
int duration_parse(Slice text, uint64_t *ret_ms) must_check;
/* "412 ms", "7.2 s", "3 min 05 s", "2 h 10 min", "3 d 4 h": for people. */
void duration_describe(uint64_t ms, Buf *text);
