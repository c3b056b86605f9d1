/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The life of a server: started, looked at, stopped. */

#include "verify/server.h"

#include <errno.h>

#include "base/clock.h"
#include "base/error.h"

enum { STOP_MS = 60000 }; /* beyond the runner's own: TERM's grace, PID 1's burial, the walk */

void server_init(Server *server, AttemptSetting *setting, const Check *check) {
        *server = (Server){.setting = setting,
                           .check = check,
                           .deadline_ms = clock_mono_ms() + check->timeout_ms};
}

void server_deinit(Server *server) {
        server->sandbox = sandbox_free(server->sandbox);
}

bool server_is_past_deadline(const Server *server) {
        return clock_mono_ms() >= server->deadline_ms;
}

int server_look(Server *server, uint64_t wait_ms, Attempt *attempt) {
        int r;

        if (!server->sandbox || server->has_ended)
                return 0;
        r = sandbox_wait(server->sandbox, wait_ms, &attempt->sandbox);
        if (r == SANDBOX_E_PENDING)
                return 0;
        if (r != 0)
                return r;
        attempt->has_sandbox = true;
        server->has_ended = true;
        return 0;
}

int server_prepare(AttemptSetting *setting, const Check *check, Arena *arena,
                   SandboxSpec *ret_spec) {
        TRY(attempt_prepare(setting, check, arena, ret_spec));
        ret_spec->limits.wall_ms = 0; /* it lives as long as it is needed */
        return 0;
}

int server_start(Server *server, bool force_copy, Attempt *attempt) {
        SandboxSpec *spec = &server->spec;

        TRY(server_prepare(server->setting, server->check, &attempt->arena, spec));
        spec->force_copy = force_copy;
        attempt->env = spec->env;
        attempt->argv = spec->argv;
        TRY(sandbox_start(server->setting->request->runner, spec, &server->sandbox));
        while (!server->has_ended && sandbox_get_init_pid(server->sandbox) == 0 &&
               !server_is_past_deadline(server)) {
                TRY(server_look(server, SERVER_STEP_MS, attempt));
                if (attempt_is_cancelled(server->setting))
                        return ATTEMPT_E_CANCELLED;
        }
        return 0;
}

int server_stop(Server *server, Attempt *attempt) {
        uint64_t until_ms = clock_mono_ms() + STOP_MS;
        bool has_ended_itself = server->has_ended;

        if (!server->sandbox)
                return 0;
        if (!server->has_ended)
                sandbox_stop(server->sandbox);
        while (!server->has_ended && clock_mono_ms() < until_ms)
                TRY(server_look(server, SERVER_STEP_MS, attempt));
        if (!server->has_ended)
                return error_origin(-ETIMEDOUT);
        server->has_ended = has_ended_itself;
        attempt_drop(server->setting, &server->spec);
        return 0;
}

int server_get_namespace(const Server *server) {
        return server->sandbox && !check_reaches_out(server->check)
                       ? sandbox_get_init_pid(server->sandbox)
                       : 0;
}
