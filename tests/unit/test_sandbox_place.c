/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Which paths of the host are covered by something of ours. */

#include "sandbox/place.h"
#include "tests/lib/test.h"

TEST(covered_paths_are_known) {
        CHECK(place_covers("/tmp"));
        CHECK(place_covers("/tmp/x/y"));
        CHECK(place_covers("/work/src"));
        CHECK(place_covers("/home/somebody"));
        CHECK(place_covers("/root"));
        CHECK(place_covers("/run/docker.sock"));
        CHECK(place_covers("/dev/sda"));
        CHECK(!place_covers("/"));
        CHECK(!place_covers("/tmpfile"));
        CHECK(!place_covers("/workshop"));
        CHECK(!place_covers("/var"));
        CHECK(!place_covers("/var/lib"));
        CHECK(!place_covers("/etc/passwd"));
}

TEST(below_means_whole_names) {
        CHECK(path_is_below("/a/b", "/a"));
        CHECK(path_is_below("/a", "/a"));
        CHECK(path_is_below("/a", "/"));
        CHECK(!path_is_below("/ab", "/a"));
        CHECK(!path_is_below("/", "/a"));
}
