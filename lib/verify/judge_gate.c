/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* From the results of checks to the gate's. */

#include "base/buf.h"
#include "verify/judge.h"

static size_t count_results(const struct check_result *checks, size_t n_checks, Slice id) {
        size_t n = 0;

        for (size_t i = 0; i < n_checks; i++)
                n += slice_equal(checks[i].check, id);
        return n;
}

/* Both are in the plan's order; looking each of them up is for the case that they are not. */
bool judge_closed(const Slice *expected, size_t n_expected, const struct check_result *checks,
                  size_t n_checks, Buf *why) {
        size_t n_equal = 0;

        while (n_equal < n_expected && n_equal < n_checks &&
               slice_equal(expected[n_equal], checks[n_equal].check))
                n_equal++;
        if (n_equal == n_expected && n_equal == n_checks)
                return true;
        for (size_t i = 0; i < n_expected; i++) {
                size_t n = count_results(checks, n_checks, expected[i]);

                if (n != 1)
                        buf_printf(why, "%s%.*s has %zu results", why->n ? ", " : "",
                                   SLICE_ARGS(expected[i]), n);
        }
        if (!why->n)
                buf_printf(why, "%zu checks were to be run, %zu have a result", n_expected,
                           n_checks);
        return false;
}

/* What could not be carried out says more than what nobody has answered, and that more than what
 * was skipped for it. */
static int weight_of(Outcome outcome) {
        return outcome == OUTCOME_ERROR ? 2 : outcome == OUTCOME_UNVERIFIABLE ? 1 : 0;
}

Decision judge_gate(const struct check_result *checks, size_t n_checks, size_t *ret_first) {
        size_t first_error = n_checks, n_passed = 0;

        *ret_first = n_checks;
        for (size_t i = 0; i < n_checks; i++) {
                switch (checks[i].outcome) {
                case OUTCOME_PASS:
                case OUTCOME_CARRIED: n_passed++; break;
                case OUTCOME_WARN: break;
                case OUTCOME_FAIL:
                case OUTCOME_TIMEOUT:
                case OUTCOME_FLAKY: *ret_first = i; return DECISION_FAIL;
                case OUTCOME_ERROR:
                case OUTCOME_UNVERIFIABLE:
                case OUTCOME_SKIPPED:
                case _OUTCOME_MAX:
                        if (first_error == n_checks ||
                            weight_of(checks[i].outcome) > weight_of(checks[first_error].outcome))
                                first_error = i;
                        break;
                }
        }
        *ret_first = first_error;
        if (first_error < n_checks)
                return DECISION_INCONCLUSIVE;
        return n_passed ? DECISION_PASS : DECISION_FAIL;
}
