/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The rows of the command line. */

#include "adversary-agent/verbs.h"
#include "client/keygen.h"

static const OptionRow verify_options[] = {
        {"repo", "R", "The repository: an https, ssh or file URL, or a path."},
        {"commit", "C", "The full commit id."},
        {"check", "ID", "Only this check, and those that it needs."},
        {"keep", NULL, "Leave the workspaces for you to look at, and say where they are."},
        {"secrets", "FILE", "Values, one a line, that no evidence may hold."},
        {"fetch-timeout", "D", "Deadline of fetching (default: 2m)."},
        {NULL, NULL, NULL},
};

static const OptionRow run_options[] = {
        {"jobs", "N", "How many claims are verified at the same time (default: 1)."},
        {"secrets", "FILE",
         "Values, one a line, that no evidence may hold (default: .coldgate/secrets if it is there)."},
        {"key", "FILE", "The secret key to speak with (default: .coldgate/keys/adversary)."},
        {NULL, NULL, NULL},
};

static const OptionRow no_options[] = {{NULL, NULL, NULL}};

static const Verb verbs[] = {
        {"run", "", 0, 0, "Take claims from the broker, verify them cold, give verdicts.", verb_run,
         run_options},
        {"verify", "PLAN GATE", 2, 2,
         "Verify one gate of a plan at a commit, now, without a broker.", verb_verify,
         verify_options},
        {"doctor", "", 0, 0,
         "What isolation this machine gives, what is missing, and what to do about it.",
         verb_doctor, no_options},
        {"keygen", "NAME", 1, 1, "Make a key here; only its public line travels.", verb_keygen,
         keygen_options},
};

const Program adversary_program = {
        .name = "adversary-agent",
        .help = "disbelieves claims: verifies them cold, in its own sandbox, and gives verdicts",
        .verbs = verbs,
        .n_verbs = ARRAY_SIZE(verbs),
};
