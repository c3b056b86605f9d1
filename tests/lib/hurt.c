/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A broker under the shim, and its client. */

#include "tests/lib/hurt.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "broker/ledger.h"
#include "tests/lib/test.h"

enum { START_MS = 20000, ANSWER_MS = 15000, STOP_MS = 10000, STEP_MS = 10, TEXT_BYTES = 64 };

void hurt_init(Hurt *hurt) {
        *hurt = (Hurt){.acked = mem_new_array(Id, HURT_ACKS_MAX)};
        real_broker_init(&hurt->broker);
        real_broker_approve(&hurt->broker);
        hurt->shim_path = mem_printf("%s/shim", test_dir());
        hurt->shim = shim_state_new(hurt->shim_path);
        CHECK(hurt->shim);
        (void)snprintf(hurt->shim->root, sizeof hurt->shim->root, "%s", hurt->broker.dir);
        (void)snprintf(hurt->shim->program, sizeof hurt->shim->program, "broker");
        hurt->shim->ops = SHIM_ALL;
}

void hurt_deinit(Hurt *hurt) {
        hurt->session = session_free(hurt->session);
        real_broker_deinit(&hurt->broker);
        free(hurt->shim_path);
        free(hurt->acked);
}

void hurt_order(Hurt *hurt, ShimFault fault, uint64_t at, bool is_lasting) {
        hurt->shim->fault = fault;
        hurt->shim->at = at;
        hurt->shim->is_lasting = is_lasting;
        atomic_store(&hurt->shim->n_calls, 0);
        atomic_store(&hurt->shim->n_faults, 0);
        atomic_store(&hurt->shim->fault_ms, 0);
        hurt->shim->fault_path[0] = 0;
        hurt->last_ack_ms = hurt->ended_ms = 0;
}

/* ---- the broker ---- */

static bool is_running(Hurt *hurt) {
        if (hurt->broker.process && process_is_running(hurt->broker.process))
                return true;
        if (!hurt->ended_ms)
                hurt->ended_ms = clock_mono_ms();
        return false;
}

static bool is_ready_or_over(void *userdata) {
        Hurt *hurt = userdata;

        return strstr(process_get_out(hurt->broker.process), "broker: ready on ") ||
               !is_running(hurt);
}

static void connect_anew(Hurt *hurt) {
        hurt->session = session_free(hurt->session);
        hurt->session = real_broker_session(&hurt->broker, "builder");
}

bool hurt_start(Hurt *hurt) {
        cleanup_free char *preload =
                mem_printf("LD_PRELOAD=%s", bench_program("COLDGATE_SHIM_LIBRARY"));
        cleanup_free char *orders = mem_printf("COLDGATE_SHIM=%s", hurt->shim_path);
        const char *const env[] = {preload, orders, NULL};
        ProcessSpec spec = {
                .argv = {bench_program("COLDGATE_BROKER"), "run"},
                .cwd = hurt->broker.dir,
                .env = env,
        };

        hurt->broker.process = process_start(&spec);
        CHECK(test_wait_until(is_ready_or_over, hurt, START_MS));
        if (!is_running(hurt))
                return false;
        connect_anew(hurt);
        return true;
}

int hurt_end(Hurt *hurt) {
        int status;

        if (is_running(hurt))
                process_signal(hurt->broker.process, SIGTERM);
        status = process_wait(hurt->broker.process, STOP_MS);
        hurt->broker.process = process_free(hurt->broker.process);
        hurt->session = session_free(hurt->session);
        return status;
}

/* ---- the client ---- */

static void note_ack(Hurt *hurt, const struct ack *ack) {
        CHECK(hurt->n_acked < HURT_ACKS_MAX);
        CHECK(id_from_slice(ack->id, &hurt->acked[hurt->n_acked++]));
        hurt->last_ack_ms = clock_mono_ms();
}

/* Until nothing is unanswered, or the broker has ended; false: neither. */
static bool await_answers(Hurt *hurt, uint64_t limit_ms) {
        uint64_t end_ms = clock_mono_ms() + limit_ms;

        while (session_count_unanswered(hurt->session) && is_running(hurt)) {
                cleanup_arena Arena arena = ARENA_INIT;
                LoopWait wait = {.n_fds = 0};
                Fault fault = FAULT_INIT;
                Message message;
                int r = session_poll(hurt->session, &arena, &message, &fault);

                if (r == 0 && message.type == MESSAGE_REFUSE)
                        FAIL_TEST("%s: %s", fault.rule, fault.found);
                if (r == 0 && message.type == MESSAGE_ACK)
                        note_ack(hurt, &message.ack);
                if (clock_mono_ms() >= end_ms)
                        return false;
                if (r == SESSION_E_NOTHING) {
                        (void)session_prepare(hurt->session, &wait);
                        CHECK_EQ_INT(loop_wait(&wait, STEP_MS), 0);
                } else if (r != 0) {
                        FAIL_TEST("%s: %s", fault.rule, fault.found);
                }
        }
        return true;
}

static void submit_note(Hurt *hurt) {
        char text[TEXT_BYTES];
        Message note = {.type = MESSAGE_NOTE,
                        .note = {.phase = slice_text("m"), .to = NOTE_TO_RECORD}};
        Id id;

        (void)snprintf(text, sizeof text, "note %zu", hurt->n_said++);
        note.note.text = slice_text(text);
        message_set_present(&note);
        CHECK_EQ_INT(session_submit(hurt->session, &note, &id), 0);
}

void hurt_say(Hurt *hurt, size_t n) {
        for (size_t i = 0; i < n && is_running(hurt); i++) {
                submit_note(hurt);
                if (!await_answers(hurt, ANSWER_MS))
                        FAIL_TEST("no answer, and the broker lives; call %llu was to fail, of %s",
                                  (unsigned long long)hurt->shim->at, hurt->shim->fault_path);
        }
}

/* ---- afterwards ---- */

size_t hurt_count_lost(const Hurt *hurt) {
        cleanup_free char *path = mem_printf("%s/.coldgate/ledger.db", hurt->broker.dir);
        cleanup(ledger_freep) Ledger *ledger = NULL;
        Fault fault = FAULT_INIT;
        size_t n = 0;

        if (ledger_open(path, LEDGER_READ, &ledger, &fault) != 0)
                FAIL_TEST("%s: %s", fault.rule, fault.found);
        for (size_t i = 0; i < hurt->n_acked; i++) {
                cleanup_arena Arena arena = ARENA_INIT;
                Entry entry;

                n += ledger_find(ledger, &hurt->acked[i], &arena, &entry) != 0;
        }
        return n;
}

void hurt_check(Hurt *hurt) {
        size_t n_lost;

        real_broker_start(&hurt->broker);
        connect_anew(hurt);
        if (!await_answers(hurt, ANSWER_MS))
                FAIL_TEST("what was kept has no answer");
        hurt->session = session_free(hurt->session);
        real_broker_stop(&hurt->broker);
        n_lost = hurt_count_lost(hurt);
        if (n_lost)
                FAIL_TEST("%zu of %zu acknowledgements are lost; call %llu, fault %u of %s", n_lost,
                          hurt->n_acked, (unsigned long long)hurt->shim->at, hurt->shim->fault,
                          hurt->shim->fault_path);
        real_broker_do(&hurt->broker, NULL, "verify");
}
