/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * One run of one check: a fresh directory, a fresh sandbox over the verified tree, what was seen,
 * and what that means. What all runs of a gate share is in the setting.
 */

#include "verify/judge.h"
#include "verify/verify.h"

/* Inside every sandbox. */
#define ATTEMPT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

typedef struct AttemptSetting {
        const VerifyRequest *request;
        const char *tree;                /* the verified tree on disk */
        const char *dir;                 /* of this gate's runs alone */
        const char *const *hide;         /* NULL-ended */
        const char *started_at, *since;  /* ISO, UTC */
        unsigned n_dirs;                 /* made so far below `dir` */
        const char *what;                /* for progress: the check's id */
        const char *how;                 /* of the attempts, in their lines: ", alone" */
        uint64_t repetition;             /* ${N}; 0: the check is not repeated */
        uint64_t limit_factor;           /* the check's own limits so many times; 0 is 1 */
        uint64_t tree_bytes;             /* what a copy of the tree takes on disk, at most */
        uint64_t n_beside;               /* repetitions at a time; 0 is 1 */
        uint64_t room_bytes, disk_bytes; /* of the newest run: scratch_look's room and most */
        bool is_alone;                   /* with no other run of ours beside it */
        size_t n_done, n_total;
        uint64_t reported_ms; /* when progress was told last, monotonic */
} AttemptSetting;

enum { ATTEMPT_KEPT_MAX = 4 };

/* What was read beside the output: a report, a file, a log. In the attempt's arena. */
typedef struct AttemptStream {
        const char *name; /* static */
        uint64_t n_bytes; /* in all */
        Hash hash;
        Slice head, tail;
} AttemptStream;

typedef struct Attempt {
        Arena arena;
        uint64_t started_ms; /* wall */
        uint64_t duration_ms;
        unsigned others; /* load_of_others, meanwhile */
        bool has_sandbox, has_http;
        SandboxOutcome sandbox;
        HttpAnswer http;
        AttemptStream kept[ATTEMPT_KEPT_MAX];
        size_t n_kept;
        MatchResult *results;
        size_t n_results;
        const char *const *env;  /* NULL-ended */
        const char *const *argv; /* NULL-ended; NULL where nothing was started */
        Judgement judgement;
        Slice frame; /* another process made the attempt: its check_evidence, all else is empty */
} Attempt;

/* Zeroed memory is an empty attempt. */
void attempt_deinit(Attempt *attempt);

enum { _ATTEMPT_E_SUCCESS, ATTEMPT_E_CANCELLED };

/* Runs the check once and judges it. ATTEMPT_E_CANCELLED: nobody wants it any more. */
int attempt_make(AttemptSetting *setting, const Check *check, bool force_copy,
                 Attempt *ret_attempt) must_check;

/* The check's `cleanup`, after a run that could reach the outside (network: host, on: host): in a
 * second sandbox over the same tree, because the run's own one is dead with all that was in it.
 * Without such a network nothing can have outlived the sandbox and the text is not run. False if it
 * ran and failed; `why` is told. */
int attempt_clean_up(AttemptSetting *setting, const Check *check, Buf *why,
                     bool *ret_failed) must_check;

/* The check with the references put in that only a run can know. */
Check attempt_settle(const AttemptSetting *setting, const Check *check, Arena *arena);

/* Runs one of the check's own scripts as it would be run itself: same tree, rights, limits. Where
 * the workspace `stays`, it is a copy that stands (sandbox_get_copy) until attempt_drop.
 * ATTEMPT_E_CANCELLED. */
int attempt_run_script(AttemptSetting *setting, const Check *script, bool stays, Arena *arena,
                       SandboxSpec *ret_spec, SandboxOutcome *ret_outcome) must_check;

/* Its deadline passed while others had nearly all of the processors. */
bool attempt_was_starved(const Check *check, const Attempt *attempt);

/* Before anything but a pass is believed: a sick machine takes the judgement's place. */
void attempt_ask_canary(const AttemptSetting *setting, Judgement *judgement);

/* It has the machine's network: what it does can outlive its sandbox. */
bool check_reaches_out(const Check *check);

/* For the kinds of check: */

/* Fills in argv, environment, tree, directories, limits. The directory is removed by the caller. */
int attempt_prepare(AttemptSetting *setting, const Check *check, Arena *arena,
                    SandboxSpec *ret_spec) must_check;
/* Tells progress at most every two seconds; true once cancelled. */
bool attempt_is_cancelled(AttemptSetting *setting);
/* Removes the run's directory, unless it is to be kept. */
void attempt_drop(const AttemptSetting *setting, const SandboxSpec *spec);
/* The tree was the lower layer of an overlay. */
bool attempt_was_overlay(const Attempt *attempt);
/* How the kernel's count of kills for memory stands. */
uint64_t attempt_memory_kills(void);
/* Where argv[0] comes from. */
void attempt_get_facts(const SandboxSpec *spec, JudgeFacts *ret_facts);
