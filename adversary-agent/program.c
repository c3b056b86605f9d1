/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The rows of the command line. */

#include "adversary-agent/verbs.h"
#include "client/keygen.h"
#include "verbs/agent.h"
#include "verbs/say.h"

static const OptionRow verify_options[] = {
        {"repo", "R", "The repository: an https, ssh or file URL, or a path."},
        {"commit", "C", "The full commit id."},
        {"check", "ID",
         "Only this check, or all instances of this matrix, and those that it needs."},
        {"explain", NULL,
         "Print in what each check would run, and run none; needs neither repository nor commit."},
        {"prove", NULL,
         "Also say of each check whether it was seen red; exit status 1 if teeth do not bite."},
        {"jobs", "N",
         "How many checks of the gate may run at the same time, where they do not touch one another (default: 1)."},
        {"keep", NULL, "Leave the workspaces for you to look at, and say where they are."},
        {"secrets", "FILE", "Values, one a line, that no evidence may hold."},
        {"fetch-timeout", "D", "Deadline of fetching (default: 2m)."},
        {NULL, NULL, NULL},
};

static const OptionRow run_options[] = {
        {"jobs", "N", "How many claims are verified at the same time (default: 1)."},
        {"secrets", "FILE",
         "Values, one a line, that no evidence may hold (default: .coldgate/secrets if it is there)."},
        {"probe", "PROGRAM",
         "Run it after each verdict, in a sandbox: facts as JSON on standard input, JSON lines of findings and probes back."},
        {"probe-network", "N", "What network it has: none or host (default: none).", "probe"},
        {"probe-timeout", "D", "How long it may run (default: 5m).", "probe"},
        {"sealed", "FILE",
         "A plan of checks that the builder does not see before DONE; of mode 0600, a phase each, may be given again."},
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
        {"status", "[PHASE]", 0, 1, "Where the gates stand, who is waited for, why not DONE.",
         agent_status, agent_status_options},
        {"findings", "[PHASE]", 0, 1, "The findings that are not closed.", agent_findings,
         agent_findings_options},
        {"inbox", "", 0, 0, "What is addressed to you or your role, since you last looked.",
         agent_inbox, agent_inbox_options},
        {"finding", "[PHASE]", 0, 1, "File a defect.", verb_say, say_options_finding},
        {"close", "F-12", 1, 1, "Close a finding that you re-tested.", verb_say, say_options_close},
        {"reopen", "F-12", 1, 1, "A finding is still there, or there again.", verb_say,
         say_options_reopen},
        {"correct", "F-12", 1, 1, "Correct what a finding says; what is not given stays.", verb_say,
         say_options_correct},
        {"defer", "[F-12]", 0, 1, "Let an item stay open past its gate; it must close before DONE.",
         verb_say, say_options_defer},
        {"probe", "[PHASE]", 0, 1, "Record what you tried or saw; not a verdict.", verb_say,
         say_options_probe},
        {"veto", "[PHASE]", 0, 1, "Refuse DONE, or gates, until a condition holds.", verb_say,
         say_options_veto},
        {"lift", "X-12", 1, 1, "Lift a veto.", verb_say, say_options_lift},
        {"retract", "V-12", 1, 1, "Take a verdict that was wrong out of count.", verb_say,
         say_options_retract},
        {"answer", "PHASE GATE CHECK", 3, 3, "Answer a manual check.", verb_say,
         say_options_answer},
        {"note", "TEXT", 1, 1, "Words for the record, or an inbox; never a verdict.", verb_say,
         say_options_note},
        {"pause", "[PHASE]", 0, 1, "You are waiting until a time: nobody is pinged for you before.",
         verb_say, say_options_pause},
        {"resume", "[PHASE|Z-12]", 0, 1, "End your pause before its time.", verb_say,
         say_options_resume},
        {"hold", "RESOURCE [-- COMMAND…]", 1, ARGUMENTS_MAX,
         "Lock what agents share, by a name that they agree on; with a command, while it runs.",
         agent_hold, say_options_hold},
        {"release", "H-12", 1, 1, "Give a lock back, or wait for it no more.", verb_say,
         say_options_release},
        {"keygen", "NAME", 1, 1, "Make a key here; only its public line travels.", verb_keygen,
         keygen_options},
};

const Program adversary_program = {
        .name = "adversary-agent",
        .help = "disbelieves claims: verifies them cold, in its own sandbox, and gives verdicts",
        .verbs = verbs,
        .n_verbs = ARRAY_SIZE(verbs),
};
