/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The runs of a check: the first one, and those that judge_confirm asks for. */

#include "verify/check.h"

#include "base/error.h"
#include "verify/around.h"
#include "verify/repeat.h"
#include "verify/series.h"
#include "verify/teeth.h"

enum { LIMIT_FACTOR = 2 };

/* Runs so far; each keeps its last attempt. */
typedef struct Runs {
        Attempt attempts[JUDGE_RUNS_MAX];
        JudgedRun judged[JUDGE_RUNS_MAX];
        size_t n;
        Tally tally;             /* of the newest whole one, where the check is repeated */
        bool was_whole;          /* the newest run was of all repetitions */
        const HandedRun *handed; /* the first one, made already; NULL: it was not */
} Runs;

static void runs_deinit(Runs *runs) {
        for (size_t i = 0; i < JUDGE_RUNS_MAX; i++)
                attempt_deinit(&runs->attempts[i]);
}

static bool is_repeated(const Check *check) {
        return check->n_repeat > 1;
}

/* A repetition that failed is confirmed alone; what the harness failed at is done again whole. */
static bool is_whole(const Check *check, const Runs *runs) {
        return is_repeated(check) &&
               (runs->n == 0 || runs->judged[runs->n - 1].judgement.outcome == OUTCOME_ERROR);
}

static bool is_handed(const Runs *runs) {
        return runs->handed && runs->n == 0;
}

static void take_handed(Runs *runs, CheckReport *report) {
        const HandedRun *handed = runs->handed;

        handed_show(handed, &runs->attempts[0]);
        report->n_attempts = handed->n_attempts;
        for (size_t i = 0; i < handed->n_lines; i++)
                check_report_add_line(report, "%.*s", SLICE_ARGS(handed->lines[i]));
}

static int run(AttemptSetting *setting, const Check *check, bool is_copy, Runs *runs,
               CheckReport *report) {
        Attempt *attempt = &runs->attempts[runs->n];
        int r;

        if (is_handed(runs)) {
                take_handed(runs, report);
                return 0;
        }
        setting->how = is_copy ? ", on a copy" : setting->is_alone ? ", alone" : "";
        setting->repetition = is_repeated(check) ? runs->tally.first_failed : 0;
        if (!is_whole(check, runs))
                return series_run(setting, check, is_copy, report, attempt);
        r = repeat_run(setting, check, report, attempt, &runs->tally);
        attempt->judgement = runs->tally.judgement;
        return r;
}

/* The run is over: what the confirmation must know of it. */
static void note_run(const AttemptSetting *setting, const Check *check, Runs *runs) {
        Attempt *attempt = &runs->attempts[runs->n];
        JudgedRun *judged = &runs->judged[runs->n];
        bool is_tally = is_whole(check, runs);
        const HandedRun *handed = is_handed(runs) ? runs->handed : NULL;

        attempt_ask_canary(setting, &attempt->judgement);
        judged->judgement = attempt->judgement;
        judged->was_overlay = is_tally ? runs->tally.was_overlay : attempt_was_overlay(attempt);
        judged->was_starved = !is_tally && attempt_was_starved(check, attempt);
        judged->was_beside_others = is_tally && runs->tally.n_beside > 1;
        if (handed) {
                judged->was_overlay = handed->was_overlay;
                judged->was_starved = handed->was_starved;
                judged->was_beside_others = handed->was_beside_others;
        }
        runs->was_whole = is_tally;
        runs->n++;
}

/* Whether a limit of its own can be what it failed at: one that we saw, or one that the plan sets,
 * which a program may meet without a word. */
static bool may_be_limited(const Check *check, const Judgement *judgement) {
        const CheckLimits *limits = &check->limits;

        if (judgement->outcome != OUTCOME_FAIL && judgement->outcome != OUTCOME_TIMEOUT)
                return false;
        return judgement->sighting == SIGHTING_LIMIT_FILE ||
               judgement->sighting == SIGHTING_LIMIT_DISK || limits->memory_bytes ||
               limits->file_bytes || limits->disk_bytes || limits->n_processes;
}

static int try_with_twice(AttemptSetting *setting, const Check *check, CheckReport *report) {
        Attempt attempt = {.has_sandbox = false};
        Judgement *judgement = &report->judgement;
        int r;

        if (!may_be_limited(check, judgement))
                return 0;
        setting->limit_factor = LIMIT_FACTOR;
        setting->how = ", with twice its limits";
        r = series_run(setting, check, false, report, &attempt);
        setting->limit_factor = 1;
        if (r == 0 && attempt.judgement.outcome == OUTCOME_PASS)
                judge_by(SIGHTING_LIMIT_TIGHT, NULL, judgement,
                         "it passes with twice its limits; within them: %s", judgement->summary);
        attempt_deinit(&attempt);
        return r;
}

/* What the shown attempt left. */
static void tell_residue(const Check *check, const Runs *runs, size_t shown, CheckReport *report) {
        if (runs->handed && shown == 0)
                for (size_t i = 0; i < runs->handed->n_notes; i++)
                        check_report_add_note(report, "%.*s", SLICE_ARGS(runs->handed->notes[i]));
        else
                check_report_add_residue(report, check);
}

static int run_all(AttemptSetting *setting, const Check *check, const HandedRun *handed,
                   CheckReport *report) {
        cleanup(runs_deinit) Runs runs = {.handed = handed};
        JudgeNext next = JUDGE_ONCE_MORE;
        bool is_copy = false;
        size_t shown = 0;

        do {
                int r = run(setting, check, is_copy, &runs, report);

                if (r != 0)
                        return r;
                note_run(setting, check, &runs);
                next = judge_confirm(runs.judged, runs.n, &report->judgement, &shown);
                is_copy = next == JUDGE_ON_A_COPY;
                setting->is_alone = next == JUDGE_ALONE;
        } while (next != JUDGE_DECIDED && runs.n < JUDGE_RUNS_MAX);
        /* The last word is on one repetition. */
        if (is_repeated(check) && !runs.was_whole)
                tally_say(&runs.tally, &report->judgement);
        check_report_show(report, &runs.attempts[shown]);
        tell_residue(check, &runs, shown, report);
        return try_with_twice(setting, check, report);
}

static int prove(AttemptSetting *setting, const Check *check, const HandedRun *handed,
                 CheckReport *report) {
        int r = run_all(setting, check, handed, report);

        setting->repetition = 0;
        if (r == 0 && report->judgement.outcome == OUTCOME_PASS)
                r = teeth_prove(setting, check, report);
        setting->how = "";
        return r;
}

static int prove_locked(AttemptSetting *setting, const Check *check, const HandedRun *handed,
                        CheckReport *report) {
        Fault fault = FAULT_INIT;
        bool is_locked = false;
        int r = around_take_lock(setting, &check->lock, &is_locked, &fault);

        if (r == VERIFY_LOCK_E_CANCELLED)
                return ATTEMPT_E_CANCELLED;
        if (r == VERIFY_LOCK_E_REFUSED) {
                judge_by(SIGHTING_LOCK_BUSY, NULL, &report->judgement, "%s", fault.found);
                return 0;
        }
        if (r == 0)
                r = prove(setting, check, handed, report);
        if (is_locked)
                around_give_lock(setting, &check->lock);
        return r;
}

int check_verify(AttemptSetting *setting, const Check *check, const HandedRun *handed,
                 CheckReport *ret_report) {
        const Gate *gate = setting->request->gate;
        Judgement *judgement = &ret_report->judgement;
        Outcome strictly;
        int r = prove_locked(setting, check, handed, ret_report);

        if (r != 0)
                return r;
        strictly = judgement->outcome;
        judge_leniently(check->allow_failure, gate->flaky_is_warning, judgement);
        if (judgement->outcome != strictly)
                check_report_add_note(ret_report, "warning: check %.*s: %s %s: %s",
                                      SLICE_ARGS(check->id), word_of(&words_OUTCOME, (int)strictly),
                                      judgement->reason, judgement->summary);
        return 0;
}
