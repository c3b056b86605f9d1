/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * What listens and what runs: of a server that the check starts, waited for until its deadline; or
 * of this machine, as it is. Neither is asked anything, so that what answers has no say.
 */

#include <time.h>

#include "base/error.h"
#include "verify/command.h"
#include "verify/kind.h"
#include "verify/listeners.h"
#include "verify/processes.h"
#include "verify/server.h"

enum { LINES_BYTES = 1 << 20 };

typedef struct Sight {
        const Check *check;
        Buf lines; /* of what was found */
        uint64_t n;
        int unseen; /* why it could not be looked at */
} Sight;

static void sight_deinit(Sight *sight) {
        buf_deinit(&sight->lines);
}

/* `init`: the sandbox's first process; 0: this machine. */
static void look(Sight *sight, int init) {
        bool is_there = false;

        if (sight->check->kind == CHECK_PORT) {
                sight->unseen = listeners_look(check_reaches_out(sight->check) ? 0 : init,
                                               sight->check, &sight->lines, &is_there);
                sight->n = is_there;
        } else {
                sight->unseen = processes_find(init, sight->check->process.matches, &sight->lines,
                                               &sight->n);
        }
}

static void observe(const Sight *sight, Observed *ret_observed) {
        *ret_observed = (Observed){
                .exit_status = -1,
                .is_listening = sight->n > 0,
                .count = sight->n,
                .lines = {.head = buf_get(&sight->lines), .is_cut = sight->lines.is_full},
        };
}

/* Whether all that is expected is so already; a server may need a while. */
static bool is_enough(const Sight *sight, Arena *arena) {
        Assertions assertions = {.arena = arena};
        Observed observed;

        if (sight->n == 0 || sight->unseen != 0)
                return false;
        observe(sight, &observed);
        assertions_add_expected(&assertions, sight->check, &observed);
        for (size_t i = 0; i < assertions.n; i++)
                if (!assertions.items[i].held)
                        return false;
        return true;
}

/* Only through its first process: without one it would be this machine that is looked at. */
static int watch(Server *server, Sight *sight, Attempt *attempt) {
        while (!server->has_ended) {
                cleanup_arena Arena scrap = ARENA_INIT;
                int init = sandbox_get_init_pid(server->sandbox);

                if (init)
                        look(sight, init);
                if (is_enough(sight, &scrap) || server_is_past_deadline(server))
                        return 0;
                if (attempt_is_cancelled(server->setting))
                        return ATTEMPT_E_CANCELLED;
                TRY(server_look(server, SERVER_STEP_MS, attempt));
        }
        return 0;
}

static void judge(const Sight *sight, Attempt *attempt) {
        Assertions assertions = {.arena = &attempt->arena};
        Observed observed;

        if (sight->unseen != 0) {
                /* What runs in the check's own sandbox is nobody else's doing. */
                judge_by(attempt->has_sandbox ? SIGHTING_OUTPUT_LIMIT : SIGHTING_HOST_PROC, NULL,
                         &attempt->judgement, "/proc does not tell, or tells more than is read");
                return;
        }
        attempt_keep_stream(attempt, sight->check->kind == CHECK_PORT ? "listeners" : "processes",
                            buf_get(&sight->lines));
        observe(sight, &observed);
        assertions_add_expected(&assertions, sight->check, &observed);
        attempt->results = assertions.items;
        attempt->n_results = assertions.n;
        judge_assertions(attempt->results, attempt->n_results, &attempt->judgement);
}

static int of_server(AttemptSetting *setting, const Check *check, bool force_copy, Sight *sight,
                     Attempt *attempt) {
        cleanup_server Server server;
        JudgeFacts facts = {.command_is_product = false};
        bool has_ended;
        int r;

        server_init(&server, setting, check);
        if (check->kind == CHECK_PORT && check_reaches_out(check)) {
                look(sight, 0);
                if (sight->unseen == 0 && sight->n) {
                        judge_by(SIGHTING_HTTP_PORT_TAKEN, NULL, &attempt->judgement,
                                 "something listens there before the check's own server was "
                                 "started: %.*s",
                                 SLICE_ARGS(buf_get(&sight->lines)));
                        return 0;
                }
        }
        r = server_start(&server, force_copy, attempt);
        if (r == 0)
                r = watch(&server, sight, attempt);
        if (r != 0)
                return r;
        has_ended = server.has_ended;
        TRY(server_stop(&server, attempt));
        attempt_get_facts(&server.spec, &facts);
        if (!judge_server(&attempt->sandbox, has_ended, &facts, &attempt->judgement))
                judge(sight, attempt);
        return 0;
}

static int attempt_sight(AttemptSetting *setting, const Check *check, bool force_copy,
                         Attempt *attempt) {
        cleanup(sight_deinit) Sight sight = {.check = check, .lines = BUF_INIT(LINES_BYTES)};

        if (check->n_command)
                return of_server(setting, check, force_copy, &sight, attempt);
        if (!check_reaches_out(check)) {
                judge_by(SIGHTING_VACUOUS, NULL, &attempt->judgement,
                         "the check starts nothing, and does not look at this machine");
                return 0;
        }
        look(&sight, 0);
        judge(&sight, attempt);
        return 0;
}

int port_check_attempt(AttemptSetting *setting, const Check *check, bool force_copy,
                       Attempt *attempt) {
        return attempt_sight(setting, check, force_copy, attempt);
}

int process_check_attempt(AttemptSetting *setting, const Check *check, bool force_copy,
                          Attempt *attempt) {
        return attempt_sight(setting, check, force_copy, attempt);
}
