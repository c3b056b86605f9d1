/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What the core wants is done. */

#include "adversary-agent/daemon_parts.h"

#include "adversary-agent/stand_in.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"

enum { COMMIT_SHOWN = 12 };

void daemon_describe_job(const Daemon *daemon, const Job *job, Message *ret_message) {
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

        daemon_describe_job(daemon, job, &message);
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
        Worker *worker = daemon_find_worker(daemon, effect->lease);

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

int daemon_carry_out(Daemon *daemon) {
        Effect effect;

        while (core_next(daemon->core, &effect))
                TRY(carry_out(daemon, &effect));
        return 0;
}
