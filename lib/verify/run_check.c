/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A command in a sandbox: exit status, output, duration, the files that it left. */

#include "verify/command.h"
#include "verify/kind.h"

int run_check_attempt(AttemptSetting *setting, const Check *check, bool force_copy,
                      Attempt *attempt) {
        Assertions assertions = {.arena = &attempt->arena};
        Observed observed;
        CommandRun run;
        int r = command_run(setting, check, force_copy, attempt, &run);

        if (r != 0)
                return r;
        if (command_is_observable(check, attempt)) {
                command_observe(&run, check, attempt, &observed);
                assertions_add_expected(&assertions, check, &observed);
        }
        command_judge(&run, &assertions, attempt);
        command_drop(setting, &run);
        return 0;
}
