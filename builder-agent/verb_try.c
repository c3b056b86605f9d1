/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `try`: a gate in our own hands, before it is claimed. */

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "builder-agent/try.h"
#include "builder-agent/verbs.h"
#include "client/project.h"
#include "client/session.h"
#include "verbs/choose.h"
#include "verify/by_hand.h"

static int ask_for_plan(Talk *talk, Plan *ret_plan, Fault *fault) {
        const char *named = args_get(talk->args, "phase");
        cleanup_arena Arena arena = ARENA_INIT;
        const struct phase_status *phase = NULL;
        struct status status;
        int r = talk_connect(talk, fault);

        if (r == 0 && named)
                return try_get_plan(talk, slice_text(named), ret_plan, fault);
        if (r == 0)
                r = talk_ask_status(talk, NULL, &arena, &status, fault);
        if (r != 0)
                return r;
        r = choose_phase(&status, talk->args->rest, talk->args->n_rest, &phase, fault);
        if (r != 0)
                return r == CHOOSE_E_REFUSED ? TALK_E_REFUSED : r;
        return try_get_plan(talk, phase->phase, ret_plan, fault);
}

static int try_plan(const Args *args, const Plan *plan, const char *plan_word, const char *state,
                    Fault *fault, int *ret_status) {
        cleanup(matter_deinit) Matter matter = {.url = BUF_TEXT};
        Trying trying = {.plan = plan,
                         .plan_file = plan_word,
                         .gate = args->rest[0],
                         .only_check = args_get(args, "check"),
                         .matter = &matter,
                         .state = state};
        const Gate *gate = NULL;
        Decision decision = DECISION_INCONCLUSIVE;
        int r;

        *ret_status = by_hand_choose_gate(args, plan, args->rest[0], &gate);
        if (*ret_status != EXIT_HOLDS)
                return 0;
        r = matter_find(args, &matter, fault);
        if (r == 0)
                r = try_gate(args, &trying, NULL, &decision, fault);
        if (r == 0)
                *ret_status = by_hand_exit_status(decision);
        return r;
}

static int try_approved(Talk *talk, Fault *fault) {
        cleanup(plan_deinit) Plan plan = {.n_gates = 0};
        cleanup_buf Buf word = BUF_TEXT;
        int r = ask_for_plan(talk, &plan, fault);

        if (r != 0)
                return r;
        try_name_plan(plan.phase, &word);
        return try_plan(talk->args, &plan, buf_get_text(&word), talk->project.dir, fault,
                        &talk->status);
}

/* Without a broker. */
static int try_file(const Args *args, const char *file) {
        cleanup(plan_deinit) Plan plan = {.n_gates = 0};
        Fault fault = FAULT_INIT, none = FAULT_INIT;
        cleanup_free char *root = project_find_root(args_get(args, "dir"), &none);
        cleanup_free char *state = root ? mem_printf("%s/.coldgate", root) : NULL;
        cleanup_buf Buf word = BUF_TEXT;
        int status = by_hand_read_plan(args, file, &plan), r;

        if (status != EXIT_HOLDS)
                return status;
        text_quote(file, &word);
        r = try_plan(args, &plan, buf_get_text(&word), state, &fault, &status);
        if (r < 0)
                fault_set(&fault, "not-carried-out", "%s", strerror(-r));
        if (r != 0)
                return args_refuse(args, &fault, refusal_exit_status(&fault));
        return status;
}

int verb_try(const Args *args) {
        const char *file = args_get(args, "plan");

        return file ? try_file(args, file) : talk_run(args, try_approved);
}
