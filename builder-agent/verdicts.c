/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Each verdict is printed when it comes; as JSON, all of them at the end. */

#include "builder-agent/verdicts.h"

#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "verbs/waiting.h"
#include "builder-agent/watch.h"
#include "proto/describe.h"
#include "view/entry.h"
#include "view/status.h"
#include "view/terminal.h"

typedef struct Verdicts {
        Talk *talk;
        const struct claim *claim;
        Watch watch;
        Waiting waiting;
        Arena arena;
        bool with_colour;
        Buf entries;  /* the verdicts as a JSON list, without its brackets */
        Buf progress; /* what the adversary is doing */
        Buf nexts;    /* what our gates wait for, to be typed, a line each */
} Verdicts;

static void verdicts_deinit(Verdicts *verdicts) {
        waiting_end(&verdicts->waiting);
        arena_deinit(&verdicts->arena);
        buf_deinit(&verdicts->entries);
        buf_deinit(&verdicts->progress);
        buf_deinit(&verdicts->nexts);
}

void claim_describe_json(uint64_t seq, const struct claim *claim, Buf *text) {
        buf_printf(text, "{\"seq\":%llu,\"name\":\"C-%llu\",\"phase\":", (unsigned long long)seq,
                   (unsigned long long)seq);
        describe_json_string(claim->phase, text);
        buf_text(text, ",\"gates\":[");
        for (size_t i = 0; i < claim->n_gates; i++) {
                buf_text(text, i ? "," : "");
                describe_json_string(claim->gates[i], text);
        }
        buf_text(text, "],\"commit\":");
        describe_json_string(claim->commit, text);
        buf_text(text, ",\"repository\":");
        describe_json_string(claim->repository, text);
        buf_text(text, "}");
}

void verdicts_warn(void) {
        (void)fputs("no adversary is connected: the claim waits until one is\n"
                    "  next: adversary-agent run\n",
                    stderr);
}

/* ---- while waiting ---- */

static void say_verdict(Verdicts *verdicts, const struct entry *entry, const Message *body) {
        cleanup_buf Buf text = BUF_TEXT;

        if (verdicts->talk->is_json) {
                buf_text(&verdicts->entries, verdicts->entries.n ? "," : "");
                entry_describe_json(entry, body, &verdicts->entries);
                return;
        }
        progress_clear(&verdicts->waiting.progress);
        verdict_describe(&body->verdict, entry->seq, verdicts->with_colour, &text);
        talk_print(&text);
}

static void note_lease(Verdicts *verdicts, const struct lease *lease) {
        if (lease->claim != verdicts->watch.claim)
                return;
        buf_clear(&verdicts->progress);
        buf_printf(&verdicts->progress, "%.*s has taken it", SLICE_ARGS(lease->adversary));
}

static bool on_entry(void *userdata, const struct entry *entry, const Message *body) {
        Verdicts *verdicts = userdata;

        if (body->type == MESSAGE_LEASE)
                note_lease(verdicts, &body->lease);
        if (watch_apply(&verdicts->watch, entry->seq, body) && body->type == MESSAGE_VERDICT)
                say_verdict(verdicts, entry, body);
        return watch_is_over(&verdicts->watch);
}

static void on_progress(void *userdata, const struct progress *progress) {
        Verdicts *verdicts = userdata;

        if (progress->claim != verdicts->watch.claim)
                return;
        buf_clear(&verdicts->progress);
        buf_printf(&verdicts->progress, "%.*s: %.*s, %llu of %llu checks",
                   SLICE_ARGS(progress->gate), SLICE_ARGS(progress->what),
                   (unsigned long long)progress->n_done, (unsigned long long)progress->n_total);
}

static void describe_wait(void *userdata, Buf *text) {
        const Verdicts *verdicts = userdata;

        buf_printf(text, "C-%llu: %s", (unsigned long long)verdicts->watch.claim,
                   verdicts->progress.n ? buf_get_text(&verdicts->progress)
                                        : "waiting for an adversary");
}

/* ---- the end ---- */

static void append_gates_json(const Watch *watch, Buf *text) {
        for (size_t i = 0; i < watch->n_gates; i++) {
                const WatchGate *gate = &watch->gates[i];

                buf_text(text, i ? ",{\"gate\":" : "{\"gate\":");
                describe_json_string(gate->gate, text);
                buf_printf(text, ",\"state\":\"%s\"", watch_words[gate->state]);
                if (gate->state == WATCH_DECIDED)
                        buf_printf(text, ",\"decision\":\"%s\"",
                                   word_of(&words_DECISION, (int)gate->decision));
                if (gate->cause)
                        buf_printf(text, ",\"cause\":%llu", (unsigned long long)gate->cause);
                buf_text(text, "}");
        }
}

static void append_nexts_json(const Verdicts *verdicts, Buf *text) {
        Slice rest = buf_get(&verdicts->nexts);

        for (bool is_first = true; rest.n; is_first = false) {
                size_t n = slice_find(rest, slice_text("\n"));

                buf_text(text, is_first ? "" : ",");
                describe_json_string(slice_head(rest, n), text);
                rest = slice_from(rest, n + 1);
        }
}

static void finish_json(const Verdicts *verdicts) {
        cleanup_buf Buf text = BUF_TEXT;

        buf_text(&text, "{\"version\":1,\"claim\":");
        claim_describe_json(verdicts->watch.claim, verdicts->claim, &text);
        buf_printf(&text, ",\"outcome\":\"%s\",\"gates\":[", watch_outcome(&verdicts->watch));
        append_gates_json(&verdicts->watch, &text);
        buf_text(&text, "],\"verdicts\":[");
        buf_slice(&text, buf_get(&verdicts->entries));
        buf_text(&text, "],\"next\":[");
        append_nexts_json(verdicts, &text);
        buf_printf(&text, "],\"exit\":%d}\n", verdicts->talk->status);
        talk_print(&text);
}

static void append_nexts(const Verdicts *verdicts, Buf *text) {
        Slice rest = buf_get(&verdicts->nexts);

        while (rest.n) {
                size_t n = slice_find(rest, slice_text("\n"));

                buf_text(text, verdicts->talk->status == EXIT_HOLDS_NOT
                                       ? "next, once it is mended: "
                                       : "next: ");
                text_make_visible(slice_head(rest, n), false, text);
                buf_text(text, "\n");
                rest = slice_from(rest, n + 1);
        }
}

/* Gates that ended without a verdict; and what is to be typed now. */
static void finish_text(const Verdicts *verdicts) {
        cleanup_buf Buf text = BUF_TEXT;

        for (size_t i = 0; i < verdicts->watch.n_gates; i++) {
                const WatchGate *gate = &verdicts->watch.gates[i];

                if (gate->state == WATCH_DECIDED || gate->state == WATCH_PENDING)
                        continue;
                text_make_visible(gate->gate, false, &text);
                buf_printf(&text, ": %s by entry %llu\n", watch_words[gate->state],
                           (unsigned long long)gate->cause);
        }
        append_nexts(verdicts, &text);
        talk_print(&text);
}

static void finish(Verdicts *verdicts, const char *why_pending) {
        if (why_pending)
                (void)fprintf(stderr, "%s; the claim stands\n  next: builder-agent wait C-%llu\n",
                              why_pending, (unsigned long long)verdicts->watch.claim);
        if (verdicts->talk->is_json)
                finish_json(verdicts);
        else
                finish_text(verdicts);
}

static void note_nexts(Verdicts *verdicts, const struct phase_status *phase) {
        for (size_t i = 0; i < phase->n_waits; i++) {
                const struct wait *wait = &phase->waits[i];

                for (size_t k = 0; k < verdicts->watch.n_gates && wait->next.n; k++)
                        if (slice_equal(wait->gate, verdicts->watch.gates[k].gate))
                                buf_printf(&verdicts->nexts, "%.*s\n", SLICE_ARGS(wait->next));
        }
}

/* True: a verdict that came is not the last one that is needed. A broker that is away now says what
 * the entries said, or says so later. */
static bool must_wait_on(Verdicts *verdicts) {
        cleanup_arena Arena arena = ARENA_INIT;
        Fault fault = FAULT_INIT;
        struct status status;
        bool waits_on = false;

        if (talk_ask_status(verdicts->talk, NULL, &arena, &status, &fault) != 0)
                return false;
        buf_clear(&verdicts->nexts);
        for (size_t i = 0; i < status.n_phases; i++)
                if (slice_equal(status.phases[i].phase, verdicts->watch.phase)) {
                        waits_on |= watch_confirm(&verdicts->watch, &status.phases[i]);
                        note_nexts(verdicts, &status.phases[i]);
                }
        return waits_on;
}

static int wait_until_over(Verdicts *verdicts, Fault *reterr_fault) {
        int r;

        do
                r = waiting_run(&verdicts->waiting, reterr_fault);
        while (r == 0 && must_wait_on(verdicts));
        progress_clear(&verdicts->waiting.progress);
        return r;
}

int verdicts_wait(Talk *talk, uint64_t seq, const struct claim *claim, uint64_t deadline_ms,
                  Fault *reterr_fault) {
        cleanup(verdicts_deinit) Verdicts verdicts = {
                .talk = talk,
                .claim = claim,
                .with_colour = colour_is_wanted(STDOUT_FILENO, args_has(talk->args, "no-color")),
                .entries = BUF_TEXT,
                .progress = BUF_TEXT,
                .nexts = BUF_TEXT,
                .waiting = {.talk = talk,
                            .cursor = seq,
                            .deadline_ms = deadline_ms,
                            .on_entry = on_entry,
                            .on_progress = on_progress,
                            .describe = describe_wait,
                            .signal_fd = -1},
        };
        const char *why_pending = NULL;
        int r;

        verdicts.waiting.userdata = &verdicts;
        watch_init(&verdicts.watch, seq, claim, &verdicts.arena);
        TRY(waiting_start(&verdicts.waiting));
        r = wait_until_over(&verdicts, reterr_fault);
        if (r == WAITING_E_REFUSED)
                return TALK_E_REFUSED;
        if (r < 0)
                return error_origin(r);
        talk->status = watch_exit_status(&verdicts.watch);
        if (r == WAITING_E_TIMEOUT)
                why_pending = "still pending";
        if (r == WAITING_E_INTERRUPTED) {
                why_pending = "detached";
                talk->status = EXIT_INTERRUPTED;
        }
        finish(&verdicts, why_pending);
        return 0;
}
