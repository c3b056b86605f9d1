/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `gc`: removes evidence that nobody needs any more, while no broker runs. Entries say what was
 * removed; they themselves and the digests in them stay. */

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/size.h"
#include "broker/collect.h"
#include "broker/fold.h"
#include "broker/io.h"
#include "broker/verbs.h"

#define DAY_MS UINT64_C(86400000)

enum { OLDER_DAYS = 30 };

static void say_text(const Collection *collection, bool is_dry, uint64_t first, Buf *text) {
        buf_printf(text, "%s %zu evidence, ", is_dry ? "would remove" : "removed", collection->n);
        size_describe(collection->n_bytes, text);
        if (collection->n_unnamed)
                buf_printf(text, ", of it %zu that no entry names", collection->n_unnamed);
        buf_printf(text, "; %s %zu, ", is_dry ? "would keep" : "kept", collection->n_kept);
        size_describe(collection->n_kept_bytes, text);
        buf_text(text, "\n");
        if (first)
                buf_printf(text,
                           "  entry %" PRIu64 " says so; the room is used again, the file does not "
                           "shrink\n",
                           first);
}

static void say(const Errand *errand, const Collection *collection, bool is_dry, uint64_t first) {
        cleanup_buf Buf text = BUF_TEXT;

        if (errand->is_json) {
                buf_printf(&text,
                           "{\"version\":1,\"gc\":{\"dry\":%s,\"removed\":%zu,\"bytes\":%" PRIu64
                           ",\"unnamed\":%zu,\"kept\":%zu,\"kept_bytes\":%" PRIu64,
                           is_dry ? "true" : "false", collection->n, collection->n_bytes,
                           collection->n_unnamed, collection->n_kept, collection->n_kept_bytes);
                if (first)
                        buf_printf(&text, ",\"entry\":%" PRIu64, first);
                buf_text(&text, "}}\n");
        } else {
                say_text(collection, is_dry, first, &text);
        }
        errand_print(&text);
}

static int look(Errand *errand, uint64_t before_ms, Collection *collection, Fault *fault) {
        cleanup(state_deinit) State state;
        int r = errand_open_ledger(errand, LEDGER_READ, fault);

        state_init(&state);
        if (r == 0)
                r = fold_ledger(errand->ledger, &state, fault);
        return r == 0 ? collect(errand->ledger, &state, before_ms, collection) : r;
}

static int gc(Errand *errand, Fault *reterr_fault) {
        cleanup(collection_deinit) Collection collection = {.n = 0};
        cleanup(io_freep) Io *io = NULL;
        bool is_dry = args_has(errand->args, "dry-run");
        uint64_t older_ms, first = 0, now_ms = clock_wall_ms();
        int r = args_get_duration(errand->args, "older-than", OLDER_DAYS * DAY_MS, &older_ms,
                                  reterr_fault);

        if (r != 0)
                return ERRAND_E_REFUSED;
        if (is_dry) {
                r = look(errand, now_ms - size_min(older_ms, now_ms), &collection, reterr_fault);
        } else {
                r = io_open(&errand->project, &io, reterr_fault);
                if (r == 0)
                        r = io_collect(io, now_ms - size_min(older_ms, now_ms), older_ms,
                                       &collection, &first);
        }
        errand_advise_stop(reterr_fault, "gc (gc --dry-run looks beside a running one)");
        if (r != 0)
                return r > 0 ? ERRAND_E_REFUSED : r;
        say(errand, &collection, is_dry, first);
        return 0;
}

int verb_gc(const Args *args) {
        return errand_run(args, gc);
}
