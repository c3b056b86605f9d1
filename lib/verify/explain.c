/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The facts of a gate's checks, in the order in which a run meets them. */

#include "verify/explain.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "verify/attempt.h"
#include "verify/environment.h"
#include "verify/hide.h"
#include "verify/redact.h"
#include "verify/revision.h"
#include "verify/scratch.h"
#include "verify/server.h"

typedef struct Explainer {
        const VerifyRequest *request;
        Explanation *explanation;
        Arena *arena;
        AttemptSetting setting;
        char *dir;
} Explainer;

static void explainer_deinit(Explainer *explainer) {
        if (explainer->dir)
                scratch_drop(explainer->dir);
        free(explainer->dir);
}

void explanation_deinit(Explanation *explanation) {
        arena_deinit(&explanation->arena);
        *explanation = (Explanation){.n_checks = 0};
}

ExplainFact *explain_add(ExplainCheck *check, const char *name, bool is_list) {
        ExplainFact *fact = &check->facts[size_min(check->n_facts, EXPLAIN_FACTS_MAX - 1)];

        check->n_facts = size_min(check->n_facts + 1, EXPLAIN_FACTS_MAX);
        *fact = (ExplainFact){.name = name, .is_list = is_list};
        return fact;
}

void explain_put(ExplainFact *fact, Slice item, Arena *arena) {
        if (fact->n == EXPLAIN_ITEMS_MAX)
                return;
        fact->items = arena_grow(arena, fact->items, fact->n, sizeof(Slice));
        fact->items[fact->n++] = item;
}

static Slice clean(const Explainer *explainer, Slice text) {
        size_t n_found = 0;

        return explainer->request->redactor
                       ? redact_text(explainer->request->redactor, text, explainer->arena, &n_found)
                       : text;
}

static void put_text(const Explainer *explainer, ExplainCheck *check, const char *name,
                     const char *text) {
        explain_put(explain_add(check, name, false), slice_text(text), explainer->arena);
}

static void put_list(const Explainer *explainer, ExplainCheck *check, const char *name,
                     const char *const *items) {
        ExplainFact *fact = explain_add(check, name, true);

        for (; items && *items; items++)
                explain_put(fact, clean(explainer, slice_text(*items)), explainer->arena);
}

static void put_slices(const Explainer *explainer, ExplainCheck *check, const char *name,
                       const Slice *items, size_t n) {
        ExplainFact *fact;

        if (!n)
                return;
        fact = explain_add(check, name, true);
        for (size_t i = 0; i < n; i++)
                explain_put(fact, clean(explainer, items[i]), explainer->arena);
}

static void put_environment(const Explainer *explainer, ExplainCheck *check,
                            const char *const *env) {
        ExplainFact *fact = explain_add(check, "environment", true);

        for (; *env; env++) {
                Slice item = slice_text(*env);
                Slice name = slice_head(item, slice_find(item, slice_text("=")));

                if (environment_is_secret(name))
                        item = slice_text(arena_printf(explainer->arena, "%.*s=[redacted]",
                                                       SLICE_ARGS(name)));
                explain_put(fact, clean(explainer, item), explainer->arena);
        }
}

/* ---- what is around a command ---- */

static void put_lock(const Explainer *explainer, ExplainCheck *check, const PlanLock *lock) {
        if (lock->resource.n)
                put_text(explainer, check, "lock",
                         arena_printf(explainer->arena, "%.*s, %s", SLICE_ARGS(lock->resource),
                                      lock->is_shared ? "shared" : "exclusive"));
}

static void put_needs(const Explainer *explainer, ExplainCheck *said, const Check *check) {
        const Gate *gate = explainer->request->gate;
        size_t index = (size_t)(check - gate->checks);

        Slice *needs =
                arena_alloc_array(explainer->arena, check->n_needs + gate->n_checks, sizeof(Slice));
        size_t n = 0;

        for (size_t i = 0; i < check->n_needs; i++)
                needs[n++] = check->needs[i];
        for (size_t i = 0; i < gate->n_checks; i++)
                if (revision_guards(gate, i, index))
                        needs[n++] = gate->checks[i].id;
        put_slices(explainer, said, "needs", needs, n);
}

static void put_tools(const Explainer *explainer, ExplainCheck *said, const Check *check) {
        ExplainFact *fact;

        if (!check->n_tools)
                return;
        fact = explain_add(said, "tools", true);
        for (size_t i = 0; i < check->n_tools; i++) {
                const Tool *tool = &check->tools[i];

                explain_put(fact,
                            slice_text(arena_printf(
                                    explainer->arena, "%.*s%s%.*s", SLICE_ARGS(tool->name),
                                    tool->version.n ? " >= " : "", SLICE_ARGS(tool->version))),
                            explainer->arena);
        }
}

static void put_attempts(const Explainer *explainer, ExplainCheck *said, const Check *check) {
        cleanup_buf Buf text = BUF_TEXT;

        buf_printf(&text, "%llu", (unsigned long long)check->retries + 1);
        buf_text(&text, check->retries ? " at most, each within " : ", within ");
        duration_describe(check->timeout_ms, &text);
        if (check->retries) {
                buf_text(&text, ", every ");
                duration_describe(check->interval_ms, &text);
        }
        if (check->hold_ms) {
                buf_text(&text, "; then it must hold for ");
                duration_describe(check->hold_ms, &text);
        }
        if (check->n_repeat > 1)
                buf_printf(&text, "; repeated %llu times, %llu at once",
                           (unsigned long long)check->n_repeat,
                           (unsigned long long)check->concurrency);
        if (check->n_teeth || check->red_at.n)
                buf_printf(&text, "; then it is proved able to fail, %zu time%s",
                           check->n_teeth + (check->red_at.n != 0),
                           check->n_teeth + (check->red_at.n != 0) == 1 ? "" : "s");
        put_text(explainer, said, "attempts", arena_text(explainer->arena, buf_get(&text)));
}

static void put_plan(const Explainer *explainer, ExplainCheck *said, const Check *check) {
        put_needs(explainer, said, check);
        put_tools(explainer, said, check);
        put_lock(explainer, said, &check->lock);
        if (check->git_dir)
                put_text(explainer, said, "git-dir",
                         "a .git with one synthetic commit is laid into the tree");
        if (check->n_command)
                put_text(explainer, said, "leftovers",
                         check->forbids_leftovers
                                 ? "fail: no process, port, or file outside of workspace and home"
                                 : "noted, and no failure");
        put_attempts(explainer, said, check);
        if (check->cleanup.n && check_reaches_out(check))
                put_slices(explainer, said, "cleanup", &check->cleanup, 1);
}

/* ---- a check ---- */

static bool is_served(const Check *check) {
        return check->kind == CHECK_HTTP || check->kind == CHECK_PORT ||
               check->kind == CHECK_PROCESS;
}

static int make_spec(Explainer *explainer, const Check *check, SandboxSpec *ret_spec) {
        Check *settled = arena_alloc(explainer->arena, sizeof *settled);

        explainer->setting.repetition = check->n_repeat > 1;
        *settled = attempt_settle(&explainer->setting, check, explainer->arena);
        return is_served(check)
                       ? server_prepare(&explainer->setting, settled, explainer->arena, ret_spec)
                       : attempt_prepare(&explainer->setting, settled, explainer->arena, ret_spec);
}

static void put_spec(const Explainer *explainer, ExplainCheck *said, const SandboxSpec *spec) {
        Arena *arena = explainer->arena;
        const char *top = spec->on_host ? sandbox_get_copy(spec, arena) : SANDBOX_WORK;

        put_text(explainer, said, "runs",
                 spec->on_host ? "on the host, with the agent's own rights" : "in a sandbox");
        put_list(explainer, said, "argv", spec->argv);
        put_text(explainer, said, "directory",
                 spec->workdir ? arena_printf(arena, "%s/%s", top, spec->workdir) : top);
        put_environment(explainer, said, spec->env);
        put_text(explainer, said, "network",
                 spec->network == SANDBOX_NETWORK_HOST
                         ? "host: the plan opened it"
                         : "none: a namespace of its own, loopback up");
        if (spec->access[0])
                put_list(explainer, said, "opened", spec->access);
        if (!spec->on_host)
                put_list(explainer, said, "never-seen", spec->hide);
        said->has_limits = true;
        said->limits = spec->limits;
}

static int explain_check(Explainer *explainer, const Check *check, ExplainCheck *said,
                         Fault *reterr_fault) {
        SandboxSpec spec;
        int r = 0;

        said->id = check->id;
        put_text(explainer, said, "kind", check_kind_name(check->kind));
        if (check->n_command == 0) {
                put_text(explainer, said, "runs",
                         check->kind == CHECK_MANUAL ? "nothing: an adversary answers"
                         : check->kind == CHECK_GIT  ? "nothing: objects of the mirror are read"
                                                     : "nothing: the agent itself looks");
        } else {
                TRY(make_spec(explainer, check, &spec));
                put_spec(explainer, said, &spec);
                r = explain_look(explainer->request->runner, &spec, said, explainer->arena,
                                 reterr_fault);
                attempt_drop(&explainer->setting, &spec);
                if (r > 0)
                        fault_place(reterr_fault, "gate %.*s, check %.*s",
                                    SLICE_ARGS(explainer->request->gate->id),
                                    SLICE_ARGS(check->id));
        }
        put_plan(explainer, said, check);
        return r;
}

static void explain_around(const Explainer *explainer) {
        const Plan *plan = explainer->request->plan;
        const Gate *gate = explainer->request->gate;
        ExplainCheck *said = &explainer->explanation->around;

        put_slices(explainer, said, "needs-phases", plan->needs, plan->n_needs);
        put_slices(explainer, said, "needs-gates", gate->needs, gate->n_needs);
        put_slices(explainer, said, "protected", plan->protected_paths, plan->n_protected_paths);
        put_slices(explainer, said, "inputs", gate->inputs, gate->n_inputs);
        put_lock(explainer, said, &gate->lock);
        put_slices(explainer, said,
                   gate->unchanged_on == CHECK_ON_HOST ? "unchanged-on-host" : "unchanged",
                   gate->unchanged, gate->n_unchanged);
}

static int open_explainer(Explainer *explainer) {
        const VerifyRequest *request = explainer->request;
        const char *tree;

        TRY(scratch_open_job(request->scratch, &explainer->dir));
        tree = arena_printf(explainer->arena, "%s/tree", explainer->dir);
        if (mkdir(tree, 0755) < 0)
                return error_origin(-errno);
        explainer->setting = (AttemptSetting){.request = request,
                                              .tree = tree,
                                              .dir = explainer->dir,
                                              .hide = hide_list(request, explainer->arena),
                                              .started_at = "(when it starts)",
                                              .since = "(when it was claimed)",
                                              .what = "explain",
                                              .how = ""};
        return 0;
}

int explain_gate(const VerifyRequest *request, Explanation *ret_explanation, Fault *reterr_fault) {
        cleanup(explanation_deinit) Explanation explanation = {.gate = request->gate->id};
        cleanup(explainer_deinit) Explainer explainer = {
                .request = request, .explanation = &explanation, .arena = &explanation.arena};
        const Gate *gate = request->gate;

        TRY(open_explainer(&explainer));
        explain_around(&explainer);
        explanation.checks =
                arena_alloc_array(&explanation.arena, gate->n_checks, sizeof(ExplainCheck));
        for (size_t i = 0; i < gate->n_checks; i++) {
                const Check *check = &gate->checks[i];
                int r;

                if (request->only_check && !check_is(check, slice_text(request->only_check)))
                        continue;
                explanation.checks[explanation.n_checks] = (ExplainCheck){.n_facts = 0};
                r = explain_check(&explainer, check, &explanation.checks[explanation.n_checks++],
                                  reterr_fault);
                if (r != 0)
                        return r;
        }
        *ret_explanation = explanation;
        explanation = (Explanation){.n_checks = 0};
        return 0;
}
