/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Whether what runs is what was claimed. */

#include "plan/plan.h"

/* Whether the answer names the commit: a run of hex digits, not part of a longer one, is its
 * beginning and has at least so many digits; none that looks like another commit's stands beside
 * it, and nothing says that it was changed since ("-dirty"). */
bool revision_names(Slice answer, Slice commit, uint64_t digits);

/* Whether an http check, by its place in the gate, is only believed once that revision check held:
 * it asks something that runs already, which may be of another commit. */
bool revision_guards(const Gate *gate, size_t revision, size_t check);
