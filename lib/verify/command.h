/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The command of a check, run once: what all kinds that have one share. */

#include "verify/assertions.h"
#include "verify/attempt.h"

enum { COMMAND_KEEP_BYTES = 16 << 20 }; /* of standard output, where it is what is judged */

typedef struct CommandRun {
        SandboxSpec spec; /* its directory is there until command_drop */
        JudgeFacts facts;
} CommandRun;

/* Runs it to its end; how it ended is in the attempt. ATTEMPT_E_CANCELLED. */
int command_run(AttemptSetting *setting, const Check *check, bool force_copy, Attempt *attempt,
                CommandRun *ret_run) must_check;

/* Whether there is something to assert about: it exited, or a signal that the plan speaks of ended
 * it. */
bool command_is_observable(const Check *check, const Attempt *attempt);
/* Status, signal, streams and duration; joined streams are in the attempt's arena. */
void command_observe(const CommandRun *run, const Check *check, Attempt *attempt,
                     Observed *ret_observed);

/* Hands the assertions over to the attempt, judges it by how the command ended and by them. */
void command_judge(const CommandRun *run, const Assertions *assertions, Attempt *attempt);
void command_drop(const AttemptSetting *setting, const CommandRun *run);

/* Unless the plan speaks of the exit status or the signal: it must be 0. */
void command_assert_status(const Check *check, const Attempt *attempt, Assertions *assertions);

/* Bytes that are evidence beside the streams. `name` is static. */
void attempt_keep_stream(Attempt *attempt, const char *name, Slice bytes);
void attempt_keep_file(Attempt *attempt, const ObservedFile *file);
