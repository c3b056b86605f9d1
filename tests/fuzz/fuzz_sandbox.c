/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What the library, the runner and PID 1 tell each other, from a hostile side: refused, or the same
 * again when it is encoded and decoded once more. The first byte chooses what it is taken for. */

#include "tests/fuzz/fuzz.h"

#include "sandbox/report.h"
#include "sandbox/spec.h"
#include "sandbox/wire.h"

enum { REPORT_BYTES_MAX = 1 << 24 };

static void must_be_list(char **texts, size_t n) {
        for (size_t i = 0; i < n; i++)
                must(texts[i] != NULL);
        must(n == 0 || texts[n] == NULL);
}

static void read_report(Slice input) {
        cleanup_buf Buf once = BUF_INIT(REPORT_BYTES_MAX), twice = BUF_INIT(REPORT_BYTES_MAX);
        cleanup(sandbox_outcome_deinit) SandboxOutcome outcome = {.end = SANDBOX_BROKEN};
        cleanup(sandbox_outcome_deinit) SandboxOutcome again = {.end = SANDBOX_BROKEN};

        if (report_decode(input, &outcome) != 0) {
                must(outcome.end == SANDBOX_BROKEN && outcome.n_leftovers == 0);
                return;
        }
        must(outcome.end <= SANDBOX_BROKEN && outcome.n_leftovers <= REPORT_LEFTOVERS_MAX);
        must_be_list(outcome.outside, outcome.n_outside);
        must_be_list(outcome.changed, outcome.n_changed);
        report_encode(&outcome, &once);
        must(!once.is_full && report_decode(buf_get(&once), &again) == 0);
        report_encode(&again, &twice);
        must(slice_equal(buf_get(&once), buf_get(&twice)));
}

static void read_spec(Slice input) {
        cleanup_buf Buf once = BUF_INIT(SPEC_BYTES_MAX), twice = BUF_INIT(SPEC_BYTES_MAX);
        cleanup_arena Arena arena = ARENA_INIT;
        Fault fault = FAULT_INIT;
        SandboxSpec spec, again;

        if (spec_decode(input, &arena, &spec, &fault) != 0) {
                must(fault.rule != NULL);
                return;
        }
        must(spec.argv[0] && spec.scratch[0] == '/');
        spec_encode(&spec, &once);
        must(!once.is_full && spec_decode(buf_get(&once), &arena, &again, &fault) == 0);
        spec_encode(&again, &twice);
        must(slice_equal(buf_get(&once), buf_get(&twice)));
}

static void read_frames(Slice input) {
        cleanup_buf Buf bytes = BUF_INIT(input.n + 1);
        size_t offset = 0, before = 0;
        WireFrame frame;

        buf_slice(&bytes, input);
        while (wire_take_frame(&bytes, &offset, &frame)) {
                must(offset > before && offset <= input.n && frame.payload.n < offset - before);
                before = offset;
        }
        must(offset == before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        static void (*const readers[])(Slice input) = {read_report, read_spec, read_frames};
        Slice input = slice_make(data, n);

        if (n > 0)
                readers[data[0] % ARRAY_SIZE(readers)](slice_from(input, 1));
        return 0;
}
