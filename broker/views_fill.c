/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The whole ledger into views.db, where no broker does it at rest. */

#include <unistd.h>

#include "base/error.h"
#include "broker/fold.h"
#include "broker/replay.h"
#include "broker/views.h"

typedef struct Fill {
        Views *views;
        State state;
        uint64_t as_of_ms;
        Fault *fault;
} Fill;

static int visit(void *userdata, const Entry *entry) {
        cleanup_arena Arena arena = ARENA_INIT;
        Fill *fill = userdata;
        Message message;

        if (fold_decode(entry, &arena, &message, fill->fault) != 0 ||
            replay_apply(&fill->state, entry, &message, fill->fault) != 0)
                return VIEWS_E_CORRUPT;
        fill->as_of_ms = entry->received_ms;
        return views_add(fill->views, entry, &message);
}

int views_fill(const char *path, Ledger *ledger, bool is_anew, uint64_t *ret_n_entries,
               Fault *reterr_fault) {
        cleanup(views_freep) Views *views = NULL;
        Fill fill = {.fault = reterr_fault};
        int r;

        if (is_anew)
                (void)unlink(path); /* usually it is there; if it cannot be removed, it is kept */
        r = views_open(path, ledger, &views);
        if (r != 0)
                return r;
        fill.views = views;
        state_init(&fill.state);
        r = ledger_walk(ledger, 1, SLICE_NULL, visit, &fill);
        if (r == 0)
                r = views_finish(views, &fill.state, fill.as_of_ms);
        state_deinit(&fill.state);
        *ret_n_entries = views_get_head(views);
        return r;
}
