/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `log`: the ledger, an entry a line; with --follow also what is still to come. */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/nearest.h"
#include "base/text.h"
#include "broker/fold.h"
#include "broker/follow.h"
#include "broker/log_filter.h"
#include "broker/log_line.h"
#include "broker/verbs.h"
#include "view/terminal.h"

enum { PRINT_BYTES = 64 << 10, TAIL_GROWTH = 8, PHASE_BYTES_MAX = 64 };

typedef struct Log {
        Errand *errand;
        LogFilter filter;
        uint64_t next;   /* entry to go on with */
        uint64_t n_skip; /* of those that match */
        uint64_t n_matching;
        bool is_counting;
        LogLine line;
        uint8_t phase[PHASE_BYTES_MAX]; /* of the last line on a terminal */
        Buf text;
        Fault *fault;
} Log;

static void log_deinit(Log *log) {
        buf_deinit(&log->text);
}

/* A terminal has little room: a phase is said where it changes. In a pipe each line stands alone.
 */
static void note_phase(Log *log, Slice phase) {
        if (log->line.width == 0 || phase.n == 0 || phase.n > sizeof log->phase)
                return;
        memcpy(log->phase, phase.data, phase.n);
        log->line.phase = slice_make(log->phase, phase.n);
}

static int print_entry(Log *log, const Entry *entry) {
        cleanup_arena Arena arena = ARENA_INIT;
        Message message;

        if (fold_decode(entry, &arena, &message, log->fault) != 0)
                return ERRAND_E_REFUSED;
        if (log->errand->is_json)
                errand_entry_json(entry, &message, &log->text);
        else
                log_line_append(&log->line, entry, &message, &log->text);
        note_phase(log, entry->phase);
        if (log->text.n < PRINT_BYTES)
                return 0;
        errand_print(&log->text);
        buf_clear(&log->text);
        return 0;
}

static int visit(void *userdata, const Entry *entry) {
        Log *log = userdata;
        bool matches;

        TRY(log_filter_match(&log->filter, entry, &matches));
        if (!log->is_counting)
                log->next = entry->seq + 1;
        log->n_matching += matches;
        if (log->is_counting || !matches || log->n_matching <= log->n_skip)
                return 0;
        return print_entry(log, entry);
}

static int walk(Log *log) {
        int r;

        log->line.width = terminal_get_width(STDOUT_FILENO);
        r = ledger_walk(log->errand->ledger, log->next, log->filter.phase, visit, log);
        if (r == 0)
                errand_print(&log->text);
        buf_clear(&log->text);
        return r;
}

static int count(Log *log) {
        int r;

        log->n_matching = 0;
        log->is_counting = true;
        r = ledger_walk(log->errand->ledger, log->next, log->filter.phase, visit, log);
        log->is_counting = false;
        return r;
}

/* From far enough before the end that as many match. Those that are to be skipped are counted
 * first, so that nothing is kept. */
static int walk_tail(Log *log, uint64_t tail) {
        uint64_t first = log->next, head = 0;

        if (tail == UINT64_MAX)
                return walk(log);
        TRY(ledger_head(log->errand->ledger, &head));
        for (uint64_t n_back = tail;; n_back *= TAIL_GROWTH) {
                int r;

                log->next = head >= first && head - first >= n_back ? head - n_back + 1 : first;
                r = count(log);
                if (r != 0)
                        return r;
                if (log->n_matching >= tail || log->next == first)
                        break;
        }
        log->n_skip = log->n_matching > tail ? log->n_matching - tail : 0;
        log->n_matching = 0;
        return walk(log);
}

/* What is committed later belongs to the tail, too. */
static int follow_log(Log *log, Follow *follow) {
        int r;

        while ((r = follow_next(follow, UINT64_MAX, log->fault)) == 0) {
                r = walk(log);
                if (r != 0)
                        return r;
        }
        return r == FOLLOW_E_OVER ? 0 : r;
}

/* ---- what there is not ---- */

enum { NAMES_MAX = 1024 };

static int refuse_name(const char *rule, const char *what, Slice wanted, const char *const *names,
                       size_t n_names, Fault *fault) {
        fault_set(fault, rule, "there is no %s `%.*s`", what, SLICE_ARGS(wanted));
        if (n_names)
                nearest_suggest(wanted, names, n_names, fault);
        else
                fault_next(fault, "broker plan approve FILE");
        return ERRAND_E_REFUSED;
}

static int check_actor(const State *state, Slice actor, Fault *fault) {
        const char *names[NAMES_MAX] = {BROKER_NAME};
        size_t n = 1;

        if (actor.n == 0 || slice_is(actor, BROKER_NAME) || state_find_agent(state, actor))
                return 0;
        for (size_t i = 0; i < state->n_agents && n < NAMES_MAX; i++)
                names[n++] = state->agents[i]->name;
        return refuse_name("agent-unknown", "agent", actor, names, n, fault);
}

/* Of the phase, or of any; also those that its plan has no more. */
static int check_gate(const State *state, const LogFilter *filter, Fault *fault) {
        const char *names[NAMES_MAX];
        size_t n = 0;

        if (filter->gate.n == 0)
                return 0;
        for (size_t p = 0; p < state->n_phases; p++) {
                const PhaseRecord *phase = state->phases[p];

                if (filter->phase.n && !slice_is(filter->phase, phase->name))
                        continue;
                if (phase_find_gate_ever(phase, filter->gate))
                        return 0;
                for (size_t g = 0; g < phase->n_gates && n < NAMES_MAX; g++)
                        names[n++] = phase->gates[g].id;
        }
        return refuse_name("gate-unknown", "gate", filter->gate, names, n, fault);
}

static int find_names(const Log *log, const State *state, Fault *fault) {
        const char *phase_name = args_get(log->errand->args, "phase");
        const PhaseRecord *phase;
        int r = 0;

        if (phase_name)
                r = errand_find_phase(state, phase_name, &phase, fault);
        if (r == 0)
                r = check_actor(state, log->filter.actor, fault);
        return r ? r : check_gate(state, &log->filter, fault);
}

/* Where nothing was selected: a name that the ledger does not know is a mistake. Who follows may be
 * there before it: that is said, and waited for. */
static int check_names(const Log *log, Fault *fault) {
        const Args *args = log->errand->args;
        cleanup_buf Buf found = BUF_TEXT;
        cleanup(state_deinit) State state;
        int r;

        state_init(&state);
        if (log->n_matching || !(log->filter.phase.n || log->filter.actor.n || log->filter.gate.n))
                return 0;
        r = fold_ledger(log->errand->ledger, &state, fault);
        if (r != 0)
                return r;
        r = find_names(log, &state, fault);
        if (r == 0 || !args_has(args, "follow"))
                return r;
        text_make_visible(slice_text(fault->found), false, &found);
        (void)fprintf(stderr, "%s: %s yet\n", args->program->name, buf_get_text(&found));
        *fault = FAULT_INIT;
        return 0;
}

/* ---- the verb ---- */

static int read_options(Log *log, uint64_t *ret_tail, Fault *fault) {
        const Args *args = log->errand->args;
        int r = log_filter_read(args, clock_wall_ms(), &log->filter, fault);

        if (r == 0)
                r = args_get_number(args, "from", 1, 1, INT64_MAX, &log->next, fault);
        if (r == 0)
                r = args_get_number(args, "tail", UINT64_MAX, 0, UINT32_MAX, ret_tail, fault);
        return r;
}

static int log_entries(Errand *errand, Fault *reterr_fault) {
        cleanup(log_deinit) Log log = {.errand = errand, .text = BUF_TEXT, .fault = reterr_fault};
        cleanup_follow Follow follow = {.signal_fd = -1};
        bool is_following = args_has(errand->args, "follow");
        uint64_t tail;
        int r = read_options(&log, &tail, reterr_fault);

        if (r == 0)
                r = errand_open_ledger(errand, LEDGER_READ, reterr_fault);
        log.filter.ledger = errand->ledger;
        log.line.phase = log.filter.phase;
        log.line.with_fields = args_has(errand->args, "verbose");
        if (r == 0 && is_following)
                r = follow_start(&follow, errand, reterr_fault);
        if (r == 0)
                r = walk_tail(&log, tail);
        if (r == 0)
                r = check_names(&log, reterr_fault);
        if (r == 0 && is_following)
                r = follow_log(&log, &follow);
        return r > 0 ? ERRAND_E_REFUSED : r;
}

int verb_log(const Args *args) {
        return errand_run(args, log_entries);
}
