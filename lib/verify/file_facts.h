/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The facts of one file, whoever wrote it: its content is read only if it is a regular file, in
 * bounded memory, up to a deadline. */

#include "base/arena.h"
#include "plan/match.h"

enum {
        _FILE_FACTS_E_SUCCESS,
        FILE_FACTS_E_UNREADABLE, /* size and mode are there, the content is not */
        FILE_FACTS_E_DEADLINE,   /* its bytes did not come in time */
        FILE_FACTS_E_TOO_LARGE,
};

/* `fd` is that of whatever it is (O_PATH). Fills all but `path`; the content, both ends of it, is
 * in the arena. FILE_FACTS_E_*. */
int file_observe(int fd, uint64_t deadline_ms, Arena *arena, ObservedFile *ret_file) must_check;

/* The whole of a regular file, up to the buffer's ceiling. FILE_FACTS_E_UNREADABLE,
 * FILE_FACTS_E_TOO_LARGE. */
int file_read_all(int fd, Buf *ret_bytes) must_check;
