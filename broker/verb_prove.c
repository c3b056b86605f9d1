/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `plan prove`: which checks of a plan have teeth. The broker verifies nothing; the adversary's
 * program beside it does. */

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "broker/verbs.h"
#include "plan/plan.h"
#include "verbs/child.h"
#include "verbs/repository.h"

enum { WORDS_MAX = 16 };

/* Where both are installed, or in the tree in which both were built. Caller frees. */
static char *find_adversary(Fault *reterr_fault) {
        static const char *const places[] = {"", "../adversary-agent/"};
        char program[PATH_MAX];
        ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
        char *slash;

        program[n > 0 ? n : 0] = 0;
        slash = strrchr(program, '/');
        for (size_t i = 0; slash && i < ARRAY_SIZE(places); i++) {
                cleanup_free char *path = mem_printf("%.*s/%sadversary-agent",
                                                     (int)(slash - program), program, places[i]);

                if (access(path, X_OK) == 0 && strcmp(path, program) != 0)
                        return TAKE(path);
        }
        fault_set(reterr_fault, "adversary-missing",
                  "there is no adversary-agent beside this program");
        fault_next(reterr_fault, "install it in the same directory, or run `adversary-agent verify "
                                 "PLAN GATE --prove` yourself");
        return NULL;
}

static int prove_gate(const Args *args, const char *adversary, const Gate *gate, int *ret_status) {
        cleanup_arena Arena arena = ARENA_INIT;
        const char *const words[WORDS_MAX] = {
                adversary,     "verify",
                args->rest[0], arena_text(&arena, gate->id),
                "--repo",      args_get(args, "repo"),
                "--commit",    args_get(args, "commit"),
                "--prove",     args_has(args, "json") ? "--json" : NULL};
        cleanup_child Child child = CHILD_INIT;
        int r = child_start(&child, words, NULL, 0);

        return r == 0 ? child_wait(&child, ret_status) : r;
}

/* What could not be carried out is worse than what does not hold. */
static int worse(int a, int b) {
        return a > b ? a : b;
}

static int prove(const Args *args, const Plan *plan, const char *adversary, int *ret_status) {
        const char *only = args_get(args, "gate");
        Fault fault = FAULT_INIT;
        size_t n = 0;

        for (size_t i = 0; i < plan->n_gates; i++) {
                int status = EXIT_NOT_CARRIED_OUT, r;

                if (only && !slice_is(plan->gates[i].id, only))
                        continue;
                n++;
                r = prove_gate(args, adversary, &plan->gates[i], &status);
                if (r != 0)
                        return r;
                *ret_status = worse(*ret_status, status);
        }
        if (n)
                return 0;
        fault_set(&fault, "gate-unknown", "the plan has no gate `%s`", only ? only : "");
        plan_suggest_gate(plan, slice_text(only), &fault);
        *ret_status = args_refuse(args, &fault, EXIT_NOTHING_SELECTED);
        return 0;
}

/* Said once, and not by each gate's child. */
static int check_options(const Args *args, Fault *fault) {
        const char *repo = args_get(args, "repo"), *commit = args_get(args, "commit");
        cleanup_buf Buf line = BUF_TEXT;
        size_t n = commit ? strspn(commit, "0123456789abcdef") : 0;

        if (repo && commit && !commit[n] && (n == 40 || n == 64))
                return 0;
        if (!repo || !commit)
                fault_set(fault, "option-missing", "--%s is needed", repo ? "commit" : "repo");
        else
                fault_set(fault, "commit-malformed",
                          "`%s` is not a full commit id: 40 or 64 hex digits, lower case", commit);
        text_quote(args->rest[0], &line);
        buf_text(&line, " --repo ");
        text_quote(repo ? repo : ".", &line);
        buf_text(&line, " --commit ");
        repository_ask_commit(repo ? repo : ".", commit ? commit : "HEAD", &line);
        fault_next(fault, "broker plan prove %s", buf_get_text(&line));
        return ERRAND_E_REFUSED;
}

int verb_plan_prove(const Args *args) {
        cleanup(plan_deinit) Plan plan = {.n_gates = 0};
        cleanup_buf Buf text = BUF_TEXT;
        cleanup_free char *adversary = NULL;
        Fault fault = FAULT_INIT;
        size_t n_faults = 0;
        int status = EXIT_HOLDS, r;

        if (check_options(args, &fault) != 0)
                return args_refuse(args, &fault, EXIT_USAGE);
        if (errand_read_file(args->rest[0], PLAN_BYTES_MAX, &text, &fault) != 0)
                return args_refuse(args, &fault, EXIT_USAGE);
        r = plan_parse(args->rest[0], buf_get(&text), &plan, &fault, 1, &n_faults);
        if (r != 0)
                return errand_end(args, r > 0 ? ERRAND_E_REFUSED : r, &fault, EXIT_USAGE);
        adversary = find_adversary(&fault);
        if (!adversary)
                return args_refuse(args, &fault, EXIT_NOT_CARRIED_OUT);
        r = prove(args, &plan, adversary, &status);
        return errand_end(args, r, NULL, status);
}
