/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The broker as a service: what it tells its manager, who asks for metrics and how badly, settings
 * read again, and its end under load. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "proto/codec.h"
#include "tests/lib/asked.h"
#include "tests/lib/raw_agent.h"
#include "tests/lib/real_broker.h"
#include "tests/lib/tcp_broker.h"
#include "tests/lib/test.h"

enum {
        ANSWER_MS = 10000,
        N_NOTES = 200,
        STOP_AFTER = 50, /* acknowledged notes */
        N_IDLE = 24,
        HOSTILE_BYTES = 8192,
};

/* ---- a service manager ---- */

typedef struct Manager {
        int fd;
        char *variable;
        char heard[4096];
} Manager;

static void manager_open(Manager *manager, const char *name) {
        static const struct timeval limit = {.tv_sec = ANSWER_MS / 1000};
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        size_t n = strlen(name);

        *manager = (Manager){.variable = mem_printf("NOTIFY_SOCKET=%s", name)};
        CHECK(n < sizeof address.sun_path);
        memcpy(address.sun_path, name, n);
        if (name[0] == '@')
                address.sun_path[0] = '\0';
        manager->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        CHECK(bind(manager->fd, (const struct sockaddr *)&address,
                   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) == 0);
        CHECK(setsockopt(manager->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
}

static void manager_close(Manager *manager) {
        fd_close(&manager->fd);
        free(manager->variable);
}

/* Until a datagram has a line with this in it. */
static void manager_wait(Manager *manager, const char *part) {
        for (;;) {
                ssize_t n = recv(manager->fd, manager->heard, sizeof manager->heard - 1, 0);

                if (n < 0)
                        FAIL_TEST("nothing more was said, and not %s", part);
                manager->heard[n] = '\0';
                if (strstr(manager->heard, part))
                        return;
        }
}

static void start_under(RealBroker *broker, const Manager *manager, const char *watchdog) {
        const char *env[] = {manager->variable, watchdog, NULL};
        ProcessSpec spec = {
                .argv = {bench_program("COLDGATE_BROKER"), "run"}, .cwd = broker->dir, .env = env};

        broker->process = process_start(&spec);
}

static void play_service(const char *name) {
        cleanup(manager_close) Manager manager;
        cleanup_real_broker RealBroker broker;

        real_broker_init(&broker);
        manager_open(&manager, name);
        start_under(&broker, &manager, "WATCHDOG_USEC=400000");
        manager_wait(&manager, "READY=1\nSTATUS=4 entries");
        manager_wait(&manager, "WATCHDOG=1");
        manager_wait(&manager, "WATCHDOG=1");
        process_signal(broker.process, SIGHUP);
        manager_wait(&manager, "RELOADING=1\nMONOTONIC_USEC=");
        manager_wait(&manager, "READY=1");
        process_signal(broker.process, SIGTERM);
        manager_wait(&manager, "STOPPING=1");
        CHECK_EQ_INT(process_wait(broker.process, ANSWER_MS), 0);
}

TEST(a_manager_hears_when_the_broker_is_ready_alive_reloading_and_stopping) {
        cleanup_free char *name = mem_printf("%s/notify", test_dir());

        play_service(name);
}

TEST(a_manager_may_have_an_abstract_socket) {
        cleanup_free char *name = mem_printf("@coldgate-test-%d", (int)getpid());

        play_service(name);
}

TEST(a_watchdog_of_another_process_is_not_fed) {
        cleanup(manager_close) Manager manager;
        cleanup_real_broker RealBroker broker;
        cleanup_free char *name = mem_printf("%s/notify", test_dir());

        real_broker_init(&broker);
        manager_open(&manager, name);
        CHECK(setenv("WATCHDOG_PID", "1", 1) == 0);
        start_under(&broker, &manager, "WATCHDOG_USEC=20000");
        CHECK(unsetenv("WATCHDOG_PID") == 0);
        manager_wait(&manager, "READY=1");
        process_signal(broker.process, SIGTERM);
        manager_wait(&manager, "STOPPING=1");
        CHECK(!strstr(manager.heard, "WATCHDOG"));
        CHECK_EQ_INT(process_wait(broker.process, ANSWER_MS), 0);
}

/* ---- metrics ---- */

static const char *ask(const RealBroker *broker, Slice request) {
        return asked_hear(asked_call(broker), request);
}

static void start_with_metrics(RealBroker *broker) {
        real_broker_init(broker);
        asked_set(broker, "metrics = unix:.coldgate/run/metrics");
        real_broker_start(broker);
}

TEST(metrics_and_health_are_told_to_who_asks) {
        cleanup_real_broker RealBroker broker;
        const char *answer;

        start_with_metrics(&broker);
        real_broker_approve(&broker);
        answer = ask(&broker, slice_text("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"));
        CHECK_CONTAINS(answer, "HTTP/1.0 200 OK\r\n");
        CHECK_CONTAINS(answer, "\ncoldgate_entries_total 5\n");
        CHECK_CONTAINS(answer, "\ncoldgate_commit_seconds_count 1\n");
        CHECK_CONTAINS(answer, "\ncoldgate_agents{role=\"builder\"} 1\n");
        CHECK_CONTAINS(answer, "\n# TYPE coldgate_waits gauge\n");
        CHECK_CONTAINS(ask(&broker, slice_text("GET /health HTTP/1.0\r\n\r\n")), "\r\n\r\nok\n");
        CHECK_CONTAINS(ask(&broker, slice_text("GET /etc/passwd HTTP/1.0\r\n\r\n")), "404");
        CHECK_CONTAINS(ask(&broker, slice_text("POST /metrics HTTP/1.0\r\n\r\n")), "400");
        real_broker_stop(&broker);
}

static bool has_counted_a_stranger(void *userdata) {
        return strstr(asked(userdata, "/metrics"), "\ncoldgate_handshakes_failed_total 1\n") !=
               NULL;
}

/* The one that the broker itself sends is not counted. */
TEST(a_stranger_that_knocks_is_counted_and_said) {
        cleanup_real_broker RealBroker broker;
        cleanup(session_freep) Session *stranger = NULL;
        Fault fault = FAULT_INIT;

        start_with_metrics(&broker);
        CHECK_CONTAINS(asked(&broker, "/metrics"), "\ncoldgate_handshakes_failed_total 0\n");
        real_broker_do(&broker, NULL, "keygen", "stranger");
        stranger = real_broker_session(&broker, "stranger");
        CHECK_EQ_INT(session_connect(stranger, ANSWER_MS, &fault), SESSION_E_REFUSED);
        CHECK(test_wait_until(has_counted_a_stranger, &broker, ANSWER_MS));
        process_wait_text(broker.process, "1 handshakes have failed", ANSWER_MS);
        real_broker_stop(&broker);
}

TEST(no_caller_makes_the_broker_wait_or_fall) {
        cleanup_real_broker RealBroker broker;
        uint8_t noise[HOSTILE_BYTES];
        int idle[N_IDLE];

        start_with_metrics(&broker);
        for (size_t i = 0; i < sizeof noise; i++)
                noise[i] = (uint8_t)(i * 31 + 7);
        (void)ask(&broker, slice_make(noise, sizeof noise));
        memset(noise, 'a', sizeof noise);
        CHECK_CONTAINS(ask(&broker, slice_make(noise, 4096)), "431");
        CHECK_CONTAINS(ask(&broker, slice_text("\r\n\r\n")), "400");
        CHECK_CONTAINS(ask(&broker, slice_text("GET\r\n\r\n")), "400");
        (void)close(asked_call(&broker));
        for (size_t i = 0; i < ARRAY_SIZE(idle) / 2; i++)
                idle[i] =
                        asked_call(&broker); /* more than it takes at once, and all of them mute */
        real_broker_approve(&broker);        /* who has a key is served meanwhile */
        CHECK_CONTAINS(ask(&broker, slice_text("GET /health HTTP/1.0\r\n\r\n")), "ok");
        for (size_t i = 0; i < ARRAY_SIZE(idle) / 2; i++)
                (void)close(idle[i]);
        real_broker_stop(&broker);
}

TEST(metrics_are_told_nowhere_but_on_loopback_and_in_the_file_system) {
        static const char *const wrong[] = {"0.0.0.0:9100",   "127.0.0.1:0", "127.0.0.1:99999",
                                            "localhost:9100", "unix:",       "[::]:9100"};

        for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
                cleanup_real_broker RealBroker broker;
                cleanup_free char *line = mem_printf("metrics = %s", wrong[i]);
                cleanup_buf Buf err = BUF_TEXT;

                real_broker_init(&broker);
                asked_set(&broker, line);
                CHECK_EQ_INT(real_broker_verb(&broker, NULL, &err, "run", "--check-config"), 2);
                CHECK_CONTAINS(buf_get_text(&err), "config-value: metrics = ");
                CHECK(dir_remove(broker.dir) == 0 && dir_make(broker.dir, 0700) == 0);
        }
}

TEST(metrics_are_told_on_a_port_of_loopback) {
        uint16_t port = tcp_broker_find_port();
        cleanup_free char *line = mem_printf("metrics = 127.0.0.1:%u", port);
        cleanup_real_broker RealBroker broker;

        real_broker_init(&broker);
        asked_set(&broker, line);
        real_broker_start(&broker);
        CHECK_CONTAINS(
                asked_hear(asked_call_port(port), slice_text("GET /health HTTP/1.0\r\n\r\n")),
                "\r\n\r\nok\n");
        real_broker_stop(&broker);
}

/* ---- settings ---- */

TEST(settings_are_read_again_and_a_mistake_changes_none_and_is_an_alert) {
        cleanup_real_broker RealBroker broker;
        cleanup_buf Buf alerts = BUF_TEXT;

        real_broker_init(&broker);
        real_broker_start(&broker);
        bench_write(broker.dir, ".coldgate/deliveries",
                    "[told]\nkind = exec\ncommand = /bin/cat\nevents = admit\n", 0600);
        process_signal(broker.process, SIGHUP);
        process_wait_text(broker.process, "settings and deliveries were read again", ANSWER_MS);
        bench_write(broker.dir, ".coldgate/deliveries", "[told]\nkind = carrier-pigeon\n", 0600);
        process_signal(broker.process, SIGHUP);
        process_wait_text(broker.process, "deliveries:1: delivery-kind", ANSWER_MS);
        process_wait_text(broker.process, "stay as they were", ANSWER_MS);
        real_broker_do(&broker, &alerts, "alerts");
        CHECK_CONTAINS(buf_get_text(&alerts), "settings were not taken over");
        real_broker_stop(&broker);
}

TEST(no_settings_whatever_their_bytes_end_a_broker_that_reads_them_again) {
        cleanup_free char *deliveries = NULL;
        cleanup_real_broker RealBroker broker;
        cleanup_buf Buf alerts = BUF_TEXT;

        real_broker_init(&broker);
        real_broker_start(&broker);
        bench_write(broker.dir, ".coldgate/deliveries", "[\xff\xfe]\nkind = exec\n", 0600);
        process_signal(broker.process, SIGHUP);
        process_wait_text(broker.process, "stay as they were", ANSWER_MS);
        deliveries = mem_printf("%s/.coldgate/deliveries", broker.dir);
        CHECK(unlink(deliveries) == 0 && dir_make(deliveries, 0700) == 0);
        process_signal(broker.process, SIGHUP);
        process_wait_text(broker.process, "Is a directory", ANSWER_MS);
        real_broker_do(&broker, &alerts, "alerts");
        CHECK_CONTAINS(buf_get_text(&alerts), "settings were not taken over");
        real_broker_stop(&broker);
}

/* The quota of the running broker becomes another; who was told to wait is served. */
TEST(a_quota_that_was_changed_counts_from_the_next_look_at_the_settings) {
        cleanup_real_broker RealBroker broker;
        cleanup_raw_agent RawAgent agent;
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);

        real_broker_init(&broker);
        real_broker_approve(&broker);
        asked_set(&broker, "quota-builder = 1");
        real_broker_start(&broker);
        raw_agent_connect(&agent, &broker.project, "builder");
        while (agent.n_refusals == 0) {
                raw_agent_make_note(&agent, "m", &frame);
                while (!raw_agent_send(&agent, buf_get(&frame)))
                        raw_agent_hear(&agent, 1);
                raw_agent_hear(&agent, 0);
        }
        CHECK_EQ_TEXT(agent.rule, "quota-entries");
        bench_run_expect(
                &(ProcessSpec){.argv = {"sed", "-i", "s/^quota-builder.*/quota-builder = 0/",
                                        ".coldgate/config"},
                               .cwd = broker.dir},
                ANSWER_MS, 0, NULL);
        process_signal(broker.process, SIGHUP);
        process_wait_text(broker.process, "settings and deliveries were read again", ANSWER_MS);
        (void)raw_agent_note(&agent, "m", ANSWER_MS);
        real_broker_stop(&broker);
}

/* ---- its end ---- */

static void submit_note(Session *session, size_t i) {
        cleanup_free char *text = mem_printf("note %zu", i);
        Message note = {
                .type = MESSAGE_NOTE,
                .note = {.phase = slice_text("m"), .to = NOTE_TO_RECORD, .text = slice_text(text)}};
        Id id;

        message_set_present(&note);
        CHECK_EQ_INT(session_submit(session, &note, &id), 0);
}

/* Takes answers until so many are out. */
static void settle(Session *session, size_t n_left) {
        uint64_t until_ms = clock_mono_ms() + ANSWER_MS;

        while (session_count_unanswered(session) > n_left) {
                cleanup_arena Arena arena = ARENA_INIT;
                LoopWait wait = {.n_fds = 0};
                int64_t due_ms = session_prepare(session, &wait);
                Fault fault = FAULT_INIT;
                Message message;
                int r;

                CHECK(clock_mono_ms() < until_ms);
                CHECK_EQ_INT(loop_wait(&wait, due_ms < 0 || due_ms > 100 ? 100 : due_ms), 0);
                r = session_poll(session, &arena, &message, &fault);
                if (r == SESSION_E_REFUSED)
                        FAIL_TEST("%s: %s", fault.rule, fault.found);
                CHECK(r >= 0);
        }
}

TEST(a_broker_that_is_told_to_end_under_load_ends_soon_and_loses_nothing) {
        cleanup(session_freep) Session *session = NULL;
        cleanup_real_broker RealBroker broker;
        cleanup_buf Buf log = BUF_TEXT;
        uint64_t began_ms;

        real_broker_init(&broker);
        real_broker_approve(&broker);
        real_broker_start(&broker);
        session = real_broker_session(&broker, "builder");
        for (size_t i = 0; i < N_NOTES; i++)
                submit_note(session, i);
        settle(session, N_NOTES - STOP_AFTER);
        began_ms = clock_mono_ms();
        real_broker_stop(&broker);
        CHECK(clock_mono_ms() - began_ms < 5000);
        real_broker_start(&broker);
        settle(session, 0);
        real_broker_do(&broker, &log, "log", "--kind", "note", "--verbose");
        for (size_t i = 0; i < N_NOTES; i++) {
                cleanup_free char *text = mem_printf("text=\"note %zu\"", i);
                const char *found = strstr(buf_get_text(&log), text);

                CHECK(found && !strstr(found + 1, text));
        }
        real_broker_do(&broker, NULL, "verify");
        real_broker_stop(&broker);
}

/* ---- backups meanwhile ---- */

TEST(backups_under_load_hold_and_a_kill_in_the_middle_of_one_leaves_no_half) {
        cleanup(session_freep) Session *session = NULL;
        cleanup_real_broker RealBroker broker;
        cleanup_buf Buf out = BUF_TEXT;
        ProcessSpec spec = {.argv = {bench_program("COLDGATE_BROKER"), "backup", "killed.db"}};
        cleanup(process_freep) Process *backup = NULL;
        cleanup_free char *killed = NULL;

        real_broker_init(&broker);
        real_broker_approve(&broker);
        real_broker_start(&broker);
        session = real_broker_session(&broker, "builder");
        for (size_t i = 0; i < N_NOTES; i++)
                submit_note(session, i);
        settle(session, N_NOTES - STOP_AFTER);
        real_broker_do(&broker, &out, "backup", "first.db");
        submit_note(session, N_NOTES); /* whatever was taken meanwhile, it lacks this one */
        settle(session, N_NOTES / 2);
        spec.cwd = broker.dir;
        backup = process_start(&spec);
        process_kill(backup);
        killed = mem_printf("%s/killed.db", broker.dir);
        CHECK(access(killed, F_OK) != 0 ||
              real_broker_verb(&broker, NULL, NULL, "backup", "killed.db") == EXIT_USAGE);
        real_broker_do(&broker, &out, "backup", "second.db");
        settle(session, 0);
        CHECK_CONTAINS(buf_get_text(&out), "backup holds: ");
        real_broker_stop(&broker);
        CHECK_EQ_INT(real_broker_verb(&broker, NULL, NULL, "restore", "first.db"),
                     EXIT_NOT_CARRIED_OUT);
        real_broker_do(&broker, NULL, "restore", "second.db", "--accept-loss", "a drill");
        real_broker_do(&broker, NULL, "verify");
        real_broker_start(&broker);
        real_broker_stop(&broker);
}
