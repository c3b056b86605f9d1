/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Events to a real server and real programs, through failures, absences and kills: nothing is lost,
 * nothing is sent again once its success was recorded, no secret is written anywhere. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "proto/codec.h"
#include "tests/lib/hook_server.h"
#include "tests/lib/real_broker.h"
#include "tests/lib/test.h"

enum { WAIT_MS = 15000, N_EVENTS = 30 };

#define SECRET "s3cr3t-token-of-the-test"
#define COMMIT "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* `%s` in the text becomes the server's address. */
static void configure(const RealBroker *broker, const HookServer *server, const char *format) {
        cleanup_free char *address = mem_printf("http://127.0.0.1:%d", server->port);
        cleanup_buf Buf text = BUF_TEXT;

        for (const char *c = format; *c; c++)
                if (c[0] == '%' && c[1] == 's') {
                        buf_text(&text, address);
                        c++;
                } else {
                        buf_byte(&text, (uint8_t)*c);
                }
        bench_write(broker->dir, ".coldgate/deliveries", buf_get_text(&text), 0600);
}

static void say_note(const RealBroker *broker, const char *text) {
        real_broker_do(broker, NULL, "note", text, "--phase", "m");
}

static void open_with(RealBroker *broker, HookServer *server, const char *mode,
                      const char *format) {
        *server = (HookServer){.pid = 0};
        hook_server_start(server, mode);
        real_broker_init(broker);
        real_broker_approve(broker);
        bench_write(broker->dir, ".coldgate/keys/token", SECRET "\n", 0600);
        configure(broker, server, format);
        real_broker_start(broker);
}

static Message make_claim(const Slice *gates, size_t n) {
        return (Message){
                .type = MESSAGE_CLAIM,
                .claim = {.phase = slice_text("m"),
                          .gates = (Slice *)gates,
                          .n_gates = n,
                          .repository = slice_text("https://example.net/r.git"),
                          .commit = slice_text(COMMIT),
                          .mode = MODE_COLD,
                          .why = slice_text("because-of-the-builders-reasoning"),
                          .claimed_evidence = slice_text("what-the-builder-saw")},
        };
}

static void claim_both(const RealBroker *broker) {
        cleanup(session_freep) Session *session = real_broker_session(broker, "builder");
        const Slice gates[] = {slice_text("M1"), slice_text("M2")};
        Message message = make_claim(gates, ARRAY_SIZE(gates));
        Fault fault = FAULT_INIT;
        uint64_t seq;

        message_set_present(&message);
        CHECK_EQ_INT(session_connect(session, WAIT_MS, &fault), 0);
        if (session_call(session, &message, WAIT_MS, &seq, &fault) != 0)
                FAIL_TEST("%s: %s", fault.rule, fault.found);
}

#define WEBHOOK                                                                                    \
        "[hook]\nkind = webhook\nurl = %s/events\nevents = note\nretry = 20ms\n"                   \
        "retry-most = 100ms\ntimeout = 500ms\nsecret-file = .coldgate/keys/token\n"

/* ---- services ---- */

TEST(a_webhook_gets_the_event_with_its_token_and_a_key_that_names_it) {
        cleanup_real_broker RealBroker broker;
        cleanup_hook_server HookServer server;

        open_with(&broker, &server, "204", WEBHOOK);
        say_note(&broker, "the proxy is down");
        hook_server_wait(&server, "POST /events", 1, WAIT_MS);
        CHECK_EQ_U64(hook_server_count(&server, "Authorization: Bearer " SECRET), 1);
        CHECK_EQ_U64(hook_server_count(&server, "\"event\":\"note\""), 1);
        CHECK_EQ_U64(hook_server_count(&server, "-hook-6-0\r\n"), 1);
        CHECK_EQ_U64(hook_server_count(&server, "the proxy is down"), 0);
}

TEST(slack_and_ntfy_get_their_shapes) {
        cleanup_real_broker RealBroker broker;
        cleanup_hook_server HookServer server;

        open_with(&broker, &server, "200",
                  "[s]\nkind = slack\nurl = %s/slack\nevents = note\n"
                  "[n]\nkind = ntfy\nurl = %s/topic\nevents = note\n");
        say_note(&broker, "x");
        hook_server_wait(&server, "{\"text\":\"m: note by operator (N-6)\"}", 1, WAIT_MS);
        hook_server_wait(&server, "POST /topic", 1, WAIT_MS);
        CHECK_EQ_U64(hook_server_count(&server, "Title: coldgate "), 1);
        CHECK_EQ_U64(hook_server_count(&server, "Priority: default"), 1);
        CHECK_EQ_U64(hook_server_count(&server, "\r\n\r\nm: note by operator (N-6)\n"), 1);
}

TEST(a_claim_of_two_gates_is_two_pending_statuses_and_nothing_sealed_leaves) {
        cleanup_real_broker RealBroker broker;
        cleanup_hook_server HookServer server;

        open_with(&broker, &server, "201",
                  "[gh]\nkind = github\nurl = %s/\nrepository = team/product\n"
                  "secret-file = .coldgate/keys/token\n"
                  "[gt]\nkind = gitea\nurl = %s/api/v1\nrepository = team/product\n"
                  "secret-file = .coldgate/keys/token\ntarget-url = https://example.net/s\n"
                  "[all]\nkind = webhook\nurl = %s/all\nevents = *\n");
        claim_both(&broker);
        hook_server_wait(&server, "POST /repos/team/product/statuses/" COMMIT " ", 2, WAIT_MS);
        hook_server_wait(&server, "POST /api/v1/repos/team/product/statuses/" COMMIT " ", 2,
                         WAIT_MS);
        hook_server_wait(&server, "\"event\":\"claim\"", 1, WAIT_MS);
        CHECK_EQ_U64(hook_server_count(&server, "\"state\":\"pending\""), 4);
        CHECK_EQ_U64(hook_server_count(&server, "\"context\":\"coldgate/m-M2\""), 2);
        CHECK_EQ_U64(hook_server_count(&server, "\"target_url\":\"https://example.net/s\""), 2);
        CHECK_EQ_U64(hook_server_count(&server, "Authorization: token " SECRET), 2);
        CHECK_EQ_U64(hook_server_count(&server, "reasoning"), 0);
        CHECK_EQ_U64(hook_server_count(&server, "what-the-builder-saw"), 0);
}

/* ---- failures ---- */

TEST(a_server_that_fails_hangs_breaks_and_is_away_loses_nothing) {
        static const char *const modes[] = {"500", "hang", "break", "429"};
        cleanup_real_broker RealBroker broker;
        cleanup_hook_server HookServer server;

        open_with(&broker, &server, "500", WEBHOOK "attempts = 1000\n");
        for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
                size_t before = hook_server_count(&server, "POST /events");

                hook_server_set_mode(&server, modes[i]);
                say_note(&broker, "x");
                hook_server_wait(&server, "POST /events", before + 2, WAIT_MS);
        }
        hook_server_stop(&server);
        process_wait_text(broker.process, "nobody listens there", WAIT_MS);
        hook_server_start(&server, "204");
        hook_server_wait(&server, "-hook-9-0\r\n", 1, WAIT_MS);
        CHECK(hook_server_count(&server, "-hook-6-0\r\n") >= 3);
}

TEST(a_service_that_says_when_is_not_asked_before_and_never_later_than_our_bound) {
        cleanup_real_broker RealBroker broker;
        cleanup_hook_server HookServer server;
        uint64_t first_ms;

        open_with(&broker, &server, "503 x\r\nRetry-After: 1\r\nX-Rest:",
                  "[hook]\nkind = webhook\nurl = %s/events\nevents = note\nretry = 20ms\n"
                  "retry-most = 1500ms\n");
        say_note(&broker, "x");
        hook_server_wait(&server, "POST /events", 1, WAIT_MS);
        first_ms = clock_mono_ms();
        hook_server_wait(&server, "POST /events", 2, WAIT_MS);
        CHECK(clock_mono_ms() - first_ms >= 900);
        hook_server_set_mode(&server, "429 x\r\nRetry-After: 86400\r\nX-Rest:");
        hook_server_wait(&server, "POST /events", 3, WAIT_MS);
        hook_server_set_mode(&server, "204");
        hook_server_wait(&server, "POST /events", 4, WAIT_MS);
}

TEST(what_was_delivered_is_not_sent_again_by_a_broker_that_is_killed) {
        cleanup_real_broker RealBroker broker;
        cleanup_hook_server HookServer server;

        open_with(&broker, &server, "204", WEBHOOK);
        for (int i = 0; i < 3; i++) {
                say_note(&broker, "x");
                hook_server_wait(&server, "POST /events", 2 * (size_t)i + 1, WAIT_MS);
                say_note(&broker, "y");
                hook_server_wait(&server, "POST /events", 2 * (size_t)i + 2, WAIT_MS);
                /* A further event behind it shows that the success of the first was recorded. */
                real_broker_stop(&broker);
                real_broker_start(&broker);
        }
        CHECK_EQ_U64(hook_server_count(&server, "POST /events"), 6);
}

TEST(what_was_not_delivered_is_sent_by_the_broker_that_comes_after_a_kill) {
        cleanup_real_broker RealBroker broker;
        cleanup_hook_server HookServer server;
        cleanup_buf Buf text = BUF_TEXT;

        open_with(&broker, &server, "500", WEBHOOK "attempts = 1000\n");
        for (int i = 0; i < N_EVENTS; i++) {
                say_note(&broker, "x");
                if (i % 7 == 6) {
                        real_broker_kill(&broker);
                        real_broker_start(&broker);
                }
        }
        real_broker_kill(&broker);
        hook_server_set_mode(&server, "204");
        real_broker_start(&broker);
        for (int i = 0; i < N_EVENTS; i++) {
                cleanup_free char *key = mem_printf("-hook-%d-0\r\n", 6 + i);

                hook_server_wait(&server, key, 1, WAIT_MS);
        }
        real_broker_do(&broker, NULL, "verify");
        real_broker_stop(&broker);
        real_broker_do(&broker, &text, "verify");
        CHECK_CONTAINS(buf_get_text(&text), "ledger holds");
}

TEST(what_is_given_up_is_an_alert_and_one_only_while_it_stands) {
        cleanup_real_broker RealBroker broker;
        cleanup_hook_server HookServer server;
        cleanup_buf Buf status = BUF_TEXT;

        open_with(&broker, &server, "500", WEBHOOK "attempts = 2\n");
        for (int i = 0; i < 3; i++)
                say_note(&broker, "x");
        hook_server_wait(&server, "POST /events", 6,
                         WAIT_MS); /* the alert may be entry 7, 8 or 9 */
        real_broker_stop(&broker);
        real_broker_do(&broker, &status, "log", "--json", "--kind", "alert");
        CHECK_CONTAINS(buf_get_text(&status), "delivery hook was given up: the answer is HTTP 500");
        CHECK(strstr(strstr(buf_get_text(&status), "given up") + 1, "given up") == NULL);
}

TEST(a_full_outbox_takes_no_more_and_that_is_an_alert) {
        cleanup_real_broker RealBroker broker;
        cleanup_hook_server HookServer server;
        cleanup_buf Buf log = BUF_TEXT;

        open_with(&broker, &server, "hang", WEBHOOK "attempts = 1000\nqueue = 3\n");
        for (int i = 0; i < 6; i++)
                say_note(&broker, "x");
        real_broker_stop(&broker);
        real_broker_do(&broker, &log, "log", "--json", "--kind", "alert");
        CHECK_CONTAINS(buf_get_text(&log), "delivery hook has 3 events to carry");
        CHECK(strstr(strstr(buf_get_text(&log), "to carry") + 1, "to carry") == NULL);
}

TEST(a_redirect_is_not_followed_and_a_refusal_is_final) {
        cleanup_real_broker RealBroker broker;
        cleanup_hook_server HookServer server;

        open_with(&broker, &server, "422", WEBHOOK "attempts = 3\n");
        say_note(&broker, "x");
        process_wait_text(broker.process, "the answer is HTTP 422 (attempt 1)", WAIT_MS);
        hook_server_set_mode(&server, "302");
        say_note(&broker, "y");
        hook_server_wait(&server, "POST /events", 4, WAIT_MS);
        CHECK_EQ_U64(hook_server_count(&server, "-hook-6-0\r\n"), 1);
}

TEST(the_secret_is_in_no_log_no_ledger_no_process_list) {
        cleanup_real_broker RealBroker broker;
        cleanup_hook_server HookServer server;
        cleanup_buf Buf ledger = BUF_TEXT, command = BUF_TEXT;
        cleanup_free char *path = NULL, *proc = NULL;

        open_with(&broker, &server, "500", WEBHOOK "attempts = 3\n");
        say_note(&broker, "x");
        hook_server_wait(&server, SECRET, 3, WAIT_MS);
        proc = mem_printf("/proc/%d/cmdline", (int)process_get_pid(broker.process));
        CHECK_EQ_INT(file_read(proc, &command), 0);
        CHECK_CONTAINS(process_get_err(broker.process), "the answer is HTTP 500");
        CHECK_CONTAINS_NOT(process_get_err(broker.process), SECRET);
        real_broker_stop(&broker);
        path = mem_printf("%s/.coldgate/ledger.db", broker.dir);
        CHECK_EQ_INT(file_read(path, &ledger), 0);
        CHECK_EQ_U64(slice_find(buf_get(&ledger), slice_text(SECRET)), ledger.n);
        CHECK_EQ_U64(slice_find(buf_get(&command), slice_text(SECRET)), command.n);
}

/* ---- hooks ---- */

static const char hook[] = "#!/bin/sh\n"
                           "cat >>hooked\n"
                           "echo \"$COLDGATE_EVENT $COLDGATE_EVENT_TEXT\" >>hooked\n"
                           "echo said by the hook\n"
                           "[ -e fails ] && exit 3\n"
                           "exit 0\n";

static void wait_for_file(const RealBroker *broker, const char *part) {
        cleanup_free char *path = mem_printf("%s/hooked", broker->dir);
        uint64_t end_ms = clock_mono_ms() + WAIT_MS;

        for (;;) {
                cleanup_buf Buf text = BUF_TEXT;

                if (file_read(path, &text) == 0 && strstr(buf_get_text(&text), part))
                        return;
                if (clock_mono_ms() > end_ms)
                        FAIL_TEST("no \"%s\" in: %s", part, buf_get_text(&text));
        }
}

TEST(a_hook_gets_the_event_and_its_output_is_logged) {
        cleanup_real_broker RealBroker broker;
        cleanup_hook_server HookServer server = {.pid = 0};

        real_broker_init(&broker);
        real_broker_approve(&broker);
        bench_write(broker.dir, "hook", hook, 0700);
        configure(&broker, &server, "[h]\nkind = exec\ncommand = hook a b\nevents = note\n");
        real_broker_start(&broker);
        say_note(&broker, "x");
        wait_for_file(&broker, "{\"version\":1,\"event\":\"note\",\"seq\":6,\"name\":\"N-6\"");
        wait_for_file(&broker, "note m: note by operator (N-6)\n");
        process_wait_text(broker.process, "delivery h: said by the hook", WAIT_MS);
}

TEST(a_hook_that_fails_is_run_again_and_one_that_hangs_is_killed_with_its_children) {
        cleanup_real_broker RealBroker broker;
        cleanup_hook_server HookServer server = {.pid = 0};

        real_broker_init(&broker);
        real_broker_approve(&broker);
        bench_write(broker.dir, "hook", hook, 0700);
        bench_write(broker.dir, "fails", "", 0600);
        bench_write(broker.dir, "sleeper", "#!/bin/sh\nsleep 1000 &\nsleep 1000\n", 0700);
        configure(&broker, &server,
                  "[h]\nkind = exec\ncommand = hook\nevents = note\nretry = 50ms\n"
                  "[s]\nkind = exec\ncommand = sleeper\nevents = note\ntimeout = 200ms\n");
        real_broker_start(&broker);
        say_note(&broker, "x");
        process_wait_text(broker.process, "it ended with 3 (attempt 2)", WAIT_MS);
        process_wait_text(broker.process, "it did not end in time and was killed", WAIT_MS);
        real_broker_stop(&broker);
}

TEST(a_hook_that_writes_without_end_does_not_keep_the_broker) {
        cleanup_real_broker RealBroker broker;
        cleanup_hook_server HookServer server = {.pid = 0};

        real_broker_init(&broker);
        real_broker_approve(&broker);
        bench_write(broker.dir, "babbler", "#!/bin/sh\nyes & yes & yes & exec yes\n", 0700);
        configure(&broker, &server,
                  "[b]\nkind = exec\ncommand = babbler\nevents = note\ntimeout = 300ms\n");
        real_broker_start(&broker);
        say_note(&broker, "x");
        process_wait_text(broker.process, "it did not end in time and was killed", WAIT_MS);
        say_note(&broker, "the broker answers");
        real_broker_stop(&broker);
}

static void be_quick(const RealBroker *broker) {
        cleanup_free char *path = mem_printf("%s/.coldgate/config", broker->dir);
        cleanup_buf Buf config = BUF_TEXT;

        CHECK_EQ_INT(file_read(path, &config), 0);
        buf_text(&config, "ping-start = 10ms\n");
        CHECK_EQ_INT(file_write_atomic(path, buf_get(&config), 0600), 0);
}

TEST(the_watchdogs_ping_names_the_deliveries_and_reaches_them) {
        cleanup_real_broker RealBroker broker;
        cleanup_hook_server HookServer server;
        cleanup_buf Buf log = BUF_TEXT;

        open_with(&broker, &server, "204",
                  "[ada]\nkind = webhook\nurl = %s/ada\nwho = adversary\n"
                  "[bob]\nkind = webhook\nurl = %s/bob\nwho = builder\n");
        real_broker_stop(&broker);
        be_quick(&broker);
        real_broker_start(&broker);
        claim_both(&broker);
        hook_server_wait(&server, "POST /ada", 1, WAIT_MS);
        hook_server_wait(&server, "\"wait_for\":\"take\"", 1, WAIT_MS);
        CHECK_EQ_U64(hook_server_count(&server, "POST /bob"), 0);
        real_broker_do(&broker, &log, "log", "--json", "--kind", "ping");
        CHECK_CONTAINS(buf_get_text(&log), "\"by\":[\"ada\"]");
}

/* ---- the file ---- */

TEST(what_is_wrong_in_the_file_is_refused_with_its_line) {
        static const struct {
                const char *text, *rule, *place;
        } rows[] = {
                {"kind = exec\n", "config-line", "deliveries:1"},
                {"\n[a b]\nkind = exec\n", "delivery-name", "deliveries:2"},
                {"[a]\nkind = pigeon\n", "delivery-kind", "deliveries:1"},
                {"[a]\nkind = exec\ncommand = nowhere\n", "delivery-setting", "deliveries:1"},
                {"[a]\nkind = slack\nurl = ftp://x/\n", "delivery-setting", "deliveries:1"},
                {"[a]\nkind = slack\n", "delivery-setting", "deliveries:1"},
                {"[a]\nkind = slack\nurl = http://x/\nevents = nothing\n", "delivery-setting",
                 "deliveries:1"},
                {"[a]\nkind = slack\nurl = http://x/\nspeed = 1\n", "config-line", "deliveries:4"},
                {"[a]\nkind = slack\nurl = http://x/\n# a\n[a]\nkind = slack\n", "delivery-name",
                 "deliveries:5"},
                {"[a]\nkind = gitea\nurl = http://x/\n", "delivery-setting", "deliveries:1"},
                {"[a]\nkind = slack\nurl-file = .coldgate/keys/open\n", "delivery-secret",
                 "deliveries:1"},
        };
        cleanup_real_broker RealBroker broker;

        real_broker_init(&broker);
        bench_write(broker.dir, ".coldgate/keys/open", "http://x/", 0644);
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                cleanup_buf Buf err = BUF_TEXT;

                bench_write(broker.dir, ".coldgate/deliveries", rows[i].text, 0600);
                CHECK(real_broker_verb(&broker, NULL, &err, "run") != 0);
                CHECK_CONTAINS(buf_get_text(&err), rows[i].rule);
                CHECK_CONTAINS(buf_get_text(&err), rows[i].place);
        }
}

TEST(a_file_that_others_may_write_names_no_programs_of_ours) {
        cleanup_real_broker RealBroker broker;
        cleanup_buf Buf err = BUF_TEXT;
        cleanup_free char *path = NULL;

        real_broker_init(&broker);
        bench_write(broker.dir, ".coldgate/deliveries", "[a]\nkind = slack\nurl = http://x/\n",
                    0600);
        path = mem_printf("%s/.coldgate/deliveries", broker.dir);
        CHECK(chmod(path, 0620) == 0);
        CHECK(real_broker_verb(&broker, NULL, &err, "run") != 0);
        CHECK_CONTAINS(buf_get_text(&err), "config-unreadable");
}
