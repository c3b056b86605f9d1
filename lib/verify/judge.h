/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * From what was seen to an outcome: pure, and by the rows of verify/classify.def. What a check can
 * write (output, exit status) decides only between pass and fail; an error is given only on the
 * word of a channel that the check cannot reach.
 */

#include "plan/match.h"
#include "proto/message.h"
#include "sandbox/sandbox.h"
#include "verify/http.h"
#include "verify/scratch.h"

enum { REASON_BYTES = 65, SUMMARY_BYTES = 600 };

typedef enum Sighting {
#define SIGHTING(NAME, ENDS, reason, sentence) SIGHTING_##NAME,
#include "verify/classify.def"
        _SIGHTING_MAX
} Sighting;

typedef struct SightingRow {
        Outcome outcome;
        const char *reason;
        const char *sentence;
} SightingRow;

/* What one run, or all runs together, make of a check. */
typedef struct Judgement {
        Sighting sighting;
        Outcome outcome;
        char reason[REASON_BYTES];   /* "" for a pass */
        char summary[SUMMARY_BYTES]; /* printable, UTF-8, one line; "" for a pass */
} Judgement;

/* What the harness knows beside the sandbox's report. */
typedef struct JudgeFacts {
        bool command_is_product; /* argv[0] is a file of the repository */
        bool command_is_missing; /* argv[0] is to be found on this machine, and is not there */
        bool memory_ran_out;     /* the kernel killed for memory while it ran */
        ScratchFill fill;        /* of what it may write to */
} JudgeFacts;

const SightingRow *sighting_row(Sighting sighting);

/* `detail` completes a reason that ends in a stop; unused otherwise. */
void judge_by(Sighting sighting, const char *detail, Judgement *ret_judgement, const char *format,
              ...) printf_like(4, 5);

/* The first assertion that does not hold decides; its reason is the matcher's own class. None at
 * all: vacuous. */
void judge_assertions(const MatchResult *results, size_t n_results, Judgement *ret_judgement);

/* One run of a `run` check. */
void judge_run(const SandboxOutcome *outcome, const JudgeFacts *facts, const MatchResult *results,
               size_t n_results, Judgement *ret_judgement);

/* What is left of a check that holds, where the plan forbids it. A server is ended by us: what it
 * leaves then is no leftover. */
void judge_residue(const SandboxOutcome *outcome, Judgement *judgement);

/* A server that has ended by itself, or whose sandbox is broken, is the reason for whatever was
 * seen or not seen of it. False: it is not. */
bool judge_server(const SandboxOutcome *server, bool has_ended, const JudgeFacts *facts,
                  Judgement *ret_judgement) must_check;

/* One run of an `http` check. */
typedef struct HttpSeen {
        const SandboxOutcome *server; /* NULL: the check started none */
        bool was_alive;               /* it had not ended when the answer, or its failure, was in */
        const HttpAnswer *answer;
} HttpSeen;

void judge_http(const HttpSeen *seen, const JudgeFacts *facts, const MatchResult *results,
                size_t n_results, Judgement *ret_judgement);

typedef enum JudgeNext {
        JUDGE_DECIDED,
        JUDGE_ONCE_MORE, /* fresh */
        JUDGE_ALONE,     /* fresh, with nothing of ours beside it on this machine */
        JUDGE_ON_A_COPY, /* fresh, on a plain copy of the tree */
} JudgeNext;

enum { JUDGE_RUNS_MAX = 5 };

/* A whole run (with its retries), as far as the confirmation cares. */
typedef struct JudgedRun {
        Judgement judgement;
        bool was_overlay;
        bool was_beside_others; /* of its own kind: repetitions at the same time */
        bool was_starved;       /* timed out while others had nearly all of the processors */
} JudgedRun;

/*
 * What timed out on a busy machine is run once more, alone; if the machine is as busy then, that is
 * an error. A FAIL is confirmed once, fresh, on a copy; what passes then is flaky, or the overlay's
 * fault. A broken sandbox is tried once more. On JUDGE_DECIDED the judgement is that of all runs
 * and *ret_shown the run whose evidence shows it.
 */
JudgeNext judge_confirm(const JudgedRun *runs, size_t n_runs, Judgement *ret_judgement,
                        size_t *ret_shown);

/* What the plan makes of it: a failure that is allowed, or flakiness where it is, is a warning. */
void judge_leniently(bool may_fail, bool may_be_flaky, Judgement *judgement);

/* Whether exactly the checks that were to be run have a result, each one; otherwise `why` says
 * which has none, or one too many. */
bool judge_closed(const Slice *expected, size_t n_expected, const struct check_result *checks,
                  size_t n_checks, Buf *why);

/* The gate: FAIL if any check failed, else INCONCLUSIVE if any could not be carried out, else PASS;
 * nothing examined is FAIL `vacuous`. `ret_first` is the check that decided, n_checks if none. */
Decision judge_gate(const struct check_result *checks, size_t n_checks, size_t *ret_first);
