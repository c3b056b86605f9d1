/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Entries in the words of services. To say more of a kind: its function and its row in json_rows.
 */

#include "broker/event_parts.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "broker/fresh.h"
#include "proto/describe.h"
#include "proto/label.h"

enum {
        DESCRIPTION_BYTES_MAX = 140,
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

bool event_is_undecided(const Event *event) {
        const GateRecord *gate = event->gate;

        return gate && gate->verifiers > 1 && gate->claim_seq == event->message->verdict.claim &&
               (gate->state == GATE_STATE_CLAIMED || gate->state == GATE_STATE_VERIFYING);
}

bool event_tells_decision(const Event *event) {
        const GateRecord *gate = event->gate;

        return !gate || gate->verifiers <= 1 ||
               (gate->claim_seq == event->message->verdict.claim && !gate_is_pending(gate) &&
                verdict_is_made_of(&gate->verdict, event->entry->seq));
}

/* That what was claimed differs is told by an entry of its own. */
Decision event_get_decision(const Event *event) {
        const GateRecord *gate = event->gate;

        if (gate && gate->verifiers > 1 && !gate->verdict.is_mismatch &&
            event_tells_decision(event))
                return gate->verdict.decision;
        return event->message->verdict.decision;
}

/* ---- JSON ---- */

static void member(Buf *text, const char *name, Slice value) {
        if (!value.n)
                return;
        buf_printf(text, ",\"%s\":", name);
        describe_json_string(utf8_head(value, BODY_BYTES_MAX), text);
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
        if (event_tells_decision(event)) {
                member(text, "decision",
                       slice_text(word_of(&words_DECISION, (int)event_get_decision(event))));
                if (event_get_decision(event) == verdict->decision)
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
        return message->type == MESSAGE_VERDICT || message->type == MESSAGE_RETRACT ||
               message->type == MESSAGE_WITHDRAW || message->type == MESSAGE_LAPSE ||
               message->type == MESSAGE_PLAN;
}

/* Claims have 64 gates at most, and no claim is entry 0: no other item is as large. */
enum { ENDED_GATE_BITS = 6, ENDED_BITS = 8 };

uint64_t event_item_of_ended(uint64_t claim, size_t gate, int decision) {
        return claim << ENDED_BITS | (uint64_t)(decision + 1) << ENDED_GATE_BITS | gate;
}

bool event_read_ended(uint64_t item, uint64_t *ret_claim, size_t *ret_gate) {
        *ret_claim = item >> ENDED_BITS;
        *ret_gate = item & ((1U << ENDED_GATE_BITS) - 1);
        return *ret_claim != 0;
}

/* What stands again; -1: nothing. */
static int ended_decision(uint64_t item) {
        return (int)(item >> ENDED_GATE_BITS & 3) - 1;
}

uint64_t event_item_of(Decision decision, bool is_vote) {
        return is_vote ? _DECISION_MAX + 1 : (uint64_t)decision + 1;
}

static bool is_vote(const Event *event, uint64_t item) {
        return item == 0 ? !event_tells_decision(event) : item > _DECISION_MAX;
}

static Decision decision_of(const Event *event, uint64_t item) {
        return item == 0 ? event_get_decision(event) : (Decision)(item - 1);
}

static const char *const decision_states[_DECISION_MAX] = {
        [DECISION_PASS] = "success",
        [DECISION_FAIL] = "failure",
        [DECISION_INCONCLUSIVE] = "error",
};

static const char *about_state(const Event *event, uint64_t item) {
        int decision = ended_decision(item);

        if (event->message->type == MESSAGE_RETRACT)
                return "error";
        if (event->message->type == MESSAGE_DIFFERS)
                return "failure";
        return decision < 0 ? "error" : decision_states[decision];
}

static const char *about_words(const Event *event, uint64_t item) {
        switch ((int)event->message->type) {
        case MESSAGE_RETRACT: return "its verdict was retracted";
        case MESSAGE_DIFFERS: return "what was claimed differs from what was measured";
        default: break;
        }
        if (ended_decision(item) >= 0)
                return "claimed again without a verdict; the one before stands";
        switch ((int)event->message->type) {
        case MESSAGE_WITHDRAW: return "its claim was withdrawn";
        case MESSAGE_LAPSE: return "no Adversary could verify it";
        case MESSAGE_PLAN: return "the plan has no such gate any more";
        default: return "not verified: claimed at another commit";
        }
}

static Slice choose_gate(const Event *event, uint64_t item, EventStatus *status) {
        const Message *message = event->message;

        status->state = "pending";
        if (event->about) {
                status->state = about_state(event, item);
                status->commit = event->about->commit;
                return event->about->gate;
        }
        if (message->type == MESSAGE_CLAIM) {
                status->commit = message->claim.commit;
                return message->claim.gates[item];
        }
        if (message->type == MESSAGE_REVERIFY) {
                status->commit = message->reverify.commit;
                return message->reverify.gates[item];
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
                buf_printf(text, "%s (%s)", about_words(event, item), buf_get_text(&label));
                return;
        }
        if (event->message->type != MESSAGE_VERDICT) {
                buf_printf(text, "claimed, awaiting the Adversary (%s)", buf_get_text(&label));
                return;
        }
        if (is_vote(event, item)) {
                if (event_is_undecided(event))
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
        member(&ret_status->body, "description", utf8_head(buf_get(&words), DESCRIPTION_BYTES_MAX));
        member(&ret_status->body, "context", buf_get(&context));
        member(&ret_status->body, "target_url", slice_text(target_url));
        buf_text(&ret_status->body, "}");
}
