/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Order by needs, of checks in a gate and of gates in a phase. */

#include "plan/faults.h"

typedef struct OrderItem {
        Slice id;
        PlanPlace place;
        const Slice *needs;
        size_t n_needs;
} OrderItem;

/* Puts each item behind those that it needs and otherwise keeps their order; the result holds
 * their indices. False after faults: an id that is twice there, unknown or itself, or a circle.
 * `what`: "check". */
bool order_by_needs(const OrderItem *items, size_t n_items, const char *what, Arena *arena,
                    FaultList *faults, size_t **ret_order);
