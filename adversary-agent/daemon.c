/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * The adversary's loop: what the broker says and what workers say goes into the core or a delivery;
 * what the core wants is done. Each thing that happens is a line in the log.
 */

#include "adversary-agent/daemon_parts.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/service.h"
#include "base/options.h"
#include "proto/codec.h"
#include "verify/scratch.h"

enum { STOP_MS = 8000 /* for workers to end and verdicts to be answered */ };

static void daemon_deinit(Daemon *daemon) {
        for (size_t i = 0; i < daemon->n_workers; i++)
                (void)worker_free(daemon->workers[i], daemon->settings->scratch);
        standby_deinit(&daemon->standby);
        prober_deinit(&daemon->prober);
        mailbag_deinit(&daemon->bag);
        holder_deinit(&daemon->holder);
        (void)core_free(daemon->core);
}

Worker *daemon_find_worker(Daemon *daemon, uint64_t lease) {
        for (size_t i = 0; i < daemon->n_workers; i++)
                if (daemon->workers[i]->lease == lease)
                        return daemon->workers[i];
        return NULL;
}

/* ---- what workers say ---- */

/* What a worker has parsed was hostile: its word counts for its own job only. */
static bool is_of_job(const struct verdict *verdict, const Job *job) {
        return verdict->claim == job->claim && verdict->lease == job->lease &&
               slice_is(verdict->gate, job->gates[job->at]) &&
               slice_is(verdict->commit, job->commit);
}

/* The job may be over when the verdict is in the ledger: what the probe program needs is kept. */
static int keep_probe(const Daemon *daemon, const Job *job, Delivery *delivery) {
        const DaemonSettings *settings = daemon->settings;
        CodecFault fault;
        Message message;

        if (!settings->probe)
                return 0;
        daemon_describe_job(daemon, job, &message);
        message.job.probe = slice_text(settings->probe);
        message.job.probe_ms = settings->probe_ms;
        message.job.probe_network = settings->probe_network;
        message_set_present(&message);
        return codec_encode(&message, &delivery->probe, &fault) == 0 ? 0 : error_origin(-EINVAL);
}

static int hear_worker(Daemon *daemon, Worker *worker, const Message *message) {
        const Job *job = core_find(daemon->core, worker->lease);

        if (!job || !job->is_wanted || worker->gave_verdict)
                return 0;
        if (message->type == MESSAGE_PROGRESS)
                core_progress(daemon->core, worker->lease, &message->progress, clock_mono_ms());
        if (message->type == MESSAGE_EVIDENCE_PUT)
                delivery_add_evidence(mailbag_open(&daemon->bag, worker->lease),
                                      &message->evidence_put);
        if (message->type == MESSAGE_HOLD)
                TRY(holder_want(&daemon->holder, worker->lease, &message->hold));
        if (message->type == MESSAGE_RELEASE)
                TRY(holder_release(&daemon->holder, worker->lease, message->release.hold));
        if (message->type == MESSAGE_VERDICT && is_of_job(&message->verdict, job)) {
                TRY(keep_probe(daemon, job, mailbag_open(&daemon->bag, worker->lease)));
                TRY(delivery_set_verdict(mailbag_open(&daemon->bag, worker->lease), message));
                core_decided(daemon->core, worker->lease, message->verdict.decision);
                worker->gave_verdict = true;
        }
        return 0;
}

static int on_worker_ended(Daemon *daemon, size_t index) {
        Worker *worker = daemon->workers[index];
        const Job *job = core_find(daemon->core, worker->lease);
        uint64_t lease = worker->lease;
        bool gave_verdict = worker->gave_verdict;

        if (job && job->is_wanted && !gave_verdict)
                log_write(LOG_WARNING, "worker %d died without a verdict on %s", (int)worker->pid,
                          job->gates[job->at]);
        (void)worker_free(worker, daemon->settings->scratch);
        daemon->workers[index] = daemon->workers[--daemon->n_workers];
        core_worker_ended(daemon->core, lease, gave_verdict, clock_mono_ms());
        return holder_drop(&daemon->holder, lease);
}

static int poll_workers(Daemon *daemon) {
        for (size_t i = daemon->n_workers; i-- > 0;) {
                Worker *worker = daemon->workers[i];
                int r = 0;

                worker_tick(worker, clock_mono_ms());
                for (size_t k = 0; k < DAEMON_MESSAGES_MAX && r == 0; k++) {
                        cleanup_arena Arena arena = ARENA_INIT;
                        Message message;

                        r = worker_hear(worker, &arena, &message);
                        if (r == 0)
                                TRY(hear_worker(daemon, worker, &message));
                }
                if (r < 0)
                        return r;
                if (r == WORKER_E_ENDED)
                        TRY(on_worker_ended(daemon, i));
        }
        return 0;
}

/* ---- the loop ---- */

static void tell_worker(void *userdata, uint64_t lease, const Message *message) {
        Worker *worker = daemon_find_worker(userdata, lease);

        if (worker)
                worker_tell(worker, message);
}

static int64_t sooner(int64_t a, int64_t b) {
        if (a < 0 || b < 0)
                return a < 0 ? b : a;
        return a < b ? a : b;
}

static int64_t until(uint64_t due_ms, uint64_t now_ms) {
        if (!due_ms)
                return -1;
        return due_ms > now_ms ? (int64_t)(due_ms - now_ms) : 0;
}

static void await_worker(LoopWait *wait, const Worker *worker) {
        if (worker->out_fd >= 0)
                (void)loop_add_fd(wait, worker->out_fd, false);
        if (worker->pidfd >= 0)
                (void)loop_add_fd(wait, worker->pidfd, false);
}

static int64_t prepare_wait(Daemon *daemon, LoopWait *wait) {
        uint64_t now_ms = clock_mono_ms();
        int64_t timeout_ms = session_prepare(daemon->session, wait);

        (void)loop_add_fd(wait, daemon->settings->signal_fd, false);
        for (size_t i = 0; i < daemon->n_workers; i++) {
                await_worker(wait, daemon->workers[i]);
                timeout_ms = sooner(timeout_ms, until(daemon->workers[i]->kill_at_ms, now_ms));
        }
        timeout_ms = sooner(timeout_ms, until(mailbag_due_ms(&daemon->bag), now_ms));
        timeout_ms = sooner(timeout_ms, until(holder_due_ms(&daemon->holder), now_ms));
        if (daemon->prober.worker)
                await_worker(wait, daemon->prober.worker);
        timeout_ms = sooner(timeout_ms, until(prober_due_ms(&daemon->prober), now_ms));
        timeout_ms = sooner(timeout_ms, until(daemon->standby.due_ms, now_ms));
        timeout_ms = sooner(timeout_ms, until(sealer_due_ms(&daemon->sealer), now_ms));
        timeout_ms = sooner(timeout_ms, core_wait_ms(daemon->core, now_ms));
        return sooner(timeout_ms, until(daemon->stop_by_ms, now_ms));
}

static void read_signals(Daemon *daemon) {
        if (loop_signal_read(daemon->settings->signal_fd) == 0 || daemon->stop_by_ms)
                return;
        service_say("STOPPING=1");
        log_write(LOG_INFO, "stopping: %zu verification%s cancelled", daemon->n_workers,
                  daemon->n_workers == 1 ? "" : "s");
        daemon->stop_by_ms = clock_mono_ms() + STOP_MS;
        core_stop(daemon->core);
}

static bool is_over(const Daemon *daemon) {
        if (daemon->has_ended)
                return true;
        if (!daemon->stop_by_ms)
                return false;
        if (clock_mono_ms() >= daemon->stop_by_ms)
                return true;
        /* Verdicts go out first, if there is somebody to take them. */
        return daemon->n_workers == 0 &&
               (mailbag_count_whole(&daemon->bag) == 0 || !session_is_connected(daemon->session));
}

static int turn(Daemon *daemon) {
        LoopWait wait = {.n_fds = 0};

        TRY(daemon_carry_out(daemon));
        TRY(mailbag_step(&daemon->bag, daemon->session, clock_mono_ms()));
        TRY(holder_step(&daemon->holder, clock_mono_ms()));
        TRY(sealer_step(&daemon->sealer, clock_mono_ms()));
        TRY(prober_step(&daemon->prober, clock_mono_ms()));
        standby_step(&daemon->standby, clock_mono_ms());
        TRY(loop_wait(&wait, prepare_wait(daemon, &wait)));
        read_signals(daemon);
        TRY(daemon_hear_broker(daemon));
        TRY(poll_workers(daemon));
        core_tick(daemon->core, clock_mono_ms());
        return 0;
}

int daemon_run(const DaemonSettings *settings) {
        cleanup(daemon_deinit) Daemon daemon = {.settings = settings,
                                                .session = settings->session,
                                                .core = core_new(settings->n_jobs),
                                                .status = EXIT_HOLDS};
        int r = 0;

        daemon.holder =
                (Holder){.session = settings->session, .tell = tell_worker, .userdata = &daemon};
        daemon.sealer = (Sealer){.session = settings->session, .files = settings->sealed};
        daemon.standby = (Standby){.scratch = settings->scratch, .due_ms = clock_mono_ms()};
        daemon.prober = (Prober){.session = settings->session, .scratch = settings->scratch};
        while (r == 0 && !is_over(&daemon))
                r = turn(&daemon);
        if (r < 0) {
                log_write(LOG_ERROR, "broken off: %s", strerror(-r));
                return EXIT_NOT_CARRIED_OUT;
        }
        return daemon.status;
}
