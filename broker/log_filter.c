/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Filters by what every entry has, and by the gate: its own, or that of the claim or finding that
 * it is about. Which fields those are is seen from the schema's rows. */

#include "broker/log_filter.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/nearest.h"
#include "proto/codec.h"

enum { KINDS_MAX = 64, HOPS_MAX = 3 };

/* ---- the command line ---- */

static int check_kind(const char *kind, Fault *fault) {
        const char *names[KINDS_MAX];
        const MessageSpec *spec;
        size_t n = 0;

        if (!kind)
                return 0;
        for (size_t i = 0; n < KINDS_MAX && (spec = message_spec_at(i)); i++) {
                if (spec->direction != ON_LEDGER)
                        continue;
                names[n++] = spec->body.name;
                if (slice_is(slice_text(kind), spec->body.name))
                        return 0;
        }
        fault_set(fault, "option-value", "there is no kind `%s` of entry", kind);
        nearest_suggest(slice_text(kind), names, n, fault);
        return LOG_FILTER_E_REFUSED;
}

/* A point in time, or how long ago. */
static int read_since(const char *value, uint64_t now_ms, uint64_t *ret_ms, Fault *fault) {
        uint64_t ago_ms;

        if (!value || time_parse(slice_text(value), ret_ms) == 0)
                return 0;
        if (duration_parse(slice_text(value), &ago_ms) == 0) {
                *ret_ms = now_ms > ago_ms ? now_ms - ago_ms : 0;
                return 0;
        }
        fault_set(fault, "option-value", "--since %s is neither a time nor a duration", value);
        fault_next(fault, "write 2026-06-13T05:33Z, or how long ago: 30m, 24h");
        return LOG_FILTER_E_REFUSED;
}

int log_filter_read(const Args *args, uint64_t now_ms, LogFilter *ret_filter, Fault *reterr_fault) {
        *ret_filter = (LogFilter){
                .phase = slice_text(args_get(args, "phase")),
                .kind = slice_text(args_get(args, "kind")),
                .actor = slice_text(args_get(args, "actor")),
                .gate = slice_text(args_get(args, "gate")),
                .grep = slice_text(args_get(args, "grep")),
        };
        if (check_kind(args_get(args, "kind"), reterr_fault) != 0)
                return LOG_FILTER_E_REFUSED;
        return read_since(args_get(args, "since"), now_ms, &ret_filter->since_ms, reterr_fault);
}

/* ---- gates ---- */

static bool has_gate(const Slice *gates, size_t n, Slice gate) {
        for (size_t i = 0; i < n; i++)
                if (slice_equal(gates[i], gate))
                        return true;
        return false;
}

bool message_names_gate(const Message *message, Slice gate) {
        const MessageSpec *spec = message_spec(message->type);
        const void *body = message_body_const(message);

        for (size_t i = 0; i < spec->body.n_fields; i++) {
                const FieldSpec *field = &spec->body.fields[i];

                if (field->kind == FIELD_TEXT && strcmp(field->name, "gate") == 0 &&
                    slice_equal(field_slice(field, body), gate))
                        return true;
                if (field->kind == FIELD_TEXTS && strcmp(field->name, "gates") == 0 &&
                    has_gate(field_texts(field, body), field_count(field, body), gate))
                        return true;
        }
        for (size_t i = 0; message->type == MESSAGE_PLAN && i < message->plan.n_gates; i++)
                if (slice_equal(message->plan.gates[i].gate, gate))
                        return true;
        return false;
}

/* A field that names an entry is called as its kind, but for two. */
static uint64_t get_reference(const FieldSpec *field, const void *body) {
        if (field->kind != FIELD_U64)
                return 0;
        if (message_type_by_name(slice_text(field->name)) != MESSAGE_NONE ||
            strcmp(field->name, "cause") == 0 || strcmp(field->name, "carried_from") == 0)
                return field_u64(field, body);
        return 0;
}

bool message_refers_to(const Message *message, uint64_t seq) {
        const MessageSpec *spec = message_spec(message->type);

        for (size_t i = 0; i < spec->body.n_fields; i++)
                if (get_reference(&spec->body.fields[i], message_body_const(message)) == seq)
                        return true;
        return false;
}

uint64_t message_get_reference(const Message *message) {
        const MessageSpec *spec = message_spec(message->type);

        for (size_t i = 0; i < spec->body.n_fields; i++) {
                uint64_t seq = get_reference(&spec->body.fields[i], message_body_const(message));

                if (seq)
                        return seq;
        }
        return 0;
}

/* True if the message could have named a gate itself, so that what it is about does not matter. */
static bool can_name_gate(const Message *message) {
        const MessageSpec *spec = message_spec(message->type);

        for (size_t i = 0; i < spec->body.n_fields; i++)
                if (strcmp(spec->body.fields[i].name, "gate") == 0 ||
                    strcmp(spec->body.fields[i].name, "gates") == 0)
                        return true;
        return false;
}

static int match_gate(const LogFilter *filter, const Entry *entry, bool *ret_matches) {
        cleanup_arena Arena arena = ARENA_INIT;
        Entry about = *entry;

        *ret_matches = false;
        for (size_t hop = 0; hop < HOPS_MAX; hop++) {
                CodecFault fault;
                Message message;
                uint64_t seq;
                int r;

                if (codec_decode(about.frame, &arena, &message, &fault) != 0)
                        return 0; /* the walk says so, if it is shown */
                *ret_matches = message_names_gate(&message, filter->gate);
                seq = message_get_reference(&message);
                if (*ret_matches || can_name_gate(&message) || seq == 0 || seq >= about.seq)
                        return 0;
                r = ledger_read(filter->ledger, seq, &arena, &about);
                if (r == LEDGER_E_NONE)
                        return 0;
                TRY(r);
        }
        return 0;
}

static bool is_any_or(Slice wanted, Slice found) {
        return wanted.n == 0 || slice_equal(wanted, found);
}

int log_filter_match(const LogFilter *filter, const Entry *entry, bool *ret_matches) {
        *ret_matches =
                entry->received_ms >= filter->since_ms && is_any_or(filter->kind, entry->kind) &&
                is_any_or(filter->actor, entry->actor) &&
                (filter->grep.n == 0 || slice_find(entry->frame, filter->grep) < entry->frame.n);
        return *ret_matches && filter->gate.n ? match_gate(filter, entry, ret_matches) : 0;
}
