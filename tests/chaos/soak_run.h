/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* A load for a long time, part by part. */

#include <stdint.h>

#include "tests/chaos/soak.h"

typedef struct SoakPlan {
        uint64_t seconds; /* COLDGATE_SOAK_SECONDS: another length */
        unsigned
                percent; /* of what the broker takes in the first seconds; 0: as much as it takes */
        /* NULL, or what is not as it was. */
        const char *(*judge)(const SoakPart *parts, size_t n_parts, uint64_t part_ms);
} SoakPlan;

/* Prints each part and ends the test if the judge is not content, or the ledger does not verify. */
void soak_run(const SoakPlan *plan);
