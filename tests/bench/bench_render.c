/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What it costs to bring the rendered files up to one more verdict, as a phase grows. */

#include <sys/stat.h>

#include "base/clock.h"
#include "base/mem.h"
#include "broker/files.h"
#include "tests/bench/figures.h"
#include "tests/bench/fill.h"
#include "tests/lib/test.h"

enum { LIMIT_S = 600, FEW = 10, MANY = 1000, STEP = 256 };

typedef struct Shelf {
        RealBroker broker;
        Fill *fill;
        Files *files;
} Shelf;

static void follow_all(Shelf *shelf) {
        Fault fault = FAULT_INIT;
        int r;

        while ((r = files_follow(shelf->files, STEP, &fault)) == FILES_E_BEHIND)
                continue;
        if (r != 0)
                FAIL_TEST("%d %s: %s", r, fault.rule, fault.found);
}

static void shelf_open(Shelf *shelf, uint64_t n_entries) {
        cleanup_free char *docs = mem_printf("%s/docs", test_dir());

        real_broker_init(&shelf->broker);
        real_broker_approve(&shelf->broker);
        shelf->fill = fill_open(&shelf->broker);
        fill_up_to(shelf->fill, n_entries);
        CHECK_EQ_INT(files_new(fill_get_ledger(shelf->fill), docs, &shelf->files), 0);
        follow_all(shelf);
}

static void shelf_close(Shelf *shelf) {
        shelf->files = files_free(shelf->files);
        shelf->fill = fill_close(shelf->fill);
        real_broker_deinit(&shelf->broker);
}

static double one_more_ms(Shelf *shelf) {
        uint64_t begin_ns;

        (void)fill_verdict(shelf->fill);
        CHECK_EQ_INT(ledger_commit(fill_get_ledger(shelf->fill)), 0);
        begin_ns = clock_mono_ns();
        follow_all(shelf);
        return (double)(clock_mono_ns() - begin_ns) / 1e6;
}

TEST(rendering_one_more_verdict) {
        unsigned n_most = figures_size(100000, 10000);
        Shelf few, many, most;

        shelf_open(&few, FEW);
        shelf_open(&many, MANY);
        shelf_open(&most, n_most);
        figures_begin(LIMIT_S);
        for (unsigned i = 0; i < figures_size(51, 15); i++) {
                double few_ms = one_more_ms(&few);

                figures_add(ROW_RENDER_1000, one_more_ms(&many), few_ms);
                figures_add(ROW_RENDER_100000, one_more_ms(&most), few_ms);
        }
        if (figures_is_quick())
                figures_note(ROW_RENDER_100000, "of %u only", n_most);
        figures_end();
        shelf_close(&most);
        shelf_close(&many);
        shelf_close(&few);
}
