/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The verbs of broker, and what they share. Add one: verb_<name>.c, its row in program.c,
 * tests/cli/<name>.t. */

#include "base/options.h"
#include "broker/ledger.h"
#include "broker/state.h"
#include "client/project.h"
#include "client/session.h"

extern const Program broker_program;

int verb_admit(const Args *args);
int verb_alerts(const Args *args);
int verb_backup(const Args *args);
int verb_gc(const Args *args);
int verb_rotate_key(const Args *args);
int verb_init(const Args *args);
int verb_keygen(const Args *args);
int verb_log(const Args *args);
int verb_plan_approve(const Args *args);
int verb_plan_diff(const Args *args);
int verb_plan_lint(const Args *args);
int verb_plan_new(const Args *args);
int verb_plan_prove(const Args *args);
int verb_plan_show(const Args *args);
int verb_render(const Args *args);
int verb_restore(const Args *args);
int verb_revoke(const Args *args);
int verb_run(const Args *args);
int verb_say(const Args *args);
int verb_show(const Args *args);
int verb_status(const Args *args);
int verb_verify(const Args *args);
int verb_views(const Args *args);

enum { _ERRAND_E_SUCCESS, ERRAND_E_REFUSED, ERRAND_E_SILENT };

/* What a verb works on. */
typedef struct Errand {
        const Args *args;
        bool is_json;
        Project project;
        Ledger *ledger;   /* NULL until errand_open_ledger */
        Session *session; /* NULL until somebody is talked to; a refusal's rule is its */
        /* The exit status of a verb that was carried out; of a refusal, if that is that something
         * does not hold. */
        int status;
} Errand;

/* Opens the project, runs the body, prints a refusal or an error; the exit status. */
int errand_run(const Args *args, int (*body)(Errand *errand, Fault *reterr_fault));

/* The end of every verb: prints what `r` means; 0 is `status`. */
int errand_end(const Args *args, int r, const Fault *fault, int status);

/* ERRAND_E_REFUSED: rules ledger-*. */
int errand_open_ledger(Errand *errand, LedgerMode mode, Fault *reterr_fault) must_check;
/* Where the fault is ledger-locked: what to type, for a verb that no running broker can do. */
void errand_advise_stop(Fault *fault, const char *verb);

/* Says the message as an operator: to the running broker, or, where none runs, into the ledger
 * itself. The options are --key and --timeout. ERRAND_E_REFUSED. */
int errand_say(Errand *errand, const Message *message, uint64_t *ret_seq,
               Fault *reterr_fault) must_check;

/* The status as the running broker gives it; `phase` NULL: all. All of it in the arena.
 * ERRAND_E_SILENT: no broker runs, it does not answer at once, or not to this key. */
int errand_ask_status(Errand *errand, const char *phase, Arena *arena,
                      struct status *ret_status) must_check;

/* A whole file of at most `n_max` bytes. ERRAND_E_REFUSED: rule file-unreadable. */
int errand_read_file(const char *path, size_t n_max, Buf *ret_bytes,
                     Fault *reterr_fault) must_check;

/* The phase of that name; rule phase-unknown with "did you mean". */
int errand_find_phase(const State *state, const char *name, const PhaseRecord **ret_phase,
                      Fault *reterr_fault) must_check;

/* That the open ledger has this phase; NULL is fine. As above. */
int errand_check_phase(Errand *errand, const char *name, Fault *reterr_fault) must_check;

/* The entry's JSON object; `message` NULL: its frame cannot be read. */
void errand_entry_object(const Entry *entry, const Message *message, Buf *text);
/* {"version":1,"entry":{…}} and a line's end. `message` NULL: its frame cannot be read. */
void errand_entry_json(const Entry *entry, const Message *message, Buf *text);

/* Prints the text on standard output, all of it. */
void errand_print(const Buf *text);
