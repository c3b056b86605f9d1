/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * A control group for the command and all that it starts, where the kernel and whoever started us
 * let us make one: the whole tree is killed in one go, and the memory of all of it together is
 * limited, by a channel that the command cannot write. PID 1 is not in it: what is killed for want
 * of memory is never the harness.
 */

#include "base/arena.h"
#include "base/buf.h"
#include "sandbox/sandbox.h"

typedef struct Group {
        char *path;    /* version 2; NULL: none */
        char *memory;  /* version 1, of memory alone; NULL: none */
        int fd;        /* of `path`, to be cloned into; -1 */
        int memory_fd; /* who writes "0" there is in `memory`; -1 */
        bool limits_memory, limits_processes;
} Group;

#define GROUP_INIT ((Group){.fd = -1, .memory_fd = -1})

/* For a daemon, once, before it starts anything: where its group of version 2 was handed down to it
 * (a service with `Delegate=yes`), it moves into a group below, since only a group without
 * processes of its own can give limits to others. False: it was not, or it did not work. */
bool group_settle(void);
/* As much as can be had, perhaps nothing. `scratch` on a tmpfs counts as memory of who writes it.
 */
void group_make(const SandboxLimits *limits, const char *scratch, Arena *arena, Group *ret_group);
/* For the command's own process, before it gives up its rights. False: it could not. */
bool group_join_memory(const Group *group);
/* What is in force, for the evidence; nothing if there is nothing. */
void group_describe(const Group *group, Buf *text);
/* All of it, at once. False where that cannot be had. */
bool group_kill(const Group *group);
/* Whether the kernel killed one of it for memory, and whose limit that was. */
SandboxMemory group_look(const Group *group);
/* Processor time of all that ever was in it; rusage misses who was reaped by nobody. 0: not known.
 */
uint64_t group_get_cpu_ms(const Group *group);
/* Once nobody is in it. */
void group_remove(Group *group);
