/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A plan in short: what an operator approves. */

#include "plan/plan.h"

#include "base/clock.h"
#include "plan/grammar.h"

static void describe_digest(const Hash *digest, Buf *text) {
        buf_text(text, "  sha256 ");
        hex_append(text, hash_slice(digest));
        buf_byte(text, '\n');
}

static void describe_items(const char *name, const Slice *items, size_t n_items, Buf *text) {
        for (size_t i = 0; i < n_items; i++)
                buf_printf(text, "%s%.*s", i ? ", " : name, SLICE_ARGS(items[i]));
}

static void describe_list(const char *name, const Slice *items, size_t n_items, Buf *text) {
        describe_items(name, items, n_items, text);
        if (n_items)
                buf_byte(text, '\n');
}

static void describe_count(const char *before, uint64_t n, const char *what, Buf *text) {
        buf_printf(text, "%s%llu %s%s", before, (unsigned long long)n, what, n == 1 ? "" : "s");
}

/* What gives a check more rights, or makes it weigh less, is said. */
static void describe_check(const Check *check, Buf *text) {
        buf_printf(text, "  %-24.*s %-8s", SLICE_ARGS(check->id), check_kind_words[check->kind]);
        describe_count("  ", check->n_expectations, "assertion", text);
        if (check->title.n)
                buf_printf(text, "  %.*s", SLICE_ARGS(check->title));
        if (check->n_repeat > 1)
                describe_count(", ", check->n_repeat, "time", text);
        if (check->retries)
                describe_count(", tried up to ", check->retries + 1, "time", text);
        if (check->on == CHECK_ON_HOST)
                buf_text(text, ", on the host");
        else if (check->network == CHECK_NETWORK_HOST)
                buf_text(text, ", with the host's network");
        describe_items(", sees ", check->host_access, check->n_host_access, text);
        if (check->n_teeth)
                describe_count(", ", check->n_teeth, "proof", text);
        if (check->leftovers != LEFTOVERS_UNSAID)
                buf_text(text, check->forbids_leftovers ? ", may leave nothing"
                                                        : ", what it leaves is noted");
        if (check->allow_failure)
                buf_text(text, ", a failure is a warning");
        buf_byte(text, '\n');
}

static void describe_gate(const Gate *gate, Buf *text) {
        buf_printf(text, "\ngate %.*s%s%.*s\n", SLICE_ARGS(gate->id), gate->title.n ? ": " : "",
                   SLICE_ARGS(gate->title));
        describe_digest(&gate->digest, text);
        describe_list("  needs ", gate->needs, gate->n_needs, text);
        buf_text(text, "  valid for ");
        duration_describe(gate->valid_for_ms, text);
        buf_byte(text, '\n');
        describe_list("  carries over while the same: ", gate->inputs, gate->n_inputs, text);
        if (gate->lock.resource.n)
                buf_printf(text, "  holds %.*s%s\n", SLICE_ARGS(gate->lock.resource),
                           gate->lock.is_shared ? ", shared" : "");
        if (gate->n_unchanged) {
                describe_count("  ", gate->n_unchanged, "command", text);
                buf_printf(text, " must print the same before and after%s\n",
                           gate->unchanged_on == CHECK_ON_HOST ? ", on the host" : "");
        }
        if (gate->verifiers > 1)
                buf_printf(text, "  %llu different adversaries must give a PASS\n",
                           (unsigned long long)gate->verifiers);
        buf_text(text, gate->must_match ? "  claimed evidence must match\n" : "");
        buf_text(text, gate->flaky_is_warning ? "  what is flaky is a warning\n" : "");
        for (size_t i = 0; i < gate->n_checks; i++)
                describe_check(&gate->checks[i], text);
}

void plan_describe(const Plan *plan, Buf *text) {
        buf_printf(text, "phase %.*s\n", SLICE_ARGS(plan->phase));
        describe_digest(&plan->digest, text);
        describe_list("  needs ", plan->needs, plan->n_needs, text);
        describe_list("  protected ", plan->protected_paths, plan->n_protected_paths, text);
        for (size_t i = 0; i < plan->n_gates; i++)
                describe_gate(&plan->gates[i], text);
}
