/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* A server that a check starts in a sandbox of its own, for as long as it is looked at from
 * outside. */

#include "verify/attempt.h"

enum { SERVER_STEP_MS = 20, SERVER_AFTERWARDS_MS = 1000 };

typedef struct Server {
        AttemptSetting *setting;
        const Check *check;
        uint64_t deadline_ms; /* monotonic */
        SandboxSpec spec;
        Sandbox *sandbox; /* NULL: the check starts none */
        bool has_ended;   /* by itself; its outcome is in the attempt */
} Server;

/* Nothing is started yet; the deadline begins. */
void server_init(Server *server, AttemptSetting *setting, const Check *check);
void server_deinit(Server *server);
#define cleanup_server cleanup(server_deinit)

/* What its sandbox is made from. */
int server_prepare(AttemptSetting *setting, const Check *check, Arena *arena,
                   SandboxSpec *ret_spec) must_check;
/* Starts the check's command and waits until there is a network to look into, or it has ended.
 * ATTEMPT_E_CANCELLED. */
int server_start(Server *server, bool force_copy, Attempt *attempt) must_check;
/* Looks whether it has ended, and waits for that at most so long. */
int server_look(Server *server, uint64_t wait_ms, Attempt *attempt) must_check;
/* Afterwards its outcome is in the attempt and its directory is gone. */
int server_stop(Server *server, Attempt *attempt) must_check;

/* A process of its sandbox whose namespaces may be joined; 0: it has the host's, or there is none
 * (yet). */
int server_get_namespace(const Server *server);
bool server_is_past_deadline(const Server *server);
