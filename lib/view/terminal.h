/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What a terminal is like. */

#include "base/defs.h"

/* True if `fd` is a terminal that may be coloured: NO_COLOR, TERM=dumb, --no-color. */
bool colour_is_wanted(int fd, bool is_forbidden);
/* In characters; 0: it is none, or does not say. */
size_t terminal_get_width(int fd);
