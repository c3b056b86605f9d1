/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What a check left behind. Its home is a directory of this run alone, which tools fill with what
 * they keep for the next time: that is no residue. */

#include <string.h>

#include "verify/judge.h"

static bool is_in_home(const char *path) {
        size_t n = strlen(SANDBOX_HOME);

        return strncmp(path, SANDBOX_HOME, n) == 0 && (path[n] == '/' || path[n] == 0);
}

/* The first file that is none of its own; NULL: there is none. */
static const char *find_file(const SandboxOutcome *outcome, size_t *ret_n) {
        const char *first = NULL;

        *ret_n = 0;
        for (size_t i = 0; i < outcome->n_outside; i++) {
                if (is_in_home(outcome->outside[i]))
                        continue;
                first = first ? first : outcome->outside[i];
                ++*ret_n;
        }
        return first;
}

/* What listens is told first: it can answer for somebody else. */
static const SandboxLeftover *find_process(const SandboxOutcome *outcome) {
        for (size_t i = 0; i < outcome->n_leftovers; i++)
                if (outcome->leftovers[i].listens)
                        return &outcome->leftovers[i];
        return outcome->n_leftovers ? &outcome->leftovers[0] : NULL;
}

static const char *of(const SandboxLeftover *left) {
        return left->command ? left->command : "?";
}

void judge_residue(const SandboxOutcome *outcome, Judgement *judgement) {
        const SandboxLeftover *left = find_process(outcome);
        size_t n_files;
        const char *file = find_file(outcome, &n_files);

        if (judgement->outcome != OUTCOME_PASS || outcome->end == SANDBOX_STOPPED)
                return;
        if (left && left->listens)
                judge_by(SIGHTING_RESIDUE_PORT, NULL, judgement,
                         "it left `%.200s` behind, which listens on %s", of(left), left->listens);
        else if (left)
                judge_by(SIGHTING_RESIDUE_PROCESS, NULL, judgement,
                         "it left %zu process%s behind: `%.200s`", outcome->n_leftovers,
                         outcome->n_leftovers == 1 ? "" : "es", of(left));
        else if (file)
                judge_by(SIGHTING_RESIDUE_FILE, NULL, judgement,
                         "it left %zu file%s outside of its workspace and home: %.200s", n_files,
                         n_files == 1 ? "" : "s", file);
}
