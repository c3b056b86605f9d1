/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * All that a process has started, where no namespace tells: its descendants by the kernel's table
 * of parents. A process that reaps orphans (a subreaper) has every one of them among its own. Each
 * is signalled through a descriptor of itself, so that no stranger who got its number is met.
 */

#include <sys/types.h>

#include "base/arena.h"

typedef struct Descendants {
        pid_t *pids; /* in the arena */
        size_t n;
} Descendants;

/* Those of this process, children first, zombies not counted. */
void descend_list(Arena *arena, Descendants *ret_descendants);
/* To each of them that still is the process that was listed and still descends from us; how many
 * there were. */
size_t descend_signal(int number);
/* Stops them all: none can fork away from under a list. Best effort: what may not be signalled
 * goes on. */
void descend_stop(void);
/* Threads of all processes of this user, as the kernel counts them against a limit. */
uint64_t descend_count_tasks(uid_t uid);
