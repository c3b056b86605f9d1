/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The rows of the command line. */

#include "broker/verbs.h"
#include "client/keygen.h"
#include "verbs/say.h"

#define OPERATOR_OPTIONS                                                                           \
        {"key", "FILE", "The operator's secret key (default: .coldgate/keys/operator)."}, {        \
                "timeout", "D", "How long to wait for a running broker's answer (default: 10s)."   \
        }

static const OptionRow init_options[] = {
        {"name", "PROJECT", "What the project is called (default: the directory's name)."},
        {"endpoint", "E",
         "Where the broker will listen: ipc://PATH or tcp://HOST:PORT (default: "
         "ipc://.coldgate/run/broker.ipc)."},
        {NULL, NULL, NULL},
};

static const OptionRow admit_options[] = {
        {"replace", NULL,
         "In place of the key that NAME has, which is out of use at once; claims, leases and holds go "
         "on."},
        OPERATOR_OPTIONS,
        {NULL, NULL, NULL},
};

static const OptionRow revoke_options[] = {
        {"why", "TEXT", "The reason, for the record; needed."},
        OPERATOR_OPTIONS,
        {NULL, NULL, NULL},
};

static const OptionRow diff_options[] = {
        {"phase", "P", "Refuse a plan of another phase than this."},
        {NULL, NULL, NULL},
};

static const OptionRow approve_options[] = {
        {"accept-weakening", NULL,
         "Approve although the revision weakens the plan in force, which is shown without this."},
        {"phase", "P", "Refuse a plan of another phase than this."},
        OPERATOR_OPTIONS,
        {NULL, NULL, NULL},
};

static const OptionRow prove_options[] = {
        {"repo", "R", "The repository: an https, ssh or file URL, or a path."},
        {"commit", "C", "The full commit id."},
        {"gate", "G", "Only this gate."},
        {NULL, NULL, NULL},
};

static const OptionRow show_plan_options[] = {
        {"text", NULL, "The approved Markdown, byte for byte."},
        {NULL, NULL, NULL},
};

static const OptionRow status_options[] = {
        {"why", NULL,
         "For each thing that waits: for whom, since when, because of what, pings so far."},
        {"watch", NULL, "Print it again whenever something changes, until SIGINT or SIGTERM."},
        {"timeout", "D", "With --watch: until this time has passed.", "watch"},
        {NULL, NULL, NULL},
};

static const OptionRow log_options[] = {
        {"phase", "P", "Only entries of this phase."},
        {"kind", "K", "Only entries of this kind: claim, verdict, …"},
        {"actor", "NAME", "Only what this agent said; `broker` for the broker's own."},
        {"gate", "G", "Only entries about this gate, or about its claims, verdicts and findings."},
        {"since", "T", "Only what came since then: 2026-06-13T05:33Z, or how long ago: 30m."},
        {"grep", "TEXT", "Only entries whose texts have this in them, exactly."},
        {"verbose", NULL,
         "All fields of each entry with their names, never cut to a terminal; --json has them "
         "whole."},
        {"from", "SEQ", "Begin with this entry."},
        {"tail", "N", "Only the last N of them."},
        {"follow", NULL, "Go on with what is still to come, until SIGINT or SIGTERM."},
        {"timeout", "D", "With --follow: until this time has passed.", "follow"},
        {NULL, NULL, NULL},
};

static const OptionRow show_options[] = {
        {"evidence", NULL,
         "The evidence of each check too: of a verdict, of a claim's, finding's or gate's."},
        {"phase", "P", "The phase of a gate that several have."},
        {NULL, NULL, NULL},
};

static const OptionRow verify_options[] = {
        {"checkpoint", "FILE",
         "A CHECKPOINT from elsewhere, FILE.sig beside it (default: all that this project "
         "remembers)."},
        {NULL, NULL, NULL},
};

static const OptionRow run_options[] = {
        {"check-config", NULL, "Only look whether settings and deliveries hold."},
        {NULL, NULL, NULL},
};

static const OptionRow gc_options[] = {
        {"older-than", "D", "Only of verdicts that are older than this (default: 30d)."},
        {"dry-run", NULL, "Remove nothing: say what would be."},
        {NULL, NULL, NULL},
};

static const OptionRow restore_options[] = {
        {"accept-loss", "WHY",
         "Entries that were signed may be lost, for this reason: an entry says so, and agents "
         "believe the ledger because of it."},
        {"seen", "FILE",
         "What an agent elsewhere has seen: its .coldgate/agents/NAME/seen, signed by the broker."},
        {NULL, NULL, NULL},
};

static const OptionRow views_options[] = {
        {"anew", NULL, "Delete it first: all of it comes from the ledger."},
        {NULL, NULL, NULL},
};

static const OptionRow render_options[] = {
        {"check", NULL, "Write nothing: compare the files with the ledger."},
        {"commit", NULL,
         "Commit them with the signed checkpoint in the repository that holds them: a commit for "
         "each claim and each verdict since the last."},
        {"repo", "DIR", "With --commit: files and commits go there, a directory of a repository.",
         "commit"},
        {NULL, NULL, NULL},
};

static const OptionRow no_options[] = {{NULL, NULL, NULL}};

static const Verb verbs[] = {
        {"init", "[DIR]", 0, 1, "Make a project: its ledger, its settings, keys for one machine.",
         verb_init, init_options},
        {"run", "", 0, 0, "Serve, until SIGTERM or SIGINT.", verb_run, run_options},
        {"keygen", "NAME", 1, 1, "Make a key; only its public line travels.", verb_keygen,
         keygen_options},
        {"admit", "NAME ROLE KEY", 3, 3,
         "Let an agent in, as the operator: KEY is its public line or the file with it.",
         verb_admit, admit_options},
        {"revoke", "NAME", 1, 1, "Take an agent's key out of use at once, as the operator.",
         verb_revoke, revoke_options},
        {"plan new", "PHASE", 1, 1, "Print a plan to begin with: broker plan new NAME >plan.md.",
         verb_plan_new, no_options},
        {"plan lint", "FILE…", 1, ARGUMENTS_MAX, "Look for mistakes in plans.", verb_plan_lint,
         no_options},
        {"plan approve", "FILE", 1, 1, "Put a plan, or its revision, in force, as the operator.",
         verb_plan_approve, approve_options},
        {"plan diff", "FILE", 1, 1, "What a revision changes and weakens; nothing is approved.",
         verb_plan_diff, diff_options},
        {"plan prove", "FILE", 1, 1,
         "Run every check red and green at a commit, and say which have teeth.", verb_plan_prove,
         prove_options},
        {"plan show", "PHASE", 1, 1, "The plan in force.", verb_plan_show, show_plan_options},
        {"status", "[PHASE]", 0, 1,
         "Where the gates stand, who is waited for, why not DONE: of the running broker, or else of the ledger.",
         verb_status, status_options},
        {"alerts", "", 0, 0, "The alerts that no person has seen.", verb_alerts, no_options},
        {"log", "", 0, 0,
         "The ledger, an entry a line; cut to the width of a terminal, never in a pipe.", verb_log,
         log_options},
        {"show", "WHAT", 1, 1,
         "An entry and what became of it (V-7, F-9, 7), a gate, a phase, an agent, or an evidence (the beginning of its digest).",
         verb_show, show_options},
        {"waive", "F-12|PHASE", 0, 1, "Let a finding or a gate stand as it is, for a time.",
         verb_say, say_options_waive},
        {"retract", "V-12", 1, 1, "Take a verdict that was wrong out of count.", verb_say,
         say_options_retract},
        {"reveal", "S-12", 1, 1, "Ask that sealed checks be shown before the phase is DONE.",
         verb_say, say_options_reveal},
        {"seen", "A-12", 1, 1, "An alert was seen: it stands no more.", verb_say, say_options_seen},
        {"release", "H-12", 1, 1, "Give a resource back for an owner that is lost.", verb_say,
         say_options_release},
        {"pause", "[PHASE]", 0, 1, "You are waiting until a time: nobody is pinged for you before.",
         verb_say, say_options_pause},
        {"resume", "[PHASE|Z-12]", 0, 1, "End your pause before its time.", verb_say,
         say_options_resume},
        {"note", "TEXT", 1, 1, "Words for the record, or an inbox; never a verdict.", verb_say,
         say_options_note},
        {"verify", "", 0, 0,
         "Compute every hash and signature anew; name the first entry that does not hold.",
         verb_verify, verify_options},
        {"backup", "FILE|DIR", 1, 1,
         "Copy ledger and evidence into one file, while a broker runs or not, and verify it.",
         verb_backup, no_options},
        {"gc", "", 0, 0,
         "Remove evidence of phases that are DONE, while no broker runs; entries and digests stay.",
         verb_gc, gc_options},
        {"rotate-key", "", 0, 0,
         "Give the broker another key to sign with, while no broker runs; an entry signed by the "
         "one before tells all agents.",
         verb_rotate_key, NULL},
        {"restore", "[BACKUP]", 0, 1,
         "Put a backup in the ledger's place, while no broker runs; the ledger that was is kept.",
         verb_restore, restore_options},
        {"views", "", 0, 0,
         "Bring the database of SQL views up: sqlite3 -readonly .coldgate/views.db.", verb_views,
         views_options},
        {"render", "[PHASE]", 0, 1, "Write the Markdown files anew from the ledger.", verb_render,
         render_options},
};

const Program broker_program = {
        .name = "broker",
        .help = "keeps the ledger of claims and verdicts, enforces the rules, delivers",
        .verbs = verbs,
        .n_verbs = ARRAY_SIZE(verbs),
};
