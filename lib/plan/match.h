/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Expectations against what was observed. One evaluator for all kinds of check; hostile bytes cost
 * bounded time and memory (PCRE2 match and depth limits, JSON through SQLite with a size limit).
 * Homes: pcre2.h in plan/regex.c, sqlite3.h in plan/jsonpath.c.
 */

#include "plan/plan.h"

typedef struct ObservedStream {
        Slice head, tail; /* the tail directly follows the head unless is_cut */
        bool is_cut;
} ObservedStream;

typedef struct ObservedHeader {
        Slice name, value;
} ObservedHeader;

/* A file that a check left, or that a file check is about. */
typedef struct ObservedFile {
        Slice path;
        bool exists, is_regular;
        uint64_t size;
        unsigned mode; /* the twelve low bits */
        Hash sha256;
        ObservedStream content;
} ObservedFile;

/* Facts of a server's certificate; times are wall milliseconds. */
typedef struct ObservedCertificate {
        bool is_there;
        Slice subject, issuer, names; /* names: subject alternative names, a line each */
        uint64_t not_before_ms, not_after_ms;
        Slice sha256; /* hex */
} ObservedCertificate;

/* What a check produced. What a kind does not have stays zero and may not be asked for. */
typedef struct Observed {
        int exit_status; /* -1: it did not exit */
        int signal;      /* 0: none ended it */
        ObservedStream out, err, output, body;
        int status;
        const ObservedHeader *headers;
        size_t n_headers;
        uint64_t duration_ms;
        ObservedCertificate certificate;
        const ObservedFile *files; /* of SUBJECT_FILES; [0] of a file check */
        size_t n_files;
        uint64_t n_executed, n_failed; /* of a report */
        Slice skipped, names;          /* of a report, a line each */
        bool is_listening;
        uint64_t count;       /* processes, lines */
        ObservedStream lines; /* of a log, of processes */
        uint64_t now_ms;      /* wall, for certificates */
} Observed;

typedef struct MatchResult {
        Slice where;            /* "stdout.line-count.ge" */
        Slice expected, actual; /* short, printable; in the arena */
        bool held;
        bool is_undecided;  /* it would need bytes that were cut or a limit was hit: not held */
        const char *reason; /* "assert.stdout", "output.limit": the class when it did not hold */
        uint64_t offset;    /* where in the stream, if has_offset */
        bool has_offset;
} MatchResult;

/* Each assertion of the check, one result each, in the plan's order. Variables in expected texts
 * (${…}) were substituted when the plan was parsed. */
void expectations_evaluate(const Check *check, const Observed *observed, Arena *arena,
                           MatchResult **ret_results, size_t *ret_n_results);

/*
 * How many things a check looked at, which must be at least one, or what `examined` demands. With
 * `from`: the number that the first group of that expression finds in the standard output (of an
 * http check in the body, of a log or of processes in their lines), none if it is not found there.
 * Otherwise of a report the tests that ran; of a log its lines in the window; of a run that says
 * `examined` the lines of its standard output; of anything else one, once it was looked at.
 * `where` begins with "examined", `reason` is "vacuous".
 */
void examined_evaluate(const Check *check, const Observed *observed, Arena *arena,
                       MatchResult *ret_result);
