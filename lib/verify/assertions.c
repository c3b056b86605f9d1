/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The list, and the sizes of what it says. */

#include "verify/assertions.h"

#include <stdarg.h>

#include "verify/clip.h"

enum { SHOWN_BYTES = 400 };

static MatchResult *add(Assertions *assertions) {
        assertions->items = arena_grow(assertions->arena, assertions->items, assertions->n,
                                       sizeof *assertions->items);
        return &assertions->items[assertions->n++];
}

void assertions_add(Assertions *assertions, Sighting sighting, const char *where, bool held,
                    const char *expected, const char *actual_format, ...) {
        cleanup_buf Buf actual = BUF_TEXT;
        va_list args;

        va_start(args, actual_format);
        buf_vprintf(&actual, actual_format, args);
        va_end(args);
        *add(assertions) = (MatchResult){
                .where = arena_slice(assertions->arena, slice_text(where)),
                .expected = clip_slice(slice_text(expected), SHOWN_BYTES, assertions->arena),
                .actual = clip_slice(buf_get(&actual), SHOWN_BYTES, assertions->arena),
                .held = held,
                .reason = held ? NULL : sighting_row(sighting)->reason,
        };
}

void assertions_add_expected(Assertions *assertions, const Check *check, const Observed *observed) {
        MatchResult examined, *results;
        size_t n_results;

        expectations_evaluate(check, observed, assertions->arena, &results, &n_results);
        for (size_t i = 0; i < n_results; i++)
                *add(assertions) = results[i];
        examined_evaluate(check, observed, assertions->arena, &examined);
        if (check->examined || !examined.held)
                *add(assertions) = examined;
}

bool check_expects(const Check *check, Subject subject) {
        for (size_t i = 0; i < check->n_expectations; i++)
                if (check->expectations[i].subject == subject)
                        return true;
        return false;
}
