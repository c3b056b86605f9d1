/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Rows of what may be how long, and a divisor that grows until the frame fits. */

#include "verify/evidence.h"

#include <errno.h>

#include "base/error.h"
#include "proto/codec.h"
#include "verify/clip.h"
#include "verify/environment.h"
#include "verify/redact.h"

enum {
        STREAM_END_BYTES = 16384,
        COMMAND_BYTES = 32768,
        COMMAND_ITEMS = 64,
        ASSERTIONS_MAX = 256,
        ASSERTION_BYTES = 2000,
        WHERE_BYTES = 250,
        ENVIRONMENT_MAX = 128,
        ENVIRONMENT_BYTES = 1024,
        HEADERS_MAX = 128,
        LEFTOVERS_MAX = 64,
        LEFTOVER_BYTES = 1000,
        OUTSIDE_MAX = 200,
        PATH_BYTES = 500,
        NAME_BYTES = 250,
        TEXT_BYTES = 2000,
        ISOLATION_BYTES = 1000,
        ATTEMPTS_MAX = 1000, /* that a field can say */
        DIVISOR_MAX = 64,
};

#define EXIT_STATUS_BIT (UINT64_C(1) << 12)

typedef struct Writer {
        struct check_evidence *evidence;
        Arena *arena;
        size_t divisor;
} Writer;

static size_t cut(const Writer *writer, size_t n) {
        return size_max(n / writer->divisor, 16);
}

static Slice line(const Writer *writer, Slice hostile, size_t n_max) {
        return clip_slice(hostile, cut(writer, n_max), writer->arena);
}

static void put_command(Writer *writer, const Attempt *attempt) {
        size_t n = 0;

        while (attempt->argv && attempt->argv[n] && n < COMMAND_ITEMS)
                n++;
        writer->evidence->command = arena_alloc_array(writer->arena, n + 1, sizeof(Slice));
        writer->evidence->n_command = n;
        for (size_t i = 0; i < n; i++)
                writer->evidence->command[i] = clip_text(slice_text(attempt->argv[i]),
                                                         cut(writer, COMMAND_BYTES), writer->arena);
}

static void put_environment(Writer *writer, const Attempt *attempt) {
        struct named_value *values =
                arena_alloc_array(writer->arena, ENVIRONMENT_MAX, sizeof *values);
        size_t n = 0;

        for (; attempt->env && attempt->env[n] && n < ENVIRONMENT_MAX; n++) {
                Slice item = slice_text(attempt->env[n]);
                size_t equals = slice_find(item, slice_text("="));
                Slice value = slice_from(item, equals + 1);

                values[n].name = line(writer, slice_head(item, equals), NAME_BYTES);
                if (environment_is_secret(values[n].name))
                        value = slice_text("[redacted]");
                values[n].value = line(writer, value, ENVIRONMENT_BYTES);
        }
        writer->evidence->environment = values;
        writer->evidence->n_environment = n;
}

static void put_assertions(Writer *writer, const Attempt *attempt) {
        size_t n = size_min(attempt->n_results, ASSERTIONS_MAX);
        struct assertion *assertions = arena_alloc_array(writer->arena, n + 1, sizeof *assertions);

        for (size_t i = 0; i < n; i++) {
                const MatchResult *result = &attempt->results[i];

                assertions[i].where = line(writer, result->where, WHERE_BYTES);
                assertions[i].expected = line(writer, result->expected, ASSERTION_BYTES);
                assertions[i].actual = line(writer, result->actual, ASSERTION_BYTES);
                assertions[i].held = result->held;
                assertions[i].offset = result->has_offset ? result->offset : 0;
        }
        writer->evidence->assertions = assertions;
        writer->evidence->n_assertions = n;
}

typedef struct Kept {
        const char *name;
        uint64_t n_bytes; /* in all */
        const Hash *hash;
        Slice head, tail;
} Kept;

/* Both ends, as far as they were kept. */
static void put_stream(Writer *writer, const Kept *kept) {
        struct stream *stream = &writer->evidence->streams[writer->evidence->n_streams++];
        size_t end_bytes = cut(writer, STREAM_END_BYTES);
        Slice tail = kept->tail;

        *stream = (struct stream){.name = slice_text(kept->name),
                                  .bytes = kept->n_bytes,
                                  .sha256 = arena_slice(writer->arena, hash_slice(kept->hash)),
                                  .head = slice_head(kept->head, end_bytes)};
        if (tail.n == 0 && kept->head.n == kept->n_bytes)
                tail = slice_from(kept->head, stream->head.n);
        stream->tail = tail.n > end_bytes ? slice_from(tail, tail.n - end_bytes) : tail;
}

static void put_output(Writer *writer, const char *name, const SandboxStream *stream) {
        put_stream(writer, &(Kept){.name = name,
                                   .n_bytes = stream->n_bytes,
                                   .hash = &stream->hash,
                                   .head = buf_get(&stream->head),
                                   .tail = buf_get(&stream->tail)});
}

static void put_streams(Writer *writer, const Attempt *attempt) {
        const SandboxOutcome *outcome = &attempt->sandbox;
        const HttpAnswer *answer = &attempt->http;

        writer->evidence->streams =
                arena_alloc_array(writer->arena, 3 + ATTEMPT_KEPT_MAX, sizeof(struct stream));
        writer->evidence->n_streams = 0;
        if (attempt->has_http && answer->end == HTTP_ANSWERED)
                put_stream(writer, &(Kept){.name = "body",
                                           .n_bytes = answer->body_bytes,
                                           .hash = &answer->body_hash,
                                           .head = answer->body});
        for (size_t i = 0; i < attempt->n_kept; i++)
                put_stream(writer, &(Kept){.name = attempt->kept[i].name,
                                           .n_bytes = attempt->kept[i].n_bytes,
                                           .hash = &attempt->kept[i].hash,
                                           .head = attempt->kept[i].head,
                                           .tail = attempt->kept[i].tail});
        if (!attempt->has_sandbox || outcome->end == SANDBOX_BROKEN)
                return;
        put_output(writer, "stdout", &outcome->out);
        put_output(writer, "stderr", &outcome->err);
}

static void put_leftovers(Writer *writer, const SandboxOutcome *outcome) {
        size_t n = size_min(outcome->n_leftovers, LEFTOVERS_MAX / size_min(writer->divisor, 8));
        struct leftover *leftovers = arena_alloc_array(writer->arena, n + 1, sizeof *leftovers);

        for (size_t i = 0; i < n; i++) {
                const SandboxLeftover *left = &outcome->leftovers[i];

                leftovers[i].pid = left->pid ? left->pid : 1;
                leftovers[i].command = line(
                        writer, slice_text(left->command && left->command[0] ? left->command : "?"),
                        LEFTOVER_BYTES);
                leftovers[i].cwd = line(writer, slice_text(left->cwd), LEFTOVER_BYTES);
                leftovers[i].listens = line(writer, slice_text(left->listens), LEFTOVER_BYTES);
        }
        writer->evidence->leftovers = leftovers;
        writer->evidence->n_leftovers = n;
        n = size_min(outcome->n_outside, OUTSIDE_MAX / size_min(writer->divisor, 8));
        writer->evidence->outside = arena_alloc_array(writer->arena, n + 1, sizeof(Slice));
        writer->evidence->n_outside = n;
        for (size_t i = 0; i < n; i++)
                writer->evidence->outside[i] =
                        line(writer, slice_text(outcome->outside[i]), PATH_BYTES);
}

static void put_sandbox(Writer *writer, const Attempt *attempt) {
        struct check_evidence *evidence = writer->evidence;
        const SandboxOutcome *outcome = &attempt->sandbox;

        if (!attempt->has_sandbox)
                return;
        evidence->isolation = line(writer, slice_text(outcome->isolation), ISOLATION_BYTES);
        evidence->cpu_ms = outcome->cpu_ms;
        evidence->memory_peak_bytes = outcome->memory_peak_bytes;
        evidence->exit_status = outcome->end == SANDBOX_EXITED ? (uint64_t)outcome->status : 0;
        evidence->signal = outcome->end == SANDBOX_SIGNALED ? (uint64_t)outcome->signal : 0;
        put_leftovers(writer, outcome);
}

static void put_http(Writer *writer, const Check *check, const Attempt *attempt) {
        struct check_evidence *evidence = writer->evidence;
        size_t n = size_min(attempt->http.n_headers, HEADERS_MAX);

        if (!check->http.url.n)
                return;
        evidence->url = line(writer, check->http.url, TEXT_BYTES);
        if (!attempt->has_http || attempt->http.end != HTTP_ANSWERED)
                return;
        evidence->status = (uint64_t)attempt->http.status;
        evidence->headers = arena_alloc_array(writer->arena, n + 1, sizeof(struct named_value));
        for (size_t i = 0; i < n; i++) {
                const ObservedHeader *header = &attempt->http.headers[i];

                if (!header->name.n)
                        continue;
                evidence->headers[evidence->n_headers++] = (struct named_value){
                        .name = line(writer, header->name, NAME_BYTES),
                        .value = line(writer, header->value, ENVIRONMENT_BYTES)};
        }
}

static void put_verdict(Writer *writer, const EvidenceFacts *facts, const Check *check,
                        const CheckReport *report) {
        struct check_evidence *evidence = writer->evidence;

        evidence->gate = facts->request->gate->id;
        evidence->check = check->id;
        evidence->commit = slice_text(facts->request->commit);
        evidence->tree = slice_text(facts->tree);
        evidence->started_ms = report->shown.started_ms ? report->shown.started_ms : 1;
        evidence->duration_ms = report->shown.duration_ms;
        evidence->attempts = size_min(report->n_attempts, ATTEMPTS_MAX);
        evidence->outcome = report->judgement.outcome;
        evidence->reason = slice_text(report->judgement.reason);
        evidence->summary = line(writer, slice_text(report->judgement.summary), TEXT_BYTES);
        evidence->reproduce = slice_text(facts->reproduce); /* of use only whole */
        evidence->attempt_lines =
                arena_alloc_array(writer->arena, report->n_lines + 1, sizeof(Slice));
        evidence->n_attempt_lines = report->n_lines;
        for (size_t i = 0; i < report->n_lines; i++)
                evidence->attempt_lines[i] = line(writer, report->lines[i], PATH_BYTES);
}

/* Fields whose zero says something. */
static void set_present(Message *message, const Attempt *attempt) {
        struct check_evidence *evidence = &message->check_evidence;

        message_set_present(message);
        if (attempt->has_sandbox && attempt->sandbox.end == SANDBOX_EXITED)
                evidence->present |= EXIT_STATUS_BIT;
        for (size_t i = 0; i < evidence->n_assertions; i++)
                if (attempt->results[i].has_offset)
                        evidence->assertions[i].present |= UINT64_C(1) << 5; /* offset */
}

static void redact(const EvidenceFacts *facts, Message *message, Arena *arena) {
        size_t n_found = 0;

        if (facts->request->redactor)
                redact_message(facts->request->redactor, message, arena, &n_found);
}

/* Another process has made it; what all runs together say takes the place of what its one said.
 * What was present stays so, though it is zero. */
static int fill_from_frame(Writer *writer, const EvidenceFacts *facts, const Check *check,
                           const CheckReport *report, Message *message) {
        struct check_evidence *evidence = &message->check_evidence;
        CodecFault fault = {.message = NULL};
        uint64_t present, *presents;

        if (codec_decode(report->shown.frame, writer->arena, message, &fault) != 0 ||
            message->type != MESSAGE_CHECK_EVIDENCE)
                return error_origin(-EBADMSG);
        presents = arena_alloc_array(writer->arena, evidence->n_assertions + 1, sizeof *presents);
        for (size_t i = 0; i < evidence->n_assertions; i++)
                presents[i] = evidence->assertions[i].present;
        present = evidence->present;
        put_verdict(writer, facts, check, report);
        message_set_present(message);
        evidence->present |= present & EXIT_STATUS_BIT;
        for (size_t i = 0; i < evidence->n_assertions; i++)
                evidence->assertions[i].present = presents[i];
        return 0;
}

static int fill(Writer *writer, const EvidenceFacts *facts, const Check *check,
                const CheckReport *report, Message *message) {
        const Attempt *shown = &report->shown;

        if (shown->frame.n)
                return fill_from_frame(writer, facts, check, report, message);
        put_verdict(writer, facts, check, report);
        put_command(writer, shown);
        put_environment(writer, shown);
        put_assertions(writer, shown);
        put_streams(writer, shown);
        put_sandbox(writer, shown);
        put_http(writer, check, shown);
        set_present(message, shown);
        return 0;
}

int evidence_make(const EvidenceFacts *facts, const Check *check, const CheckReport *report,
                  Arena *arena, VerifyEvidence *ret_evidence) {
        size_t bytes_max = facts->bytes_max ? facts->bytes_max : EVIDENCE_FRAME_BYTES;

        for (size_t divisor = 1; divisor <= DIVISOR_MAX; divisor *= 2) {
                cleanup_arena Arena scrap = ARENA_INIT;
                cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
                CodecFault fault = {.message = NULL};
                Message message = {.type = MESSAGE_CHECK_EVIDENCE};
                Writer writer = {
                        .evidence = &message.check_evidence, .arena = &scrap, .divisor = divisor};

                TRY(fill(&writer, facts, check, report, &message));
                redact(facts, &message, &scrap);
                if (codec_encode(&message, &frame, &fault) != 0 || frame.n > bytes_max)
                        continue;
                ret_evidence->frame = arena_slice(arena, buf_get(&frame));
                hash_of(ret_evidence->frame, &ret_evidence->digest);
                return 0;
        }
        return error_origin(-EMSGSIZE);
}

Slice evidence_get_isolation(Slice frame, Arena *arena) {
        cleanup_arena Arena scrap = ARENA_INIT;
        CodecFault fault = {.message = NULL};
        Message message;

        if (codec_decode(frame, &scrap, &message, &fault) != 0 ||
            message.type != MESSAGE_CHECK_EVIDENCE)
                return SLICE_NULL;
        return arena_slice(arena, message.check_evidence.isolation);
}
