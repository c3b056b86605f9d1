/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What the verbs share. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "broker/fold.h"
#include "broker/io.h"
#include "broker/verbs.h"
#include "proto/describe.h"
#include "view/entry.h"
#include "view/status.h"

#define OPERATOR_KEY "operator"

enum { ANSWER_MS = 10000, ANSWER_LONGEST_MS = 600000, STATUS_MS = 2000 };

static void errand_deinit(Errand *errand) {
        errand->session = session_free(errand->session);
        errand->ledger = ledger_free(errand->ledger);
        project_deinit(&errand->project);
}

int errand_end(const Args *args, int r, const Fault *fault, int status) {
        Fault error = FAULT_INIT;

        if (r == 0)
                return status;
        if (r > 0)
                return args_refuse(args, fault, refusal_exit_status(fault));
        fault_set(&error, "not-carried-out", "%s", strerror(-r));
        return args_refuse(args, &error, EXIT_NOT_CARRIED_OUT);
}

/* What was read while another file took the ledger's place may be of both: be it that the old one's
 * log had gone already, be it that the new one's was taken for it. */
static int end_reading(Errand *errand, int r, Fault *fault) {
        Fault moved = FAULT_INIT;

        if (!errand->ledger || ledger_check_place(errand->ledger, &moved) != LEDGER_E_REFUSED)
                return r;
        *fault = moved;
        errand->status = EXIT_NOT_CARRIED_OUT;
        return ERRAND_E_REFUSED;
}

int errand_run(const Args *args, int (*body)(Errand *errand, Fault *reterr_fault)) {
        cleanup(errand_deinit) Errand errand = {
                .args = args, .is_json = args_has(args, "json"), .status = EXIT_HOLDS};
        Fault fault = FAULT_INIT;
        int r = sign_start();

        if (r == 0)
                r = project_open(args, &errand.project, &fault);
        if (r == 0)
                r = end_reading(&errand, body(&errand, &fault), &fault);
        if (r > 0 && errand.status == EXIT_HOLDS_NOT)
                return args_refuse(args, &fault, errand.status);
        return errand_end(args, r, &fault, errand.status);
}

int errand_open_ledger(Errand *errand, LedgerMode mode, Fault *reterr_fault) {
        cleanup_free char *path = mem_printf("%s/ledger.db", errand->project.dir);
        int r = ledger_open(path, mode, &errand->ledger, reterr_fault);

        return r == LEDGER_E_REFUSED ? ERRAND_E_REFUSED : r;
}

static int say_to_ledger(Io *io, const char *key_path, const Message *message, uint64_t *ret_seq,
                         Fault *fault) {
        cleanup_key Key key;
        int r = key_read(key_path, &key, fault);

        if (r != 0)
                return r > 0 ? ERRAND_E_REFUSED : r;
        r = io_submit(io, &key, message, ret_seq, fault);
        return r > 0 ? ERRAND_E_REFUSED : r;
}

static int say_to_broker(Errand *errand, const char *key_path, const Message *message,
                         uint64_t *ret_seq, Fault *fault) {
        uint64_t timeout_ms;
        int r = args_get_duration(errand->args, "timeout", ANSWER_MS, &timeout_ms, fault);

        if (r != 0)
                return ERRAND_E_REFUSED;
        r = session_new(&errand->project, key_path, "broker " COLDGATE_VERSION, &errand->session,
                        fault);
        if (r == 0)
                r = session_connect(errand->session, size_min(timeout_ms, ANSWER_LONGEST_MS),
                                    fault);
        if (r == 0)
                r = session_call(errand->session, message, size_min(timeout_ms, ANSWER_LONGEST_MS),
                                 ret_seq, fault);
        return r > 0 ? ERRAND_E_REFUSED : r;
}

void errand_advise_stop(Fault *fault, const char *verb) {
        const char *pid = fault_is(fault, "ledger-locked") ? strrchr(fault->found, ' ') : NULL;

        if (pid)
                fault_next(fault,
                           "stop it (kill%s, or by its service manager), then broker %s, then "
                           "broker run: agents wait meanwhile",
                           pid, verb);
}

int errand_say(Errand *errand, const Message *message, uint64_t *ret_seq, Fault *reterr_fault) {
        cleanup_free char *key_path =
                project_key_path(&errand->project, errand->args, OPERATOR_KEY);
        cleanup(io_freep) Io *io = NULL;
        int r = io_open(&errand->project, &io, reterr_fault);

        if (r == 0)
                return say_to_ledger(io, key_path, message, ret_seq, reterr_fault);
        if (r > 0 && fault_is(reterr_fault, "ledger-locked"))
                return say_to_broker(errand, key_path, message, ret_seq, reterr_fault);
        return r > 0 ? ERRAND_E_REFUSED : r;
}

static int ask_status(Session *session, const char *phase, Arena *arena,
                      struct status *ret_status) {
        Message question = {.type = MESSAGE_ASK,
                            .ask = {.question = QUESTION_STATUS, .phase = slice_text(phase)}};
        Fault fault = FAULT_INIT;
        Message answer;
        int r = session_connect(session, STATUS_MS, &fault);

        message_set_present(&question);
        if (r == 0)
                r = session_ask(session, &question, MESSAGE_STATUS, STATUS_MS, arena, &answer,
                                &fault);
        if (r == 0)
                *ret_status = answer.status;
        return r > 0 ? ERRAND_E_SILENT : r;
}

int errand_ask_status(Errand *errand, const char *phase, Arena *arena, struct status *ret_status) {
        cleanup_free char *key_path =
                project_key_path(&errand->project, errand->args, OPERATOR_KEY);
        cleanup_free char *ledger_path = mem_printf("%s/ledger.db", errand->project.dir);
        cleanup(session_freep) Session *session = NULL;
        Fault fault = FAULT_INIT;
        int r;

        if (!ledger_is_locked(ledger_path) || access(key_path, R_OK) != 0)
                return ERRAND_E_SILENT;
        r = session_new(&errand->project, key_path, "broker " COLDGATE_VERSION, &session, &fault);
        if (r == 0)
                r = ask_status(session, phase, arena, ret_status);
        if (r == 0 && phase && ret_status->n_phases == 0)
                r = ERRAND_E_SILENT; /* the ledger tells which phases there are */
        return r > 0 ? ERRAND_E_SILENT : r;
}

int errand_read_file(const char *path, size_t n_max, Buf *ret_bytes, Fault *reterr_fault) {
        int r;

        *ret_bytes = BUF_INIT(n_max);
        r = file_read(path, ret_bytes);
        if (r == 0)
                return 0;
        if (r == FILE_E_TOO_LARGE)
                fault_set(reterr_fault, "file-unreadable", "it is larger than %zu bytes", n_max);
        else
                fault_set(reterr_fault, "file-unreadable", "%s", strerror(r < 0 ? -r : ENOENT));
        fault_place(reterr_fault, "%s", path);
        return ERRAND_E_REFUSED;
}

int errand_find_phase(const State *state, const char *name, const PhaseRecord **ret_phase,
                      Fault *reterr_fault) {
        const char *names[PHASES_MAX];
        size_t n = size_min(state->n_phases, PHASES_MAX);

        *ret_phase = state_find_phase(state, slice_text(name));
        if (*ret_phase)
                return 0;
        for (size_t i = 0; i < n; i++)
                names[i] = state->phases[i]->name;
        fault_set(reterr_fault, "phase-unknown", "there is no phase `%s`", name);
        if (n)
                nearest_suggest(slice_text(name), names, n, reterr_fault);
        else
                fault_next(reterr_fault, "broker plan approve FILE");
        return ERRAND_E_REFUSED;
}

int errand_check_phase(Errand *errand, const char *name, Fault *reterr_fault) {
        cleanup(state_deinit) State state;
        const PhaseRecord *phase;
        int r;

        state_init(&state);
        if (!name)
                return 0;
        r = fold_ledger(errand->ledger, &state, reterr_fault);
        return r == 0 ? errand_find_phase(&state, name, &phase, reterr_fault) : r;
}

void errand_entry_object(const Entry *entry, const Message *message, Buf *text) {
        struct entry row = {
                .seq = entry->seq,
                .received_ms = entry->received_ms,
                .kind = entry->kind,
                .phase = entry->phase,
                .actor = entry->actor,
                .id = id_slice(&entry->id),
                .frame = entry->frame,
                .signature = entry->signature,
                .prev = hash_slice(&entry->prev),
                .hash = hash_slice(&entry->hash),
        };

        entry_describe_json(&row, message, text);
}

void errand_entry_json(const Entry *entry, const Message *message, Buf *text) {
        buf_text(text, "{\"version\":1,\"entry\":");
        errand_entry_object(entry, message, text);
        buf_text(text, "}\n");
}

void errand_print(const Buf *text) {
        (void)fwrite(buf_get_text(text), 1, text->n,
                     stdout); /* a reader that has gone wants none */
        (void)fflush(stdout);
}
