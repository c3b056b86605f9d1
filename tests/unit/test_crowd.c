/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Who has to go when there are too many connections. */

#include <sys/socket.h>

#include "base/fd.h"
#include "proto/crowd.h"
#include "tests/lib/test.h"

enum { MOST = 8 };

static const uint8_t greedy[CURVE_BYTES] = {1}, modest[CURVE_BYTES] = {2};

typedef struct Place {
        Crowd crowd;
        int fds[4 * MOST];
        size_t n_fds;
        uint64_t now_ms;
} Place;

static void place_deinit(Place *place) {
        crowd_deinit(&place->crowd);
        for (size_t i = 0; i < place->n_fds; i++)
                fd_close(&place->fds[i]);
}

static int come(Place *place, const uint8_t *curve) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        CHECK(fd >= 0);
        place->fds[place->n_fds++] = fd;
        crowd_open(&place->crowd, fd, ++place->now_ms);
        if (curve)
                crowd_hear(&place->crowd, fd, curve, ++place->now_ms);
        return fd;
}

static bool is_in(const Place *place, int fd) {
        return place->crowd.rows[fd].is_open;
}

TEST(a_key_that_has_all_connections_keeps_no_newcomer_out) {
        cleanup(place_deinit) Place place = {.crowd.n_max = MOST};
        int first = come(&place, greedy), newcomer;

        for (size_t i = 1; i < MOST; i++)
                (void)come(&place, greedy);
        newcomer = come(&place, NULL);
        CHECK(is_in(&place, newcomer));
        CHECK(!is_in(&place, first));
        CHECK_EQ_U64(place.crowd.n_open, MOST);
        crowd_hear(&place.crowd, newcomer, modest, ++place.now_ms);
        for (size_t i = 0; i < MOST; i++)
                (void)come(&place, greedy);
        CHECK(is_in(&place, newcomer));
}

TEST(strangers_push_out_each_other_and_nobody_who_was_heard) {
        cleanup(place_deinit) Place place = {.crowd.n_max = MOST};
        int one = come(&place, modest), other = come(&place, modest);

        for (size_t i = 0; i < 3 * MOST; i++)
                (void)come(&place, NULL);
        CHECK(is_in(&place, one) && is_in(&place, other));
        CHECK_EQ_U64(place.crowd.n_open, MOST);
        CHECK_EQ_U64(place.crowd.n_unheard, MOST - 2);
}

TEST(who_goes_or_shows_another_key_is_counted_once) {
        cleanup(place_deinit) Place place = {.crowd.n_max = MOST};
        int fd = come(&place, greedy);

        crowd_hear(&place.crowd, fd, modest, ++place.now_ms);
        CHECK_EQ_U64(place.crowd.keys[0].n_open, 0);
        CHECK_EQ_U64(place.crowd.keys[1].n_open, 1);
        crowd_close(&place.crowd, fd);
        crowd_close(&place.crowd, fd);
        CHECK_EQ_U64(place.crowd.keys[1].n_open, 0);
        CHECK_EQ_U64(place.crowd.n_open, 0);
        CHECK_EQ_U64(place.crowd.n_unheard, 0);
}

TEST(who_says_nothing_for_seconds_is_told_once_and_who_speaks_is_not) {
        cleanup(place_deinit) Place place = {.crowd.n_max = MOST};
        char who[CROWD_WHO_BYTES];

        (void)come(&place, NULL);
        (void)come(&place, NULL);
        (void)come(&place, modest);
        CHECK(!crowd_find_silent(&place.crowd, place.now_ms, who));
        place.now_ms += CROWD_SILENT_MS;
        CHECK_EQ_U64(crowd_find_silent(&place.crowd, place.now_ms, who), 2);
        CHECK_EQ_U64(crowd_find_silent(&place.crowd, place.now_ms + CROWD_SILENT_MS, who), 0);
        CHECK_EQ_U64(place.crowd.n_silent, 2);
}
