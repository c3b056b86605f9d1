/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* One sending of an event, made for its delivery each time anew. */

#include "base/hash.h"
#include "broker/delivery.h"
#include "broker/notify_http.h"

/* Heap texts; wiped at the end, for one has the secret in it. */
typedef struct Parcel {
        char *url;
        char *headers[HTTP_POST_HEADERS_MAX];
        size_t n_headers;
        Buf body;
} Parcel;

/* `item`: which of the things that the entry brings. Its Idempotency-Key is the same each time. */
void parcel_make(Parcel *ret_parcel, const Delivery *delivery, const Hash *ledger,
                 const Event *event, uint64_t item);
void parcel_deinit(Parcel *parcel);
#define cleanup_parcel cleanup(parcel_deinit)

/* For a hook: our own environment, and what spares a shell from reading JSON. NULL behind the last;
 * in the arena. */
char **parcel_make_env(const Event *event, Arena *arena);
