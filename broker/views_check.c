/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Does views.db say what the ledger says? */

#include <inttypes.h>
#include <unistd.h>

#include "base/error.h"
#include "broker/fold.h"
#include "broker/replay.h"
#include "broker/views_db.h"

enum { STATUS_BYTES_MAX = 256 << 20 };

typedef struct Check {
        Views *views;
        State state;
        uint64_t status_seq; /* of the stored status; 0: there is none */
        Slice status;
        bool is_at_end; /* the views have no further entry */
        ViewsReport *report;
        Fault *fault;
} Check;

static int differs(const Check *check, uint64_t seq, const char *what) {
        fault_set(check->fault, "views-differ", "%s", what);
        if (seq)
                fault_place(check->fault, "views.db, entry %" PRIu64, seq);
        else
                fault_place(check->fault, "views.db");
        fault_next(check->fault, "broker views --anew makes them from the ledger as it is now");
        return VIEWS_CHECK_E_DIFFERS;
}

static int compare_row(Check *check, const Entry *entry, const Message *message, Arena *arena) {
        cleanup_buf Buf hash = BUF_TEXT, body = BUF_TEXT;
        bool is_there;
        ViewsRow row;

        if (views_read(check->views, entry->seq, arena, &row, &is_there) != 0)
                return differs(check, entry->seq, "it cannot be read");
        if (!is_there) {
                check->is_at_end = true;
                return 0;
        }
        if (check->is_at_end)
                return differs(check, entry->seq, "a row before it is missing");
        views_describe(entry, message, &hash, &body);
        check->report->n_entries++;
        if (row.received_ms == entry->received_ms && slice_equal(row.kind, entry->kind) &&
            slice_equal(row.phase, entry->phase) && slice_equal(row.actor, entry->actor) &&
            slice_equal(row.hash, buf_get(&hash)) && slice_equal(row.body, buf_get(&body)))
                return 0;
        return differs(check, entry->seq, "the row is not what the ledger gives");
}

static int compare_status(const Check *check, const Entry *entry) {
        cleanup_buf Buf body = BUF_INIT(STATUS_BYTES_MAX);

        if (check->status_seq != entry->seq)
                return 0;
        views_describe_status(&check->state, entry->received_ms, &body);
        return slice_equal(check->status, buf_get(&body))
                       ? 0
                       : differs(check, entry->seq, "the status is not what the ledger gives");
}

static int visit(void *userdata, const Entry *entry) {
        cleanup_arena Arena arena = ARENA_INIT;
        Fault fault = FAULT_INIT;
        Check *check = userdata;
        Message message;
        int r;

        if (fold_decode(entry, &arena, &message, &fault) != 0 ||
            replay_apply(&check->state, entry, &message, &fault) != 0)
                return differs(check, entry->seq, "no fold takes the entry");
        r = compare_row(check, entry, &message, &arena);
        return r ? r : compare_status(check, entry);
}

/* Rows that no entry is behind. */
static int check_end(Check *check) {
        cleanup_arena Arena arena = ARENA_INIT;
        bool is_there = false;
        ViewsRow row;

        if (views_read(check->views, check->state.head_seq + 1, &arena, &row, &is_there) != 0 ||
            is_there || check->status_seq > check->state.head_seq)
                return differs(check, 0,
                               "it goes on behind the ledger's end: the ledger was longer");
        return 0;
}

static int check_all(Check *check, Ledger *ledger, Arena *arena) {
        bool has_schema = false;
        int r;

        if (views_has_schema(check->views, &has_schema) != 0 || !has_schema)
                return differs(check, 0, "its schema is another");
        if (views_read_status(check->views, arena, &check->status_seq, &check->status) != 0)
                return differs(check, 0, "it cannot be read");
        r = ledger_walk(ledger, 1, SLICE_NULL, visit, check);
        return r ? r : check_end(check);
}

int views_check(const char *path, Ledger *ledger, ViewsReport *ret_report, Fault *reterr_fault) {
        cleanup(views_freep) Views *views = NULL;
        cleanup_arena Arena arena = ARENA_INIT;
        Check check = {.report = ret_report, .fault = reterr_fault};
        int r;

        *ret_report = (ViewsReport){.is_there = access(path, F_OK) == 0};
        if (!ret_report->is_there)
                return 0;
        if (views_open_readonly(path, &views) != 0)
                return differs(&check, 0, "it cannot be read");
        check.views = views;
        state_init(&check.state);
        r = check_all(&check, ledger, &arena);
        state_deinit(&check.state);
        return r;
}
