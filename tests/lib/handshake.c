/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Whatever does not come about in time ends the test with the words of the program. */

#include "tests/lib/handshake.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/lib/test.h"

static const char plan[] = "# Story\n\n"
                           "```yaml phase\n"
                           "version: 1\n"
                           "phase: story\n"
                           "```\n\n"
                           "```yaml gate\n"
                           "gate: GREETS\n"
                           "checks:\n"
                           "  - id: greeting\n"
                           "    run: cat greeting\n"
                           "    expect: { stdout: { contains: hello } }\n"
                           "```\n\n"
                           "```yaml gate\n"
                           "gate: COUNTS\n"
                           "checks:\n"
                           "  - id: files\n"
                           "    run: ls | wc -l\n"
                           "    expect: { stdout: { number: { ge: 1 } } }\n"
                           "```\n\n"
                           "```yaml gate\n"
                           "gate: SLOW\n"
                           "checks:\n"
                           "  - id: slowly\n"
                           "    run: sleep 2; cat greeting\n"
                           "    expect: { stdout: { contains: hello } }\n"
                           "```\n";

/* A short lease, so that a killed adversary is noticed within the test. */
static void shorten_lease(const Handshake *handshake, const char *lease) {
        cleanup_free char *path = mem_printf("%s/.coldgate/config", handshake->dir);
        FILE *config = fopen(path, "ae");

        CHECK(config != NULL);
        CHECK(fprintf(config, "lease = %s\n", lease) > 0);
        CHECK_EQ_INT(fclose(config), 0);
}

void handshake_init_at(Handshake *handshake, const char *endpoint, const char *lease) {
        cleanup_free char *state = mem_printf("%s/.coldgate/own/state", test_dir());
        cleanup_free char *cache = mem_printf("%s/.coldgate/own/cache", test_dir());

        *handshake = (Handshake){.dir = test_dir()};
        CHECK_EQ_INT(setenv("XDG_STATE_HOME", state, 1), 0);
        CHECK_EQ_INT(setenv("XDG_CACHE_HOME", cache, 1), 0);
        CHECK_EQ_INT(unsetenv("COLDGATE_DIR"), 0);
        bench_git(handshake->dir, NULL, "init", "-q");
        bench_write(handshake->dir, "plan.md", plan, 0644);
        handshake_commit(handshake, "greeting", "hello\n");
        CHECK_EQ_INT(BROKER(handshake, NULL, "init", "--name", "story",
                            endpoint ? "--endpoint" : NULL, endpoint),
                     0);
        shorten_lease(handshake, lease);
        CHECK_EQ_INT(BROKER(handshake, NULL, "plan", "approve", "plan.md"), 0);
}

void handshake_init(Handshake *handshake) {
        handshake_init_at(handshake, NULL, "2s");
}

void handshake_deinit(Handshake *handshake) {
        handshake->adversary = process_free(handshake->adversary);
        handshake->broker = process_free(handshake->broker);
}

Process *handshake_spawn_argv(const Handshake *handshake, const char *variable,
                              const char *const *words) {
        ProcessSpec spec = {.argv = {bench_program(variable)}, .cwd = handshake->dir};

        for (size_t n = 1; *words && n < BENCH_ARGS_MAX - 1; n++)
                spec.argv[n] = *words++;
        return process_start(&spec);
}

int handshake_run_argv(const Handshake *handshake, const char *variable, Buf *out,
                       const char *const *words) {
        cleanup(process_freep) Process *process = handshake_spawn_argv(handshake, variable, words);
        int status = process_wait(process, HANDSHAKE_MS);

        if (out) {
                buf_clear(out);
                buf_text(out, process_get_out(process));
                buf_text(out, process_get_err(process));
        }
        return status;
}

void handshake_start_broker(Handshake *handshake) {
        handshake->broker = process_free(handshake->broker);
        handshake->broker = handshake_spawn(handshake, "COLDGATE_BROKER", "run");
        process_wait_text(handshake->broker, "ready", HANDSHAKE_MS);
}

void handshake_start_adversary(Handshake *handshake) {
        handshake->adversary = process_free(handshake->adversary);
        handshake->adversary = handshake_spawn(handshake, "COLDGATE_ADVERSARY", "run");
        process_wait_text(handshake->adversary, "ready", HANDSHAKE_MS);
}

void handshake_start(Handshake *handshake) {
        handshake_start_broker(handshake);
        handshake_start_adversary(handshake);
}

void handshake_commit(const Handshake *handshake, const char *file, const char *text) {
        if (text)
                bench_write(handshake->dir, file, text, 0644);
        else
                bench_git(handshake->dir, NULL, "rm", "-q", file);
        bench_git(handshake->dir, NULL, "add", "-A");
        bench_git(handshake->dir, NULL, "commit", "-q", "-m", file);
}

unsigned handshake_count(const Handshake *handshake, const char *kind) {
        cleanup_buf Buf out = BUF_TEXT;
        unsigned n = 0;

        CHECK_EQ_INT(BROKER(handshake, &out, "log", "--json", "--kind", kind), 0);
        for (const char *text = buf_get_text(&out); (text = strchr(text, '\n')); text++)
                n++;
        return n;
}

typedef struct Wanted {
        const Handshake *handshake;
        const char *kind;
        unsigned n;
} Wanted;

static bool has_come(void *userdata) {
        const Wanted *wanted = userdata;

        return handshake_count(wanted->handshake, wanted->kind) >= wanted->n;
}

void handshake_await(const Handshake *handshake, const char *kind, unsigned n) {
        Wanted wanted = {handshake, kind, n};

        if (!test_wait_until(has_come, &wanted, HANDSHAKE_MS))
                FAIL_TEST("the ledger does not get %u entries of kind %s", n, kind);
}

void handshake_verify(const Handshake *handshake) {
        cleanup_buf Buf out = BUF_TEXT;

        if (BROKER(handshake, &out, "verify") != 0)
                FAIL_TEST("%s", buf_get_text(&out));
}
