/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `render`: the Markdown files anew, or compared with the ledger. */

#include <stdio.h>

#include "broker/files.h"
#include "broker/fold.h"
#include "broker/verbs.h"
#include "proto/describe.h"

static void say(const Desk *desk, bool is_check, size_t n_phases) {
        cleanup_buf Buf text = BUF_TEXT;

        if (desk->is_json) {
                buf_printf(&text, "{\"version\":1,\"render\":{\"%s\":true,\"phases\":%zu,\"docs\":",
                           is_check ? "holds" : "written", n_phases);
                describe_json_string(slice_text(desk->project.docs), &text);
                buf_text(&text, "}}\n");
        } else {
                buf_printf(&text, "%s of %zu phase%s %s %s\n", is_check ? "the files" : "files",
                           n_phases, n_phases == 1 ? "" : "s",
                           is_check ? "are what the ledger gives, in" : "written to",
                           desk->project.docs);
        }
        desk_print(&text);
}

static int check_phase(Desk *desk, const char *name, Fault *fault) {
        cleanup(state_deinit) State state;
        const PhaseRecord *phase;
        int r;

        state_init(&state);
        if (!name)
                return 0;
        r = fold_ledger(desk->ledger, &state, fault);
        return r == 0 ? desk_find_phase(&state, name, &phase, fault) : r;
}

static int render(Desk *desk, Fault *reterr_fault) {
        const char *name = desk->args->n_rest ? desk->args->rest[0] : NULL;
        bool is_check = args_has(desk->args, "check");
        size_t n_phases = 0;
        int r = desk_open_ledger(desk, LEDGER_READ, reterr_fault);

        if (r == 0)
                r = check_phase(desk, name, reterr_fault);
        if (r == 0)
                r = (is_check ? files_check : files_write)(desk->ledger, desk->project.docs,
                                                           slice_text(name), &n_phases,
                                                           reterr_fault);
        if (r == FILES_E_DIFFERS) {
                desk->status = args_refuse(desk->args, reterr_fault, EXIT_HOLDS_NOT);
                return 0;
        }
        if (r != 0)
                return r > 0 ? DESK_E_REFUSED : r;
        say(desk, is_check, n_phases);
        return 0;
}

int verb_render(const Args *args) {
        return desk_run(args, render);
}
