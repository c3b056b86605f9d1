/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `render`: the Markdown files anew, compared with the ledger, or as commits. */

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "broker/anchor.h"
#include "broker/files.h"
#include "broker/fold.h"
#include "broker/verbs.h"
#include "proto/entry.h"
#include "proto/describe.h"

enum { CATCH_UP_MS = 1000, STEP_MS = 20, CHECKPOINT_BYTES_MAX = 4096 };

static void say(const Errand *errand, bool is_check, size_t n_phases) {
        cleanup_buf Buf text = BUF_TEXT;

        if (errand->is_json) {
                buf_printf(&text, "{\"version\":1,\"render\":{\"%s\":true,\"phases\":%zu,\"docs\":",
                           is_check ? "holds" : "written", n_phases);
                describe_json_string(slice_text(errand->project.docs), &text);
                buf_text(&text, "}}\n");
        } else {
                buf_printf(&text, "%s of %zu phase%s %s %s\n", is_check ? "the files" : "files",
                           n_phases, n_phases == 1 ? "" : "s",
                           is_check ? "are what the ledger gives, in" : "written to",
                           errand->project.docs);
        }
        errand_print(&text);
}

/* A running broker answers first and writes its files at rest, a moment later: what differs has
 * that long to catch up. */
static int check(Errand *errand, Slice phase, size_t *ret_n_phases, Fault *reterr_fault) {
        uint64_t deadline_ms = clock_mono_ms() + CATCH_UP_MS;
        int r;

        do {
                r = files_check(errand->ledger, errand->project.docs, phase, ret_n_phases,
                                reterr_fault);
        } while (r == FILES_E_DIFFERS && clock_mono_ms() < deadline_ms &&
                 poll(NULL, 0, STEP_MS) == 0);
        return r;
}

/* ---- commits ---- */

static void say_commits(const Errand *errand, const AnchorReport *report) {
        cleanup_buf Buf text = BUF_TEXT;

        if (errand->is_json)
                buf_printf(&text,
                           "{\"version\":1,\"commit\":{\"commits\":%zu,\"head\":\"%s\","
                           "\"entry\":%" PRIu64 "}}\n",
                           report->n_commits, report->commit, report->seq);
        else if (report->n_commits)
                buf_printf(&text, "%zu commit%s, HEAD is %.12s: entries up to %" PRIu64 "\n",
                           report->n_commits, report->n_commits == 1 ? "" : "s", report->commit,
                           report->seq);
        else
                buf_printf(&text, "nothing to commit: HEAD has entry %" PRIu64 "\n", report->seq);
        errand_print(&text);
}

/* A running broker writes it as well, with each step of its own: only forward. */
static int write_checkpoint(Errand *errand, const Key *key, const char *dir, Fault *fault) {
        cleanup_free char *path = mem_printf("%s/CHECKPOINT", dir);
        cleanup_buf Buf old = BUF_INIT(CHECKPOINT_BYTES_MAX);
        cleanup(state_deinit) State state;
        Checkpoint checkpoint;
        Hash ledger;
        int r;

        state_init(&state);
        r = fold_ledger(errand->ledger, &state, fault);
        if (r != 0)
                return r;
        if (file_read(path, &old) == 0 && checkpoint_parse(buf_get(&old), &ledger, &checkpoint) &&
            checkpoint.seq >= state.head_seq)
                return 0;
        return files_write_checkpoint(dir, key, &state.ledger, state.head_seq, &state.head_hash);
}

static int write_files(Errand *errand, const char *dir, const Key *key, Fault *fault) {
        size_t n_phases;
        int r = files_write(errand->ledger, dir, SLICE_NULL, &n_phases, fault);

        return r == 0 ? write_checkpoint(errand, key, dir, fault) : r;
}

static int commit(Errand *errand, Fault *fault) {
        cleanup_free char *path = mem_printf("%s/keys/broker", errand->project.dir);
        const char *repo = args_get(errand->args, "repo");
        const char *dir = repo ? repo : errand->project.docs;
        AnchorReport report = {.n_commits = 0};
        cleanup_key Key key;
        int r = key_read(path, &key, fault);

        if (r == 0)
                r = dir_make(dir, 0755);
        if (r == 0)
                r = anchor_commit(errand->ledger, &key, dir, &report, fault);
        if (r == 0 && !report.is_bare)
                r = write_files(errand, dir, &key, fault);
        if (r == 0)
                say_commits(errand, &report);
        return r > 0 ? ERRAND_E_REFUSED : r;
}

/* ---- the verb ---- */

static int check_options(const Errand *errand, Fault *fault) {
        bool is_commit = args_has(errand->args, "commit");
        const char *found = NULL;

        if (is_commit && args_has(errand->args, "check"))
                found = "--check and --commit do not go together";
        else if (is_commit && errand->args->n_rest)
                found = "--commit is for all phases together";
        if (!found)
                return 0;
        fault_set(fault, "option-value", "%s", found);
        fault_next(fault, "broker render --help");
        return ERRAND_E_REFUSED;
}

static int render_files(Errand *errand, Fault *fault) {
        const char *name = errand->args->n_rest ? errand->args->rest[0] : NULL;
        bool is_check = args_has(errand->args, "check");
        size_t n_phases = 0;
        int r = errand_check_phase(errand, name, fault);

        if (r == 0)
                r = is_check ? check(errand, slice_text(name), &n_phases, fault)
                             : files_write(errand->ledger, errand->project.docs, slice_text(name),
                                           &n_phases, fault);
        if (r == FILES_E_DIFFERS) {
                errand->status = args_refuse(errand->args, fault, EXIT_HOLDS_NOT);
                return 0;
        }
        if (r != 0)
                return r > 0 ? ERRAND_E_REFUSED : r;
        say(errand, is_check, n_phases);
        return 0;
}

static int render(Errand *errand, Fault *reterr_fault) {
        int r = check_options(errand, reterr_fault);

        if (r == 0)
                r = errand_open_ledger(errand, LEDGER_READ, reterr_fault);
        if (r != 0)
                return r;
        return args_has(errand->args, "commit") ? commit(errand, reterr_fault)
                                                : render_files(errand, reterr_fault);
}

int verb_render(const Args *args) {
        return errand_run(args, render);
}
