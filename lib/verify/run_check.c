/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A command in a sandbox: exit status, output, duration. */

#include "base/error.h"
#include "verify/kind.h"

static ObservedStream observe(const SandboxStream *stream) {
        return (ObservedStream){.head = buf_get(&stream->head),
                                .tail = buf_get(&stream->tail),
                                .is_cut = stream->is_cut};
}

int run_check_attempt(AttemptSetting *setting, const Check *check, bool force_copy,
                      Attempt *attempt) {
        cleanup(sandbox_freep) Sandbox *sandbox = NULL;
        uint64_t memory_kills = attempt_memory_kills();
        JudgeFacts facts = {.command_is_product = false};
        Observed observed = {.exit_status = -1};
        SandboxSpec spec;
        int r;

        TRY(attempt_prepare(setting, check, &attempt->arena, &spec));
        spec.force_copy = force_copy;
        attempt->env = spec.env;
        attempt->argv = spec.argv;
        TRY(sandbox_start(setting->request->runner, &spec, &sandbox));
        r = attempt_follow(setting, sandbox, &attempt->sandbox);
        if (r != 0)
                return r;
        attempt->has_sandbox = true;
        if (attempt->sandbox.end == SANDBOX_EXITED) {
                observed.exit_status = attempt->sandbox.status;
                observed.out = observe(&attempt->sandbox.out);
                observed.err = observe(&attempt->sandbox.err);
                observed.duration_ms = attempt->sandbox.wall_ms;
                attempt_evaluate(attempt, check, &observed);
        }
        attempt_get_facts(&spec, &facts);
        facts.memory_ran_out = attempt_memory_kills() != memory_kills;
        judge_run(&attempt->sandbox, &facts, attempt->results, attempt->n_results,
                  &attempt->judgement);
        attempt_drop(setting, &spec);
        return 0;
}
