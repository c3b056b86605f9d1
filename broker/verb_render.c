/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `render`: the Markdown files anew, or compared with the ledger. */

#include <poll.h>
#include <stdio.h>

#include "base/clock.h"
#include "broker/files.h"
#include "broker/verbs.h"
#include "proto/describe.h"

enum { CATCH_UP_MS = 1000, STEP_MS = 20 };

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

static int render(Errand *errand, Fault *reterr_fault) {
        const char *name = errand->args->n_rest ? errand->args->rest[0] : NULL;
        bool is_check = args_has(errand->args, "check");
        size_t n_phases = 0;
        int r = errand_open_ledger(errand, LEDGER_READ, reterr_fault);

        if (r == 0)
                r = errand_check_phase(errand, name, reterr_fault);
        if (r == 0)
                r = is_check ? check(errand, slice_text(name), &n_phases, reterr_fault)
                             : files_write(errand->ledger, errand->project.docs, slice_text(name),
                                           &n_phases, reterr_fault);
        if (r == FILES_E_DIFFERS) {
                errand->status = args_refuse(errand->args, reterr_fault, EXIT_HOLDS_NOT);
                return 0;
        }
        if (r != 0)
                return r > 0 ? ERRAND_E_REFUSED : r;
        say(errand, is_check, n_phases);
        return 0;
}

int verb_render(const Args *args) {
        return errand_run(args, render);
}
