/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The plan's copy in the claimed commit, compared with the approved text. It never decides what is
 * run; who edits it so that the gate asks for less has no evidence. */

#include "verify/verdict.h"

/* Notes a copy that is another one. PREP_E_FAIL with rule claim.plan-copy: it weakens the gate, and
 * the commit descends from one with the approved text. PREP_E_ERROR with a rule of its own. */
int plan_copy_check(VerdictDraft *draft, const char *mirror_path, Fault *reterr_fault) must_check;
