/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The verbs of builder-agent. Add one: verb_<name>.c, its row in program.c, tests/cli/<name>.t. */

#include "base/options.h"

extern const Program builder_program;

int verb_claim(const Args *args);
int verb_done(const Args *args);
int verb_keygen(const Args *args);
int verb_say(const Args *args);
int verb_try(const Args *args);
int verb_wait(const Args *args);
int verb_withdraw(const Args *args);
