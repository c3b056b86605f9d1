/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Which claim is verified when, without the world: offers, ends of workers and the time go in,
 * effects come out. One worker for each job at a time, a gate after the other; never more workers
 * than there are places; a lease is renewed as long as its worker is alive, and no longer than it
 * has anything to say.
 */

#include "base/arena.h"
#include "base/buf.h"
#include "proto/message.h"

enum {
        CORE_JOBS_MAX = 64,
        CORE_TRIES_MAX = 2,             /* workers for a gate that die without a verdict */
        CORE_RENEW_MS = 5000,           /* at the latest */
        CORE_STALL_MS = 30 * 60 * 1000, /* a worker that says nothing for so long is stuck */
};

typedef enum JobState {
        JOB_WAITS, /* for a place */
        JOB_RUNS,  /* a worker verifies gates[at] */
        JOB_STOPS, /* the worker was killed, or gave no verdict; the end is awaited */
} JobState;

/* A leased claim. */
typedef struct Job {
        uint64_t claim, lease, lease_ms, claimed_ms;
        char *phase, *repository, *commit;
        Mode mode;
        char *plan;
        size_t plan_bytes;
        char **gates;
        size_t n_gates, at;
        Arena arena; /* of what follows */
        struct carry *carries;
        size_t n_carries;
        struct answered *answers;
        size_t n_answers;
        Slice base;        /* empty: none */
        Slice plan_path;   /* of its copy in the commit; empty: not known */
        Slice seal;        /* digest of our sealed checks of the phase; empty: none */
        Slice *not_passed; /* gates of the claim; room for all of it */
        size_t n_not_passed;
        JobState state;
        bool is_wanted;   /* false: withdrawn, superseded, lease lost; it only has to end */
        unsigned n_tries; /* workers started for this gate */
        uint64_t spoke_ms, renewed_ms; /* monotonic */
        char *what;                    /* the worker's last words */
        uint64_t n_done, n_total;
} Job;

typedef enum EffectKind {
        EFFECT_START,   /* a worker for the job's gate */
        EFFECT_KILL,    /* the job's worker, with all that it started */
        EFFECT_RENEW,   /* tell the broker how far the job is */
        EFFECT_GIVE_UP, /* INCONCLUSIVE for its gate, as a worker would say it: they died */
        EFFECT_CREDIT,  /* tell the broker that `jobs` more may come */
        _EFFECT_MAX
} EffectKind;

typedef struct Effect {
        EffectKind kind;
        uint64_t lease; /* which job */
        uint64_t jobs;
} Effect;

typedef struct Core Core;

Core *core_new(size_t n_places);
Core *core_free(Core *core);
DEFINE_FREEP(Core, core_free, core_freep)

/* The next thing to do; false when there is none. Its job, if core_find still has it, is as it was
 * when the effect was made, or further. */
bool core_next(Core *core, Effect *ret_effect);
const Job *core_find(const Core *core, uint64_t lease);
/* When core_tick is due; -1: never. Milliseconds from `now_ms`. */
int64_t core_wait_ms(const Core *core, uint64_t now_ms);
size_t core_count(const Core *core);

/* ---- what happens ---- */

/* (Re)connected: the broker knows nothing of our credit. */
void core_welcome(Core *core);
/* An offer whose lease is known already changes nothing. False: there is no room for it. */
bool core_offer(Core *core, const struct offer *offer, uint64_t now_ms);
/* The lease is no longer wanted, or lost. False: it was not ours. */
bool core_cancel(Core *core, uint64_t lease);
/* The worker says how far it is. */
void core_progress(Core *core, uint64_t lease, const struct progress *progress, uint64_t now_ms);
/* The verdict on the job's gate: what needs that gate is not run unless it is a PASS. */
void core_decided(Core *core, uint64_t lease, Decision decision);
/* The worker is dead and cleaned up; or the verdict was given in its place. */
void core_worker_ended(Core *core, uint64_t lease, bool gave_verdict, uint64_t now_ms);
void core_tick(Core *core, uint64_t now_ms);
/* From now on nothing is started; what runs is killed. */
void core_stop(Core *core);
