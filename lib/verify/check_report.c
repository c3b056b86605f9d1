/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Lines and notes, each cut to what a person reads. */

#include "verify/check_report.h"

#include <stdarg.h>

#include "verify/clip.h"

enum { LINE_BYTES = 300, NOTE_BYTES = 600, NAMES_SHOWN = 3 };

void check_report_deinit(CheckReport *report) {
        attempt_deinit(&report->shown);
        arena_deinit(&report->arena);
        *report = (CheckReport){.n_lines = 0};
}

static void add_line(CheckReport *report, const Buf *text) {
        if (report->n_lines < CHECK_LINES_MAX)
                report->lines[report->n_lines++] =
                        clip_slice(buf_get(text), LINE_BYTES, &report->arena);
}

static void add_note(CheckReport *report, const Buf *text) {
        if (report->n_notes < CHECK_NOTES_MAX)
                report->notes[report->n_notes++] =
                        clip_slice(buf_get(text), NOTE_BYTES, &report->arena);
}

void check_report_add_attempt(CheckReport *report, const Attempt *attempt, const char *how) {
        cleanup_buf Buf text = BUF_TEXT;
        const Judgement *judgement = &attempt->judgement;

        report->n_attempts++;
        buf_printf(&text, "%llu: %s", (unsigned long long)report->n_attempts,
                   word_of(&words_OUTCOME, (int)judgement->outcome));
        if (judgement->reason[0])
                buf_printf(&text, " %s", judgement->reason);
        buf_printf(&text, ", %llu ms%s", (unsigned long long)attempt->duration_ms, how);
        if (judgement->summary[0])
                buf_printf(&text, ": %s", judgement->summary);
        add_line(report, &text);
}

void check_report_add_line(CheckReport *report, const char *format, ...) {
        cleanup_buf Buf text = BUF_TEXT;
        va_list args;

        va_start(args, format);
        buf_vprintf(&text, format, args);
        va_end(args);
        add_line(report, &text);
}

void check_report_add_note(CheckReport *report, const char *format, ...) {
        cleanup_buf Buf text = BUF_TEXT;
        va_list args;

        va_start(args, format);
        buf_vprintf(&text, format, args);
        va_end(args);
        add_note(report, &text);
}

static void note_leftovers(const Check *check, const SandboxOutcome *outcome, CheckReport *report) {
        cleanup_buf Buf text = BUF_TEXT;

        if (outcome->n_leftovers == 0)
                return;
        buf_printf(&text,
                   "leak: check %.*s left %zu process%s behind, killed:", SLICE_ARGS(check->id),
                   outcome->n_leftovers, outcome->n_leftovers == 1 ? "" : "es");
        for (size_t i = 0; i < outcome->n_leftovers && i < NAMES_SHOWN; i++)
                buf_printf(&text, "%s %.100s%s%s", i ? "," : "",
                           outcome->leftovers[i].command ? outcome->leftovers[i].command : "?",
                           outcome->leftovers[i].listens ? ", listening on " : "",
                           outcome->leftovers[i].listens ? outcome->leftovers[i].listens : "");
        add_note(report, &text);
}

static void note_outside(const Check *check, const SandboxOutcome *outcome, CheckReport *report) {
        cleanup_buf Buf text = BUF_TEXT;

        if (outcome->n_outside == 0)
                return;
        buf_printf(&text, "outside: check %.*s wrote %zu file%s outside the workspace:",
                   SLICE_ARGS(check->id), outcome->n_outside, outcome->n_outside == 1 ? "" : "s");
        for (size_t i = 0; i < outcome->n_outside && i < NAMES_SHOWN; i++)
                buf_printf(&text, "%s %.150s", i ? "," : "", outcome->outside[i]);
        add_note(report, &text);
}

/* A server is stopped by us: what it leaves then is no leak. */
void check_report_add_residue(CheckReport *report, const Check *check) {
        if (!report->shown.has_sandbox)
                return;
        if (report->shown.sandbox.end != SANDBOX_STOPPED)
                note_leftovers(check, &report->shown.sandbox, report);
        note_outside(check, &report->shown.sandbox, report);
}

void check_report_show(CheckReport *report, Attempt *attempt) {
        attempt_deinit(&report->shown);
        report->shown = *attempt;
        *attempt = (Attempt){.has_sandbox = false};
}
