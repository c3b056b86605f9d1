/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Refusals as exit statuses. */

#include <string.h>

#include "client/session.h"

/* A rule that ends in `-` stands for all that begin so, one that begins with `-` for all that end
 * so; the first row that fits counts. What is not here is a usage error. */
static const struct {
        const char *rule;
        int status;
} status_rows[] = {
        {"role-forbids", EXIT_NOT_AUTHORISED},
        {"key-", EXIT_NOT_AUTHORISED},
        {"signature-wrong", EXIT_NOT_AUTHORISED},
        {"-not-yours", EXIT_NOT_AUTHORISED},
        {"verdict-own-claim", EXIT_NOT_AUTHORISED},
        {"entry-sealed", EXIT_NOT_AUTHORISED},
        {"claim-not-open", EXIT_STALE},
        {"claim-superseded", EXIT_STALE},
        {"plan-", EXIT_USAGE},
        {"-unknown", EXIT_NOTHING_SELECTED},
        {"broker-", EXIT_NOT_CARRIED_OUT},
        {"ledger-", EXIT_NOT_CARRIED_OUT},
        {"checkpoint-", EXIT_NOT_CARRIED_OUT},
        {"entry-false", EXIT_NOT_CARRIED_OUT},
        {"seen-malformed", EXIT_NOT_CARRIED_OUT},
        {"dir-locked", EXIT_NOT_CARRIED_OUT},
        {"protocol-", EXIT_NOT_CARRIED_OUT},
        {"peers-too-many", EXIT_NOT_CARRIED_OUT},
        {"disk-full", EXIT_NOT_CARRIED_OUT},
        {"log-full", EXIT_NOT_CARRIED_OUT},
        {"busy", EXIT_NOT_CARRIED_OUT},
        {"quota-", EXIT_NOT_CARRIED_OUT},
        {"answer-too-large", EXIT_NOT_CARRIED_OUT},
        {"frame-malformed", EXIT_NOT_CARRIED_OUT},
        {"endpoint-", EXIT_NOT_CARRIED_OUT},
        {"cancelled", EXIT_NOT_CARRIED_OUT},
        {"not-carried-out", EXIT_NOT_CARRIED_OUT},
        {"host.canary", EXIT_NOT_CARRIED_OUT},
        {"sandbox.runner", EXIT_NOT_CARRIED_OUT},
        {"git-", EXIT_NOT_CARRIED_OUT},
        {"repository-", EXIT_NOT_CARRIED_OUT},
        {"done-not-yet", EXIT_HOLDS_NOT},
        {"try-not-green", EXIT_HOLDS_NOT},
};

static bool fits(const char *row, const char *rule) {
        size_t n = strlen(row), n_rule = strlen(rule);

        if (row[n - 1] == '-')
                return strncmp(rule, row, n) == 0;
        if (row[0] == '-')
                return n_rule > n && strcmp(rule + n_rule - n, row) == 0;
        return strcmp(rule, row) == 0;
}

int refusal_exit_status(const Fault *fault) {
        const char *rule = fault->rule ? fault->rule : "";

        for (size_t i = 0; i < ARRAY_SIZE(status_rows); i++)
                if (fits(status_rows[i].rule, rule))
                        return status_rows[i].status;
        return EXIT_USAGE;
}
