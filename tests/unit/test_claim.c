/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

#include "broker/claim.h"

#include "tests/lib/test.h"

static const ClaimEvent lease = {
        .kind = CLAIM_EV_LEASE, .lease_seq = 9, .lease_ms = 100, .leased_ms = 7, .attempt = 2};

TEST(a_lease_is_kept_in_the_claim) {
        ClaimRecord claim = {.state = CLAIM_STATE_QUEUED};

        CHECK_EQ_INT(claim_apply(&claim, &lease), 0);
        CHECK_EQ_INT(claim.state, CLAIM_STATE_LEASED);
        CHECK_EQ_U64(claim.lease_seq, 9);
        CHECK_EQ_U64(claim.leased_ms, 7);
        CHECK_EQ_U64(claim.attempts, 2);
}

TEST(a_leased_claim_is_not_leased_twice) {
        ClaimRecord claim = {.state = CLAIM_STATE_LEASED, .lease_seq = 3};

        CHECK_EQ_INT(claim_apply(&claim, &lease), CLAIM_E_NOT_NOW);
        CHECK_EQ_U64(claim.lease_seq, 3);
        CHECK_EQ_INT(claim.state, CLAIM_STATE_LEASED);
}

TEST(a_lapse_queues_the_claim_again) {
        ClaimRecord claim = {.state = CLAIM_STATE_LEASED};

        CHECK_EQ_INT(claim_apply(&claim, &(ClaimEvent){.kind = CLAIM_EV_LAPSE}), 0);
        CHECK_EQ_INT(claim.state, CLAIM_STATE_QUEUED);
}

TEST(what_is_over_never_changes) {
        static const ClaimState over[] = {CLAIM_STATE_DECIDED, CLAIM_STATE_WITHDRAWN,
                                          CLAIM_STATE_SUPERSEDED, CLAIM_STATE_EXHAUSTED};

        for (size_t i = 0; i < ARRAY_SIZE(over); i++)
                for (int kind = 0; kind < _CLAIM_EV_MAX; kind++) {
                        ClaimRecord claim = {.state = over[i]};
                        ClaimEvent event = {.kind = (ClaimEventKind)kind};

                        CHECK_EQ_INT(claim_apply(&claim, &event), CLAIM_E_NOT_NOW);
                        CHECK_EQ_INT(claim.state, over[i]);
                }
}

TEST(a_queued_claim_cannot_be_decided) {
        ClaimRecord claim = {.state = CLAIM_STATE_QUEUED};

        CHECK_EQ_INT(claim_apply(&claim, &(ClaimEvent){.kind = CLAIM_EV_DECIDE}), CLAIM_E_NOT_NOW);
}
