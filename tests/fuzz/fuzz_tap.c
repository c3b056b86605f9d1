/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Reports that a hostile run wrote: refused with a reason, or whole, with counts that agree with
 * the tests and names that are one line each. */

#include "tests/fuzz/fuzz.h"

#include "base/utf8.h"
#include "verify/report.h"

static void must_be_a_line(Slice name) {
        must(utf8_is_valid(name));
        for (size_t i = 0; i < name.n; i++)
                must(name.data[i] >= ' ' && name.data[i] != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        cleanup_arena Arena arena = ARENA_INIT;
        Assertions assertions = {.arena = &arena};
        Check check = {.kind = CHECK_REPORT};
        char why[REPORT_WHY_BYTES];
        Observed observed = {.exit_status = 0};
        Report report;

        if (report_read_tap(slice_make(data, n), &arena, &report, why)) {
                must(why[0] != 0);
                return 0;
        }
        must(report.n_executed + report.n_skipped <= report.n_tests); /* equal names count once */
        must(report.n_failed + report.n_skipped <= report.n_tests);
        for (size_t i = 0; i < report.n_tests; i++)
                must_be_a_line(report.tests[i].name);
        report_assert(&check, &report, &assertions);
        report_tell_failures(&report, &assertions);
        report_observe(&report, &arena, &observed);
        for (size_t i = 0; i < assertions.n; i++)
                must(assertions.items[i].held == (assertions.items[i].reason == NULL));
        return 0;
}
