/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What is addressed to whom. */

#include "verbs/inbox.h"

#include "tests/lib/test.h"

static Message make_ping(const char *who) {
        return (Message){.type = MESSAGE_PING,
                         .ping = {.who = slice_text(who),
                                  .what = slice_text("mend F-9"),
                                  .wait_for = WAIT_FOR_FIX,
                                  .attempt = 1}};
}

static Message make_note(NoteTo to, Role role) {
        return (Message){.type = MESSAGE_NOTE,
                         .note = {.to = to, .role = role, .text = slice_text("the proxy")}};
}

TEST(a_ping_is_for_an_agent_by_its_name_or_its_role) {
        Message by_name = make_ping("ada"), by_role = make_ping("adversary"),
                other = make_ping("bob");

        CHECK(inbox_is_for(&by_name, slice_text("ada"), ROLE_ADVERSARY));
        CHECK(inbox_is_for(&by_role, slice_text("ada"), ROLE_ADVERSARY));
        CHECK(!inbox_is_for(&by_role, slice_text("ada"), ROLE_BUILDER));
        CHECK(!inbox_is_for(&other, slice_text("ada"), ROLE_ADVERSARY));
}

TEST(a_note_is_for_the_role_whose_inbox_it_names) {
        Message note = make_note(NOTE_TO_INBOX, ROLE_BUILDER);
        Message journal = make_note(NOTE_TO_JOURNAL, ROLE_BUILDER);
        Message record = make_note(NOTE_TO_RECORD, ROLE_BUILDER);

        CHECK(inbox_is_for(&note, slice_text("b"), ROLE_BUILDER));
        CHECK(!inbox_is_for(&note, slice_text("a"), ROLE_ADVERSARY));
        CHECK(!inbox_is_for(&journal, slice_text("b"), ROLE_BUILDER));
        CHECK(!inbox_is_for(&record, slice_text("b"), ROLE_BUILDER));
}

TEST(a_ping_that_only_says_that_a_note_came_is_not_shown_beside_it) {
        Message ping = make_ping("builder");

        ping.ping.wait_for = WAIT_FOR_READ;
        CHECK(!inbox_is_for(&ping, slice_text("b"), ROLE_BUILDER));
}

TEST(other_entries_are_for_nobody) {
        Message message = {.type = MESSAGE_CLAIM};

        CHECK(!inbox_is_for(&message, slice_text("broker"), ROLE_BROKER));
}

TEST(a_ping_and_a_note_are_told_in_a_line) {
        struct entry entry = {.seq = 7,
                              .received_ms = UINT64_C(1781328787999),
                              .kind = slice_text("ping"),
                              .phase = slice_text("m"),
                              .actor = slice_text("broker")};
        Message ping = make_ping("builder"), note = make_note(NOTE_TO_INBOX, ROLE_BUILDER);
        cleanup_buf Buf text = BUF_TEXT;

        ping.ping.gate = slice_text("M1");
        ping.ping.attempt = 2;
        inbox_describe(&entry, &ping, &text);
        CHECK_EQ_TEXT(buf_get_text(&text),
                      "E-7 2026-06-13T05:33Z from broker, m M1: mend F-9 (ping 2)\n");
        buf_clear(&text);
        entry.kind = slice_text("note");
        note.note.text = slice_text("a\033[31mb");
        inbox_describe(&entry, &note, &text);
        CHECK_CONTAINS(buf_get_text(&text), "N-7 2026-06-13T05:33Z from broker, m: a");
        CHECK_CONTAINS_NOT(buf_get_text(&text), "\033");
}
