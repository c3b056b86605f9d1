/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What a probe program prints, and what comes through the pipe between an adversary and its worker:
 * all of it or nothing, and only what an entry can hold. The first byte chooses. */

#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "adversary-agent/framing.h"
#include "adversary-agent/probe.h"
#include "proto/codec.h"

static Gate gates[] = {{.id = {(const uint8_t *)"M1", 2}}, {.id = {(const uint8_t *)"M2", 2}}};
static const Plan plan = {.phase = {(const uint8_t *)"m", 1}, .gates = gates, .n_gates = 2};

static void read_lines(Slice input) {
        static const VerifyRequest request = {.plan = &plan, .gate = &gates[0]};
        const struct job job = {.gate = gates[0].id,
                                .commit = slice_text("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
                                .repository = slice_text("file:///srv/m.git"),
                                .claim = 7,
                                .verdict_seq = 9,
                                .probe_ms = 1000};
        cleanup_arena Arena arena = ARENA_INIT;
        ProbeReport report = {.n = 0};
        Fault fault = FAULT_INIT;

        if (probe_read(&request, &job, input, &arena, &report, &fault) != 0) {
                must(fault.rule && fault.found[0]);
                return;
        }
        must(report.n <= PROBE_LINES_MAX);
        for (size_t i = 0; i < report.n; i++) {
                cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
                CodecFault codec_fault;

                must(codec_encode(&report.items[i], &frame, &codec_fault) == 0);
        }
}

static void read_pipe(Slice input) {
        cleanup_buf Buf stream = BUF_INIT(FRAME_MAX + 4), frame = BUF_INIT(FRAME_MAX);
        size_t n_before;

        buf_slice(&stream, input);
        do
                n_before = stream.n;
        while (framing_take(&stream, &frame) == 0 && frame.n < n_before);
        must(stream.n <= input.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        static void (*const readers[])(Slice input) = {read_lines, read_pipe};
        Slice input = slice_make(data, n);

        if (n > 0 && n < FRAME_MAX)
                readers[data[0] % ARRAY_SIZE(readers)](slice_from(input, 1));
        return 0;
}
