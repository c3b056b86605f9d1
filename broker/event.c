/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Entries in the words of others. To say more of a kind: its function and its row in line_rows. */

#include "broker/event.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/text.h"
#include "proto/describe.h"
#include "proto/label.h"

enum {
        LINE_BYTES_MAX = 600,
        WORDS_BYTES_MAX = 300,
        DESCRIPTION_BYTES_MAX = 140,
        COMMIT_SHORT = 12,
        BODY_BYTES_MAX = 65536,
};

bool event_may_leave(const Message *message) {
        return message->type != MESSAGE_NOTE || message->note.to != NOTE_TO_JOURNAL;
}

Slice event_who(const Message *message) {
        if (message->type == MESSAGE_PING)
                return message->ping.who;
        return message->type == MESSAGE_ALERT ? slice_text("operator") : SLICE_NULL;
}

/* Never half a character. */
static Slice cut(Slice text, size_t n_max) {
        if (text.n <= n_max)
                return text;
        text.n = n_max;
        while (text.n && (text.data[text.n] & 0xc0) == 0x80)
                text.n--;
        return text;
}

static void add_words(Buf *text, Slice words) {
        text_make_visible(cut(words, WORDS_BYTES_MAX), false, text);
}

static void add_commit(Buf *text, Slice commit) {
        buf_printf(text, " at %.*s", SLICE_ARGS(slice_head(commit, COMMIT_SHORT)));
}

static void add_gates(Buf *text, const Slice *gates, size_t n) {
        for (size_t i = 0; i < n; i++) {
                buf_text(text, i ? ", " : "");
                add_words(text, gates[i]);
        }
}

/* ---- one line ---- */

static void line_ping(const Event *event, Buf *text) {
        const struct ping *ping = &event->message->ping;

        add_words(text, ping->who);
        buf_text(text, ": ");
        add_words(text, ping->what);
        if (ping->attempt > 1)
                buf_printf(text, " (ping %" PRIu64 ")", ping->attempt);
}

static void line_alert(const Event *event, Buf *text) {
        buf_text(text, "ALERT: ");
        add_words(text, event->message->alert.what);
}

static void line_claim(const Event *event, Buf *text) {
        const struct claim *claim = &event->message->claim;

        add_words(text, event->entry->actor);
        buf_text(text, " claims ");
        add_gates(text, claim->gates, claim->n_gates);
        add_commit(text, claim->commit);
}

static void line_reverify(const Event *event, Buf *text) {
        const struct reverify *again = &event->message->reverify;

        add_gates(text, again->gates, again->n_gates);
        buf_text(text, " to be verified again");
        add_commit(text, again->commit);
}

/* One of several verdicts, the others of which are not in. */
static bool is_undecided(const Event *event) {
        const GateRecord *gate = event->gate;

        return gate && gate->verifiers > 1 && gate->claim_seq == event->message->verdict.claim &&
               (gate->state == GATE_STATE_CLAIMED || gate->state == GATE_STATE_VERIFYING);
}

/* What its gate's adversaries make of it together. */
static Decision get_decision(const Event *event) {
        const GateRecord *gate = event->gate;

        if (gate && gate->verifiers > 1 && gate->claim_seq == event->message->verdict.claim)
                return gate->verdict.decision;
        return event->message->verdict.decision;
}

static void line_verdict(const Event *event, Buf *text) {
        const struct verdict *verdict = &event->message->verdict;

        add_words(text, verdict->gate);
        if (is_undecided(event)) {
                buf_printf(text, " has %zu of %u verdicts", event->gate->n_votes,
                           event->gate->verifiers);
                add_commit(text, verdict->commit);
                return;
        }
        buf_printf(text, " %s", word_of(&words_DECISION, (int)get_decision(event)));
        add_commit(text, verdict->commit);
        if (get_decision(event) != verdict->decision) {
                buf_text(text, ": its verdicts differ");
                return;
        }
        buf_text(text, " by ");
        add_words(text, event->entry->actor);
        if (verdict->decision == DECISION_PASS || !verdict->summary.n)
                return;
        buf_text(text, ": ");
        add_words(text, verdict->summary);
}

static void line_granted(const Event *event, Buf *text) {
        buf_text(text, "DONE");
        add_commit(text, event->message->granted.commit);
}

static void line_denied(const Event *event, Buf *text) {
        const struct denied *denied = &event->message->denied;

        buf_text(text, "not DONE: ");
        add_words(text, denied->n_reasons ? denied->reasons[0] : SLICE_NULL);
        if (denied->n_reasons > 1)
                buf_printf(text, " (and %zu more)", denied->n_reasons - 1);
}

static void line_finding(const Event *event, Buf *text) {
        const struct finding *finding = &event->message->finding;

        buf_text(text, "finding");
        buf_text(text, finding->gate.n ? " on " : "");
        add_words(text, finding->gate);
        buf_text(text, ": ");
        add_words(text, finding->title);
}

static void line_veto(const Event *event, Buf *text) {
        buf_text(text, "VETO by ");
        add_words(text, event->entry->actor);
        buf_text(text, ": ");
        add_words(text, event->message->veto.why);
}

static const struct {
        MessageType type;
        void (*print)(const Event *event, Buf *text);
} line_rows[] = {
        {MESSAGE_PING, line_ping},       {MESSAGE_ALERT, line_alert},
        {MESSAGE_CLAIM, line_claim},     {MESSAGE_REVERIFY, line_reverify},
        {MESSAGE_VERDICT, line_verdict}, {MESSAGE_GRANTED, line_granted},
        {MESSAGE_DENIED, line_denied},   {MESSAGE_FINDING, line_finding},
        {MESSAGE_VETO, line_veto},
};

static void print_what(const Event *event, Buf *text) {
        for (size_t i = 0; i < ARRAY_SIZE(line_rows); i++)
                if (line_rows[i].type == event->message->type) {
                        line_rows[i].print(event, text);
                        return;
                }
        add_words(text, event->entry->actor);
        buf_printf(text, ": %s", message_name(event->message->type));
}

void event_print_line(const Event *event, Buf *text) {
        cleanup_buf Buf line = BUF_TEXT;
        cleanup_buf Buf label = BUF_TEXT;

        if (event->entry->phase.n) {
                add_words(&line, event->entry->phase);
                buf_text(&line, ": ");
        }
        print_what(event, &line);
        label_format(event->entry->kind, event->entry->seq, &label);
        buf_slice(text, cut(buf_get(&line), LINE_BYTES_MAX));
        buf_printf(text, " (%s)", buf_get_text(&label));
}

/* ---- JSON ---- */

static void member(Buf *text, const char *name, Slice value) {
        if (!value.n)
                return;
        buf_printf(text, ",\"%s\":", name);
        describe_json_string(cut(value, BODY_BYTES_MAX), text);
}

static void number(Buf *text, const char *name, uint64_t value) {
        if (value)
                buf_printf(text, ",\"%s\":%" PRIu64, name, value);
}

static void list(Buf *text, const char *name, const Slice *values, size_t n) {
        buf_printf(text, ",\"%s\":[", name);
        for (size_t i = 0; i < n; i++) {
                buf_text(text, i ? "," : "");
                describe_json_string(values[i], text);
        }
        buf_text(text, "]");
}

static void json_ping(const Event *event, Buf *text) {
        const struct ping *ping = &event->message->ping;

        member(text, "who", ping->who);
        member(text, "what", ping->what);
        member(text, "wait_for", slice_text(word_of(&words_WAIT_FOR, (int)ping->wait_for)));
        member(text, "gate", ping->gate);
        number(text, "cause", ping->cause);
        number(text, "attempt", ping->attempt);
}

static void json_alert(const Event *event, Buf *text) {
        const struct alert *alert = &event->message->alert;

        member(text, "who", slice_text("operator"));
        member(text, "what", alert->what);
        member(text, "wait_for", slice_text(word_of(&words_WAIT_FOR, (int)alert->wait_for)));
        member(text, "gate", alert->gate);
        number(text, "cause", alert->cause);
}

static void json_claim(const Event *event, Buf *text) {
        const struct claim *claim = &event->message->claim;

        list(text, "gates", claim->gates, claim->n_gates);
        member(text, "commit", claim->commit);
        member(text, "repository", claim->repository);
}

static void json_reverify(const Event *event, Buf *text) {
        const struct reverify *again = &event->message->reverify;

        list(text, "gates", again->gates, again->n_gates);
        member(text, "commit", again->commit);
        member(text, "repository", again->repository);
}

static void json_verdict(const Event *event, Buf *text) {
        const struct verdict *verdict = &event->message->verdict;

        member(text, "gate", verdict->gate);
        if (!is_undecided(event)) {
                member(text, "decision",
                       slice_text(word_of(&words_DECISION, (int)get_decision(event))));
                if (get_decision(event) == verdict->decision)
                        member(text, "reason", verdict->reason);
        }
        member(text, "commit", verdict->commit);
        number(text, "claim", verdict->claim);
}

static void json_granted(const Event *event, Buf *text) {
        member(text, "commit", event->message->granted.commit);
}

static const struct {
        MessageType type;
        void (*print)(const Event *event, Buf *text);
} json_rows[] = {
        {MESSAGE_PING, json_ping},       {MESSAGE_ALERT, json_alert},
        {MESSAGE_CLAIM, json_claim},     {MESSAGE_REVERIFY, json_reverify},
        {MESSAGE_VERDICT, json_verdict}, {MESSAGE_GRANTED, json_granted},
};

void event_print_json(const Event *event, Buf *text) {
        cleanup_buf Buf line = BUF_TEXT, label = BUF_TEXT;
        const Entry *entry = event->entry;
        char time[TIME_TEXT_BYTES];

        time_format_second(entry->received_ms, time);
        label_format(entry->kind, entry->seq, &label);
        event_print_line(event, &line);
        buf_text(text, "{\"version\":1");
        member(text, "event", entry->kind);
        number(text, "seq", entry->seq);
        member(text, "name", buf_get(&label));
        member(text, "project", event->project);
        member(text, "phase", entry->phase);
        member(text, "actor", entry->actor);
        member(text, "time", slice_text(time));
        number(text, "received_ms", entry->received_ms);
        for (size_t i = 0; i < ARRAY_SIZE(json_rows); i++)
                if (json_rows[i].type == event->message->type)
                        json_rows[i].print(event, text);
        member(text, "text", buf_get(&line));
        buf_text(text, "}");
}

static void escape_slack(Slice text, Buf *ret_escaped) {
        for (size_t i = 0; i < text.n; i++)
                switch (text.data[i]) {
                case '&': buf_text(ret_escaped, "&amp;"); break;
                case '<': buf_text(ret_escaped, "&lt;"); break;
                case '>': buf_text(ret_escaped, "&gt;"); break;
                default: buf_byte(ret_escaped, text.data[i]); break;
                }
}

void event_print_slack(const Event *event, Buf *text) {
        cleanup_buf Buf line = BUF_TEXT, escaped = BUF_TEXT;

        event_print_line(event, &line);
        escape_slack(buf_get(&line), &escaped);
        buf_text(text, "{\"text\":");
        describe_json_string(buf_get(&escaped), text);
        buf_text(text, "}");
}

/* ---- commit statuses ---- */

size_t event_count_statuses(const Message *message) {
        if (message->type == MESSAGE_CLAIM)
                return message->claim.n_gates;
        if (message->type == MESSAGE_REVERIFY)
                return message->reverify.n_gates;
        if (message->type == MESSAGE_DIFFERS)
                return message->differs.fails;
        return message->type == MESSAGE_VERDICT || message->type == MESSAGE_RETRACT;
}

uint64_t event_item_of(Decision decision, bool is_vote) {
        return is_vote ? _DECISION_MAX + 1 : (uint64_t)decision + 1;
}

static bool is_vote(const Event *event, uint64_t item) {
        return item == 0 ? is_undecided(event) : item > _DECISION_MAX;
}

static Decision decision_of(const Event *event, uint64_t item) {
        return item == 0 ? get_decision(event) : (Decision)(item - 1);
}

static const char *const decision_states[_DECISION_MAX] = {
        [DECISION_PASS] = "success",
        [DECISION_FAIL] = "failure",
        [DECISION_INCONCLUSIVE] = "error",
};

static Slice choose_gate(const Event *event, uint64_t item, EventStatus *status) {
        const Message *message = event->message;

        status->state = "pending";
        if (message->type == MESSAGE_CLAIM) {
                status->commit = message->claim.commit;
                return message->claim.gates[item];
        }
        if (message->type == MESSAGE_REVERIFY) {
                status->commit = message->reverify.commit;
                return message->reverify.gates[item];
        }
        if (event->about) {
                status->state = message->type == MESSAGE_RETRACT ? "error" : "failure";
                status->commit = event->about->commit;
                return event->about->gate;
        }
        status->commit = message->verdict.commit;
        if (!is_vote(event, item))
                status->state = decision_states[decision_of(event, item)];
        return message->verdict.gate;
}

static void describe_status(const Event *event, uint64_t item, Buf *text) {
        cleanup_buf Buf label = BUF_TEXT;

        label_format(event->entry->kind, event->entry->seq, &label);
        if (event->about) {
                buf_printf(text, "%s (%s)",
                           event->message->type == MESSAGE_RETRACT
                                   ? "its verdict was retracted"
                                   : "what was claimed differs from what was measured",
                           buf_get_text(&label));
                return;
        }
        if (event->message->type != MESSAGE_VERDICT) {
                buf_printf(text, "claimed, awaiting the Adversary (%s)", buf_get_text(&label));
                return;
        }
        if (is_vote(event, item)) {
                if (is_undecided(event))
                        buf_printf(text, "%zu of %u verdicts (%s)", event->gate->n_votes,
                                   event->gate->verifiers, buf_get_text(&label));
                else
                        buf_printf(text, "awaiting another Adversary (%s)", buf_get_text(&label));
                return;
        }
        buf_printf(text, "%s by %.*s (%s)", word_of(&words_DECISION, (int)decision_of(event, item)),
                   SLICE_ARGS(event->entry->actor), buf_get_text(&label));
}

void event_make_status(const Event *event, uint64_t item, const char *target_url,
                       EventStatus *ret_status) {
        cleanup_buf Buf words = BUF_TEXT, context = BUF_TEXT;
        Slice gate;

        *ret_status = (EventStatus){.body = BUF_INIT(BODY_BYTES_MAX)};
        gate = choose_gate(event, item, ret_status);
        describe_status(event, item, &words);
        buf_printf(&context, "coldgate/%.*s-%.*s", SLICE_ARGS(event->entry->phase),
                   SLICE_ARGS(gate));
        buf_printf(&ret_status->body, "{\"state\":\"%s\"", ret_status->state);
        member(&ret_status->body, "description", cut(buf_get(&words), DESCRIPTION_BYTES_MAX));
        member(&ret_status->body, "context", buf_get(&context));
        member(&ret_status->body, "target_url", slice_text(target_url));
        buf_text(&ret_status->body, "}");
}
