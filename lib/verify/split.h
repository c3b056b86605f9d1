/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The entries of a listing, worked on by two processes at once where that pays. */

#include "verify/listing.h"

/* Handles the entries [first, end). 0 or PREP_E_* with a fault. It runs in this process or in a
 * copy of it, so that only what it does to files remains. */
typedef int (*SplitWork)(void *userdata, size_t first, size_t end, Fault *reterr_fault);

/* Runs `work` over all entries. Where both halves fail, the first half's fault counts: parents come
 * before their children, and so does a cause before what follows from it. PREP_E_*. */
int split_run(const Listing *listing, SplitWork work, void *userdata,
              Fault *reterr_fault) must_check;
