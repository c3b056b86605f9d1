/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What is said of findings and vetoes on the desk. */

#include "tests/lib/desk.h"

#define DESK_HOUR_MS UINT64_C(3600000)

/* Texts must outlive the call. The phase is "m". */
Message desk_make_fixed(uint64_t finding, const char *commit);
Message desk_make_close(uint64_t finding, uint64_t verdict);
Message desk_make_reopen(uint64_t finding);
/* Says nothing yet. */
Message desk_make_correct(uint64_t finding);
/* With finding 0: a new item of the gate, or (NULL) of the phase. */
Message desk_make_defer(uint64_t finding, const char *gate);
/* Of the finding, or else of the gate, until so long from now. */
Message desk_make_waive(const Desk *desk, uint64_t finding, const char *gate, uint64_t for_ms);
Message desk_make_probe(const char *gate);
/* With gate NULL: of the whole phase. In the desk's arena. */
Message desk_make_veto(Desk *desk, const char *gate);
Message desk_make_lift(uint64_t veto);
Message desk_make_revoke(const char *name);

/* Claims M1 at the commit and brings the verdict on it, by ADVERSARY; the verdict's entry. */
uint64_t desk_verify_m1(Desk *desk, const char *commit, Decision decision);
/* The finding; it must be there. */
const FindingRecord *desk_get_finding(const Desk *desk, uint64_t finding);
