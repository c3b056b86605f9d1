/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A list under a mutex: the loop takes from its front, in turn, and the threads from its end, so
 * that they meet once. */

#include "broker/ahead.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/processors.h"
#include "proto/codec.h"

enum {
        THREADS_MAX = 3, /* more than the loop can keep up with */
        WORTH = 4,       /* to wake a thread takes as long as to look at one */
        LEFT = 1,        /* to the loop, which would only wait for it */
        ARRAY_OF_TWO = 0x92,
};

struct Ahead {
        pthread_t threads[THREADS_MAX];
        size_t n_threads, n_threads_max;
        pthread_mutex_t mutex;
        pthread_cond_t has_work, has_done;
        AheadJob *last; /* of those that wait */
        size_t n_waiting;
        bool is_ending;
};

/* With the mutex held. */
static void remove_job(Ahead *ahead, AheadJob *job) {
        if (job->previous)
                job->previous->next = job->next;
        if (job->next)
                job->next->previous = job->previous;
        else
                ahead->last = job->previous;
        job->next = job->previous = NULL;
        ahead->n_waiting--;
}

static bool look(const AheadJob *job) {
        cleanup_arena Arena arena = ARENA_INIT;
        CodecFault fault;
        Message message;
        Id id;

        return codec_decode(job->frame, &arena, &message, &fault) == 0 &&
               message.type == MESSAGE_SUBMIT && id_from_slice(message.submit.id, &id) &&
               entry_signature_holds(&job->author, &job->ledger, &id, message.submit.frame,
                                     message.submit.signature);
}

static void *work(void *userdata) {
        Ahead *ahead = userdata;

        (void)pthread_mutex_lock(&ahead->mutex);
        while (!ahead->is_ending) {
                AheadJob *job = ahead->last;
                bool holds;

                if (ahead->n_waiting <= LEFT) {
                        (void)pthread_cond_wait(&ahead->has_work, &ahead->mutex);
                        continue;
                }
                remove_job(ahead, job);
                job->state = AHEAD_RUNS;
                (void)pthread_mutex_unlock(&ahead->mutex);
                holds = look(job);
                (void)pthread_mutex_lock(&ahead->mutex);
                job->holds = holds;
                job->state = AHEAD_OVER;
                (void)pthread_cond_signal(&ahead->has_done);
        }
        (void)pthread_mutex_unlock(&ahead->mutex);
        return NULL;
}

Ahead *ahead_new(void) {
        Ahead *ahead = mem_new(Ahead);
        size_t n_cores = processors_count();

        ahead->n_threads_max = size_min(n_cores - 1, THREADS_MAX);
        (void)pthread_mutex_init(&ahead->mutex, NULL);
        (void)pthread_cond_init(&ahead->has_work, NULL);
        (void)pthread_cond_init(&ahead->has_done, NULL);
        return ahead;
}

Ahead *ahead_free(Ahead *ahead) {
        if (!ahead)
                return NULL;
        (void)pthread_mutex_lock(&ahead->mutex);
        ahead->is_ending = true;
        (void)pthread_cond_broadcast(&ahead->has_work);
        (void)pthread_mutex_unlock(&ahead->mutex);
        for (size_t i = 0; i < ahead->n_threads; i++)
                (void)pthread_join(ahead->threads[i], NULL);
        (void)pthread_cond_destroy(&ahead->has_done);
        (void)pthread_cond_destroy(&ahead->has_work);
        (void)pthread_mutex_destroy(&ahead->mutex);
        free(ahead);
        return NULL;
}

void ahead_add(Ahead *ahead, AheadJob *job, Slice frame, const PublicKey *author,
               const Hash *ledger) {
        if (frame.n < 2 || frame.data[0] != ARRAY_OF_TWO || frame.data[1] != MESSAGE_SUBMIT)
                return;
        *job = (AheadJob){
                .state = AHEAD_WAITS, .frame = frame, .author = *author, .ledger = *ledger};
        (void)pthread_mutex_lock(&ahead->mutex);
        job->previous = ahead->last;
        if (ahead->last)
                ahead->last->next = job;
        ahead->last = job;
        ahead->n_waiting++;
        (void)pthread_mutex_unlock(&ahead->mutex);
}

void ahead_begin(Ahead *ahead) {
        bool is_worth;

        (void)pthread_mutex_lock(&ahead->mutex);
        is_worth = ahead->n_waiting >= WORTH;
        if (is_worth)
                (void)pthread_cond_broadcast(&ahead->has_work);
        (void)pthread_mutex_unlock(&ahead->mutex);
        while (is_worth && ahead->n_threads < ahead->n_threads_max)
                if (pthread_create(&ahead->threads[ahead->n_threads], NULL, work, ahead) == 0)
                        ahead->n_threads++;
                else
                        ahead->n_threads_max = ahead->n_threads; /* the loop does it all */
}

void ahead_take(Ahead *ahead, AheadJob *job) {
        if (!job->frame.n)
                return;
        (void)pthread_mutex_lock(&ahead->mutex);
        if (job->state == AHEAD_WAITS) {
                remove_job(ahead, job);
                job->state = AHEAD_OURS;
        }
        while (job->state == AHEAD_RUNS)
                (void)pthread_cond_wait(&ahead->has_done, &ahead->mutex);
        (void)pthread_mutex_unlock(&ahead->mutex);
}

bool ahead_holds(const AheadJob *job, const PublicKey *author, const Hash *ledger,
                 const struct submit *submit) {
        uintptr_t first = (uintptr_t)job->frame.data, here = (uintptr_t)submit->frame.data;

        return job->state == AHEAD_OVER && job->holds && here >= first &&
               here < first + job->frame.n && hash_equal(&job->ledger, ledger) &&
               memcmp(&job->author, author, sizeof *author) == 0;
}
