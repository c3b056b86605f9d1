/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* A forked process that does one piece of work beside others, and says at its end, in bytes, what
 * came of it. */

#include <sys/types.h>

#include "base/buf.h"

enum { HELPER_ANSWER_BYTES = 1 << 20, HELPERS_MAX = 64 };

typedef struct Helper {
        pid_t pid;
        int fd; /* -1: nobody is at work */
        Buf answer;
} Helper;

#define HELPER_NONE ((Helper){.fd = -1, .answer = BUF_INIT(HELPER_ANSWER_BYTES + 1)})

/* Runs in the other process. Anything but 0 is no answer. */
typedef int (*HelperWork)(const void *userdata, uint64_t number, Buf *answer);

/* False: there can be no further process now. */
bool helper_start(Helper *helper, HelperWork work, const void *userdata, uint64_t number);
/* Waits a moment for news of those that are at work; has_ended[i] for those whose answer is whole,
 * or which died: nobody is at work there now. */
void helpers_hear(Helper *helpers, size_t n, bool *has_ended);
/* Ends those that are at work, with all that they started. */
void helpers_deinit(Helper *helpers, size_t n);
