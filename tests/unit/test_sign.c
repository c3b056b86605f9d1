/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Keys and their files. */

#include "base/sign.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "tests/lib/test.h"

static char *write_key(const char *dir, Key *ret_key) {
        char *path = mem_printf("%s/key", dir);
        Fault fault = FAULT_INIT;

        key_make(ret_key);
        CHECK_EQ_INT(key_write(path, ret_key, "a comment", &fault), 0);
        return path;
}

TEST(a_key_file_holds_the_key) {
        cleanup_key Key key = {.public = {{0}}};
        cleanup_key Key again = {.public = {{0}}};
        cleanup_free char *path = write_key(test_dir(), &key);
        Fault fault = FAULT_INIT;

        CHECK_EQ_INT(key_read(path, &again, &fault), 0);
        CHECK_EQ_SLICE(slice_make(&again, sizeof again), slice_make(&key, sizeof key));
}

TEST(a_key_file_that_others_could_read_is_refused) {
        static const mode_t modes[] = {0640, 0604, 0620, 0601};
        cleanup_key Key key = {.public = {{0}}};
        cleanup_free char *path = write_key(test_dir(), &key);

        for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
                Fault fault = FAULT_INIT;
                Key read;

                CHECK_EQ_INT(chmod(path, modes[i]), 0);
                CHECK_EQ_INT(key_read(path, &read, &fault), KEY_E_REFUSED);
                CHECK_EQ_TEXT(fault.rule, "key-mode");
                CHECK_CONTAINS(fault.next, "chmod 600");
        }
}

TEST(a_key_is_made_for_its_owner_only) {
        cleanup_key Key key = {.public = {{0}}};
        cleanup_free char *path = write_key(test_dir(), &key);
        struct stat facts;

        CHECK_EQ_INT(stat(path, &facts), 0);
        CHECK_EQ_INT(facts.st_mode & 07777, 0600);
}

TEST(a_key_is_never_overwritten) {
        cleanup_key Key key = {.public = {{0}}};
        cleanup_free char *path = write_key(test_dir(), &key);
        Fault fault = FAULT_INIT;

        CHECK_EQ_INT(key_write(path, &key, "other", &fault), KEY_E_REFUSED);
        CHECK_EQ_TEXT(fault.rule, "key-exists");
}

TEST(a_missing_key_and_a_link_to_one_are_refused) {
        cleanup_key Key key = {.public = {{0}}};
        const char *dir = test_dir();
        cleanup_free char *path = write_key(dir, &key);
        cleanup_free char *link = mem_printf("%s/link", dir);
        cleanup_free char *none = mem_printf("%s/none", dir);
        Fault fault = FAULT_INIT;
        Key read;

        CHECK_EQ_INT(symlink(path, link), 0);
        CHECK_EQ_INT(key_read(link, &read, &fault), KEY_E_REFUSED);
        CHECK_EQ_TEXT(fault.rule, "key-missing");
        CHECK_EQ_INT(key_read(none, &read, &fault), KEY_E_REFUSED);
        CHECK_EQ_TEXT(fault.rule, "key-missing");
}

TEST(a_key_file_with_other_words_is_refused) {
        static const char *const rows[] = {"", "\n", "coldgate-secret-key-v1 ",
                                           "coldgate-secret-key-v1 YWJj\n",
                                           "coldgate-secret-key-v2 YWJj\n"};
        cleanup_free char *path = mem_printf("%s/key", test_dir());

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                Fault fault = FAULT_INIT;
                Key read;

                CHECK_EQ_INT(file_write_atomic(path, slice_text(rows[i]), 0600), 0);
                CHECK_EQ_INT(key_read(path, &read, &fault), KEY_E_REFUSED);
                CHECK_EQ_TEXT(fault.rule, "key-malformed");
        }
}

TEST(the_public_file_has_nothing_secret) {
        cleanup_key Key key = {.public = {{0}}};
        cleanup_free char *path = write_key(test_dir(), &key);
        cleanup_free char *public_path = mem_printf("%s.pub", path);
        cleanup_buf Buf line = BUF_INIT(1000), secret = BUF_TEXT;
        Fault fault = FAULT_INIT;
        PublicKey public;

        CHECK_EQ_INT(file_read(public_path, &line), 0);
        CHECK_EQ_INT(public_key_parse(buf_get(&line), &public, &fault), 0);
        CHECK_EQ_SLICE(slice_make(&public, sizeof public),
                       slice_make(&key.public, sizeof key.public));
        CHECK_CONTAINS(buf_get_text(&line), " a comment\n");
        base64_append(&secret, slice_make(key.curve_secret, 30));
        CHECK_CONTAINS_NOT(buf_get_text(&line), buf_get_text(&secret));
}

TEST(what_is_no_public_line_is_refused) {
        static const char *const rows[] = {"", "ssh-ed25519 AAAA x", "coldgate-ed25519-curve",
                                           "coldgate-ed25519-curve YWJj x"};

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                Fault fault = FAULT_INIT;
                PublicKey public;

                CHECK_EQ_INT(public_key_parse(slice_text(rows[i]), &public, &fault), KEY_E_REFUSED);
                CHECK_EQ_TEXT(fault.rule, "key-malformed");
        }
}

TEST(a_signature_holds_for_its_words_and_its_key_only) {
        uint8_t signature[SIGNATURE_BYTES];
        Slice parts[] = {slice_text("a domain\n"), slice_text("words")};
        Slice others[] = {slice_text("a domain\n"), slice_text("other words")};
        Key key, other;

        key_make(&key);
        key_make(&other);
        sign_parts(&key, parts, 2, signature);
        CHECK(sign_verify(key.public.sign, parts, 2, slice_make(signature, sizeof signature)));
        CHECK(!sign_verify(key.public.sign, others, 2, slice_make(signature, sizeof signature)));
        CHECK(!sign_verify(other.public.sign, parts, 2, slice_make(signature, sizeof signature)));
        CHECK(!sign_verify(key.public.sign, parts, 2, slice_make(signature, 63)));
        for (size_t i = 0; i < sizeof signature; i++) {
                signature[i] ^= 1;
                CHECK(!sign_verify(key.public.sign, parts, 2,
                                   slice_make(signature, sizeof signature)));
                signature[i] ^= 1;
        }
}

TEST(a_seed_gives_one_key) {
        static const uint8_t seed[32] = {1};
        Key a, b, c;

        key_from_seed(seed, &a);
        key_from_seed(seed, &b);
        key_make(&c);
        CHECK_EQ_SLICE(slice_make(&a, sizeof a), slice_make(&b, sizeof b));
        CHECK(!slice_equal(slice_make(&a, sizeof a), slice_make(&c, sizeof c)));
}

TEST(a_key_is_wiped_at_its_end) {
        static const Key none;
        Key key;

        key_make(&key);
        key_deinit(&key);
        CHECK_EQ_SLICE(slice_make(&key, sizeof key), slice_make(&none, sizeof none));
}
