/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `log`: the ledger, an entry a line; with --follow also what is still to come. */

#include "base/clock.h"
#include "base/error.h"
#include "broker/fold.h"
#include "broker/follow.h"
#include "broker/log_filter.h"
#include "broker/verbs.h"

enum { PRINT_BYTES = 64 << 10, TAIL_GROWTH = 8 };

typedef struct Log {
        Errand *errand;
        LogFilter filter;
        uint64_t next;   /* entry to go on with */
        uint64_t n_skip; /* of those that match */
        uint64_t n_matching;
        bool is_counting;
        Buf text;
        Fault *fault;
} Log;

static void log_deinit(Log *log) {
        buf_deinit(&log->text);
}

static int print_entry(Log *log, const Entry *entry) {
        cleanup_arena Arena arena = ARENA_INIT;
        Message message;

        if (fold_decode(entry, &arena, &message, log->fault) != 0)
                return ERRAND_E_REFUSED;
        if (log->errand->is_json)
                errand_entry_json(entry, &message, &log->text);
        else
                errand_entry_line(entry, &message, &log->text);
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
        int r = ledger_walk(log->errand->ledger, log->next, log->filter.phase, visit, log);

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
        if (r == 0)
                r = errand_check_phase(errand, args_get(errand->args, "phase"), reterr_fault);
        if (r == 0 && is_following)
                r = follow_start(&follow, errand, reterr_fault);
        if (r == 0)
                r = walk_tail(&log, tail);
        if (r == 0 && is_following)
                r = follow_log(&log, &follow);
        return r > 0 ? ERRAND_E_REFUSED : r;
}

int verb_log(const Args *args) {
        return errand_run(args, log_entries);
}
