/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Ids that ascend. */

#include "base/id.h"

#include "tests/lib/test.h"

static int compare(const Id *a, const Id *b) {
        return slice_compare(id_slice(a), id_slice(b));
}

TEST(ids_ascend_within_a_millisecond) {
        IdMaker maker = {0};
        Id before, id;

        id_make(&maker, 1000, &before);
        for (int i = 0; i < 200000; i++) { /* the counter carries, several times */
                id_make(&maker, 1000, &id);
                CHECK(compare(&before, &id) < 0);
                before = id;
        }
}

TEST(ids_ascend_when_the_clock_goes_back) {
        IdMaker maker = {0};
        Id a, b, c;

        id_make(&maker, 5000, &a);
        id_make(&maker, 10, &b);
        id_make(&maker, 5001, &c);
        CHECK(compare(&a, &b) < 0);
        CHECK(compare(&b, &c) < 0);
}

TEST(ids_of_two_makers_differ) {
        IdMaker first = {0}, second = {0};
        Id a, b;

        id_make(&first, 1000, &a);
        id_make(&second, 1000, &b);
        CHECK(!id_equal(&a, &b));
        CHECK(id_equal(&a, &a));
}

TEST(an_id_has_exactly_its_bytes) {
        uint8_t bytes[ID_BYTES + 1] = {7};
        Id id;

        CHECK(id_from_slice(slice_make(bytes, ID_BYTES), &id));
        CHECK_EQ_SLICE(id_slice(&id), slice_make(bytes, ID_BYTES));
        CHECK(!id_from_slice(slice_make(bytes, ID_BYTES - 1), &id));
        CHECK(!id_from_slice(slice_make(bytes, ID_BYTES + 1), &id));
}
