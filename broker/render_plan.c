/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A plan that was approved; of a revision, what changed. */

#include "broker/render_parts.h"

#include "plan/plan.h"

enum { DIGEST_SHOWN = 8, FAULTS_MAX = 1 };

static const char *change_of(const RenderBefore *before, const struct gate_digest *gate) {
        for (size_t i = 0; i < before->n_gates; i++)
                if (slice_equal(before->gates[i].gate, gate->gate))
                        return slice_equal(hash_slice(&before->gates[i].digest), gate->digest)
                                       ? "unchanged"
                                       : "**changed**: a PASS of it counts no more";
        return "new";
}

static bool has_gate(const struct plan *plan, Slice gate) {
        for (size_t i = 0; i < plan->n_gates; i++)
                if (slice_equal(plan->gates[i].gate, gate))
                        return true;
        return false;
}

static void gate_row(const Section *section, const struct gate_digest *gate) {
        Buf *text = section->text;

        buf_text(text, "| ");
        render_inline(gate->gate, text);
        buf_text(text, " | ");
        render_inline(gate->title, text);
        buf_text(text, " | `");
        hex_append(text, slice_head(gate->digest, DIGEST_SHOWN));
        if (section->before->is_revision)
                buf_printf(text, "` | %s |\n", change_of(section->before, gate));
        else
                buf_text(text, "` |\n");
}

static bool parses(Slice text, Plan *ret_plan) {
        Fault faults[FAULTS_MAX];
        size_t n_faults = 0;

        return plan_parse_approved("plan", text, ret_plan, faults, FAULTS_MAX, &n_faults) == 0;
}

/* Nothing where one of them is of a grammar that this program does not know. */
static void weakening_section(const Section *section) {
        Plan before = {.n_gates = 0}, after = {.n_gates = 0};
        cleanup_buf Buf weaker = BUF_TEXT;

        if (parses(section->before->plan_text, &before) &&
            parses(section->message->plan.text, &after))
                plan_describe_weakening(&before, &after, &weaker);
        plan_deinit(&before);
        plan_deinit(&after);
        said("What it weakens, or changes without direction", buf_get(&weaker), section->text);
}

int review_plan(const Section *section) {
        const struct plan *plan = &section->message->plan;
        const RenderBefore *before = section->before;
        cleanup_buf Buf title = BUF_TEXT;
        Buf *text = section->text;

        buf_printf(&title, "Plan %s by ", before->is_revision ? "revised" : "approved");
        render_inline(section->entry->actor, &title);
        section_begin(section, "###", &title);
        facts_begin(text);
        fact_hex("Plan", plan->digest, text);
        if (before->is_revision)
                fact_hex("Instead of", hash_slice(&before->plan_digest), text);
        fact_code("File", plan->file, text);
        if (plan->n_needs) {
                buf_text(text, "| DONE before | ");
                inline_list(plan->needs, plan->n_needs, text);
                buf_text(text, " |\n");
        }
        fact_ledger(section);
        buf_text(text, before->is_revision ? "\n| gate | title | digest | change |\n"
                                             "| --- | --- | --- | --- |\n"
                                           : "\n| gate | title | digest |\n| --- | --- | --- |\n");
        for (size_t i = 0; i < plan->n_gates; i++)
                gate_row(section, &plan->gates[i]);
        for (size_t i = 0; i < before->n_gates; i++) {
                if (has_gate(plan, before->gates[i].gate))
                        continue;
                buf_text(text, "| ");
                render_inline(before->gates[i].gate, text);
                buf_text(text, " | | | **dropped** |\n");
        }
        if (before->is_revision)
                weakening_section(section);
        return 0;
}
