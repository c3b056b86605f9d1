/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Turns and shares of the frames that wait. */

#include "broker/intake.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/test.h"

enum { ROOM = 60 << 10, FRAME_BYTES = 1000, N_FLOOD = 20 };

static void key(uint8_t number, uint8_t ret_curve[CURVE_BYTES]) {
        memset(ret_curve, number, CURVE_BYTES);
}

static int put(Intake *intake, uint8_t number, const char *text) {
        const Route route = {.bytes = {number}, .n = 1};
        uint8_t curve[CURVE_BYTES];
        IntakeItem *item;

        key(number, curve);
        return intake_put(intake, &route, curve, slice_text(text), &item);
}

static void expect(Intake *intake, uint8_t number, const char *text) {
        cleanup(intake_item_freep) IntakeItem *item = intake_take(intake);
        uint8_t wanted[CURVE_BYTES];

        key(number, wanted);
        CHECK(item != NULL);
        CHECK(slice_is(intake_item_get(item), text));
        CHECK(memcmp(item->curve, wanted, CURVE_BYTES) == 0 && item->route.bytes[0] == number);
}

static size_t fill(Intake *intake, uint8_t number) {
        char text[FRAME_BYTES + 1];
        size_t n = 0;

        memset(text, 'x', FRAME_BYTES);
        text[FRAME_BYTES] = 0;
        while (put(intake, number, text) == 0)
                n++;
        return n;
}

TEST(each_key_has_its_turn_and_its_frames_stay_in_order) {
        Intake intake = INTAKE_INIT(ROOM);

        CHECK_EQ_INT(put(&intake, 1, "1a"), 0);
        CHECK_EQ_INT(put(&intake, 1, "1b"), 0);
        CHECK_EQ_INT(put(&intake, 1, "1c"), 0);
        CHECK_EQ_INT(put(&intake, 2, "2a"), 0);
        expect(&intake, 1, "1a");
        expect(&intake, 2, "2a");
        CHECK_EQ_INT(put(&intake, 3, "3a"), 0);
        expect(&intake, 1, "1b");
        expect(&intake, 3, "3a");
        expect(&intake, 1, "1c");
        intake_deinit(&intake);
}

TEST(an_empty_intake_says_so) {
        Intake intake = INTAKE_INIT(ROOM);

        CHECK_EQ_INT(put(&intake, 1, ""), 0);
        expect(&intake, 1, "");
        CHECK(intake_take(&intake) == NULL);
        CHECK_EQ_U64(intake.n_bytes, 0);
        intake_deinit(&intake);
}

TEST(one_key_has_half_of_the_room_and_whoever_comes_new_finds_some) {
        Intake intake = INTAKE_INIT(ROOM);
        size_t n_first = fill(&intake, 1), n = 0;

        CHECK(n_first * FRAME_BYTES < ROOM / 2 && n_first * FRAME_BYTES > ROOM / 3);
        for (uint8_t number = 2; number < 5; number++) {
                size_t n_more = fill(&intake, number);

                CHECK(n_more > 0);
                n += n_more;
        }
        CHECK(n > n_first / 2);
        CHECK(intake.n_bytes <= ROOM);
        intake_deinit(&intake);
}

TEST(a_key_that_was_served_has_room_again) {
        Intake intake = INTAKE_INIT(ROOM);

        (void)fill(&intake, 1);
        CHECK_EQ_INT(put(&intake, 1, "a"), 0); /* a smaller one still fits */
        (void)fill(&intake, 1);
        (void)intake_item_free(intake_take(&intake));
        CHECK(fill(&intake, 1) > 0);
        intake_deinit(&intake);
}

TEST(it_is_told_when_a_key_has_nothing_left_that_waits) {
        Intake intake = INTAKE_INIT(ROOM);

        CHECK_EQ_INT(put(&intake, 1, "1a"), 0);
        CHECK_EQ_INT(put(&intake, 1, "1b"), 0);
        CHECK_EQ_INT(put(&intake, 2, "2a"), 0);
        expect(&intake, 1, "1a");
        CHECK(!intake.has_drained);
        expect(&intake, 2, "2a");
        CHECK(intake.has_drained);
        intake.has_drained = false;
        CHECK_EQ_INT(put(&intake, 1, "1c"), 0);
        expect(&intake, 1, "1b");
        CHECK(!intake.has_drained);
        intake_deinit(&intake);
}

/* How many frames are served before the polite one's, which comes behind all of three who flood. */
static size_t count_before(uint8_t polite) {
        Intake intake = INTAKE_INIT(ROOM);
        bool is_polite = false;
        size_t n = 0;

        for (uint8_t number = 1; number <= 3; number++)
                for (size_t i = 0; i < N_FLOOD; i++)
                        CHECK_EQ_INT(put(&intake, number, "flood"), 0);
        CHECK_EQ_INT(put(&intake, polite, "please"), 0);
        while (!is_polite) {
                cleanup(intake_item_freep) IntakeItem *item = intake_take(&intake);

                CHECK(item != NULL);
                is_polite = slice_is(intake_item_get(item), "please");
                n += !is_polite;
        }
        intake_deinit(&intake);
        return n;
}

TEST(who_comes_behind_three_floods_waits_for_one_frame_of_each) {
        CHECK(count_before(4) <= 3);
}

TEST(who_had_to_share_a_queue_with_a_flood_would_wait_for_all_of_it) {
        CHECK(count_before(1) >= N_FLOOD);
}
