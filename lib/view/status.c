/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A status answer as text: phases, their gates as a table, who is waited for, what is missing. */

#include "view/status.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "proto/describe.h"

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
        GateState state;
        Slice stale_because;
} Row;

static void row_deinit(Row *row) {
        for (size_t i = 0; i < COLUMNS; i++)
                buf_deinit(&row->cells[i]);
}

/* Characters, which is what a terminal counts nearly everywhere. */
static size_t width_of(Slice text) {
        size_t width = 0;

        while (text.n) {
                uint32_t code;
                size_t n = utf8_read(text, &code);

                text = slice_from(text, n ? n : 1);
                width++;
        }
        return width;
}

static void append_age(uint64_t now_ms, uint64_t then_ms, Buf *text) {
        duration_describe(now_ms > then_ms ? now_ms - then_ms : 0, text);
}

static void row_fill(const struct gate_status *gate, uint64_t now_ms, Row *row) {
        for (size_t i = 0; i < COLUMNS; i++)
                row->cells[i] = BUF_INIT(CELL_MAX);
        row->state = gate->state;
        row->stale_because = gate->fresh ? SLICE_NULL : gate->stale_because;
        text_make_visible(gate->gate, false, &row->cells[0]);
        buf_text(&row->cells[1], word_of(&words_GATE_STATE, (int)gate->state));
        if (gate->state == GATE_STATE_PASSED && !gate->fresh)
                buf_text(&row->cells[1], ", stale");
        text_make_visible(slice_head(gate->commit, COMMIT_SHOWN), false, &row->cells[2]);
        if (gate->decided_ms)
                append_age(now_ms, gate->decided_ms, &row->cells[3]);
        if (gate->open_findings)
                buf_printf(&row->cells[4], "%llu open", (unsigned long long)gate->open_findings);
        for (size_t i = 0; i < COLUMNS; i++)
                if (row->cells[i].n == 0)
                        buf_text(&row->cells[i], "-");
}

static void append_cell(Slice cell, size_t width, bool is_last, Buf *text) {
        buf_slice(text, cell);
        for (size_t n = width_of(cell); !is_last && n < width + 2; n++)
                buf_byte(text, ' ');
}

static void append_row(const Row *row, const size_t widths[COLUMNS], bool with_colour, Buf *text) {
        const char *colour = with_colour ? gate_colours[row->state] : "";

        buf_text(text, "  ");
        for (size_t i = 0; i < COLUMNS; i++) {
                bool coloured = i == 1 && colour[0];

                buf_text(text, coloured ? colour : "");
                append_cell(buf_get(&row->cells[i]), widths[i], i == COLUMNS - 1, text);
                buf_text(text, coloured ? "\033[0m" : "");
        }
        buf_text(text, "\n");
        if (row->stale_because.n) {
                buf_text(text, "      does not count: ");
                text_make_visible(row->stale_because, false, text);
                buf_text(text, "\n");
        }
}

static void append_gates(const struct phase_status *phase, uint64_t now_ms, bool with_colour,
                         Buf *text) {
        size_t widths[COLUMNS];

        for (size_t i = 0; i < COLUMNS; i++)
                widths[i] = strlen(column_names[i]);
        for (size_t g = 0; g < phase->n_gates; g++) {
                cleanup(row_deinit) Row row;

                row_fill(&phase->gates[g], now_ms, &row);
                for (size_t i = 0; i < COLUMNS; i++)
                        widths[i] = size_max(widths[i], width_of(buf_get(&row.cells[i])));
        }
        buf_text(text, "  ");
        for (size_t i = 0; i < COLUMNS; i++)
                append_cell(slice_text(column_names[i]), widths[i], i == COLUMNS - 1, text);
        buf_text(text, "\n");
        for (size_t g = 0; g < phase->n_gates; g++) {
                cleanup(row_deinit) Row row;

                row_fill(&phase->gates[g], now_ms, &row);
                append_row(&row, widths, with_colour, text);
        }
}

static void append_waits(const struct phase_status *phase, uint64_t now_ms, Buf *text) {
        for (size_t i = 0; i < phase->n_waits; i++) {
                const struct wait *wait = &phase->waits[i];
                char since[TIME_TEXT_BYTES];

                time_format_minute(wait->since_ms, since);
                buf_text(text, "  waiting for ");
                text_make_visible(wait->who, false, text);
                buf_text(text, ": ");
                text_make_visible(wait->what, false, text);
                buf_printf(text, ", since %s (", since);
                append_age(now_ms, wait->since_ms, text);
                buf_text(text, ")\n");
        }
}

static void append_findings(const struct phase_status *phase, Buf *text) {
        for (size_t i = 0; i < phase->n_findings; i++) {
                const struct finding_status *finding = &phase->findings[i];

                if (finding->state != FINDING_STATE_OPEN)
                        continue;
                buf_text(text, "  finding ");
                text_make_visible(finding->finding, false, text);
                buf_printf(text, " (%s, blocks %s",
                           word_of(&words_SEVERITY, (int)finding->severity),
                           word_of(&words_BLOCKS, (int)finding->blocks));
                if (finding->blocks == BLOCKS_GATE && finding->gate.n) {
                        buf_text(text, " ");
                        text_make_visible(finding->gate, false, text);
                }
                buf_text(text, "): ");
                text_make_visible(finding->title, false, text);
                buf_text(text, "\n");
                if (finding->reproduce.n) {
                        buf_text(text, "    reproduce: ");
                        text_make_visible(finding->reproduce, false, text);
                        buf_text(text, "\n");
                }
        }
}

void reasons_describe(const Slice *reasons, size_t n_reasons, Buf *text) {
        for (size_t i = 0; i < n_reasons; i++) {
                buf_text(text, "    - [ ] ");
                text_make_visible(reasons[i], false, text);
                buf_text(text, "\n");
        }
}

static void append_done(const struct phase_status *phase, Buf *text) {
        char when[TIME_TEXT_BYTES];

        if (phase->state == PHASE_STATE_DONE) {
                time_format_minute(phase->done_ms, when);
                buf_text(text, "  DONE at ");
                text_make_visible(phase->done_commit, false, text);
                buf_printf(text, ", granted %s\n", when);
        } else if (phase->n_why_not_done) {
                buf_text(text, "  not DONE because\n");
                reasons_describe(phase->why_not_done, phase->n_why_not_done, text);
        } else {
                buf_text(text, "  nothing stands against DONE; next: builder-agent done ");
                text_make_visible(phase->phase, false, text);
                buf_text(text, "\n");
        }
}

void status_describe(const struct status *status, bool with_colour, Buf *text) {
        char now[TIME_TEXT_BYTES];

        time_format_second(status->now_ms, now);
        text_make_visible(status->project, false, text);
        buf_printf(text, ", entry %llu, %s\n", (unsigned long long)status->head_seq, now);
        for (size_t i = 0; i < status->n_phases; i++) {
                const struct phase_status *phase = &status->phases[i];

                buf_text(text, "\nphase ");
                text_make_visible(phase->phase, false, text);
                buf_printf(text, ": %s\n", word_of(&words_PHASE_STATE, (int)phase->state));
                append_gates(phase, status->now_ms, with_colour, text);
                append_waits(phase, status->now_ms, text);
                append_findings(phase, text);
                append_done(phase, text);
        }
        if (status->n_phases == 0)
                buf_text(text, "\nno plan is approved; next: broker plan approve FILE\n");
}

void status_describe_json(const struct status *status, Buf *text) {
        Message message = {.type = MESSAGE_STATUS, .status = *status};

        buf_text(text, "{\"version\":1,\"status\":");
        describe_json(&message, text);
        buf_text(text, "}\n");
}
