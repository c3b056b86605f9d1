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

/* Exactly one of these words makes a check. Rows in plan/grammar.def. */
typedef enum CheckKind {
        CHECK_RUN,      /* a command */
        CHECK_HTTP,     /* a request, perhaps of a server that the check starts */
        CHECK_REPORT,   /* a command whose JUnit XML or TAP report is judged */
        CHECK_GIT,      /* facts about the commit, read from objects; nothing is run */
        CHECK_REVISION, /* the running thing names the claimed commit */
        CHECK_FILE,     /* facts about a file */
        CHECK_PORT,     /* whether something listens */
        CHECK_PROCESS,  /* which processes run */
        CHECK_LOG,      /* lines of a log since the claim was made */
        CHECK_MANUAL,   /* a question that an adversary answers */
        _CHECK_MAX
} CheckKind;

/* What is looked at. Rows in plan/grammar.def. */
typedef enum Subject {
        SUBJECT_EXIT_STATUS,
        SUBJECT_SIGNAL,
        SUBJECT_STDOUT,
        SUBJECT_STDERR,
        SUBJECT_OUTPUT, /* both streams, as they came */
        SUBJECT_STATUS,
        SUBJECT_HEADERS,
        SUBJECT_BODY,
        SUBJECT_DURATION,
        SUBJECT_CERTIFICATE, /* a fact of it, named in `name` */
        SUBJECT_FILES,       /* a fact of a file that the check left, named in `name` and `fact` */
        SUBJECT_EXECUTED,    /* of a report: tests that ran */
        SUBJECT_FAILED,      /* of a report: tests that failed or broke */
        SUBJECT_SKIPPED,     /* of a report: names of tests that were skipped, a line each */
        SUBJECT_NAMES,       /* of a report: names of all tests, a line each */
        SUBJECT_EXISTS,      /* of a file: 1 or 0 */
        SUBJECT_SIZE,        /* of a file, bytes */
        SUBJECT_MODE,        /* of a file: four octal digits, as text */
        SUBJECT_SHA256,      /* of a file: hex */
        SUBJECT_CONTENT,     /* of a file */
        SUBJECT_LISTENING,   /* of a port: 1 or 0 */
        SUBJECT_COUNT,       /* of processes, of a log's lines */
        SUBJECT_LINES, /* of a log: its lines in the window; of processes: their command lines */
        _SUBJECT_MAX
} Subject;

typedef struct Expectation {
        Subject subject;
        Slice name; /* headers: which one; certificate: which fact; files: which path */
        Slice fact; /* files: exists, size, mode, sha256, content */
        Matcher *matcher;
        PlanPlace place;
} Expectation;

typedef enum CheckNetwork { CHECK_NETWORK_NONE, CHECK_NETWORK_HOST } CheckNetwork;
typedef enum CheckOn { CHECK_ON_SANDBOX, CHECK_ON_HOST } CheckOn;
typedef enum CheckLeftovers { LEFTOVERS_UNSAID, LEFTOVERS_FAIL, LEFTOVERS_NOTE } CheckLeftovers;

typedef struct Tool {
        Slice name;
        Slice version; /* least version, e.g. "3.11"; empty: any */
} Tool;

/* A resource that is held while something runs. */
typedef struct PlanLock {
        Slice resource; /* empty: none */
        bool is_shared;
} PlanLock;

typedef enum ReportFormat { REPORT_JUNIT, REPORT_TAP } ReportFormat;

/* Facts about commits: each that is given is one assertion. */
typedef struct GitFacts {
        Slice ancestor_of;      /* a full commit id or ${var}: the claimed commit is its ancestor */
        Slice descendant_of;    /* the claimed commit descends from it */
        Slice unchanged_since;  /* between this commit and the claimed one, … */
        Slice *unchanged_paths; /* … nothing that these globs match differs */
        size_t n_unchanged_paths;
        Slice paths_since; /* all that differs between this commit and the claimed one … */
        Slice *only_paths; /* … is matched by these globs; something must differ */
        size_t n_only_paths;
        Slice *absent_in_history; /* expressions that no version of any file in its history matches
                                   */
        size_t n_absent_in_history;
} GitFacts;

/* Proof that a check can fail: the thing is broken, the check must go red where it is said. */
typedef struct Teeth {
        bool is_shell;
        Slice *command; /* breaks it, in the check's own workspace before it runs; or … */
        size_t n_command;
        Slice patch;     /* … a unified diff that is applied to the workspace */
        Slice undo;      /* with `on: host`: mends it again */
        Slice assertion; /* which assertion must not hold, as its `where` begins; empty: any */
        PlanPlace place;
} Teeth;

typedef struct CheckLimits {
        uint64_t memory_bytes, file_bytes, disk_bytes, output_bytes, n_processes; /* 0: the agent's
                                                                                   * default */
} CheckLimits;

typedef struct Check {
        Slice id, title; /* an instance of a matrix: `routes[host=ci,status=200]` */
        Slice family;    /* the id as the plan has it: instances of one matrix share it */
        CheckKind kind;
        PlanPlace place;
        /* What is started: of run, report, log; `serve` of http, port, process; `run` of revision
         * and of file. A text for bash (one item) or an argv without shell. May be absent where
         * the kind says so. */
        bool is_shell;
        Slice *command;
        size_t n_command;
        struct {
                Slice url, method, body;
                PlanPair *headers;
                size_t n_headers;
                bool follow_redirects, insecure;
                Slice *resolve; /* "host:port:address" */
                size_t n_resolve;
                Slice unix_socket; /* a path in the sandbox */
                Slice ca_file;     /* in the commit: certificates that are believed */
        } http;                    /* of CHECK_HTTP; of CHECK_REVISION if it has a url */
        struct {
                ReportFormat format;
                Slice file;   /* in the workspace; empty: standard output */
                Slice *names; /* closed: exactly these tests; none: not closed */
                size_t n_names;
                Slice *may_skip; /* names that may be skipped; any other skip fails */
                size_t n_may_skip;
        } report;
        GitFacts git;
        struct {
                Slice jsonpath;  /* where in the answer the commit stands; empty: the whole of it */
                uint64_t digits; /* how many of the commit's digits must be there; 40 unless said */
        } revision;
        struct {
                Slice path; /* in the workspace; absolute with `on: host` */
        } file;
        struct {
                uint64_t number; /* 0: of a unix socket */
                Slice address;   /* empty: 127.0.0.1; or a unix socket's absolute path */
        } port;
        struct {
                Slice matches; /* an expression on the command line */
        } process;
        struct {
                Slice file;    /* instead of a command: only lines from GATE_SINCE on by `stamp` */
                Slice control; /* an expression that must be found, or the window was not readable
                                */
                Slice stamp; /* with `file`: strftime pattern at a line's start; empty: ISO 8601 */
        } log;
        Slice question;            /* of CHECK_MANUAL */
        Expectation *expectations; /* at least one, but for git, revision and manual */
        size_t n_expectations;
        uint64_t timeout_ms; /* of one attempt */
        uint64_t retries, interval_ms;
        uint64_t hold_ms;     /* it must stay true for so long, asked every interval; 0: once */
        uint64_t n_repeat;    /* 1 unless it is said; ${N} is 1 … n_repeat */
        uint64_t concurrency; /* of the repetitions, at least 1 */
        bool allow_failure;   /* a failure is a warning */
        Matcher *examined;    /* how many things must have been looked at; NULL: at least one */
        Slice examined_from;  /* expression whose first group is that number; empty: see docs */
        Slice *needs;         /* ids of checks of this gate; a matrix's id stands for all of it */
        size_t n_needs;
        PlanPair *env;
        size_t n_env;
        Slice cleanup; /* bash text; see docs/plan.md; may be empty */
        Slice workdir;
        Tool *tools;
        size_t n_tools;
        CheckNetwork network;
        CheckOn on;
        Slice *host_access; /* absolute paths of the host that may be seen, sockets too */
        size_t n_host_access;
        PlanLock lock;
        CheckLeftovers leftovers; /* as the plan says it */
        bool forbids_leftovers;   /* what follows from that, and from the gate */
        CheckLimits limits;
        Teeth *teeth;
        size_t n_teeth;
        Slice red_at; /* a full commit id at which it must fail; empty: none */
        bool git_dir; /* a synthetic .git with one commit is laid into the workspace */
} Check;

typedef struct Gate {
        Slice id, title;
        PlanPlace place;
        uint64_t valid_for_ms;
        Slice *needs; /* other gates of this phase */
        size_t n_needs;
        Check *checks; /* in the plan's order; a check stands behind those it needs; matrices are
                        * expanded */
        size_t n_checks;
        Slice *inputs; /* globs: a PASS carries over to commits where these are the same */
        size_t n_inputs;
        Slice *unchanged; /* bash texts: same output before and after the gate */
        size_t n_unchanged;
        CheckOn unchanged_on;
        PlanPair *vars; /* the phase's, for these commands; checks have them in their `env` */
        size_t n_vars;
        PlanLock lock;
        uint64_t verifiers; /* 1 unless it is said */
        uint64_t stall_ms;  /* 0: the broker's setting */
        bool must_match;    /* evidence: must-match */
        bool flaky_is_warning;
        bool is_complete; /* a tree whose content is elsewhere fails */
        Hash digest;      /* of the normalised block, phase defaults and vars included */
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
/*
 * The text of a plan that an operator approved, perhaps with an older program: it is read as it was
 * approved, and what the lint has learned since, to refuse in one gate, is no word against it.
 */
int plan_parse_approved(const char *file, Slice text, Plan *ret_plan, Fault *reterr_faults,
                        size_t n_faults_max, size_t *reterr_n_faults) must_check;
void plan_deinit(Plan *plan);

/* NULL if there is none: ids are exact, C1 never matches WC1. */
const Gate *plan_find_gate(const Plan *plan, Slice id);
const Check *gate_find_check(const Gate *gate, Slice id);
/* Whether `id` is the check's own or that of the matrix that it is an instance of: what stands in
 * `needs`. */
bool check_is(const Check *check, Slice id);
/* The word that makes such a check: "run", "http". */
const char *check_kind_name(CheckKind kind);

/*
 * References that are resolved only when a check runs: ${N} (which repetition), ${GATE_COMMIT},
 * ${GATE_STARTED_AT}, ${GATE_SINCE}. A run text has them in its environment. In any other text of
 * a parsed check a late reference stands as PLAN_LATE_MARK and `{NAME}`; the mark is a byte that
 * no UTF-8 has, hence no plan: a `${N}` that a plan escaped, or that came out of a var, is not one.
 */
#define PLAN_LATE_MARK "\xff"
bool plan_is_late(Slice text);
/* The text with its late references put in; one that `values` do not name stays. */
Slice plan_substitute_late(Slice text, const PlanPair *values, size_t n_values, Arena *arena);
/* A copy of the check with the late references of all of its texts, expectations included, put
 * in. What is not a text is shared with the plan, which must outlive it. */
Check check_substitute_late(const Check *check, const PlanPair *values, size_t n_values,
                            Arena *arena);

/* Adds, to a refusal about an unknown gate, the nearest known one or the list of all. */
void plan_suggest_gate(const Plan *plan, Slice id, Fault *fault);

/* A summary for people: phase, gates, their checks, digests. */
void plan_describe(const Plan *plan, Buf *text);

/* Whether a path in the repository, `/` between its parts, is matched by a glob: `*` and `?` stop
 * at a slash, `**` does not. */
bool plan_glob_matches(Slice glob, Slice path);

/* What is no error and yet should be meant, such as a check on the host that nothing cleans up
 * after: a line each, "plan.md:12:5: hint: …". */
void plan_describe_hints(const Plan *plan, const char *file, Buf *text);

/* What a revision weakens, for the operator to see before approving it: gates, checks and
 * assertions that went or let more pass, longer timeouts, more retries, `allow-failure`, protected
 * paths that went, floors that sank … a line each, "gate M1, check unit: timeout: 30 s -> 60 s".
 * What has no direction, such as another command, is shown as well. Nothing where a revision only
 * strengthens. */
void plan_describe_weakening(const Plan *before, const Plan *after, Buf *text);
/* Of that, what is about one gate and the phase around it; a var that it does not use is neither.
 */
void plan_describe_gate_weakening(const Plan *before, const Plan *after, const Gate *gate,
                                  Buf *text);

/* From the grammar's rows: docs/plan.md, a JSON Schema (draft 2020-12) for the fenced blocks, and
 * the man page coldgate-plan(5). */
void plan_print_docs(Buf *text);
void plan_print_schema(Buf *text);
void plan_print_man(Buf *text);
