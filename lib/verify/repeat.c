/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The processes of a pool make the repetitions; here they are counted. */

#include "verify/repeat.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/processors.h"
#include "base/error.h"
#include "verify/clip.h"
#include "verify/handed.h"
#include "verify/pool.h"

enum {
        PER_PROCESSOR = 4, /* most repetitions wait for something */
        NAME_BYTES = 40,
        LINES_EACH = 4, /* of a repetition that held after several attempts */
};

typedef struct Repeat {
        AttemptSetting *setting;
        const Check *check;
        CheckReport *report;
        Attempt *shown;
        Tally *tally;
        uint64_t n_started;
        size_t n_places; /* at a time */
        Pool pool;       /* a job is a repetition's number */
} Repeat;

static int make_repetition(const void *userdata, uint64_t number, Buf *answer) {
        const Repeat *repeat = userdata;
        AttemptSetting setting = *repeat->setting;
        char name[NAME_BYTES];

        (void)snprintf(name, sizeof name, "repeat-%llu", (unsigned long long)number);
        setting.n_beside = repeat->n_places;
        setting.repetition = number;
        return handed_make(&setting, repeat->check, name, answer);
}

static void repeat_deinit(Repeat *repeat) {
        pool_deinit(&repeat->pool);
}

/* What the harness failed at counts before what the product did, then the lowest number. */
static bool comes_first(const Tally *tally, uint64_t number, const Judgement *judgement) {
        bool is_error = judgement->outcome == OUTCOME_ERROR;
        bool was_error = tally->judgement.outcome == OUTCOME_ERROR;

        return !tally->first_failed ||
               (is_error == was_error ? number < tally->first_failed : is_error);
}

static void put_judgement(Repeat *repeat, uint64_t number, const Judgement *judgement) {
        Tally *tally = repeat->tally;

        if (judgement->outcome == OUTCOME_PASS) {
                tally->n_held++;
                return;
        }
        tally->n_failed++;
        if (!comes_first(tally, number, judgement))
                return;
        tally->first_failed = number;
        tally->judgement = *judgement;
}

static bool is_shown(const Repeat *repeat, const Judgement *judgement, uint64_t number) {
        return judgement->outcome == OUTCOME_PASS ? repeat->tally->first_failed == 0
                                                  : repeat->tally->first_failed == number;
}

static void take_lines(Repeat *repeat, uint64_t number, const HandedRun *run) {
        bool is_pass = run->judgement.outcome == OUTCOME_PASS;

        for (size_t i = 0; i < run->n_lines; i++)
                if (!is_pass || i + LINES_EACH >= run->n_lines)
                        check_report_add_line(repeat->report, "N=%llu, %.*s",
                                              (unsigned long long)number,
                                              SLICE_ARGS(run->lines[i]));
        for (size_t i = 0; i < run->n_notes; i++)
                check_report_add_note(repeat->report, "%.*s (N=%llu)", SLICE_ARGS(run->notes[i]),
                                      (unsigned long long)number);
}

static void take_run(Repeat *repeat, uint64_t number, const HandedRun *run) {
        put_judgement(repeat, number, &run->judgement);
        repeat->tally->was_overlay |= run->was_overlay;
        repeat->report->n_attempts += run->n_attempts;
        take_lines(repeat, number, run);
        if (!is_shown(repeat, &run->judgement, number))
                return;
        attempt_deinit(repeat->shown);
        handed_show(run, repeat->shown);
}

static void take_answer(Repeat *repeat, uint64_t number, Slice answer) {
        HandedRun run;
        Judgement broken;

        if (handed_take(answer, &run)) {
                take_run(repeat, number, &run);
                return;
        }
        judge_by(SIGHTING_SANDBOX_BROKEN, "repeat", &broken,
                 "the process of repetition %llu died without an answer",
                 (unsigned long long)number);
        put_judgement(repeat, number, &broken);
}

static void wait_for_news(Repeat *repeat) {
        cleanup_buf Buf answer = BUF_INIT(0);
        uint64_t number;

        if (pool_hear(&repeat->pool, &number, &answer))
                take_answer(repeat, number, buf_get(&answer));
}

static void judge_no_process(Repeat *repeat) {
        Judgement broken;

        judge_by(SIGHTING_SANDBOX_BROKEN, "repeat", &broken,
                 "no process for a repetition could be made: %s", strerror(errno));
        put_judgement(repeat, repeat->n_started + 1, &broken);
}

/* After an error of the harness no more are begun: what they would say does not count. */
static void fill_places(Repeat *repeat) {
        while (repeat->pool.n_busy < repeat->n_places &&
               repeat->n_started < repeat->check->n_repeat &&
               repeat->tally->judgement.outcome != OUTCOME_ERROR) {
                if (!pool_ask(&repeat->pool, repeat->n_started + 1)) {
                        if (repeat->pool.n_busy == 0)
                                judge_no_process(repeat);
                        return;
                }
                repeat->n_started++;
        }
}

static size_t count_places(const Check *check) {
        size_t most = processors_count() * PER_PROCESSOR;

        return size_max(1, size_min(size_min(check->concurrency, check->n_repeat),
                                    size_min(most, POOL_WORKERS_MAX)));
}

static void sum_up(Repeat *repeat) {
        Tally *tally = repeat->tally;

        tally->n = repeat->n_started;
        tally_say(tally, &tally->judgement);
        check_report_add_line(repeat->report, "repeat: %llu of %llu held, %llu at a time",
                              (unsigned long long)tally->n_held,
                              (unsigned long long)repeat->check->n_repeat,
                              (unsigned long long)tally->n_beside);
}

void tally_say(const Tally *tally, Judgement *judgement) {
        cleanup_buf Buf text = BUF_TEXT;

        if (tally->n_failed == 0)
                buf_printf(&text, "%llu repetitions held, %llu at a time",
                           (unsigned long long)tally->n, (unsigned long long)tally->n_beside);
        else
                buf_printf(&text, "%llu of %llu repetitions failed, N=%llu first: %s",
                           (unsigned long long)tally->n_failed, (unsigned long long)tally->n,
                           (unsigned long long)tally->first_failed, judgement->summary);
        clip_line(buf_get(&text), SUMMARY_BYTES, judgement->summary);
}

int repeat_run(AttemptSetting *setting, const Check *check, CheckReport *report, Attempt *ret_shown,
               Tally *ret_tally) {
        cleanup(repeat_deinit) Repeat repeat = {.setting = setting,
                                                .check = check,
                                                .report = report,
                                                .shown = ret_shown,
                                                .tally = ret_tally,
                                                .n_places = count_places(check)};

        *ret_tally = (Tally){.n = check->n_repeat, .n_beside = repeat.n_places};
        judge_by(SIGHTING_HELD, NULL, &ret_tally->judgement, "%s", "");
        pool_init(&repeat.pool, make_repetition, &repeat);
        for (fill_places(&repeat); repeat.pool.n_busy; fill_places(&repeat)) {
                wait_for_news(&repeat);
                if (attempt_is_cancelled(setting))
                        return ATTEMPT_E_CANCELLED;
        }
        sum_up(&repeat);
        return 0;
}
