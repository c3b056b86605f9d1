/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * An HTTP server in a process of its own, for tests of what is sent: it writes down each request
 * before it answers, and answers, refuses, hangs or breaks off as it is told at any time. It can be
 * away and come back at the same port.
 */

#include <sys/types.h>

#include "base/buf.h"

typedef struct HookServer {
        pid_t pid; /* 0: away */
        int port;  /* 0: the first that is free */
        char *log, *mode;
} HookServer;

/* A status ("204", "500"), "hang" (no answer) or "break" (the connection closes). */
void hook_server_start(HookServer *server, const char *mode);
void hook_server_set_mode(const HookServer *server, const char *mode);
void hook_server_stop(HookServer *server);
void hook_server_deinit(HookServer *server);
#define cleanup_hook_server cleanup(hook_server_deinit)

/* How often the part was received. */
size_t hook_server_count(const HookServer *server, const char *part);
/* Until it was, that often at least; ends the test after the limit. */
void hook_server_wait(const HookServer *server, const char *part, size_t n, uint64_t limit_ms);
