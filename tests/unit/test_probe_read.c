/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What a probe program may print: each line as it should be, and as it should not. */

#include "adversary-agent/probe.h"

#include <string.h>

#include "proto/codec.h"
#include "tests/lib/test.h"

#define COMMIT "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static Gate gates[] = {{.id = {(const uint8_t *)"M1", 2}}, {.id = {(const uint8_t *)"M2", 2}}};
static const Plan plan = {.phase = {(const uint8_t *)"m", 1}, .gates = gates, .n_gates = 2};
static const VerifyRequest request = {.plan = &plan, .gate = &gates[0]};

static struct job make_job(void) {
        return (struct job){.gate = gates[0].id,
                            .commit = slice_text(COMMIT),
                            .repository = slice_text("file:///srv/m.git"),
                            .claim = 7,
                            .verdict_seq = 9,
                            .probe_ms = 1000};
}

static int read_text(Arena *arena, Slice text, ProbeReport *ret_report, Fault *fault) {
        struct job job = make_job();

        *ret_report = (ProbeReport){.n = 0};
        return probe_read(&request, &job, text, arena, ret_report, fault);
}

TEST(findings_and_probes_become_entries_of_the_claim) {
        cleanup_arena Arena arena = ARENA_INIT;
        Fault fault = FAULT_INIT;
        ProbeReport report;

        CHECK_EQ_INT(read_text(&arena,
                               slice_text("{\"finding\":{\"title\":\"t\",\"detail\":\"d\","
                                          "\"severity\":\"critical\",\"blocks\":\"gate\","
                                          "\"gate\":\"M2\"}}\n\n{\"probe\":{\"title\":\"u\"}}"),
                               &report, &fault),
                     0);
        CHECK_EQ_U64(report.n, 2);
        CHECK_EQ_INT(report.items[0].type, MESSAGE_FINDING);
        CHECK_EQ_INT(report.items[0].finding.severity, SEVERITY_CRITICAL);
        CHECK_EQ_INT(report.items[0].finding.blocks, BLOCKS_GATE);
        CHECK_EQ_SLICE(report.items[0].finding.gate, slice_text("M2"));
        CHECK_EQ_U64(report.items[0].finding.verdict, 9);
        CHECK_EQ_SLICE(report.items[0].finding.commit, slice_text(COMMIT));
        CHECK_EQ_INT(report.items[1].type, MESSAGE_PROBE);
        CHECK_EQ_SLICE(report.items[1].probe.gate, slice_text("M1"));
        CHECK_EQ_SLICE(report.items[1].probe.phase, slice_text("m"));
}

TEST(what_blocks_must_be_asked_for) {
        cleanup_arena Arena arena = ARENA_INIT;
        Fault fault = FAULT_INIT;
        ProbeReport report;

        CHECK_EQ_INT(
                read_text(&arena, slice_text("{\"finding\":{\"title\":\"t\"}}"), &report, &fault),
                0);
        CHECK_EQ_INT(report.items[0].finding.blocks, BLOCKS_NOTHING);
        CHECK_EQ_INT(report.items[0].finding.severity, SEVERITY_MAJOR);
}

TEST(one_malformed_line_and_nothing_is_filed) {
        static const struct {
                const char *line, *found;
        } rows[] = {
                {"no JSON", "neither"},
                {"[]", "neither"},
                {"{\"verdict\":{\"decision\":\"PASS\"}}", "neither"},
                {"{\"finding\":{\"title\":\"t\"},\"probe\":{\"title\":\"u\"}}", "neither"},
                {"{\"finding\":\"t\"}", "neither"},
                {"{\"finding\":{}}", "no title"},
                {"{\"finding\":{\"title\":\"\"}}", "no title"},
                {"{\"finding\":{\"title\":7}}", "no text"},
                {"{\"finding\":{\"title\":\"t\",\"severity\":\"grave\"}}", "none of ours"},
                {"{\"finding\":{\"title\":\"t\",\"gate\":\"M3\"}}", "no such gate"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                cleanup_arena Arena arena = ARENA_INIT;
                cleanup_buf Buf text = BUF_TEXT;
                Fault fault = FAULT_INIT;
                ProbeReport report;

                buf_printf(&text, "{\"probe\":{\"title\":\"good\"}}\n%s\n", rows[i].line);
                CHECK_EQ_INT(read_text(&arena, buf_get(&text), &report, &fault), PROBE_E_MALFORMED);
                CHECK_EQ_U64(report.n, 0);
                CHECK_EQ_TEXT(fault.rule, "probe-malformed");
                CHECK_CONTAINS(fault.found, "line 2");
                CHECK_CONTAINS(fault.found, rows[i].found);
        }
}

TEST(too_many_lines_and_too_long_texts_are_malformed) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf many = BUF_TEXT, longer = BUF_TEXT;
        Fault fault = FAULT_INIT;
        ProbeReport report;

        for (size_t i = 0; i < PROBE_LINES_MAX; i++)
                buf_text(&many, "{\"probe\":{\"title\":\"t\"}}\n");
        CHECK_EQ_INT(read_text(&arena, buf_get(&many), &report, &fault), 0);
        CHECK_EQ_U64(report.n, PROBE_LINES_MAX);
        buf_text(&many, "{\"probe\":{\"title\":\"t\"}}\n");
        CHECK_EQ_INT(read_text(&arena, buf_get(&many), &report, &fault), PROBE_E_MALFORMED);
        buf_text(&longer, "{\"probe\":{\"title\":\"");
        for (size_t i = 0; i <= PROBE_TITLE_MAX; i++)
                buf_byte(&longer, 'x');
        buf_text(&longer, "\"}}");
        CHECK_EQ_INT(read_text(&arena, buf_get(&longer), &report, &fault), PROBE_E_MALFORMED);
        CHECK_CONTAINS(fault.found, "too long");
}

TEST(the_facts_are_one_line_of_json_and_never_too_long_for_an_argument) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX), text = BUF_TEXT;
        Message verdict = {.type = MESSAGE_VERDICT,
                           .verdict = {.claim = 7,
                                       .gate = gates[0].id,
                                       .lease = 8,
                                       .decision = DECISION_FAIL,
                                       .commit = slice_text(COMMIT),
                                       .gate_digest = slice_make(COMMIT, 32),
                                       .mode = MODE_COLD,
                                       .started_ms = 1}};
        struct job job = make_job();
        CodecFault fault;

        verdict.verdict.n_checks = 4096;
        verdict.verdict.checks = arena_alloc_array(&arena, 4096, sizeof(struct check_result));
        for (size_t i = 0; i < 4096; i++)
                verdict.verdict.checks[i] = (struct check_result){
                        .check = slice_text("unit"), .outcome = OUTCOME_FAIL, .attempts = 1};
        message_set_present(&verdict);
        CHECK_EQ_INT(codec_encode(&verdict, &frame, &fault), 0);
        job.verdict = buf_get(&frame);
        CHECK_EQ_INT(probe_describe(&request, &job, "bbbb", "cold: 3 files", &text), 0);
        CHECK(text.n < 128 << 10);
        CHECK(!memchr(text.data, '\n', text.n));
        CHECK_CONTAINS(buf_get_text(&text), "\"decision\":\"FAIL\"");
        CHECK_CONTAINS(buf_get_text(&text), "\"name\":\"V-9\"");
        CHECK_CONTAINS(buf_get_text(&text), "\"network\":\"none\"");
}
