/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Judgement by rows: what was seen picks a row of classify.def, the row says whose fault it is. */

#include "verify/judge.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "verify/clip.h"

/* Overlay failed, copy passed, overlay failed, copy passed. Or: killed when memory ran out, and
 * then it must hold three times in a row, because it may have used up the memory itself. */
enum { OVERLAY_RUNS = 4, MEMORY_RUNS = 4 };

static const SightingRow rows[] = {
#define SIGHTING(NAME, ENDS, reason_, sentence_)                                                   \
        [SIGHTING_##                                                                               \
                NAME] = {.outcome = OUTCOME_##ENDS, .reason = (reason_), .sentence = (sentence_)},
#include "verify/classify.def"
};

/* Which row an HTTP request that had no answer belongs to. */
static const Sighting http_sightings[_HTTP_END_MAX] = {
        [HTTP_BROKEN] = SIGHTING_HTTP_CLIENT,       [HTTP_ANSWERED] = SIGHTING_HELD,
        [HTTP_REFUSED] = SIGHTING_HTTP_REFUSED,     [HTTP_RESET] = SIGHTING_HTTP_RESET,
        [HTTP_TIMED_OUT] = SIGHTING_HTTP_TIMEOUT,   [HTTP_NOT_READY] = SIGHTING_SERVER_NOT_READY,
        [HTTP_MALFORMED] = SIGHTING_HTTP_MALFORMED, [HTTP_TLS] = SIGHTING_HTTP_TLS,
        [HTTP_REDIRECTS] = SIGHTING_HTTP_REDIRECTS, [HTTP_UNRESOLVED] = SIGHTING_HTTP_UNRESOLVED,
        [HTTP_TOO_LARGE] = SIGHTING_OUTPUT_LIMIT,
};

const SightingRow *sighting_row(Sighting sighting) {
        return &rows[sighting];
}

static bool is_open(const char *reason) {
        size_t n = strlen(reason);

        return n && reason[n - 1] == '.';
}

void judge_by(Sighting sighting, const char *detail, Judgement *ret_judgement, const char *format,
              ...) {
        const SightingRow *row = &rows[sighting];
        cleanup_buf Buf text = BUF_TEXT;
        va_list args;

        va_start(args, format);
        buf_vprintf(&text, format, args);
        va_end(args);
        *ret_judgement = (Judgement){.sighting = sighting, .outcome = row->outcome};
        (void)snprintf(ret_judgement->reason, REASON_BYTES, "%s%s", row->reason,
                       is_open(row->reason) ? detail : "");
        clip_line(buf_get(&text), SUMMARY_BYTES, ret_judgement->summary);
}

static void judge_number(Sighting sighting, int number, Judgement *ret_judgement,
                         const char *what) {
        char detail[16];

        (void)snprintf(detail, sizeof detail, "%d", number);
        judge_by(sighting, detail, ret_judgement, "%s %d", what, number);
}

void judge_assertions(const MatchResult *results, size_t n_results, Judgement *ret_judgement) {
        if (n_results == 0) {
                judge_by(SIGHTING_VACUOUS, NULL, ret_judgement, "nothing was examined");
                return;
        }
        for (size_t i = 0; i < n_results; i++) {
                const MatchResult *result = &results[i];

                if (result->held)
                        continue;
                judge_by(result->is_undecided ? SIGHTING_OUTPUT_LIMIT : SIGHTING_ASSERTION,
                         result->is_undecided ? NULL : "failed", ret_judgement,
                         "%.*s: expected %.*s, found %.*s", SLICE_ARGS(result->where),
                         SLICE_ARGS(result->expected), SLICE_ARGS(result->actual));
                if (result->reason)
                        (void)snprintf(ret_judgement->reason, REASON_BYTES, "%s", result->reason);
                return;
        }
        judge_by(SIGHTING_HELD, NULL, ret_judgement, "%s", "");
}

static void judge_not_started(const SandboxOutcome *outcome, const JudgeFacts *facts,
                              Judgement *ret_judgement) {
        const char *why = strerror(outcome->error);

        if (fault_is(&outcome->fault, "exec.workdir"))
                judge_by(SIGHTING_EXEC_WORKDIR, NULL, ret_judgement,
                         "the working directory cannot be entered: %s", outcome->fault.found);
        else if (facts->command_is_product)
                judge_by(SIGHTING_EXEC_PRODUCT, NULL, ret_judgement,
                         "the command could not be executed: %s", why);
        else if (facts->command_is_missing)
                judge_by(SIGHTING_ENV_MISSING, NULL, ret_judgement,
                         "the command is not on this machine: %s", why);
        else
                judge_by(SIGHTING_EXEC_HOST, NULL, ret_judgement,
                         "a program of this machine could not be executed: %s", why);
}

static void judge_broken(const SandboxOutcome *outcome, Judgement *ret_judgement) {
        const Fault *fault = &outcome->fault;

        judge_by(SIGHTING_SANDBOX_BROKEN, "broken", ret_judgement, "%s%s%s",
                 fault->found[0] ? fault->found : "the sandbox gave no report",
                 fault->place[0] ? ": " : "", fault->place);
        if (fault->rule)
                (void)snprintf(ret_judgement->reason, REASON_BYTES, "%s", fault->rule);
}

static void judge_signal(const SandboxOutcome *outcome, const JudgeFacts *facts,
                         Judgement *ret_judgement) {
        if (outcome->signal == SIGXFSZ)
                judge_by(SIGHTING_LIMIT_FILE, NULL, ret_judgement,
                         "it wrote a file larger than its limit");
        else if (outcome->signal == SIGKILL && outcome->memory == SANDBOX_MEMORY_UNKNOWN &&
                 facts->memory_ran_out)
                judge_by(SIGHTING_LIMIT_MEMORY, NULL, ret_judgement,
                         "it was killed when memory ran out");
        else
                judge_number(SIGHTING_SIGNAL, outcome->signal, ret_judgement, "ended by signal");
}

/* Where it ran out of room. A quota is the plan's, and is no excuse. */
static void judge_fill(const SandboxOutcome *outcome, const JudgeFacts *facts,
                       Judgement *judgement) {
        Judgement was = *judgement;

        if (was.outcome != OUTCOME_FAIL && was.outcome != OUTCOME_TIMEOUT)
                return;
        if (facts->fill == SCRATCH_FULL_BY_OTHERS)
                judge_by(SIGHTING_HOST_DISK, NULL, judgement,
                         "the file system of the scratch directory is full, and not by this check; "
                         "%s",
                         was.summary);
        else if (facts->fill == SCRATCH_FULL_BY_RUN && outcome->end == SANDBOX_EXITED)
                judge_by(SIGHTING_LIMIT_DISK, NULL, judgement, "it has written all that it may; %s",
                         was.summary);
}

static void judge_end(const SandboxOutcome *outcome, const JudgeFacts *facts,
                      const MatchResult *results, size_t n_results, Judgement *ret_judgement) {
        switch (outcome->end) {
        case SANDBOX_EXITED: judge_assertions(results, n_results, ret_judgement); break;
        case SANDBOX_SIGNALED: judge_signal(outcome, facts, ret_judgement); break;
        case SANDBOX_TIMED_OUT:
                judge_by(SIGHTING_DEADLINE, NULL, ret_judgement,
                         "still running at the deadline, after %llu ms",
                         (unsigned long long)outcome->wall_ms);
                break;
        case SANDBOX_OUTPUT_CAP:
                judge_by(SIGHTING_OUTPUT_LIMIT, NULL, ret_judgement,
                         "it was killed for printing without end: %llu bytes on stdout, %llu on "
                         "stderr",
                         (unsigned long long)outcome->out.n_bytes,
                         (unsigned long long)outcome->err.n_bytes);
                break;
        case SANDBOX_STOPPED:
                judge_by(SIGHTING_SANDBOX_STOPPED, NULL, ret_judgement,
                         "it was stopped before it ended");
                break;
        case SANDBOX_NOT_STARTED: judge_not_started(outcome, facts, ret_judgement); break;
        case SANDBOX_BROKEN: judge_broken(outcome, ret_judgement); break;
        }
}

/* By the word of its control group. */
static void judge_memory(const SandboxOutcome *outcome, Judgement *judgement) {
        Judgement was = *judgement;

        if (was.outcome != OUTCOME_FAIL && was.outcome != OUTCOME_TIMEOUT)
                return;
        if (outcome->memory == SANDBOX_MEMORY_LIMIT)
                judge_by(SIGHTING_LIMIT_TOTAL, NULL, judgement,
                         "all its processes together met their limit of memory; %s", was.summary);
        else if (outcome->memory == SANDBOX_MEMORY_HOST)
                judge_by(SIGHTING_HOST_MEMORY, NULL, judgement,
                         "the machine ran out of memory, and it had not met its own limit; %s",
                         was.summary);
        else if (outcome->memory == SANDBOX_MEMORY_SHARED)
                judge_by(SIGHTING_LIMIT_MEMORY, NULL, judgement,
                         "the machine ran out of memory, and it had much of it; %s", was.summary);
}

void judge_run(const SandboxOutcome *outcome, const JudgeFacts *facts, const MatchResult *results,
               size_t n_results, Judgement *ret_judgement) {
        judge_end(outcome, facts, results, n_results, ret_judgement);
        judge_memory(outcome, ret_judgement);
        judge_fill(outcome, facts, ret_judgement);
}

bool judge_server(const SandboxOutcome *server, bool has_ended, const JudgeFacts *facts,
                  Judgement *ret_judgement) {
        if (server->end == SANDBOX_BROKEN) {
                judge_broken(server, ret_judgement);
                return true;
        }
        if (!has_ended)
                return false;
        switch (server->end) {
        case SANDBOX_EXITED:
                /* A server that put itself into the background is dead with its sandbox. */
                judge_number(SIGHTING_SERVER_EXIT, server->status, ret_judgement,
                             "the server must stay in the foreground; it ended before it had "
                             "answered, with exit status");
                return true;
        case SANDBOX_SIGNALED:
                judge_number(SIGHTING_SERVER_SIGNAL, server->signal, ret_judgement,
                             "the server was ended by signal");
                judge_memory(server, ret_judgement);
                return true;
        case SANDBOX_OUTPUT_CAP:
        case SANDBOX_NOT_STARTED:
        case SANDBOX_BROKEN: judge_run(server, facts, NULL, 0, ret_judgement); return true;
        case SANDBOX_TIMED_OUT: /* both are ours: by now the request itself tells */
        case SANDBOX_STOPPED: break;
        }
        return false;
}

void judge_http(const HttpSeen *seen, const JudgeFacts *facts, const MatchResult *results,
                size_t n_results, Judgement *ret_judgement) {
        const SandboxOutcome *server = seen->server;
        const HttpAnswer *answer = seen->answer;
        Sighting sighting = http_sightings[answer->end];

        if (server && server->end == SANDBOX_BROKEN) {
                judge_broken(server, ret_judgement);
                return;
        }
        if (answer->end == HTTP_ANSWERED) {
                judge_assertions(results, n_results, ret_judgement);
                return;
        }
        if (server && judge_server(server, !seen->was_alive, facts, ret_judgement))
                return;
        judge_by(sighting, NULL, ret_judgement, "%s%s%s", rows[sighting].sentence,
                 answer->error[0] ? " " : "", answer->error);
}

static bool has_failed(const Judgement *judgement) {
        return judgement->outcome == OUTCOME_FAIL || judgement->outcome == OUTCOME_TIMEOUT;
}

static bool is_worth_a_retry(const Judgement *judgement) {
        return judgement->sighting == SIGHTING_SANDBOX_BROKEN ||
               judgement->sighting == SIGHTING_HTTP_CLIENT;
}

/* Some runs passed, some failed: on the overlay only, for want of the machine's memory, or just so.
 */
static void judge_mixed(const JudgedRun *runs, size_t n_runs, Judgement *ret_judgement) {
        size_t n_passed = 0, failed = 0;

        for (size_t i = 0; i < n_runs; i++) {
                if (runs[i].judgement.outcome == OUTCOME_PASS)
                        n_passed++;
                else
                        failed = i;
        }
        if (runs[0].was_beside_others && n_passed == n_runs - 1)
                judge_by(SIGHTING_CONTENTION, NULL, ret_judgement,
                         "alone it holds; beside others: %s", runs[0].judgement.summary);
        else if (runs[0].judgement.sighting == SIGHTING_LIMIT_MEMORY && n_passed == n_runs - 1)
                judge_by(SIGHTING_HOST_MEMORY, NULL, ret_judgement,
                         "killed when memory ran out; run again %zu times, it passed", n_passed);
        else if (n_runs == OVERLAY_RUNS && n_passed == 2 &&
                 runs[0].judgement.sighting != SIGHTING_LIMIT_MEMORY)
                judge_by(SIGHTING_SANDBOX_OVERLAY, NULL, ret_judgement,
                         "fails on the overlay, passes on a plain copy: %s",
                         runs[failed].judgement.summary);
        else
                judge_by(SIGHTING_FLAKY, NULL, ret_judgement,
                         "passed %zu/%zu runs; otherwise %s: %s", n_passed, n_runs,
                         runs[failed].judgement.reason, runs[failed].judgement.summary);
}

static size_t last_failed(const JudgedRun *runs, size_t n_runs) {
        for (size_t i = n_runs; i-- > 0;)
                if (has_failed(&runs[i].judgement))
                        return i;
        return n_runs - 1;
}

/* `runs` begin with one that the harness carried out. */
static JudgeNext confirm(const JudgedRun *runs, size_t n_runs, Judgement *ret_judgement,
                         size_t *ret_shown) {
        const Judgement *first = &runs[0].judgement, *last = &runs[n_runs - 1].judgement;

        *ret_shown = n_runs - 1;
        *ret_judgement = *last;
        if (!has_failed(first))
                return JUDGE_DECIDED;
        if (n_runs == 1)
                return JUDGE_ON_A_COPY;
        if (last->outcome != OUTCOME_PASS && !has_failed(last))
                return JUDGE_DECIDED; /* the harness broke while confirming */
        if (n_runs == 2 && has_failed(last))
                return JUDGE_DECIDED;
        if (first->sighting == SIGHTING_LIMIT_MEMORY && !has_failed(last) && n_runs < MEMORY_RUNS)
                return JUDGE_ONCE_MORE;
        /* A copy passed where the overlay failed: the overlay again, and if it fails, a copy. */
        if (n_runs == 2 && (runs[0].was_overlay || runs[0].was_beside_others))
                return JUDGE_ONCE_MORE;
        if (n_runs == 3 && has_failed(last) && first->sighting != SIGHTING_LIMIT_MEMORY)
                return JUDGE_ON_A_COPY;
        *ret_shown = last_failed(runs, n_runs);
        judge_mixed(runs, n_runs, ret_judgement);
        return JUDGE_DECIDED;
}

JudgeNext judge_confirm(const JudgedRun *runs, size_t n_runs, Judgement *ret_judgement,
                        size_t *ret_shown) {
        JudgeNext next;

        if (!runs[0].was_starved && !is_worth_a_retry(&runs[0].judgement))
                return confirm(runs, n_runs, ret_judgement, ret_shown);
        if (n_runs == 1)
                return runs[0].was_starved ? JUDGE_ALONE : JUDGE_ONCE_MORE;
        if (n_runs == 2 && runs[0].was_starved && runs[1].was_starved) {
                judge_by(SIGHTING_HOST_LOAD, NULL, ret_judgement,
                         "others had nearly all of the processors, alone too; %s",
                         runs[1].judgement.summary);
                *ret_shown = 1;
                return JUDGE_DECIDED;
        }
        next = confirm(runs + 1, n_runs - 1, ret_judgement, ret_shown);
        *ret_shown += 1;
        return next;
}

void judge_leniently(bool may_fail, bool may_be_flaky, Judgement *judgement) {
        if ((may_fail && (has_failed(judgement) || judgement->outcome == OUTCOME_FLAKY)) ||
            (may_be_flaky && judgement->outcome == OUTCOME_FLAKY))
                judgement->outcome = OUTCOME_WARN;
}
