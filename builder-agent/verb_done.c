/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `done`: DONE is granted by the broker, or refused with every reason. */

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "verbs/talk.h"
#include "verbs/choose.h"
#include "builder-agent/git.h"
#include "builder-agent/verbs.h"
#include "verbs/waiting.h"
#include "proto/describe.h"
#include "view/status.h"

/* A request, and the broker's answer to it. */
typedef struct Request {
        Talk *talk;
        Message message;
        uint64_t seq;     /* the request's entry */
        uint64_t granted; /* the entry that grants it; 0: none yet */
        bool is_denied;
        Slice *reasons; /* of the denial */
        size_t n_reasons;
        Arena arena;
} Request;

static void request_deinit(Request *request) {
        arena_deinit(&request->arena);
}

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

static void append_list(const char *name, const Slice *items, size_t n, Buf *text) {
        buf_printf(text, ",\"%s\":[", name);
        for (size_t i = 0; i < n; i++) {
                buf_text(text, i ? "," : "");
                describe_json_string(items[i], text);
        }
        buf_text(text, "]");
}

/* `list` NULL: none. */
static void say_json(const Talk *talk, const struct done *done, uint64_t granted, const char *list,
                     const Slice *items, size_t n) {
        cleanup_buf Buf text = BUF_TEXT;

        buf_printf(&text,
                   "{\"version\":1,\"done\":{\"granted\":%s,\"phase\":", list ? "false" : "true");
        describe_json_string(done->phase, &text);
        buf_text(&text, ",\"commit\":");
        describe_json_string(done->commit, &text);
        if (granted)
                buf_printf(&text, ",\"seq\":%llu", (unsigned long long)granted);
        if (list)
                append_list(list, items, n, &text);
        buf_printf(&text, "},\"exit\":%d}\n", talk->status);
        talk_print(&text);
}

static void say_granted(const Request *request) {
        const struct done *done = &request->message.done;
        cleanup_buf Buf text = BUF_TEXT;

        if (request->talk->is_json) {
                say_json(request->talk, done, request->granted, NULL, NULL, 0);
                return;
        }
        buf_printf(&text, "D-%llu: %.*s is DONE at %.*s\n", (unsigned long long)request->granted,
                   SLICE_ARGS(done->phase), SLICE_ARGS(done->commit));
        talk_print(&text);
}

/* Asked again for what was granted: the answer stands. */
static void say_standing(const Talk *talk, const struct done *done) {
        cleanup_buf Buf text = BUF_TEXT;

        if (talk->is_json) {
                say_json(talk, done, 0, NULL, NULL, 0);
                return;
        }
        buf_printf(&text, "%.*s is DONE at %.*s already\n", SLICE_ARGS(done->phase),
                   SLICE_ARGS(done->commit));
        talk_print(&text);
}

/* With every reason; `head` is the line above them. */
static void say_refused(Request *request, const char *head, const char *next, const Slice *reasons,
                        size_t n) {
        cleanup_buf Buf text = BUF_TEXT;

        request->talk->status = EXIT_HOLDS_NOT;
        if (request->talk->is_json) {
                say_json(request->talk, &request->message.done, 0, "reasons", reasons, n);
                return;
        }
        buf_printf(&text, "%s\n", head);
        reasons_describe(reasons, n, &text);
        if (next[0])
                buf_printf(&text, "  next: %s\n", next);
        talk_print(&text);
}

/* The request stands; these gates have no verdict for it yet. */
static void say_pending(Request *request, int status, const struct phase_status *phase) {
        Slice *gates =
                arena_alloc_array(&request->arena, phase ? phase->n_gates : 0, sizeof *gates);
        cleanup_buf Buf text = BUF_TEXT;
        size_t n = 0;

        request->talk->status = status;
        for (size_t i = 0; phase && i < phase->n_gates; i++)
                if (phase->gates[i].state == GATE_STATE_CLAIMED ||
                    phase->gates[i].state == GATE_STATE_VERIFYING)
                        gates[n++] = phase->gates[i].gate;
        if (request->talk->is_json) {
                say_json(request->talk, &request->message.done, 0, "pending", gates, n);
                return;
        }
        buf_printf(&text, "still pending: the request (entry %llu) stands; to be verified first:",
                   (unsigned long long)request->seq);
        for (size_t i = 0; i < n; i++) {
                buf_text(&text, " ");
                text_make_visible(gates[i], false, &text);
        }
        buf_printf(&text, "\n  next: builder-agent done %.*s --wait --commit %.*s\n",
                   SLICE_ARGS(request->message.done.phase),
                   SLICE_ARGS(request->message.done.commit));
        talk_print(&text);
}

/* ---- waiting for the answer ---- */

static void keep_reasons(Request *request, const struct denied *denied) {
        request->is_denied = true;
        request->reasons =
                arena_alloc_array(&request->arena, denied->n_reasons, sizeof *request->reasons);
        request->n_reasons = denied->n_reasons;
        for (size_t i = 0; i < denied->n_reasons; i++)
                request->reasons[i] = arena_slice(&request->arena, denied->reasons[i]);
}

static bool on_entry(void *userdata, const struct entry *entry, const Message *body) {
        Request *request = userdata;

        if (body->type == MESSAGE_GRANTED && body->granted.done == request->seq)
                request->granted = entry->seq;
        if (body->type == MESSAGE_DENIED && body->denied.done == request->seq)
                keep_reasons(request, &body->denied);
        return request->granted || request->is_denied;
}

static void describe_wait(void *userdata, Buf *text) {
        const Request *request = userdata;

        buf_printf(text, "%.*s: waiting for the verdicts that DONE needs",
                   SLICE_ARGS(request->message.done.phase));
}

static int ask_phase(Request *request, const struct phase_status **ret_phase, Fault *fault) {
        struct status status;
        int r = talk_ask_status(request->talk, NULL, &request->arena, &status, fault);

        *ret_phase = NULL;
        for (size_t i = 0; r == 0 && i < status.n_phases; i++)
                if (slice_equal(status.phases[i].phase, request->message.done.phase))
                        *ret_phase = &status.phases[i];
        return r;
}

static int say_answer(Request *request, int r, Fault *fault) {
        const struct phase_status *phase = NULL;

        if (r < 0)
                return error_origin(r);
        if (r == WAITING_E_REFUSED)
                return TALK_E_REFUSED;
        if (r != 0) {
                /* Which gates is a courtesy: a broker that is away keeps the request too. */
                (void)ask_phase(request, &phase, fault);
                say_pending(request, r == WAITING_E_TIMEOUT ? EXIT_PENDING : EXIT_INTERRUPTED,
                            phase);
                return 0;
        }
        if (request->granted)
                say_granted(request);
        else
                say_refused(request, "denied: what it waited for came out otherwise",
                            "builder-agent status", request->reasons, request->n_reasons);
        return 0;
}

/* The answer comes behind the request, perhaps at once. */
static int wait_for_answer(Request *request, uint64_t deadline_ms, Fault *fault) {
        cleanup_waiting Waiting waiting = {.talk = request->talk,
                                           .userdata = request,
                                           .cursor = request->seq,
                                           .deadline_ms = deadline_ms,
                                           .on_entry = on_entry,
                                           .describe = describe_wait,
                                           .signal_fd = -1};

        TRY(waiting_start(&waiting));
        return say_answer(request, waiting_run(&waiting, fault), fault);
}

static int look_at_answer(Request *request, Fault *fault) {
        const struct phase_status *phase;
        int r = ask_phase(request, &phase, fault);

        if (r != 0)
                return r;
        if (!phase || phase->done_asked != request->seq)
                return wait_for_answer(request, clock_mono_ms() + ANSWER_MS, fault);
        say_pending(request, EXIT_PENDING, phase);
        return 0;
}

/* ---- asking ---- */

/* What is asked for already is not asked for again. */
static int ask(Request *request, uint64_t deadline_ms, Fault *fault) {
        cleanup_buf Buf head = BUF_TEXT;
        size_t n = 0;
        const Slice *reasons;
        int r = request->seq ? 0
                             : talk_call(request->talk, &request->message, &request->seq, fault);

        if (r == TALK_E_REFUSED && fault_is(fault, "done-not-yet")) {
                reasons = session_get_reasons(request->talk->session, &n);
                buf_printf(&head, "%s: %s", fault->rule, fault->found);
                say_refused(request, buf_get_text(&head), fault->next, reasons, n);
                return 0;
        }
        if (r != 0)
                return r;
        if (args_has(request->talk->args, "wait"))
                return wait_for_answer(request, deadline_ms, fault);
        return look_at_answer(request, fault);
}

static int done(Talk *talk, Fault *fault) {
        cleanup(request_deinit) Request request = {.talk = talk, .message.type = MESSAGE_DONE};
        cleanup_arena Arena arena = ARENA_INIT;
        const struct phase_status *phase = NULL;
        char commit[COMMIT_TEXT_MAX];
        uint64_t deadline_ms;
        int r = waiting_deadline(talk->args, &deadline_ms, fault);

        if (r == 0)
                r = find_commit(talk->args, commit, fault);
        if (r == 0)
                r = talk_connect(talk, fault);
        if (r == 0)
                r = find_phase(talk, &arena, &phase, fault);
        if (r != 0)
                return r;
        request.message.done.phase = phase->phase;
        request.message.done.commit = slice_text(commit);
        message_set_present(&request.message);
        if (phase->state == PHASE_STATE_DONE && slice_is(phase->done_commit, commit)) {
                say_standing(talk, &request.message.done);
                return 0;
        }
        if (phase->done_asked && slice_is(phase->candidate, commit))
                request.seq = phase->done_asked;
        return ask(&request, deadline_ms, fault);
}

int verb_done(const Args *args) {
        return talk_run(args, done);
}
