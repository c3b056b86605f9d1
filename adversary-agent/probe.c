/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A probe program in its sandbox: its own workspace, nothing of ours in sight but its own file. */

#include "adversary-agent/probe.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adversary-agent/framing.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "verify/attempt.h"
#include "verify/checkout.h"
#include "verify/hide.h"
#include "verify/kind.h"
#include "verify/scratch.h"

/* Verdicts come first, wherever both want the machine. */
enum { NICENESS = 15 };

typedef struct Probing {
        const VerifyRequest *request;
        const struct job *job;
        Arena arena;
        Checkout checkout;
        char *dir;
        AttemptSetting setting;
        SandboxOutcome outcome;
        bool has_outcome;
} Probing;

static void probing_deinit(Probing *probing) {
        if (probing->has_outcome)
                sandbox_outcome_deinit(&probing->outcome);
        if (probing->dir)
                scratch_drop(probing->dir);
        free(probing->dir);
        checkout_deinit(&probing->checkout);
        arena_deinit(&probing->arena);
}

/* Standard input is a here-document of the shell that becomes the program. */
static void make_check(Probing *probing, Slice program, Slice facts, Check *ret_check) {
        static const char *const before[] = {"/bin/bash", "--noprofile", "--norc", "-c",
                                             "exec \"$0\" <<<\"$1\""};
        Slice *command = arena_alloc_array(&probing->arena, ARRAY_SIZE(before) + 2, sizeof(Slice));
        Slice *access = arena_alloc_array(&probing->arena, 1, sizeof(Slice));

        for (size_t i = 0; i < ARRAY_SIZE(before); i++)
                command[i] = slice_text(before[i]);
        command[ARRAY_SIZE(before)] = access[0] = program;
        command[ARRAY_SIZE(before) + 1] = facts;
        *ret_check = (Check){.id = slice_text("probe"),
                             .command = command,
                             .n_command = ARRAY_SIZE(before) + 2,
                             .timeout_ms = probing->job->probe_ms,
                             .network = probing->job->probe_network ? CHECK_NETWORK_HOST
                                                                    : CHECK_NETWORK_NONE,
                             .host_access = access,
                             .n_host_access = 1,
                             .limits = {.output_bytes = PROBE_OUTPUT_MAX}};
}

static int prepare(Probing *probing) {
        const VerifyRequest *request = probing->request;
        char started_at[TIME_TEXT_BYTES], since[TIME_TEXT_BYTES];
        Fault fault = FAULT_INIT;
        int r = checkout_prepare(request, &probing->checkout, &fault);

        if (r > 0)
                log_write(LOG_WARNING, "the probe program has no workspace: %s: %s", fault.rule,
                          fault.found);
        if (r != 0)
                return r < 0 ? r : PROBE_E_MALFORMED;
        TRY(scratch_open_job(request->scratch, &probing->dir));
        time_format_second(clock_wall_ms(), started_at);
        time_format_second(request->claimed_ms, since);
        probing->setting =
                (AttemptSetting){.request = request,
                                 .tree = probing->checkout.dir,
                                 .dir = probing->dir,
                                 .hide = hide_list(request, &probing->arena),
                                 .started_at = arena_text(&probing->arena, slice_text(started_at)),
                                 .since = arena_text(&probing->arena, slice_text(since)),
                                 .what = "probe",
                                 .how = ""};
        return 0;
}

static int run(Probing *probing) {
        cleanup(sandbox_freep) Sandbox *sandbox = NULL;
        cleanup_buf Buf facts = BUF_TEXT, workspace = BUF_TEXT;
        SandboxSpec spec;
        Check check;
        int r;

        checkout_describe(&probing->checkout, &workspace);
        TRY(probe_describe(probing->request, probing->job, probing->checkout.tree,
                           buf_get_text(&workspace), &facts));
        make_check(probing, probing->job->probe, buf_get(&facts), &check);
        TRY(attempt_prepare(&probing->setting, &check, &probing->arena, &spec));
        TRY(sandbox_start(probing->request->runner, &spec, &sandbox));
        r = attempt_follow(&probing->setting, sandbox, &probing->outcome);
        probing->has_outcome = r == 0;
        return r == ATTEMPT_E_CANCELLED ? VERIFY_E_CANCELLED : r;
}

/* Whether its lines may be read: it may fail and run out of time, but not be drowned in words. */
static bool is_readable(const SandboxOutcome *outcome) {
        if (outcome->end == SANDBOX_EXITED && outcome->status == 0)
                return true;
        if (outcome->end == SANDBOX_BROKEN)
                log_write(LOG_WARNING, "the probe program could not be run: %s: %s",
                          outcome->fault.rule, outcome->fault.found);
        else if (outcome->end == SANDBOX_NOT_STARTED)
                log_write(LOG_WARNING, "the probe program could not be started: %s",
                          strerror(outcome->error));
        else if (outcome->end == SANDBOX_OUTPUT_CAP)
                log_write(LOG_WARNING, "the probe program printed too much: nothing is filed");
        else
                log_write(LOG_WARNING, "the probe program %s (status %d, signal %d)",
                          outcome->end == SANDBOX_TIMED_OUT ? "did not end in time" : "ended badly",
                          outcome->status, outcome->signal);
        return outcome->end == SANDBOX_EXITED || outcome->end == SANDBOX_SIGNALED ||
               outcome->end == SANDBOX_TIMED_OUT;
}

/* Of one that was ended, what stands behind its last newline is not meant. */
static Slice whole_lines(const SandboxOutcome *outcome) {
        Slice text = buf_get(&outcome->out.head);

        while (outcome->end != SANDBOX_EXITED && text.n && text.data[text.n - 1] != '\n')
                text.n--;
        return text;
}

static int say(Probing *probing, int out_fd) {
        Fault fault = FAULT_INIT;
        ProbeReport report;
        int r;

        if (!is_readable(&probing->outcome))
                return 0;
        r = probe_read(probing->request, probing->job, whole_lines(&probing->outcome),
                       &probing->arena, &report, &fault);
        if (r == PROBE_E_MALFORMED) {
                log_write(LOG_WARNING,
                          "the probe program's output is malformed, nothing is filed: %s",
                          fault.found);
                return 0;
        }
        TRY(r);
        for (size_t i = 0; i < report.n; i++)
                TRY(framing_write(out_fd, &report.items[i]));
        return 0;
}

int probe_run(const VerifyRequest *request, const struct job *job, int out_fd) {
        cleanup(probing_deinit)
                Probing probing = {.request = request, .job = job, .checkout = CHECKOUT_INIT};
        int r;

        if (nice(NICENESS) < 0)
                log_write(LOG_DEBUG, "the probe program has the priority of a verification");
        r = prepare(&probing);
        if (r == PROBE_E_MALFORMED)
                return 0;
        if (r == 0)
                r = run(&probing);
        return r == 0 ? say(&probing, out_fd) : r;
}
