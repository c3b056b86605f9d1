/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * One gate of a plan, verified cold at a commit: mirror, tree, proof, a sandbox for each check,
 * judgement. The same engine serves the daemon's workers and the one-shot verb; its result is the
 * body of a verdict and the evidence frames that it names.
 */

#include "base/arena.h"
#include "base/buf.h"
#include "base/fault.h"
#include "plan/plan.h"
#include "proto/message.h"

typedef struct VerifyProgress {
        void *userdata;
        /* `what`: "fetch", "workspace", a check's id. */
        void (*report)(void *userdata, const char *what, size_t n_done, size_t n_total);
        /* True once somebody no longer wants the result; asked between and during checks. */
        bool (*is_cancelled)(void *userdata);
} VerifyProgress;

/* A named resource that a gate or a check needs. */
typedef struct VerifyLockWish {
        Slice resource;
        bool is_shared;
        uint64_t wait_ms; /* how long it is waited for at most */
        void *userdata;
        bool (*is_cancelled)(void *userdata); /* to be asked while waiting; tells progress too */
} VerifyLockWish;

enum { _VERIFY_LOCK_E_SUCCESS, VERIFY_LOCK_E_REFUSED, VERIFY_LOCK_E_CANCELLED };

/* Who gives them: verify/lock.h on a machine alone, the broker in a daemon. */
typedef struct VerifyLocks {
        void *userdata;
        /* Waits. VERIFY_LOCK_E_REFUSED with the fault, VERIFY_LOCK_E_CANCELLED. */
        int (*take)(void *userdata, const VerifyLockWish *wish, Fault *reterr_fault);
        void (*give)(void *userdata, Slice resource);
} VerifyLocks;

enum { VERIFY_JOBS_MAX = 64 };

typedef struct VerifyRequest {
        const Plan *plan;
        /* How the one-line reproduce names the plan: a shell word, quoted where that is needed;
         * text_quote() makes one of a file's name. */
        const char *plan_file;
        const Gate *gate;
        const char *only_check; /* or all instances of a matrix; NULL: all of them */
        const char *repository, *commit;
        const char *mirrors; /* directory of the mirrors */
        const char *scratch; /* directory for workspaces (verify/scratch.h) */
        const char *state;   /* the project's own directory, hidden from what is run; or NULL */
        const Slice *hidden; /* files of the host that are hidden from it too */
        size_t n_hidden;
        uint64_t claimed_ms; /* wall time: GATE_SINCE */
        /* The PASS of this gate that may be carried over; NULL: none. */
        const struct carry *carry;
        /* To `manual` checks at this commit, of other gates too; of one check the last counts. */
        const struct answered *answers;
        size_t n_answers;
        const char *base;      /* the newest commit at which the phase had a PASS; NULL: none */
        const char *plan_path; /* of the plan's copy in the commit; NULL: none is looked for */
        uint64_t fetch_ms;     /* deadline of git */
        /* What is taken out of evidence and verdict; NULL: nothing is, for tests. */
        const struct Redactor *redactor;
        size_t n_jobs;      /* checks at a time that do not touch one another; 0 is 1 */
        bool keep;          /* leave the workspaces for a person to look at */
        const char *runner; /* sandbox_find_runner() */
        VerifyLocks locks;  /* without `take`, what needs a lock cannot be carried out */
        VerifyProgress progress;
} VerifyRequest;

typedef struct VerifyEvidence {
        Hash digest;
        Slice frame;
} VerifyEvidence;

typedef struct VerifyResult {
        Arena arena;
        struct verdict verdict; /* claim and lease are 0, for the caller to fill in */
        VerifyEvidence *evidence;
        size_t n_evidence;
        char *kept; /* where the workspaces are, with `keep` */
} VerifyResult;

enum { _VERIFY_E_SUCCESS, VERIFY_E_CANCELLED };

/* Always ends in a verdict unless cancelled: what cannot be carried out is INCONCLUSIVE. */
int verify_run(const VerifyRequest *request, VerifyResult *ret_result) must_check;
void verify_result_deinit(VerifyResult *result);

/* For people: a line for each check, failures with expected and found, the verdict last. */
void verify_describe(const VerifyResult *result, bool with_colour, Buf *text);
/* Whether a check of a result was proved to be able to fail. */
typedef enum VerifyBites {
        VERIFY_BITES,     /* seen red */
        VERIFY_BITES_NOT, /* its teeth or its red-at did not go red as the plan says */
        VERIFY_TOOTHLESS, /* never seen red: the plan has no proof of it, or it was not green */
} VerifyBites;
VerifyBites verify_bites(const struct check_result *check);
/* A line for each check: has teeth, never seen red, teeth do not bite. */
void verify_describe_teeth(const VerifyResult *result, Buf *text);
/* docs/json.md: {"version":1,"verdict":{…},"evidence":[…]} */
void verify_describe_json(const VerifyResult *result, Buf *text);

/* The canary of verification.md §2: true → 0, exit 3 → 3, write and read, fork, loopback. 0 when
 * healthy; otherwise the fault says what broke (rule host.canary). */
enum { _CANARY_E_SUCCESS, CANARY_E_SICK };
int canary_run(const char *runner, const char *scratch, Fault *reterr_fault) must_check;
