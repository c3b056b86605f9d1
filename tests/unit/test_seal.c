/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The life of sealed checks, as the broker keeps it. */

#include "proto/seal.h"

#include "broker/render.h"
#include "broker/status.h"
#include "tests/lib/desk_seals.h"
#include "tests/lib/test.h"

static uint64_t open_sealed(Desk *desk) {
        desk_open(desk);
        desk_approve(desk);
        return desk_submit(desk, ADVERSARY, desk_make_seal(desk, false));
}

static const SealRecord *only_seal(const Desk *desk) {
        CHECK_EQ_U64(desk_state(desk)->n_seals, 1);
        return desk_state(desk)->seals[0];
}

TEST(the_digest_depends_on_each_byte_of_salt_and_file) {
        static const uint8_t salt[SEAL_SALT_BYTES] = {7}, other[SEAL_SALT_BYTES] = {8};
        Hash first, second;
        char hex[HASH_HEX + 1];

        seal_digest(slice_text("a"), salt, &first);
        seal_digest(slice_text("a"), salt, &second);
        CHECK(hash_equal(&first, &second));
        seal_digest(slice_text("b"), salt, &second);
        CHECK(!hash_equal(&first, &second));
        seal_digest(slice_text("a"), other, &second);
        CHECK(!hash_equal(&first, &second));
        /* printf 'coldgate seal v1\0' with 07, 31 zeros and `a` behind it | sha256sum */
        hex_encode(hash_slice(&first), hex);
        CHECK_EQ_TEXT(hex, "ab0cd46259fe014fe63777fde7c28543d0ab9c7d2f72ac803f52d048219ca021");
}

TEST(a_seal_stands_from_before_the_first_claim_until_it_is_revealed) {
        uint64_t seal, reveal;
        Desk desk;

        seal = open_sealed(&desk);
        CHECK(seal);
        CHECK(desk_submit(&desk, ADVERSARY,
                          desk_make_sealed_verdict(&desk, DECISION_FAIL, 2, OUTCOME_FAIL)));
        CHECK(desk_submit(&desk, ADVERSARY,
                          desk_make_sealed_verdict(&desk, DECISION_PASS, 2, OUTCOME_PASS)));
        CHECK_EQ_U64(only_seal(&desk)->revealed_seq, 0);
        reveal = desk_submit(&desk, ADVERSARY, desk_make_reveal(&desk, seal));
        CHECK(reveal);
        CHECK_EQ_U64(only_seal(&desk)->revealed_seq, reveal);
        desk_restart(&desk);
        CHECK_EQ_U64(only_seal(&desk)->revealed_seq, reveal);
        desk_close(&desk);
}

TEST(an_operator_asks_and_whoever_has_the_bytes_answers) {
        uint64_t seal, asked;
        Desk desk;

        seal = open_sealed(&desk);
        asked = desk_submit(&desk, OPERATOR, desk_make_reveal_request(seal));
        CHECK(asked);
        CHECK_EQ_U64(only_seal(&desk)->asked_seq, asked);
        CHECK_EQ_U64(only_seal(&desk)->revealed_seq, 0);
        CHECK(desk_submit(&desk, ADVERSARY_2, desk_make_reveal(&desk, seal)));
        CHECK(only_seal(&desk)->revealed_seq);
        desk_close(&desk);
}

TEST(a_fail_or_inconclusive_needs_no_sealed_results) {
        Desk desk;

        CHECK(open_sealed(&desk));
        CHECK(desk_submit(&desk, ADVERSARY,
                          desk_make_verdict(&desk, desk_claim_and_lease(&desk, 1), "M1",
                                            DECISION_INCONCLUSIVE)));
        CHECK(desk_submit(
                &desk, ADVERSARY,
                desk_make_verdict(&desk, desk_claim_and_lease(&desk, 1), "M1", DECISION_FAIL)));
        desk_close(&desk);
}

TEST(the_offer_tells_its_adversary_which_seal_is_its_own) {
        const Message *offer;
        Desk desk;

        CHECK(open_sealed(&desk));
        (void)desk_claim_and_lease(&desk, 1);
        offer = desk_last(&desk, ADVERSARY, MESSAGE_OFFER);
        CHECK(offer != NULL);
        CHECK_EQ_SLICE(offer->offer.seal, desk_make_seal(&desk, false).seal.digest);
        desk_close(&desk);
}

TEST(the_status_says_what_is_sealed_asked_for_and_revealed) {
        cleanup_buf Buf sealed = BUF_TEXT, asked = BUF_TEXT, shown = BUF_TEXT;
        const struct seal_status *told;
        struct status status;
        uint64_t seal;
        Desk desk;

        seal = open_sealed(&desk);
        render_status(desk_state(&desk), desk_state(&desk)->phases[0], desk.port.wall_ms, &sealed);
        CHECK_CONTAINS(buf_get_text(&sealed), "## Sealed checks");
        CHECK_CONTAINS(buf_get_text(&sealed), " of ada, since ");
        CHECK(!strstr(buf_get_text(&sealed), "NOT REVEALED"));
        CHECK(desk_submit(&desk, OPERATOR, desk_make_reveal_request(seal)));
        render_status(desk_state(&desk), desk_state(&desk)->phases[0], desk.port.wall_ms, &asked);
        CHECK_CONTAINS(buf_get_text(&asked), "NOT REVEALED, asked for");
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_reveal(&desk, seal)));
        render_status(desk_state(&desk), desk_state(&desk)->phases[0], desk.port.wall_ms, &shown);
        CHECK_CONTAINS(buf_get_text(&shown), "revealed in entry");
        status_build(desk_state(&desk), SLICE_NULL, desk.port.wall_ms, &desk.arena, &status);
        CHECK_EQ_U64(status.phases[0].n_seals, 1);
        told = &status.phases[0].seals[0];
        CHECK_EQ_SLICE(told->adversary, slice_text("ada"));
        CHECK_EQ_U64(told->seal, seal);
        CHECK(told->asked && told->revealed);
        desk_close(&desk);
}

TEST(each_adversary_has_its_own_seal) {
        Desk desk;

        CHECK(open_sealed(&desk));
        CHECK(desk_submit(&desk, ADVERSARY_2, desk_make_seal(&desk, true)));
        CHECK_EQ_U64(desk_state(&desk)->n_seals, 2);
        desk_close(&desk);
}
