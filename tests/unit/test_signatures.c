/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Signatures by all processors: the first that does not hold is the answer, whoever found it. */

#include "broker/signatures.h"

#include "tests/lib/test.h"

enum { N_ENTRIES = 1000 };

typedef struct Fixture {
        Signatures *signatures;
        Key key;
        Hash ledger;
} Fixture;

static void fixture_deinit(Fixture *fixture) {
        (void)signatures_free(fixture->signatures);
}

static void open_fixture(Fixture *fixture) {
        *fixture = (Fixture){.signatures = signatures_new(), .ledger = {{7}}};
        key_from_seed((uint8_t[32]){1}, &fixture->key);
}

/* Its bytes are gone when the function returns. */
static void add(Fixture *fixture, uint64_t seq, bool is_honest) {
        uint8_t frame[8] = {(uint8_t)seq, (uint8_t)(seq >> 8)}, signature[SIGNATURE_BYTES];
        Entry entry = {.seq = seq,
                       .id = {{(uint8_t)seq}},
                       .frame = slice_make(frame, sizeof frame),
                       .signature = slice_make(signature, sizeof signature)};

        entry_sign(&fixture->key, &fixture->ledger, &entry.id, entry.frame, signature);
        frame[7] = !is_honest;
        signatures_add(fixture->signatures, &fixture->key.public, &fixture->ledger, &entry);
}

TEST(honest_signatures_hold) {
        cleanup(fixture_deinit) Fixture fixture;

        open_fixture(&fixture);
        for (uint64_t seq = 1; seq <= N_ENTRIES; seq++)
                add(&fixture, seq, true);
        CHECK_EQ_U64(signatures_finish(fixture.signatures), 0);
}

TEST(the_first_signature_that_does_not_hold_is_named) {
        cleanup(fixture_deinit) Fixture fixture;

        open_fixture(&fixture);
        for (uint64_t seq = 1; seq <= N_ENTRIES; seq++)
                add(&fixture, seq, seq != 300 && seq != 301 && seq != 900);
        CHECK_EQ_U64(signatures_finish(fixture.signatures), 300);
}

TEST(the_very_last_signature_is_looked_at) {
        cleanup(fixture_deinit) Fixture fixture;

        open_fixture(&fixture);
        for (uint64_t seq = 1; seq <= N_ENTRIES; seq++)
                add(&fixture, seq, seq != N_ENTRIES);
        CHECK_EQ_U64(signatures_finish(fixture.signatures), N_ENTRIES);
}

TEST(no_signature_at_all_holds) {
        cleanup(fixture_deinit) Fixture fixture;

        open_fixture(&fixture);
        CHECK_EQ_U64(signatures_finish(fixture.signatures), 0);
}

TEST(signatures_under_way_may_be_left_alone) {
        cleanup(fixture_deinit) Fixture fixture;

        open_fixture(&fixture);
        for (uint64_t seq = 1; seq <= N_ENTRIES; seq++)
                add(&fixture, seq, true);
}
