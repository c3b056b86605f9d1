/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * What a service manager is told (sd_notify(3)), as datagrams to the socket that NOTIFY_SOCKET
 * names: a path, or `@` and an abstract name. Without the variable nothing is said; that nobody
 * listens is no error.
 */

#include "base/defs.h"

/* Lines of NAME=VALUE. */
void service_say(const char *format, ...) printf_like(1, 2);
/* Ready again: READY=1 after RELOADING=1, which carries the time that the manager wants. */
void service_say_reloading(void);
/* How often WATCHDOG=1 is to be said, half of what the manager waits for; 0: it does not wait. */
uint64_t service_watchdog_ms(void);
/* Pure: for this process, of WATCHDOG_USEC and WATCHDOG_PID; NULL where they are not set. What is
 * no number asks for nothing. */
uint64_t service_watchdog_of(const char *usec, const char *for_pid, uint64_t own_pid);
