/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Secrets, however they are written, are not in what comes out; all the rest is. */

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/hash.h"
#include "base/mem.h"
#include "tests/lib/test.h"
#include "base/text.h"
#include "verify/redact.h"

#define SECRET "correct horse/battery+staple?"

static char *write_secrets(const char *text, mode_t mode) {
        char *path = mem_printf("%s/secrets-XXXXXX", test_dir());
        int fd = mkstemp(path);

        CHECK(fd >= 0);
        CHECK_EQ_INT(fd_write_all(fd, slice_text(text)), 0);
        CHECK_EQ_INT(fchmod(fd, mode), 0);
        fd_close(&fd);
        return path;
}

static Redactor *make(const char *secrets) {
        cleanup_free char *path = write_secrets(secrets, 0600);
        Redactor *redactor = NULL;
        Fault fault = FAULT_INIT;

        CHECK_EQ_INT(redactor_new(path, &redactor, &fault), 0);
        return redactor;
}

static void expect(const Redactor *redactor, const char *text, const char *wanted) {
        cleanup_arena Arena arena = ARENA_INIT;
        size_t n_found = 0;
        Slice out = redact_text(redactor, slice_text(text), &arena, &n_found);

        CHECK_EQ_SLICE(out, slice_text(wanted));
        CHECK_EQ_INT(n_found > 0, strcmp(text, wanted) != 0);
}

TEST(a_value_is_replaced_wherever_it_stands_and_the_rest_stays) {
        cleanup(redactor_freep) Redactor *redactor = make("# ours\n" SECRET "\n\nsmall-one\n");

        expect(redactor, "a " SECRET " b", "a [redacted] b");
        expect(redactor, SECRET, "[redacted]");
        expect(redactor, "x=small-one;y", "x=***;y");
        expect(redactor, "small-on", "small-on");
        expect(redactor, "nothing of it", "nothing of it");
        expect(redactor, "", "");
}

TEST(a_value_is_known_in_base64_at_each_place_in_hex_and_in_percents) {
        cleanup(redactor_freep) Redactor *redactor = make(SECRET "\n");
        static const char *const around[] = {"", "x", "xy", "xyz"};

        for (size_t i = 0; i < ARRAY_SIZE(around); i++) {
                cleanup_arena Arena arena = ARENA_INIT;
                cleanup_buf Buf encoded = BUF_TEXT;
                cleanup_free char *plain = mem_printf("%s%s tail", around[i], SECRET);
                size_t n_found = 0;
                Slice out;

                base64_append(&encoded, slice_text(plain));
                out = redact_text(redactor, buf_get(&encoded), &arena, &n_found);
                CHECK_EQ_U64(n_found, 1);
                CHECK(out.n < encoded.n - strlen(SECRET) / 2);
        }
        expect(redactor, "q=correct%20horse%2Fbattery%2Bstaple%3F&z=1", "q=[redacted]&z=1");
        expect(redactor, "q=correct%20horse%2fbattery%2bstaple%3f&z=1", "q=[redacted]&z=1");
        expect(redactor, "<636f727265637420686f7273652f626174746572792b737461706c653f>",
               "<[redacted]>");
}

TEST(a_value_that_was_made_visible_is_known_too) {
        cleanup(redactor_freep) Redactor *redactor = make("pa\\ss\x01w\\ord\na\\b\\c\\d\\e\n");
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf text = BUF_TEXT, name = BUF_TEXT;
        size_t n_found = 0;

        text_make_visible(slice_text("pa\\ss\x01w\\ord"), false, &text);
        CHECK_EQ_TEXT(buf_get_text(&text), "pa\\ss\\x01w\\ord");
        CHECK_EQ_SLICE(redact_text(redactor, buf_get(&text), &arena, &n_found),
                       slice_text("[redacted]"));
        text_make_name_visible(slice_text("a\\b\\c\\d\\e"), &name);
        CHECK_EQ_SLICE(redact_text(redactor, buf_get(&name), &arena, &n_found),
                       slice_text("[redacted]"));
        CHECK_EQ_U64(n_found, 2);
}

TEST(a_value_that_was_cut_does_not_slip_through) {
        cleanup(redactor_freep) Redactor *redactor = make(SECRET "\n");

        expect(redactor, "…orse/battery+staple? b", "…[redacted] b");
        expect(redactor, "a correct horse/bat", "a [redacted]");
}

TEST(what_looks_like_a_secret_is_one) {
        cleanup(redactor_freep) Redactor *redactor = NULL;
        Fault fault = FAULT_INIT;

        CHECK_EQ_INT(redactor_new(NULL, &redactor, &fault), 0);
        expect(redactor, "token ghp_0123456789abcdefghijABCDEFGHIJ012345 end",
               "token [redacted] end");
        expect(redactor, "AKIAABCDEFGHIJKLMNOP", "[redacted]");
        expect(redactor, "https://bob:hunter22@example.net/x", "https://bob:***@example.net/x");
        expect(redactor, "GET /\nAuthorization: Bearer abc.def\nHost: a\n",
               "GET /\nAuthorization: [redacted]\nHost: a\n");
        expect(redactor, "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nend",
               "[redacted]\nend");
        expect(redactor, "-----BEGIN PRIVATE KEY-----\nabc", "[redacted]");
        expect(redactor, "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n",
               "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n");
        expect(redactor, "http://example.net:80/a@b", "http://example.net:80/a@b");
        expect(redactor, "sk-learn is a library, risk-averse",
               "sk-learn is a library, risk-averse");
}

TEST(a_message_is_redacted_in_each_of_its_texts_and_in_no_id) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup(redactor_freep) Redactor *redactor = make(SECRET "\n");
        Slice note = slice_text("saw " SECRET), command[] = {slice_text("curl"), note};
        struct assertion assertion = {.where = slice_text("stdout"), .actual = note};
        struct stream stream = {.name = slice_text("stdout"), .head = note, .tail = note};
        struct named_value header = {.name = slice_text("Set-Cookie"), .value = slice_text("id=7")};
        Message message = {.type = MESSAGE_CHECK_EVIDENCE};
        struct check_evidence *evidence = &message.check_evidence;
        size_t n_found = 0;

        *evidence = (struct check_evidence){.gate = slice_text("M1"),
                                            .check = slice_text(SECRET),
                                            .summary = note,
                                            .command = command,
                                            .n_command = 2,
                                            .assertions = &assertion,
                                            .n_assertions = 1,
                                            .streams = &stream,
                                            .n_streams = 1,
                                            .headers = &header,
                                            .n_headers = 1};
        redact_message(redactor, &message, &arena, &n_found);
        CHECK_EQ_SLICE(evidence->check, slice_text(SECRET));
        CHECK_EQ_SLICE(evidence->summary, slice_text("saw [redacted]"));
        CHECK_EQ_SLICE(evidence->command[0], slice_text("curl"));
        CHECK_EQ_SLICE(evidence->command[1], slice_text("saw [redacted]"));
        CHECK_EQ_SLICE(evidence->assertions[0].actual, slice_text("saw [redacted]"));
        CHECK_EQ_SLICE(evidence->streams[0].head, slice_text("saw [redacted]"));
        CHECK_EQ_SLICE(evidence->streams[0].tail, slice_text("saw [redacted]"));
        CHECK_EQ_SLICE(evidence->headers[0].value, slice_text("[redacted]"));
        CHECK_EQ_U64(n_found, 6);
}

static void expect_refused(const char *text, mode_t mode) {
        cleanup_free char *path = write_secrets(text, mode);
        cleanup(redactor_freep) Redactor *redactor = NULL;
        Fault fault = FAULT_INIT;

        CHECK_EQ_INT(redactor_new(path, &redactor, &fault), REDACT_E_REFUSED);
        CHECK(fault_is(&fault, "secrets-file"));
        CHECK(fault.place[0] && fault.next[0]);
}

TEST(a_file_that_others_may_read_or_that_says_too_little_is_refused) {
        expect_refused(SECRET "\n", 0644);
        expect_refused("short\n", 0600);
}

TEST(a_megabyte_without_secrets_comes_back_as_it_is) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup(redactor_freep) Redactor *redactor = make(SECRET "\n");
        cleanup_buf Buf text = BUF_INIT(2 << 20);
        size_t n_found = 0;
        Slice out;

        while (text.n < 1 << 20)
                buf_text(&text, "correct hor, ");
        out = redact_text(redactor, buf_get(&text), &arena, &n_found);
        CHECK(out.data == text.data && out.n == text.n && n_found == 0);
}
