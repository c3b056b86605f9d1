/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Plans from outside: refused with a rule and a place, or whole and describable; parsing again
 * gives the same digests. */

#include "tests/fuzz/fuzz.h"

#include "plan/match.h"
#include "plan/plan.h"

enum { FAULTS_MAX = 16 };

static void must_be_refused_well(const Fault *faults, size_t n_faults) {
        must(n_faults > 0 && n_faults <= FAULTS_MAX);
        for (size_t i = 0; i < n_faults; i++)
                must(faults[i].rule && faults[i].found[0] && faults[i].place[0]);
}

static void must_be_whole(const Plan *plan) {
        must(plan->phase.n > 0 && plan->n_gates > 0);
        for (size_t i = 0; i < plan->n_gates; i++) {
                const Gate *gate = &plan->gates[i];

                must(gate->n_checks > 0 && gate->valid_for_ms > 0);
                must(plan_find_gate(plan, gate->id) == gate);
                for (size_t k = 0; k < gate->n_checks; k++) {
                        const Check *check = &gate->checks[k];

                        must(check->n_expectations > 0 || check->kind == CHECK_GIT ||
                             check->kind == CHECK_REVISION || check->kind == CHECK_MANUAL);
                        must(check->timeout_ms > 0 && check->n_repeat > 0);
                        must(check->id.n > 0 && check->id.n <= 256 &&
                             check_is(check, check->family));
                        must(gate_find_check(gate, check->id) == check);
                }
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        static Fault faults[FAULTS_MAX];
        cleanup_buf Buf text = BUF_TEXT;
        size_t n_faults = 0;
        Plan plan, again;

        if (plan_parse("p.md", slice_make(data, n), &plan, faults, FAULTS_MAX, &n_faults)) {
                must_be_refused_well(faults, n_faults);
                return 0;
        }
        must_be_whole(&plan);
        plan_describe(&plan, &text);
        must(plan_parse("p.md", plan.text, &again, faults, FAULTS_MAX, &n_faults) == 0);
        for (size_t i = 0; i < plan.n_gates; i++)
                must(hash_equal(&plan.gates[i].digest, &again.gates[i].digest));
        buf_clear(&text);
        plan_describe_weakening(&plan, &again, &text);
        must(text.n == 0);
        plan_describe_hints(&plan, "p.md", &text);
        plan_deinit(&again);
        plan_deinit(&plan);
        return 0;
}
