/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* A verification that a person asks for on the command line, without a broker: what
 * `adversary-agent verify` and `builder-agent try` share. */

#include "base/options.h"
#include "verify/lock.h"
#include "view/progress.h"

typedef struct ByHand {
        const char *only_check; /* or all instances of a matrix; NULL: all of them */
        bool keep;
        char *mirrors, *scratch, *runner;
        LockFiles *locks;
        Slice gate; /* for progress */
        Progress progress;
} ByHand;

/* Zeroed memory, but for the first two, is one that was not opened. */
void by_hand_deinit(ByHand *by_hand);

enum { _BY_HAND_E_SUCCESS, BY_HAND_E_REFUSED };

/* Places of its own (`cache` names the directory of the mirrors below the user's cache), a healthy
 * sandbox, handlers of signals. BY_HAND_E_REFUSED with the fault. */
int by_hand_open(ByHand *by_hand, const char *cache, Fault *reterr_fault) must_check;
/* verify_run with what is missing in the request filled in: places, limits, progress. A
 * cancellation is BY_HAND_E_REFUSED, rule cancelled. */
int by_hand_run(ByHand *by_hand, VerifyRequest *request, VerifyResult *ret_result,
                Fault *reterr_fault) must_check;

/* The exit status that says what the result is. */
int by_hand_exit_status(Decision decision);
/* On standard output, as the options say. */
void by_hand_print(const Args *args, const VerifyResult *result);
/* A path becomes a file URL. Caller frees. */
char *by_hand_url(const char *repository);

/* Parses a plan's file, prints its mistakes. An exit status, EXIT_HOLDS if it is a plan. */
int by_hand_read_plan(const Args *args, const char *file, Plan *ret_plan);
/* The gate, and whether it has the check that --check names. An exit status. */
int by_hand_choose_gate(const Args *args, const Plan *plan, const char *id, const Gate **ret_gate);
