/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Named resources: who gets one, and when a hold is over. The ledger says who asked and who has it;
 * here is until when. Level, not edge: after each batch that wrote something, what must end ends
 * and whose turn it is gets the resource, in the same batch.
 *
 * Times run on the monotonic clock from when a state of a hold is first seen, so that a jump of the
 * wall clock ends no hold early; after a restart, from what the wall clock says is left.
 */

#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "broker/core_parts.h"
#include "broker/hold.h"

static HoldTimer *find_timer(const Core *core, const HoldRecord *hold) {
        for (size_t i = 0; i < core->n_hold_timers; i++)
                if (core->hold_timers[i].hold_seq == hold->seq)
                        return &core->hold_timers[i];
        return NULL;
}

/* What is left, at most all of it. */
static uint64_t time_left(const Core *core, const HoldRecord *hold) {
        uint64_t deadline_ms = hold_get_deadline(hold), limit_ms = hold_get_limit(hold);
        uint64_t now_ms = core_wall_ms(core);

        if (deadline_ms <= now_ms)
                return 0;
        return deadline_ms - now_ms < limit_ms ? deadline_ms - now_ms : limit_ms;
}

static void start_timer(const Core *core, HoldTimer *timer, const HoldRecord *hold) {
        timer->hold_seq = hold->seq;
        timer->state = hold->state;
        timer->deadline_ms = UINT64_MAX;
        if (hold_get_limit(hold) != UINT64_MAX)
                timer->deadline_ms = core_mono_ms(core) + time_left(core, hold);
}

static void add_timer(Core *core, const HoldRecord *hold) {
        core->hold_timers =
                mem_resize(core->hold_timers, core->n_hold_timers + 1, sizeof *core->hold_timers);
        start_timer(core, &core->hold_timers[core->n_hold_timers++], hold);
}

static const HoldRecord *find_hold(const Core *core, uint64_t seq) {
        for (size_t i = 0; i < core->state.n_holds; i++)
                if (core->state.holds[i]->seq == seq)
                        return core->state.holds[i];
        return NULL;
}

/* Makes the timers those of the state. */
static void settle_timers(Core *core) {
        size_t n = 0;

        for (size_t i = 0; i < core->n_hold_timers; i++)
                if (find_hold(core, core->hold_timers[i].hold_seq))
                        core->hold_timers[n++] = core->hold_timers[i];
        core->n_hold_timers = n;
        for (size_t i = 0; i < core->state.n_holds; i++) {
                const HoldRecord *hold = core->state.holds[i];
                HoldTimer *timer = find_timer(core, hold);

                if (!timer)
                        add_timer(core, hold);
                else if (timer->state != hold->state)
                        start_timer(core, timer, hold);
        }
}

static int expire(Core *core, const HoldRecord *hold, const char *why) {
        Message message = {
                .type = MESSAGE_EXPIRE,
                .expire = {.hold = hold->seq, .why = slice_text(why)},
        };

        return core_append_own(core, &message);
}

static int expire_moot(Core *core) {
        for (size_t i = core->state.n_holds; i-- > 0;) {
                const char *why = hold_why_moot(&core->state, core->state.holds[i]);

                if (why)
                        TRY(expire(core, core->state.holds[i], why));
        }
        return 0;
}

/* Oldest first: what is granted may let the next one share it. */
static int grant_next(Core *core) {
        for (size_t i = 0; i < core->state.n_holds; i++) {
                const HoldRecord *hold = core->state.holds[i];
                Message message = {.type = MESSAGE_GRANT, .grant = {.hold = hold->seq}};

                if (hold_is_next(&core->state, hold))
                        TRY(core_append_own(core, &message));
        }
        return 0;
}

int grant_settle(Core *core) {
        if (core->granted_seq == core->state.head_seq)
                return 0;
        TRY(expire_moot(core));
        TRY(grant_next(core));
        settle_timers(core);
        core->granted_seq = core->state.head_seq;
        return 0;
}

int grant_expire_overdue(Core *core) {
        uint64_t now = core_mono_ms(core);

        for (size_t i = 0; i < core->n_hold_timers; i++) {
                const HoldRecord *hold = find_hold(core, core->hold_timers[i].hold_seq);

                if (!hold || core->hold_timers[i].state != hold->state ||
                    core->hold_timers[i].deadline_ms > now)
                        continue;
                TRY(expire(core, hold,
                           hold->state == HOLD_STATE_HELD ? "its time is over"
                                                          : "it was not free in time"));
        }
        return 0;
}

uint64_t grant_next_deadline(const Core *core) {
        uint64_t first = UINT64_MAX;

        if (core->granted_seq != core->state.head_seq)
                return 0;
        for (size_t i = 0; i < core->n_hold_timers; i++)
                if (core->hold_timers[i].deadline_ms < first)
                        first = core->hold_timers[i].deadline_ms;
        return first;
}
