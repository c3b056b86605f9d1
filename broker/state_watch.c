/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Records of who waits, who is silent and who was told. All lists are oldest first and bounded. */

#include "broker/state_watch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* ---- lists of pointers ---- */

/* The space doubles whenever the count is a power of two. */
static void *add(void *pointers, size_t *n, void *item) {
        void **list = pointers;

        if ((*n & (*n - 1)) == 0)
                list = mem_resize(pointers, *n ? *n * 2 : 1, sizeof(void *));
        list[(*n)++] = item;
        return list;
}

static void remove_item(void *pointers, size_t *n, const void *item) {
        void **list = pointers;
        size_t place = 0;

        while (place < *n && list[place] != item)
                place++;
        if (place == *n)
                return;
        --*n;
        memmove(&list[place], &list[place + 1], (*n - place) * sizeof(void *));
}

/* ---- pauses ---- */

static void pause_free(PauseRecord *pause) {
        free(pause->why);
        free(pause);
}

PauseRecord *state_find_pause(const State *state, uint64_t seq) {
        for (size_t i = 0; i < state->n_pauses; i++)
                if (state->pauses[i]->seq == seq)
                        return state->pauses[i];
        return NULL;
}

PauseRecord *state_find_pause_of(const State *state, const PhaseRecord *phase,
                                 const AgentRecord *agent) {
        for (size_t i = 0; i < state->n_pauses; i++)
                if (state->pauses[i]->phase == phase && state->pauses[i]->agent == agent)
                        return state->pauses[i];
        return NULL;
}

void state_add_pause(State *state, PauseRecord *pause) {
        for (size_t i = state->n_pauses; i-- > 0;) {
                PauseRecord *old = state->pauses[i];

                if (old->until_ms <= pause->received_ms ||
                    (old->phase == pause->phase && old->agent == pause->agent))
                        state_drop_pause(state, old);
        }
        state->pauses = add(state->pauses, &state->n_pauses, pause);
}

void state_drop_pause(State *state, PauseRecord *pause) {
        remove_item(state->pauses, &state->n_pauses, pause);
        pause_free(pause);
}

/* ---- holds ---- */

static void hold_free(HoldRecord *hold) {
        free(hold->resource);
        free(hold->why);
        free(hold);
}

HoldRecord *state_find_hold(const State *state, uint64_t seq) {
        for (size_t i = 0; i < state->n_holds; i++)
                if (state->holds[i]->seq == seq)
                        return state->holds[i];
        return NULL;
}

void state_add_hold(State *state, HoldRecord *hold) {
        state->holds = add(state->holds, &state->n_holds, hold);
}

void state_drop_hold(State *state, HoldRecord *hold) {
        remove_item(state->holds, &state->n_holds, hold);
        hold_free(hold);
}

/* ---- alerts ---- */

static void alert_free(AlertRecord *alert) {
        free(alert->what);
        free(alert->who);
        free(alert);
}

AlertRecord *state_find_alert(const State *state, uint64_t seq) {
        for (size_t i = 0; i < state->n_alerts; i++)
                if (state->alerts[i]->seq == seq)
                        return state->alerts[i];
        return NULL;
}

void state_add_alert(State *state, AlertRecord *alert) {
        state->alerts = add(state->alerts, &state->n_alerts, alert);
}

void state_drop_alert(State *state, AlertRecord *alert) {
        remove_item(state->alerts, &state->n_alerts, alert);
        alert_free(alert);
}

/* ---- pings ---- */

static void ping_free(PingRecord *ping) {
        free(ping->who);
        free(ping);
}

static bool is_ping(const PingRecord *ping, const PingKey *key) {
        return ping->cause == key->cause && ping->wait_for == key->wait_for &&
               ping->phase == key->phase && slice_is(key->who, ping->who);
}

PingRecord *state_find_ping(const State *state, const PingKey *key) {
        for (size_t i = state->n_pings; i-- > 0;)
                if (is_ping(state->pings[i], key))
                        return state->pings[i];
        return NULL;
}

static void drop_ping(State *state, PingRecord *ping) {
        remove_item(state->pings, &state->n_pings, ping);
        ping_free(ping);
}

static PingRecord *get_most_silent(const State *state) {
        PingRecord *found = state->pings[0];

        for (size_t i = 1; i < state->n_pings; i++)
                if (state->pings[i]->last_ms < found->last_ms)
                        found = state->pings[i];
        return found;
}

void state_add_ping(State *state, PingRecord *ping) {
        if (state->n_pings >= PINGS_MAX)
                drop_ping(state, get_most_silent(state));
        state->pings = add(state->pings, &state->n_pings, ping);
}

void state_drop_pings_of(State *state, const PhaseRecord *phase) {
        for (size_t i = state->n_pings; i-- > 0;)
                if (state->pings[i]->phase == phase)
                        drop_ping(state, state->pings[i]);
}

/* ---- untold notes ---- */

static void untold_free(UntoldRecord *note) {
        free(note->author);
        free(note->gate);
        free(note);
}

UntoldRecord *state_find_untold(const State *state, uint64_t seq) {
        for (size_t i = 0; i < state->n_untold; i++)
                if (state->untold[i]->seq == seq)
                        return state->untold[i];
        return NULL;
}

void state_add_untold(State *state, UntoldRecord *note) {
        if (state->n_untold >= UNTOLD_MAX)
                state_drop_untold(state, state->untold[0]);
        state->untold = add(state->untold, &state->n_untold, note);
}

void state_drop_untold(State *state, UntoldRecord *note) {
        remove_item(state->untold, &state->n_untold, note);
        untold_free(note);
}

/* ---- all ---- */

void state_watch_deinit(State *state) {
        for (size_t i = 0; i < state->n_pauses; i++)
                pause_free(state->pauses[i]);
        free(state->pauses);
        for (size_t i = 0; i < state->n_holds; i++)
                hold_free(state->holds[i]);
        free(state->holds);
        for (size_t i = 0; i < state->n_alerts; i++)
                alert_free(state->alerts[i]);
        free(state->alerts);
        for (size_t i = 0; i < state->n_pings; i++)
                ping_free(state->pings[i]);
        free(state->pings);
        for (size_t i = 0; i < state->n_untold; i++)
                untold_free(state->untold[i]);
        free(state->untold);
}

static const char *name_of(const PhaseRecord *phase) {
        return phase ? phase->name : "";
}

static void describe_hold(const HoldRecord *hold, Buf *text) {
        buf_printf(text,
                   "hold %" PRIu64 " at=%" PRIu64 " granted=%" PRIu64 " %s %s by=%s hold=%" PRIu64
                   " wait=%" PRIu64 " lease=%" PRIu64 " %s \"%s\"\n",
                   hold->seq, hold->received_ms, hold->granted_ms, hold->resource,
                   word_of(&words_LOCK, (int)hold->lock), hold->agent->name, hold->hold_ms,
                   hold->wait_ms, hold->lease_seq, word_of(&words_HOLD_STATE, (int)hold->state),
                   hold->why ? hold->why : "");
}

static void describe_ping(const PingRecord *ping, Buf *text) {
        buf_printf(text, "ping %s cause=%" PRIu64 " %s %s attempts=%" PRIu64 " at=%" PRIu64 "%s\n",
                   name_of(ping->phase), ping->cause, word_of(&words_WAIT_FOR, (int)ping->wait_for),
                   ping->who, ping->attempts, ping->last_ms,
                   ping->is_escalated ? " escalated" : "");
}

void state_watch_describe(const State *state, Buf *text) {
        for (size_t i = 0; i < state->n_pauses; i++)
                buf_printf(text, "pause %" PRIu64 " at=%" PRIu64 " %s by=%s until=%" PRIu64 " %s\n",
                           state->pauses[i]->seq, state->pauses[i]->received_ms,
                           state->pauses[i]->phase->name, state->pauses[i]->agent->name,
                           state->pauses[i]->until_ms, state->pauses[i]->why);
        for (size_t i = 0; i < state->n_holds; i++)
                describe_hold(state->holds[i], text);
        for (size_t i = 0; i < state->n_alerts; i++)
                buf_printf(text,
                           "alert %" PRIu64 " at=%" PRIu64 " %s cause=%" PRIu64 " %s %s \"%s\"\n",
                           state->alerts[i]->seq, state->alerts[i]->received_ms,
                           name_of(state->alerts[i]->phase), state->alerts[i]->cause,
                           word_of(&words_WAIT_FOR, (int)state->alerts[i]->wait_for),
                           state->alerts[i]->who ? state->alerts[i]->who : "",
                           state->alerts[i]->what);
        for (size_t i = 0; i < state->n_pings; i++)
                describe_ping(state->pings[i], text);
        for (size_t i = 0; i < state->n_untold; i++)
                buf_printf(text, "untold %" PRIu64 " at=%" PRIu64 " %s to=%s by=%s %s\n",
                           state->untold[i]->seq, state->untold[i]->received_ms,
                           state->untold[i]->phase->name,
                           word_of(&words_ROLE, (int)state->untold[i]->role),
                           state->untold[i]->author,
                           state->untold[i]->gate ? state->untold[i]->gate : "");
}
