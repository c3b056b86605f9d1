/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Sealed checks through the real programs: they fail a claim, nobody reads them before DONE, and
 * then everybody can. */

#include <stdio.h>
#include <string.h>

#include "base/options.h"
#include "tests/lib/handshake.h"
#include "tests/lib/test.h"

#define SEALED_PATH ".coldgate/own/sealed.md"
#define SECRET      "hidden-tusk"

static const char sealed[] = "```yaml phase\nversion: 1\nphase: story\n```\n\n"
                             "```yaml gate\ngate: GREETS\nchecks:\n"
                             "  - id: " SECRET "-first\n    run: cat greeting\n"
                             "    expect: { stdout: { contains: hello } }\n"
                             "  - id: " SECRET "-second\n    run: cat manners\n"
                             "    expect: { stdout: { contains: please } }\n```\n";

static void start_sealed(Handshake *handshake) {
        handshake->adversary = process_free(handshake->adversary);
        handshake->adversary =
                handshake_spawn(handshake, "COLDGATE_ADVERSARY", "run", "--sealed", SEALED_PATH);
        process_wait_text(handshake->adversary, "ready", HANDSHAKE_MS);
}

static void start(Handshake *handshake) {
        handshake_init(handshake);
        bench_write(handshake->dir, SEALED_PATH, sealed, 0600);
        handshake_start_broker(handshake);
        start_sealed(handshake);
        handshake_await(handshake, "seal", 1);
}

/* Whether a word of the sealed checks stands in any file but those of the adversary. */
static bool is_told(const Handshake *handshake) {
        cleanup_buf Buf out = BUF_TEXT;
        ProcessSpec spec = {.argv = {"grep", "-rla", SECRET, handshake->dir}};

        (void)bench_run(&spec, HANDSHAKE_MS, &out, NULL);
        for (char *rest = (char *)out.data, *line; out.n && (line = strsep(&rest, "\n"));)
                if (line[0] && !strstr(line, "/.coldgate/agents/adversary/") &&
                    !strstr(line, SEALED_PATH))
                        return true;
        return false;
}

static bool has_evidence(void *userdata) {
        const Handshake *handshake = userdata;
        cleanup_buf Buf out = BUF_TEXT;

        CHECK_EQ_INT(BROKER(handshake, &out, "show", "GREETS", "--evidence"), EXIT_HOLDS);
        return strstr(buf_get_text(&out), SECRET "-first") &&
               strstr(buf_get_text(&out), SECRET "-second");
}

/* It follows the reveal. */
static void await_evidence(const Handshake *handshake) {
        CHECK(test_wait_until(has_evidence, (void *)(uintptr_t)handshake, HANDSHAKE_MS));
}

TEST(sealed_checks_fail_a_claim_are_read_by_nobody_and_shown_when_it_is_done) {
        cleanup_handshake Handshake handshake;
        cleanup_buf Buf out = BUF_TEXT;

        start(&handshake);
        CHECK_EQ_INT(BUILDER(&handshake, &out, "claim", "GREETS", "--wait"), EXIT_HOLDS_NOT);
        CHECK_CONTAINS(buf_get_text(&out), "1 of 2 sealed checks did not hold");
        CHECK_CONTAINS(buf_get_text(&out), "fail sealed.2");
        CHECK(!strstr(buf_get_text(&out), SECRET));
        CHECK_EQ_INT(BROKER(&handshake, &out, "show", "GREETS", "--evidence"), EXIT_HOLDS);
        CHECK(!strstr(buf_get_text(&out), SECRET));
        CHECK_EQ_INT(BUILDER(&handshake, &out, "status", "--json"), EXIT_HOLDS);
        CHECK_CONTAINS(buf_get_text(&out), "\"seals\":[");
        CHECK(!strstr(buf_get_text(&out), SECRET));
        CHECK_EQ_INT(BROKER(&handshake, NULL, "render"), EXIT_HOLDS);
        CHECK(!is_told(&handshake));
        CHECK(!strstr(process_get_err(handshake.adversary), SECRET));
        handshake_commit(&handshake, "manners", "please\n");
        CHECK_EQ_INT(BUILDER(&handshake, &out, "claim", "GREETS", "COUNTS", "SLOW", "--wait"),
                     EXIT_HOLDS);
        CHECK(!is_told(&handshake));
        CHECK_EQ_INT(BUILDER(&handshake, &out, "done", "--wait"), EXIT_HOLDS);
        handshake_await(&handshake, "reveal", 1);
        CHECK_EQ_INT(BROKER(&handshake, &out, "verify"), EXIT_HOLDS);
        CHECK_CONTAINS(buf_get_text(&out), "its 1 seal: 1 revealed");
        CHECK_EQ_INT(BROKER(&handshake, &out, "log", "--json", "--kind", "reveal"), EXIT_HOLDS);
        CHECK_CONTAINS(buf_get_text(&out), SECRET "-second");
        await_evidence(&handshake);
        handshake_verify(&handshake);
}

TEST(an_operator_has_them_revealed_before_and_they_count_all_the_same) {
        cleanup_handshake Handshake handshake;
        cleanup_buf Buf out = BUF_TEXT;
        char label[32];

        start(&handshake);
        CHECK_EQ_INT(BROKER(&handshake, &out, "log", "--json", "--kind", "seal"), EXIT_HOLDS);
        CHECK_EQ_INT(
                sscanf(strstr(buf_get_text(&out), "\"name\":\""), "\"name\":\"%31[^\"]", label), 1);
        CHECK_EQ_INT(BROKER(&handshake, &out, "reveal", label), EXIT_HOLDS);
        handshake_await(&handshake, "reveal", 2);
        CHECK_EQ_INT(BROKER(&handshake, &out, "show", label), EXIT_HOLDS);
        CHECK_CONTAINS(buf_get_text(&out), "now: revealed");
        CHECK_EQ_INT(BUILDER(&handshake, &out, "claim", "GREETS", "--wait"), EXIT_HOLDS_NOT);
        CHECK_CONTAINS(buf_get_text(&out), "fail sealed.2");
}

/* The agent has kept a copy: neither a missing nor another file changes what is run. */
TEST(what_was_sealed_stays_whatever_the_file_says_later) {
        cleanup_handshake Handshake handshake;
        cleanup_buf Buf out = BUF_TEXT;
        cleanup_buf Buf other = BUF_TEXT;

        start(&handshake);
        handshake.adversary = process_free(handshake.adversary);
        buf_printf(&other, "Milder now.\n\n%s", sealed);
        bench_write(handshake.dir, SEALED_PATH, buf_get_text(&other), 0600);
        CHECK_EQ_INT(handshake_run(&handshake, "COLDGATE_ADVERSARY", &out, "run", "--sealed",
                                   SEALED_PATH),
                     EXIT_USAGE);
        CHECK_CONTAINS(buf_get_text(&out), "sealed-changed");
        handshake_start_adversary(&handshake);
        CHECK_EQ_INT(BUILDER(&handshake, &out, "claim", "GREETS", "--wait"), EXIT_HOLDS_NOT);
        CHECK_CONTAINS(buf_get_text(&out), "fail sealed.2");
}

/* As an older program has sealed it: this one would refuse it now. */
TEST(what_a_newer_lint_refuses_is_run_as_it_was_sealed) {
        static const char older[] = "```yaml phase\nversion: 1\nphase: story\n```\n\n"
                                    "```yaml gate\ngate: GREETS\nchecks:\n  - id: c\n"
                                    "    run: cat greeting || true\n"
                                    "    expect: { stdout: { contains: hello } }\n```\n";
        cleanup_handshake Handshake handshake;
        cleanup_buf Buf kept = BUF_TEXT;
        cleanup_buf Buf out = BUF_TEXT;

        handshake_init(&handshake);
        buf_printf(&kept, "%032d%s", 7, older);
        bench_write(handshake.dir, ".coldgate/agents/adversary/sealed/story.seal",
                    buf_get_text(&kept), 0600);
        bench_write(handshake.dir, SEALED_PATH, older, 0600);
        handshake_start_broker(&handshake);
        start_sealed(&handshake);
        handshake_await(&handshake, "seal", 1);
        CHECK_EQ_INT(BUILDER(&handshake, &out, "claim", "GREETS", "--wait"), EXIT_HOLDS);
}

/* Each is refused before it is sealed. */
TEST(a_file_that_would_tell_of_itself_is_refused) {
        static const struct {
                const char *text, *found;
                mode_t mode;
        } rows[] = {
                {sealed, "others than its owner may read it", 0644},
                {"```yaml phase\nversion: 1\nphase: story\n```\n\n```yaml gate\ngate: GREETS\n"
                 "lock: proxy\nchecks:\n  - id: c\n    run: cat greeting\n"
                 "    expect: { stdout: { contains: hello } }\n```\n",
                 "GREETS has more than checks", 0600},
                {"```yaml phase\nversion: 1\nphase: story\n```\n\n```yaml gate\ngate: GREETS\n"
                 "checks:\n  - id: c\n    run: cat greeting\n    network: host\n"
                 "    expect: { stdout: { contains: hello } }\n```\n",
                 "c reaches the host", 0600},
                {"```yaml phase\nversion: 1\nphase: story\n```\n\n```yaml gate\ngate: GREETS\n"
                 "checks:\n  - id: c\n    run: cat greeting\n    host-access: [/run/a.sock]\n"
                 "    expect: { stdout: { contains: hello } }\n```\n",
                 "c opens a path of the host", 0600},
                {"```yaml phase\nversion: 1\nphase: story\n```\n\n```yaml gate\ngate: GREETS\n"
                 "checks:\n  - id: c\n    manual: does it read well?\n```\n",
                 "c is manual", 0600},
                {"no plan at all\n", "", 0600},
        };
        cleanup_handshake Handshake handshake;

        handshake_init(&handshake);
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                cleanup_buf Buf out = BUF_TEXT;

                bench_write(handshake.dir, SEALED_PATH, rows[i].text, rows[i].mode);
                CHECK_EQ_INT(handshake_run(&handshake, "COLDGATE_ADVERSARY", &out, "run",
                                           "--sealed", SEALED_PATH),
                             EXIT_USAGE);
                CHECK_CONTAINS(buf_get_text(&out), rows[i].found);
        }
}
