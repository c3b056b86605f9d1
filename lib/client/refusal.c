/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Refusals as exit statuses. */

#include <string.h>

#include "client/session.h"

/* A rule ending in `-` stands for all that begin so. What is not here is a usage error. */
static const struct {
        const char *rule;
        int status;
} status_rows[] = {
        {"role-forbids", EXIT_NOT_AUTHORISED},      {"key-", EXIT_NOT_AUTHORISED},
        {"signature-wrong", EXIT_NOT_AUTHORISED},   {"claim-not-yours", EXIT_NOT_AUTHORISED},
        {"lease-not-yours", EXIT_NOT_AUTHORISED},   {"verdict-own-claim", EXIT_NOT_AUTHORISED},
        {"entry-sealed", EXIT_NOT_AUTHORISED},      {"claim-not-open", EXIT_STALE},
        {"claim-superseded", EXIT_STALE},           {"gate-unknown", EXIT_NOTHING_SELECTED},
        {"phase-unknown", EXIT_NOTHING_SELECTED},   {"claim-unknown", EXIT_NOTHING_SELECTED},
        {"entry-unknown", EXIT_NOTHING_SELECTED},   {"broker-", EXIT_NOT_CARRIED_OUT},
        {"ledger-", EXIT_NOT_CARRIED_OUT},          {"checkpoint-", EXIT_NOT_CARRIED_OUT},
        {"entry-false", EXIT_NOT_CARRIED_OUT},      {"seen-malformed", EXIT_NOT_CARRIED_OUT},
        {"protocol-", EXIT_NOT_CARRIED_OUT},        {"peers-too-many", EXIT_NOT_CARRIED_OUT},
        {"answer-too-large", EXIT_NOT_CARRIED_OUT}, {"frame-malformed", EXIT_NOT_CARRIED_OUT},
        {"endpoint-", EXIT_NOT_CARRIED_OUT},        {"done-not-yet", EXIT_HOLDS_NOT},
};

int refusal_exit_status(const Fault *fault) {
        const char *rule = fault->rule ? fault->rule : "";

        for (size_t i = 0; i < ARRAY_SIZE(status_rows); i++) {
                size_t n = strlen(status_rows[i].rule);
                bool is_family = status_rows[i].rule[n - 1] == '-';

                if (is_family ? strncmp(rule, status_rows[i].rule, n) == 0
                              : strcmp(rule, status_rows[i].rule) == 0)
                        return status_rows[i].status;
        }
        return EXIT_USAGE;
}
