/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `done`: DONE is granted by the broker, or refused with every reason. */

#include "base/error.h"
#include "verbs/talk.h"
#include "verbs/choose.h"
#include "builder-agent/git.h"
#include "builder-agent/verbs.h"
#include "verbs/waiting.h"
#include "proto/describe.h"
#include "view/status.h"

/* What has come while waiting. */
typedef struct Asked {
        Talk *talk;
        Message message;
        uint64_t n_entries; /* since the last refusal */
} Asked;

/* ---- which phase, which commit ---- */

static int find_commit(const Args *args, char ret_commit[COMMIT_TEXT_MAX], Fault *fault) {
        const char *rev = args_get(args, "commit");
        int r = git_name_commit(rev ? rev : "HEAD", ret_commit, fault);

        return r > 0 ? TALK_E_REFUSED : r;
}

static int find_phase(Talk *talk, Arena *arena, const struct phase_status **ret_phase,
                      Fault *fault) {
        const char *named = talk_get_phase(talk->args);
        struct status status;
        int r = talk_ask_status(talk, named, arena, &status, fault);

        if (r == 0)
                r = choose_phase(&status, NULL, 0, ret_phase, fault);
        return r;
}

/* ---- saying it ---- */

static void say_json(const Talk *talk, const struct done *done, bool is_granted, uint64_t seq) {
        cleanup_buf Buf text = BUF_TEXT;
        size_t n = 0;
        const Slice *reasons = session_get_reasons(talk->session, &n);

        buf_printf(&text, "{\"version\":1,\"done\":{\"granted\":%s,\"phase\":",
                   is_granted ? "true" : "false");
        describe_json_string(done->phase, &text);
        buf_text(&text, ",\"commit\":");
        describe_json_string(done->commit, &text);
        if (seq)
                buf_printf(&text, ",\"seq\":%llu", (unsigned long long)seq);
        if (!is_granted) {
                buf_text(&text, ",\"reasons\":[");
                for (size_t i = 0; i < n; i++) {
                        buf_text(&text, i ? "," : "");
                        describe_json_string(reasons[i], &text);
                }
                buf_text(&text, "]");
        }
        buf_printf(&text, "},\"exit\":%d}\n", talk->status);
        talk_print(&text);
}

static void say_granted(Talk *talk, const struct done *done, uint64_t seq) {
        cleanup_buf Buf text = BUF_TEXT;

        if (talk->is_json) {
                say_json(talk, done, true, seq);
                return;
        }
        buf_printf(&text, "D-%llu: %.*s is DONE at %.*s\n", (unsigned long long)seq,
                   SLICE_ARGS(done->phase), SLICE_ARGS(done->commit));
        talk_print(&text);
}

/* Asked again for what was granted: the answer stands. */
static void say_standing(Talk *talk, const struct done *done) {
        cleanup_buf Buf text = BUF_TEXT;

        if (talk->is_json) {
                say_json(talk, done, true, 0);
                return;
        }
        buf_printf(&text, "%.*s is DONE at %.*s already\n", SLICE_ARGS(done->phase),
                   SLICE_ARGS(done->commit));
        talk_print(&text);
}

static void say_refused(Talk *talk, const struct done *done, const Fault *fault) {
        cleanup_buf Buf text = BUF_TEXT;
        size_t n = 0;
        const Slice *reasons = session_get_reasons(talk->session, &n);

        if (talk->is_json) {
                say_json(talk, done, false, 0);
                return;
        }
        buf_printf(&text, "%s: %s\n", fault->rule, fault->found);
        reasons_describe(reasons, n, &text);
        if (fault->next[0])
                buf_printf(&text, "  next: %s\n", fault->next);
        talk_print(&text);
}

/* ---- asking ---- */

static bool is_pending(const struct phase_status *phase) {
        for (size_t i = 0; i < phase->n_gates; i++)
                if (phase->gates[i].state == GATE_STATE_CLAIMED ||
                    phase->gates[i].state == GATE_STATE_VERIFYING)
                        return true;
        return false;
}

/* Any of these may have changed the answer. */
static bool on_entry(void *userdata, const struct entry *entry, const Message *body) {
        (void)userdata;
        (void)entry;
        return body->type == MESSAGE_VERDICT || body->type == MESSAGE_WITHDRAW ||
               body->type == MESSAGE_LAPSE || body->type == MESSAGE_CLOSE ||
               body->type == MESSAGE_CLAIM;
}

static void describe_wait(void *userdata, Buf *text) {
        const Message *message = userdata;

        buf_printf(text, "%.*s: waiting for the verdicts on its claims",
                   SLICE_ARGS(message->done.phase));
}

/* Waits for an entry that may change the answer. The status is asked first and its head is the
 * cursor, so that what happens in between is not missed. */
static int wait_for_change(Waiting *waiting, const Message *message, bool *ret_is_pending,
                           Fault *fault) {
        cleanup_arena Arena arena = ARENA_INIT;
        const struct phase_status *phase = NULL;
        struct status status;
        int r = talk_ask_status(waiting->talk, NULL, &arena, &status, fault);

        for (size_t i = 0; r == 0 && i < status.n_phases; i++)
                if (slice_equal(status.phases[i].phase, message->done.phase))
                        phase = &status.phases[i];
        if (r != 0)
                return r;
        *ret_is_pending = phase && is_pending(phase);
        if (!*ret_is_pending)
                return 0;
        waiting->cursor = status.head_seq;
        return waiting_run(waiting, fault);
}

/* Asks again as long as claims are pending. As waiting_run; WAITING_E_REFUSED with the refusal that
 * stands. */
static int ask_and_wait(Waiting *waiting, const Message *message, uint64_t *ret_seq, Fault *fault) {
        for (;;) {
                bool is_waiting = false;
                Fault other = FAULT_INIT;
                int r = talk_call(waiting->talk, message, ret_seq, fault);

                if (r != TALK_E_REFUSED || !fault_is(fault, "done-not-yet"))
                        return r;
                r = wait_for_change(waiting, message, &is_waiting, &other);
                if (r == TALK_E_REFUSED)
                        *fault = other;
                if (r != 0 || !is_waiting)
                        return r ? r : WAITING_E_REFUSED;
        }
}

static int finish(Talk *talk, const struct done *done, uint64_t seq, int r, Fault *fault) {
        if (r == 0) {
                say_granted(talk, done, seq);
                return 0;
        }
        if (r == TALK_E_REFUSED && !fault_is(fault, "done-not-yet"))
                return r;
        if (r < 0)
                return error_origin(r);
        talk->status = r == WAITING_E_TIMEOUT       ? EXIT_PENDING
                       : r == WAITING_E_INTERRUPTED ? EXIT_INTERRUPTED
                                                    : EXIT_HOLDS_NOT;
        say_refused(talk, done, fault);
        return 0;
}

static int done(Talk *talk, Fault *fault) {
        Message message = {.type = MESSAGE_DONE};
        cleanup_waiting Waiting waiting = {.talk = talk,
                                           .userdata = &message,
                                           .on_entry = on_entry,
                                           .describe = describe_wait,
                                           .signal_fd = -1};
        cleanup_arena Arena arena = ARENA_INIT;
        const struct phase_status *phase = NULL;
        char commit[COMMIT_TEXT_MAX];
        uint64_t seq = 0;
        int r = waiting_deadline(talk->args, &waiting.deadline_ms, fault);

        if (r == 0)
                r = find_commit(talk->args, commit, fault);
        if (r == 0)
                r = talk_connect(talk, fault);
        if (r == 0)
                r = find_phase(talk, &arena, &phase, fault);
        if (r != 0)
                return r;
        message.done.phase = phase->phase;
        message.done.commit = slice_text(commit);
        message_set_present(&message);
        if (phase->state == PHASE_STATE_DONE && slice_is(phase->done_commit, commit)) {
                say_standing(talk, &message.done);
                return 0;
        }
        if (args_has(talk->args, "wait")) {
                TRY(waiting_start(&waiting));
                r = ask_and_wait(&waiting, &message, &seq, fault);
        } else {
                r = talk_call(talk, &message, &seq, fault);
        }
        return finish(talk, &message.done, seq, r, fault);
}

int verb_done(const Args *args) {
        return talk_run(args, done);
}
