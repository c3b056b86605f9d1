/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Lists by key. Keys that wait are few: those that were admitted. */

#include "broker/intake.h"

#include <string.h>

#include "base/mem.h"

struct IntakeQueue {
        uint8_t curve[CURVE_BYTES];
        IntakeItem *first, *last;
        size_t n_bytes;
};

static size_t cost_of(size_t n) {
        return sizeof(IntakeItem) + n;
}

static IntakeQueue *find(const Intake *intake, const uint8_t curve[CURVE_BYTES]) {
        for (size_t i = 0; i < intake->n_queues; i++)
                if (memcmp(intake->queues[i].curve, curve, CURVE_BYTES) == 0)
                        return &intake->queues[i];
        return NULL;
}

/* A new queue's turn is the last of this round. */
static IntakeQueue *add(Intake *intake, const uint8_t curve[CURVE_BYTES]) {
        size_t place = intake->turn;
        IntakeQueue *queues = mem_resize(intake->queues, intake->n_queues + 1, sizeof *queues);

        intake->queues = queues;
        memmove(queues + place + 1, queues + place, (intake->n_queues - place) * sizeof *queues);
        intake->n_queues++;
        intake->turn = place + 1 < intake->n_queues ? place + 1 : 0;
        queues[place] = (IntakeQueue){.first = NULL};
        memcpy(queues[place].curve, curve, CURVE_BYTES);
        return &queues[place];
}

static void drop(Intake *intake, size_t place) {
        intake->n_queues--;
        memmove(intake->queues + place, intake->queues + place + 1,
                (intake->n_queues - place) * sizeof *intake->queues);
}

void intake_deinit(Intake *intake) {
        for (size_t i = 0; i < intake->n_queues; i++)
                for (IntakeItem *item = intake->queues[i].first, *next; item; item = next) {
                        next = item->next;
                        free(item);
                }
        free(intake->queues);
        *intake = INTAKE_INIT(intake->n_bytes_max);
}

int intake_put(Intake *intake, const Route *route, const uint8_t curve[CURVE_BYTES], Slice frame,
               IntakeItem **ret_item) {
        IntakeQueue *queue = find(intake, curve);
        size_t cost = cost_of(frame.n);
        IntakeItem *item;

        if ((queue ? queue->n_bytes : 0) + cost > intake->n_bytes_max - intake->n_bytes)
                return INTAKE_E_FULL;
        item = mem_alloc(cost);
        item->route = *route;
        item->n = frame.n;
        memcpy(item->curve, curve, CURVE_BYTES);
        if (frame.n)
                memcpy(item->bytes, frame.data, frame.n);
        if (!queue)
                queue = add(intake, curve);
        if (queue->last)
                queue->last->next = item;
        else
                queue->first = item;
        queue->last = item;
        queue->n_bytes += cost;
        intake->n_bytes += cost;
        *ret_item = item;
        return 0;
}

IntakeItem *intake_take(Intake *intake) {
        IntakeQueue *queue;
        IntakeItem *item;

        if (intake->n_queues == 0)
                return NULL;
        queue = &intake->queues[intake->turn];
        item = queue->first;
        queue->first = item->next;
        queue->n_bytes -= cost_of(item->n);
        intake->n_bytes -= cost_of(item->n);
        if (queue->first) {
                intake->turn++;
        } else {
                drop(intake, intake->turn);
                intake->has_drained = true;
        }
        if (intake->turn >= intake->n_queues)
                intake->turn = 0;
        return item;
}
