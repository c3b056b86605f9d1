/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The processes that are still there, from /proc: who they are and where they listen, while they
 * are stopped. For PID 1 these are all but itself, in its own namespaces; on the host those that
 * it has started. */

#include "base/buf.h"
#include "sandbox/descend.h"
#include "sandbox/sandbox.h"

/* Into the outcome, at most REPORT_LEFTOVERS_MAX. Texts have no control characters. What cannot be
 * read is left out. `only` NULL: everybody but PID 1. */
void leftovers_list(const Descendants *only, SandboxOutcome *outcome);

/* ---- pure ---- */

/* Of /proc/net, in this order: tcp, tcp6, udp, udp6, unix. */
enum { LEFTOVERS_TABLES = 5 };

/* Appends where the socket of this number listens, if it does, behind what is there already. */
void leftovers_put_socket(const Slice tables[LEFTOVERS_TABLES], Slice inode, Buf *text);
/* Of a process's `stat` and `cmdline`: its arguments, or the name that the kernel has for it, in
 * brackets. NULL: already dead. */
char *leftovers_name_command(Slice stat, Slice arguments, Arena *arena);
