/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Who listens, from the tables that the kernel shows of a network namespace. */

#include "plan/plan.h"

enum {
        _LISTENERS_E_SUCCESS,
        LISTENERS_E_UNREADABLE, /* the tables cannot be read */
};

/* Whether something listens on the check's port, or on the unix path that is its address. `pid`: of
 * whose namespace; 0: ours. `ret_lines` gets a line for each listener that was found. An address
 * that stands for all of its family, or for both, is one of 127.0.0.1's too. LISTENERS_E_*. */
int listeners_look(int pid, const Check *check, Buf *ret_lines, bool *ret_is_there) must_check;

/* Pure: of the text of /proc/net/tcp, tcp6 or unix. */
bool listeners_find_tcp(Slice table, uint64_t port, Slice address, Buf *lines);
bool listeners_find_unix(Slice table, Slice path, Buf *lines);
/* Whether it is an address that can be looked for: empty, IPv4, IPv6, or an absolute path. */
bool listeners_knows(Slice address);
