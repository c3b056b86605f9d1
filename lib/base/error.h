/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * One int tells how a call went.
 *
 *   0    done
 *   < 0  the world broke: -errno. Nobody handles it by value; it is passed up to the edge.
 *   > 0  a condition that the function's header names, in an enum of that module. The caller
 *        decides, there and then; a condition never travels further.
 *
 * TRY passes up what is fatal and makes a forgotten condition fatal too, so that it is loud.
 * What a person or a peer must be told goes beside the int, in a Fault (base/fault.h).
 */

#include "base/defs.h"

/* A fatal error begins here; `code` is negative. Logs where, returns `code`. */
#define error_origin(code) error_report((code), __FILE__, __LINE__, __func__)

/* Return from the enclosing function unless `expression` is zero. */
#define TRY(expression)                                                                            \
        do {                                                                                       \
                int try_result_ = (expression);                                                    \
                if (try_result_ != 0)                                                              \
                        return error_pass(try_result_, __FILE__, __LINE__, __func__);              \
        } while (0)

/* Logs the origin of a fatal error; a positive code, which nobody handled, becomes
 * -ENOTRECOVERABLE. */
int error_report(int code, const char *file, int line, const char *function);

/* Logs that an error came by. */
int error_pass(int code, const char *file, int line, const char *function);
