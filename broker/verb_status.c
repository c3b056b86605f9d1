/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `status`: computed from the ledger, whether a broker runs or not. */

#include <unistd.h>

#include "base/clock.h"
#include "broker/fold.h"
#include "broker/status.h"
#include "broker/verbs.h"
#include "view/status.h"

static int status(Errand *errand, Fault *reterr_fault) {
        const char *wanted = errand->args->n_rest ? errand->args->rest[0] : NULL;
        cleanup(state_deinit) State state;
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf text = BUF_TEXT;
        const PhaseRecord *phase;
        Message message = {.type = MESSAGE_STATUS};
        struct status *status = &message.status;
        int r;

        state_init(&state);
        r = errand_open_ledger(errand, LEDGER_READ, reterr_fault);
        if (r == 0)
                r = fold_ledger(errand->ledger, &state, reterr_fault);
        if (r == 0 && wanted)
                r = errand_find_phase(&state, wanted, &phase, reterr_fault);
        if (r != 0)
                return r > 0 ? ERRAND_E_REFUSED : r;
        status_build(&state, slice_text(wanted), clock_wall_ms(), &arena, status);
        message_set_present(&message);
        if (errand->is_json)
                status_describe_json(status, &text);
        else
                status_describe(status,
                                colour_is_wanted(STDOUT_FILENO, args_has(errand->args, "no-color")),
                                &text);
        errand_print(&text);
        return 0;
}

int verb_status(const Args *args) {
        return errand_run(args, status);
}
