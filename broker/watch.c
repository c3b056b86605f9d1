/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * When the watchdog looks: after something was written, and when it said that something will be
 * due; never more often than a fraction of the time that its looks take.
 */

#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "broker/core_parts.h"
#include "broker/status_parts.h"

enum {
        REST_MS = 250,    /* between two looks */
        REST_FACTOR = 20, /* of what the last one took */
        EVERY_MS = 30000, /* time alone makes things stale */
        CARRIERS_MAX = 64,
        WHAT_BYTES_MAX = 512,
};

void watch_start(Core *core) {
        core->watch_rest_ms = core_mono_ms(core) + core->settings.watch_start_ms;
}

static int say_one(Core *core, Message *message) {
        bool is_ping = message->type == MESSAGE_PING;
        Slice names[CARRIERS_MAX];
        size_t n = 0;

        if (core->port.carriers)
                n = core->port.carriers(core->port.userdata, message, message_phase(message), names,
                                        CARRIERS_MAX);
        if (is_ping) {
                message->ping.by = names;
                message->ping.n_by = n;
        } else {
                message->alert.by = names;
                message->alert.n_by = n;
        }
        return core_append_own(core, message);
}

static int say(Core *core, Message *messages, size_t n) {
        for (size_t i = 0; i < n; i++)
                TRY(say_one(core, &messages[i]));
        return 0;
}

bool core_may_alert(Core *core) {
        Fault full = FAULT_INIT;

        return core->state.n_alerts < ALERTS_MAX && core_ask_room(core, 0, &full) == 0;
}

int core_alert(Core *core, WaitFor wait_for, const char *what, uint64_t cause, const char *who) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf visible = BUF_TEXT;
        const State *state = &core->state;
        Message message = {
                .type = MESSAGE_ALERT,
                .alert = {.cause = cause, .wait_for = wait_for, .who = slice_text(who)},
        };

        if (!core_may_alert(core))
                return 0;
        for (size_t i = 0; i < state->n_alerts; i++)
                if (state->alerts[i]->wait_for == wait_for && state->alerts[i]->who &&
                    strcmp(state->alerts[i]->who, who) == 0)
                        return 0;
        text_make_visible(slice_text(what), false, &visible); /* it may quote a file, or be cut */
        message.alert.what = status_cut(&arena, &visible, WHAT_BYTES_MAX);
        return say_one(core, &message);
}

int watch_look(Core *core) {
        cleanup_arena Arena arena = ARENA_INIT;
        uint64_t begin_ms = core_mono_ms(core), now_ms = core_wall_ms(core), next_ms, took_ms;
        Message *messages;
        size_t n;

        if (begin_ms < watch_next_deadline(core))
                return 0;
        watchdog_look(&core->state, &core->settings.watch, now_ms, &arena, &messages, &n, &next_ms);
        TRY(say(core, messages, n));
        took_ms = core_mono_ms(core) - begin_ms;
        core->watch_seq = core->state.head_seq;
        core->watch_rest_ms = begin_ms + REST_MS + REST_FACTOR * took_ms;
        core->watch_due_ms = begin_ms + EVERY_MS;
        if (next_ms != UINT64_MAX && next_ms - now_ms < EVERY_MS)
                core->watch_due_ms = begin_ms + (next_ms - now_ms);
        return 0;
}

uint64_t watch_next_deadline(const Core *core) {
        if (core->watch_seq != core->state.head_seq || core->watch_due_ms < core->watch_rest_ms)
                return core->watch_rest_ms;
        return core->watch_due_ms;
}
