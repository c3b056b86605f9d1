/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* A verdict in the making: check by check, then the decision, then the message with its evidence.
 */

#include "verify/check.h"

typedef struct VerdictDraft {
        const VerifyRequest *request;
        Arena *arena; /* the result's */
        uint64_t started_ms, started_mono_ms;
        struct check_result *checks;
        VerifyEvidence *evidence;
        size_t n_checks, n_evidence;
        Slice *notes;
        size_t n_notes;
        Slice isolation; /* of the first check that ran */
        const char *tree;
        Buf workspace; /* facts in a sentence */
        bool has_inputs;
        Hash inputs;
        uint64_t carried_from; /* 0: measured */
        bool is_decided;
        Decision decision;
        char reason[REASON_BYTES];
        char summary[SUMMARY_BYTES];
} VerdictDraft;

void draft_init(VerdictDraft *draft, const VerifyRequest *request, Arena *arena);
void draft_deinit(VerdictDraft *draft);

/* Takes what counts out of the report: result, evidence, notes. */
void draft_add_check(VerdictDraft *draft, const Check *check, const CheckReport *report,
                     const char *tree);
/* The decision from the checks, and from what went wrong before them. */
void draft_judge(VerdictDraft *draft);
void draft_decide(VerdictDraft *draft, Decision decision, const Fault *fault);
/* What else was seen, for people. */
void draft_add_note(VerdictDraft *draft, const char *format, ...) printf_like(2, 3);
/* The message; small enough to travel. */
void draft_finish(VerdictDraft *draft, VerifyResult *result);
