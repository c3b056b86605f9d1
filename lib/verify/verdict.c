/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The words of a verdict, and its size. */

#include "verify/verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "proto/codec.h"
#include "verify/clip.h"
#include "verify/evidence.h"
#include "verify/redact.h"

enum {
        NOTES_MAX = 64,
        VERDICT_FRAME_BYTES = 400 << 10,
        TEXT_BYTES = 1000,
        CHECK_SUMMARY_BYTES = 500,
        SHORT_SUMMARY_BYTES = 60,
};

/* `check` NULL: the whole gate. */
static Slice reproduce(const VerdictDraft *draft, const char *check) {
        const VerifyRequest *request = draft->request;
        cleanup_buf Buf line = BUF_TEXT;
        cleanup_arena Arena scrap = ARENA_INIT;

        buf_printf(&line, "adversary-agent verify %s ", request->plan_file);
        text_quote(arena_text(&scrap, request->gate->id), &line);
        buf_text(&line, " --repo ");
        text_quote(request->repository, &line);
        buf_printf(&line, " --commit %s", request->commit);
        if (check) {
                buf_text(&line, " --check ");
                text_quote(check, &line);
        }
        return clip_slice(buf_get(&line), 4096, draft->arena);
}

void draft_init(VerdictDraft *draft, const VerifyRequest *request, Arena *arena) {
        size_t n = request->gate->n_checks + 1;

        *draft = (VerdictDraft){.request = request,
                                .arena = arena,
                                .started_ms = clock_wall_ms(),
                                .started_mono_ms = clock_mono_ms(),
                                .tree = "",
                                .workspace = BUF_TEXT};
        draft->checks = arena_alloc_array(arena, n, sizeof(struct check_result));
        draft->evidence = arena_alloc_array(arena, n, sizeof(VerifyEvidence));
        draft->notes = arena_alloc_array(arena, NOTES_MAX, sizeof(Slice));
}

void draft_deinit(VerdictDraft *draft) {
        buf_deinit(&draft->workspace);
}

static void add_note(VerdictDraft *draft, Slice note) {
        if (draft->n_notes < NOTES_MAX)
                draft->notes[draft->n_notes++] = arena_slice(draft->arena, note);
}

void draft_add_note(VerdictDraft *draft, const char *format, ...) {
        cleanup_buf Buf text = BUF_TEXT;
        va_list args;

        va_start(args, format);
        buf_vprintf(&text, format, args);
        va_end(args);
        add_note(draft, clip_slice(buf_get(&text), TEXT_BYTES, draft->arena));
}

static void add_evidence(VerdictDraft *draft, const Check *check, const CheckReport *report,
                         const char *tree, struct check_result *result) {
        VerifyEvidence *evidence = &draft->evidence[draft->n_evidence];
        const char *id = arena_text(draft->arena, check->id);
        Slice line = reproduce(draft, id);
        EvidenceFacts facts = {
                .request = draft->request, .tree = tree, .reproduce = (const char *)line.data};

        if (evidence_make(&facts, check, report, draft->arena, evidence) != 0) {
                add_note(draft, slice_text("the evidence of a check could not be kept"));
                return;
        }
        draft->n_evidence++;
        result->evidence = hash_slice(&evidence->digest);
}

static Slice isolation_of(const Attempt *shown, Arena *arena) {
        if (shown->frame.n)
                return evidence_get_isolation(shown->frame, arena);
        if (!shown->has_sandbox || !shown->sandbox.isolation)
                return SLICE_NULL;
        return clip_slice(slice_text(shown->sandbox.isolation), TEXT_BYTES, arena);
}

void draft_add_check(VerdictDraft *draft, const Check *check, const CheckReport *report,
                     const char *tree) {
        struct check_result *result = &draft->checks[draft->n_checks++];
        const Attempt *shown = &report->shown;

        *result = (struct check_result){
                .check = arena_slice(draft->arena, check->id),
                .outcome = report->judgement.outcome,
                .reason = arena_slice(draft->arena, slice_text(report->judgement.reason)),
                .summary = clip_slice(slice_text(report->judgement.summary), CHECK_SUMMARY_BYTES,
                                      draft->arena),
                .duration_ms = size_min(shown->duration_ms, UINT32_MAX),
                .attempts = size_min(report->n_attempts, 1000),
                .seen_red = report->seen_red,
        };
        if (report->n_attempts)
                add_evidence(draft, check, report, tree, result);
        for (size_t i = 0; i < report->n_notes; i++)
                add_note(draft, report->notes[i]);
        if (!draft->isolation.n)
                draft->isolation = isolation_of(shown, draft->arena);
}

void draft_decide(VerdictDraft *draft, Decision decision, const Fault *fault) {
        cleanup_buf Buf text = BUF_TEXT;

        draft->is_decided = true;
        draft->decision = decision;
        (void)snprintf(draft->reason, REASON_BYTES, "%s", fault->rule ? fault->rule : "unknown");
        buf_printf(&text, "%s%s%s", fault->found, fault->place[0] ? ": " : "", fault->place);
        clip_line(buf_get(&text), SUMMARY_BYTES, draft->summary);
}

static size_t count(const VerdictDraft *draft, Outcome outcome) {
        size_t n = 0;

        for (size_t i = 0; i < draft->n_checks; i++)
                n += draft->checks[i].outcome == outcome;
        return n;
}

static void say_held(const VerdictDraft *draft, Buf *text) {
        size_t n = count(draft, OUTCOME_PASS), n_warnings = count(draft, OUTCOME_WARN);

        if (draft->carried_from) {
                buf_printf(text, "carried over from V-%llu: the same inputs",
                           (unsigned long long)draft->carried_from);
                return;
        }
        buf_printf(text, "%zu check%s held", n, n == 1 ? "" : "s");
        if (n_warnings)
                buf_printf(text, ", %zu warning%s", n_warnings, n_warnings == 1 ? "" : "s");
}

void draft_judge(VerdictDraft *draft) {
        size_t first = 0, n_not_passed = draft->n_checks - count(draft, OUTCOME_PASS);
        const struct check_result *check;
        cleanup_buf Buf text = BUF_TEXT;

        draft->decision = judge_gate(draft->checks, draft->n_checks, &first);
        draft->is_decided = true;
        if (draft->decision == DECISION_PASS) {
                say_held(draft, &text);
        } else if (first == draft->n_checks) {
                (void)snprintf(draft->reason, REASON_BYTES, "vacuous");
                buf_text(&text, draft->n_checks ? "nothing but warnings: nothing held"
                                                : "nothing was examined");
        } else {
                check = &draft->checks[first];
                (void)snprintf(draft->reason, REASON_BYTES, "%.*s", SLICE_ARGS(check->reason));
                buf_printf(&text, "%.*s: %.*s", SLICE_ARGS(check->check),
                           SLICE_ARGS(check->summary));
                if (n_not_passed > 1)
                        buf_printf(&text, " (and %zu more)", n_not_passed - 1);
        }
        clip_line(buf_get(&text), SUMMARY_BYTES, draft->summary);
}

/* A gate of thousands of checks that all fail at length must still fit a frame. */
static void shrink(const VerdictDraft *draft, struct verdict *verdict, unsigned step) {
        for (size_t i = 0; i < verdict->n_checks; i++) {
                struct check_result *check = &verdict->checks[i];

                if (step == 0)
                        check->summary =
                                clip_slice(check->summary, SHORT_SUMMARY_BYTES, draft->arena);
                else if (step == 1)
                        check->summary = SLICE_NULL;
                else if (check->outcome == OUTCOME_PASS)
                        check->evidence = SLICE_NULL;
        }
        if (step == 1)
                verdict->n_notes = 0;
}

static void make_small(const VerdictDraft *draft, struct verdict *verdict) {
        for (unsigned step = 0; step < 3; step++) {
                cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
                CodecFault fault = {.message = NULL};
                Message message = {.type = MESSAGE_VERDICT, .verdict = *verdict};

                message.verdict.claim = message.verdict.lease = 1;
                message_set_present(&message);
                if (codec_encode(&message, &frame, &fault) == 0 && frame.n <= VERDICT_FRAME_BYTES)
                        return;
                shrink(draft, verdict, step);
        }
}

/* After this nothing of the verdict is secret, and it says how much was. */
static void redact(VerdictDraft *draft, struct verdict *verdict) {
        Message message = {.type = MESSAGE_VERDICT, .verdict = *verdict};
        size_t n_found = 0;

        if (!draft->request->redactor)
                return;
        redact_message(draft->request->redactor, &message, draft->arena, &n_found);
        *verdict = message.verdict;
}

void draft_finish(VerdictDraft *draft, VerifyResult *result) {
        const VerifyRequest *request = draft->request;
        const char *only = request->only_check;
        struct verdict *verdict = &result->verdict;

        if (only)
                add_note(draft,
                         slice_text("only what was asked for and what it needs was run: this "
                                    "says nothing of the whole gate"));
        *verdict = (struct verdict){
                .gate = arena_slice(draft->arena, request->gate->id),
                .decision = draft->is_decided ? draft->decision : DECISION_INCONCLUSIVE,
                .reason = arena_slice(draft->arena, slice_text(draft->reason)),
                .summary = arena_slice(draft->arena, slice_text(draft->summary)),
                .commit = arena_slice(draft->arena, slice_text(request->commit)),
                .tree = arena_slice(draft->arena, slice_text(draft->tree)),
                .gate_digest = arena_slice(draft->arena, hash_slice(&request->gate->digest)),
                .mode = MODE_COLD,
                .checks = draft->checks,
                .n_checks = draft->n_checks,
                .started_ms = draft->started_ms,
                .duration_ms = clock_mono_ms() - draft->started_mono_ms,
                .isolation = draft->isolation,
                .workspace = clip_slice(buf_get(&draft->workspace), TEXT_BYTES, draft->arena),
                .reproduce = reproduce(draft, only),
                .inputs = draft->has_inputs ? arena_slice(draft->arena, hash_slice(&draft->inputs))
                                            : SLICE_NULL,
                .carried_from = draft->carried_from,
                .notes = draft->notes,
                .n_notes = draft->n_notes,
        };
        redact(draft, verdict);
        make_small(draft, verdict);
        result->evidence = draft->evidence;
        result->n_evidence = draft->n_evidence;
}
