/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Jobs in an array, effects in a ring: both are small and bounded. */

#include "adversary-agent/core.h"

#include "base/mem.h"

/* Each job has at most one effect of each kind. */
enum { EFFECTS_MAX = _EFFECT_MAX * CORE_JOBS_MAX };

struct Core {
        Job jobs[CORE_JOBS_MAX];
        size_t n_jobs, n_places;
        bool is_stopping;
        Effect effects[EFFECTS_MAX];
        size_t first_effect, n_effects;
};

static void job_deinit(Job *job) {
        free(job->phase);
        free(job->repository);
        free(job->commit);
        free(job->plan);
        for (size_t i = 0; i < job->n_gates; i++)
                free(job->gates[i]);
        free(job->gates);
        free(job->what);
        arena_deinit(&job->arena);
}

Core *core_new(size_t n_places) {
        Core *core = mem_new(Core);

        core->n_places = size_min(n_places, CORE_JOBS_MAX);
        return core;
}

Core *core_free(Core *core) {
        if (!core)
                return NULL;
        for (size_t i = 0; i < core->n_jobs; i++)
                job_deinit(&core->jobs[i]);
        free(core);
        return NULL;
}

/* The same effect of a job twice is one; the ring cannot overflow. */
static void add_effect(Core *core, Effect effect) {
        for (size_t i = 0; i < core->n_effects; i++) {
                Effect *known = &core->effects[(core->first_effect + i) % EFFECTS_MAX];

                if (known->kind != effect.kind || known->lease != effect.lease)
                        continue;
                *known = effect;
                return;
        }
        if (core->n_effects < EFFECTS_MAX)
                core->effects[(core->first_effect + core->n_effects++) % EFFECTS_MAX] = effect;
}

bool core_next(Core *core, Effect *ret_effect) {
        if (core->n_effects == 0)
                return false;
        *ret_effect = core->effects[core->first_effect];
        core->first_effect = (core->first_effect + 1) % EFFECTS_MAX;
        core->n_effects--;
        return true;
}

static Job *find(Core *core, uint64_t lease) {
        for (size_t i = 0; i < core->n_jobs; i++)
                if (core->jobs[i].lease == lease)
                        return &core->jobs[i];
        return NULL;
}

const Job *core_find(const Core *core, uint64_t lease) {
        for (size_t i = 0; i < core->n_jobs; i++)
                if (core->jobs[i].lease == lease)
                        return &core->jobs[i];
        return NULL;
}

size_t core_count(const Core *core) {
        return core->n_jobs;
}

static void tell_credit(Core *core) {
        size_t n_free = core->n_places > core->n_jobs ? core->n_places - core->n_jobs : 0;

        add_effect(core, (Effect){.kind = EFFECT_CREDIT, .jobs = core->is_stopping ? 0 : n_free});
}

static void fill_places(Core *core, uint64_t now_ms) {
        size_t n_busy = 0;

        for (size_t i = 0; i < core->n_jobs; i++)
                n_busy += core->jobs[i].state != JOB_WAITS;
        for (size_t i = 0; i < core->n_jobs && n_busy < core->n_places; i++) {
                Job *job = &core->jobs[i];

                if (job->state != JOB_WAITS || core->is_stopping)
                        continue;
                job->state = JOB_RUNS;
                job->n_tries++;
                job->spoke_ms = job->renewed_ms = now_ms;
                n_busy++;
                add_effect(core, (Effect){.kind = EFFECT_START, .lease = job->lease});
        }
}

static void drop(Core *core, Job *job) {
        size_t index = (size_t)(job - core->jobs);

        job_deinit(job);
        core->n_jobs--;
        memmove(job, job + 1, (core->n_jobs - index) * sizeof(Job));
        tell_credit(core);
}

void core_welcome(Core *core) {
        tell_credit(core);
}

static char *text_of(Slice text) {
        return mem_strndup((const char *)text.data, text.n);
}

static void keep_answers(Job *job, const struct offer *offer) {
        Arena *arena = &job->arena;

        job->answers = arena_alloc_array(arena, offer->n_answers, sizeof *job->answers);
        job->n_answers = offer->n_answers;
        for (size_t i = 0; i < offer->n_answers; i++) {
                job->answers[i] = offer->answers[i];
                job->answers[i].gate = arena_slice(arena, offer->answers[i].gate);
                job->answers[i].check = arena_slice(arena, offer->answers[i].check);
                job->answers[i].text = arena_slice(arena, offer->answers[i].text);
        }
}

/* What spares the workers something. */
static void keep_known(Job *job, const struct offer *offer) {
        size_t n_gates = offer->n_gates + offer->n_not_passed;
        Arena *arena = &job->arena;

        job->base = arena_slice(arena, offer->base);
        job->seal = arena_slice(arena, offer->seal);
        job->plan_path = arena_slice(arena, offer->plan_path);
        job->carries = arena_alloc_array(arena, offer->n_carries, sizeof *job->carries);
        job->n_carries = offer->n_carries;
        for (size_t i = 0; i < offer->n_carries; i++) {
                job->carries[i] = offer->carries[i];
                job->carries[i].gate = arena_slice(arena, offer->carries[i].gate);
                job->carries[i].inputs = arena_slice(arena, offer->carries[i].inputs);
        }
        job->not_passed = arena_alloc_array(arena, n_gates, sizeof *job->not_passed);
        job->n_not_passed = offer->n_not_passed;
        for (size_t i = 0; i < offer->n_not_passed; i++)
                job->not_passed[i] = arena_slice(arena, offer->not_passed[i]);
        keep_answers(job, offer);
}

bool core_offer(Core *core, const struct offer *offer, uint64_t now_ms) {
        Job *job;

        if (find(core, offer->lease))
                return true;
        if (core->n_jobs == CORE_JOBS_MAX || core->is_stopping || offer->n_gates == 0)
                return false;
        job = &core->jobs[core->n_jobs++];
        *job = (Job){
                .claim = offer->claim,
                .lease = offer->lease,
                .lease_ms = offer->lease_ms,
                .claimed_ms = offer->claimed_ms,
                .phase = text_of(offer->phase),
                .repository = text_of(offer->repository),
                .commit = text_of(offer->commit),
                .mode = offer->mode,
                .plan = text_of(offer->plan),
                .plan_bytes = offer->plan.n,
                .gates = mem_new_array(char *, offer->n_gates),
                .n_gates = offer->n_gates,
                .state = JOB_WAITS,
                .is_wanted = true,
                .renewed_ms = now_ms,
                .what = mem_strdup("waiting"),
                .arena = ARENA_INIT,
        };
        keep_known(job, offer);
        for (size_t i = 0; i < offer->n_gates; i++)
                job->gates[i] = text_of(offer->gates[i]);
        fill_places(core, now_ms);
        return true;
}

static void stop_job(Core *core, Job *job) {
        if (job->state != JOB_RUNS)
                return;
        job->state = JOB_STOPS;
        add_effect(core, (Effect){.kind = EFFECT_KILL, .lease = job->lease});
}

bool core_cancel(Core *core, uint64_t lease) {
        Job *job = find(core, lease);

        if (!job)
                return false;
        job->is_wanted = false;
        if (job->state == JOB_WAITS)
                drop(core, job);
        else
                stop_job(core, job);
        return true;
}

static void renew(Core *core, Job *job, uint64_t now_ms) {
        job->renewed_ms = now_ms;
        add_effect(core, (Effect){.kind = EFFECT_RENEW, .lease = job->lease});
}

void core_progress(Core *core, uint64_t lease, const struct progress *progress, uint64_t now_ms) {
        Job *job = find(core, lease);

        if (!job || job->state != JOB_RUNS)
                return;
        free(job->what);
        job->what = text_of(progress->what);
        job->n_done = progress->n_done;
        job->n_total = progress->n_total;
        job->spoke_ms = now_ms;
        renew(core, job, now_ms);
}

void core_decided(Core *core, uint64_t lease, Decision decision) {
        Job *job = find(core, lease);

        if (job && decision != DECISION_PASS && job->at < job->n_gates)
                job->not_passed[job->n_not_passed++] = slice_text(job->gates[job->at]);
}

void core_worker_ended(Core *core, uint64_t lease, bool gave_verdict, uint64_t now_ms) {
        Job *job = find(core, lease);

        if (!job)
                return;
        if (job->is_wanted && !gave_verdict && job->n_tries >= CORE_TRIES_MAX) {
                job->state = JOB_STOPS; /* until the verdict on the gate is given instead */
                add_effect(core, (Effect){.kind = EFFECT_GIVE_UP, .lease = lease});
                return;
        }
        if (gave_verdict) {
                job->at++;
                job->n_tries = 0;
        }
        job->state = JOB_WAITS;
        if (!job->is_wanted || job->at == job->n_gates)
                drop(core, job);
        fill_places(core, now_ms);
}

static uint64_t renew_ms(const Job *job) {
        return size_max(size_min(job->lease_ms / 3, CORE_RENEW_MS), 1);
}

int64_t core_wait_ms(const Core *core, uint64_t now_ms) {
        int64_t wait_ms = -1;

        for (size_t i = 0; i < core->n_jobs; i++) {
                uint64_t due_ms = core->jobs[i].renewed_ms + renew_ms(&core->jobs[i]);
                int64_t left_ms = due_ms > now_ms ? (int64_t)(due_ms - now_ms) : 0;

                if (wait_ms < 0 || left_ms < wait_ms)
                        wait_ms = left_ms;
        }
        return wait_ms;
}

/* A job that waits for its place is renewed too: we hold it, and mean to do it. */
void core_tick(Core *core, uint64_t now_ms) {
        for (size_t i = 0; i < core->n_jobs; i++) {
                Job *job = &core->jobs[i];

                if (now_ms - job->renewed_ms < renew_ms(job))
                        continue;
                job->renewed_ms = now_ms;
                if (job->state == JOB_RUNS && now_ms - job->spoke_ms >= CORE_STALL_MS)
                        stop_job(core, job); /* as if it had died: it is tried once more */
                else if (job->is_wanted)
                        renew(core, job, now_ms);
        }
}

void core_stop(Core *core) {
        core->is_stopping = true;
        tell_credit(core);
        for (size_t i = core->n_jobs; i-- > 0;)
                (void)core_cancel(core, core->jobs[i].lease); /* it is ours */
}
