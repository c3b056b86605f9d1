/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A status answer as text: phases, their gates as a table, who is waited for, what is missing. */

#include "view/status.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "proto/describe.h"
#include "view/status_parts.h"

enum { COMMIT_SHOWN = 12, COLUMNS = 5, CELL_MAX = 4096 };

/* Beside the words, never instead of them. */
static const char *const gate_colours[_GATE_STATE_MAX] = {
        [GATE_STATE_OPEN] = "",
        [GATE_STATE_CLAIMED] = "\033[33m",
        [GATE_STATE_VERIFYING] = "\033[33m",
        [GATE_STATE_PASSED] = "\033[32m",
        [GATE_STATE_FAILED] = "\033[31m",
        [GATE_STATE_INCONCLUSIVE] = "\033[35m",
};

static const char *const column_names[COLUMNS] = {"gate", "state", "commit", "age", "findings"};

typedef struct Row {
        Buf cells[COLUMNS];
        const struct gate_status *gate;
} Row;

static void row_deinit(Row *row) {
        for (size_t i = 0; i < COLUMNS; i++)
                buf_deinit(&row->cells[i]);
}

static void row_fill(const struct gate_status *gate, uint64_t now_ms, Row *row) {
        for (size_t i = 0; i < COLUMNS; i++)
                row->cells[i] = BUF_INIT(CELL_MAX);
        row->gate = gate;
        text_make_visible(gate->gate, false, &row->cells[0]);
        buf_text(&row->cells[1], word_of(&words_GATE_STATE, (int)gate->state));
        if (gate->state == GATE_STATE_PASSED && !gate->fresh)
                buf_text(&row->cells[1], ", stale");
        text_make_visible(slice_head(gate->commit, COMMIT_SHOWN), false, &row->cells[2]);
        if (gate->decided_ms)
                status_append_age(now_ms, gate->decided_ms, &row->cells[3]);
        if (gate->open_findings)
                buf_printf(&row->cells[4], "%llu open", (unsigned long long)gate->open_findings);
        for (size_t i = 0; i < COLUMNS; i++)
                if (row->cells[i].n == 0)
                        buf_text(&row->cells[i], "-");
}

static void append_cell(Slice cell, size_t width, bool is_last, Buf *text) {
        buf_slice(text, cell);
        /* characters, which is what a terminal counts nearly everywhere */
        for (size_t n = utf8_count(cell); !is_last && n < width + 2; n++)
                buf_byte(text, ' ');
}

static void append_remark(const char *what, Slice because, Buf *text) {
        buf_printf(text, "      %s: ", what);
        text_make_visible(because, false, text);
        buf_text(text, "\n");
}

/* What a table has no room for. */
void status_append_remarks(const struct phase_status *phase, const struct gate_status *gate,
                           Buf *text) {
        char until[TIME_TEXT_BYTES];

        if (!gate->fresh && gate->stale_because.n)
                append_remark("does not count", status_cut_repeated(phase, gate->stale_because),
                              text);
        if (gate->carried_from)
                buf_printf(text, "      carried over from V-%llu: the same inputs\n",
                           (unsigned long long)gate->carried_from);
        if (gate->verifiers > 1)
                buf_printf(text, "      %llu of %llu verifiers gave a PASS\n",
                           (unsigned long long)gate->passes, (unsigned long long)gate->verifiers);
        if (gate->waived_until_ms) {
                time_format_minute(gate->waived_until_ms, until);
                buf_printf(text, "      waived until %s: ", until);
                text_make_visible(gate->waived_because, false, text);
                buf_text(text, "\n");
        }
        if (gate->n_never_red && gate->state == GATE_STATE_PASSED) {
                buf_text(text, "      never seen red:");
                for (size_t i = 0; i < gate->n_never_red; i++) {
                        buf_text(text, i ? ", " : " ");
                        text_make_visible(gate->never_red[i], false, text);
                }
                buf_text(text, "\n");
        }
}

static void append_row(const Row *row, const size_t widths[COLUMNS], bool with_colour, Buf *text) {
        const char *colour = with_colour ? gate_colours[row->gate->state] : "";

        buf_text(text, "  ");
        for (size_t i = 0; i < COLUMNS; i++) {
                bool coloured = i == 1 && colour[0];

                buf_text(text, coloured ? colour : "");
                append_cell(buf_get(&row->cells[i]), widths[i], i == COLUMNS - 1, text);
                buf_text(text, coloured ? "\033[0m" : "");
        }
        buf_text(text, "\n");
}

/* One table for all phases: its columns are named once. */
static void measure(const struct status *status, size_t ret_widths[COLUMNS]) {
        for (size_t i = 0; i < COLUMNS; i++)
                ret_widths[i] = strlen(column_names[i]);
        for (size_t p = 0; p < status->n_phases; p++)
                for (size_t g = 0; g < status->phases[p].n_gates; g++) {
                        cleanup(row_deinit) Row row;

                        row_fill(&status->phases[p].gates[g], status->now_ms, &row);
                        for (size_t i = 0; i < COLUMNS; i++)
                                ret_widths[i] =
                                        size_max(ret_widths[i], utf8_count(buf_get(&row.cells[i])));
                }
}

static void append_column_names(const size_t widths[COLUMNS], Buf *text) {
        buf_text(text, "  ");
        for (size_t i = 0; i < COLUMNS; i++)
                append_cell(slice_text(column_names[i]), widths[i], i == COLUMNS - 1, text);
        buf_text(text, "\n");
}

static void append_gates(const struct phase_status *phase, uint64_t now_ms,
                         const size_t widths[COLUMNS], bool with_colour, Buf *text) {
        for (size_t g = 0; g < phase->n_gates; g++) {
                cleanup(row_deinit) Row row;

                row_fill(&phase->gates[g], now_ms, &row);
                append_row(&row, widths, with_colour, text);
                status_append_remarks(phase, row.gate, text);
        }
}

/* Findings and vetoes have lines of their own. */
static void append_reasons(const struct phase_status *phase, Buf *text) {
        for (size_t i = 0; i < phase->n_why_not_done; i++) {
                Slice reason = status_cut_repeated(phase, phase->why_not_done[i]);

                reasons_describe(&reason, 1, text);
        }
}

static void append_done(const struct phase_status *phase, bool with_words, Buf *text) {
        char when[TIME_TEXT_BYTES];

        if (phase->state == PHASE_STATE_DONE) {
                time_format_minute(phase->done_ms, when);
                buf_text(text, "  DONE at ");
                text_make_visible(phase->done_commit, false, text);
                buf_printf(text, ", granted %s\n", when);
        } else if (phase->n_why_not_done) {
                buf_text(text, "  not DONE because\n");
                if (with_words)
                        reasons_describe(phase->why_not_done, phase->n_why_not_done, text);
                else
                        append_reasons(phase, text);
        } else {
                buf_text(text, "  nothing stands against DONE; next: builder-agent done ");
                text_make_visible(phase->phase, false, text);
                buf_text(text, "\n");
        }
}

static void append_phase_head(const struct phase_status *phase, Buf *text) {
        buf_text(text, "\nphase ");
        text_make_visible(phase->phase, false, text);
        buf_printf(text, ": %s\n", word_of(&words_PHASE_STATE, (int)phase->state));
}

static void append_head(const struct status *status, Buf *text) {
        char now[TIME_TEXT_BYTES];

        time_format_second(status->now_ms, now);
        text_make_visible(status->project, false, text);
        buf_printf(text, ", entry %llu, %s\n", (unsigned long long)status->head_seq, now);
        if (status->n_phases == 0)
                buf_text(text, "\nno plan is approved; next: broker plan approve FILE\n");
}

static bool has_untaken(const struct status *status) {
        for (size_t i = 0; i < status->n_phases; i++)
                for (size_t k = 0; k < status->phases[i].n_waits; k++)
                        if (status->phases[i].waits[k].wait_for == WAIT_FOR_TAKE)
                                return true;
        return false;
}

static void append_end(const struct status *status, Buf *text) {
        if (status->no_adversary && has_untaken(status))
                buf_text(text, "\nno adversary is connected; next: adversary-agent run\n");
        status_append_holds(status, text);
        status_append_alerts(status, text);
}

void status_describe(const struct status *status, bool with_colour, Buf *text) {
        size_t widths[COLUMNS];

        measure(status, widths);
        append_head(status, text);
        for (size_t i = 0; i < status->n_phases; i++) {
                const struct phase_status *phase = &status->phases[i];

                append_phase_head(phase, text);
                if (i == 0)
                        append_column_names(widths, text);
                append_gates(phase, status->now_ms, widths, with_colour, text);
                status_append_waits(phase, status->now_ms, text);
                status_append_findings(phase, text);
                status_append_vetoes(phase, status->now_ms, text);
                status_append_seals(phase, text);
                status_append_pauses(phase, text);
                append_done(phase, false, text);
        }
        append_end(status, text);
}

void status_describe_why(const struct status *status, Buf *text) {
        append_head(status, text);
        for (size_t i = 0; i < status->n_phases; i++) {
                const struct phase_status *phase = &status->phases[i];

                append_phase_head(phase, text);
                status_append_waits_why(phase, status->now_ms, text);
                status_append_vetoes(phase, status->now_ms, text);
                status_append_seals(phase, text);
                status_append_pauses(phase, text);
                append_done(phase, true, text);
        }
        append_end(status, text);
}

void status_describe_json(const struct status *status, Buf *text) {
        Message message = {.type = MESSAGE_STATUS, .status = *status};

        buf_text(text, "{\"version\":1,\"status\":");
        describe_json(&message, text);
        buf_text(text, "}\n");
}
