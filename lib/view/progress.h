/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* How far something is that takes longer than a second: one line, redrawn, on a terminal; a line
 * each 30 seconds elsewhere. */

#include "base/buf.h"

typedef struct Progress {
        int fd;
        bool is_terminal;
        bool has_line; /* the terminal shows one now */
        uint64_t started_ms, drawn_ms;
} Progress;

void progress_start(Progress *progress, int fd, uint64_t now_ms);
/* When this text is to be drawn it is; otherwise nothing happens. `now_ms` is monotonic. */
void progress_show(Progress *progress, uint64_t now_ms, Slice text);
/* How long the program may wait until it should call progress_show again. */
uint64_t progress_wait_ms(const Progress *progress, uint64_t now_ms);
/* Before other output: takes the line away. */
void progress_clear(Progress *progress);
