/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Who may say what, when. Rows in broker/rules.def (role × kind → rules to check, in order); each
 * rule is a named function with a sentence, so that refusals and docs agree. Pure. */

#include "broker/state.h"

typedef struct RuleInput {
        const State *state;
        const AgentRecord *actor;
        const Message *message;
        uint64_t now_ms;
        /* Of the claim's newest lease, where the message names one: it has lapsed by the clock. */
        bool lease_is_over;
        /* Evidence that the verdict names and that is not stored; empty: none is missing. */
        Slice missing_evidence;
} RuleInput;

typedef struct RuleRefusal {
        Fault fault;
        /* Every reason, where there are several (done-not-yet); in the arena given. */
        Slice *reasons;
        size_t n_reasons;
} RuleRefusal;

enum { _RULES_E_SUCCESS, RULES_E_REFUSED };

int rules_check(const RuleInput *input, Arena *arena, RuleRefusal *reterr_refusal) must_check;

/* What must hold, by the word that a refusal carries; NULL for a word that is none of ours. */
const char *rules_get_sentence(const char *word);
/* The words of all rules, for tests; how many there are. */
size_t rules_list(const char **ret_words, size_t n_max);

/* Each rule with its sentence, for docs/rules.md. */
void rules_print_docs(Buf *text);
