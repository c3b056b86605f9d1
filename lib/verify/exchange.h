/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* A request of a check, of a server that it started or of what runs already. */

#include "verify/server.h"

typedef struct Exchange {
        AttemptSetting *setting;
        const Check *check;
        Server server;
        HttpFetch *fetch;
        Buf ca; /* certificates that are believed; empty: this machine's */
} Exchange;

void exchange_init(Exchange *exchange, AttemptSetting *setting, const Check *check);
void exchange_deinit(Exchange *exchange);

/* The plan's `ca-file`, from the commit. False: it cannot be read, and the attempt is judged. */
bool exchange_read_ca(Exchange *exchange, Attempt *attempt) must_check;
/* The answer, or why there is none, is in the attempt. ATTEMPT_E_CANCELLED. */
int exchange_fetch(Exchange *exchange, Attempt *attempt) must_check;
void exchange_observe(const Attempt *attempt, Observed *ret_observed);
