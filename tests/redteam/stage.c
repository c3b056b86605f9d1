/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Users, repositories, requests. */

#include "tests/redteam/stage.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "tests/lib/bench.h"
#include "tests/lib/test.h"
#include "verify/mirror.h"

enum {
        NOBODY = 65534,
        PROGRAM_BYTES_MAX = 64 << 20,
        SHELL_MS = 20000,
        FETCH_MS = 20000,
        CARRIED_FROM = 12,
        ENV_MAX = 16,
};

/* One pair on the stage. */
typedef struct Play {
        Stage *stage;
        const Pair *pair;
        Repo repo;
        RepoId commits[_PART_MAX];
        const char *dir; /* of the machine, for what stands beside */
        int port;
        Hash inputs; /* of the base's PASS */
        struct carry carry;
        Process *beside;
} Play;

/* ---- the user ---- */

static void give(const char *path) {
        if (chown(path, NOBODY, NOBODY) < 0)
                FAIL_TEST("%s: %s", path, strerror(errno));
}

static void drop_user(const char *dir) {
        char base[128];

        (void)snprintf(base, sizeof base, "%s", dir);
        *strrchr(base, '/') = 0;
        give(dir);
        give(base);
        if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
            setresuid(NOBODY, NOBODY, NOBODY) < 0)
                FAIL_TEST("the user cannot be changed: %s", strerror(errno));
        (void)prctl(PR_SET_DUMPABLE, 1); /* as any program that was started by that user */
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* The place where it was built may be closed to others. */
static void copy_runner(const char *dir) {
        cleanup_buf Buf bytes = BUF_INIT(PROGRAM_BYTES_MAX);
        cleanup_free char *path = mem_printf("%s/runner", dir);

        if (file_read(bench_program("COLDGATE_RUNNER"), &bytes) != 0 ||
            file_write_atomic(path, buf_get(&bytes), 0755) != 0)
                FAIL_TEST("the runner cannot be copied to %s", path);
        (void)setenv("COLDGATE_RUNNER", path, 1);
}

static void set_place(const char *name, const char *dir, const char *below) {
        cleanup_free char *path = mem_printf("%s/%s", dir, below);

        if (dir_make(path, 0700) != 0)
                FAIL_TEST("%s cannot be made", path);
        (void)setenv(name, path, 1);
}

void stage_open(Stage *ret_stage) {
        const char *dir = test_dir();
        Fault fault = FAULT_INIT;

        if (!stage_is_unprivileged && geteuid() != 0)
                SKIP("not root");
        copy_runner(dir);
        if (stage_is_unprivileged && geteuid() == 0)
                drop_user(dir);
        set_place("XDG_CACHE_HOME", dir, "cache");
        set_place("XDG_STATE_HOME", dir, "state");
        set_place("TMPDIR", dir, "tmp");
        *ret_stage = (Stage){.arena = ARENA_INIT};
        if (by_hand_open(&ret_stage->by_hand, "mirrors", &fault) != 0)
                FAIL_TEST("%s: %s", fault.rule, fault.found);
}

void stage_close(Stage *stage) {
        by_hand_deinit(&stage->by_hand);
        arena_deinit(&stage->arena);
}

/* ---- the repository ---- */

/* What texts for bash find in their environment, as items that live in the stage's arena. */
static void make_environment(const Play *play, Part part, const char *ret_items[ENV_MAX]) {
        Arena *arena = &play->stage->arena;
        const char *const items[] = {
                "GIT_CONFIG_NOSYSTEM=1",
                "GIT_CONFIG_GLOBAL=/dev/null",
                "GIT_AUTHOR_NAME=A Builder",
                "GIT_AUTHOR_EMAIL=builder@example.net",
                "GIT_COMMITTER_NAME=A Builder",
                "GIT_COMMITTER_EMAIL=builder@example.net",
                arena_printf(arena, "WHO=%s", part_names[part]),
                arena_printf(arena, "REPO=%s", play->repo.path),
                arena_printf(arena, "BASE=%s", play->commits[PART_BASE]),
                arena_printf(arena, "HONEST=%s", play->commits[PART_HONEST]),
                arena_printf(arena, "CHEAT=%s", play->commits[PART_CHEAT]),
                arena_printf(arena, "PORT=%d", play->port),
                arena_printf(arena, "DIR=%s", play->dir),
        };

        memcpy(ret_items, items, sizeof items);
        ret_items[ARRAY_SIZE(items)] = NULL;
}

static void run_shell(const Play *play, const char *text, Part part) {
        cleanup_buf Buf out = BUF_TEXT;
        const char *env[ENV_MAX];
        ProcessSpec spec = {.argv = {"bash", "-euo", "pipefail", "-c", text},
                            .cwd = play->repo.path,
                            .env = env};

        make_environment(play, part, env);
        if (bench_run(&spec, SHELL_MS, &out, &out) != 0)
                FAIL_TEST("a text of %s (%s) failed:\n%s%s", play->pair->name, part_names[part],
                          text, buf_get_text(&out));
}

static void take_step(const Play *play, const PairStep *step, Part part) {
        if (step->path)
                bench_write(play->repo.path, step->path, step->text, step->mode);
        else
                run_shell(play, step->text, part);
}

static void make_commit(Play *play, Part part) {
        const PairSteps *steps = &play->pair->steps[part];

        for (size_t i = 0; i < steps->n; i++)
                take_step(play, &steps->items[i], part);
        repo_commit(&play->repo, part_names[part], play->commits[part]);
}

static void make_commits(Play *play) {
        const char *dir = play->repo.path;

        repo_make(&play->repo);
        bench_write(dir, "README", "a product\n", 0644);
        make_commit(play, PART_BASE);
        make_commit(play, PART_HONEST);
        bench_git(dir, NULL, "checkout", "--quiet", "--force", "-B", "cheat",
                  play->commits[PART_BASE]);
        bench_git(dir, NULL, "clean", "-ffdxq");
        make_commit(play, PART_CHEAT);
}

/* ---- the verification ---- */

static void add_replaced(Buf *text, const char *from, const Play *play, Part part) {
        char port[8];
        const struct {
                const char *mark, *value;
        } rows[] = {{"@BASE@", play->commits[PART_BASE]},
                    {"@HONEST@", play->commits[PART_HONEST]},
                    {"@CHEAT@", play->commits[PART_CHEAT]},
                    {"@DIR@", play->dir},
                    {"@SOON@", part == PART_CHEAT ? "400ms" : "20s"},
                    {"@PORT@", port}};

        (void)snprintf(port, sizeof port, "%d", play->port);
        while (*from) {
                size_t n = 0;

                for (size_t i = 0; i < ARRAY_SIZE(rows) && !n; i++) {
                        if (strncmp(from, rows[i].mark, strlen(rows[i].mark)) != 0)
                                continue;
                        n = strlen(rows[i].mark);
                        buf_text(text, rows[i].value);
                }
                if (!n)
                        buf_byte(text, (uint8_t)*from);
                from += n ? n : 1;
        }
}

static void write_plan(const Play *play, Part part, Buf *text) {
        const Pair *pair = play->pair;
        const char *gate = pair->gates[part] ? pair->gates[part] : pair->gates[PART_BASE];

        buf_printf(text, "# Plan\n\n```yaml phase\nversion: 1\nphase: redteam\n%s```\n\n",
                   pair->phase);
        buf_text(text, "```yaml gate\ngate: M1\ntitle: It works\n");
        add_replaced(text, gate, play, part);
        buf_text(text, "```\n");
}

static void tell_refusal(Stage *stage, const Fault *fault, Came *ret_came) {
        *ret_came = (Came){.end = {"REFUSED", "-", arena_printf(&stage->arena, "%s", fault->rule)},
                           .said = arena_printf(&stage->arena, "%s", fault->found)};
}

/* The reason of the check that is asked for, or the gate's own. */
static void tell_verdict(Stage *stage, const struct verdict *verdict, const char *check,
                         Came *ret_came) {
        Slice reason = verdict->reason;

        for (size_t i = 0; i < verdict->n_checks; i++)
                if (slice_is(verdict->checks[i].check, check))
                        reason = verdict->checks[i].reason;
        *ret_came = (Came){.end = {word_of(&words_DECISION, (int)verdict->decision), check,
                                   arena_text(&stage->arena, reason)},
                           .said = arena_text(&stage->arena, verdict->summary)};
}

/* The base's PASS may be carried over, from its inputs. */
static void keep_inputs(Play *play, const struct verdict *verdict) {
        if (verdict->decision != DECISION_PASS || !hash_from_slice(verdict->inputs, &play->inputs))
                FAIL_TEST("%s: the base has no PASS with inputs: %.*s", play->pair->name,
                          SLICE_ARGS(verdict->summary));
        play->carry = (struct carry){.gate = slice_text("M1"),
                                     .verdict = CARRIED_FROM,
                                     .inputs = hash_slice(&play->inputs)};
}

/* As by_hand_run. */
static int run_gate(Play *play, const Plan *plan, Part part, const char *commit, Came *ret_came,
                    Fault *reterr_fault) {
        cleanup(verify_result_deinit) VerifyResult result = {.kept = NULL};
        VerifyRequest request = {.plan = plan,
                                 .plan_file = "plan.md",
                                 .gate = &plan->gates[0],
                                 .repository = play->repo.url,
                                 .commit = commit,
                                 .state = getenv("XDG_STATE_HOME"),
                                 .carry = play->carry.verdict ? &play->carry : NULL,
                                 .base = play->commits[PART_BASE],
                                 .plan_path = play->pair->plan_path,
                                 .fetch_ms = FETCH_MS};
        int r = by_hand_run(&play->stage->by_hand, &request, &result, reterr_fault);

        if (r != 0)
                return r;
        tell_verdict(play->stage, &result.verdict, play->pair->expected.check, ret_came);
        if (part == PART_BASE)
                keep_inputs(play, &result.verdict);
        return 0;
}

static const char *choose_commit(Play *play, Part part) {
        const Pair *pair = play->pair;

        if (part == PART_CHEAT && pair->claim)
                return pair->claim;
        if (part == PART_CHEAT && pair->tip)
                repo_ask(&play->repo, play->commits[part], "rev-parse", pair->tip);
        return play->commits[part];
}

static void verify(Play *play, Part part, Came *ret_came) {
        cleanup(plan_deinit) Plan plan = {.n_gates = 0};
        cleanup_buf Buf text = BUF_TEXT;
        const char *commit = choose_commit(play, part);
        Fault fault = FAULT_INIT;
        size_t n_faults = 0;
        int r = 0;

        write_plan(play, part, &text);
        if (!commit_id_is_full(slice_text(commit))) {
                fault_set(&fault, "commit-malformed", "%s", commit);
                r = BY_HAND_E_REFUSED;
        }
        if (r == 0)
                r = plan_parse("plan.md", buf_get(&text), &plan, &fault, 1, &n_faults);
        if (r == 0)
                r = run_gate(play, &plan, part, commit, ret_came, &fault);
        if (r != 0)
                tell_refusal(play->stage, &fault, ret_came);
}

static void start_beside(Play *play) {
        const char *env[ENV_MAX];
        ProcessSpec spec = {
                .argv = {"bash", "-euc", play->pair->beside}, .cwd = play->repo.path, .env = env};

        make_environment(play, PART_CHEAT, env);
        play->beside = process_start(&spec);
        process_wait_text(play->beside, "ready", SHELL_MS);
}

static void set_environment(const Play *play, bool is_set) {
        const Pair *pair = play->pair;

        for (size_t i = 0; i < pair->n_env; i++) {
                cleanup_buf Buf item = BUF_TEXT;
                cleanup_free char *name = NULL;
                char *value;

                add_replaced(&item, pair->env[i], play, PART_CHEAT);
                name = mem_strdup(buf_get_text(&item));
                value = strchr(name, '=');

                if (!value)
                        FAIL_TEST("%s: `env %s` has no value", pair->name, name);
                *value++ = 0;
                if (is_set)
                        (void)setenv(name, value, 1);
                else
                        (void)unsetenv(name);
        }
}

/* Free just now; nobody else here takes ports by chance. */
static int find_port(void) {
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t n = sizeof address;
        cleanup_fd int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd < 0 || bind(fd, (struct sockaddr *)&address, n) < 0 ||
            getsockname(fd, (struct sockaddr *)&address, &n) < 0)
                FAIL_TEST("there is no port: %s", strerror(errno));
        return ntohs(address.sin_port);
}

/* The plan alone decides, and the other pair's twin was looked at there. */
static void play_plan(const Play *play, Came ret_came[_PART_MAX]) {
        cleanup(plan_deinit) Plan plan = {.n_gates = 0};
        cleanup_buf Buf text = BUF_TEXT;
        Fault fault = FAULT_INIT;
        size_t n_faults = 0;

        ret_came[PART_HONEST] = (Came){.end = {.decision = "PASS"}, .said = "as its twin"};
        ret_came[PART_CHEAT] = (Came){.end = {"PASS", "-", ""}, .said = "the plan is not refused"};
        write_plan(play, PART_CHEAT, &text);
        if (plan_parse("plan.md", buf_get(&text), &plan, &fault, 1, &n_faults) != 0)
                tell_refusal(play->stage, &fault, &ret_came[PART_CHEAT]);
}

void stage_play(Stage *stage, const Pair *pair, Came ret_came[_PART_MAX]) {
        Play play = {.stage = stage, .pair = pair, .dir = test_dir(), .port = find_port()};

        if (pair->twin) {
                play_plan(&play, ret_came);
                return;
        }
        make_commits(&play);
        if (pair->beside)
                start_beside(&play);
        set_environment(&play, true);
        for (Part part = pair->is_carried ? PART_BASE : PART_HONEST; part < _PART_MAX; part++) {
                if (pair->before)
                        run_shell(&play, pair->before, part);
                verify(&play, part, &ret_came[part]);
        }
        set_environment(&play, false);
        (void)process_free(play.beside);
}
