/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

#include "proto/label.h"
#include "tests/lib/test.h"

TEST(entries_have_a_letter_and_a_number) {
        cleanup_buf Buf text = BUF_TEXT;
        char letter;
        uint64_t seq;

        label_format(slice_text("claim"), 12, &text);
        CHECK_EQ_TEXT(buf_get_text(&text), "C-12");
        CHECK_EQ_INT(label_letter(slice_text("unheard-of")), 'E');
        CHECK_EQ_INT(label_letter(slice_text("granted")), 'D');
        CHECK(label_parse("C-12", &letter, &seq));
        CHECK_EQ_U64(seq, 12);
        CHECK_EQ_INT(letter, 'C');
        CHECK(label_parse("7", &letter, &seq));
        CHECK_EQ_U64(seq, 7);
        CHECK_EQ_INT(letter, '\0');
}

TEST(no_letter_stands_for_two_kinds) {
        for (size_t i = 0; i < label_n_rows; i++) {
                CHECK(label_rows[i].letter >= 'A' && label_rows[i].letter <= 'Z');
                CHECK(label_rows[i].letter != 'E');
                CHECK(message_spec(label_rows[i].type)->direction == ON_LEDGER);
                for (size_t k = 0; k < i; k++) {
                        CHECK(label_rows[k].letter < label_rows[i].letter);
                        CHECK(label_rows[k].type != label_rows[i].type);
                }
        }
}

TEST(what_is_no_entry_s_label_is_refused) {
        static const char *const rows[] = {
                "",   "C",    "C-",  "C-0",  "C-1x", "c-1",  "-1",
                "M1", "C--1", "12 ", "C- 1", "CC-1", "C-01", "C-9999999999999999999",
        };
        char letter;
        uint64_t seq;

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                CHECK(!label_parse(rows[i], &letter, &seq));
}

TEST(a_label_is_read_for_one_kind_with_or_without_its_letter) {
        Fault fault = FAULT_INIT;
        uint64_t seq = 0;

        CHECK_EQ_INT(label_read("F-9", MESSAGE_FINDING, &seq, &fault), 0);
        CHECK_EQ_U64(seq, 9);
        CHECK_EQ_INT(label_read("10", MESSAGE_FINDING, &seq, &fault), 0);
        CHECK_EQ_U64(seq, 10);
        CHECK_EQ_INT(label_read("E-11", MESSAGE_CLOSE, &seq, &fault), 0);
        CHECK_EQ_U64(seq, 11);
}

TEST(a_label_of_another_kind_is_refused_by_name) {
        Fault fault = FAULT_INIT;
        uint64_t seq = 0;

        CHECK_EQ_INT(label_read("V-9", MESSAGE_FINDING, &seq, &fault), LABEL_E_REFUSED);
        CHECK(fault_is(&fault, "argument-value"));
        CHECK_EQ_TEXT(fault.found, "`V-9` names a verdict; a finding is wanted");
        CHECK_CONTAINS(fault.next, "F-12");
        CHECK_EQ_INT(label_read("Y-9", MESSAGE_FINDING, &seq, &fault), LABEL_E_REFUSED);
        CHECK_EQ_TEXT(fault.found, "`Y-9` is not a finding");
        CHECK_EQ_INT(label_read("nine", MESSAGE_FINDING, &seq, &fault), LABEL_E_REFUSED);
        CHECK_EQ_TEXT(fault.found, "`nine` names no entry");
}

TEST(what_files_a_finding_may_be_called_one) {
        CHECK(label_fits('F', slice_text("finding")));
        CHECK(label_fits('F', slice_text("defer")));
        CHECK(label_fits('E', slice_text("defer")));
        CHECK(label_fits('\0', slice_text("verdict")));
        CHECK(label_fits('F', slice_text("verdict"))); /* a FAIL files its finding */
        CHECK(!label_fits('F', slice_text("claim")));
        CHECK(!label_fits('E', slice_text("verdict")));
}
