/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The rules as functions, one for each RULE row; for rules.c and the rule_*.c that define them.
 * A rule holds (true), or fills in what was found and what to do next (false). Its word comes
 * from its row. Rules stand behind those that they rely on. */

#include "broker/rules.h"

typedef struct RuleCase {
        const RuleInput *input;
        Arena *arena;
        RuleRefusal *refusal;
} RuleCase;

#define RULE(function, word, sentence) bool rule_##function(const RuleCase *c);
#include "broker/rules.def"

/* False, for `return rule_broken(…)`; and again with what to do next. */
bool rule_broken(const RuleCase *c, const char *place, const char *format, ...) printf_like(3, 4);
bool rule_next(const RuleCase *c, const char *format, ...) printf_like(2, 3);

/* A field of the message by its name; nothing where the message has none of it. */
Slice rule_get_text(const RuleCase *c, const char *field);
uint64_t rule_get_number(const RuleCase *c, const char *field);
const Slice *rule_get_texts(const RuleCase *c, const char *field, size_t *ret_n);
/* "claim.gates": for rule_broken; in the arena. */
const char *rule_place(const RuleCase *c, const char *field);

/* The phase, claim, finding that the message names; NULL if there is none. */
PhaseRecord *rule_get_phase(const RuleCase *c);
ClaimRecord *rule_get_claim(const RuleCase *c);
FindingRecord *rule_get_finding(const RuleCase *c);
