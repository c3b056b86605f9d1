/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `status`: computed from the ledger, whether a broker runs or not. */

#include <unistd.h>

#include "base/clock.h"
#include "broker/fold.h"
#include "broker/status.h"
#include "broker/verbs.h"
#include "view/status.h"

static int status(Desk *desk, Fault *reterr_fault) {
        const char *wanted = desk->args->n_rest ? desk->args->rest[0] : NULL;
        cleanup(state_deinit) State state;
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf text = BUF_TEXT;
        const PhaseRecord *phase;
        struct status status;
        int r;

        state_init(&state);
        r = desk_open_ledger(desk, LEDGER_READ, reterr_fault);
        if (r == 0)
                r = fold_ledger(desk->ledger, &state, reterr_fault);
        if (r == 0 && wanted)
                r = desk_find_phase(&state, wanted, &phase, reterr_fault);
        if (r != 0)
                return r > 0 ? DESK_E_REFUSED : r;
        status_build(&state, slice_text(wanted), clock_wall_ms(), &arena, &status);
        if (desk->is_json)
                status_describe_json(&status, &text);
        else
                status_describe(&status,
                                colour_is_wanted(STDOUT_FILENO, args_has(desk->args, "no-color")),
                                &text);
        desk_print(&text);
        return 0;
}

int verb_status(const Args *args) {
        return desk_run(args, status);
}
