/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The adversary's daemon with the real broker: verdicts, cancellation, and deaths of every kind. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/mem.h"

#include "tests/lib/real_broker.h"
#include "tests/lib/repo.h"
#include "tests/lib/test.h"

enum { LIMIT_MS = 30000, WAIT_MS = 50000 };

static const char plan_text[] = "# A phase\n"
                                "\n"
                                "```yaml phase\n"
                                "version: 1\n"
                                "phase: m\n"
                                "```\n"
                                "\n"
                                "```yaml gate\n"
                                "gate: GOOD\n"
                                "title: It says what it should\n"
                                "checks:\n"
                                "  - id: says\n"
                                "    run: [cat, README]\n"
                                "    expect: { stdout: { equals: \"a product\\n\" } }\n"
                                "```\n"
                                "\n"
                                "```yaml gate\n"
                                "gate: BAD\n"
                                "title: It does not\n"
                                "checks:\n"
                                "  - id: says\n"
                                "    run: [cat, README]\n"
                                "    expect: { stdout: { equals: \"another\\n\" } }\n"
                                "```\n"
                                "\n"
                                "```yaml gate\n"
                                "gate: LONG\n"
                                "title: It takes its time\n"
                                "checks:\n"
                                "  - id: takes\n"
                                "    run: sleep 1000\n"
                                "    timeout: 1h\n"
                                "    expect: { exit-status: 0 }\n"
                                "```\n"
                                "\n"
                                "```yaml gate\n"
                                "gate: HELD\n"
                                "title: It takes long enough for a broker to die\n"
                                "checks:\n"
                                "  - id: takes\n"
                                "    run: sleep 2; cat README\n"
                                "    expect: { stdout: { equals: \"a product\\n\" } }\n"
                                "```\n"
                                "\n"
                                "```yaml gate\n"
                                "gate: FROM\n"
                                "title: It depends on one file\n"
                                "inputs: [README]\n"
                                "checks:\n"
                                "  - id: says\n"
                                "    run: [cat, README]\n"
                                "    expect: { stdout: { contains: product } }\n"
                                "```\n";

typedef struct Court {
        RealBroker broker;
        Repo repo;
        RepoId commit;
        Process *adversary;
} Court;

static void court_deinit(Court *court) {
        court->adversary = process_free(court->adversary);
        real_broker_deinit(&court->broker);
}
#define cleanup_court cleanup(court_deinit)

static void start_adversary(Court *court, const char *option, const char *value) {
        ProcessSpec spec = {.argv = {bench_program("COLDGATE_ADVERSARY"), "run", option, value},
                            .cwd = court->broker.dir};

        court->adversary = process_free(court->adversary);
        court->adversary = process_start(&spec);
}

/* A broker with an approved plan and short leases, a product, an adversary that is connected. */
static void court_open(Court *court) {
        cleanup_free char *config = NULL;
        cleanup_buf Buf text = BUF_TEXT;

        *court = (Court){.adversary = NULL};
        real_broker_init(&court->broker);
        config = mem_printf("%s/.coldgate/config", court->broker.dir);
        CHECK_EQ_INT(file_read(config, &text), 0);
        buf_text(&text, "\nlease = 2s\n");
        CHECK_EQ_INT(file_write_atomic(config, buf_get(&text), 0644), 0);
        repo_make(&court->repo);
        bench_write(court->repo.path, "README", "a product\n", 0644);
        repo_commit(&court->repo, "first", court->commit);
        bench_write(court->broker.dir, "plan.md", plan_text, 0644);
        real_broker_do(&court->broker, NULL, "plan", "approve", "plan.md");
        real_broker_start(&court->broker);
        start_adversary(court, NULL, NULL);
        process_wait_text(court->adversary, "connected to the broker", LIMIT_MS);
}

static int builder(const Court *court, Buf *out, const char *verb, const char *a, const char *b,
                   const char *c) {
        ProcessSpec spec = {.argv = {bench_program("COLDGATE_BUILDER"), verb, "--dir",
                                     court->broker.dir, a, b, c},
                            .cwd = court->repo.path};

        return bench_run(&spec, WAIT_MS, out, out);
}

/* The worker that the adversary has just started. */
static pid_t await_worker(const Court *court) {
        static const char words[] = "verifying, worker ";
        const char *newest = NULL;

        process_wait_text(court->adversary, words, LIMIT_MS);
        for (const char *at = process_get_err(court->adversary); (at = strstr(at, words)); at++)
                newest = at;
        CHECK(newest != NULL);
        return (pid_t)strtol(newest + sizeof words - 1, NULL, 10);
}

/* Gone, or a zombie: whose parent died before it is reaped by whoever adopted it, in its own time.
 */
static bool is_dead(void *userdata) {
        const pid_t *pid = userdata;
        cleanup_free char *path = mem_printf("/proc/%d/stat", (int)*pid);
        cleanup_buf Buf text = BUF_INIT(4096);
        const char *state;

        if (file_read(path, &text) != 0)
                return true;
        state = strrchr(buf_get_text(&text), ')');
        return state && state[1] == ' ' && state[2] == 'Z';
}

static void await_death(pid_t pid) {
        CHECK(test_wait_until(is_dead, &pid, LIMIT_MS));
}

TEST(a_claim_that_holds_gets_a_pass) {
        cleanup_court Court court;
        cleanup_buf Buf out = BUF_TEXT;

        court_open(&court);
        CHECK_EQ_INT(builder(&court, &out, "claim", "GOOD", "--wait", NULL), 0);
        CHECK_CONTAINS(buf_get_text(&out), "GOOD: PASS");
        real_broker_do(&court.broker, &out, "verify");
}

TEST(a_claim_that_does_not_hold_gets_a_fail_and_a_finding) {
        cleanup_court Court court;
        cleanup_buf Buf out = BUF_TEXT;

        court_open(&court);
        CHECK_EQ_INT(builder(&court, &out, "claim", "BAD", "--wait", NULL), 1);
        CHECK_CONTAINS(buf_get_text(&out),
                       "adversary-agent verify <(broker plan show --text m) BAD");
        buf_clear(&out);
        real_broker_do(&court.broker, &out, "status");
        CHECK_CONTAINS(buf_get_text(&out), "1 open");
}

/* It is approved where the builder has it: that is how the broker knows where it is. */
TEST(a_commit_that_weakens_the_plan_of_its_gate_is_no_evidence) {
        static const char wanted[] = "equals: \"a product\\n\"";
        cleanup_court Court court;
        cleanup_free char *path = NULL, *edited = mem_strdup(plan_text);
        cleanup_buf Buf out = BUF_TEXT;
        char *place = strstr(edited, wanted);

        court_open(&court);
        path = mem_printf("%s/plan.md", court.repo.path);
        bench_write(court.repo.path, "plan.md", plan_text, 0644);
        real_broker_do(&court.broker, NULL, "plan", "approve", path);
        repo_commit(&court.repo, "the plan", court.commit);
        CHECK_EQ_INT(builder(&court, &out, "claim", "GOOD", "--wait", NULL), 0);
        CHECK(place != NULL);
        memcpy(place, "contains: \"product\"  ", sizeof wanted - 1);
        bench_write(court.repo.path, "plan.md", edited, 0644);
        repo_commit(&court.repo, "less", court.commit);
        CHECK_EQ_INT(builder(&court, &out, "claim", "GOOD", "--wait", NULL), 1);
        CHECK_CONTAINS(buf_get_text(&out), "plan.md was the approved plan");
        buf_clear(&out);
        real_broker_do(&court.broker, &out, "show", "GOOD", "--json");
        CHECK_CONTAINS(buf_get_text(&out), "claim.plan-copy");
}

/* The newest verdict on FROM, after a commit with this file and a claim. */
static void claim_from(Court *court, const char *file, const char *text, Buf *ret_shown) {
        bench_write(court->repo.path, file, text, 0644);
        repo_commit(&court->repo, "change", court->commit);
        CHECK_EQ_INT(builder(court, ret_shown, "claim", "FROM", "--wait", NULL), 0);
        buf_clear(ret_shown);
        real_broker_do(&court->broker, ret_shown, "log", "--kind", "verdict", "--json");
}

static size_t count(const Buf *text, const char *part) {
        size_t n = 0;

        for (const char *at = buf_get_text(text); (at = strstr(at, part)); at++)
                n++;
        return n;
}

TEST(a_pass_is_carried_to_a_commit_with_the_same_inputs_and_no_other) {
        cleanup_court Court court;
        cleanup_buf Buf shown = BUF_TEXT;

        court_open(&court);
        claim_from(&court, "first", "1\n", &shown);
        CHECK_EQ_U64(count(&shown, "\"carried_from\":"), 0);
        claim_from(&court, "elsewhere", "1\n", &shown);
        CHECK_EQ_U64(count(&shown, "\"carried_from\":"), 1);
        claim_from(&court, "elsewhere", "2\n", &shown);
        CHECK_EQ_U64(count(&shown, "\"carried_from\":"), 2);
        claim_from(&court, "README", "another product\n", &shown);
        CHECK_EQ_U64(count(&shown, "\"carried_from\":"), 2);
        claim_from(&court, "elsewhere", "3\n", &shown);
        CHECK_EQ_U64(count(&shown, "\"carried_from\":"), 3);
        CHECK_EQ_U64(count(&shown, "\"PASS\""), 5);
        real_broker_do(&court.broker, NULL, "verify");
        buf_clear(&shown);
        real_broker_do(&court.broker, &shown, "show", "FROM");
        CHECK_CONTAINS(buf_get_text(&shown), "carried over from");
}

TEST(each_gate_of_a_claim_gets_its_own_verdict) {
        cleanup_court Court court;
        cleanup_buf Buf out = BUF_TEXT;

        court_open(&court);
        CHECK_EQ_INT(builder(&court, &out, "claim", "GOOD", "BAD", "--wait"), 1);
        CHECK_CONTAINS(buf_get_text(&out), "GOOD: PASS");
        CHECK_CONTAINS(buf_get_text(&out), "BAD: FAIL");
}

TEST(a_claim_that_is_withdrawn_stops_its_worker) {
        cleanup_court Court court;
        cleanup_buf Buf out = BUF_TEXT;
        char claim[16];
        pid_t worker;

        court_open(&court);
        CHECK_EQ_INT(builder(&court, &out, "claim", "LONG", NULL, NULL), 0);
        worker = await_worker(&court);
        (void)snprintf(claim, sizeof claim, "%.*s", (int)strcspn(buf_get_text(&out), " "),
                       buf_get_text(&out));
        CHECK_EQ_INT(builder(&court, &out, "withdraw", claim, NULL, NULL), 0);
        process_wait_text(court.adversary, "is over: ", LIMIT_MS);
        await_death(worker);
        CHECK_EQ_INT(builder(&court, &out, "claim", "GOOD", "--wait", NULL), 0);
}

TEST(a_worker_that_is_killed_twice_gives_no_pass_and_no_fail) {
        cleanup_court Court court;
        cleanup_buf Buf out = BUF_TEXT;

        court_open(&court);
        CHECK_EQ_INT(builder(&court, &out, "claim", "LONG", NULL, NULL), 0);
        CHECK_EQ_INT(kill(await_worker(&court), SIGKILL), 0);
        process_wait_text(court.adversary, "died without a verdict", LIMIT_MS);
        CHECK_EQ_INT(kill(await_worker(&court), SIGKILL), 0);
        process_wait_text(court.adversary, "LONG: INCONCLUSIVE", LIMIT_MS);
        CHECK_EQ_INT(builder(&court, &out, "wait", "LONG", NULL, NULL), 3);
        CHECK_CONTAINS(buf_get_text(&out), "INCONCLUSIVE");
}

TEST(a_killed_daemon_takes_its_workers_with_it_and_the_claim_is_offered_again) {
        cleanup_court Court court;
        cleanup_buf Buf out = BUF_TEXT;
        pid_t worker;

        court_open(&court);
        CHECK_EQ_INT(builder(&court, &out, "claim", "HELD", NULL, NULL), 0);
        worker = await_worker(&court);
        process_kill(court.adversary);
        await_death(worker);
        start_adversary(&court, NULL, NULL);
        CHECK_EQ_INT(builder(&court, &out, "wait", "HELD", NULL, NULL), 0);
        CHECK_CONTAINS(buf_get_text(&out), "HELD: PASS");
}

/* The one child of a daemon that has nothing to do; 0 while there is none. */
static pid_t find_waiting(const Court *court) {
        int pid = (int)process_get_pid(court->adversary);
        cleanup_free char *path = mem_printf("/proc/%d/task/%d/children", pid, pid);
        cleanup_buf Buf children = BUF_INIT(4096);

        CHECK_EQ_INT(file_read(path, &children), 0);
        return (pid_t)strtol(buf_get_text(&children), NULL, 10);
}

static bool somebody_waits(void *userdata) {
        return find_waiting(userdata) != 0;
}

static pid_t await_waiting(Court *court) {
        CHECK(test_wait_until(somebody_waits, court, LIMIT_MS));
        return find_waiting(court);
}

TEST(a_worker_that_waits_gets_the_next_gate_and_no_other) {
        cleanup_court Court court;
        pid_t waiting;

        court_open(&court);
        waiting = await_waiting(&court);
        CHECK_EQ_INT(builder(&court, NULL, "claim", "GOOD", "--wait", NULL), 0);
        CHECK_EQ_INT(await_worker(&court), waiting);
        await_death(waiting);
        CHECK_EQ_INT(builder(&court, NULL, "claim", "GOOD", "--wait", NULL), 0);
        CHECK(await_worker(&court) != waiting);
}

TEST(a_worker_that_is_killed_while_it_waits_is_not_missed) {
        cleanup_court Court court;
        pid_t waiting;

        court_open(&court);
        waiting = await_waiting(&court);
        CHECK_EQ_INT(kill(waiting, SIGKILL), 0);
        await_death(waiting);
        CHECK_EQ_INT(builder(&court, NULL, "claim", "GOOD", "--wait", NULL), 0);
        CHECK(!strstr(process_get_err(court.adversary), "died without a verdict"));
}

TEST(a_pipe_that_nobody_reads_any_more_is_not_the_end_of_the_daemon) {
        cleanup_court Court court;

        court_open(&court);
        process_signal(court.adversary, SIGPIPE); /* as writing to a worker that just died */
        CHECK_EQ_INT(builder(&court, NULL, "claim", "GOOD", "--wait", NULL), 0);
}

TEST(a_worker_that_waits_dies_with_its_daemon) {
        cleanup_court Court court;
        pid_t waiting;

        court_open(&court);
        waiting = await_waiting(&court);
        process_kill(court.adversary);
        await_death(waiting);
        start_adversary(&court, NULL, NULL);
        process_wait_text(court.adversary, "connected to the broker", LIMIT_MS);
        waiting = await_waiting(&court);
        process_signal(court.adversary, SIGTERM);
        CHECK_EQ_INT(process_wait(court.adversary, LIMIT_MS), 0);
        await_death(waiting);
}

TEST(sigterm_stops_the_workers_and_ends_with_0) {
        cleanup_court Court court;
        pid_t worker;

        court_open(&court);
        CHECK_EQ_INT(builder(&court, NULL, "claim", "LONG", NULL, NULL), 0);
        worker = await_worker(&court);
        process_signal(court.adversary, SIGTERM);
        CHECK_EQ_INT(process_wait(court.adversary, LIMIT_MS), 0);
        await_death(worker);
}

TEST(a_verdict_survives_a_broker_that_dies_in_between) {
        cleanup_court Court court;
        cleanup_buf Buf out = BUF_TEXT;

        court_open(&court);
        CHECK_EQ_INT(builder(&court, NULL, "claim", "HELD", NULL, NULL), 0);
        (void)await_worker(&court);
        real_broker_kill(&court.broker);
        real_broker_start(&court.broker);
        CHECK_EQ_INT(builder(&court, &out, "wait", "HELD", NULL, NULL), 0);
        CHECK_CONTAINS(buf_get_text(&out), "HELD: PASS");
        buf_clear(&out);
        real_broker_do(&court.broker, &out, "verify");
}

TEST(a_sick_machine_takes_no_work) {
        cleanup_court Court court;
        cleanup_buf Buf err = BUF_TEXT;
        static const char *const env[] = {"COLDGATE_RUNNER=/bin/false", NULL};
        ProcessSpec spec = {.argv = {bench_program("COLDGATE_ADVERSARY"), "run"}, .env = env};

        court_open(&court);
        process_kill(court.adversary);
        spec.cwd = court.broker.dir;
        CHECK_EQ_INT(bench_run(&spec, LIMIT_MS, NULL, &err), 3);
        CHECK_CONTAINS(buf_get_text(&err), "no work is taken");
}

TEST(a_key_of_another_role_may_not_verify) {
        cleanup_court Court court;
        cleanup_free char *key = NULL;

        court_open(&court);
        key = mem_printf("%s/.coldgate/keys/builder", court.broker.dir);
        start_adversary(&court, "--key", key);
        CHECK_EQ_INT(process_wait(court.adversary, LIMIT_MS), 4);
        CHECK_CONTAINS(process_get_err(court.adversary), "may not verify");
}

TEST(a_second_daemon_with_the_same_key_is_refused) {
        cleanup_court Court court;
        cleanup_buf Buf err = BUF_TEXT;
        ProcessSpec spec = {.argv = {bench_program("COLDGATE_ADVERSARY"), "run"}};

        court_open(&court);
        spec.cwd = court.broker.dir;
        CHECK(bench_run(&spec, LIMIT_MS, NULL, &err) != 0);
        CHECK_CONTAINS(buf_get_text(&err), "run-already");
}
