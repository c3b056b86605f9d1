/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The rows of the command line. */

#include "builder-agent/verbs.h"
#include "client/keygen.h"
#include "verbs/agent.h"
#include "verbs/say.h"

#define KEY_OPTION                                                                                 \
        { "key", "FILE", "The secret key to speak with (default: .coldgate/keys/builder)." }
#define PHASE_OPTION                                                                               \
        { "phase", "P", "The phase (default: the only one that fits)." }
#define TIMEOUT_OPTION                                                                             \
        {                                                                                          \
                "timeout", "D",                                                                    \
                        "Stop waiting after this time, e.g. 10m (default: never); exit status 8."  \
        }
#define WAIT_TIMEOUT_OPTION                                                                        \
        {                                                                                          \
                "timeout", "D",                                                                    \
                        "Stop waiting after this time, e.g. 10m (default: never); exit status 8.", \
                        "wait"                                                                     \
        }

static const OptionRow claim_options[] = {
        PHASE_OPTION,
        {"repo", "URL",
         "Where the adversary fetches: https, ssh or file (default: this repository)."},
        {"commit", "REV", "What is claimed (default: HEAD); resolved here to a full commit id."},
        {"what", "TEXT", "WHAT is claimed, in words."},
        {"how", "TEXT", "HOW to see it."},
        {"expected", "TEXT", "What is EXPECTED then."},
        {"where", "TEXT", "WHERE it is: paths, services."},
        {"why", "TEXT", "WHY, your reasoning: sealed from adversaries until their verdict."},
        {"evidence", "FILE",
         "What you saw; compared with what was measured once the verdict stands."},
        {"try", NULL,
         "Run the gates here first, cold, and attach what was seen; claim nothing that fails."},
        {"anyway", NULL, "With --try: claim it although it fails.", "try"},
        {"wait", NULL, "Wait for the verdicts; the exit status is theirs."},
        WAIT_TIMEOUT_OPTION,
        KEY_OPTION,
        {NULL, NULL, NULL},
};

static const OptionRow try_options[] = {
        PHASE_OPTION,
        {"plan", "FILE", "This plan (default: the one that was approved, from the broker)."},
        {"repo", "URL", "Where to fetch: https, ssh or file (default: this repository)."},
        {"commit", "REV", "What is tried (default: HEAD); resolved here to a full commit id."},
        {"check", "ID",
         "Only this check, or all instances of this matrix, and those that it needs."},
        KEY_OPTION,
        {NULL, NULL, NULL},
};

static const OptionRow wait_options[] = {
        PHASE_OPTION,
        TIMEOUT_OPTION,
        KEY_OPTION,
        {NULL, NULL, NULL},
};

static const OptionRow withdraw_options[] = {
        PHASE_OPTION,
        {"why", "TEXT", "The reason."},
        KEY_OPTION,
        {NULL, NULL, NULL},
};

static const OptionRow done_options[] = {
        PHASE_OPTION,
        {"commit", "REV", "The commit at which every gate holds (default: HEAD)."},
        {"wait", NULL, "While claims are pending, wait and ask again."},
        WAIT_TIMEOUT_OPTION,
        KEY_OPTION,
        {NULL, NULL, NULL},
};

static const Verb verbs[] = {
        {"claim", "GATE…", 1, ARGUMENTS_MAX, "Say that gates hold at a commit.", verb_claim,
         claim_options},
        {"try", "GATE", 1, 1, "Run a gate here, cold, as an adversary would; never a verdict.",
         verb_try, try_options},
        {"wait", "CLAIM|GATE", 1, 1, "Wait for the verdicts of a claim.", verb_wait, wait_options},
        {"withdraw", "CLAIM|GATE", 1, 1, "Take a claim back.", verb_withdraw, withdraw_options},
        {"status", "[PHASE]", 0, 1, "Where the gates stand, who is waited for, why not DONE.",
         agent_status, agent_status_options},
        {"findings", "[PHASE]", 0, 1, "The findings that are not closed.", agent_findings,
         agent_findings_options},
        {"inbox", "", 0, 0, "What is addressed to you or your role, since you last looked.",
         agent_inbox, agent_inbox_options},
        {"fixed", "F-12", 1, 1, "Say that a finding is mended; the adversary re-tests it.",
         verb_say, say_options_fixed},
        {"note", "TEXT", 1, 1, "Words for the record, the journal or an inbox; never a claim.",
         verb_say, say_options_journal},
        {"pause", "[PHASE]", 0, 1, "You are waiting until a time: nobody is pinged for you before.",
         verb_say, say_options_pause},
        {"resume", "[PHASE|Z-12]", 0, 1, "End your pause before its time.", verb_say,
         say_options_resume},
        {"hold", "RESOURCE [-- COMMAND…]", 1, ARGUMENTS_MAX,
         "Lock what agents share, by a name that they agree on; with a command, while it runs.",
         agent_hold, say_options_hold},
        {"release", "H-12", 1, 1, "Give a lock back, or wait for it no more.", verb_say,
         say_options_release},
        {"done", "[PHASE]", 0, 1, "Ask that a phase be DONE.", verb_done, done_options},
        {"keygen", "NAME", 1, 1, "Make a key here; only its public line travels.", verb_keygen,
         keygen_options},
};

const Program builder_program = {
        .name = "builder-agent",
        .help = "claims that gates hold, waits for the adversary's verdicts, asks for DONE",
        .verbs = verbs,
        .n_verbs = ARRAY_SIZE(verbs),
};
