/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What of seals is refused. */

#include "tests/lib/cases.h"
#include "proto/seal.h"
#include "tests/lib/desk_seals.h"
#include "tests/lib/test.h"

static uint64_t seal(Desk *desk) {
        desk_approve(desk);
        return desk_submit(desk, ADVERSARY, desk_make_seal(desk, false));
}

static Who too_late(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        (void)desk_claim_and_lease(desk, 1);
        *ret_message = desk_make_seal(desk, false);
        return ADVERSARY;
}

static Who sealed_twice(Desk *desk, Message *ret_message) {
        CHECK(seal(desk));
        *ret_message = desk_make_seal(desk, true);
        return ADVERSARY;
}

static Who sealed_by_another(Desk *desk, Message *ret_message) {
        CHECK(seal(desk));
        *ret_message = desk_make_seal(desk, false);
        return ADVERSARY_2;
}

static Who seal_unknown(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = desk_make_reveal_request(2);
        return OPERATOR;
}

static Who revealed_twice(Desk *desk, Message *ret_message) {
        *ret_message = desk_make_reveal(desk, seal(desk));
        CHECK(desk_submit(desk, ADVERSARY, *ret_message));
        return ADVERSARY;
}

static Who asked_by_an_adversary(Desk *desk, Message *ret_message) {
        *ret_message = desk_make_reveal_request(seal(desk));
        return ADVERSARY;
}

static Who revealed_without_salt(Desk *desk, Message *ret_message) {
        *ret_message = desk_make_reveal(desk, seal(desk));
        ret_message->reveal.salt = SLICE_NULL;
        return ADVERSARY;
}

static Who revealed_otherwise(Desk *desk, Message *ret_message) {
        *ret_message = desk_make_reveal(desk, seal(desk));
        ret_message->reveal.file = slice_text("checks that fit what was claimed");
        return ADVERSARY;
}

static Who revealed_with_other_salt(Desk *desk, Message *ret_message) {
        static const uint8_t other[SEAL_SALT_BYTES] = {1};

        *ret_message = desk_make_reveal(desk, seal(desk));
        ret_message->reveal.salt = slice_make(other, sizeof other);
        return OPERATOR;
}

static Who verdict_without_seal(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = desk_make_sealed_verdict(desk, DECISION_FAIL, 1, OUTCOME_FAIL);
        return ADVERSARY;
}

static Who verdict_of_another_seal(Desk *desk, Message *ret_message) {
        CHECK(seal(desk));
        *ret_message = desk_make_sealed_verdict(desk, DECISION_PASS, 1, OUTCOME_PASS);
        ret_message->verdict.seal = desk_make_seal(desk, true).seal.digest;
        return ADVERSARY;
}

static Who results_without_digest(Desk *desk, Message *ret_message) {
        CHECK(seal(desk));
        *ret_message = desk_make_sealed_verdict(desk, DECISION_FAIL, 1, OUTCOME_FAIL);
        ret_message->verdict.seal = SLICE_NULL;
        return ADVERSARY;
}

static Who pass_without_seal(Desk *desk, Message *ret_message) {
        CHECK(seal(desk));
        *ret_message = desk_make_verdict(desk, desk_claim_and_lease(desk, 1), "M1", DECISION_PASS);
        return ADVERSARY;
}

static Who telling_name(Desk *desk, Message *ret_message) {
        CHECK(seal(desk));
        *ret_message = desk_make_sealed_verdict(desk, DECISION_PASS, 2, OUTCOME_PASS);
        ret_message->verdict.sealed[1].check = slice_text("looks-into-the-cache");
        return ADVERSARY;
}

static Who telling_summary(Desk *desk, Message *ret_message) {
        CHECK(seal(desk));
        *ret_message = desk_make_sealed_verdict(desk, DECISION_FAIL, 1, OUTCOME_FAIL);
        ret_message->verdict.sealed[0].summary = slice_text("the cache was cold");
        return ADVERSARY;
}

static Who pass_with_sealed_failure(Desk *desk, Message *ret_message) {
        CHECK(seal(desk));
        *ret_message = desk_make_sealed_verdict(desk, DECISION_PASS, 2, OUTCOME_FAIL);
        return ADVERSARY;
}

static Who builder_may_not_seal(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = desk_make_seal(desk, false);
        return BUILDER;
}

static Who builder_may_not_ask(Desk *desk, Message *ret_message) {
        *ret_message = desk_make_reveal_request(seal(desk));
        return BUILDER;
}

#define CASE(function, word)                                                                       \
        { .rule = (word), .prepare = function }

const Case seal_cases[] = {
        CASE(too_late, "seal-too-late"),
        CASE(sealed_twice, "seal-already"),
        CASE(sealed_by_another, "seal-already"),
        CASE(seal_unknown, "seal-unknown"),
        CASE(revealed_twice, "seal-revealed"),
        CASE(asked_by_an_adversary, "reveal-incomplete"),
        CASE(revealed_without_salt, "reveal-incomplete"),
        CASE(revealed_otherwise, "reveal-differs"),
        CASE(revealed_with_other_salt, "reveal-differs"),
        CASE(verdict_without_seal, "seal-differs"),
        CASE(verdict_of_another_seal, "seal-differs"),
        CASE(results_without_digest, "seal-differs"),
        CASE(pass_without_seal, "seal-missing"),
        CASE(telling_name, "sealed-words"),
        CASE(telling_summary, "sealed-words"),
        CASE(pass_with_sealed_failure, "pass-with-failures"),
        CASE(builder_may_not_seal, "role-forbids"),
        CASE(builder_may_not_ask, "role-forbids"),
};
const size_t n_seal_cases = ARRAY_SIZE(seal_cases);
