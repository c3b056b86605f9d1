/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* An array; there are as many deliveries as gates of claims that we hold or held. */

#include "adversary-agent/mailbag.h"

#include "base/error.h"
#include "base/mem.h"

enum { FIRST_ALLOCATED = 8 };

void mailbag_deinit(Mailbag *bag) {
        for (size_t i = 0; i < bag->n; i++)
                (void)delivery_free(bag->deliveries[i]);
        free(bag->deliveries);
        *bag = (Mailbag){.n = 0};
}

Delivery *mailbag_open(Mailbag *bag, uint64_t lease) {
        for (size_t i = 0; i < bag->n; i++)
                if (bag->deliveries[i]->lease == lease && !bag->deliveries[i]->verdict.n)
                        return bag->deliveries[i];
        if (bag->n == bag->n_allocated) {
                bag->n_allocated = size_max(FIRST_ALLOCATED, bag->n_allocated * 2);
                bag->deliveries = mem_resize(bag->deliveries, bag->n_allocated, sizeof(Delivery *));
        }
        bag->deliveries[bag->n++] = delivery_new(lease);
        return bag->deliveries[bag->n - 1];
}

Delivery *mailbag_find(const Mailbag *bag, Slice id) {
        for (size_t i = 0; i < bag->n; i++)
                if (bag->deliveries[i]->is_submitted &&
                    slice_equal(id, id_slice(&bag->deliveries[i]->id)))
                        return bag->deliveries[i];
        return NULL;
}

void mailbag_drop(Mailbag *bag, const Delivery *delivery) {
        for (size_t i = 0; i < bag->n; i++) {
                if (bag->deliveries[i] != delivery)
                        continue;
                (void)delivery_free(bag->deliveries[i]);
                bag->deliveries[i] = bag->deliveries[--bag->n];
                return;
        }
}

void mailbag_drop_lease(Mailbag *bag, uint64_t lease, bool also_whole) {
        for (size_t i = bag->n; i-- > 0;) {
                const Delivery *delivery = bag->deliveries[i];

                if (delivery->lease == lease && !delivery->is_submitted &&
                    (also_whole || !delivery->verdict.n))
                        mailbag_drop(bag, delivery);
        }
}

int mailbag_step(Mailbag *bag, Session *session, uint64_t now_ms) {
        for (size_t i = 0; i < bag->n; i++)
                TRY(delivery_step(bag->deliveries[i], session, now_ms));
        return 0;
}

void mailbag_hear(Mailbag *bag, const struct evidence *evidence) {
        for (size_t i = 0; i < bag->n; i++)
                delivery_hear(bag->deliveries[i], evidence);
}

void mailbag_restart(Mailbag *bag) {
        for (size_t i = 0; i < bag->n; i++)
                delivery_restart(bag->deliveries[i]);
}

uint64_t mailbag_due_ms(const Mailbag *bag) {
        uint64_t due_ms = 0;

        for (size_t i = 0; i < bag->n; i++) {
                uint64_t asked_ms = bag->deliveries[i]->asked_ms;

                if (asked_ms && (!due_ms || asked_ms + DELIVERY_ASK_MS < due_ms))
                        due_ms = asked_ms + DELIVERY_ASK_MS;
        }
        return due_ms;
}

size_t mailbag_count_whole(const Mailbag *bag) {
        size_t n = 0;

        for (size_t i = 0; i < bag->n; i++)
                n += bag->deliveries[i]->verdict.n != 0;
        return n;
}
