/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* URLs and commit ids, as claimants write them. */

#include "tests/lib/test.h"
#include "verify/mirror.h"

static const char *const urls_taken[] = {
        "https://example.net/a/b.git",
        "https://example.net:8443/~a/b",
        "https://127.0.0.1/x",
        "https://[2001:db8::1]/x",
        "https://[::1]:443/x",
        "https://example.net/a%20b",
        "ssh://git@example.net/a/b.git",
        "ssh://git@example.net:2222/a/b.git",
        "ssh://example.net/~user/b",
        "file:///srv/git/a.git",
        "file:///srv/with%20blank/%C3%A4",
        "file:///srv/a..b/.hidden/c-d_e+f",
};

typedef struct RefusedRow {
        const char *url, *why;
} RefusedRow;

static const RefusedRow urls_refused[] = {
        {"", "begin with"},
        {"example.net/a", "begin with"},
        {"git@example.net:a/b", "begin with"},
        {"/srv/git/a", "begin with"},
        {"../a", "begin with"},
        {"-uxyz", "begin with"},
        {"--upload-pack=touch /tmp/x", "begin with"},
        {"http://example.net/a", "begin with"},
        {"git://example.net/a", "begin with"},
        {"ftp://example.net/a", "begin with"},
        {"HTTPS://example.net/a", "begin with"},
        {" https://example.net/a", "begin with"},
        {"ext::sh -c touch% /tmp/x", "begin with"},
        {"fd::17", "begin with"},
        {"ssh+git://example.net/a", "begin with"},
        {"https://example.net/ext::sh", "::"},
        {"file:///ext::sh", "::"},
        {"https://", "host is empty"},
        {"https:///a", "host is empty"},
        {"https://example.net", "absolute path"},
        {"https://example.net/", "absolute path"},
        {"https://user@example.net/a", "ledger"},
        {"https://user:secret@example.net/a", "ledger"},
        {"https://:secret@example.net/a", "ledger"},
        {"https://-oProxyCommand=x/a", "begin with a letter"},
        {"https://.example.net/a", "begin with a letter"},
        {"https://exa mple.net/a", "host has"},
        {"https://ex$ample.net/a", "host has"},
        {"https://example.net:/a", "port"},
        {"https://example.net:0/a", "port"},
        {"https://example.net:65536/a", "port"},
        {"https://example.net:443443443443/a", "port"},
        {"https://example.net:-1/a", "port"},
        {"https://example.net:4x/a", "port"},
        {"https://[::1/a", "bracket"},
        {"https://[]/a", "address is empty"},
        {"https://[::g]/a", "IPv6"},
        {"https://[::1]x/a", "not a port"},
        {"https://example.net/a b", "%XX"},
        {"https://example.net/a\tb", "%XX"},
        {"https://example.net/a\nb", "%XX"},
        {"https://example.net/a\x7f", "%XX"},
        {"https://example.net/a\x1b[31m", "%XX"},
        {"https://example.net/\xc3\xa4", "%XX"},
        {"https://example.net/a?token=x", "%XX"},
        {"https://example.net/a#b", "%XX"},
        {"https://example.net/a;b", "%XX"},
        {"https://example.net/$(x)", "%XX"},
        {"https://example.net/`x`", "%XX"},
        {"https://example.net/a'b", "%XX"},
        {"https://example.net/a\\b", "%XX"},
        {"https://example.net/%", "two hex digits"},
        {"https://example.net/%4", "two hex digits"},
        {"https://example.net/%zz", "two hex digits"},
        {"https://example.net/%0a", "hides"},
        {"https://example.net/%00", "hides"},
        {"https://example.net/%2fa", "hides"},
        {"file:///srv/%2e%2e/etc", "hides"},
        {"file:///srv/%252e", "hides"},
        {"file:///srv/a%3a%3ab", "hides"},
        {"file:///srv/../etc", "component"},
        {"file:///..", "component"},
        {"file:///srv/.", "component"},
        {"file:///srv/a/..", "component"},
        {"file:///-oops/a", "begins with -"},
        {"file:///srv/-oops", "begins with -"},
        {"file://srv/a", "absolute path"},
        {"file://localhost/srv/a", "absolute path"},
        {"file://", "absolute path"},
        {"file:///", "absolute path"},
        {"ssh://git:secret@example.net/a", "user has"},
        {"ssh://-oProxyCommand=x@example.net/a", "user does not begin"},
        {"ssh://@example.net/a", "user is empty"},
        {"ssh://git@-oProxyCommand=x/a", "begin with a letter"},
        {"ssh://a@b@example.net/x", "host has"},
};

TEST(a_plain_url_is_taken) {
        for (size_t i = 0; i < ARRAY_SIZE(urls_taken); i++) {
                Fault fault = FAULT_INIT;

                if (repository_url_check(slice_text(urls_taken[i]), &fault) != 0)
                        FAIL_TEST("%s: %s", urls_taken[i], fault.found);
        }
}

TEST(a_hostile_url_is_refused_with_its_reason) {
        for (size_t i = 0; i < ARRAY_SIZE(urls_refused); i++) {
                Fault fault = FAULT_INIT;

                if (repository_url_check(slice_text(urls_refused[i].url), &fault) != PREP_E_URL)
                        FAIL_TEST("taken: %s", urls_refused[i].url);
                CHECK_EQ_TEXT(fault.rule, "claim.repository-url");
                CHECK_CONTAINS(fault.found, urls_refused[i].why);
        }
}

TEST(a_refused_url_is_shown_without_control_characters) {
        Fault fault = FAULT_INIT;

        CHECK_EQ_INT(repository_url_check(slice_text("https://a/\x1b[2J\n"), &fault), PREP_E_URL);
        CHECK_EQ_TEXT(fault.place, "https://a/\\x1b[2J\\n");
}

TEST(a_url_with_a_nul_is_refused) {
        Fault fault = FAULT_INIT;

        CHECK_EQ_INT(repository_url_check(slice_make("https://a/b\0c", 13), &fault), PREP_E_URL);
}

TEST(a_url_of_more_than_2048_bytes_is_refused) {
        cleanup_buf Buf url = BUF_TEXT;
        Fault fault = FAULT_INIT;

        buf_text(&url, "https://example.net/");
        while (url.n < 2048)
                buf_byte(&url, 'a');
        CHECK_EQ_INT(repository_url_check(buf_get(&url), &fault), 0);
        buf_byte(&url, 'a');
        CHECK_EQ_INT(repository_url_check(buf_get(&url), &fault), PREP_E_URL);
}

TEST(only_40_or_64_lower_case_hex_digits_are_a_full_commit_id) {
        static const char id[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

        CHECK(commit_id_is_full(slice_make(id, 40)));
        CHECK(commit_id_is_full(slice_make(id, 64)));
        CHECK(!commit_id_is_full(slice_make(id, 39)));
        CHECK(!commit_id_is_full(slice_make(id, 41)));
        CHECK(!commit_id_is_full(slice_make(id, 63)));
        CHECK(!commit_id_is_full(slice_make(id, 7)));
        CHECK(!commit_id_is_full(slice_text("main")));
        CHECK(!commit_id_is_full(SLICE_NULL));
        CHECK(!commit_id_is_full(slice_text("0123456789ABCDEF0123456789abcdef01234567")));
        CHECK(!commit_id_is_full(slice_text("0123456789abcdef0123456789abcdef0123456g")));
        CHECK(!commit_id_is_full(slice_text("-123456789abcdef0123456789abcdef01234567")));
}
