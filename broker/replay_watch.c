/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The fold of pauses, holds, and of what the watchdog says. */

#include "broker/replay_parts.h"

#include "base/mem.h"
#include "broker/hold.h"
#include "broker/state_watch.h"

static char *copy_optional(Slice text) {
        return text.n ? step_copy_text(text) : NULL;
}

/* ---- pauses ---- */

int fold_pause(const Step *step) {
        const struct pause *message = &step->message->pause;
        PhaseRecord *phase = state_find_phase(step->state, message->phase);
        AgentRecord *agent = step_get_actor(step);
        PauseRecord *pause;

        if (!phase || !agent)
                return step_corrupt(step, "names no phase, or is by nobody");
        pause = mem_new(PauseRecord);
        pause->seq = step->entry->seq;
        pause->received_ms = step->entry->received_ms;
        pause->until_ms = message->until_ms;
        pause->phase = phase;
        pause->agent = agent;
        pause->why = step_copy_text(message->why);
        state_add_pause(step->state, pause);
        return 0;
}

int fold_resume(const Step *step) {
        PauseRecord *pause = state_find_pause(step->state, step->message->resume.pause);

        if (!pause)
                return step_corrupt(step, "ends no pause");
        state_drop_pause(step->state, pause);
        return 0;
}

/* ---- holds ---- */

int fold_hold(const Step *step) {
        const struct hold *message = &step->message->hold;
        AgentRecord *agent = step_get_actor(step);
        HoldRecord *hold;

        if (!agent)
                return step_corrupt(step, "is by nobody");
        hold = mem_new(HoldRecord);
        hold->seq = step->entry->seq;
        hold->received_ms = step->entry->received_ms;
        hold->resource = step_copy_text(message->resource);
        hold->lock = message->lock;
        hold->agent = agent;
        hold->hold_ms = message->hold_ms;
        hold->wait_ms = message->wait_ms;
        hold->lease_seq = message->lease;
        hold->why = copy_optional(message->why);
        state_add_hold(step->state, hold);
        return 0;
}

int fold_grant(const Step *step) {
        HoldRecord *hold = state_find_hold(step->state, step->message->grant.hold);
        HoldEvent event = {.kind = HOLD_EV_GRANT, .received_ms = step->entry->received_ms};

        if (!step_is_by_broker(step) || !hold || !hold_is_next(step->state, hold))
                return step_corrupt(step, "grants what is not free");
        if (hold_apply(hold, &event) != 0)
                return step_corrupt(step, "grants a hold that does not wait");
        return 0;
}

static int end_hold(const Step *step, uint64_t seq, HoldEventKind kind) {
        HoldRecord *hold = state_find_hold(step->state, seq);

        if (!hold || hold_apply(hold, &(HoldEvent){.kind = kind}) != 0)
                return step_corrupt(step, "ends no hold");
        state_drop_hold(step->state, hold);
        return 0;
}

int fold_release(const Step *step) {
        return end_hold(step, step->message->release.hold, HOLD_EV_RELEASE);
}

int fold_expire(const Step *step) {
        if (!step_is_by_broker(step))
                return step_corrupt(step, "is not by the broker");
        return end_hold(step, step->message->expire.hold, HOLD_EV_EXPIRE);
}

/* ---- what the watchdog says ---- */

/* A note to a role's inbox is told once; until then it is remembered. */
void fold_untold_note(const Step *step, PhaseRecord *phase) {
        const struct note *message = &step->message->note;
        UntoldRecord *note;

        if (message->to != NOTE_TO_INBOX || message->role == ROLE_BROKER)
                return;
        note = mem_new(UntoldRecord);
        note->seq = step->entry->seq;
        note->received_ms = step->entry->received_ms;
        note->phase = phase;
        note->role = message->role;
        note->author = step_copy_text(step->entry->actor);
        note->gate = copy_optional(message->gate);
        state_add_untold(step->state, note);
}

static PingRecord *make_ping(const Step *step, const PingKey *key, PhaseRecord *phase) {
        PingRecord *ping = mem_new(PingRecord);

        ping->cause = key->cause;
        ping->wait_for = key->wait_for;
        ping->who = step_copy_text(key->who);
        ping->phase = phase;
        state_add_ping(step->state, ping);
        return ping;
}

/* What is said once needs no record of attempts: it is known from the note or the verdict. */
static bool fold_once(const Step *step, PhaseRecord *phase) {
        const struct ping *message = &step->message->ping;
        UntoldRecord *note = NULL;

        if (message->wait_for == WAIT_FOR_DONE && phase) {
                phase->eligible_seq = message->cause;
                return true;
        }
        if (message->wait_for != WAIT_FOR_READ)
                return false;
        note = state_find_untold(step->state, message->cause);
        if (note)
                state_drop_untold(step->state, note);
        return true;
}

int fold_ping(const Step *step) {
        const struct ping *message = &step->message->ping;
        PhaseRecord *phase = state_find_phase(step->state, message->phase);
        PingKey key = {.phase = phase,
                       .who = message->who,
                       .wait_for = message->wait_for,
                       .cause = message->cause};
        PingRecord *ping;

        if (!step_is_by_broker(step) || (message->phase.n && !phase))
                return step_corrupt(step, "is not by the broker, or names no phase");
        if (fold_once(step, phase))
                return 0;
        ping = state_find_ping(step->state, &key);
        if (message->attempt != (ping ? ping->attempts + 1 : 1))
                return step_corrupt(step, "is not the next ping for its cause");
        if (!ping)
                ping = make_ping(step, &key, phase);
        ping->attempts = message->attempt;
        ping->last_ms = step->entry->received_ms;
        return 0;
}

int fold_alert(const Step *step) {
        const struct alert *message = &step->message->alert;
        PhaseRecord *phase = state_find_phase(step->state, message->phase);
        PingKey key = {.phase = phase,
                       .who = message->who,
                       .wait_for = message->wait_for,
                       .cause = message->cause};
        PingRecord *ping = state_find_ping(step->state, &key);
        AlertRecord *alert;

        if (!step_is_by_broker(step) || (message->phase.n && !phase))
                return step_corrupt(step, "is not by the broker, or names no phase");
        if (ping)
                ping->is_escalated = true;
        alert = mem_new(AlertRecord);
        alert->seq = step->entry->seq;
        alert->received_ms = step->entry->received_ms;
        alert->cause = message->cause;
        alert->phase = phase;
        alert->wait_for = message->wait_for;
        alert->what = step_copy_text(message->what);
        alert->who = copy_optional(message->who);
        state_add_alert(step->state, alert);
        return 0;
}

int fold_seen(const Step *step) {
        AlertRecord *alert = state_find_alert(step->state, step->message->seen.alert);

        if (!alert)
                return step_corrupt(step, "is of no alert");
        state_drop_alert(step->state, alert);
        return 0;
}
