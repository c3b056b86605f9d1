/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

#include "broker/plan_diff.h"

#include "base/text.h"
#include "proto/describe.h"

enum { WEAKENED_MAX = 4096 };

static void add(Slice *lines, size_t *n, Slice line) {
        lines[(*n)++] = line;
}

static void compare_gates(const Plan *before, PlanDiff *diff) {
        const Plan *after = diff->after;

        for (size_t i = 0; i < after->n_gates; i++) {
                const Gate *was = plan_find_gate(before, after->gates[i].id);

                if (!was)
                        add(diff->added, &diff->n_added, after->gates[i].id);
                else if (!hash_equal(&was->digest, &after->gates[i].digest))
                        add(diff->changed, &diff->n_changed, after->gates[i].id);
        }
        for (size_t i = 0; i < before->n_gates; i++)
                if (!plan_find_gate(after, before->gates[i].id))
                        add(diff->removed, &diff->n_removed, before->gates[i].id);
}

static void split_lines(const Buf *text, Arena *arena, PlanDiff *diff) {
        Slice rest = arena_slice(arena, buf_get(text));

        diff->weakened = arena_alloc_array(arena, WEAKENED_MAX, sizeof *diff->weakened);
        while (rest.n && diff->n_weakened < WEAKENED_MAX) {
                size_t end = slice_find(rest, slice_text("\n"));

                if (end)
                        add(diff->weakened, &diff->n_weakened, slice_head(rest, end));
                rest = slice_from(rest, end + 1);
        }
}

void plan_diff_build(const Plan *before, const Plan *after, Arena *arena, PlanDiff *ret_diff) {
        size_t n = after->n_gates + (before ? before->n_gates : 0);
        cleanup_buf Buf text = BUF_TEXT;

        *ret_diff = (PlanDiff){
                .after = after,
                .is_first = before == NULL,
                .changed = arena_alloc_array(arena, n, sizeof(Slice)),
                .added = arena_alloc_array(arena, n, sizeof(Slice)),
                .removed = arena_alloc_array(arena, n, sizeof(Slice)),
        };
        if (!before)
                return;
        compare_gates(before, ret_diff);
        plan_describe_weakening(before, after, &text);
        split_lines(&text, arena, ret_diff);
}

void plan_diff_blind(const Plan *after, const char *because, Arena *arena, PlanDiff *ret_diff) {
        plan_diff_build(NULL, after, arena, ret_diff);
        ret_diff->is_first = false;
        ret_diff->weakened = arena_alloc(arena, sizeof *ret_diff->weakened);
        ret_diff->weakened[ret_diff->n_weakened++] = slice_text(arena_printf(
                arena, "the plan in force cannot be read, so that nothing was compared: %s",
                because));
}

/* ---- in words ---- */

static void append_gates(const char *before, const Slice *gates, size_t n, Buf *text) {
        for (size_t i = 0; i < n; i++) {
                buf_text(text, i ? ", " : before);
                text_make_visible(gates[i], false, text);
        }
        if (n)
                buf_text(text, "\n");
}

void plan_diff_describe(const PlanDiff *diff, Buf *text) {
        buf_text(text, "phase ");
        text_make_visible(diff->after->phase, false, text);
        if (diff->is_first)
                buf_text(text, ": it has no plan yet\n");
        else if (diff->n_changed + diff->n_added + diff->n_removed + diff->n_weakened == 0)
                buf_text(text, ": no gate changes\n");
        else
                buf_text(text, "\n");
        append_gates("  change and go stale: ", diff->changed, diff->n_changed, text);
        append_gates("  new: ", diff->added, diff->n_added, text);
        append_gates("  gone: ", diff->removed, diff->n_removed, text);
        if (diff->n_weakened)
                buf_text(text, "  weakened, or changed without a direction:\n");
        for (size_t i = 0; i < diff->n_weakened; i++) {
                buf_text(text, "    - ");
                text_make_visible(diff->weakened[i], false, text);
                buf_text(text, "\n");
        }
}

static void append_list(const char *name, const Slice *items, size_t n, Buf *text) {
        buf_printf(text, ",\"%s\":[", name);
        for (size_t i = 0; i < n; i++) {
                buf_text(text, i ? "," : "");
                describe_json_string(items[i], text);
        }
        buf_text(text, "]");
}

void plan_diff_describe_json(const PlanDiff *diff, Buf *text) {
        buf_text(text, "{\"phase\":");
        describe_json_string(diff->after->phase, text);
        append_list("changed", diff->changed, diff->n_changed, text);
        append_list("added", diff->added, diff->n_added, text);
        append_list("removed", diff->removed, diff->n_removed, text);
        append_list("weakened", diff->weakened, diff->n_weakened, text);
        buf_text(text, "}");
}
