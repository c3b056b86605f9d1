/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The small parts of the kinds of check that need no sandbox: stamps, tables of listeners, names of
 * commits, certificates, sets of ids, paths. */

#include "tests/lib/test.h"
#include "verify/certificate.h"
#include "verify/id_set.h"
#include "verify/left.h"
#include "verify/listeners.h"
#include "verify/log_window.h"
#include "verify/revision.h"

enum { MANY = 5000 };

static const uint64_t june_ms = 1781328787000; /* 2026-06-13T05:33:07Z */

static uint64_t stamp(const char *line, const char *pattern) {
        uint64_t ms = 0;

        return log_stamp_read(slice_text(line), pattern, june_ms, &ms) ? ms : 0;
}

TEST(iso_stamps_are_read_with_their_zone_and_fraction) {
        CHECK_EQ_U64(stamp("2026-06-13T05:33:07Z up", NULL), june_ms);
        CHECK_EQ_U64(stamp("[2026-06-13 05:33:07] up", NULL), june_ms);
        CHECK_EQ_U64(stamp("2026-06-13T07:33:07.250+02:00 up", NULL), june_ms + 250);
        CHECK_EQ_U64(stamp("2026-06-13T05:03:07,5-0030", NULL), june_ms + 500);
        CHECK_EQ_U64(stamp("at 2026-06-13T05:33:07Z", NULL), 0);
        CHECK_EQ_U64(stamp("2026-06-13", NULL), 0);
        CHECK_EQ_U64(stamp("", NULL), 0);
}

TEST(a_stamp_without_a_year_is_the_last_such_day) {
        CHECK_EQ_U64(stamp("Jun 13 05:33:07 host app: up", "%b %e %H:%M:%S"), june_ms);
        CHECK_EQ_U64(stamp("Dec 13 05:33:07 host app: up", "%b %e %H:%M:%S"),
                     june_ms - (uint64_t)182 * 86400000);
        CHECK_EQ_U64(stamp("13/Jun/2026:07:33:07 +0200", "%d/%b/%Y:%H:%M:%S %z"), june_ms);
        CHECK_EQ_U64(stamp("up", "%b %e %H:%M:%S"), 0);
}

TEST(a_window_has_the_lines_since_and_what_follows_them) {
        LogWindow window = {.lines = BUF_TEXT};
        Slice text = slice_text("2026-06-13T05:33:06Z old\n  of the old\n"
                                "2026-06-13T05:33:07Z new\n  of the new\n"
                                "2026-06-13T05:33:06Z late\nlast");

        log_window_read(text, NULL, june_ms, june_ms, &window);
        CHECK_EQ_SLICE(buf_get(&window.lines),
                       slice_text("2026-06-13T05:33:07Z new\n  of the new\n"));
        CHECK_EQ_U64(window.n_lines, 2);
        CHECK_EQ_U64(window.n_stamped, 3);
        CHECK_EQ_U64(window.first_stamp_ms, june_ms - 1000);
        buf_deinit(&window.lines);
}

static const char tcp[] =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
        "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0\n"
        "   1: 00000000:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0\n"
        "   2: 0100007F:1F92 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0\n"
        "   3: broken\n";
static const char tcp6[] =
        "  sl  local_address                         remote_address                        st\n"
        "   0: 00000000000000000000000000000000:1F93 00000000000000000000000000000000:0000 0A\n"
        "   1: 00000000000000000000000001000000:1F94 00000000000000000000000000000000:0000 0A\n"
        "   2: 0000000000000000FFFF00000100007F:1F95 00000000000000000000000000000000:0000 0A\n";

static bool listens(const char *table, uint64_t port, const char *address) {
        cleanup_buf Buf lines = BUF_TEXT;

        return listeners_find_tcp(slice_text(table), port, slice_text(address), &lines);
}

TEST(listeners_are_found_by_port_and_address) {
        CHECK(listens(tcp, 8080, ""));
        CHECK(listens(tcp, 8080, "127.0.0.1"));
        CHECK(!listens(tcp, 8080, "127.0.0.2"));
        CHECK(!listens(tcp, 8080, "0.0.0.0"));
        CHECK(listens(tcp, 8081, "127.0.0.2"));
        CHECK(listens(tcp, 8081, "0.0.0.0"));
        CHECK(!listens(tcp, 8082, ""));
        CHECK(!listens(tcp, 8083, ""));
}

TEST(listeners_of_ipv6_may_take_ipv4) {
        CHECK(listens(tcp6, 8083, ""));
        CHECK(listens(tcp6, 8083, "::1"));
        CHECK(listens(tcp6, 8083, "::"));
        CHECK(!listens(tcp6, 8083, "0.0.0.0"));
        CHECK(listens(tcp6, 8084, "::1"));
        CHECK(!listens(tcp6, 8084, ""));
        CHECK(listens(tcp6, 8085, ""));
}

static const char commit[] = "abc1234e56789012345678901234567890123456";

static bool names(const char *answer, uint64_t digits) {
        return revision_names(slice_text(answer), slice_text(commit), digits);
}

TEST(an_answer_names_the_commit_by_enough_of_its_digits) {
        CHECK(names(commit, 40));
        CHECK(names("abc1234e", 7));
        CHECK(names("v1.2-3-gabc1234", 7));
        CHECK(names("built 20240501 from abc1234e5", 7));
        CHECK(!names("abc123", 7));
        CHECK(!names("", 7));
}

TEST(an_answer_that_names_another_commit_does_not_name_this_one) {
        CHECK(!names("abc1234f", 7));
        CHECK(!names("1abc1234e", 7));
        CHECK(!names("abc1234e, then fffffff", 7));
        CHECK(!names("abc1234e-dirty", 7));
        CHECK(!names("ABC1234E", 7));
}

TEST(a_revision_guards_the_routes_behind_it_that_ask_what_runs_already) {
        Check checks[] = {{.kind = CHECK_HTTP},
                          {.kind = CHECK_REVISION},
                          {.kind = CHECK_HTTP},
                          {.kind = CHECK_HTTP, .n_command = 1},
                          {.kind = CHECK_RUN}};
        Gate gate = {.checks = checks, .n_checks = ARRAY_SIZE(checks)};

        CHECK(!revision_guards(&gate, 1, 0));
        CHECK(revision_guards(&gate, 1, 2));
        CHECK(!revision_guards(&gate, 1, 3));
        CHECK(!revision_guards(&gate, 1, 4));
        CHECK(!revision_guards(&gate, 0, 2));
}

TEST(facts_of_a_certificate_come_from_curl_s_lines) {
        CertificateFacts facts = {.is_there = false};
        Hash hash;

        certificate_add(&facts, slice_text("Subject:CN=ci.example.net"));
        certificate_add(&facts, slice_text("Issuer:O = Example, CN = CA"));
        certificate_add(&facts, slice_text("Start date:Jun 13 05:33:07 2026 GMT"));
        certificate_add(&facts, slice_text("Expire date:soon"));
        certificate_add(&facts, slice_text("X509v3 Subject Alternative Name:DNS:a.example, "
                                           "IP Address:0:0:0:0:0:0:0:1, URI:x"));
        certificate_add(&facts, slice_text("Cert:-----BEGIN CERTIFICATE-----\naGVs\nbG8=\n"
                                           "-----END CERTIFICATE-----\n"));
        hash_of(slice_text("hello"), &hash);
        CHECK_EQ_TEXT(facts.subject, "CN=ci.example.net");
        CHECK_EQ_TEXT(facts.issuer, "O=Example, CN=CA");
        CHECK_EQ_TEXT(facts.names, "a.example\n0:0:0:0:0:0:0:1\nURI:x\n");
        CHECK_EQ_U64(facts.not_before_ms, june_ms);
        CHECK_EQ_U64(facts.not_after_ms, 0);
        CHECK(facts.is_there);
        CHECK(hash_equal(&facts.sha256, &hash));
}

TEST(a_certificate_that_is_no_base64_is_not_there) {
        CertificateFacts facts = {.is_there = false};

        certificate_add(&facts, slice_text("Cert:-----BEGIN CERTIFICATE-----\n!!!!\n-----END"));
        certificate_add(&facts, slice_text("Cert:"));
        certificate_add(&facts, slice_text("nonsense"));
        CHECK(!facts.is_there);
}

static void make_id(size_t number, ObjectId *ret_id) {
        Hash hash;

        hash_of(slice_make(&number, sizeof number), &hash);
        memcpy(ret_id->bytes, hash.bytes, OBJECT_ID_BYTES);
}

TEST(a_set_of_ids_has_each_once) {
        cleanup_id_set IdSet set = {.n = 0};
        ObjectId id, nothing = {.bytes = {0}};

        for (size_t i = 0; i < MANY; i++) {
                make_id(i, &id);
                CHECK(!id_set_has(&set, &id));
                CHECK(id_set_add(&set, &id));
                CHECK(!id_set_add(&set, &id));
        }
        for (size_t i = 0; i < MANY; i++) {
                make_id(i, &id);
                CHECK(id_set_has(&set, &id));
        }
        CHECK(!id_set_has(&set, &nothing));
        CHECK(id_set_add(&set, &nothing));
        CHECK(id_set_has(&set, &nothing));
}

static const char *normal(const char *path) {
        static Buf text = {.n_max = 4096};

        return left_path_normalise(slice_text(path), &text) ? buf_get_text(&text) : NULL;
}

TEST(a_path_of_the_workspace_is_made_normal_or_refused) {
        CHECK_EQ_TEXT(normal("./build//r.xml"), "build/r.xml");
        CHECK_EQ_TEXT(normal("a"), "a");
        CHECK_EQ_TEXT(normal("/etc/passwd"), NULL);
        CHECK_EQ_TEXT(normal("a/../../b"), NULL);
        CHECK_EQ_TEXT(normal("./"), NULL);
        CHECK_EQ_TEXT(normal(""), NULL);
}
