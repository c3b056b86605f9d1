/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * One round of the loop: wait, take what has come (a bounded batch), let the core write and answer
 * it, and only in a round that brought nothing render files. While one commit is synced the next
 * batch gathers by itself.
 */

#include "broker/io_parts.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/service.h"

enum {
        BATCH_MAX = 1024,
        ROUND_MS = 3,       /* of work on frames, where somebody waits for nothing but its answer */
        ROUND_LONG_MS = 12, /* where all that were served have more that waits */
        ROOM_RETRY_MS = 200,
};

/* The service manager's, if it has one. */
typedef struct Watch {
        uint64_t every_ms, due_ms; /* every 0: none */
} Watch;

typedef struct Serving {
        Project *project;
        int signal_fd;
        bool is_stopping;
        Watch watch;
} Serving;

static void serving_deinit(Serving *serving) {
        fd_close(&serving->signal_fd);
}

/* Only this user reaches an ipc socket; who may say something is decided by keys all the same. */
static int bind_channel(Io *io, Fault *reterr_fault) {
        const char *endpoint = io->project->endpoint;
        cleanup_free char *dir = NULL;
        mode_t mask;
        int r;

        if (strncmp(endpoint, "ipc://", 6) == 0) {
                dir = mem_strdup(endpoint + 6);
                if (strrchr(dir, '/'))
                        *strrchr(dir, '/') = 0;
                TRY(dir_make(dir, 0700));
        }
        mask = umask(077);
        r = channel_server_new(endpoint, &io->key, io_admits, io, &io->server, reterr_fault);
        (void)umask(mask);
        if (r == 0)
                channel_server_limit(io->server, io->project->connections);
        return r == CHANNEL_E_REFUSED ? IO_E_REFUSED : r;
}

/* Whose key it is now is whose it most likely is when the frame's turn comes. */
static void look_ahead(Io *io, IntakeItem *item) {
        const State *state = core_get_state(io->core);
        const AgentRecord *agent = state_find_agent_by_curve(state, item->curve);

        if (agent && !agent->is_revoked)
                ahead_add(io->ahead, &item->ahead, intake_item_get(item), &agent->key,
                          &state->ledger);
}

static int take_frame(Io *io) {
        IntakeItem *item = NULL;
        uint8_t curve[CURVE_BYTES];
        Route route;
        int r;

        buf_clear(&io->frame);
        r = channel_server_receive(io->server, &io->frame, &route, curve);
        if (r > 0 && r != CHANNEL_E_EMPTY)
                return core_refuse_message(io->core, &route, curve, r);
        if (r != 0)
                return r;
        r = intake_put(&io->intake, &route, curve, buf_get(&io->frame), &item);
        if (r == INTAKE_E_FULL)
                return core_refuse_busy(io->core, &route, buf_get(&io->frame));
        TRY(r);
        look_ahead(io, item);
        return 0;
}

static int take_frames(Io *io, bool *ret_any) {
        int r = 0;

        for (size_t i = 0; i < BATCH_MAX && r == 0; i++) {
                r = take_frame(io);
                *ret_any |= r == 0;
        }
        ahead_begin(io->ahead);
        return r == CHANNEL_E_EMPTY ? 0 : r;
}

static int work_on(Io *io, IntakeItem *item) {
        int r;

        ahead_take(io->ahead, &item->ahead);
        io->in_hand = item;
        r = core_receive(io->core, &item->route, item->curve, intake_item_get(item));
        io->in_hand = NULL;
        return r;
}

/* The round goes on as long as nobody who was served idles for its answer: those who have more on
 * its way do not, and the more a commit has the less it costs each. */
static uint64_t round_limit_ms(const Io *io) {
        return io->intake.has_drained ? ROUND_MS : ROUND_LONG_MS;
}

/* The next in turn; what has come meanwhile belongs to this round, too. NULL: nobody waits. */
static int take_next(Io *io, bool *ret_any, IntakeItem **ret_item) {
        *ret_item = intake_take(&io->intake);
        if (*ret_item)
                return 0;
        TRY(take_frames(io, ret_any));
        *ret_item = intake_take(&io->intake);
        return 0;
}

static int work_on_frames(Io *io, bool *ret_any) {
        uint64_t started_ms = clock_mono_ms(), looked_ms = started_ms;

        io->intake.has_drained = false;
        for (size_t i = 0; i < BATCH_MAX; i++) {
                cleanup(intake_item_freep) IntakeItem *item = NULL;
                uint64_t now_ms = clock_mono_ms();

                if (now_ms - started_ms >= round_limit_ms(io))
                        return 0;
                if (now_ms - looked_ms >= ROUND_MS) {
                        TRY(take_frames(io, ret_any)); /* who comes new has the next turn */
                        looked_ms = now_ms;
                }
                TRY(take_next(io, ret_any, &item));
                if (!item)
                        return 0;
                TRY(work_on(io, item));
        }
        return 0;
}

/* Milliseconds until something is due: -1 never, 0 now. */
static int64_t time_to_wait(const Io *io, const Watch *watch, uint64_t now_ms) {
        uint64_t due_ms = core_next_deadline(io->core), notify_ms = notify_deadline(io->notify);
        uint64_t rest_ms = rest_deadline(io->rest), scrape_ms = scrape_deadline(io->scrape);
        uint64_t silent_ms = channel_server_deadline(io->server);

        if (io->room_due_ms > now_ms)
                notify_ms = io->room_due_ms;
        if (notify_ms < due_ms)
                due_ms = notify_ms;
        if (rest_ms < due_ms)
                due_ms = rest_ms;
        if (silent_ms < due_ms)
                due_ms = silent_ms;
        if (scrape_ms < due_ms)
                due_ms = scrape_ms;
        if (watch->every_ms && watch->due_ms < due_ms)
                due_ms = watch->due_ms;
        if (io->stranger && io->stranger_due_ms < due_ms)
                due_ms = io->stranger_due_ms;
        if (io->intake.n_queues > 0)
                return 0;
        if (due_ms == UINT64_MAX)
                return -1;
        return due_ms <= now_ms ? 0 : (int64_t)(due_ms - now_ms);
}

/* Between two batches, so that what it records is a batch of its own. */
static int step_deliveries(Io *io, const LoopWait *wait) {
        Fault full = FAULT_INIT;
        bool has_alert = false;
        NotifyAlert alert;

        if (clock_mono_ms() < io->room_due_ms)
                return 0;
        io->room_due_ms = 0;
        if (ledger_ask_room(io->ledger, 0, &full) != 0) {
                io->room_due_ms = clock_mono_ms() + ROOM_RETRY_MS;
                return 0;
        }
        TRY(notify_step(io->notify, wait));
        while (core_may_alert(io->core) && notify_take_alert(io->notify, &alert)) {
                TRY(core_alert(io->core, WAIT_FOR_DELIVERY, alert.what, alert.cause,
                               alert.delivery));
                has_alert = true;
        }
        if (has_alert)
                TRY(core_commit(io->core));
        return ledger_commit(io->ledger);
}

/* That the loop goes round is what the service manager's watchdog wants to know. */
static void feed_watchdog(const Io *io, Watch *watch) {
        uint64_t now_ms = clock_mono_ms();

        if (!watch->every_ms || now_ms < watch->due_ms)
                return;
        watch->due_ms = now_ms + watch->every_ms;
        service_say("WATCHDOG=1\nSTATUS=%" PRIu64 " entries, %zu connections",
                    core_get_state(io->core)->head_seq, core_get_counters(io->core).n_peers);
}

static int take_signals(Io *io, Serving *serving) {
        int number;

        while ((number = loop_signal_read(serving->signal_fd)) != 0)
                if (number == SIGHUP)
                        TRY(io_reload(io, serving->project));
                else
                        serving->is_stopping = true;
        return 0;
}

static int serve_round(Io *io, Serving *serving) {
        LoopWait wait = {.server = io->server, .client = io->stranger};
        size_t signals = loop_add_fd(&wait, serving->signal_fd, false);
        bool has_work = false;

        if (clock_mono_ms() >= io->room_due_ms) /* else what has ended would end each wait */
                notify_add_fds(io->notify, &wait);
        rest_add_fds(io->rest, &wait);
        scrape_add_fds(io->scrape, &wait);
        TRY(loop_wait(&wait, time_to_wait(io, &serving->watch, clock_mono_ms())));
        if (wait.zap_is_ready)
                TRY(channel_server_serve_zap(io->server));
        TRY(io_prove_step(io));
        has_work = io->intake.n_queues > 0;
        TRY(take_frames(io, &has_work));
        TRY(work_on_frames(io, &has_work));
        if (clock_mono_ms() >= core_next_deadline(io->core)) {
                TRY(core_tick(io->core));
                has_work = true;
        }
        if (has_work)
                TRY(core_commit(io->core));
        TRY(step_deliveries(io, &wait));
        TRY(ledger_tidy(io->ledger));
        TRY(io_watch_log(io));
        scrape_step(io->scrape, &wait, &(ScrapeSource){io, io_print_metrics, io_print_health});
        rest_step(io->rest, !has_work);
        feed_watchdog(io, &serving->watch);
        return wait.fds[signals].is_ready ? take_signals(io, serving) : 0;
}

static void say_ready(const Io *io) {
        const State *state = core_get_state(io->core);
        char head[HASH_HEX + 1];

        hex_encode(hash_slice(&state->head_hash), head);
        printf("broker: ready on %s, %" PRIu64 " entries, head %.16s\n", io->project->endpoint,
               state->head_seq, head);
        (void)fflush(stdout); /* whoever reads it may have gone */
        service_say("READY=1\nSTATUS=%" PRIu64 " entries", state->head_seq);
}

static int open_scrape(Io *io, Fault *reterr_fault) {
        int r = 0;

        if (io->project->metrics[0])
                r = scrape_new(io->project->metrics, io->project->root, &io->scrape, reterr_fault);
        return r > 0 ? IO_E_REFUSED : r;
}

int io_run(Io *io, Project *project, Fault *reterr_fault) {
        cleanup(serving_deinit) Serving serving = {
                .project = project, .signal_fd = -1, .watch.every_ms = service_watchdog_ms()};
        int r;

        TRY(loop_signal_fd(false, &serving.signal_fd));
        TRY(loop_signal_add_hup(serving.signal_fd));
        io->ahead = ahead_new();
        ledger_leave_log(io->ledger);
        r = bind_channel(io, reterr_fault);
        if (r == 0)
                r = open_scrape(io, reterr_fault);
        if (r != 0)
                return r;
        TRY(io_prove_begin(io));
        say_ready(io);
        while (!serving.is_stopping)
                TRY(serve_round(io, &serving));
        service_say("STOPPING=1");
        rest_finish(io->rest, FILES_STOP_MS);
        log_write(LOG_INFO, "stopped; %" PRIu64 " entries", core_get_state(io->core)->head_seq);
        return 0;
}
