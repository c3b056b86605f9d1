/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `gc`: removes evidence that nobody needs any more, while no broker runs. Entries say what was
 * removed; they themselves and the digests in them stay. The file becomes smaller where that is
 * worth its writing. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/size.h"
#include "base/text.h"
#include "broker/collect.h"
#include "broker/fold.h"
#include "broker/io.h"
#include "broker/verbs.h"
#include "broker/verify.h"

#define DAY_MS UINT64_C(86400000)

enum { OLDER_DAYS = 30 };

/* What was done. */
typedef struct Gc {
        bool is_dry;
        Collection collection;
        uint64_t first; /* the first entry that says so; 0: none */
        LedgerSize size;
        Fault kept; /* why the file is as large as it was; without a rule: not worth it */
} Gc;

static void gc_deinit(Gc *gc) {
        collection_deinit(&gc->collection);
}

/* Why it was not carried out can quote what is in the ledger. */
static void say_kept(const Fault *kept, Buf *text) {
        buf_text(text, "  the file did not become smaller: ");
        text_make_visible(slice_text(kept->found), true, text);
        buf_text(text, "\n    next: ");
        text_make_visible(slice_text(kept->next[0] ? kept->next : "broker verify, then broker gc"),
                          true, text);
        buf_text(text, "\n");
}

/* Where nothing is wrong with the ledger: the next time does it. */
static bool is_harmless(const Fault *kept) {
        return !kept->rule || fault_is(kept, "ledger-being-read") ||
               fault_is(kept, "ledger-locked") || fault_is(kept, "disk-full");
}

static void say_file(const Gc *gc, Buf *text) {
        if (gc->first)
                buf_printf(text, "  entry %" PRIu64 " says so\n", gc->first);
        if (gc->size.after_bytes < gc->size.before_bytes) {
                buf_text(text, "  the file had ");
                size_describe(gc->size.before_bytes, text);
                buf_text(text, ", and has ");
                size_describe(gc->size.after_bytes, text);
                buf_text(text, "\n");
        } else if (gc->kept.rule) {
                say_kept(&gc->kept, text);
        } else if (gc->first) {
                buf_text(text, "  its room is used again; the file becomes smaller once a quarter "
                               "of it is free\n");
        }
}

static void say_text(const Gc *gc, Buf *text) {
        const Collection *collection = &gc->collection;

        buf_printf(text, "%s %zu evidence, ", gc->is_dry ? "would remove" : "removed",
                   collection->n);
        size_describe(collection->n_bytes, text);
        if (collection->n_unnamed)
                buf_printf(text, ", of it %zu that no entry names", collection->n_unnamed);
        buf_printf(text, "; %s %zu, ", gc->is_dry ? "would keep" : "kept", collection->n_kept);
        size_describe(collection->n_kept_bytes, text);
        buf_text(text, "\n");
        say_file(gc, text);
}

static void say_json(const Gc *gc, Buf *text) {
        const Collection *collection = &gc->collection;

        buf_printf(text,
                   "{\"version\":1,\"gc\":{\"dry\":%s,\"removed\":%zu,\"bytes\":%" PRIu64
                   ",\"unnamed\":%zu,\"kept\":%zu,\"kept_bytes\":%" PRIu64,
                   gc->is_dry ? "true" : "false", collection->n, collection->n_bytes,
                   collection->n_unnamed, collection->n_kept, collection->n_kept_bytes);
        if (gc->first)
                buf_printf(text, ",\"entry\":%" PRIu64, gc->first);
        if (gc->size.before_bytes)
                buf_printf(text, ",\"file_before\":%" PRIu64 ",\"file_after\":%" PRIu64,
                           gc->size.before_bytes, gc->size.after_bytes);
        if (gc->kept.rule)
                buf_printf(text, ",\"file_kept\":\"%s\"", gc->kept.rule);
        buf_text(text, "}}\n");
}

static int look(Errand *errand, uint64_t before_ms, Collection *collection, Fault *fault) {
        cleanup(state_deinit) State state;
        int r = errand_open_ledger(errand, LEDGER_READ, fault);

        state_init(&state);
        if (r == 0)
                r = fold_ledger(errand->ledger, &state, fault);
        return r == 0 ? collect(errand->ledger, &state, before_ms, collection) : r;
}

static int check_fresh(void *userdata, const char *path, uint64_t head, Fault *fault) {
        const Errand *errand = userdata;
        cleanup(ledger_freep) Ledger *fresh = NULL;
        VerifyReport report;
        int r = ledger_open(path, LEDGER_INSPECT, &fresh, fault);

        if (r == 0)
                r = verify_ledger(fresh, &errand->project.broker_key, NULL, 0, &report, fault);
        if (r == 0 && report.n_entries != head)
                return error_origin(-EUCLEAN);
        return r > 0 ? LEDGER_E_REFUSED : r;
}

static int collect_and_compact(Errand *errand, uint64_t before_ms, uint64_t older_ms, Gc *gc,
                               Fault *fault) {
        cleanup_free char *path = mem_printf("%s/ledger.db", errand->project.dir);
        cleanup(io_freep) Io *io = NULL;
        int r = io_open(&errand->project, &io, fault);

        if (r == 0)
                r = io_collect(io, before_ms, older_ms, &gc->collection, &gc->first);
        if (r != 0)
                return r;
        io = io_free(io);
        r = ledger_compact(path, check_fresh, errand, &gc->size, &gc->kept);
        return r > 0 ? 0 : r;
}

static int gc(Errand *errand, Fault *reterr_fault) {
        cleanup(gc_deinit) Gc done = {.is_dry = args_has(errand->args, "dry-run")};
        cleanup_buf Buf text = BUF_TEXT;
        uint64_t older_ms, before_ms, now_ms = clock_wall_ms();
        int r = args_get_duration(errand->args, "older-than", OLDER_DAYS * DAY_MS, &older_ms,
                                  reterr_fault);

        if (r != 0)
                return ERRAND_E_REFUSED;
        before_ms = now_ms - size_min(older_ms, now_ms);
        r = done.is_dry ? look(errand, before_ms, &done.collection, reterr_fault)
                        : collect_and_compact(errand, before_ms, older_ms, &done, reterr_fault);
        errand_advise_stop(reterr_fault, "gc (gc --dry-run looks beside a running one)");
        if (r != 0)
                return r > 0 ? ERRAND_E_REFUSED : r;
        if (errand->is_json)
                say_json(&done, &text);
        else
                say_text(&done, &text);
        errand_print(&text);
        if (!is_harmless(&done.kept))
                errand->status = EXIT_NOT_CARRIED_OUT;
        return 0;
}

int verb_gc(const Args *args) {
        return errand_run(args, gc);
}
