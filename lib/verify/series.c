/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What converges is asked again until it holds; what must stay is asked again until it does not,
 * and then no further retry mends it. */

#include "verify/series.h"

#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"

enum { STEP_MS = 100, HOLD_INTERVAL_MS = 1000, HOW_BYTES = 80 };

typedef struct Series {
        AttemptSetting *setting;
        const Check *check;
        bool force_copy;
        CheckReport *report;
        Attempt *last;
} Series;

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

static int clean_up(const Series *series) {
        cleanup_buf Buf why = BUF_TEXT;
        bool has_failed = false;
        int r = attempt_clean_up(series->setting, series->check, &why, &has_failed);

        if (r == 0 && has_failed)
                check_report_add_note(series->report, "cleanup failed: check %.*s: %s",
                                      SLICE_ARGS(series->check->id), buf_get_text(&why));
        return r;
}

static void judge_broken_hold(const Series *series, uint64_t held_ms) {
        Judgement *judgement = &series->last->judgement;
        Judgement was = *judgement;

        if (was.outcome == OUTCOME_PASS || was.outcome == OUTCOME_ERROR)
                return;
        judge_by(SIGHTING_HOLD, NULL, judgement, "it held for %llu ms of %llu ms; then %s: %s",
                 (unsigned long long)held_ms, (unsigned long long)series->check->hold_ms,
                 was.reason, was.summary);
}

/* `held_ms` is for how long it has held already; 0: it has not yet. */
static int try_once(const Series *series, uint64_t held_ms) {
        char how[HOW_BYTES];
        int r;

        attempt_deinit(series->last);
        r = attempt_make(series->setting, series->check, series->force_copy, series->last);
        if (r != 0)
                return r;
        if (held_ms)
                judge_broken_hold(series, held_ms);
        (void)snprintf(how, sizeof how, "%s%s", series->setting->how, held_ms ? ", holding" : "");
        check_report_add_attempt(series->report, series->last, how);
        return clean_up(series);
}

static int converge(const Series *series) {
        const Check *check = series->check;

        for (uint64_t i = 0;; i++) {
                Outcome outcome;
                int r = try_once(series, 0);

                if (r != 0)
                        return r;
                outcome = series->last->judgement.outcome;
                if (outcome == OUTCOME_PASS || outcome == OUTCOME_ERROR || i == check->retries)
                        return 0;
                if (pause_between(series->setting, check->interval_ms))
                        return ATTEMPT_E_CANCELLED;
        }
}

/* It is asked at least once more, at the end of the time. */
static int hold(const Series *series) {
        const Check *check = series->check;
        uint64_t interval_ms = check->interval_ms ? check->interval_ms : HOLD_INTERVAL_MS;
        uint64_t start_ms = clock_mono_ms(), until_ms = start_ms + check->hold_ms;

        for (;;) {
                uint64_t now_ms = clock_mono_ms(), asked_ms;
                uint64_t left_ms = until_ms > now_ms ? until_ms - now_ms : 0;
                int r;

                if (pause_between(series->setting, size_min(interval_ms, left_ms)))
                        return ATTEMPT_E_CANCELLED;
                asked_ms = clock_mono_ms();
                r = try_once(series, size_max(asked_ms - start_ms, 1));
                if (r != 0 || series->last->judgement.outcome != OUTCOME_PASS ||
                    asked_ms >= until_ms)
                        return r;
        }
}

int series_run(AttemptSetting *setting, const Check *check, bool force_copy, CheckReport *report,
               Attempt *ret_last) {
        Series series = {.setting = setting,
                         .check = check,
                         .force_copy = force_copy,
                         .report = report,
                         .last = ret_last};
        int r = converge(&series);

        if (r == 0 && check->hold_ms && ret_last->judgement.outcome == OUTCOME_PASS)
                r = hold(&series);
        return r;
}
