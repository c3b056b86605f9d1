/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The adversary's engine in the Builder's hands. */

#include "builder-agent/try.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/text.h"
#include "proto/codec.h"
#include "verify/by_hand.h"
#include "verify/redact.h"

enum { CLAIMED_BYTES_MAX = 60000 };

/* What is never the same twice is nothing to be compared. */
static const char *const fleeting[] = {"duration"};

static const struct phase_status *find_phase(const struct status *status, Slice phase) {
        for (size_t i = 0; i < status->n_phases; i++)
                if (slice_equal(status->phases[i].phase, phase))
                        return &status->phases[i];
        return NULL;
}

int try_get_plan(Talk *talk, Slice phase, Plan *ret_plan, Fault *reterr_fault) {
        cleanup_arena Arena arena = ARENA_INIT;
        const char *name = arena_text(&arena, phase);
        const struct phase_status *of_phase;
        struct status status;
        struct entry entry;
        Message body;
        size_t n_faults = 0;
        int r = talk_ask_status(talk, name, &arena, &status, reterr_fault);

        if (r != 0)
                return r;
        of_phase = find_phase(&status, phase);
        if (!of_phase || !of_phase->plan) {
                fault_set(reterr_fault, "plan-unknown", "the broker does not say which plan %s has",
                          name);
                fault_next(reterr_fault, "builder-agent try GATE --plan FILE");
                return TALK_E_REFUSED;
        }
        r = talk_ask_entry(talk, of_phase->plan, &arena, &entry, &body, reterr_fault);
        if (r != 0)
                return r;
        if (body.type != MESSAGE_PLAN) {
                fault_set(reterr_fault, "plan-unknown", "entry %llu is no plan",
                          (unsigned long long)of_phase->plan);
                return TALK_E_REFUSED;
        }
        r = plan_parse("the approved plan", body.plan.text, ret_plan, reterr_fault, 1, &n_faults);
        return r > 0 ? TALK_E_REFUSED : r;
}

void try_name_plan(Slice phase, Buf *word) {
        cleanup_arena Arena arena = ARENA_INIT;

        buf_text(word, "<(broker plan show --text ");
        text_quote(arena_text(&arena, phase), word);
        buf_text(word, ")");
}

static bool is_fleeting(Slice where) {
        for (size_t i = 0; i < ARRAY_SIZE(fleeting); i++)
                if (slice_is(slice_head(where, strlen(fleeting[i])), fleeting[i]))
                        return true;
        return false;
}

static void append_evidence(const VerifyResult *result, Buf *evidence) {
        for (size_t i = 0; i < result->n_evidence; i++) {
                cleanup_arena Arena arena = ARENA_INIT;
                CodecFault fault = {.message = NULL};
                const struct check_evidence *measured;
                Message message;

                if (codec_decode(result->evidence[i].frame, &arena, &message, &fault) != 0)
                        continue;
                measured = &message.check_evidence;
                for (size_t k = 0; k < measured->n_assertions; k++) {
                        const struct assertion *assertion = &measured->assertions[k];

                        if (is_fleeting(assertion->where) || evidence->n > CLAIMED_BYTES_MAX)
                                continue;
                        buf_printf(evidence, "%.*s %.*s = %.*s\n", SLICE_ARGS(measured->check),
                                   SLICE_ARGS(assertion->where), SLICE_ARGS(assertion->actual));
                }
        }
}

static int find_gate(const Trying *trying, const Gate **ret_gate, Fault *reterr_fault) {
        const Slice wanted = slice_text(trying->gate);

        *ret_gate = plan_find_gate(trying->plan, wanted);
        if (*ret_gate)
                return 0;
        fault_set(reterr_fault, "gate-unknown", "the plan has no gate `%.*s`", SLICE_ARGS(wanted));
        plan_suggest_gate(trying->plan, wanted, reterr_fault);
        return TALK_E_REFUSED;
}

static void print(const Args *args, const VerifyResult *result) {
        by_hand_print(args, result);
        if (args_has(args, "json"))
                return;
        (void)printf("tried here, cold: no verdict; that is an adversary's\n");
        (void)fflush(stdout);
}

/* As the adversary finds them. NULL: there are none. */
static char *find_secrets(const char *state) {
        cleanup_free char *path = state ? mem_printf("%s/secrets", state) : NULL;

        return path && access(path, F_OK) == 0 ? TAKE(path) : NULL;
}

static int run(const Trying *trying, const Gate *gate, VerifyResult *ret_result,
               Fault *reterr_fault) {
        cleanup(by_hand_deinit) ByHand by_hand = {.only_check = trying->only_check};
        cleanup(redactor_freep) Redactor *redactor = NULL;
        VerifyRequest request = {
                .plan = trying->plan,
                .plan_file = trying->plan_file,
                .gate = gate,
                .repository = buf_get_text(&trying->matter->url),
                .commit = trying->matter->commit,
                .state = trying->state,
        };
        cleanup_free char *secrets = find_secrets(trying->state);
        int r = redactor_new(secrets, &redactor, reterr_fault);

        if (r == 0) {
                request.redactor = redactor;
                r = by_hand_open(&by_hand, "try", reterr_fault);
        }
        if (r == 0)
                r = by_hand_run(&by_hand, &request, ret_result, reterr_fault);
        return r > 0 ? TALK_E_REFUSED : r;
}

int try_gate(const Args *args, const Trying *trying, Buf *evidence, Decision *ret_decision,
             Fault *reterr_fault) {
        cleanup(verify_result_deinit) VerifyResult result = {.kept = NULL};
        const Gate *gate = NULL;
        int r = find_gate(trying, &gate, reterr_fault);

        if (r == 0)
                r = run(trying, gate, &result, reterr_fault);
        if (r != 0)
                return r;
        if (evidence)
                append_evidence(&result, evidence);
        if (!evidence || !args_has(args, "json"))
                print(args, &result);
        *ret_decision = result.verdict.decision;
        return 0;
}
