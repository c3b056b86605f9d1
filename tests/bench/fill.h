/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Many entries in a project's ledger, signed by its keys as if they had been said: claims of gate
 * M1, their leases, PASSes with evidence, and notes, a quarter each. `broker verify` holds them for
 * true. No broker may run meanwhile.
 */

#include "broker/ledger.h"
#include "tests/lib/real_broker.h"

typedef struct Fill Fill;

Fill *fill_open(const RealBroker *broker);
Fill *fill_close(Fill *fill);
DEFINE_FREEP(Fill, fill_close, fill_freep)

/* Until the ledger has so many; durable. */
void fill_up_to(Fill *fill, uint64_t n_entries);
/* A claim, its lease and its PASS. The number of the PASS. */
uint64_t fill_verdict(Fill *fill);
Ledger *fill_get_ledger(const Fill *fill);
