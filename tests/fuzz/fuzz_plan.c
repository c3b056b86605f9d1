/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Plans from outside: refused with a rule and a place, or whole and describable; parsing again
 * gives the same digests. Behind a NUL stands a revision of the plan: what differs is what two
 * digests say. */

#include "tests/fuzz/fuzz.h"

#include "broker/plan_diff.h"
#include "plan/jsonpath.h"
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

static bool parse(Slice text, Plan *ret_plan) {
        static Fault faults[FAULTS_MAX];
        size_t n_faults = 0;
        int r = plan_parse("p.md", text, ret_plan, faults, FAULTS_MAX, &n_faults);

        if (r)
                must_be_refused_well(faults, n_faults);
        else
                must_be_whole(ret_plan);
        return r == 0;
}

static void read_alone(const Plan *plan) {
        cleanup_buf Buf text = BUF_TEXT;
        Plan again;

        plan_describe(plan, &text);
        must(parse(plan->text, &again));
        for (size_t i = 0; i < plan->n_gates; i++)
                must(hash_equal(&plan->gates[i].digest, &again.gates[i].digest));
        buf_clear(&text);
        plan_describe_weakening(plan, &again, &text);
        must(text.n == 0);
        plan_describe_hints(plan, "p.md", &text);
        plan_deinit(&again);
}

static bool is_in(const Slice *gates, size_t n, Slice id) {
        for (size_t i = 0; i < n; i++)
                if (slice_equal(gates[i], id))
                        return true;
        return false;
}

static void must_differ_so(const Plan *before, const Plan *after, const PlanDiff *diff) {
        for (size_t i = 0; i < after->n_gates; i++) {
                const Gate *now = &after->gates[i], *then = plan_find_gate(before, now->id);

                must(is_in(diff->added, diff->n_added, now->id) == !then);
                must(is_in(diff->changed, diff->n_changed, now->id) ==
                     (then && !hash_equal(&then->digest, &now->digest)));
        }
        for (size_t i = 0; i < before->n_gates; i++)
                must(is_in(diff->removed, diff->n_removed, before->gates[i].id) ==
                     !plan_find_gate(after, before->gates[i].id));
}

static void read_revision(const Plan *before, const Plan *after) {
        cleanup_buf Buf text = BUF_TEXT, json = BUF_TEXT;
        cleanup_arena Arena arena = ARENA_INIT;
        PlanDiff diff;
        JsonValue value;

        plan_diff_build(before, after, &arena, &diff);
        must_differ_so(before, after, &diff);
        plan_diff_describe(&diff, &text);
        plan_diff_describe_json(&diff, &json);
        must(jsonpath_get(buf_get(&json), slice_text("$.weakened"), &arena, &value) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        Slice all = slice_make(data, n);
        Slice text = slice_head(all, slice_find(all, slice_make("", 1)));
        Plan plan, revised;

        if (!parse(text, &plan))
                return 0;
        read_alone(&plan);
        if (text.n < n && parse(slice_from(all, text.n + 1), &revised)) {
                read_revision(&plan, &revised);
                read_revision(&revised, &plan);
                plan_deinit(&revised);
        }
        plan_deinit(&plan);
        return 0;
}
