/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * The adversary's loop: what the broker says and what workers say goes into the core or a delivery;
 * what the core wants is done. Each thing that happens is a line in the log.
 */

#include "adversary-agent/daemon.h"

#include <errno.h>
#include <string.h>

#include "adversary-agent/holder.h"
#include "adversary-agent/mailbag.h"
#include "adversary-agent/prober.h"
#include "adversary-agent/sealer.h"
#include "adversary-agent/stand_in.h"
#include "adversary-agent/standby.h"
#include "adversary-agent/worker.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/service.h"
#include "base/options.h"
#include "proto/codec.h"
#include "verify/scratch.h"

enum {
        STOP_MS = 8000, /* for workers to end and verdicts to be answered */
        COMMIT_SHOWN = 12,
        MESSAGES_MAX = 64, /* of one source in one turn of the loop */
};

/* A lost lease: whoever holds it now, it is not us. */
static const char *const lost_rules[] = {"lease-expired",    "lease-unknown",  "lease-not-yours",
                                         "claim-superseded", "claim-not-open", "claim-unknown",
                                         "claim-withdrawn"};

typedef struct Daemon {
        const DaemonSettings *settings;
        Session *session;
        Core *core;
        Worker *workers[CORE_JOBS_MAX];
        size_t n_workers;
        Standby standby;
        Mailbag bag;
        Holder holder;
        Sealer sealer;
        Prober prober;
        uint64_t stop_by_ms; /* monotonic; 0: nobody wants us to stop */
        bool has_ended;      /* the session has */
        int status;
} Daemon;

static void daemon_deinit(Daemon *daemon) {
        for (size_t i = 0; i < daemon->n_workers; i++)
                (void)worker_free(daemon->workers[i], daemon->settings->scratch);
        standby_deinit(&daemon->standby);
        prober_deinit(&daemon->prober);
        mailbag_deinit(&daemon->bag);
        holder_deinit(&daemon->holder);
        (void)core_free(daemon->core);
}

static Worker *find_worker(Daemon *daemon, uint64_t lease) {
        for (size_t i = 0; i < daemon->n_workers; i++)
                if (daemon->workers[i]->lease == lease)
                        return daemon->workers[i];
        return NULL;
}

static void lose_lease(Daemon *daemon, uint64_t lease, const char *why) {
        mailbag_drop_lease(&daemon->bag, lease, true);
        if (core_cancel(daemon->core, lease))
                log_write(LOG_INFO, "lease L-%llu is over: %s", (unsigned long long)lease, why);
}

/* ---- what the core wants ---- */

/* Borrows from the job. */
static void describe_job(const Daemon *daemon, const Job *job, Message *ret_message) {
        const DaemonSettings *settings = daemon->settings;

        *ret_message = (Message){
                .type = MESSAGE_JOB,
                .job = {.plan = slice_make(job->plan, job->plan_bytes),
                        .gate = slice_text(job->gates[job->at]),
                        .repository = slice_text(job->repository),
                        .commit = slice_text(job->commit),
                        .claim = job->claim,
                        .lease = job->lease,
                        .claimed_ms = job->claimed_ms,
                        .mode = job->mode,
                        .mirrors = slice_text(settings->mirrors),
                        .scratch = slice_text(settings->scratch),
                        .state = slice_text(settings->state),
                        .secrets = slice_text(settings->secrets),
                        .hidden = settings->hidden,
                        .n_hidden = settings->n_hidden},
        };
}

static int start_worker(Daemon *daemon, const Job *job) {
        const SealedFile *sealed = sealed_files_find(daemon->settings->sealed, job->seal);
        Worker *worker = NULL;
        Message message;

        describe_job(daemon, job, &message);
        message.job.carries = job->carries;
        message.job.n_carries = job->n_carries;
        message.job.answers = job->answers;
        message.job.n_answers = job->n_answers;
        message.job.base = job->base;
        message.job.not_passed = job->not_passed;
        message.job.n_not_passed = job->n_not_passed;
        message.job.seal = job->seal;
        message.job.plan_path = job->plan_path;
        message.job.sealed = sealed ? sealed_file_get(sealed) : SLICE_NULL;
        message.job.kept = slice_text(sealed ? sealed->kept : NULL);
        message_set_present(&message);
        mailbag_drop_lease(&daemon->bag, job->lease, false); /* of one that died */
        TRY(standby_take(&daemon->standby, job->lease, &message, &worker));
        daemon->workers[daemon->n_workers++] = worker;
        log_write(LOG_INFO, "%s of claim C-%llu at %.*s: verifying, worker %d", job->gates[job->at],
                  (unsigned long long)job->claim, COMMIT_SHOWN, job->commit, (int)worker->pid);
        return 0;
}

static int renew(Daemon *daemon, const Job *job) {
        Message message = {
                .type = MESSAGE_PROGRESS,
                .progress = {.claim = job->claim,
                             .lease = job->lease,
                             .gate = slice_text(job->gates[job->at]),
                             .what = slice_text(job->what),
                             .n_done = job->n_done,
                             .n_total = job->n_total},
        };

        message_set_present(&message);
        return session_send(daemon->session, &message);
}

/* The workers died: the machine's fault, said in the product's form. */
static int give_up(Daemon *daemon, const Job *job) {
        cleanup_arena Arena arena = ARENA_INIT;
        Message verdict;

        log_write(LOG_ERROR, "%s of claim C-%llu: two workers died without a verdict",
                  job->gates[job->at], (unsigned long long)job->claim);
        mailbag_drop_lease(&daemon->bag, job->lease, false);
        if (stand_in_make(job, clock_wall_ms(), &arena, &verdict))
                TRY(delivery_set_verdict(mailbag_open(&daemon->bag, job->lease), &verdict));
        core_decided(daemon->core, job->lease, DECISION_INCONCLUSIVE);
        core_worker_ended(daemon->core, job->lease, true, clock_mono_ms());
        return 0;
}

static int tell_credit(Daemon *daemon, uint64_t jobs) {
        Message message = {.type = MESSAGE_CREDIT,
                           .credit = {.jobs = jobs, .after = session_get_head(daemon->session)}};

        message_set_present(&message);
        return session_send(daemon->session, &message);
}

static int carry_out(Daemon *daemon, const Effect *effect) {
        const Job *job = core_find(daemon->core, effect->lease);
        Worker *worker = find_worker(daemon, effect->lease);

        if (effect->kind == EFFECT_CREDIT)
                return tell_credit(daemon, effect->jobs);
        if (!job)
                return 0;
        switch (effect->kind) {
        case EFFECT_START:
                if (job->state == JOB_RUNS && start_worker(daemon, job) != 0)
                        core_worker_ended(daemon->core, effect->lease, false, clock_mono_ms());
                return 0;
        case EFFECT_KILL:
                if (worker)
                        worker_stop(worker, clock_mono_ms());
                else
                        core_worker_ended(daemon->core, effect->lease, false, clock_mono_ms());
                return 0;
        case EFFECT_RENEW: return job->is_wanted && job->at < job->n_gates ? renew(daemon, job) : 0;
        case EFFECT_GIVE_UP: return give_up(daemon, job);
        case EFFECT_CREDIT:
        case _EFFECT_MAX: break;
        }
        return 0;
}

static int carry_out_all(Daemon *daemon) {
        Effect effect;

        while (core_next(daemon->core, &effect))
                TRY(carry_out(daemon, &effect));
        return 0;
}

/* ---- what the broker says ---- */

static void on_offer(Daemon *daemon, const struct offer *offer) {
        if (core_find(daemon->core, offer->lease))
                return;
        log_write(LOG_INFO, "claim C-%llu of phase %.*s: %zu gate%s at %.*s, lease L-%llu",
                  (unsigned long long)offer->claim, SLICE_ARGS(offer->phase), offer->n_gates,
                  offer->n_gates == 1 ? "" : "s",
                  SLICE_ARGS(slice_head(offer->commit, COMMIT_SHOWN)),
                  (unsigned long long)offer->lease);
        if (!core_offer(daemon->core, offer, clock_mono_ms()))
                log_write(LOG_WARNING, "there is no place for it; the lease will lapse");
}

static int on_ack(Daemon *daemon, const struct ack *ack) {
        const Delivery *delivery = mailbag_find(&daemon->bag, ack->id);

        if (holder_on_ack(&daemon->holder, ack) || sealer_on_ack(&daemon->sealer, ack) ||
            prober_on_ack(&daemon->prober, ack))
                return 0;
        if (!delivery) {
                log_write(LOG_INFO, "an entry of an earlier run is in the ledger: %llu",
                          (unsigned long long)ack->seq);
                return 0;
        }
        log_write(LOG_INFO, "%s: %s, V-%llu", delivery->gate,
                  word_of(&words_DECISION, (int)delivery->decision), (unsigned long long)ack->seq);
        if (delivery->probe.n)
                TRY(prober_add(&daemon->prober, buf_get(&delivery->probe),
                               buf_get(&delivery->verdict), ack->seq));
        mailbag_drop(&daemon->bag, delivery);
        return 0;
}

static bool is_lost(Slice rule) {
        for (size_t i = 0; i < ARRAY_SIZE(lost_rules); i++)
                if (slice_is(rule, lost_rules[i]))
                        return true;
        return false;
}

static void on_refuse(Daemon *daemon, const struct refuse *refuse) {
        const Delivery *delivery = mailbag_find(&daemon->bag, refuse->id);
        uint64_t lease = delivery ? delivery->lease : 0;

        log_write(LOG_WARNING, "refused%s%s: %.*s: %.*s", delivery ? ", the verdict on " : "",
                  delivery ? delivery->gate : "", SLICE_ARGS(refuse->rule),
                  SLICE_ARGS(refuse->found));
        if (!delivery)
                return;
        mailbag_drop(&daemon->bag, delivery);
        if (is_lost(refuse->rule))
                lose_lease(daemon, lease, "its verdict was refused");
}

static void on_welcome(Daemon *daemon, const struct welcome *welcome) {
        log_write(LOG_INFO, "connected to the broker of %.*s as %.*s (%s)",
                  SLICE_ARGS(welcome->project), SLICE_ARGS(welcome->name),
                  word_of(&words_ROLE, (int)welcome->role));
        if (welcome->role != ROLE_ADVERSARY) {
                log_write(LOG_ERROR, "this key may not verify: it is a key of role %s",
                          word_of(&words_ROLE, (int)welcome->role));
                daemon->status = EXIT_NOT_AUTHORISED;
                daemon->has_ended = true;
                return;
        }
        mailbag_restart(&daemon->bag);
        sealer_restart(&daemon->sealer);
        core_welcome(daemon->core);
}

static int hear_broker(Daemon *daemon, const Message *message) {
        switch ((int)message->type) {
        case MESSAGE_WELCOME: on_welcome(daemon, &message->welcome); break;
        case MESSAGE_OFFER: on_offer(daemon, &message->offer); break;
        case MESSAGE_CANCEL: {
                cleanup_buf Buf why = BUF_TEXT;

                buf_slice(&why, message->cancel.why);
                lose_lease(daemon, message->cancel.lease, buf_get_text(&why));
                break;
        }
        case MESSAGE_ACK: return on_ack(daemon, &message->ack);
        case MESSAGE_REFUSE:
                if (!holder_on_refuse(&daemon->holder, &message->refuse) &&
                    !sealer_on_refuse(&daemon->sealer, &message->refuse) &&
                    !prober_on_refuse(&daemon->prober, &message->refuse))
                        on_refuse(daemon, &message->refuse);
                break;
        case MESSAGE_STATUS:
                holder_on_status(&daemon->holder, &message->status);
                return sealer_on_status(&daemon->sealer, &message->status);
        case MESSAGE_EVIDENCE:
                mailbag_hear(&daemon->bag, &message->evidence);
                sealer_on_evidence(&daemon->sealer, &message->evidence);
                break;
        default: /* entries and others' progress: nothing that we asked for */ break;
        }
        return 0;
}

static int poll_broker(Daemon *daemon) {
        for (size_t i = 0; i < MESSAGES_MAX && !daemon->has_ended; i++) {
                cleanup_arena Arena arena = ARENA_INIT;
                Fault fault = FAULT_INIT;
                Message message;
                int r = session_poll(daemon->session, &arena, &message, &fault);

                if (r == SESSION_E_NOTHING)
                        return 0;
                if (r == SESSION_E_REFUSED) {
                        log_write(LOG_ERROR, "%s: %s", fault.rule, fault.found);
                        daemon->status = refusal_exit_status(&fault);
                        daemon->has_ended = true;
                        return 0;
                }
                TRY(r);
                TRY(hear_broker(daemon, &message));
        }
        return 0;
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
        describe_job(daemon, job, &message);
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
                for (size_t k = 0; k < MESSAGES_MAX && r == 0; k++) {
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
        Worker *worker = find_worker(userdata, lease);

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

        TRY(carry_out_all(daemon));
        TRY(mailbag_step(&daemon->bag, daemon->session, clock_mono_ms()));
        TRY(holder_step(&daemon->holder, clock_mono_ms()));
        TRY(sealer_step(&daemon->sealer, clock_mono_ms()));
        TRY(prober_step(&daemon->prober, clock_mono_ms()));
        standby_step(&daemon->standby, clock_mono_ms());
        TRY(loop_wait(&wait, prepare_wait(daemon, &wait)));
        read_signals(daemon);
        TRY(poll_broker(daemon));
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
