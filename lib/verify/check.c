/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The runs of a check. A run is a series of attempts, each in a sandbox of its own, that ends with
 * the first pass or with the last retry; judge_confirm says whether another run is needed. */

#include "verify/check.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "verify/clip.h"

enum { STEP_MS = 100, LINE_BYTES = 300, NOTE_BYTES = 600, NAMES_SHOWN = 3 };

/* Runs so far; each keeps its last attempt. */
typedef struct Runs {
        Attempt attempts[JUDGE_RUNS_MAX];
        JudgedRun judged[JUDGE_RUNS_MAX];
        size_t n;
} Runs;

void check_report_deinit(CheckReport *report) {
        attempt_deinit(&report->shown);
        arena_deinit(&report->arena);
        *report = (CheckReport){.n_lines = 0};
}

static void runs_deinit(Runs *runs) {
        for (size_t i = 0; i < JUDGE_RUNS_MAX; i++)
                attempt_deinit(&runs->attempts[i]);
}

static void add_note(CheckReport *report, const Buf *text) {
        if (report->n_notes < CHECK_NOTES_MAX)
                report->notes[report->n_notes++] =
                        clip_slice(buf_get(text), NOTE_BYTES, &report->arena);
}

static void add_line(CheckReport *report, const Attempt *attempt, bool is_copy) {
        cleanup_buf Buf text = BUF_TEXT;
        const Judgement *judgement = &attempt->judgement;

        report->n_attempts++;
        if (report->n_lines == CHECK_LINES_MAX)
                return;
        buf_printf(&text, "%llu: %s", (unsigned long long)report->n_attempts,
                   word_of(&words_OUTCOME, (int)judgement->outcome));
        if (judgement->reason[0])
                buf_printf(&text, " %s", judgement->reason);
        buf_printf(&text, ", %llu ms%s", (unsigned long long)attempt->duration_ms,
                   is_copy ? ", on a copy" : "");
        if (judgement->summary[0])
                buf_printf(&text, ": %s", judgement->summary);
        report->lines[report->n_lines++] = clip_slice(buf_get(&text), LINE_BYTES, &report->arena);
}

/* True once cancelled. */
static bool pause_between(AttemptSetting *setting, uint64_t wait_ms) {
        uint64_t until_ms = clock_mono_ms() + wait_ms;

        for (;;) {
                uint64_t now_ms = clock_mono_ms();
                uint64_t step_ms = until_ms > now_ms ? until_ms - now_ms : 0;
                struct timespec step = {.tv_sec = 0};

                if (attempt_is_cancelled(setting))
                        return true;
                if (step_ms == 0)
                        return false;
                step.tv_nsec = (long)size_min(step_ms, STEP_MS) * 1000000L;
                (void)nanosleep(&step, NULL);
        }
}

static int clean_up(AttemptSetting *setting, const Check *check, CheckReport *report) {
        cleanup_buf Buf why = BUF_TEXT;
        cleanup_buf Buf note = BUF_TEXT;
        bool has_failed = false;
        int r = attempt_clean_up(setting, check, &why, &has_failed);

        if (r != 0 || !has_failed)
                return r;
        buf_printf(&note, "cleanup failed: check %.*s: %s", SLICE_ARGS(check->id),
                   buf_get_text(&why));
        add_note(report, &note);
        return 0;
}

/* One run: attempts until one passes, or none is left, or the harness fails. */
static int run_once(AttemptSetting *setting, const Check *check, bool is_copy, CheckReport *report,
                    Attempt *ret_last) {
        for (uint64_t i = 0;; i++) {
                Outcome outcome;
                int r = attempt_make(setting, check, is_copy, ret_last);

                if (r != 0)
                        return r;
                add_line(report, ret_last, is_copy);
                r = clean_up(setting, check, report);
                if (r != 0)
                        return r;
                outcome = ret_last->judgement.outcome;
                if (outcome == OUTCOME_PASS || outcome == OUTCOME_ERROR || i == check->retries)
                        return 0;
                if (pause_between(setting, check->interval_ms))
                        return ATTEMPT_E_CANCELLED;
                attempt_deinit(ret_last);
        }
}

static void note_leftovers(const Check *check, const SandboxOutcome *outcome, CheckReport *report) {
        cleanup_buf Buf text = BUF_TEXT;

        if (outcome->n_leftovers == 0)
                return;
        buf_printf(&text,
                   "leak: check %.*s left %zu process%s behind, killed:", SLICE_ARGS(check->id),
                   outcome->n_leftovers, outcome->n_leftovers == 1 ? "" : "es");
        for (size_t i = 0; i < outcome->n_leftovers && i < NAMES_SHOWN; i++)
                buf_printf(&text, "%s %.100s%s%s", i ? "," : "",
                           outcome->leftovers[i].command ? outcome->leftovers[i].command : "?",
                           outcome->leftovers[i].listens ? ", listening on " : "",
                           outcome->leftovers[i].listens ? outcome->leftovers[i].listens : "");
        add_note(report, &text);
}

static void note_outside(const Check *check, const SandboxOutcome *outcome, CheckReport *report) {
        cleanup_buf Buf text = BUF_TEXT;

        if (outcome->n_outside == 0)
                return;
        buf_printf(&text, "outside: check %.*s wrote %zu file%s outside the workspace:",
                   SLICE_ARGS(check->id), outcome->n_outside, outcome->n_outside == 1 ? "" : "s");
        for (size_t i = 0; i < outcome->n_outside && i < NAMES_SHOWN; i++)
                buf_printf(&text, "%s %.150s", i ? "," : "", outcome->outside[i]);
        add_note(report, &text);
}

/* A server is stopped by us: what it leaves then is no leak. */
static void add_residue(const Check *check, CheckReport *report) {
        if (!report->shown.has_sandbox)
                return;
        if (report->shown.sandbox.end != SANDBOX_STOPPED)
                note_leftovers(check, &report->shown.sandbox, report);
        note_outside(check, &report->shown.sandbox, report);
}

/* Before anything but a pass is believed. */
static void ask_canary(const AttemptSetting *setting, Judgement *judgement) {
        Fault fault = FAULT_INIT;

        if (judgement->outcome == OUTCOME_PASS)
                return;
        if (canary_run(setting->request->runner, setting->dir, &fault) != 0)
                judge_by(SIGHTING_HOST_CANARY, NULL, judgement, "%s", fault.found);
}

int check_verify(AttemptSetting *setting, const Check *check, CheckReport *ret_report) {
        cleanup(runs_deinit) Runs runs = {.n = 0};
        JudgeNext next = JUDGE_ONCE_MORE;
        bool is_copy = false;
        size_t shown = 0;

        do {
                Attempt *attempt = &runs.attempts[runs.n];
                JudgedRun *judged = &runs.judged[runs.n];
                int r = run_once(setting, check, is_copy, ret_report, attempt);

                if (r != 0)
                        return r;
                ask_canary(setting, &attempt->judgement);
                judged->judgement = attempt->judgement;
                judged->was_overlay = attempt->has_sandbox && attempt->sandbox.isolation &&
                                      strstr(attempt->sandbox.isolation, "overlay");
                runs.n++;
                next = judge_confirm(runs.judged, runs.n, &ret_report->judgement, &shown);
                is_copy = next == JUDGE_ON_A_COPY;
        } while (next != JUDGE_DECIDED && runs.n < JUDGE_RUNS_MAX);
        ret_report->shown = runs.attempts[shown];
        runs.attempts[shown] = (Attempt){.has_sandbox = false};
        add_residue(check, ret_report);
        return 0;
}
