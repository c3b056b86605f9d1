/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* An entry as a line of the log. */

#include "broker/log_line.h"

#include "tests/lib/test.h"

static void check_line(LogLine line, const char *actor, const char *expected) {
        Entry entry = {.seq = 8,
                       .received_ms = 1781328787000,
                       .kind = slice_text("note"),
                       .phase = slice_text("m"),
                       .actor = slice_text(actor)};
        Message message = {
                .type = MESSAGE_NOTE,
                .note = {.phase = slice_text("m"), .text = slice_text("t\u00e9st \x1b")}};
        cleanup_buf Buf text = BUF_TEXT;

        message_set_present(&message);
        log_line_append(&line, &entry, &message, &text);
        CHECK_EQ_TEXT(buf_get_text(&text), expected);
}

TEST(a_line_has_name_time_who_kind_and_what) {
        check_line((LogLine){.width = 0}, "ada",
                   "N-8     2026-06-13T05:33Z  ada        note     m: record: t\u00e9st \\x1b\n");
}

TEST(a_phase_that_the_reader_knows_is_not_repeated) {
        check_line((LogLine){.phase = slice_text("m")}, "ada",
                   "N-8     2026-06-13T05:33Z  ada        note     record: t\u00e9st \\x1b\n");
        check_line((LogLine){.phase = slice_text("mm")}, "a\x1b",
                   "N-8     2026-06-13T05:33Z  a\\x1b      note     m: record: t\u00e9st \\x1b\n");
}

TEST(a_line_is_cut_to_the_terminal_and_says_so) {
        check_line((LogLine){.width = 60}, "ada",
                   "N-8     2026-06-13T05:33Z  ada        note     m: record: t\u2026\n");
        check_line((LogLine){.width = 61}, "ada",
                   "N-8     2026-06-13T05:33Z  ada        note     m: record: t\u00e9\u2026\n");
        check_line((LogLine){.width = 67}, "ada",
                   "N-8     2026-06-13T05:33Z  ada        note     m: record: t\u00e9st \\x1b\n");
        check_line((LogLine){.width = 1}, "ada", "\u2026\n");
}

TEST(fields_are_never_cut_to_the_terminal) {
        check_line((LogLine){.with_fields = true, .width = 20}, "ada",
                   "N-8     2026-06-13T05:33:07Z  ada        note     phase=m to=record "
                   "text=\"t\u00e9st \\u001b\"\n");
}
