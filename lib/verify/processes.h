/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Processes of this machine, by their command lines. */

#include "base/buf.h"

enum {
        _PROCESSES_E_SUCCESS,
        PROCESSES_E_UNREADABLE, /* /proc cannot be read */
        PROCESSES_E_LIMIT       /* too many, or the expression was too much work */
};

/* Those whose command line, its arguments joined by blanks, the expression matches: how many, and
 * a line each (at most what the buffer holds). `ancestor`: only those that descend from it, and
 * not itself; 0: all but ourselves. PROCESSES_E_*. */
int processes_find(int ancestor, Slice expression, Buf *ret_lines, uint64_t *ret_n) must_check;
