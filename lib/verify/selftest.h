/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Before an agent takes work: a handful of cheats must be met by the sandbox of this very machine,
 * and honest work must pass in it (design: verification.md §2). Whoever cannot show both would
 * believe a cheat or blame honest work.
 */

#include "base/fault.h"

enum {
        _SELFTEST_E_SUCCESS,
        SELFTEST_E_FAILED, /* rule host.selftest: which one, and how it came out */
};

int selftest_run(const char *runner, const char *scratch, Fault *reterr_fault) must_check;
