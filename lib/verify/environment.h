/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The whole environment of a check, made from nothing: fixed names, the gate's three facts, then
 * what the plan sets. Nothing in it says that this is a verification beyond those three names. */

#include "verify/attempt.h"

/* NULL-ended, in the arena; a name that the plan sets replaces ours. */
const char *const *environment_make(const AttemptSetting *setting, const Check *check,
                                    const SandboxSpec *spec, Arena *arena);
/* The value of a name, or NULL. */
const char *environment_get(const char *const *env, const char *name);
/* True for names whose values are not for evidence: tokens, passwords, keys. */
bool environment_is_secret(Slice name);
