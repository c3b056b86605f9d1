/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Begin and end of a gate's run. */

#include "verify/around.h"

#include "verify/inputs.h"
#include "verify/plan_copy.h"
#include "verify/protect.h"

enum { LOCK_WAIT_MS = 15 * 60 * 1000 };

/* ---- locks ---- */

static bool is_cancelled(void *userdata) {
        return attempt_is_cancelled(userdata);
}

static int refuse(Slice resource, const char *why, Fault *reterr_fault) {
        fault_set(reterr_fault, "lock.busy", "%.*s: %s", SLICE_ARGS(resource), why);
        return VERIFY_LOCK_E_REFUSED;
}

static int wait_for(AttemptSetting *setting, const PlanLock *lock, Fault *reterr_fault) {
        const VerifyLocks *locks = &setting->request->locks;
        cleanup_arena Arena arena = ARENA_INIT;
        const char *what = setting->what;
        VerifyLockWish wish = {.resource = lock->resource,
                               .is_shared = lock->is_shared,
                               .wait_ms = LOCK_WAIT_MS,
                               .userdata = setting,
                               .is_cancelled = is_cancelled};
        int r;

        if (!locks->take)
                return refuse(lock->resource, "there is nobody here who gives locks", reterr_fault);
        setting->what = arena_printf(&arena, "waiting for %.*s", SLICE_ARGS(lock->resource));
        r = locks->take(locks->userdata, &wish, reterr_fault);
        setting->what = what;
        return r;
}

int around_take_lock(AttemptSetting *setting, const PlanLock *lock, bool *ret_is_taken,
                     Fault *reterr_fault) {
        const PlanLock *of_gate = &setting->request->gate->lock;
        int r;

        *ret_is_taken = false;
        if (!lock->resource.n)
                return 0;
        if (lock != of_gate && slice_equal(lock->resource, of_gate->resource)) {
                if (!of_gate->is_shared || lock->is_shared)
                        return 0;
                return refuse(lock->resource, "the gate itself shares it with others",
                              reterr_fault);
        }
        r = wait_for(setting, lock, reterr_fault);
        *ret_is_taken = r == 0;
        return r;
}

void around_give_lock(const AttemptSetting *setting, const PlanLock *lock) {
        setting->request->locks.give(setting->request->locks.userdata, lock->resource);
}

/* ---- the gate ---- */

void around_deinit(Around *around) {
        if (around->is_locked)
                around_give_lock(around->setting, &around->setting->request->gate->lock);
        unchanged_deinit(&around->unchanged);
        *around = (Around){.setting = NULL};
}

/* `inputs` are of the tree: what is asked of the commit itself, or of whether it runs, has another
 * answer at each. */
static bool is_about_commit(const Gate *gate) {
        for (size_t i = 0; i < gate->n_checks; i++)
                if (gate->checks[i].kind == CHECK_GIT || gate->checks[i].kind == CHECK_REVISION)
                        return true;
        return false;
}

static int look_at_inputs(Around *around, const char *mirror, Fault *reterr_fault) {
        const VerifyRequest *request = around->setting->request;
        VerdictDraft *draft = around->draft;
        int r;

        if (!request->gate->n_inputs)
                return 0;
        r = inputs_digest(mirror, around->tree, request->gate, &draft->inputs, reterr_fault);
        if (r != 0)
                return r;
        draft->has_inputs = true;
        if (!request->carry || request->only_check || is_about_commit(request->gate) ||
            !slice_equal(request->carry->inputs, hash_slice(&draft->inputs)))
                return 0;
        draft->carried_from = request->carry->verdict;
        buf_printf(&draft->workspace,
                   "; nothing was run: all that `inputs` match is the same as at verdict V-%llu",
                   (unsigned long long)draft->carried_from);
        return AROUND_E_CARRIED;
}

/* What the objects alone tell. */
static int look_at_objects(Around *around, Fault *reterr_fault) {
        const VerifyRequest *request = around->setting->request;
        cleanup(mirror_freep) Mirror *mirror = NULL;
        int r;

        if (!request->gate->n_inputs && !request->plan->n_protected_paths && !request->plan_path)
                return 0;
        if (request->plan->n_protected_paths && !request->base)
                draft_add_note(around->draft,
                               "protected paths were compared with nothing: no commit "
                               "of the phase has a PASS");
        r = mirror_open(request->mirrors, request->repository, &mirror, reterr_fault);
        if (r == 0)
                r = protect_check(request, mirror, reterr_fault);
        if (r == 0)
                r = plan_copy_check(around->draft, mirror_get_path(mirror), reterr_fault);
        return r == 0 ? look_at_inputs(around, mirror_get_path(mirror), reterr_fault) : r;
}

static int begin(Around *around, Fault *reterr_fault) {
        const Gate *gate = around->setting->request->gate;
        int r = around_take_lock(around->setting, &gate->lock, &around->is_locked, reterr_fault);

        if (r == VERIFY_LOCK_E_CANCELLED)
                return ATTEMPT_E_CANCELLED;
        if (r == 0)
                r = unchanged_ask_before(&around->unchanged, around->setting, reterr_fault);
        if (r == 0 || r < 0 || r == ATTEMPT_E_CANCELLED)
                return r;
        draft_decide(around->draft, DECISION_INCONCLUSIVE, reterr_fault);
        return AROUND_E_DECIDED;
}

int around_begin(Around *around) {
        Fault fault = FAULT_INIT;
        int r = look_at_objects(around, &fault);

        if (r < 0 || r == AROUND_E_CARRIED)
                return r;
        if (r == 0)
                return begin(around, &fault);
        draft_decide(around->draft, r == PREP_E_ERROR ? DECISION_INCONCLUSIVE : DECISION_FAIL,
                     &fault);
        return AROUND_E_DECIDED;
}

int around_end(Around *around) {
        VerdictDraft *draft = around->draft;
        Fault fault = FAULT_INIT;
        Judgement machine = {.outcome = OUTCOME_FAIL};
        int r = unchanged_ask_after(&around->unchanged, around->setting, &fault);

        if (r == 0 || r < 0 || r == ATTEMPT_E_CANCELLED)
                return r;
        draft_add_note(draft, "residue: %s", fault.found);
        if (r == UNCHANGED_E_CHANGED)
                attempt_ask_canary(around->setting, &machine);
        if (machine.sighting == SIGHTING_HOST_CANARY)
                fault_set(&fault, "host.canary", "%s", machine.summary);
        if (r == UNCHANGED_E_CHANGED && machine.sighting != SIGHTING_HOST_CANARY) {
                if (draft->decision != DECISION_FAIL)
                        draft_decide(draft, DECISION_FAIL, &fault);
        } else if (draft->decision == DECISION_PASS) {
                draft_decide(draft, DECISION_INCONCLUSIVE, &fault);
        }
        return 0;
}
