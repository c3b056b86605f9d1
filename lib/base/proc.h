/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The kernel's tables below /proc, as they were read. In them stand names that strangers chose: of
 * programs, control groups, mounts and sockets. Pure; what is returned is a part of what was given.
 */

#include <sys/types.h>

#include "base/buf.h"
#include "base/slice.h"

/* Cut off, without its end. */
Slice proc_take_line(Slice *rest);
/* Of what blanks separate, from 0; empty behind the last. */
Slice proc_get_field(Slice line, unsigned number);
/* From that field to the line's end, with the blanks in it. */
Slice proc_get_rest(Slice line, unsigned number);

/* That it begins with, behind blanks; 0 if there is none, UINT64_MAX where it does not fit. */
uint64_t proc_number(Slice text);
/* Behind `words` at a line's begin, as "oom_kill " or "MemAvailable:"; 0 if there is none. */
uint64_t proc_find_number(Slice table, const char *words);

/* /proc/PID/stat */
typedef struct ProcStat {
        Slice name; /* any bytes */
        pid_t parent;
        uint64_t n_threads, started;
        char state;
} ProcStat;

/* False: it is no such line. */
bool proc_read_stat(Slice text, ProcStat *ret_stat);
/* Neither a zombie nor dead. */
bool proc_is_alive(const ProcStat *stat);

/* A line of mountinfo; its fields as they stand there. */
typedef struct ProcMount {
        Slice root, path, options, type, of_system;
} ProcMount;

/* False: it is no such line. */
bool proc_read_mount(Slice line, ProcMount *ret_mount);
/* As the field reads: the kernel writes blanks, tabs, newlines and backslashes as octal digits. */
void proc_unescape(Slice field, Buf *path);

/* Our group, from /proc/self/cgroup, in the hierarchy of these controllers; "" is the second
 * version's. Empty: there is none. */
Slice proc_find_group(Slice table, const char *controllers);
