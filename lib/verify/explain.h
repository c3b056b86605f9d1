/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * In what a check would run, without running it. Command, environment and limits are those of the
 * very SandboxSpec that a run would hand to the runner; what that makes of this machine is seen
 * from inside: the runner builds the same sandbox over an empty tree for a probe of our own, which
 * prints what the kernel says of it.
 */

#include "sandbox/sandbox.h"
#include "verify/verify.h"

enum { EXPLAIN_FACTS_MAX = 24, EXPLAIN_ITEMS_MAX = 1100 };

typedef struct ExplainFact {
        const char *name; /* as JSON has it */
        bool is_list;
        Slice *items; /* one where it is no list */
        size_t n;
} ExplainFact;

typedef struct ExplainCheck {
        Slice id;
        ExplainFact facts[EXPLAIN_FACTS_MAX];
        size_t n_facts;
        bool has_limits;
        SandboxLimits limits;
} ExplainCheck;

typedef struct Explanation {
        Arena arena;
        Slice gate;
        ExplainCheck around; /* what the gate does before and after its checks; no id */
        ExplainCheck *checks;
        size_t n_checks;
} Explanation;

void explanation_deinit(Explanation *explanation);

enum { _EXPLAIN_E_SUCCESS, EXPLAIN_E_BROKEN };

/* Of the request: plan, gate, only_check, places, runner, redactor; repository and commit may be
 * NULL. EXPLAIN_E_BROKEN with the fault: this machine cannot build such a sandbox. */
int explain_gate(const VerifyRequest *request, Explanation *ret_explanation,
                 Fault *reterr_fault) must_check;

void explanation_describe(const Explanation *explanation, Buf *text);
/* docs/json.md: {"version":1,"explain":{…}} */
void explanation_describe_json(const Explanation *explanation, Buf *text);

/* ---- for the parts of it ---- */

ExplainFact *explain_add(ExplainCheck *check, const char *name, bool is_list);
/* `item` must live as long as the explanation. */
void explain_put(ExplainFact *fact, Slice item, Arena *arena);
/* What is seen from inside of a sandbox that is made as `spec` says. EXPLAIN_E_BROKEN. */
int explain_look(const char *runner, const SandboxSpec *spec, ExplainCheck *check, Arena *arena,
                 Fault *reterr_fault) must_check;
