/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The outbox worked off. Success is recorded by dropping the row; rows are not dropped otherwise
 * but when they are given up. */

#include "broker/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "broker/delivery.h"
#include "broker/fold.h"
#include "broker/ledger_outbox.h"
#include "broker/notify_exec.h"
#include "broker/notify_http.h"
#include "broker/notify_status.h"
#include "broker/parcel.h"

enum {
        ERROR_BYTES = 128,
        CHANCE = 4, /* a retry comes up to a quarter earlier or later */
};

#define FAIL_FINAL UINT64_MAX

/* One delivery at work. */
typedef struct Carrier {
        const Delivery *delivery;
        uint64_t n_queued;
        bool is_active; /* `row` is under way */
        OutboxRow row;
        ExecRun *exec;
        uint64_t due_ms;   /* monotonic: not before */
        uint64_t full_seq; /* an entry that found no room; 0: none */
        uint64_t given_up_seq;
        char error[ERROR_BYTES]; /* of the last failure */
} Carrier;

struct Notify {
        const Project *project;
        Ledger *ledger;
        const State *state;
        Deliveries deliveries;
        Carrier carriers[DELIVERIES_MAX];
        HttpClient *http; /* NULL while nobody needs it */
};

/* ---- life ---- */

static Carrier *find_carrier(Notify *notify, Slice name) {
        for (size_t i = 0; i < notify->deliveries.n; i++)
                if (slice_is(name, notify->carriers[i].delivery->name))
                        return &notify->carriers[i];
        return NULL;
}

static void take_count(void *userdata, Slice delivery, uint64_t n) {
        Carrier *carrier = find_carrier(userdata, delivery);

        if (carrier)
                carrier->n_queued = n;
        else
                log_write(LOG_WARNING,
                          "%" PRIu64 " events wait for delivery %.*s, which .coldgate/deliveries "
                          "does not name any more",
                          n, SLICE_ARGS(delivery));
}

static bool needs_http(const Deliveries *deliveries) {
        for (size_t i = 0; i < deliveries->n; i++)
                if (deliveries->items[i].kind != DELIVERY_EXEC)
                        return true;
        return false;
}

int notify_new(const Project *project, Ledger *ledger, const State *state, Notify **ret_notify,
               Fault *reterr_fault) {
        cleanup(notify_freep) Notify *notify = mem_new(Notify);
        int r = deliveries_read(project->dir, project->root, &notify->deliveries, reterr_fault);

        if (r != 0)
                return r > 0 ? NOTIFY_E_REFUSED : r;
        notify->project = project;
        notify->ledger = ledger;
        notify->state = state;
        for (size_t i = 0; i < notify->deliveries.n; i++)
                notify->carriers[i].delivery = &notify->deliveries.items[i];
        if (needs_http(&notify->deliveries)) {
                r = http_client_new(&notify->http, reterr_fault);
                if (r != 0)
                        return r > 0 ? NOTIFY_E_REFUSED : r;
        }
        TRY(ledger_outbox_count(ledger, take_count, notify));
        *ret_notify = TAKE(notify);
        return 0;
}

bool notify_get_queue(const Notify *notify, size_t i, const char **ret_name, uint64_t *ret_n) {
        if (i >= notify->deliveries.n)
                return false;
        *ret_name = notify->carriers[i].delivery->name;
        *ret_n = notify->carriers[i].n_queued;
        return true;
}

Notify *notify_free(Notify *notify) {
        if (!notify)
                return NULL;
        for (size_t i = 0; i < notify->deliveries.n; i++)
                (void)exec_run_free(notify->carriers[i].exec);
        (void)http_client_free(notify->http);
        deliveries_deinit(&notify->deliveries);
        free(notify);
        return NULL;
}

/* ---- into the outbox ---- */

static int put(Notify *notify, Carrier *carrier, uint64_t seq, uint64_t item) {
        if (carrier->n_queued >= carrier->delivery->queue) {
                carrier->full_seq = seq;
                return 0;
        }
        TRY(ledger_outbox_put(notify->ledger, carrier->delivery->name, seq, item));
        carrier->n_queued++;
        return 0;
}

static int put_statuses(Notify *notify, Carrier *carrier, uint64_t seq, const StatusList *list) {
        for (size_t i = 0; i < list->n; i++)
                if (delivery_is_of(carrier->delivery, list->items[i].repository))
                        TRY(put(notify, carrier, seq, list->items[i].item));
        return 0;
}

int notify_hear(Notify *notify, const Entry *entry) {
        cleanup_arena Arena arena = ARENA_INIT;
        Fault fault = FAULT_INIT;
        Message message;
        Event event = {.entry = entry, .message = &message};
        StatusList statuses;

        if (notify->deliveries.n == 0)
                return 0;
        if (fold_decode(entry, &arena, &message, &fault) != 0)
                return error_origin(-EUCLEAN);
        TRY(notify_status_list(notify->ledger, notify->state, &event, &arena, &statuses));
        for (size_t i = 0; i < notify->deliveries.n; i++) {
                Carrier *carrier = &notify->carriers[i];

                if (!delivery_takes(carrier->delivery, &event))
                        continue;
                if (delivery_is_status(carrier->delivery))
                        TRY(put_statuses(notify, carrier, entry->seq, &statuses));
                else
                        TRY(put(notify, carrier, entry->seq, 0));
        }
        return 0;
}

size_t notify_list(const Notify *notify, const Message *message, Slice phase, Slice *ret_names,
                   size_t n_max) {
        Entry entry = {.kind = slice_text(message_name(message->type)), .phase = phase};
        Event event = {.entry = &entry, .message = message};
        size_t n = 0;

        for (size_t i = 0; i < notify->deliveries.n && n < n_max; i++)
                if (delivery_takes(&notify->deliveries.items[i], &event))
                        ret_names[n++] = slice_text(notify->deliveries.items[i].name);
        return n;
}

/* ---- how it went ---- */

static uint64_t delay_after(const Delivery *delivery, uint64_t attempts) {
        uint64_t delay_ms = delivery->retry_ms, chance;

        for (uint64_t i = 1; i < attempts && delay_ms < delivery->retry_most_ms; i++)
                delay_ms *= 2;
        if (delay_ms > delivery->retry_most_ms)
                delay_ms = delivery->retry_most_ms;
        random_bytes(&chance, sizeof chance);
        return delay_ms - delay_ms / CHANCE + chance % (delay_ms / CHANCE * 2 + 1);
}

/* A service that says when it wants to be asked again is not asked before, within our bound. */
static uint64_t delay_of(const Delivery *delivery, uint64_t attempts, uint64_t after_ms) {
        uint64_t delay_ms = delay_after(delivery, attempts);

        after_ms = after_ms < delivery->retry_most_ms ? after_ms : delivery->retry_most_ms;
        return delay_ms > after_ms ? delay_ms : after_ms;
}

static int drop(Notify *notify, Carrier *carrier) {
        TRY(ledger_outbox_drop(notify->ledger, carrier->delivery->name, &carrier->row));
        carrier->is_active = false;
        carrier->due_ms = 0;
        if (carrier->n_queued)
                carrier->n_queued--;
        return 0;
}

/* `after_ms`: what the service asked for; FAIL_FINAL: it will not get better. */
static int fail(Notify *notify, Carrier *carrier, uint64_t after_ms, const char *error) {
        const Delivery *delivery = carrier->delivery;
        uint64_t delay_ms;

        (void)snprintf(carrier->error, sizeof carrier->error, "%s", error);
        carrier->row.attempts++;
        log_write(LOG_WARNING, "delivery %s of entry %" PRIu64 ": %s (attempt %" PRIu64 ")",
                  delivery->name, carrier->row.seq, error, carrier->row.attempts);
        if (after_ms == FAIL_FINAL || carrier->row.attempts >= delivery->attempts) {
                carrier->given_up_seq = carrier->row.seq;
                return drop(notify, carrier);
        }
        delay_ms = delay_of(delivery, carrier->row.attempts, after_ms);
        carrier->row.next_ms = clock_wall_ms() + delay_ms;
        carrier->due_ms = clock_mono_ms() + delay_ms;
        carrier->is_active = false;
        return ledger_outbox_retry(notify->ledger, delivery->name, &carrier->row, error);
}

/* What will not get better by waiting: the service has understood, and refuses. */
static bool is_final_status(unsigned status) {
        return status == 400 || status == 410 || status == 413 || status == 414 || status == 415 ||
               status == 422;
}

static int end_http(Notify *notify, const HttpResult *result) {
        Carrier *carrier = result->token;
        char error[ERROR_BYTES];

        if (result->status >= 200 && result->status < 300)
                return drop(notify, carrier);
        if (result->error)
                return fail(notify, carrier, 0, result->error);
        (void)snprintf(error, sizeof error, "the answer is HTTP %u", result->status);
        return fail(notify, carrier,
                    is_final_status(result->status) ? FAIL_FINAL : result->after_ms, error);
}

static int end_exec(Notify *notify, Carrier *carrier, int status, bool is_late) {
        char error[ERROR_BYTES] = "it did not end in time and was killed";

        carrier->exec = exec_run_free(carrier->exec);
        if (!is_late && WIFEXITED(status) && WEXITSTATUS(status) == 0)
                return drop(notify, carrier);
        if (!is_late && WIFEXITED(status))
                (void)snprintf(error, sizeof error, "it ended with %d", WEXITSTATUS(status));
        else if (!is_late)
                (void)snprintf(error, sizeof error, "signal %d ended it", WTERMSIG(status));
        return fail(notify, carrier, 0, error);
}

/* ---- what is sent ---- */

static int send_http(Notify *notify, Carrier *carrier, const Event *event) {
        cleanup_parcel Parcel parcel;
        HttpPost post = {.timeout_ms = carrier->delivery->timeout_ms};

        parcel_make(&parcel, carrier->delivery, &notify->state->ledger, event, carrier->row.item);
        post.url = parcel.url;
        post.body = buf_get(&parcel.body);
        for (size_t i = 0; i < parcel.n_headers; i++)
                post.headers[post.n_headers++] = parcel.headers[i];
        if (http_client_start(notify->http, &post, carrier))
                return 0;
        return fail(notify, carrier, 0, "the transfer cannot be started");
}

static int send_exec(Notify *notify, Carrier *carrier, const Event *event) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf input = BUF_TEXT;
        ExecSpec spec = {
                .name = arena_printf(&arena, "delivery %s", carrier->delivery->name),
                .program = carrier->delivery->program,
                .argv = carrier->delivery->argv,
                .env = parcel_make_env(event, &arena),
                .timeout_ms = carrier->delivery->timeout_ms,
        };
        char error[ERROR_BYTES];
        int why = 0;

        event_print_json(event, &input);
        buf_byte(&input, '\n');
        spec.input = buf_get(&input);
        carrier->exec = exec_run_start(&spec, &why);
        if (carrier->exec)
                return 0;
        (void)snprintf(error, sizeof error, "it cannot be started: %s", strerror(why));
        return fail(notify, carrier, 0, error);
}

static const GateRecord *gate_of(const Notify *notify, const Entry *entry, const Message *message) {
        const PhaseRecord *phase = state_find_phase(notify->state, entry->phase);

        if (message->type != MESSAGE_VERDICT || !phase)
                return NULL;
        return phase_find_gate(phase, message->verdict.gate);
}

static int send_row(Notify *notify, Carrier *carrier) {
        cleanup_arena Arena arena = ARENA_INIT;
        Fault fault = FAULT_INIT;
        Message message;
        Entry entry;
        Event event = {.entry = &entry, .message = &message};

        event.project = slice_text(notify->state->project);
        TRY(ledger_read(notify->ledger, carrier->row.seq, &arena, &entry));
        if (fold_decode(&entry, &arena, &message, &fault) != 0)
                return error_origin(-EUCLEAN);
        event.gate = gate_of(notify, &entry, &message);
        TRY(notify_status_fill(notify->ledger, &event, carrier->row.item, &arena));
        carrier->is_active = true;
        return carrier->delivery->kind == DELIVERY_EXEC ? send_exec(notify, carrier, &event)
                                                        : send_http(notify, carrier, &event);
}

/* ---- the loop ---- */

static int start_due(Notify *notify, Carrier *carrier) {
        uint64_t now_ms = clock_wall_ms(), most_ms = carrier->delivery->retry_most_ms * 2;
        int r;

        if (carrier->is_active || !carrier->n_queued || carrier->due_ms > clock_mono_ms())
                return 0;
        r = ledger_outbox_first(notify->ledger, carrier->delivery->name, &carrier->row);
        if (r == LEDGER_E_NONE) {
                carrier->n_queued = 0;
                return 0;
        }
        TRY(r);
        /* After a restart; a wall clock that was set back delays nothing for long. */
        if (!carrier->due_ms && carrier->row.next_ms > now_ms &&
            carrier->row.next_ms - now_ms <= most_ms) {
                carrier->due_ms = clock_mono_ms() + (carrier->row.next_ms - now_ms);
                return 0;
        }
        return send_row(notify, carrier);
}

static int take_ended(Notify *notify, const LoopWait *wait) {
        HttpResult result;

        if (notify->http) {
                http_client_step(notify->http, wait);
                while (http_client_take(notify->http, &result))
                        TRY(end_http(notify, &result));
        }
        for (size_t i = 0; i < notify->deliveries.n; i++) {
                Carrier *carrier = &notify->carriers[i];
                bool is_late;
                int status;

                if (carrier->exec && exec_run_step(carrier->exec, &status, &is_late))
                        TRY(end_exec(notify, carrier, status, is_late));
        }
        return 0;
}

int notify_step(Notify *notify, const LoopWait *wait) {
        TRY(take_ended(notify, wait));
        for (size_t i = 0; i < notify->deliveries.n; i++)
                TRY(start_due(notify, &notify->carriers[i]));
        return 0;
}

void notify_add_fds(const Notify *notify, LoopWait *wait) {
        if (notify->http)
                http_client_add_fds(notify->http, wait);
        for (size_t i = 0; i < notify->deliveries.n; i++)
                if (notify->carriers[i].exec)
                        exec_run_add_fds(notify->carriers[i].exec, wait);
}

static uint64_t deadline_of(const Carrier *carrier) {
        if (carrier->exec)
                return exec_run_deadline(carrier->exec);
        if (carrier->full_seq || carrier->given_up_seq)
                return 0;
        return carrier->is_active || !carrier->n_queued ? UINT64_MAX : carrier->due_ms;
}

uint64_t notify_deadline(const Notify *notify) {
        uint64_t first = notify->http ? http_client_deadline(notify->http) : UINT64_MAX;

        for (size_t i = 0; i < notify->deliveries.n; i++) {
                uint64_t due_ms = deadline_of(&notify->carriers[i]);

                first = due_ms < first ? due_ms : first;
        }
        return first;
}

bool notify_take_alert(Notify *notify, NotifyAlert *ret_alert) {
        for (size_t i = 0; i < notify->deliveries.n; i++) {
                Carrier *carrier = &notify->carriers[i];
                const char *name = carrier->delivery->name;

                *ret_alert = (NotifyAlert){.delivery = name, .cause = carrier->given_up_seq};
                if (carrier->given_up_seq) {
                        (void)snprintf(ret_alert->what, sizeof ret_alert->what,
                                       "delivery %s was given up: %s", name, carrier->error);
                        carrier->given_up_seq = 0;
                        return true;
                }
                ret_alert->cause = carrier->full_seq;
                if (carrier->full_seq) {
                        (void)snprintf(ret_alert->what, sizeof ret_alert->what,
                                       "delivery %s has %" PRIu64
                                       " events to carry; no more are taken",
                                       name, carrier->delivery->queue);
                        carrier->full_seq = 0;
                        return true;
                }
        }
        return false;
}
