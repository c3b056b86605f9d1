/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `status`: what the running broker says; where none runs, or it does not answer, computed from the
 * ledger, which costs as much as the ledger is long. `alerts`: a part of it. */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "broker/fold.h"
#include "broker/follow.h"
#include "broker/status.h"
#include "broker/verbs.h"
#include "proto/describe.h"
#include "view/status.h"
#include "view/status_parts.h"
#include "view/terminal.h"

enum { REDRAW_MS = 5000, LOOK_MS = 1000 };

typedef struct Look {
        Errand *errand;
        Slice phase; /* empty: all */
        State state;
        Buf shown; /* what was printed last tells by it whether something has changed */
} Look;

static void look_deinit(Look *look) {
        state_deinit(&look->state);
        buf_deinit(&look->shown);
}

static int look_open(Look *look, Errand *errand, const char *phase, Fault *fault) {
        const PhaseRecord *record;
        int r;

        look->errand = errand;
        look->phase = slice_text(phase);
        look->shown = BUF_TEXT;
        state_init(&look->state);
        r = errand_open_ledger(errand, LEDGER_READ, fault);
        if (r == 0)
                r = fold_ledger(errand->ledger, &look->state, fault);
        if (r == 0 && phase)
                r = errand_find_phase(&look->state, phase, &record, fault);
        return r > 0 ? ERRAND_E_REFUSED : r;
}

static void look_at(Look *look, Arena *arena, Message *ret_message) {
        *ret_message = (Message){.type = MESSAGE_STATUS};
        status_build(&look->state, look->phase, clock_wall_ms(), arena, &ret_message->status);
        message_set_present(ret_message);
}

/* A broker that runs has read the whole ledger already. */
static int look_once(Look *look, Errand *errand, const char *phase, Arena *arena,
                     struct status *ret_status, Fault *fault) {
        Message message;
        int r;

        look->errand = errand;
        r = errand_ask_status(errand, phase, arena, ret_status);
        if (r != ERRAND_E_SILENT)
                return r;
        r = look_open(look, errand, phase, fault);
        if (r != 0)
                return r;
        look_at(look, arena, &message);
        *ret_status = message.status;
        return 0;
}

static void describe(const Look *look, const struct status *status, Buf *text) {
        const Args *args = look->errand->args;

        if (look->errand->is_json)
                status_describe_json(status, text);
        else if (args_has(args, "why"))
                status_describe_why(status, text);
        else
                status_describe(status, colour_is_wanted(STDOUT_FILENO, args_has(args, "no-color")),
                                text);
}

/* ---- watching ---- */

/* What matters of a status: not how old things are, for that changes always. */
static void fingerprint(const struct status *status, Buf *text) {
        buf_printf(text, "%" PRIu64, status->head_seq);
        for (size_t p = 0; p < status->n_phases; p++) {
                const struct phase_status *phase = &status->phases[p];

                buf_printf(text, " %zu/%zu/%zu", phase->n_waits, phase->n_pauses,
                           phase->n_why_not_done);
                for (size_t g = 0; g < phase->n_gates; g++)
                        buf_printf(text, " %" PRIu64 "%s", phase->gates[g].fresh,
                                   phase->gates[g].waived_until_ms > status->now_ms ? "w" : "");
        }
}

static void draw(Look *look, bool is_terminal) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf text = BUF_TEXT, print = BUF_TEXT;
        Message message;

        look_at(look, &arena, &message);
        fingerprint(&message.status, &print);
        if (!is_terminal && slice_equal(buf_get(&print), buf_get(&look->shown)))
                return;
        if (is_terminal)
                buf_text(&text, "\033[H\033[2J");
        else if (look->shown.n && !look->errand->is_json)
                buf_text(&text, "\n");
        buf_clear(&look->shown);
        buf_slice(&look->shown, buf_get(&print));
        describe(look, &message.status, &text);
        errand_print(&text);
}

/* A terminal that knows how to clear itself. */
static bool can_redraw(void) {
        const char *term = getenv("TERM");

        return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
}

static int watch(Look *look, Follow *follow, Fault *fault) {
        bool is_terminal = can_redraw() && !look->errand->is_json;

        for (;;) {
                int r;

                draw(look, is_terminal);
                r = follow_next(follow, is_terminal ? REDRAW_MS : LOOK_MS, fault);
                if (r == FOLLOW_E_OVER)
                        return 0;
                if (r == 0)
                        r = fold_more(look->errand->ledger, &look->state, fault);
                if (r != 0 && r != FOLLOW_E_QUIET)
                        return r;
        }
}

static int watch_status(Errand *errand, const char *phase, Fault *fault) {
        cleanup(look_deinit) Look look = {.errand = NULL};
        cleanup_follow Follow follow = {.signal_fd = -1};
        int r = look_open(&look, errand, phase, fault);

        if (r == 0)
                r = follow_start(&follow, errand, fault);
        if (r == 0)
                r = fold_more(errand->ledger, &look.state, fault);
        if (r == 0)
                r = watch(&look, &follow, fault);
        return r > 0 ? ERRAND_E_REFUSED : r;
}

static int status(Errand *errand, Fault *reterr_fault) {
        const char *phase = errand->args->n_rest ? errand->args->rest[0] : NULL;
        cleanup(look_deinit) Look look = {.errand = NULL};
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf text = BUF_TEXT;
        struct status status;
        int r;

        if (args_has(errand->args, "watch"))
                return watch_status(errand, phase, reterr_fault);
        r = look_once(&look, errand, phase, &arena, &status, reterr_fault);
        if (r != 0)
                return r;
        describe(&look, &status, &text);
        errand_print(&text);
        return 0;
}

/* ---- alerts ---- */

static void alerts_json(const struct status *status, Buf *text) {
        buf_text(text, "{\"version\":1,\"alerts\":[");
        for (size_t i = 0; i < status->n_alerts; i++) {
                buf_text(text, i ? "," : "");
                describe_record_json(RECORD_ALERT_STATUS, &status->alerts[i], text);
        }
        buf_text(text, "]}\n");
}

static int alerts(Errand *errand, Fault *reterr_fault) {
        cleanup(look_deinit) Look look = {.errand = NULL};
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf text = BUF_TEXT;
        struct status status;
        int r = look_once(&look, errand, NULL, &arena, &status, reterr_fault);

        if (r != 0)
                return r;
        if (errand->is_json)
                alerts_json(&status, &text);
        for (size_t i = 0; !errand->is_json && i < status.n_alerts; i++)
                alert_describe(&status.alerts[i], &text);
        if (text.n == 0)
                buf_text(&text, "no alert stands that nobody has seen\n");
        errand_print(&text);
        return 0;
}

int verb_status(const Args *args) {
        return errand_run(args, status);
}

int verb_alerts(const Args *args) {
        return errand_run(args, alerts);
}
