/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* An explanation for people and for programs. */

#include <stddef.h>

#include "base/clock.h"
#include "base/size.h"
#include "base/text.h"
#include "proto/describe.h"
#include "verify/explain.h"

enum { NAME_WIDTH = 13 };

typedef enum LimitUnit { LIMIT_MS, LIMIT_BYTES, LIMIT_NUMBER } LimitUnit;

static const struct {
        const char *name, *words;
        size_t offset;
        LimitUnit unit;
} limit_rows[] = {
        {"wall_ms", "timeout", offsetof(SandboxLimits, wall_ms), LIMIT_MS},
        {"grace_ms", "grace after TERM", offsetof(SandboxLimits, grace_ms), LIMIT_MS},
        {"leak_grace_ms", "grace for what it leaves", offsetof(SandboxLimits, leak_grace_ms),
         LIMIT_MS},
        {"memory_bytes", "memory of each process", offsetof(SandboxLimits, memory_bytes),
         LIMIT_BYTES},
        {"file_bytes", "largest file", offsetof(SandboxLimits, file_bytes), LIMIT_BYTES},
        {"output_bytes", "output of each stream", offsetof(SandboxLimits, output_bytes),
         LIMIT_BYTES},
        {"n_processes", "processes", offsetof(SandboxLimits, n_processes), LIMIT_NUMBER},
        {"n_files", "open files", offsetof(SandboxLimits, n_files), LIMIT_NUMBER},
};

static uint64_t limit_value(const SandboxLimits *limits, size_t row) {
        return *(const uint64_t *)(const void *)((const char *)limits + limit_rows[row].offset);
}

/* ---- text ---- */

static void put_name(const char *name, Buf *text) {
        buf_printf(text, "  %-*s ", NAME_WIDTH, name);
}

static void describe_limit(const SandboxLimits *limits, size_t row, Buf *text) {
        uint64_t value = limit_value(limits, row);

        buf_printf(text, "%s ", limit_rows[row].words);
        if (!value)
                buf_text(text, "not limited");
        else if (limit_rows[row].unit == LIMIT_MS)
                duration_describe(value, text);
        else if (limit_rows[row].unit == LIMIT_BYTES)
                size_describe(value, text);
        else
                buf_printf(text, "%llu", (unsigned long long)value);
}

static void describe_facts(const ExplainCheck *check, Buf *text) {
        for (size_t i = 0; i < check->n_facts; i++) {
                const ExplainFact *fact = &check->facts[i];

                for (size_t k = 0; k < fact->n; k++) {
                        put_name(k ? "" : fact->name, text);
                        text_make_visible(fact->items[k], false, text);
                        buf_text(text, "\n");
                }
        }
        for (size_t i = 0; check->has_limits && i < ARRAY_SIZE(limit_rows); i++) {
                put_name(i ? "" : "limits", text);
                describe_limit(&check->limits, i, text);
                buf_text(text, "\n");
        }
}

void explanation_describe(const Explanation *explanation, Buf *text) {
        buf_text(text, "gate ");
        text_make_visible(explanation->gate, false, text);
        buf_text(text, "\n");
        describe_facts(&explanation->around, text);
        for (size_t i = 0; i < explanation->n_checks; i++) {
                buf_text(text, "\ncheck ");
                text_make_visible(explanation->checks[i].id, false, text);
                buf_text(text, "\n");
                describe_facts(&explanation->checks[i], text);
        }
}

/* ---- JSON ---- */

static void put_fact(const ExplainFact *fact, Buf *text) {
        describe_json_string(slice_text(fact->name), text);
        buf_text(text, fact->is_list ? ":[" : ":");
        for (size_t i = 0; i < fact->n; i++) {
                buf_text(text, i ? "," : "");
                describe_json_string(fact->items[i], text);
        }
        buf_text(text, fact->is_list ? "]" : "");
}

static void put_facts(const ExplainCheck *check, const char *before, Buf *text) {
        for (size_t i = 0; i < check->n_facts; i++) {
                buf_text(text, before);
                before = ",";
                put_fact(&check->facts[i], text);
        }
        if (!check->has_limits)
                return;
        buf_printf(text, "%s\"limits\":{", before);
        for (size_t i = 0; i < ARRAY_SIZE(limit_rows); i++)
                buf_printf(text, "%s\"%s\":%llu", i ? "," : "", limit_rows[i].name,
                           (unsigned long long)limit_value(&check->limits, i));
        buf_text(text, "}");
}

void explanation_describe_json(const Explanation *explanation, Buf *text) {
        buf_text(text, "{\"version\":1,\"explain\":{\"gate\":");
        describe_json_string(explanation->gate, text);
        buf_text(text, ",\"around\":{");
        put_facts(&explanation->around, "", text);
        buf_text(text, "},\"checks\":[");
        for (size_t i = 0; i < explanation->n_checks; i++) {
                buf_text(text, i ? ",{\"check\":" : "{\"check\":");
                describe_json_string(explanation->checks[i].id, text);
                put_facts(&explanation->checks[i], ",", text);
                buf_text(text, "}");
        }
        buf_text(text, "]}}\n");
}
