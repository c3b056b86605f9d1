/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The lines of a log since a moment. Pure but for the machine's time zone. */

#include "base/buf.h"

/* The moment that stands at the beginning of the line, in wall milliseconds: by a pattern of
 * strptime, or ISO 8601, perhaps in brackets. A stamp without a zone is of this machine's; one
 * without a year is the last such day before `now_ms`. False: there is none. */
bool log_stamp_read(Slice line, const char *pattern, uint64_t now_ms, uint64_t *ret_ms);

typedef struct LogWindow {
        Buf lines; /* of the window, each with its end */
        uint64_t n_lines;
        uint64_t n_stamped;      /* of all lines that were read */
        uint64_t first_stamp_ms; /* of all lines that were read; 0: none */
} LogWindow;

/* Each line that is stamped with `since_ms` or later, and the lines without a stamp that follow it.
 * The window's buffer must exist. */
void log_window_read(Slice text, const char *pattern, uint64_t since_ms, uint64_t now_ms,
                     LogWindow *window);
