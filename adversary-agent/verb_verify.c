/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `verify`: the daemon's verification, one shot, without a broker. */

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adversary-agent/verbs.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "client/project.h"
#include "sandbox/sandbox.h"
#include "verify/mirror.h"
#include "verify/redact.h"
#include "verify/scratch.h"
#include "verify/lock.h"
#include "verify/verify.h"
#include "view/progress.h"
#include "view/status.h"

enum { FETCH_MS = 120000, FAULTS_MAX = 50 };

/* The project's own directory, if there is one around us: nothing that is run may read it. */
static char *find_state(const Args *args) {
        Fault none = FAULT_INIT;
        cleanup_free char *root = project_find_root(args_get(args, "dir"), &none);

        return root ? mem_printf("%s/.coldgate", root) : NULL;
}

/* Set by the handler of SIGINT and SIGTERM; nothing else may be done there. */
static volatile sig_atomic_t is_asked_to_stop;

typedef struct Verification {
        const Args *args;
        Plan plan;
        const Gate *gate;
        char *url, *mirrors, *scratch, *runner;
        Redactor *redactor;
        Buf plan_word;
        Progress progress;
} Verification;

static void verification_deinit(Verification *verification) {
        if (verification->scratch && !args_has(verification->args, "keep"))
                scratch_drop(verification->scratch);
        plan_deinit(&verification->plan);
        free(verification->url);
        free(verification->mirrors);
        free(verification->scratch);
        free(verification->runner);
        (void)redactor_free(verification->redactor);
        buf_deinit(&verification->plan_word);
}

static void on_signal(int number) {
        (void)number;
        is_asked_to_stop = 1;
}

static bool is_cancelled(void *userdata) {
        (void)userdata;
        return is_asked_to_stop;
}

static void report(void *userdata, const char *what, size_t n_done, size_t n_total) {
        Verification *verification = userdata;
        cleanup_buf Buf text = BUF_TEXT;

        buf_printf(&text, "%.*s: %zu/%zu  %s", SLICE_ARGS(verification->gate->id), n_done, n_total,
                   what);
        progress_show(&verification->progress, clock_mono_ms(), buf_get(&text));
}

/* ---- what is asked for ---- */

static int refuse_plan(const Args *args, const Fault *faults, size_t n_faults) {
        for (size_t i = 0; i + 1 < n_faults; i++) {
                cleanup_buf Buf text = BUF_TEXT;

                fault_describe(&faults[i], &text);
                (void)fprintf(stderr, "%s: %s", args->program->name, buf_get_text(&text));
        }
        return args_refuse(args, &faults[n_faults - 1], EXIT_USAGE);
}

/* EXIT_HOLDS, or the exit status of the refusal. */
static int read_plan(Verification *verification) {
        const Args *args = verification->args;
        const char *file = args->rest[0];
        cleanup_buf Buf text = BUF_INIT(PLAN_BYTES_MAX);
        cleanup_free Fault *faults = mem_new_array(Fault, FAULTS_MAX);
        size_t n_faults = 0;
        int r = file_read(file, &text);

        if (r != 0) {
                fault_set(&faults[0], "plan-unreadable", "%s cannot be read: %s", file,
                          r == FILE_E_TOO_LARGE ? "it is larger than a plan may be"
                                                : strerror(r < 0 ? -r : ENOENT));
                return args_refuse(args, &faults[0], EXIT_USAGE);
        }
        r = plan_parse(file, buf_get(&text), &verification->plan, faults, FAULTS_MAX, &n_faults);
        if (r < 0) {
                fault_set(&faults[0], "not-carried-out", "%s", strerror(-r));
                return args_refuse(args, &faults[0], EXIT_NOT_CARRIED_OUT);
        }
        if (r != 0)
                return refuse_plan(args, faults, n_faults);
        /* What a shell's <(…) is called is gone when somebody types the line again. */
        if (strncmp(file, "/dev/fd/", 8) == 0)
                buf_text(&verification->plan_word, "PLAN");
        else
                shell_quote(file, &verification->plan_word);
        return EXIT_HOLDS;
}

static void suggest_check(const Gate *gate, const char *id, Fault *fault) {
        cleanup_free const char **ids = mem_new_array(const char *, gate->n_checks + 1);
        cleanup_arena Arena arena = ARENA_INIT;
        const char *nearest;

        for (size_t i = 0; i < gate->n_checks; i++)
                ids[i] = arena_text(&arena, gate->checks[i].id);
        nearest = nearest_word(slice_text(id), ids, gate->n_checks);
        if (nearest)
                fault_next(fault, "did you mean `%s`?", nearest);
        else if (gate->n_checks)
                fault_next(fault, "the first one is `%s`", ids[0]);
}

static int choose_gate(Verification *verification) {
        const Args *args = verification->args;
        const char *check = args_get(args, "check");
        Slice id = slice_text(args->rest[1]);
        Fault fault = FAULT_INIT;

        verification->gate = plan_find_gate(&verification->plan, id);
        if (!verification->gate) {
                fault_set(&fault, "gate-unknown", "the plan has no gate `%s`", args->rest[1]);
                plan_suggest_gate(&verification->plan, id, &fault);
                return args_refuse(args, &fault, EXIT_NOTHING_SELECTED);
        }
        if (check && !gate_find_check(verification->gate, slice_text(check))) {
                fault_set(&fault, "check-unknown", "gate %s has no check `%s`", args->rest[1],
                          check);
                suggest_check(verification->gate, check, &fault);
                return args_refuse(args, &fault, EXIT_NOTHING_SELECTED);
        }
        return EXIT_HOLDS;
}

/* A path becomes a file URL; git reads %XX in one, so that a `%` must be written as one. */
static char *url_of(const char *repository) {
        static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "0123456789-._~/+@,=:";
        char path[PATH_MAX];
        cleanup_buf Buf url = BUF_TEXT;

        if (strstr(repository, "://") || !realpath(repository, path))
                return mem_strdup(repository);
        buf_text(&url, "file://");
        for (const char *c = path; *c; c++)
                if (strchr(plain, *c))
                        buf_byte(&url, (uint8_t)*c);
                else
                        buf_printf(&url, "%%%02X", (unsigned char)*c);
        return buf_take(&url);
}

static int choose_commit(Verification *verification) {
        const Args *args = verification->args;
        const char *repository = args_get(args, "repo");
        const char *commit = args_get(args, "commit");
        Fault fault = FAULT_INIT;

        if (!repository || !commit) {
                fault_set(&fault, "option-missing", "--%s is needed",
                          repository ? "commit" : "repo");
                fault_next(&fault, "adversary-agent verify PLAN GATE --repo R --commit C");
                return args_refuse(args, &fault, EXIT_USAGE);
        }
        verification->url = url_of(repository);
        if (commit_id_is_full(slice_text(commit)))
                return EXIT_HOLDS;
        fault_set(&fault, "commit-malformed",
                  "`%s` is not a full commit id: 40 or 64 hex digits, "
                  "lower case",
                  commit);
        if (strncmp(verification->url, "file://", 7) == 0)
                fault_next(&fault, "git -C %s rev-parse %s", verification->url + 7, commit);
        else
                fault_next(&fault, "git ls-remote %s %s", repository, commit);
        return args_refuse(args, &fault, EXIT_USAGE);
}

/* ---- where it happens ---- */

static char *cache_dir(void) {
        const char *cache = getenv("XDG_CACHE_HOME");
        const char *home = getenv("HOME");

        if (cache && cache[0] == '/')
                return mem_printf("%s/coldgate/mirrors", cache);
        if (home && home[0] == '/')
                return mem_printf("%s/.cache/coldgate/mirrors", home);
        return mem_printf("/tmp/coldgate-%u/mirrors", (unsigned)getuid());
}

static int make_places(Verification *verification, Fault *reterr_fault) {
        const char *tmp = getenv("TMPDIR");
        bool is_private = false;
        int r;

        verification->mirrors = cache_dir();
        TRY(dir_make(verification->mirrors, 0700));
        verification->scratch =
                mem_printf("%s/coldgate-XXXXXX", tmp && tmp[0] == '/' ? tmp : "/tmp");
        if (!mkdtemp(verification->scratch)) {
                r = -errno;
                verification->scratch[0] = 0; /* nothing of ours to be removed */
                return error_origin(r);
        }
        /* What is to be kept must be seen by others than us. */
        if (!args_has(verification->args, "keep"))
                TRY(scratch_make_private(verification->scratch, &is_private));
        verification->runner = sandbox_find_runner(reterr_fault);
        if (!verification->runner)
                return CANARY_E_SICK;
        return canary_run(verification->runner, verification->scratch, reterr_fault);
}

/* ---- the verb ---- */

static int exit_status_of(Decision decision) {
        switch (decision) {
        case DECISION_PASS: return EXIT_HOLDS;
        case DECISION_FAIL: return EXIT_HOLDS_NOT;
        case DECISION_INCONCLUSIVE:
        case _DECISION_MAX: break;
        }
        return EXIT_NOT_CARRIED_OUT;
}

static void print(const Verification *verification, const VerifyResult *result) {
        cleanup_buf Buf text = BUF_TEXT;
        bool is_forbidden = args_has(verification->args, "no-color");

        if (args_has(verification->args, "json")) {
                verify_describe_json(result, &text);
                buf_text(&text, "\n");
        } else {
                verify_describe(result, colour_is_wanted(STDOUT_FILENO, is_forbidden), &text);
        }
        (void)fwrite(text.data, 1, text.n, stdout);
        (void)fflush(stdout);
}

static int verify(Verification *verification, uint64_t fetch_ms) {
        cleanup(verify_result_deinit) VerifyResult result = {.kept = NULL};
        cleanup(lock_files_freep) LockFiles *locks = lock_files_new(NULL);
        const Args *args = verification->args;
        cleanup_free char *state = find_state(args);
        Fault fault = FAULT_INIT;
        VerifyRequest request = {
                .plan = &verification->plan,
                .plan_file = buf_get_text(&verification->plan_word),
                .gate = verification->gate,
                .only_check = args_get(args, "check"),
                .repository = verification->url,
                .commit = args_get(args, "commit"),
                .mirrors = verification->mirrors,
                .scratch = verification->scratch,
                .state = state,
                .redactor = verification->redactor,
                .claimed_ms = clock_wall_ms(),
                .fetch_ms = fetch_ms,
                .keep = args_has(args, "keep"),
                .runner = verification->runner,
                .locks = lock_files_get(locks),
                .progress = {.userdata = verification,
                             .report = report,
                             .is_cancelled = is_cancelled},
        };
        int r;

        progress_start(&verification->progress, STDERR_FILENO, clock_mono_ms());
        r = verify_run(&request, &result);
        progress_clear(&verification->progress);
        if (r == 0) {
                print(verification, &result);
                return exit_status_of(result.verdict.decision);
        }
        fault_set(&fault, r == VERIFY_E_CANCELLED ? "cancelled" : "not-carried-out", "%s",
                  r == VERIFY_E_CANCELLED ? "stopped before there was a verdict" : strerror(-r));
        return args_refuse(args, &fault, EXIT_NOT_CARRIED_OUT);
}

int verb_verify(const Args *args) {
        cleanup(verification_deinit)
                Verification verification = {.args = args, .plan_word = BUF_TEXT};
        struct sigaction stop = {.sa_handler = on_signal};
        Fault fault = FAULT_INIT;
        uint64_t fetch_ms = 0;
        int status = EXIT_HOLDS, r;

        if (args_get_duration(args, "fetch-timeout", FETCH_MS, &fetch_ms, &fault) != 0)
                return args_refuse(args, &fault, EXIT_USAGE);
        r = redactor_new(args_get(args, "secrets"), &verification.redactor, &fault);
        if (r != 0)
                return args_refuse(args, &fault, r > 0 ? EXIT_USAGE : EXIT_NOT_CARRIED_OUT);
        status = choose_commit(&verification);
        if (status == EXIT_HOLDS)
                status = read_plan(&verification);
        if (status == EXIT_HOLDS)
                status = choose_gate(&verification);
        if (status != EXIT_HOLDS)
                return status;
        if (sigaction(SIGINT, &stop, NULL) < 0 || sigaction(SIGTERM, &stop, NULL) < 0)
                return EXIT_NOT_CARRIED_OUT;
        r = make_places(&verification, &fault);
        if (r < 0)
                fault_set(&fault, "not-carried-out", "%s", strerror(-r));
        return r == 0 ? verify(&verification, fetch_ms)
                      : args_refuse(args, &fault, EXIT_NOT_CARRIED_OUT);
}
