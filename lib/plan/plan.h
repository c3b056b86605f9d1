/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * A phase plan: Markdown for people, fenced `yaml phase` and `yaml gate` blocks for the machine
 * (design: plan.md). Parsed once into what is here; everything lives in the plan's arena.
 */

#include "base/arena.h"
#include "base/buf.h"
#include "base/fault.h"
#include "base/hash.h"
#include "base/slice.h"

enum { PLAN_BYTES_MAX = 262144, PLAN_GATES_MAX = 1024, PLAN_CHECKS_MAX = 4096 };

typedef struct Matcher Matcher; /* plan/match.h */

typedef struct PlanPlace {
        size_t line, column; /* from 1, in the Markdown file */
} PlanPlace;

typedef struct PlanPair {
        Slice name, value;
} PlanPair;

typedef enum CheckKind { CHECK_RUN, CHECK_HTTP } CheckKind;

/* What is looked at. Rows in plan/grammar.def. */
typedef enum Subject {
        SUBJECT_EXIT_STATUS,
        SUBJECT_STDOUT,
        SUBJECT_STDERR,
        SUBJECT_STATUS,
        SUBJECT_HEADERS,
        SUBJECT_BODY,
        SUBJECT_DURATION,
        _SUBJECT_MAX
} Subject;

typedef struct Expectation {
        Subject subject;
        Slice header; /* for SUBJECT_HEADERS: which one */
        Matcher *matcher;
        PlanPlace place;
} Expectation;

typedef enum CheckNetwork { CHECK_NETWORK_NONE, CHECK_NETWORK_HOST } CheckNetwork;

typedef struct Tool {
        Slice name;
        Slice version; /* least version, e.g. "3.11"; empty: any */
} Tool;

typedef struct Check {
        Slice id, title;
        CheckKind kind;
        PlanPlace place;
        /* run: a text for bash (one item) or an argv without shell. http: what serves, if the
         * check starts something itself (`serve`); then n_command > 0 too. */
        bool is_shell;
        Slice *command;
        size_t n_command;
        struct {
                Slice url, method, body;
                PlanPair *headers;
                size_t n_headers;
                bool follow_redirects, insecure;
        } http;
        Expectation *expectations; /* at least one */
        size_t n_expectations;
        uint64_t timeout_ms; /* of one attempt */
        uint64_t retries, interval_ms;
        Slice *needs; /* ids of checks of this gate */
        size_t n_needs;
        PlanPair *env;
        size_t n_env;
        Slice cleanup; /* bash text, run after an attempt with network: host; may be empty */
        Slice workdir;
        Tool *tools;
        size_t n_tools;
        CheckNetwork network;
} Check;

typedef struct Gate {
        Slice id, title;
        PlanPlace place;
        uint64_t valid_for_ms;
        Slice *needs; /* other gates of this phase */
        size_t n_needs;
        Check *checks; /* in the plan's order; a check stands behind those it needs */
        size_t n_checks;
        Hash digest; /* of the normalised block, phase defaults and vars included */
} Gate;

typedef struct Plan {
        Arena arena;
        Slice phase;
        Slice text; /* a copy of the file */
        Hash digest;
        Slice *needs; /* phases */
        size_t n_needs;
        Slice *protected_paths;
        size_t n_protected_paths;
        PlanPair *vars;
        size_t n_vars;
        Gate *gates;
        size_t n_gates;
} Plan;

enum { _PLAN_E_SUCCESS, PLAN_E_REFUSED };

/*
 * Parses and lints. `file` is for messages only. PLAN_E_REFUSED: at least one error; each is in
 * `reterr_faults` (place "file:line:column", "did you mean" in next), at most `n_faults_max` of
 * them, and *reterr_n_faults says how many there are there. The plan is then empty.
 */
int plan_parse(const char *file, Slice text, Plan *ret_plan, Fault *reterr_faults,
               size_t n_faults_max, size_t *reterr_n_faults) must_check;
void plan_deinit(Plan *plan);

/* NULL if there is none: ids are exact, C1 never matches WC1. */
const Gate *plan_find_gate(const Plan *plan, Slice id);
const Check *gate_find_check(const Gate *gate, Slice id);

/* Adds, to a refusal about an unknown gate, the nearest known one or the list of all. */
void plan_suggest_gate(const Plan *plan, Slice id, Fault *fault);

/* A summary for people: phase, gates, their checks, digests. */
void plan_describe(const Plan *plan, Buf *text);

/* docs/plan.md, printed from the grammar's rows. */
void plan_print_docs(Buf *text);
