/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * views.db as anybody may have left it, beside a golden ledger: it is compared and gone on with or
 * not; nothing in it ends a broker, and made anew it says what the ledger says. The first byte says
 * whether the rest is the file, or edits of a good one: three bytes for where, one for what is
 * turned round there; or the same for a text that a row says, which then is another.
 */

#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "broker/views_db.h"

enum {
        INPUT_MAX = 1 << 17,
        GOOD_MAX = 4 << 20,
        PATH_BYTES = 64,
        EDIT_BYTES = 4,
        EDITS_MAX = 256,
        BODIES_MAX = 256,
        LIE = 2, /* the first byte; otherwise only whether it is even counts */
};

static char dir[PATH_BYTES / 2], path[PATH_BYTES];
static Ledger *ledger;
static Buf good = {.n_max = GOOD_MAX};
static Arena arena;
static Slice bodies[BODIES_MAX];
static size_t n_bodies;

static void clean_up(void) {
        ledger = ledger_free(ledger);
        buf_deinit(&good);
        arena_deinit(&arena);
        must(dir_remove(dir) == 0);
}

static void remove_views(void) {
        static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};

        for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
                cleanup_free char *file = mem_printf("%s%s", path, suffixes[i]);

                (void)unlink(file); /* most of them are not there */
        }
}

static bool fill_anew(void) {
        Fault fault = FAULT_INIT;
        uint64_t n_entries = 0;

        return views_fill(path, ledger, true, &n_entries, &fault) == 0 && n_entries > 0;
}

/* One that is longer than a page stands in pieces: it is passed over. */
static void keep_body(Slice body) {
        if (body.n && n_bodies < BODIES_MAX && slice_find(buf_get(&good), body) < good.n)
                bodies[n_bodies++] = body;
}

static void find_bodies(void) {
        cleanup(views_freep) Views *views = NULL;
        bool is_there = true;
        uint64_t status_seq;
        Slice status;
        ViewsRow row;

        must(views_open_readonly(path, &views) == 0);
        for (uint64_t seq = 1; is_there; seq++) {
                must(views_read(views, seq, &arena, &row, &is_there) == 0);
                if (is_there)
                        keep_body(row.body);
        }
        must(n_bodies > 0);
        must(views_read_status(views, &arena, &status_seq, &status) == 0 && status_seq > 0);
        keep_body(status);
}

static void make_world(void) {
        const char *source = getenv("COLDGATE_SOURCE");
        cleanup_free char *golden =
                mem_printf("%s/tests/data/ledgers/format-4-full.db", source ? source : ".");
        cleanup_free char *copy = NULL;
        cleanup_buf Buf bytes = BUF_INIT(GOOD_MAX);
        Fault fault = FAULT_INIT;

        (void)snprintf(dir, sizeof dir, "/dev/shm/fuzz-views-%d", (int)getpid());
        (void)snprintf(path, sizeof path, "%s/views.db", dir);
        copy = mem_printf("%s/ledger.db", dir);
        must(sign_start() == 0 && dir_make(dir, 0700) == 0 && atexit(clean_up) == 0);
        must(file_read(golden, &bytes) == 0);
        must(file_write_atomic(copy, buf_get(&bytes), 0600) == 0);
        must(ledger_open(copy, LEDGER_WRITE, &ledger, &fault) == 0);
        must(fill_anew() && file_read(path, &good) == 0);
        find_bodies();
}

static void put(Slice bytes) {
        remove_views();
        must(file_write_atomic(path, bytes, 0600) == 0);
}

static void put_edited(Slice edits) {
        cleanup_buf Buf bytes = BUF_INIT(GOOD_MAX);
        size_t n = size_min(edits.n / EDIT_BYTES, EDITS_MAX);

        buf_slice(&bytes, buf_get(&good));
        for (size_t i = 0; i < n; i++) {
                const uint8_t *one = edits.data + i * EDIT_BYTES;
                size_t at = (size_t)one[0] << 16 | (size_t)one[1] << 8 | one[2];

                bytes.data[at % bytes.n] ^= one[3];
        }
        put(buf_get(&bytes));
}

/* Everywhere: a page that was split keeps what has moved out of it, which nobody reads. */
static void put_lie(const uint8_t *edit) {
        cleanup_buf Buf bytes = BUF_INIT(GOOD_MAX);
        Slice body = bodies[edit[0] % n_bodies];
        size_t in_body = ((size_t)edit[1] << 8 | edit[2]) % body.n;

        buf_slice(&bytes, buf_get(&good));
        for (size_t at = 0; at < good.n; at += body.n) {
                at += slice_find(slice_from(buf_get(&good), at), body);
                if (at < good.n)
                        bytes.data[at + in_body] ^= edit[3] ? edit[3] : 1;
        }
        put(buf_get(&bytes));
}

/* What is not as it must be is said, and where. */
static bool is_right(void) {
        Fault fault = FAULT_INIT;
        ViewsReport report = {.is_there = false};
        int r = views_check(path, ledger, &report, &fault);

        must(r == 0 || (r > 0 && fault_is(&fault, "views-differ") && fault.place[0]));
        return r == 0 && report.is_there;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        Slice rest = slice_from(slice_make(data, n), 1);
        Fault fault = FAULT_INIT;
        uint64_t n_entries = 0;
        bool is_edited, is_lie;

        if (!path[0])
                make_world();
        if (n == 0 || n > INPUT_MAX)
                return 0;
        is_lie = data[0] == LIE && n > EDIT_BYTES;
        is_edited = data[0] % 2;
        if (is_lie)
                put_lie(rest.data);
        else if (is_edited)
                put_edited(rest);
        else
                put(rest);
        must(is_right() ? !is_lie : !is_edited || n > EDIT_BYTES);
        must(views_fill(path, ledger, false, &n_entries, &fault) >= 0);
        (void)is_right();
        must(fill_anew() && is_right());
        return 0;
}
