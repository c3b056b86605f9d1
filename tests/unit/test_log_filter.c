/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What an entry is about, seen from its fields. */

#include "broker/log_filter.h"

#include "tests/lib/test.h"

TEST(a_gate_is_named_by_a_field_or_by_a_list) {
        Slice gates[] = {slice_text("WC1"), slice_text("C2")};
        Message note = {.type = MESSAGE_NOTE, .note.gate = slice_text("M1")};
        Message claim = {.type = MESSAGE_CLAIM, .claim = {.gates = gates, .n_gates = 2}};

        CHECK(message_names_gate(&note, slice_text("M1")));
        CHECK(!message_names_gate(&note, slice_text("M")));
        CHECK(message_names_gate(&claim, slice_text("C2")));
        CHECK(!message_names_gate(&claim, slice_text("C1")));
}

TEST(a_plan_names_all_its_gates) {
        struct gate_digest gates[] = {{.gate = slice_text("M1")}, {.gate = slice_text("M2")}};
        Message plan = {.type = MESSAGE_PLAN, .plan = {.gates = gates, .n_gates = 2}};

        CHECK(message_names_gate(&plan, slice_text("M2")));
        CHECK(!message_names_gate(&plan, slice_text("M3")));
}

TEST(what_an_entry_is_about_is_seen_from_the_names_of_its_fields) {
        Message close = {.type = MESSAGE_CLOSE, .close = {.finding = 7, .verdict = 9}};
        Message verdict = {.type = MESSAGE_VERDICT, .verdict = {.claim = 5, .lease = 6}};
        Message ping = {.type = MESSAGE_PING, .ping = {.cause = 8, .attempt = 3}};
        Message note = {.type = MESSAGE_NOTE};

        CHECK_EQ_U64(message_get_reference(&close), 7);
        CHECK_EQ_U64(message_get_reference(&verdict), 5);
        CHECK_EQ_U64(message_get_reference(&ping), 8);
        CHECK_EQ_U64(message_get_reference(&note), 0);
}
