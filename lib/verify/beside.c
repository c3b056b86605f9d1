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
        return size_min(beside->n_places * AHEAD_FACTOR, HELPERS_MAX);
}

static size_t place_of(const Beside *beside, size_t check) {
        return check % ahead_of(beside);
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
        size_t place = place_of(beside, check);

        if (!helper_ask(&beside->helpers[place], &beside->crew, check))
                return false;
        beside->is_begun[place] = true;
        beside->n_busy++;
        for (size_t i = 0; i < HELPERS_MAX; i++)
                if (beside->helpers[i].fd >= 0)
                        beside->was_beside[i] = i == place ? beside->n_busy > 1 : true;
        return true;
}

static void fill(Beside *beside, size_t turn) {
        const Gate *gate = beside->setting->request->gate;
        size_t end = size_min(gate->n_checks, turn + ahead_of(beside));

        if (beside->n_seen < turn)
                beside->n_seen = turn;
        for (; beside->n_seen < end && beside->n_busy < beside->n_places; beside->n_seen++) {
                BesideNow now = beside->look(beside->userdata, beside->n_seen);

                if (now == BESIDE_NEVER)
                        continue;
                if (now == BESIDE_NOT_YET || !may_be_beside(&gate->checks[beside->n_seen]) ||
                    !begin(beside, beside->n_seen))
                        return;
        }
}

static int hear(Beside *beside) {
        bool has_ended[HELPERS_MAX];

        helpers_hear(beside->helpers, HELPERS_MAX, has_ended);
        for (size_t i = 0; i < HELPERS_MAX; i++)
                beside->n_busy -= has_ended[i];
        return attempt_is_cancelled(beside->setting) ? BESIDE_E_CANCELLED : 0;
}

static int settle(Beside *beside) {
        int r = 0;

        while (r == 0 && beside->n_busy)
                r = hear(beside);
        return r;
}

/* A process of ours that died is no word on the check: like any other broken sandbox. */
static void take(Beside *beside, size_t place, HandedRun *ret_run) {
        beside->is_begun[place] = false;
        if (!handed_take(buf_get(&beside->helpers[place].answer), ret_run)) {
                *ret_run = (HandedRun){.n_lines = 0};
                judge_by(SIGHTING_SANDBOX_BROKEN, "beside", &ret_run->judgement,
                         "the process of the check died without an answer");
        }
        ret_run->was_beside_others = beside->was_beside[place];
}

void beside_init(Beside *beside) {
        for (size_t i = 0; i < HELPERS_MAX; i++)
                beside->helpers[i] = HELPER_NONE;
        crew_init(&beside->crew, make_run, beside);
}

void beside_deinit(Beside *beside) {
        helpers_deinit(beside->helpers, HELPERS_MAX);
        crew_deinit(&beside->crew);
}

int beside_take(Beside *beside, size_t check, HandedRun *ret_run) {
        size_t place;
        int r = 0;

        if (beside->n_places < 2)
                return BESIDE_E_NONE;
        place = place_of(beside, check);
        for (fill(beside, check); r == 0 && beside->helpers[place].fd >= 0; fill(beside, check))
                r = hear(beside);
        if (r != 0)
                return r;
        if (!beside->is_begun[place]) {
                r = settle(beside);
                return r == 0 ? BESIDE_E_NONE : r;
        }
        take(beside, place, ret_run);
        return ret_run->judgement.outcome == OUTCOME_PASS ? 0 : settle(beside);
}
