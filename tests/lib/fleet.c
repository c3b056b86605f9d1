/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* One zmq_poll over all of them. */

#include "tests/lib/fleet.h"

#include <stdio.h>
#include <stdlib.h>

#include <zmq.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/lib/bench.h"
#include "tests/lib/test.h"

enum { VERB_MS = 30000, STEP_MS = 50 };

static void admit(const char *dir, const char *name, const char *key_path) {
        cleanup_free char *public = mem_printf("%s.pub", key_path);
        ProcessSpec keygen = {
                .argv = {bench_program("COLDGATE_BUILDER"), "keygen", name, "--out", key_path},
                .cwd = dir,
        };
        ProcessSpec spec = {
                .argv = {bench_program("COLDGATE_BROKER"), "admit", name, "builder", public},
                .cwd = dir,
        };

        bench_run_expect(&keygen, VERB_MS, 0, NULL);
        bench_run_expect(&spec, VERB_MS, 0, NULL);
}

static void open_project(Fleet *fleet, const char *dir) {
        Args args = {.n_options = 1};
        Fault fault = FAULT_INIT;

        args.options[0].row = &options_common[0];
        args.options[0].value = dir;
        if (project_open(&args, &fleet->project, &fault) != 0)
                FAIL_TEST("%s: %s", fault.rule, fault.found);
}

static void open_session(Fleet *fleet, size_t i) {
        Fault fault = FAULT_INIT;

        if (session_new(&fleet->project, fleet->key_paths[i], "fleet", &fleet->sessions[i],
                        &fault) != 0)
                FAIL_TEST("%s: %s", fault.rule, fault.found);
}

void fleet_init(Fleet *fleet, const char *dir, const char *phase, size_t n, size_t window) {
        *fleet = (Fleet){.phase = phase, .n_sessions = n, .window = window};
        open_project(fleet, dir);
        for (size_t i = 0; i < n; i++) {
                char name[16];

                (void)snprintf(name, sizeof name, "s%zu", i);
                fleet->key_paths[i] = mem_printf("%s/.coldgate/keys/%s", dir, name);
                admit(dir, name, fleet->key_paths[i]);
                open_session(fleet, i);
        }
}

void fleet_deinit(Fleet *fleet) {
        for (size_t i = 0; i < fleet->n_sessions; i++) {
                fleet->sessions[i] = session_free(fleet->sessions[i]);
                free(fleet->key_paths[i]);
        }
        history_deinit(&fleet->history);
        project_deinit(&fleet->project);
}

void fleet_restart(Fleet *fleet, size_t sender) {
        fleet->sessions[sender] = session_free(fleet->sessions[sender]);
        open_session(fleet, sender);
}

static void say(Fleet *fleet, size_t i) {
        Message note = {.type = MESSAGE_NOTE,
                        .note = {.phase = slice_text(fleet->phase), .to = NOTE_TO_RECORD}};
        char text[64];
        Id id;

        history_say(&fleet->history, i, text);
        note.note.text = slice_text(text);
        message_set_present(&note);
        CHECK_EQ_INT(session_submit(fleet->sessions[i], &note, &id), 0);
}

static void hear(Fleet *fleet, size_t i, const Message *message, const Fault *fault) {
        Record ack;

        if (message->type == MESSAGE_REFUSE) {
                if (!fleet->may_be_refused)
                        FAIL_TEST("sender %zu: %s: %s", i, fault->rule, fault->found);
                fleet->n_refused++;
        }
        if (message->type != MESSAGE_ACK)
                return;
        ack.seq = message->ack.seq;
        CHECK(id_from_slice(message->ack.id, &ack.id));
        CHECK(hash_from_slice(message->ack.hash, &ack.hash));
        history_hear(&fleet->history, i, &ack);
        fleet->answered_ms = clock_mono_ms();
}

/* Everything that this one has to do now. */
static void step_one(Fleet *fleet, size_t i) {
        int r;

        do {
                cleanup_arena Arena arena = ARENA_INIT;
                Fault fault = FAULT_INIT;
                Message message;

                r = session_poll(fleet->sessions[i], &arena, &message, &fault);
                if (r == 0)
                        hear(fleet, i, &message, &fault);
                else if (r != SESSION_E_NOTHING)
                        FAIL_TEST("sender %zu: %s: %s", i, fault.rule, fault.found);
        } while (r == 0);
        while (!fleet->is_quiet && session_count_unanswered(fleet->sessions[i]) < fleet->window)
                say(fleet, i);
}

void fleet_step(Fleet *fleet, uint64_t limit_ms) {
        zmq_pollitem_t items[2 * SENDERS_MAX];
        long wait_ms = (long)limit_ms;
        size_t n = 0;

        for (size_t i = 0; i < fleet->n_sessions; i++) {
                ChannelSockets sockets;
                LoopWait wait = {.n_fds = 0};
                int64_t due_ms;

                step_one(fleet, i);
                due_ms = session_prepare(fleet->sessions[i], &wait);
                if (due_ms >= 0 && due_ms < wait_ms)
                        wait_ms = (long)due_ms;
                sockets = channel_client_get_sockets(wait.client);
                items[n++] = (zmq_pollitem_t){.socket = sockets.frames, .events = ZMQ_POLLIN};
                items[n++] = (zmq_pollitem_t){.socket = sockets.monitor, .events = ZMQ_POLLIN};
        }
        (void)zmq_poll(items, (int)n, wait_ms);
}

void fleet_run(Fleet *fleet, uint64_t duration_ms) {
        uint64_t end_ms = clock_mono_ms() + duration_ms, now_ms;

        while ((now_ms = clock_mono_ms()) < end_ms)
                fleet_step(fleet, size_min(end_ms - now_ms, STEP_MS));
}

static size_t count_unanswered(const Fleet *fleet) {
        size_t n = 0;

        for (size_t i = 0; i < fleet->n_sessions; i++)
                n += session_count_unanswered(fleet->sessions[i]);
        return n;
}

void fleet_settle(Fleet *fleet, uint64_t limit_ms) {
        uint64_t end_ms = clock_mono_ms() + limit_ms;

        fleet->is_quiet = true;
        while (count_unanswered(fleet)) {
                if (clock_mono_ms() >= end_ms)
                        FAIL_TEST("%zu notes have no answer", count_unanswered(fleet));
                fleet_step(fleet, STEP_MS);
        }
        fleet->is_quiet = false;
}
