/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Plans for tests. */

#include "tests/lib/plans.h"

#include "base/fd.h"
#include "tests/lib/test.h"

const char *plans_with_gate(Arena *arena, const char *rest) {
        return arena_printf(arena,
                            "```yaml phase\nversion: 1\nphase: p\n```\n\n"
                            "```yaml gate\ngate: G\n%s\n```\n",
                            rest);
}

const char *plans_with_expect(Arena *arena, const char *expect) {
        return plans_with_gate(arena, arena_printf(arena,
                                                   "checks:\n  - id: c\n    run: ./t\n"
                                                   "    expect: %s",
                                                   expect));
}

void plans_parse(const char *text, Plan *ret_plan) {
        static Refusal refusal;
        cleanup_buf Buf said = BUF_TEXT;

        if (plan_parse("p.md", slice_text(text), ret_plan, refusal.faults, PLANS_FAULTS_MAX,
                       &refusal.n) == 0)
                return;
        for (size_t i = 0; i < refusal.n; i++)
                fault_describe(&refusal.faults[i], &said);
        FAIL_TEST("the plan is refused:\n%s", buf_get_text(&said));
}

void plans_refuse(const char *text, Refusal *ret_refusal) {
        Plan plan;

        CHECK_EQ_INT(plan_parse("p.md", slice_text(text), &plan, ret_refusal->faults,
                                PLANS_FAULTS_MAX, &ret_refusal->n),
                     PLAN_E_REFUSED);
        CHECK(ret_refusal->n > 0);
        CHECK(plan.n_gates == 0);
}

const Fault *plans_find(const Refusal *refusal, const char *rule) {
        cleanup_buf Buf said = BUF_TEXT;

        for (size_t i = 0; i < refusal->n; i++) {
                if (fault_is(&refusal->faults[i], rule))
                        return &refusal->faults[i];
                fault_describe(&refusal->faults[i], &said);
        }
        FAIL_TEST("no fault %s, but:\n%s", rule, buf_get_text(&said));
}

const char *plans_read(Arena *arena, const char *name) {
        cleanup_buf Buf bytes = BUF_INIT(PLAN_BYTES_MAX);
        const char *path = test_source(arena_printf(arena, "tests/data/plans/%s", name));

        if (file_read(path, &bytes))
                FAIL_TEST("cannot read %s", path);
        return arena_text(arena, buf_get(&bytes));
}
