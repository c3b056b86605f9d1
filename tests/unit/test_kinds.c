/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The small parts of the kinds of check that need no sandbox: stamps, tables of listeners, names of
 * commits, certificates, sets of ids, paths. */

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "tests/lib/test.h"
#include "verify/certificate.h"
#include "verify/file_facts.h"
#include "verify/id_set.h"
#include "verify/kind.h"
#include "verify/left.h"
#include "verify/listeners.h"
#include "verify/log_window.h"
#include "verify/processes.h"
#include "verify/revision.h"

enum { MANY = 5000, NOBODY = 65534, LARGE = (2 << 20) + 10 };

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

static Judgement ask(const struct answered *answers, size_t n_answers) {
        static const Check check = {.kind = CHECK_MANUAL,
                                    .id = {(const uint8_t *)"look", 4},
                                    .question = {(const uint8_t *)"well?", 5}};
        static const Gate gate = {.id = {(const uint8_t *)"M1", 2}};
        VerifyRequest request = {.gate = &gate, .answers = answers, .n_answers = n_answers};
        AttemptSetting setting = {.request = &request};
        Attempt attempt = {.has_sandbox = false};

        CHECK_EQ_INT(manual_check_attempt(&setting, &check, false, &attempt), 0);
        return attempt.judgement;
}

static struct answered answer(const char *gate, const char *check, bool holds) {
        return (struct answered){.gate = slice_text(gate),
                                 .check = slice_text(check),
                                 .holds = holds,
                                 .text = slice_text("seen")};
}

TEST(a_question_is_unverifiable_until_it_is_answered_for_this_gate_and_check) {
        struct answered others[] = {answer("M2", "look", true), answer("M1", "other", true)};

        CHECK_EQ_INT(ask(NULL, 0).outcome, OUTCOME_UNVERIFIABLE);
        CHECK_EQ_TEXT(ask(others, 2).reason, "manual");
        CHECK_CONTAINS(ask(others, 2).summary, "well?");
}

TEST(the_last_answer_to_a_question_counts) {
        struct answered answers[] = {answer("M1", "look", false), answer("M1", "look", true)};

        CHECK_EQ_INT(ask(answers, 2).outcome, OUTCOME_PASS);
        CHECK_EQ_TEXT(ask(answers, 2).summary, "seen");
        CHECK_EQ_INT(ask(answers, 1).outcome, OUTCOME_FAIL);
        CHECK_EQ_TEXT(ask(answers, 1).reason, "manual.answered");
}

/* What happens as somebody who may not read: in a child, since there is no way back. */
static bool is_unreadable_to_others(const char *path) {
        pid_t pid = fork();
        int status = 0;

        if (pid == 0) {
                cleanup_arena Arena arena = ARENA_INIT;
                ObservedFile file = {.exists = false};
                int fd = open(path, O_PATH);

                if (setresuid(NOBODY, NOBODY, NOBODY) < 0 && geteuid() == 0)
                        _exit(2);
                _exit(file_observe(fd, UINT64_MAX, &arena, &file) == FILE_FACTS_E_UNREADABLE &&
                                      file.exists && file.size == 2
                              ? 0
                              : 1);
        }
        CHECK(waitpid(pid, &status, 0) == pid);
        return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(a_file_that_may_not_be_read_still_has_its_size) {
        cleanup_free char *path = mem_printf("%s/file", test_dir());

        CHECK_EQ_INT(file_write_atomic(path, slice_text("x\n"), 0000), 0);
        CHECK(is_unreadable_to_others(path));
}

TEST(both_ends_of_a_large_file_are_kept_and_all_of_it_is_hashed) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_free char *path = mem_printf("%s/file", test_dir());
        cleanup_buf Buf bytes = BUF_TEXT;
        cleanup_fd int fd = -1;
        ObservedFile file = {.exists = false};
        Hash hash;

        for (size_t i = 0; i < LARGE; i++)
                buf_byte(&bytes, (uint8_t)('a' + i % 26));
        hash_of(buf_get(&bytes), &hash);
        CHECK_EQ_INT(file_write_atomic(path, buf_get(&bytes), 0644), 0);
        fd = open(path, O_PATH);
        CHECK_EQ_INT(file_observe(fd, UINT64_MAX, &arena, &file), 0);
        CHECK(file.content.is_cut && hash_equal(&file.sha256, &hash));
        CHECK_EQ_U64(file.size, LARGE);
        CHECK_EQ_SLICE(slice_from(file.content.tail, file.content.tail.n - 10),
                       slice_from(buf_get(&bytes), LARGE - 10));
        CHECK_EQ_INT(file_observe(fd, 0, &arena, &file), FILE_FACTS_E_DEADLINE);
}

TEST(a_fifo_is_there_and_is_not_read) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_free char *path = mem_printf("%s/fifo", test_dir());
        ObservedFile file = {.exists = false};
        cleanup_fd int fd = -1;

        CHECK_EQ_INT(mkfifo(path, 0600), 0);
        fd = open(path, O_PATH);
        CHECK_EQ_INT(file_observe(fd, UINT64_MAX, &arena, &file), 0);
        CHECK(file.exists && !file.is_regular);
}

TEST(an_expression_that_is_too_much_work_for_command_lines_is_told_from_none) {
        cleanup_buf Buf lines = BUF_TEXT;
        pid_t pid = fork();
        uint64_t n = 0;

        if (pid == 0) {
                (void)execlp("sleep",
                             "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "1000",
                             NULL);
                _exit(1);
        }
        while (processes_find(pid, slice_text("x"), &lines, &n) != 0)
                ;
        CHECK_EQ_U64(n, 0);
        while (processes_find(getpid(), slice_text("^a{60} 1000$"), &lines, &n) == 0 && n == 0)
                ;
        CHECK_EQ_U64(n, 1);
        CHECK_EQ_INT(processes_find(getpid(), slice_text("^(a+)+$"), &lines, &n),
                     PROCESSES_E_LIMIT);
}
