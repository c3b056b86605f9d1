/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Answers come in order on a connection, so that a queue of times is all there is to remember. */

#include "tests/bench/load.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/lib/test.h"

enum { DRAIN_MS = 10000, QUEUE_FIRST = 64, WAIT_MAX_MS = 50 };

/* When what has no answer yet was sent, or was to be sent. */
typedef struct Queue {
        uint64_t *ns;
        size_t first, n, n_allocated;
} Queue;

typedef struct Load {
        const LoadSide *side;
        const LoadShape *shape;
        Queue *queues;
        uint64_t begin_ns, count_ns, end_ns;
        uint64_t n_sent, n_answers, n_counted;
        LoadResult *result;
} Load;

static void load_deinit(Load *load) {
        for (unsigned i = 0; load->queues && i < load->side->n_connections; i++)
                free(load->queues[i].ns);
        free(load->queues);
}

static void push(Queue *queue, uint64_t ns) {
        if (queue->first + queue->n == queue->n_allocated) {
                memmove(queue->ns, queue->ns + queue->first, queue->n * sizeof *queue->ns);
                queue->first = 0;
                if (queue->n * 2 >= queue->n_allocated) {
                        queue->n_allocated = queue->n ? queue->n * 4 : QUEUE_FIRST;
                        queue->ns = mem_resize(queue->ns, queue->n_allocated, sizeof *queue->ns);
                }
        }
        queue->ns[queue->first + queue->n++] = ns;
}

static uint64_t pop(Queue *queue) {
        CHECK(queue->n > 0);
        queue->n--;
        return queue->ns[queue->first++];
}

static void send_one(Load *load, unsigned connection, uint64_t ns) {
        push(&load->queues[connection], ns);
        load->side->publish(load->side->userdata, connection);
        load->n_sent++;
}

/* What is due by now. */
static void send_scheduled(Load *load, uint64_t now_ns) {
        for (;;) {
                uint64_t due_ns =
                        load->begin_ns + (uint64_t)((double)load->n_sent * 1e9 / load->shape->rate);

                if (due_ns > now_ns || due_ns >= load->end_ns)
                        return;
                send_one(load, (unsigned)(load->n_sent % load->side->n_connections), due_ns);
        }
}

static void take_answers(Load *load, unsigned connection) {
        size_t n = load->side->take(load->side->userdata, connection);
        uint64_t now_ns = clock_mono_ns();

        for (size_t i = 0; i < n; i++) {
                uint64_t sent_ns = pop(&load->queues[connection]);

                load->n_answers++;
                if (now_ns >= load->count_ns && now_ns < load->end_ns)
                        load->n_counted++;
                if (sent_ns >= load->count_ns)
                        samples_add(&load->result->us, (double)(now_ns - sent_ns) / 1e3);
                if (load->shape->window && now_ns < load->end_ns)
                        send_one(load, connection, now_ns);
        }
}

static unsigned time_to_wait(const Load *load, uint64_t now_ns) {
        if (load->shape->window || now_ns >= load->end_ns)
                return WAIT_MAX_MS;
        return 1; /* poll knows no less; what became due meanwhile is late by its own count */
}

void load_run(const LoadSide *side, const LoadShape *shape, LoadResult *ret_result) {
        cleanup(load_deinit) Load load = {.side = side, .shape = shape, .result = ret_result};
        uint64_t now_ns = clock_mono_ns();

        *ret_result = (LoadResult){.rate = 0};
        load.queues = mem_resize(NULL, side->n_connections, sizeof *load.queues);
        memset(load.queues, 0, side->n_connections * sizeof *load.queues);
        load.begin_ns = now_ns;
        load.count_ns = now_ns + (uint64_t)(shape->warm_s * 1e9);
        load.end_ns = load.count_ns + (uint64_t)(shape->seconds * 1e9);
        for (unsigned i = 0; i < side->n_connections * shape->window; i++)
                send_one(&load, i % side->n_connections, now_ns);
        while (now_ns < load.end_ns || load.n_answers < load.n_sent) {
                if (now_ns > load.end_ns + (uint64_t)DRAIN_MS * 1000000)
                        FAIL_TEST("%llu of %llu messages had no answer",
                                  (unsigned long long)(load.n_sent - load.n_answers),
                                  (unsigned long long)load.n_sent);
                if (!shape->window)
                        send_scheduled(&load, now_ns);
                side->wait(side->userdata, time_to_wait(&load, now_ns));
                for (unsigned i = 0; i < side->n_connections; i++)
                        take_answers(&load, i);
                now_ns = clock_mono_ns();
        }
        ret_result->rate = (double)load.n_counted / shape->seconds;
        ret_result->n_answers = load.n_answers;
}

void load_result_deinit(LoadResult *result) {
        samples_deinit(&result->us);
}
