/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `views`: the database for `sqlite3 -readonly`, up to the ledger's newest entry. */

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "broker/verbs.h"
#include "broker/views_db.h"
#include "proto/describe.h"

enum { CATCH_UP_MS = 5000, STEP_MS = 20 };

static void say(const Errand *errand, const char *path, uint64_t n_entries) {
        cleanup_buf Buf text = BUF_TEXT;

        if (errand->is_json) {
                buf_printf(&text, "{\"version\":1,\"views\":{\"entries\":%" PRIu64 ",\"file\":",
                           n_entries);
                describe_json_string(slice_text(path), &text);
                buf_text(&text, "}}\n");
        } else {
                buf_printf(&text, "views of %" PRIu64 " entries in %s\n", n_entries, path);
        }
        errand_print(&text);
}

static int refuse_behind(const char *path, Fault *fault) {
        fault_set(fault, "broker-busy", "the running broker has not brought them up");
        fault_place(fault, "%s", path);
        fault_next(fault, "look at its log; then broker views, again");
        return ERRAND_E_REFUSED;
}

static uint64_t read_head(const char *path) {
        cleanup(views_freep) Views *views = NULL;
        cleanup_arena Arena arena = ARENA_INIT;
        uint64_t seq = 0;
        Slice status;

        if (views_open_readonly(path, &views) != 0 ||
            views_read_status(views, &arena, &seq, &status) != 0)
                return 0;
        return seq;
}

/* A running broker brings them up at rest, a moment after each answer. */
static int wait_for_broker(Errand *errand, const char *path, uint64_t *ret_n, Fault *fault) {
        uint64_t deadline_ms = clock_mono_ms() + CATCH_UP_MS, head = 0;
        int r = errand_open_ledger(errand, LEDGER_READ, fault);

        if (r == 0)
                r = ledger_head(errand->ledger, &head);
        if (r != 0)
                return r;
        do {
                *ret_n = read_head(path);
                if (*ret_n >= head)
                        return 0;
        } while (clock_mono_ms() < deadline_ms && poll(NULL, 0, STEP_MS) == 0);
        return refuse_behind(path, fault);
}

static int fill(Errand *errand, const char *path, uint64_t *ret_n, Fault *fault) {
        int r = views_fill(path, errand->ledger, args_has(errand->args, "anew"), ret_n, fault);

        if (r == VIEWS_E_BROKEN) {
                fault_set(fault, "broker-files", "SQLite cannot write them; the log says why");
                fault_place(fault, "%s", path);
        }
        return r > 0 ? ERRAND_E_REFUSED : r;
}

static int views(Errand *errand, Fault *reterr_fault) {
        cleanup_free char *path = mem_printf("%s/views.db", errand->project.dir);
        uint64_t n = 0;
        int r = errand_open_ledger(errand, LEDGER_WRITE, reterr_fault);

        if (r == 0)
                r = fill(errand, path, &n, reterr_fault);
        else if (r > 0 && fault_is(reterr_fault, "ledger-locked") &&
                 !args_has(errand->args, "anew"))
                r = wait_for_broker(errand, path, &n, reterr_fault);
        if (r == 0)
                say(errand, path, n);
        return r;
}

int verb_views(const Args *args) {
        return errand_run(args, views);
}
