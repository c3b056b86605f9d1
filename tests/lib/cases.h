/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Each rule broken once, or in each of its ways: a desk on which somebody says what is refused. */

#include "tests/lib/desk.h"

/* Prepares the desk; who then says what. */
typedef struct Case {
        const char *rule;
        Who (*prepare)(Desk *desk, Message *ret_message);
} Case;

extern const Case plan_cases[], claim_cases[], watch_cases[], finding_cases[], seal_cases[];
extern const size_t n_plan_cases, n_claim_cases, n_watch_cases, n_finding_cases, n_seal_cases;
