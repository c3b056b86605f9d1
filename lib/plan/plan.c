/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A plan from its Markdown: fences, trees, structs, lint. */

#include "plan/plan.h"

#include "base/error.h"
#include "base/nearest.h"
#include "base/utf8.h"
#include "plan/build.h"
#include "plan/lint.h"

enum { FENCES_MAX = PLAN_GATES_MAX + 1 };

/* The first place whose character may not stand in a plan; false if there is none. */
static bool find_bad_byte(Slice text, PlanPlace *ret_place) {
        PlanPlace place = {1, 1};
        uint32_t point;

        for (size_t n; text.n; text = slice_from(text, n)) {
                n = utf8_read(text, &point);
                *ret_place = place;
                if (n == 0 || (point < ' ' && point != '\n' && point != '\t' && point != '\r') ||
                    (point == '\r' && (text.n < 2 || text.data[1] != '\n')))
                        return true;
                place.column = point == '\n' ? 1 : place.column + 1;
                place.line += point == '\n';
        }
        return false;
}

/* False after a fault. */
static bool text_is_good(Slice text, FaultList *faults) {
        PlanPlace place = {1, 1};

        if (text.n == 0 || text.n > PLAN_BYTES_MAX) {
                faults_add(faults, place, "plan-limit", "a plan has 1 to %d bytes, this one %zu",
                           PLAN_BYTES_MAX, text.n);
                return false;
        }
        if (find_bad_byte(text, &place)) {
                faults_add(faults, place, "plan-bytes",
                           "there is a control character, or something that is not UTF-8");
                return false;
        }
        return true;
}

static void read_phase(Build *build, const Fence *fences, size_t n_fences) {
        const Fence *phase = NULL;
        Fault *fault;

        for (size_t i = 0; i < n_fences; i++) {
                if (fences[i].kind != FENCE_PHASE)
                        continue;
                if (phase)
                        faults_add(build->faults, fences[i].place, "plan-duplicate",
                                   "a second block `yaml phase`; the first is in line %zu",
                                   phase->place.line);
                else
                        phase = &fences[i];
        }
        if (phase) {
                const YamlNode *block = yaml_read(phase, &build->plan->arena, build->faults);

                if (block)
                        build_phase(build, block);
                return;
        }
        fault = faults_add(build->faults, (PlanPlace){1, 1}, "plan-missing",
                           "there is no block `yaml phase`");
        fault_next(fault, "add one with `version: 1` and `phase: NAME`");
}

/* What is wrong in one gate is no reason to leave the others unread; needs are judged only where
 * every gate could be read. */
static void read_gates(Build *build, const Fence *fences, size_t n_fences, bool are_all) {
        Plan *plan = build->plan;
        size_t n_before_gates = build->faults->n_found;

        plan->gates = arena_alloc_array(&plan->arena, n_fences, sizeof *plan->gates);
        for (size_t i = 0; i < n_fences; i++) {
                Gate *gate = &plan->gates[plan->n_gates];
                size_t n_before = build->faults->n_found;
                const YamlNode *block;

                if (fences[i].kind != FENCE_GATE ||
                    !(block = yaml_read(&fences[i], &plan->arena, build->faults)))
                        continue;
                build_gate(build, block, gate);
                plan->n_gates++;
                if (build->faults->n_found == n_before && !build->is_approved)
                        lint_gate(gate, build->faults);
        }
        if (are_all && build->faults->n_found == n_before_gates)
                lint_phase(plan, &plan->arena, build->faults);
}

static int read_plan(Build *build, Slice text) {
        Fence *fences = NULL;
        size_t n_fences = 0;
        bool are_all;

        if (!text_is_good(text, build->faults))
                return 0;
        build->plan->text = arena_slice(&build->plan->arena, text);
        hash_of(text, &build->plan->digest);
        TRY(fences_find(build->plan->text, &build->plan->arena, build->faults, &fences, &n_fences));
        if (n_fences > FENCES_MAX) {
                faults_add(build->faults, fences[n_fences - 1].place, "plan-limit",
                           "the plan has more than %d gates", PLAN_GATES_MAX);
                return 0;
        }
        are_all = build->faults->n_found == 0;
        read_phase(build, fences, n_fences);
        read_gates(build, fences, n_fences, are_all);
        return 0;
}

static int parse(Build build, Slice text, Plan *ret_plan, size_t *reterr_n_faults) {
        Plan plan = {.arena = ARENA_INIT};
        int r;

        build.plan = &plan;
        r = read_plan(&build, text);
        *ret_plan = (Plan){.arena = ARENA_INIT};
        if (r == 0 && build.faults->n_found == 0) {
                *ret_plan = plan;
                return 0;
        }
        plan_deinit(&plan);
        TRY(r);
        *reterr_n_faults = build.faults->n;
        return PLAN_E_REFUSED;
}

int plan_parse(const char *file, Slice text, Plan *ret_plan, Fault *reterr_faults,
               size_t n_faults_max, size_t *reterr_n_faults) {
        FaultList faults = {.file = file, .faults = reterr_faults, .n_max = n_faults_max};

        return parse((Build){.faults = &faults}, text, ret_plan, reterr_n_faults);
}

int plan_parse_approved(const char *file, Slice text, Plan *ret_plan, Fault *reterr_faults,
                        size_t n_faults_max, size_t *reterr_n_faults) {
        FaultList faults = {.file = file, .faults = reterr_faults, .n_max = n_faults_max};

        return parse((Build){.faults = &faults, .is_approved = true}, text, ret_plan,
                     reterr_n_faults);
}

void plan_deinit(Plan *plan) {
        arena_deinit(&plan->arena);
        *plan = (Plan){.arena = ARENA_INIT};
}

const Gate *plan_find_gate(const Plan *plan, Slice id) {
        for (size_t i = 0; i < plan->n_gates; i++)
                if (slice_equal(plan->gates[i].id, id))
                        return &plan->gates[i];
        return NULL;
}

const Check *gate_find_check(const Gate *gate, Slice id) {
        for (size_t i = 0; i < gate->n_checks; i++)
                if (slice_equal(gate->checks[i].id, id))
                        return &gate->checks[i];
        return NULL;
}

bool check_is(const Check *check, Slice id) {
        return slice_equal(check->id, id) || slice_equal(check->family, id);
}

const char *check_kind_name(CheckKind kind) {
        return check_kind_words[kind];
}

void plan_suggest_gate(const Plan *plan, Slice id, Fault *fault) {
        cleanup_buf Buf all = BUF_INIT(sizeof fault->next - 32);
        const char *names[PLAN_GATES_MAX], *nearest;

        for (size_t i = 0; i < plan->n_gates; i++) {
                names[i] = (const char *)plan->gates[i].id.data;
                buf_printf(&all, "%s%s", i ? ", " : "", names[i]);
        }
        nearest = nearest_word(id, names, plan->n_gates);
        if (nearest)
                fault_next(fault, "did you mean `%s`?", nearest);
        else
                fault_next(fault, "the gates are: %s", buf_get_text(&all));
}
