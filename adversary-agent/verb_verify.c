/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `verify`: the daemon's verification, one shot, without a broker. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "adversary-agent/verbs.h"
#include "base/mem.h"
#include "base/text.h"
#include "client/project.h"
#include "verbs/repository.h"
#include "verify/by_hand.h"
#include "verify/explain.h"
#include "verify/mirror.h"
#include "verify/redact.h"

/* The project's own directory, if there is one around us: nothing that is run may read it. */
static char *find_state(const Args *args) {
        Fault none = FAULT_INIT;
        cleanup_free char *root = project_find_root(args_get(args, "dir"), &none);

        return root ? mem_printf("%s/.coldgate", root) : NULL;
}

typedef struct Verification {
        const Args *args;
        Plan plan;
        const Gate *gate;
        char *url;
        Redactor *redactor;
        Buf plan_word;
        uint64_t fetch_ms, n_jobs;
} Verification;

static void verification_deinit(Verification *verification) {
        plan_deinit(&verification->plan);
        free(verification->url);
        (void)redactor_free(verification->redactor);
        buf_deinit(&verification->plan_word);
}

/* What a shell's <(…) is called is gone when somebody types the line again. */
static void name_plan(const char *file, Buf *word) {
        if (strncmp(file, "/dev/fd/", 8) == 0)
                buf_text(word, "PLAN");
        else
                text_quote(file, word);
}

/* The line again, with what was left out: this repository, and the commit that its HEAD is. */
static void suggest_line(const Args *args, const char *repository, const char *rev, Fault *fault) {
        cleanup_buf Buf line = BUF_TEXT;

        buf_text(&line, "adversary-agent verify ");
        name_plan(args->rest[0], &line);
        buf_text(&line, " ");
        text_quote(args->rest[1], &line);
        buf_text(&line, " --repo ");
        text_quote(repository, &line);
        buf_text(&line, " --commit ");
        repository_ask_commit(repository, rev, &line);
        fault_next(fault, "%s", buf_get_text(&line));
}

/* A path that was mistyped is no repository of a claim: nothing is verified. What is no path is
 * judged as in a claim. */
static int check_path(const Args *args, const char *repository) {
        Fault fault = FAULT_INIT;

        if (!repository_is_path(repository) || access(repository, F_OK) == 0)
                return EXIT_HOLDS;
        fault_set(&fault, "repository-missing", "%s", strerror(errno));
        fault_place(&fault, "%s", repository);
        fault_next(&fault, "name it as a path, or as https://HOST/PATH, ssh://USER@HOST/PATH, "
                           "file:///PATH");
        return args_refuse(args, &fault, EXIT_USAGE);
}

static int choose_commit(Verification *verification) {
        const Args *args = verification->args;
        const char *repository = args_get(args, "repo");
        const char *commit = args_get(args, "commit");
        Fault fault = FAULT_INIT;
        int status;

        if (args_has(args, "explain")) {
                verification->url = repository ? by_hand_url(repository) : NULL;
                return EXIT_HOLDS;
        }
        if (!repository || !commit) {
                fault_set(&fault, "option-missing", "--%s is needed",
                          repository ? "commit" : "repo");
                suggest_line(args, repository ? repository : ".", commit ? commit : "HEAD", &fault);
                return args_refuse(args, &fault, EXIT_USAGE);
        }
        status = check_path(args, repository);
        if (status != EXIT_HOLDS)
                return status;
        verification->url = by_hand_url(repository);
        if (commit_id_is_full(slice_text(commit)))
                return EXIT_HOLDS;
        fault_set(&fault, "commit-malformed",
                  "`%s` is not a full commit id: 40 or 64 hex digits, "
                  "lower case",
                  commit);
        suggest_line(args, repository, commit, &fault);
        return args_refuse(args, &fault, EXIT_USAGE);
}

/* Whether every check that has teeth was seen to bite. */
static bool all_bite(const VerifyResult *result) {
        for (size_t i = 0; i < result->verdict.n_checks; i++)
                if (verify_bites(&result->verdict.checks[i]) == VERIFY_BITES_NOT)
                        return false;
        return true;
}

static int finish(const Verification *verification, const VerifyResult *result) {
        const Args *args = verification->args;
        int status = by_hand_exit_status(result->verdict.decision);

        by_hand_print(args, result);
        if (!args_has(args, "prove"))
                return status;
        if (!args_has(args, "json")) {
                cleanup_buf Buf text = BUF_TEXT;

                verify_describe_teeth(result, &text);
                (void)fwrite(text.data, 1, text.n, stdout);
                (void)fflush(stdout);
        }
        return status == EXIT_HOLDS && !all_bite(result) ? EXIT_HOLDS_NOT : status;
}

static int verify(Verification *verification) {
        cleanup(verify_result_deinit) VerifyResult result = {.kept = NULL};
        const Args *args = verification->args;
        cleanup(by_hand_deinit) ByHand by_hand = {.only_check = args_get(args, "check"),
                                                  .keep = args_has(args, "keep")};
        cleanup_free char *state = find_state(args);
        Fault fault = FAULT_INIT;
        VerifyRequest request = {
                .plan = &verification->plan,
                .plan_file = buf_get_text(&verification->plan_word),
                .gate = verification->gate,
                .repository = verification->url,
                .commit = args_get(args, "commit"),
                .state = state,
                .redactor = verification->redactor,
                .fetch_ms = verification->fetch_ms,
                .n_jobs = verification->n_jobs,
        };
        int r = by_hand_open(&by_hand, "mirrors", &fault);

        if (r == 0)
                r = by_hand_run(&by_hand, &request, &result, &fault);
        return r == 0 ? finish(verification, &result)
                      : args_refuse(args, &fault, EXIT_NOT_CARRIED_OUT);
}

static void print_explanation(const Args *args, const Explanation *explanation) {
        cleanup_buf Buf text = BUF_TEXT;

        if (args_has(args, "json"))
                explanation_describe_json(explanation, &text);
        else
                explanation_describe(explanation, &text);
        (void)fwrite(text.data, 1, text.n, stdout);
        (void)fflush(stdout);
}

static int explain(const Verification *verification) {
        cleanup(explanation_deinit) Explanation explanation = {.n_checks = 0};
        const Args *args = verification->args;
        const char *commit = args_get(args, "commit");
        cleanup(by_hand_deinit) ByHand by_hand = {.only_check = args_get(args, "check")};
        cleanup_free char *state = find_state(args);
        Fault fault = FAULT_INIT;
        VerifyRequest request = {
                .plan = &verification->plan,
                .gate = verification->gate,
                .only_check = by_hand.only_check,
                .repository = verification->url ? verification->url : "",
                .commit = commit ? commit : "(the claimed commit)",
                .state = state,
                .redactor = verification->redactor,
        };
        int r = by_hand_open(&by_hand, "mirrors", &fault);

        request.mirrors = by_hand.mirrors;
        request.scratch = by_hand.scratch;
        request.runner = by_hand.runner;
        if (r == 0)
                r = explain_gate(&request, &explanation, &fault);
        if (r == 0)
                print_explanation(args, &explanation);
        if (r < 0)
                fault_set(&fault, "not-carried-out", "%s", strerror(-r));
        return r == 0 ? EXIT_HOLDS : args_refuse(args, &fault, EXIT_NOT_CARRIED_OUT);
}

int verb_verify(const Args *args) {
        cleanup(verification_deinit)
                Verification verification = {.args = args, .plan_word = BUF_TEXT};
        Fault fault = FAULT_INIT;
        int status = EXIT_HOLDS, r;

        if (args_get_duration(args, "fetch-timeout", 0, &verification.fetch_ms, &fault) != 0 ||
            args_get_number(args, "jobs", 1, 1, VERIFY_JOBS_MAX, &verification.n_jobs, &fault) != 0)
                return args_refuse(args, &fault, EXIT_USAGE);
        r = redactor_new(args_get(args, "secrets"), &verification.redactor, &fault);
        if (r != 0)
                return args_refuse(args, &fault, r > 0 ? EXIT_USAGE : EXIT_NOT_CARRIED_OUT);
        status = choose_commit(&verification);
        if (status == EXIT_HOLDS)
                status = by_hand_read_plan(args, args->rest[0], &verification.plan);
        name_plan(args->rest[0], &verification.plan_word);
        if (status == EXIT_HOLDS)
                status = by_hand_choose_gate(args, &verification.plan, args->rest[1],
                                             &verification.gate);
        if (status != EXIT_HOLDS)
                return status;
        return args_has(args, "explain") ? explain(&verification) : verify(&verification);
}
