/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Encoding follows the order of the struct. */

#include "sandbox/report.h"

#include "sandbox/spec.h"
#include "sandbox/wire.h"

enum { TEXT_MAX = 65536, FILES_MAX = REPORT_FILES_MAX + 1 };

/* A Fault's rule is a static text: only these words come out of a report. */
static const char *const rule_words[] = {
        "exec.command",      "exec.workdir",       "sandbox.clone",   "sandbox.exec",
        "sandbox.access",    "sandbox.hide",       "sandbox.host",    "sandbox.init",
        "sandbox.mounts",    "sandbox.namespaces", "sandbox.network", "sandbox.runner",
        "sandbox.scratch",   "sandbox.seccomp",    "sandbox.setup",   "sandbox.spec",
        "sandbox.workspace",
};

static void put_stream(const SandboxStream *stream, Buf *bytes) {
        wire_put_u64(bytes, stream->n_bytes);
        wire_put_bytes(bytes, hash_slice(&stream->hash));
        wire_put_bytes(bytes, buf_get(&stream->head));
        wire_put_bytes(bytes, buf_get(&stream->tail));
        wire_put_u64(bytes, stream->is_cut);
}

static void get_kept(WireReader *reader, Buf *ret_kept) {
        *ret_kept = BUF_INIT(SPEC_KEEP_MAX);
        buf_slice(ret_kept, wire_get_bytes(reader, SPEC_KEEP_MAX));
}

static void get_stream(WireReader *reader, SandboxStream *stream) {
        stream->n_bytes = wire_get_u64(reader);
        if (!hash_from_slice(wire_get_bytes(reader, HASH_BYTES), &stream->hash))
                reader->is_bad = true;
        get_kept(reader, &stream->head);
        get_kept(reader, &stream->tail);
        stream->is_cut = wire_get_limited(reader, 1) != 0;
}

static void put_fault(const Fault *fault, Buf *bytes) {
        wire_put_text(bytes, fault->rule);
        wire_put_text(bytes, fault->place);
        wire_put_text(bytes, fault->found);
        wire_put_text(bytes, fault->next);
}

static void get_fault(WireReader *reader, Arena *arena, Fault *fault) {
        const char *rule = wire_get_text(reader, arena, TEXT_MAX);
        const char *place = wire_get_text(reader, arena, sizeof fault->place);
        const char *found = wire_get_text(reader, arena, sizeof fault->found);
        const char *next = wire_get_text(reader, arena, sizeof fault->next);

        if (reader->is_bad || !rule)
                return;
        fault_set(fault, "sandbox.runner", "%s", found ? found : "");
        for (size_t i = 0; i < ARRAY_SIZE(rule_words); i++)
                if (strcmp(rule, rule_words[i]) == 0)
                        fault->rule = rule_words[i];
        if (place)
                fault_place(fault, "%s", place);
        if (next)
                fault_next(fault, "%s", next);
}

static void get_leftovers(WireReader *reader, SandboxOutcome *outcome) {
        size_t n = (size_t)wire_get_limited(reader, REPORT_LEFTOVERS_MAX);

        outcome->leftovers = arena_alloc_array(&outcome->arena, n, sizeof(SandboxLeftover));
        for (size_t i = 0; i < n; i++) {
                SandboxLeftover *leftover = &outcome->leftovers[i];

                leftover->pid = wire_get_u64(reader);
                leftover->command = wire_get_text(reader, &outcome->arena, TEXT_MAX);
                leftover->cwd = wire_get_text(reader, &outcome->arena, TEXT_MAX);
                leftover->listens = wire_get_text(reader, &outcome->arena, TEXT_MAX);
        }
        outcome->n_leftovers = n;
}

void report_encode(const SandboxOutcome *outcome, Buf *bytes) {
        wire_put_u64(bytes, outcome->end);
        wire_put_u64(bytes, (uint64_t)outcome->status);
        wire_put_u64(bytes, (uint64_t)outcome->signal);
        wire_put_u64(bytes, (uint64_t)outcome->error);
        put_stream(&outcome->out, bytes);
        put_stream(&outcome->err, bytes);
        wire_put_u64(bytes, outcome->wall_ms);
        wire_put_u64(bytes, outcome->cpu_ms);
        wire_put_u64(bytes, outcome->memory_peak_bytes);
        wire_put_u64(bytes, outcome->group_cpu_ms);
        wire_put_u64(bytes, outcome->memory);
        wire_put_u64(bytes, outcome->n_leftovers);
        for (size_t i = 0; i < outcome->n_leftovers; i++) {
                wire_put_u64(bytes, outcome->leftovers[i].pid);
                wire_put_text(bytes, outcome->leftovers[i].command);
                wire_put_text(bytes, outcome->leftovers[i].cwd);
                wire_put_text(bytes, outcome->leftovers[i].listens);
        }
        wire_put_texts(bytes, (const char *const *)outcome->outside);
        wire_put_texts(bytes, (const char *const *)outcome->changed);
        wire_put_u64(bytes, outcome->is_listing_cut);
        wire_put_text(bytes, outcome->isolation);
        put_fault(&outcome->fault, bytes);
}

int report_decode(Slice bytes, SandboxOutcome *ret_outcome) {
        WireReader reader = {.rest = bytes};
        SandboxOutcome outcome = {.arena = ARENA_INIT};

        outcome.end = (SandboxEnd)wire_get_limited(&reader, SANDBOX_BROKEN);
        outcome.status = (int)wire_get_limited(&reader, INT32_MAX);
        outcome.signal = (int)wire_get_limited(&reader, INT32_MAX);
        outcome.error = (int)wire_get_limited(&reader, INT32_MAX);
        get_stream(&reader, &outcome.out);
        get_stream(&reader, &outcome.err);
        outcome.wall_ms = wire_get_u64(&reader);
        outcome.cpu_ms = wire_get_u64(&reader);
        outcome.memory_peak_bytes = wire_get_u64(&reader);
        outcome.group_cpu_ms = wire_get_u64(&reader);
        outcome.memory = (SandboxMemory)wire_get_limited(&reader, SANDBOX_MEMORY_SHARED);
        get_leftovers(&reader, &outcome);
        outcome.outside = wire_get_texts(&reader, &outcome.arena, FILES_MAX, &outcome.n_outside);
        outcome.changed = wire_get_texts(&reader, &outcome.arena, FILES_MAX, &outcome.n_changed);
        outcome.is_listing_cut = wire_get_limited(&reader, 1) != 0;
        outcome.isolation = wire_get_text(&reader, &outcome.arena, TEXT_MAX);
        get_fault(&reader, &outcome.arena, &outcome.fault);
        if (reader.is_bad || reader.rest.n != 0) {
                sandbox_outcome_deinit(&outcome);
                *ret_outcome = (SandboxOutcome){.end = SANDBOX_BROKEN};
                return REPORT_E_BAD;
        }
        *ret_outcome = outcome;
        return 0;
}

void report_break(SandboxOutcome *outcome, const Fault *fault) {
        sandbox_outcome_deinit(outcome);
        *outcome = (SandboxOutcome){.arena = ARENA_INIT, .end = SANDBOX_BROKEN, .fault = *fault};
        outcome->isolation = arena_text(&outcome->arena, SLICE_NULL);
}
