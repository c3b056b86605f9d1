/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Forked processes that work beside others and say in bytes what came of it: one for one piece of
 * work, or a crew of some that are kept for many, one after the other. */

#include <sys/types.h>

#include "base/buf.h"

enum { HELPER_ANSWER_BYTES = 1 << 20, HELPERS_MAX = 64 };

/* One that is kept. */
typedef struct Hand {
        pid_t pid;
        int fd; /* -1: there is none */
        bool is_busy;
} Hand;

typedef struct Helper {
        pid_t pid;
        int fd;     /* -1: nobody is at work */
        Hand *hand; /* who is at work, where that is one who is kept */
        Buf answer;
} Helper;

#define HELPER_NONE ((Helper){.fd = -1, .answer = BUF_INIT(HELPER_ANSWER_BYTES + 1)})

/* Runs in the other process. Anything but 0 is no answer. */
typedef int (*HelperWork)(const void *userdata, uint64_t number, Buf *answer);

typedef struct Crew {
        HelperWork work; /* with what `userdata` was when each of them was forked */
        const void *userdata;
        Hand hands[HELPERS_MAX];
} Crew;

/* False: there can be no further process now. */
bool helper_start(Helper *helper, HelperWork work, const void *userdata, uint64_t number);
/* The same, by an idle one of the crew, or a new one. */
bool helper_ask(Helper *helper, Crew *crew, uint64_t number);
/* Waits a moment for news of those that are at work; has_ended[i] for those whose answer is whole,
 * or which died: nobody is at work there now. */
void helpers_hear(Helper *helpers, size_t n, bool *has_ended);
/* Ends those that are at work, with all that they started. */
void helpers_deinit(Helper *helpers, size_t n);
void crew_init(Crew *crew, HelperWork work, const void *userdata);
/* Behind helpers_deinit: those that wait. */
void crew_deinit(Crew *crew);
