/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Whether matchers are at least as strong as another one: whatever they let pass, it does, too. */

#include "plan/matcher.h"

/* All of `matchers`, of one subject, together. False where it is not known. */
bool matchers_imply(const Matcher *const *matchers, size_t n_matchers, const Matcher *wanted);
