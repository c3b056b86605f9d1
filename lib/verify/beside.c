/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * A window over the gate's checks: its first is the one whose turn it is, its last the newest that
 * was begun. It grows until a check that must be run by itself, or needs one within the window; so
 * whatever is not begun ahead finds nothing beside it.
 */

#include "verify/beside.h"

#include <stdio.h>

enum { NAME_BYTES = 40, AHEAD_FACTOR = 8 };

static size_t ahead_of(const Beside *beside) {
        return size_min(beside->n_places * AHEAD_FACTOR, POOL_WORKERS_MAX);
}

static BesidePlace *place_of(Beside *beside, size_t check) {
        return &beside->places[check % ahead_of(beside)];
}

/* It sees nothing but its own sandbox, holds nothing for itself, and is not to be watched over a
 * time or broken on purpose. */
static bool may_be_beside(const Check *check) {
        bool is_closed = (check->kind == CHECK_RUN || check->kind == CHECK_REPORT) &&
                         check->on == CHECK_ON_SANDBOX && check->network == CHECK_NETWORK_NONE &&
                         !check->n_host_access && !check->git_dir;

        return is_closed && !check->lock.resource.n && check->n_repeat <= 1 && !check->hold_ms &&
               !check->n_teeth && !check->red_at.n;
}

static int make_run(const void *userdata, uint64_t check, Buf *answer) {
        const Beside *beside = userdata;
        AttemptSetting setting = *beside->setting;
        char name[NAME_BYTES];

        (void)snprintf(name, sizeof name, "beside-%llu", (unsigned long long)check);
        setting.n_beside = beside->n_places;
        return handed_make(&setting, &setting.request->gate->checks[check], name, answer);
}

static bool begin(Beside *beside, size_t check) {
        BesidePlace *place = place_of(beside, check);

        if (!pool_ask(&beside->pool, check))
                return false;
        for (size_t i = 0; i < POOL_WORKERS_MAX; i++)
                beside->places[i].was_beside |= beside->places[i].runs;
        place->is_begun = place->runs = true;
        place->was_beside = beside->pool.n_busy > 1;
        return true;
}

static void fill(Beside *beside, size_t turn) {
        const Gate *gate = beside->setting->request->gate;
        size_t end = size_min(gate->n_checks, turn + ahead_of(beside));

        if (beside->n_seen < turn)
                beside->n_seen = turn;
        for (; beside->n_seen < end && beside->pool.n_busy < beside->n_places; beside->n_seen++) {
                BesideNow now = beside->look(beside->userdata, beside->n_seen);

                if (now == BESIDE_NEVER)
                        continue;
                if (now == BESIDE_NOT_YET || !may_be_beside(&gate->checks[beside->n_seen]) ||
                    !begin(beside, beside->n_seen))
                        return;
        }
}

static int hear(Beside *beside) {
        uint64_t check;
        Buf answer;

        if (pool_hear(&beside->pool, &check, &answer)) {
                BesidePlace *place = place_of(beside, check);

                buf_deinit(&place->answer);
                place->answer = answer;
                place->runs = false;
        }
        return attempt_is_cancelled(beside->setting) ? BESIDE_E_CANCELLED : 0;
}

static int settle(Beside *beside) {
        int r = 0;

        while (r == 0 && beside->pool.n_busy)
                r = hear(beside);
        return r;
}

/* A process of ours that died is no word on the check: like any other broken sandbox. */
static void take(BesidePlace *place, HandedRun *ret_run) {
        place->is_begun = false;
        if (!handed_take(buf_get(&place->answer), ret_run)) {
                *ret_run = (HandedRun){.n_lines = 0};
                judge_by(SIGHTING_SANDBOX_BROKEN, "beside", &ret_run->judgement,
                         "the process of the check died without an answer");
        }
        ret_run->was_beside_others = place->was_beside;
}

void beside_init(Beside *beside) {
        pool_init(&beside->pool, make_run, beside);
}

void beside_deinit(Beside *beside) {
        pool_deinit(&beside->pool);
        for (size_t i = 0; i < POOL_WORKERS_MAX; i++)
                buf_deinit(&beside->places[i].answer);
}

int beside_take(Beside *beside, size_t check, HandedRun *ret_run) {
        BesidePlace *place;
        int r = 0;

        if (beside->n_places < 2)
                return BESIDE_E_NONE;
        place = place_of(beside, check);
        for (fill(beside, check); r == 0 && place->runs; fill(beside, check))
                r = hear(beside);
        if (r != 0)
                return r;
        if (!place->is_begun) {
                r = settle(beside);
                return r == 0 ? BESIDE_E_NONE : r;
        }
        take(place, ret_run);
        return ret_run->judgement.outcome == OUTCOME_PASS ? 0 : settle(beside);
}
