/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `port`, `process`, `log` and `file` checks: of what a check starts, and of this machine. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/lib/bench.h"
#include "tests/lib/test.h"
#include "tests/lib/trial.h"

static const char listener[] = "import socket, sys, time\n"
                               "s = socket.socket()\n"
                               "s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n"
                               "s.bind((sys.argv[1], int(sys.argv[2])))\n"
                               "s.listen()\n"
                               "time.sleep(1000)\n";

/* Listens for the rest of the test. */
static int listen_somewhere(void) {
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t n = sizeof address;
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        CHECK_EQ_INT(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
        CHECK_EQ_INT(listen(fd, 1), 0);
        CHECK_EQ_INT(getsockname(fd, (struct sockaddr *)&address, &n), 0);
        return ntohs(address.sin_port);
}

TEST(a_server_of_the_check_is_seen_to_listen) {
        cleanup_trial Trial trial;

        trial_make(&trial, "listen.py", listener, 0644);
        trial_expect(&trial,
                     "  - id: port\n"
                     "    port: { number: 8123, serve: [python3, listen.py, 0.0.0.0, \"8123\"] }\n"
                     "    expect: { listening: true }\n",
                     TRIAL_PASS, "PASS  M1");
}

TEST(a_unix_socket_of_the_check_is_seen_to_listen) {
        cleanup_trial Trial trial;

        trial_make(&trial, "listen.py",
                   "import socket, time\ns = socket.socket(socket.AF_UNIX)\n"
                   "s.bind('/work/app.sock')\ns.listen()\ntime.sleep(1000)\n",
                   0644);
        trial_expect(&trial,
                     "  - id: port\n"
                     "    port: { address: /work/app.sock, serve: [python3, listen.py] }\n"
                     "    expect: { listening: true }\n",
                     TRIAL_PASS, "PASS  M1");
}

TEST(a_server_that_listens_elsewhere_or_ends_fails) {
        cleanup_trial Trial trial;

        trial_make(&trial, "listen.py", listener, 0644);
        trial_expect(&trial,
                     "  - id: port\n    timeout: 2s\n    port: { number: 8124, address: \"::1\", "
                     "serve: [python3, listen.py, 127.0.0.1, \"8124\"] }\n"
                     "    expect: { listening: true }\n",
                     TRIAL_FAIL, "assert.listening");
        CHECK_CONTAINS(buf_get_text(&trial.out), "listeners| tcp 127.0.0.1:8124");
        trial_expect(&trial,
                     "  - id: port\n    port: { number: 8124, serve: exit 7 }\n"
                     "    expect: { listening: true }\n",
                     TRIAL_FAIL, "server.exit.7");
}

TEST(ports_of_this_machine_are_looked_at_only_where_the_plan_says_so) {
        cleanup_trial Trial trial;
        cleanup_free char *held = NULL, *walled = NULL;
        int port = listen_somewhere();

        trial_make(&trial, NULL, NULL, 0);
        held = mem_printf("  - id: port\n    network: host\n    port: { number: %d }\n"
                          "    expect: { listening: true }\n",
                          port);
        walled = mem_printf("  - id: port\n    port: { number: %d }\n"
                            "    expect: { listening: true }\n",
                            port);
        trial_expect(&trial, held, TRIAL_PASS, "PASS  M1");
        trial_expect(&trial, walled, TRIAL_FAIL, "vacuous");
}

TEST(a_port_that_somebody_holds_already_says_nothing_of_the_check_s_server) {
        cleanup_trial Trial trial;
        cleanup_free char *checks = NULL;
        int port = listen_somewhere();

        trial_make(&trial, NULL, NULL, 0);
        checks = mem_printf("  - id: port\n    network: host\n"
                            "    port: { number: %d, serve: sleep 1000 }\n"
                            "    expect: { listening: true }\n",
                            port);
        trial_expect(&trial, checks, TRIAL_INCONCLUSIVE, "env.port-taken");
}

TEST(processes_of_the_check_are_counted) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_expect(&trial,
                     "  - id: workers\n    process: { matches: '^sleep 1000$', "
                     "serve: \"for i in 1 2 3; do setsid sleep 1000 & done; exec sleep 2000\" }\n"
                     "    expect: { count: 3, lines: { line-count: 3 } }\n",
                     TRIAL_PASS, "PASS  M1");
        trial_expect(&trial,
                     "  - id: workers\n    timeout: 600ms\n"
                     "    process: { matches: '^sleep 1000$', serve: exec sleep 2000 }\n"
                     "    expect: { count: { ge: 1 } }\n",
                     TRIAL_FAIL, "assert.count");
}

static void expect_sleepers(Trial *trial, const char *seconds, int status, const char *said) {
        cleanup_free char *checks =
                mem_printf("  - id: sleeper\n    on: host\n    process: { matches: '^sleep %s$' }\n"
                           "    expect: { count: 1 }\n",
                           seconds);

        trial_expect(trial, checks, status, said);
}

/* The number is this process's alone: others may be testing on the machine. */
TEST(processes_of_this_machine_are_counted) {
        cleanup_trial Trial trial;
        cleanup_free char *seconds = mem_printf("4%d", (int)getpid());
        cleanup_free char *others = mem_printf("5%d", (int)getpid());
        ProcessSpec spec = {.argv = {"sleep", seconds}};
        cleanup(process_freep) Process *process = process_start(&spec);

        CHECK(process_is_running(process));
        trial_make(&trial, NULL, NULL, 0);
        expect_sleepers(&trial, seconds, TRIAL_PASS, "PASS  M1");
        expect_sleepers(&trial, others, TRIAL_FAIL, "assert.count");
}

static void expect_printed(Trial *trial, const char *file, int status, const char *said) {
        cleanup_free char *checks = mem_printf(
                "  - id: log\n    log: { run: \"cat %s; printenv GATE_SINCE\", control: started }\n"
                "    expect: { lines: { not-contains: error, line-count: { ge: 2 } } }\n",
                file);

        trial_expect(trial, checks, status, said);
}

TEST(a_log_that_a_command_prints_needs_its_control) {
        cleanup_trial Trial trial;

        trial_make(&trial, "good", "started\n", 0644);
        bench_write(trial.repo.path, "silent", "something\n", 0644);
        bench_write(trial.repo.path, "bad", "started\nan error\n", 0644);
        repo_commit(&trial.repo, "logs", trial.commit);
        expect_printed(&trial, "good", TRIAL_PASS, "PASS  M1");
        expect_printed(&trial, "silent", TRIAL_FAIL, "log.control");
        expect_printed(&trial, "bad", TRIAL_FAIL, "assert.lines");
        expect_printed(&trial, "absent", TRIAL_FAIL, "assert.exit-status");
}

static void expect_log(Trial *trial, const char *text, const char *control, int status,
                       const char *said) {
        cleanup_free char *checks = mem_printf(
                "  - id: log\n    on: host\n"
                "    log: { file: \"%s/app.log\", control: '%s' }\n"
                "    expect: { lines: { not-contains: error, line-count: { ge: 1 } } }\n",
                trial->dir, control);

        if (text)
                bench_write(trial->dir, "app.log", text, 0644);
        trial_expect(trial, checks, status, said);
}

TEST(of_a_log_of_this_machine_only_the_lines_since_the_claim_count) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        expect_log(&trial, NULL, "started", TRIAL_INCONCLUSIVE, "log.unreadable");
        expect_log(&trial,
                   "2001-01-01T00:00:00Z started\n2001-01-01T00:00:01Z error\n"
                   "2099-01-01T00:00:00Z fine\n",
                   "started", TRIAL_PASS, "PASS  M1");
        expect_log(&trial, "2001-01-01T00:00:00Z started\n2099-01-01T00:00:00Z an error\n",
                   "started", TRIAL_FAIL, "assert.lines");
        expect_log(&trial, "2001-01-01T00:00:00Z started\n", "started", TRIAL_FAIL,
                   "lines.line-count");
}

TEST(a_log_without_its_control_or_its_stamps_was_not_readable) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        expect_log(&trial, "2099-01-01T00:00:00Z fine\n", "started", TRIAL_INCONCLUSIVE,
                   "what the control looks for does not stand in it");
        expect_log(&trial, "started\nfine\n", "started", TRIAL_INCONCLUSIVE,
                   "no line of it begins with a stamp");
}

TEST(facts_of_a_file_of_this_machine) {
        cleanup_trial Trial trial;
        cleanup_free char *present = NULL, *absent = NULL, *linked = NULL, *link = NULL;

        trial_make(&trial, NULL, NULL, 0);
        bench_write(trial.dir, "deployed/version", "7\n", 0640);
        link = mem_printf("%s/deployed/link", trial.dir);
        CHECK_EQ_INT(symlink("/etc/shadow", link), 0);
        present = mem_printf(
                "  - id: file\n    on: host\n    file: { path: \"%s/deployed/version\" }\n"
                "    expect: { content: { number: 7 }, mode: \"0640\" }\n",
                trial.dir);
        absent =
                mem_printf("  - id: file\n    on: host\n    file: { path: \"%s/deployed/other\" }\n"
                           "    expect: { content: { number: 7 } }\n",
                           trial.dir);
        linked = mem_printf("  - id: file\n    on: host\n    file: { path: \"%s/deployed/link\" }\n"
                            "    expect: { content: { contains: root } }\n",
                            trial.dir);
        trial_expect(&trial, present, TRIAL_PASS, "PASS  M1");
        trial_expect(&trial, absent, TRIAL_FAIL, "(absent)");
        trial_expect(&trial, linked, TRIAL_FAIL, "(not a regular file)");
}

TEST(a_relative_path_on_the_host_is_of_the_workspace) {
        static const char present[] = "  - id: file\n    on: host\n    file: { path: made.txt }\n"
                                      "    expect: { content: { contains: seven } }\n";
        static const char made[] =
                "  - id: file\n    on: host\n    file: { path: new.txt, run: cp made.txt new.txt }\n"
                "    expect: { content: { contains: seven } }\n";
        static const char absent[] = "  - id: file\n    on: host\n    file: { path: other.txt }\n"
                                     "    expect: { content: { contains: seven } }\n";
        cleanup_trial Trial trial;

        trial_make(&trial, "made.txt", "seven\n", 0644);
        trial_expect(&trial, present, TRIAL_PASS, "PASS  M1");
        trial_expect(&trial, made, TRIAL_PASS, "PASS  M1");
        trial_expect(&trial, absent, TRIAL_FAIL, "(absent)");
}
