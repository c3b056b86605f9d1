/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What a probe program is told, and what it answers: the hostile end of the conversation. */

#include <errno.h>
#include <stdio.h>

#include "adversary-agent/probe.h"
#include "base/error.h"
#include "plan/jsonpath.h"
#include "proto/codec.h"
#include "proto/describe.h"
#include "verify/redact.h"

/* A shell's argument has room for it. */
enum { FACTS_BYTES_MAX = 96 << 10, PATH_BYTES = 48 };

/* ---- told ---- */

static void member(Buf *text, const char *name, Slice value) {
        buf_printf(text, "\"%s\":", name);
        describe_json_string(value, text);
}

static void put_facts(const struct job *job, const Message *verdict, Slice phase, const char *tree,
                      const char *workspace, Buf *text) {
        buf_printf(text, "{\"version\":1,\"claim\":{\"name\":\"C-%llu\",",
                   (unsigned long long)job->claim);
        member(text, "phase", phase);
        buf_text(text, ",");
        member(text, "gate", job->gate);
        buf_text(text, ",");
        member(text, "repository", job->repository);
        buf_text(text, ",");
        member(text, "commit", job->commit);
        buf_printf(text, ",\"claimed_ms\":%llu},\"workspace\":{\"path\":\".\",",
                   (unsigned long long)job->claimed_ms);
        member(text, "tree", slice_text(tree));
        buf_text(text, ",");
        member(text, "facts", slice_text(workspace));
        buf_printf(text, "},\"verdict\":{\"name\":\"V-%llu\",\"body\":",
                   (unsigned long long)job->verdict_seq);
        describe_json(verdict, text);
        buf_printf(text, "},\"limits\":{\"time_ms\":%llu,\"output_bytes\":%d,\"lines\":%d},",
                   (unsigned long long)job->probe_ms, (int)PROBE_OUTPUT_MAX, (int)PROBE_LINES_MAX);
        member(text, "network", slice_text(job->probe_network ? "host" : "none"));
        buf_text(text, "}");
}

int probe_describe(const VerifyRequest *request, const struct job *job, const char *tree,
                   const char *workspace, Buf *text) {
        cleanup_arena Arena arena = ARENA_INIT;
        CodecFault fault;
        Message verdict;

        if (codec_decode(job->verdict, &arena, &verdict, &fault) != 0 ||
            verdict.type != MESSAGE_VERDICT)
                return error_origin(-EINVAL);
        put_facts(job, &verdict, request->plan->phase, tree, workspace, text);
        if (text->n <= FACTS_BYTES_MAX)
                return 0;
        verdict.verdict.n_checks = verdict.verdict.n_notes = 0;
        message_set_present(&verdict);
        buf_clear(text);
        put_facts(job, &verdict, request->plan->phase, tree, workspace, text);
        return 0;
}

/* ---- answered ---- */

typedef struct Line {
        const VerifyRequest *request;
        Slice text;
        const char *kind;
        Arena *arena;
        Fault *fault;
        size_t number;
} Line;

static int refuse(const Line *line, const char *what) {
        fault_set(line->fault, "probe-malformed", "line %zu: %s", line->number, what);
        return PROBE_E_MALFORMED;
}

/* A text of the line's object, redacted; empty where it is absent. */
static int get(const Line *line, const char *name, size_t n_max, Slice *ret_text) {
        char path[PATH_BYTES];
        size_t n_found = 0;
        JsonValue value;
        int r;

        *ret_text = SLICE_NULL;
        (void)snprintf(path, sizeof path, "$.%s.%s", line->kind, name);
        r = jsonpath_get(line->text, slice_text(path), line->arena, &value);
        if (r == JSONPATH_E_ABSENT)
                return 0;
        if (r != 0)
                return r < 0 ? r : refuse(line, "it is not JSON");
        if (value.kind != JSON_TEXT)
                return refuse(line, "a member is no text");
        *ret_text = line->request->redactor ? redact_text(line->request->redactor, value.text,
                                                          line->arena, &n_found)
                                            : value.text;
        return ret_text->n > n_max ? refuse(line, "a text is too long") : 0;
}

static int get_word(const Line *line, const char *name, const WordSet *words, int fallback,
                    int *ret_word) {
        Slice text;
        int r = get(line, name, PROBE_TITLE_MAX, &text);

        if (r != 0)
                return r;
        *ret_word = text.n ? word_find(words, text) : fallback;
        return *ret_word < 0 ? refuse(line, "a word is none of ours") : 0;
}

/* What both kinds have. */
typedef struct Common {
        Slice gate, title, detail;
} Common;

static int get_common(const Line *line, Common *ret_common) {
        const VerifyRequest *request = line->request;
        int r = get(line, "gate", PROBE_TITLE_MAX, &ret_common->gate);

        if (r == 0)
                r = get(line, "title", PROBE_TITLE_MAX, &ret_common->title);
        if (r == 0)
                r = get(line, "detail", PROBE_DETAIL_MAX, &ret_common->detail);
        if (r != 0)
                return r;
        if (!ret_common->gate.n)
                ret_common->gate = request->gate->id;
        if (!plan_find_gate(request->plan, ret_common->gate))
                return refuse(line, "the plan has no such gate");
        return ret_common->title.n ? 0 : refuse(line, "it has no title");
}

static int read_finding(const Line *line, const struct job *job, Message *ret_message) {
        int severity = SEVERITY_MAJOR, blocks = BLOCKS_NOTHING, r;
        Common common;

        r = get_common(line, &common);
        if (r == 0)
                r = get_word(line, "severity", &words_SEVERITY, SEVERITY_MAJOR, &severity);
        if (r == 0)
                r = get_word(line, "blocks", &words_BLOCKS, BLOCKS_NOTHING, &blocks);
        if (r != 0)
                return r;
        *ret_message = (Message){.type = MESSAGE_FINDING,
                                 .finding = {.phase = line->request->plan->phase,
                                             .gate = common.gate,
                                             .severity = (Severity)severity,
                                             .blocks = (Blocks)blocks,
                                             .title = common.title,
                                             .body = common.detail,
                                             .verdict = job->verdict_seq,
                                             .commit = job->commit}};
        return 0;
}

static int read_probe(const Line *line, const struct job *job, Message *ret_message) {
        Common common;
        int r = get_common(line, &common);

        if (r != 0)
                return r;
        *ret_message = (Message){.type = MESSAGE_PROBE,
                                 .probe = {.phase = line->request->plan->phase,
                                           .gate = common.gate,
                                           .commit = job->commit,
                                           .title = common.title,
                                           .body = common.detail}};
        return 0;
}

static bool is_map(const Line *line, const char *path) {
        JsonValue value;

        return jsonpath_get(line->text, slice_text(path), line->arena, &value) == 0 &&
               value.kind == JSON_MAP;
}

static int read_line(Line *line, const struct job *job, Message *ret_message) {
        bool is_finding = is_map(line, "$.finding"), is_probe = is_map(line, "$.probe");
        CodecFault fault;
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        int r;

        if (is_finding == is_probe)
                return refuse(line, "it is neither a finding nor a probe");
        line->kind = is_finding ? "finding" : "probe";
        r = is_finding ? read_finding(line, job, ret_message) : read_probe(line, job, ret_message);
        if (r != 0)
                return r;
        message_set_present(ret_message);
        /* What no entry may hold, such as a NUL, is the program's fault and not the agent's end. */
        return codec_encode(ret_message, &frame, &fault) == 0
                       ? 0
                       : refuse(line, "no entry can hold it");
}

int probe_read(const VerifyRequest *request, const struct job *job, Slice output, Arena *arena,
               ProbeReport *ret_report, Fault *reterr_fault) {
        Line line = {.request = request, .arena = arena, .fault = reterr_fault};
        ProbeReport report = {.items = arena_alloc_array(arena, PROBE_LINES_MAX, sizeof(Message))};

        while (output.n) {
                size_t n = slice_find(output, slice_text("\n"));
                int r;

                line.text = slice_head(output, n);
                output = slice_from(output, n + 1);
                line.number++;
                if (!line.text.n)
                        continue;
                if (report.n == PROBE_LINES_MAX)
                        return refuse(&line, "there are too many");
                r = read_line(&line, job, &report.items[report.n++]);
                if (r != 0)
                        return r;
        }
        *ret_report = report;
        return 0;
}
