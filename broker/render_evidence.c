/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What a check ran, what was expected and found, what it printed, what it left behind. */

#include "broker/render_evidence.h"

#include "base/clock.h"
#include "base/error.h"
#include "proto/codec.h"

/* People read the ends; all of what is kept is one `broker show --evidence` away. */
enum { EXCERPT_BYTES = 4096 };

static void command_section(const struct check_evidence *evidence, Buf *text) {
        cleanup_buf Buf line = BUF_TEXT;
        bool is_shell = evidence->n_command == 7 && slice_is(evidence->command[0], "/bin/bash");

        if (!evidence->n_command)
                return;
        if (is_shell)
                buf_slice(&line, evidence->command[6]);
        for (size_t i = 0; !is_shell && i < evidence->n_command; i++)
                buf_printf(&line, "%s%.*s", i ? " " : "", SLICE_ARGS(evidence->command[i]));
        render_fence(buf_get(&line), "sh", text);
        buf_text(text, "\n");
}

static void ending_line(const struct check_evidence *evidence, Buf *text) {
        if (evidence->url.n) {
                render_code(evidence->url, text);
                if (evidence->status)
                        buf_printf(text, " answered %llu", (unsigned long long)evidence->status);
                buf_text(text, ". ");
        }
        if (field_is_present(evidence->present, 12))
                buf_printf(text, "Exit status %llu, ", (unsigned long long)evidence->exit_status);
        if (evidence->signal)
                buf_printf(text, "Signal %llu, ", (unsigned long long)evidence->signal);
        buf_text(text, "after ");
        duration_describe(evidence->duration_ms, text);
        if (evidence->cpu_ms) {
                buf_text(text, ", processor ");
                duration_describe(evidence->cpu_ms, text);
        }
        if (evidence->memory_peak_bytes)
                buf_printf(text, ", peak memory %llu KiB",
                           (unsigned long long)(evidence->memory_peak_bytes / 1024));
        buf_text(text, ".\n");
}

static void assertions_section(const struct check_evidence *evidence, Buf *text) {
        if (!evidence->n_assertions)
                return;
        buf_text(text, "\n| expectation | held | expected | found |\n| --- | --- | --- | --- |\n");
        for (size_t i = 0; i < evidence->n_assertions; i++) {
                const struct assertion *assertion = &evidence->assertions[i];

                buf_text(text, "| ");
                render_inline(assertion->where, text);
                buf_printf(text, " | %s | ", assertion->held ? "yes" : "**no**");
                render_inline(assertion->expected, text);
                buf_text(text, " | ");
                render_inline(assertion->actual, text);
                buf_text(text, " |\n");
        }
}

static void stream_section(const struct stream *stream, Buf *text) {
        cleanup_buf Buf kept = BUF_TEXT;
        Slice head = stream->head, tail = stream->tail;
        uint64_t n_cut;

        if (!stream->bytes)
                return;
        if (head.n + tail.n > EXCERPT_BYTES) {
                head = slice_head(head, EXCERPT_BYTES / 2);
                tail = tail.n ? tail : slice_from(stream->head, head.n);
                tail = slice_from(tail, tail.n - size_min(tail.n, EXCERPT_BYTES / 2));
        }
        n_cut = stream->bytes - head.n - tail.n;
        buf_text(text, "\n");
        render_inline(stream->name, text);
        buf_printf(text, ", %llu bytes, SHA-256 `", (unsigned long long)stream->bytes);
        hex_append(text, stream->sha256);
        buf_text(text, "`:\n\n");
        buf_slice(&kept, head);
        if (n_cut)
                buf_printf(&kept, "\n[… %llu bytes cut here …]\n", (unsigned long long)n_cut);
        buf_slice(&kept, tail);
        render_fence(buf_get(&kept), "text", text);
}

static void lists_section(const struct check_evidence *evidence, Buf *text) {
        for (size_t i = 0; i < evidence->n_leftovers; i++) {
                const struct leftover *leftover = &evidence->leftovers[i];

                buf_text(text,
                         i ? "- " : "\nProcesses that outlived the check and were killed:\n\n- ");
                render_inline(leftover->command, text);
                if (leftover->listens.n) {
                        buf_text(text, ", listening on ");
                        render_inline(leftover->listens, text);
                }
                buf_text(text, "\n");
        }
        for (size_t i = 0; i < evidence->n_outside; i++) {
                buf_text(text, i ? "- " : "\nWritten outside the workspace:\n\n- ");
                render_inline(evidence->outside[i], text);
                buf_text(text, "\n");
        }
        for (size_t i = 0; evidence->n_attempt_lines > 1 && i < evidence->n_attempt_lines; i++) {
                buf_text(text, i ? "- " : "\nAttempts:\n\n- ");
                render_inline(evidence->attempt_lines[i], text);
                buf_text(text, "\n");
        }
}

static void evidence_body(const struct check_evidence *evidence, Buf *text) {
        command_section(evidence, text);
        ending_line(evidence, text);
        assertions_section(evidence, text);
        for (size_t i = 0; i < evidence->n_streams; i++)
                stream_section(&evidence->streams[i], text);
        lists_section(evidence, text);
        if (evidence->reproduce.n) {
                buf_text(text, "\nThis check alone, cold:\n\n");
                render_fence(evidence->reproduce, "sh", text);
        }
}

static int say_missing(const RenderSource *source, const Hash *digest, Buf *text) {
        uint64_t seq;
        int r = source->removed_by ? source->removed_by(source->userdata, digest, &seq) : 1;

        if (r < 0)
                return r;
        if (r > 0)
                buf_text(text, "The evidence is not in the ledger.\n");
        else
                buf_printf(text, "Evidence removed by gc at entry %llu.\n",
                           (unsigned long long)seq);
        return 0;
}

int render_check_evidence(const struct check_result *check, const RenderSource *source, Buf *text) {
        cleanup_arena Arena arena = ARENA_INIT;
        bool is_folded = check->outcome == OUTCOME_PASS;
        CodecFault fault;
        Message message;
        Hash digest;
        Slice frame;
        int r;

        if (!hash_from_slice(check->evidence, &digest))
                return 0;
        r = source->evidence_get(source->userdata, &digest, &arena, &frame);
        if (r < 0)
                return r;
        buf_text(text, is_folded ? "\n<details><summary>" : "\n#### ");
        render_inline(check->check, text);
        buf_printf(text, " — %s", word_of(&words_OUTCOME, (int)check->outcome));
        buf_text(text, is_folded ? "</summary>\n\n" : "\n\n");
        if (r > 0)
                TRY(say_missing(source, &digest, text));
        else if (codec_decode(frame, &arena, &message, &fault) != 0 ||
                 message.type != MESSAGE_CHECK_EVIDENCE)
                buf_text(text, "The evidence cannot be read.\n");
        else
                evidence_body(&message.check_evidence, text);
        if (is_folded)
                buf_text(text, "\n</details>\n");
        return 0;
}
