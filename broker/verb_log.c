/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `log`: the ledger, an entry a line. */

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/nearest.h"
#include "broker/fold.h"
#include "broker/verbs.h"
#include "proto/describe.h"
#include "view/entry.h"
#include "view/status.h"

enum { PRINT_BYTES = 64 << 10, KINDS_MAX = 64 };

typedef struct Log {
        Errand *errand;
        Slice kind;      /* empty: all */
        uint64_t n_skip; /* of those that match */
        uint64_t n_matching;
        bool is_counting;
        Buf text;
        Fault *fault;
} Log;

static void log_deinit(Log *log) {
        buf_deinit(&log->text);
}

static void append_line(const Entry *entry, const Message *message, Buf *text) {
        cleanup_buf Buf body = BUF_TEXT;
        char when[TIME_TEXT_BYTES];

        describe_line(message, &body); /* it begins with the kind */
        time_format_second(entry->received_ms, when);
        buf_printf(text, "%6" PRIu64 "  %s  %-9.*s  ", entry->seq, when, SLICE_ARGS(entry->kind));
        text_make_visible(entry->actor, false, text);
        buf_text(text, "  ");
        if (entry->phase.n)
                text_make_visible(entry->phase, false, text);
        else
                buf_text(text, "-");
        buf_text(text, " ");
        buf_slice(text, slice_from(buf_get(&body), entry->kind.n));
        buf_text(text, "\n");
}

static int print_entry(Log *log, const Entry *entry) {
        cleanup_arena Arena arena = ARENA_INIT;
        Message message;

        if (fold_decode(entry, &arena, &message, log->fault) != 0)
                return ERRAND_E_REFUSED;
        if (log->errand->is_json)
                errand_entry_json(entry, &message, &log->text);
        else
                append_line(entry, &message, &log->text);
        if (log->text.n < PRINT_BYTES)
                return 0;
        errand_print(&log->text);
        buf_clear(&log->text);
        return 0;
}

static int visit(void *userdata, const Entry *entry) {
        Log *log = userdata;

        if (log->kind.n && !slice_equal(log->kind, entry->kind))
                return 0;
        log->n_matching++;
        if (log->is_counting || log->n_matching <= log->n_skip)
                return 0;
        return print_entry(log, entry);
}

static int check_kind(const char *kind, Fault *fault) {
        const char *names[KINDS_MAX];
        const MessageSpec *spec;
        const char *nearest;
        size_t n = 0;

        if (!kind)
                return 0;
        for (size_t i = 0; n < KINDS_MAX && (spec = message_spec_at(i)); i++) {
                if (spec->direction != ON_LEDGER)
                        continue;
                names[n++] = spec->body.name;
                if (slice_is(slice_text(kind), spec->body.name))
                        return 0;
        }
        nearest = nearest_word(slice_text(kind), names, n);
        fault_set(fault, "option-value", "there is no kind `%s` of entry", kind);
        if (nearest)
                fault_next(fault, "did you mean %s?", nearest);
        return ERRAND_E_REFUSED;
}

/* Those that are to be skipped are counted first, so that nothing is kept. */
static int walk(Log *log, uint64_t from, Slice phase, uint64_t tail) {
        int r = 0;

        if (tail != UINT64_MAX) {
                log->is_counting = true;
                r = ledger_walk(log->errand->ledger, from, phase, visit, log);
                log->is_counting = false;
                log->n_skip = log->n_matching > tail ? log->n_matching - tail : 0;
                log->n_matching = 0;
        }
        if (r == 0)
                r = ledger_walk(log->errand->ledger, from, phase, visit, log);
        if (r == 0)
                errand_print(&log->text);
        return r;
}

static int log_entries(Errand *errand, Fault *reterr_fault) {
        cleanup(log_deinit) Log log = {.errand = errand, .text = BUF_TEXT, .fault = reterr_fault};
        const char *kind = args_get(errand->args, "kind");
        uint64_t from, tail;
        int r = check_kind(kind, reterr_fault);

        log.kind = slice_text(kind);
        if (r == 0)
                r = args_get_number(errand->args, "from", 1, 1, INT64_MAX, &from, reterr_fault);
        if (r == 0)
                r = args_get_number(errand->args, "tail", UINT64_MAX, 0, UINT32_MAX, &tail,
                                    reterr_fault);
        if (r == 0)
                r = errand_open_ledger(errand, LEDGER_READ, reterr_fault);
        if (r == 0)
                r = errand_check_phase(errand, args_get(errand->args, "phase"), reterr_fault);
        if (r == 0)
                r = walk(&log, from, slice_text(args_get(errand->args, "phase")), tail);
        return r > 0 ? ERRAND_E_REFUSED : r;
}

int verb_log(const Args *args) {
        return errand_run(args, log_entries);
}
