/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Walking the rows of rules.def. */

#include "broker/rules.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "broker/rule.h"

typedef enum RuleNumber {
#define RULE(function, word, sentence) RULE_##function,
#include "broker/rules.def"
        _RULE_MAX
} RuleNumber;

typedef struct RuleRow {
        bool (*holds)(const RuleCase *c);
        const char *word, *sentence;
} RuleRow;

static const RuleRow rule_rows[] = {
#define RULE(function, name, text)                                                                 \
        [RULE_##function] = {.holds = rule_##function, .word = (name), .sentence = (text)},
#include "broker/rules.def"
};

static const RuleRow refusal_rows[] = {
#define REFUSAL(name, text) {.word = (name), .sentence = (text)},
#include "broker/rules.def"
};

static const struct {
        MessageType kind;
        Role role;
} speaker_rows[] = {
#define SPEAKER(KIND, ROLE) {MESSAGE_##KIND, ROLE_##ROLE},
#include "broker/rules.def"
};

static const struct {
        MessageType kind;
        RuleNumber rule;
} demand_rows[] = {
#define DEMAND(KIND, function) {MESSAGE_##KIND, RULE_##function},
#include "broker/rules.def"
};

bool rule_broken(const RuleCase *c, const char *place, const char *format, ...) {
        Fault *fault = &c->refusal->fault;
        va_list args;

        va_start(args, format);
        fault_vset(fault, NULL, format, args);
        va_end(args);
        fault_place(fault, "%s", place);
        return false;
}

bool rule_next(const RuleCase *c, const char *format, ...) {
        va_list args;

        va_start(args, format);
        fault_vnext(&c->refusal->fault, format, args);
        va_end(args);
        return false;
}

static const FieldSpec *find_field(const RuleCase *c, const char *name, FieldKind kind) {
        const RecordSpec *body = &message_spec(c->input->message->type)->body;

        for (size_t i = 0; i < body->n_fields; i++)
                if (body->fields[i].kind == kind && strcmp(body->fields[i].name, name) == 0)
                        return &body->fields[i];
        return NULL;
}

Slice rule_get_text(const RuleCase *c, const char *field) {
        const FieldSpec *spec = find_field(c, field, FIELD_TEXT);

        return spec ? field_slice(spec, message_body_const(c->input->message)) : SLICE_NULL;
}

uint64_t rule_get_number(const RuleCase *c, const char *field) {
        const FieldSpec *spec = find_field(c, field, FIELD_U64);

        return spec ? field_u64(spec, message_body_const(c->input->message)) : 0;
}

const Slice *rule_get_texts(const RuleCase *c, const char *field, size_t *ret_n) {
        const FieldSpec *spec = find_field(c, field, FIELD_TEXTS);
        const void *body = message_body_const(c->input->message);

        *ret_n = spec ? field_count(spec, body) : 0;
        return spec ? field_texts(spec, body) : NULL;
}

const char *rule_place(const RuleCase *c, const char *field) {
        return arena_printf(c->arena, "%s.%s", message_name(c->input->message->type), field);
}

PhaseRecord *rule_get_phase(const RuleCase *c) {
        return state_find_phase(c->input->state,
                                state_phase_of(c->input->state, c->input->message));
}

ClaimRecord *rule_get_claim(const RuleCase *c) {
        const Message *message = c->input->message;

        if (message->type == MESSAGE_WITHDRAW)
                return state_find_claim(c->input->state, message->withdraw.claim);
        if (message->type == MESSAGE_VERDICT)
                return state_find_claim(c->input->state, message->verdict.claim);
        return NULL;
}

FindingRecord *rule_get_finding(const RuleCase *c) {
        return state_find_finding(c->input->state, rule_get_number(c, "finding"));
}

static bool may_speak(Role role, MessageType kind) {
        for (size_t i = 0; i < ARRAY_SIZE(speaker_rows); i++)
                if (speaker_rows[i].kind == kind && speaker_rows[i].role == role)
                        return true;
        return false;
}

static int refuse_role(const RuleCase *c) {
        const AgentRecord *actor = c->input->actor;
        const char *kind = message_name(c->input->message->type);

        fault_set(&c->refusal->fault, "role-forbids", "%s is %s, which says no %s", actor->name,
                  word_of(&words_ROLE, (int)actor->role), kind);
        fault_place(&c->refusal->fault, "%s", kind);
        for (size_t i = 0; i < ARRAY_SIZE(speaker_rows); i++)
                if (speaker_rows[i].kind == c->input->message->type) {
                        rule_next(c, "use the key of an agent whose role is %s",
                                  word_of(&words_ROLE, (int)speaker_rows[i].role));
                        return RULES_E_REFUSED;
                }
        rule_next(c, "nobody but the broker says it");
        return RULES_E_REFUSED;
}

int rules_check(const RuleInput *input, Arena *arena, RuleRefusal *reterr_refusal) {
        RuleCase c = {.input = input, .arena = arena, .refusal = reterr_refusal};

        if (!may_speak(input->actor->role, input->message->type))
                return refuse_role(&c);
        for (size_t i = 0; i < ARRAY_SIZE(demand_rows); i++) {
                const RuleRow *row = &rule_rows[demand_rows[i].rule];

                if (demand_rows[i].kind != input->message->type || row->holds(&c))
                        continue;
                reterr_refusal->fault.rule = row->word;
                return RULES_E_REFUSED;
        }
        return 0;
}

const char *rules_get_sentence(const char *word) {
        for (size_t i = 0; i < ARRAY_SIZE(rule_rows); i++)
                if (strcmp(rule_rows[i].word, word) == 0)
                        return rule_rows[i].sentence;
        for (size_t i = 0; i < ARRAY_SIZE(refusal_rows); i++)
                if (strcmp(refusal_rows[i].word, word) == 0)
                        return refusal_rows[i].sentence;
        return NULL;
}

size_t rules_list(const char **ret_words, size_t n_max) {
        for (size_t i = 0; i < ARRAY_SIZE(rule_rows) && i < n_max; i++)
                ret_words[i] = rule_rows[i].word;
        return ARRAY_SIZE(rule_rows);
}

/* ---- docs ---- */

static void print_kind(const MessageSpec *spec, Buf *text) {
        const char *before = "";

        buf_printf(text, "\n### %s\n\n%s\nSaid by: ", spec->body.name, spec->body.sentence);
        for (size_t i = 0; i < ARRAY_SIZE(speaker_rows); i++)
                if (speaker_rows[i].kind == spec->type) {
                        buf_printf(text, "%s%s", before,
                                   word_of(&words_ROLE, (int)speaker_rows[i].role));
                        before = ", ";
                }
        buf_printf(text, "%s.\n\n", before[0] ? "" : "the broker only");
        for (size_t i = 0; i < ARRAY_SIZE(demand_rows); i++)
                if (demand_rows[i].kind == spec->type)
                        buf_printf(text, "- `%s`\n", rule_rows[demand_rows[i].rule].word);
}

static void print_rows(const RuleRow *rows, size_t n, Buf *text) {
        buf_text(text, "| rule | what must hold |\n| --- | --- |\n");
        for (size_t i = 0; i < n; i++)
                buf_printf(text, "| `%s` | %s |\n", rows[i].word, rows[i].sentence);
}

void rules_print_docs(Buf *text) {
        const MessageSpec *spec;

        buf_text(text, "# Rules of the broker\n\n"
                       "<!-- Printed from broker/rules.def by tools/describe; edit that. -->\n\n"
                       "A message that breaks a rule is refused with the "
                       "rule's name, the field,\nwhat was found and what to do next; it changes "
                       "nothing.\n\n## Before any rule\n\n");
        print_rows(refusal_rows, ARRAY_SIZE(refusal_rows), text);
        buf_text(text, "\n## Rules\n\n");
        print_rows(rule_rows, ARRAY_SIZE(rule_rows), text);
        buf_text(text, "\n## Who says what, and which rules are asked, in order\n");
        for (size_t i = 0; (spec = message_spec_at(i)); i++)
                if (spec->direction == ON_LEDGER)
                        print_kind(spec, text);
}
