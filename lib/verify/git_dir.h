/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* A tree with a `.git` in it, for checks that ask for one (`git-dir`): one synthetic commit of that
 * tree by a fixed author at a fixed time, on the branch main, and nothing else of any history. */

#include "verify/attempt.h"
#include "verify/checkout.h"

/* Where the check's workspace comes from: the checkout itself, or a copy with a `.git`, made once
 * for each tree below the setting's directory. In the arena. PREP_E_ERROR, rule prep.git-dir. */
int git_dir_choose(const AttemptSetting *setting, const Check *check, const Checkout *checkout,
                   Arena *arena, const char **ret_tree, Fault *reterr_fault) must_check;
