/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Seals on the desk. */

#include "tests/lib/desk_seals.h"

#include "proto/seal.h"
#include "tests/lib/test.h"

static const uint8_t salt[SEAL_SALT_BYTES];

Message desk_make_seal(Desk *desk, bool other) {
        Hash *digest = arena_alloc(&desk->arena, sizeof *digest);

        seal_digest(slice_text(other ? "something else" : DESK_SEALED_FILE), salt, digest);
        return (Message){.type = MESSAGE_SEAL,
                         .seal = {.phase = slice_text("m"), .digest = hash_slice(digest)}};
}

Message desk_make_reveal(Desk *desk, uint64_t seal) {
        (void)desk;
        return (Message){.type = MESSAGE_REVEAL,
                         .reveal = {.seal = seal,
                                    .file = slice_text(DESK_SEALED_FILE),
                                    .salt = slice_make(salt, sizeof salt)}};
}

Message desk_make_reveal_request(uint64_t seal) {
        return (Message){.type = MESSAGE_REVEAL, .reveal = {.seal = seal}};
}

Message desk_make_sealed_verdict(Desk *desk, Decision decision, size_t n, Outcome last) {
        Message message = desk_make_verdict(desk, desk_claim_and_lease(desk, 1), "M1", decision);
        struct verdict *verdict = &message.verdict;

        verdict->seal = desk_make_seal(desk, false).seal.digest;
        verdict->sealed = arena_alloc_array(&desk->arena, n, sizeof *verdict->sealed);
        verdict->n_sealed = n;
        for (size_t i = 0; i < n; i++)
                verdict->sealed[i] = (struct check_result){
                        .check = slice_text(arena_printf(&desk->arena, "sealed.%zu", i + 1)),
                        .outcome = i + 1 == n ? last : OUTCOME_PASS,
                        .attempts = 1};
        return message;
}
