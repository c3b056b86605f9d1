/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The program's verbs. `work` is not for people: `run` starts it (adversary-agent/worker.h). */

#include "base/options.h"

extern const Program adversary_program;

int verb_keygen(const Args *args);
int verb_verify(const Args *args);
int verb_say(const Args *args);
int verb_run(const Args *args);
int verb_doctor(const Args *args);
/* `parent` is who started it, and with whom it dies. */
int verb_work(const char *parent);
