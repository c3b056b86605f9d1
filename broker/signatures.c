/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Batches in a ring: one is filled by the caller, the others are taken by the threads in turn. */

#include "broker/signatures.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/processors.h"

enum { BATCH_JOBS = 128, THREADS_MAX = 64, BATCHES_PER_THREAD = 4 };

typedef struct Job {
        uint64_t seq;
        PublicKey author;
        Hash ledger;
        Id id;
        Slice frame, signature; /* in the batch's arena */
} Job;

typedef struct Batch {
        Job jobs[BATCH_JOBS];
        size_t n;
        bool is_done;
        Arena arena;
} Batch;

struct Signatures {
        pthread_t threads[THREADS_MAX];
        size_t n_threads;
        Batch *batches; /* a ring */
        size_t n_batches;
        pthread_mutex_t mutex;
        pthread_cond_t changed;
        /* Counts of batches, ever; under the mutex. */
        uint64_t n_filled, n_taken, n_free; /* n_free: done and all before it, too */
        uint64_t broken_seq;                /* the smallest; 0: none */
        bool is_ending;
};

static Batch *batch_at(Signatures *signatures, uint64_t number) {
        return &signatures->batches[number % signatures->n_batches];
}

/* The first of the batch that does not hold, or 0. */
static uint64_t look_through(const Batch *batch) {
        for (size_t i = 0; i < batch->n; i++) {
                const Job *job = &batch->jobs[i];

                if (!entry_signature_holds(&job->author, &job->ledger, &job->id, job->frame,
                                           job->signature))
                        return job->seq;
        }
        return 0;
}

/* With the mutex held. */
static void settle(Signatures *signatures, Batch *batch, uint64_t broken_seq) {
        if (broken_seq && (!signatures->broken_seq || broken_seq < signatures->broken_seq))
                signatures->broken_seq = broken_seq;
        batch->is_done = true;
        while (signatures->n_free < signatures->n_taken &&
               batch_at(signatures, signatures->n_free)->is_done)
                signatures->n_free++;
        (void)pthread_cond_broadcast(&signatures->changed);
}

static void *work(void *userdata) {
        Signatures *signatures = userdata;

        (void)pthread_mutex_lock(&signatures->mutex);
        for (;;) {
                uint64_t broken_seq;
                Batch *batch;

                while (signatures->n_taken == signatures->n_filled && !signatures->is_ending)
                        (void)pthread_cond_wait(&signatures->changed, &signatures->mutex);
                if (signatures->n_taken == signatures->n_filled)
                        break;
                batch = batch_at(signatures, signatures->n_taken++);
                (void)pthread_mutex_unlock(&signatures->mutex);
                broken_seq = look_through(batch);
                (void)pthread_mutex_lock(&signatures->mutex);
                settle(signatures, batch, broken_seq);
        }
        (void)pthread_mutex_unlock(&signatures->mutex);
        return NULL;
}

Signatures *signatures_new(void) {
        Signatures *signatures = mem_new(Signatures);
        size_t n = size_min(processors_count(), THREADS_MAX);

        signatures->n_batches = n * BATCHES_PER_THREAD;
        signatures->batches = mem_alloc_array(signatures->n_batches, sizeof(Batch));
        (void)pthread_mutex_init(&signatures->mutex, NULL);
        (void)pthread_cond_init(&signatures->changed, NULL);
        while (signatures->n_threads < n &&
               pthread_create(&signatures->threads[signatures->n_threads], NULL, work,
                              signatures) == 0)
                signatures->n_threads++;
        return signatures;
}

Signatures *signatures_free(Signatures *signatures) {
        if (!signatures)
                return NULL;
        (void)pthread_mutex_lock(&signatures->mutex);
        signatures->n_filled = signatures->n_taken; /* what nobody waits for is not begun */
        signatures->is_ending = true;
        (void)pthread_cond_broadcast(&signatures->changed);
        (void)pthread_mutex_unlock(&signatures->mutex);
        for (size_t i = 0; i < signatures->n_threads; i++)
                (void)pthread_join(signatures->threads[i], NULL);
        (void)pthread_cond_destroy(&signatures->changed);
        (void)pthread_mutex_destroy(&signatures->mutex);
        for (size_t i = 0; i < signatures->n_batches; i++)
                arena_deinit(&signatures->batches[i].arena);
        free(signatures->batches);
        free(signatures);
        return NULL;
}

/* The batch in hand goes to the threads; the next one of the ring becomes free. */
static void hand_over(Signatures *signatures) {
        Batch *batch = batch_at(signatures, signatures->n_filled);

        (void)pthread_mutex_lock(&signatures->mutex);
        signatures->n_filled++;
        if (signatures->n_threads == 0) {
                signatures->n_taken++;
                settle(signatures, batch, look_through(batch));
        }
        (void)pthread_cond_broadcast(&signatures->changed);
        while (signatures->n_filled - signatures->n_free >= signatures->n_batches)
                (void)pthread_cond_wait(&signatures->changed, &signatures->mutex);
        (void)pthread_mutex_unlock(&signatures->mutex);
        batch = batch_at(signatures, signatures->n_filled);
        arena_deinit(&batch->arena);
        batch->n = 0;
        batch->is_done = false;
}

void signatures_add(Signatures *signatures, const PublicKey *author, const Hash *ledger,
                    const Entry *entry) {
        Batch *batch = batch_at(signatures, signatures->n_filled);

        batch->jobs[batch->n++] = (Job){
                .seq = entry->seq,
                .author = *author,
                .ledger = *ledger,
                .id = entry->id,
                .frame = arena_slice(&batch->arena, entry->frame),
                .signature = arena_slice(&batch->arena, entry->signature),
        };
        if (batch->n == BATCH_JOBS)
                hand_over(signatures);
}

uint64_t signatures_finish(Signatures *signatures) {
        uint64_t broken_seq;

        if (batch_at(signatures, signatures->n_filled)->n)
                hand_over(signatures);
        (void)pthread_mutex_lock(&signatures->mutex);
        while (signatures->n_free < signatures->n_filled)
                (void)pthread_cond_wait(&signatures->changed, &signatures->mutex);
        broken_seq = signatures->broken_seq;
        (void)pthread_mutex_unlock(&signatures->mutex);
        return broken_seq;
}
