/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The broker as its users have it. */

#include "tests/lib/real_broker.h"

#include <signal.h>

#include "base/mem.h"
#include "tests/lib/test.h"

enum { START_MS = 20000, VERB_MS = 30000, STOP_MS = 10000, WORDS_MAX = 16 };

static const char plan_text[] = "# Phase m\n"
                                "\n"
                                "```yaml phase\n"
                                "version: 1\n"
                                "phase: m\n"
                                "```\n"
                                "\n"
                                "```yaml gate\n"
                                "gate: M1\n"
                                "title: The first\n"
                                "checks:\n"
                                "  - id: one\n"
                                "    run: ./one\n"
                                "    expect: { stdout: { equals: one } }\n"
                                "```\n"
                                "\n"
                                "```yaml gate\n"
                                "gate: M2\n"
                                "title: The second\n"
                                "checks:\n"
                                "  - id: two\n"
                                "    run: ./two\n"
                                "    expect: { stdout: { equals: two } }\n"
                                "```\n";

static void open_project(RealBroker *broker) {
        static const OptionRow *const dir_option = &options_common[0];
        Args args = {.n_options = 1};
        Fault fault = FAULT_INIT;

        args.options[0].row = dir_option;
        args.options[0].value = broker->dir;
        if (project_open(&args, &broker->project, &fault) != 0)
                FAIL_TEST("%s: %s", fault.rule, fault.found);
}

static void init(RealBroker *broker, const char *dir, const char *endpoint) {
        *broker = (RealBroker){.dir = dir};
        CHECK_EQ_INT(sign_start(), 0);
        real_broker_do(broker, NULL, "init", "--name", "a project", "--endpoint", endpoint);
        open_project(broker);
}

void real_broker_init_in(RealBroker *broker, const char *dir) {
        init(broker, dir, "ipc://.coldgate/run/broker.ipc");
}

void real_broker_init_at(RealBroker *broker, const char *endpoint) {
        init(broker, test_dir(), endpoint);
}

void real_broker_init(RealBroker *broker) {
        real_broker_init_in(broker, test_dir());
}

void real_broker_deinit(RealBroker *broker) {
        broker->process = process_free(broker->process);
        project_deinit(&broker->project);
}

void real_broker_start(RealBroker *broker) {
        ProcessSpec spec = {
                .argv = {bench_program("COLDGATE_BROKER"), "run"},
                .cwd = broker->dir,
        };

        broker->process = process_start(&spec);
        process_wait_text(broker->process, "broker: ready on ", START_MS);
}

void real_broker_stop(RealBroker *broker) {
        process_signal(broker->process, SIGTERM);
        CHECK_EQ_INT(process_wait(broker->process, STOP_MS), 0);
        broker->process = process_free(broker->process);
}

void real_broker_kill(RealBroker *broker) {
        process_kill(broker->process);
        broker->process = process_free(broker->process);
}

int real_broker_verb_argv(const RealBroker *broker, Buf *out, Buf *err, const char *const *words) {
        ProcessSpec spec = {.argv = {bench_program("COLDGATE_BROKER")}, .cwd = broker->dir};

        for (size_t i = 0; words[i] && i < WORDS_MAX; i++)
                spec.argv[i + 1] = words[i];
        return bench_run(&spec, VERB_MS, out, err);
}

void real_broker_do_argv(const RealBroker *broker, Buf *out, const char *const *words) {
        cleanup_buf Buf err = BUF_TEXT;
        int status = real_broker_verb_argv(broker, out, &err, words);

        if (status != 0)
                FAIL_TEST("broker %s: exit status %d: %s", words[0], status, buf_get_text(&err));
}

void real_broker_approve(const RealBroker *broker) {
        bench_write(broker->dir, "plan.md", plan_text, 0644);
        real_broker_do(broker, NULL, "plan", "approve", "plan.md");
}

Session *real_broker_session(const RealBroker *broker, const char *key) {
        cleanup_free char *path = mem_printf("%s/.coldgate/keys/%s", broker->dir, key);
        Session *session = NULL;
        Fault fault = FAULT_INIT;

        if (session_new(&broker->project, path, "test", &session, &fault) != 0)
                FAIL_TEST("%s: %s", fault.rule, fault.found);
        return session;
}
