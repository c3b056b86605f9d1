/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Gates, phases and agents: where they stand, and what the ledger has of them. */

#include <inttypes.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "broker/fold.h"
#include "broker/log_filter.h"
#include "broker/show.h"
#include "broker/status.h"
#include "proto/describe.h"
#include "view/status.h"
#include "view/status_parts.h"
#include "view/terminal.h"

/* ---- gates ---- */

typedef struct AboutGate {
        LogFilter filter;
} AboutGate;

static int is_about_gate(void *userdata, const Entry *entry, bool *ret_matches) {
        const AboutGate *about = userdata;

        *ret_matches = false;
        if (!slice_equal(entry->phase, about->filter.phase))
                return 0;
        return log_filter_match(&about->filter, entry, ret_matches);
}

static const struct gate_status *find_gate(const struct phase_status *phase, const char *id) {
        for (size_t i = 0; i < phase->n_gates; i++)
                if (slice_is(phase->gates[i].gate, id))
                        return &phase->gates[i];
        return NULL;
}

static void append_names(const char *before, char *const *names, size_t n, Buf *text) {
        for (size_t i = 0; i < n; i++) {
                buf_text(text, i ? ", " : before);
                text_make_visible(slice_text(names[i]), false, text);
        }
        if (n)
                buf_text(text, "\n");
}

static void append_checks(const GateRecord *gate, Buf *text) {
        for (size_t i = 0; i < gate->n_checks; i++) {
                buf_text(text, i ? ", " : "  checks: ");
                text_make_visible(slice_text(gate->checks[i].id), false, text);
                buf_text(text, gate->checks[i].was_red ? "" : " (never seen red)");
        }
        if (gate->n_checks)
                buf_text(text, "\n");
}

static void describe_gate(const GateRecord *gate, const struct phase_status *phase,
                          const struct gate_status *status, Buf *text) {
        struct gate_status shown = status ? *status : (struct gate_status){.fresh = 0};

        shown.n_never_red = 0; /* each check says so itself */
        buf_text(text, "gate ");
        text_make_visible(slice_text(gate->id), false, text);
        buf_text(text, " of ");
        text_make_visible(phase->phase, false, text);
        buf_text(text, ": ");
        text_make_visible(slice_text(gate->title), false, text);
        buf_printf(text, "\nnow: %s%s%s\n", word_of(&words_GATE_STATE, (int)gate->state),
                   shown.fresh ? ", fresh" : "",
                   gate->in_plan ? "" : "; the plan in force has it no more");
        buf_text(text, "  digest ");
        hex_append(text, slice_head(hash_slice(&gate->digest), 8));
        buf_text(text, ", a PASS counts for ");
        duration_describe(gate->valid_for_ms, text);
        buf_text(text, "\n");
        append_names("  needs ", gate->needs, gate->n_needs, text);
        append_checks(gate, text);
        status_append_remarks(phase, &shown, text);
        for (size_t i = 0; i < phase->n_findings; i++)
                if (slice_is(phase->findings[i].gate, gate->id)) {
                        buf_text(text, "  finding ");
                        finding_describe(&phase->findings[i], text);
                }
}

static void describe_gate_json(const struct phase_status *phase, const GateRecord *gate,
                               const struct gate_status *status, Buf *text) {
        buf_text(text, "{\"version\":1,\"phase\":");
        describe_json_string(phase->phase, text);
        buf_text(text, ",\"gate\":");
        if (status) {
                describe_record_json(RECORD_GATE_STATUS, status, text);
        } else {
                buf_text(text, "{\"gate\":");
                describe_json_string(slice_text(gate->id), text);
                buf_text(text, "}");
        }
}

/* The evidence of its newest verdict. */
static int append_evidence(Show *show, const GateRecord *gate, Fault *fault) {
        cleanup_arena Arena arena = ARENA_INIT;
        Message message;
        Entry entry;
        int r;

        if (!args_has(show->errand->args, "evidence") || gate->verdict.seq == 0)
                return 0;
        r = ledger_read(show->errand->ledger, gate->verdict.seq, &arena, &entry);
        if (r == 0)
                r = fold_decode(&entry, &arena, &message, fault);
        if (r == 0 && message.type == MESSAGE_VERDICT)
                r = show_evidence_of(show, &message.verdict, fault);
        return r > 0 ? ERRAND_E_REFUSED : r;
}

int show_gate(Show *show, const PhaseRecord *phase, const GateRecord *gate, Fault *reterr_fault) {
        AboutGate about = {.filter = {.ledger = show->errand->ledger,
                                      .phase = slice_text(phase->name),
                                      .gate = slice_text(gate->id)}};
        cleanup_life Life life = LIFE_INIT;
        cleanup_arena Arena arena = ARENA_INIT;
        Message message = {.type = MESSAGE_STATUS};
        const struct phase_status *status;
        int r;

        life.show = show;
        life.phase = about.filter.phase;
        life.matches = is_about_gate;
        life.userdata = &about;
        r = life_walk(&life, 1);
        if (r != 0)
                return r > 0 ? ERRAND_E_REFUSED : r;
        status_build(&show->state, slice_text(phase->name), show->now_ms, &arena, &message.status);
        message_set_present(&message);
        status = &message.status.phases[0];
        if (show->errand->is_json)
                describe_gate_json(status, gate, find_gate(status, gate->id), &show->text);
        else
                describe_gate(gate, status, find_gate(status, gate->id), &show->text);
        life_append(&life, &show->text);
        buf_text(&show->text, show->errand->is_json ? "}\n" : "");
        return append_evidence(show, gate, reterr_fault);
}

/* ---- phases ---- */

int show_phase(Show *show, const PhaseRecord *phase) {
        bool is_plain = args_has(show->errand->args, "no-color");
        cleanup_arena Arena arena = ARENA_INIT;
        Message message = {.type = MESSAGE_STATUS};

        status_build(&show->state, slice_text(phase->name), show->now_ms, &arena, &message.status);
        message_set_present(&message);
        if (show->errand->is_json)
                status_describe_json(&message.status, &show->text);
        else
                status_describe(&message.status, colour_is_wanted(STDOUT_FILENO, is_plain),
                                &show->text);
        return 0;
}

/* ---- agents ---- */

typedef struct AboutAgent {
        const AgentRecord *agent;
        uint64_t n_said, last_seq, last_ms;
} AboutAgent;

/* What it said is counted; what is shown is its admission and revocation. */
static int is_about_agent(void *userdata, const Entry *entry, bool *ret_matches) {
        AboutAgent *about = userdata;

        *ret_matches = entry->seq == about->agent->admitted_seq;
        if (!slice_is(entry->actor, about->agent->name))
                return 0;
        about->n_said++;
        about->last_seq = entry->seq;
        about->last_ms = entry->received_ms;
        return 0;
}

static void describe_agent(const AboutAgent *about, const char *key, Buf *text) {
        const AgentRecord *agent = about->agent;
        char when[TIME_TEXT_BYTES];

        buf_text(text, "agent ");
        text_make_visible(slice_text(agent->name), false, text);
        buf_printf(text, ": %s, key %s%s\n", word_of(&words_ROLE, (int)agent->role), key,
                   agent->is_revoked ? ", revoked" : "");
        time_format_second(about->last_ms, when);
        if (about->n_said)
                buf_printf(text, "  said %" PRIu64 " entr%s, the newest %" PRIu64 " at %s\n",
                           about->n_said, about->n_said == 1 ? "y" : "ies", about->last_seq, when);
        else
                buf_text(text, "  said nothing yet\n");
}

static void describe_agent_json(const AboutAgent *about, const char *key, Buf *text) {
        const AgentRecord *agent = about->agent;

        buf_text(text, "{\"version\":1,\"agent\":{\"name\":");
        describe_json_string(slice_text(agent->name), text);
        buf_printf(text,
                   ",\"role\":\"%s\",\"key\":\"%s\",\"revoked\":%s,\"admitted\":%" PRIu64
                   ",\"entries\":%" PRIu64 ",\"last\":%" PRIu64 "}",
                   word_of(&words_ROLE, (int)agent->role), key,
                   agent->is_revoked ? "true" : "false", agent->admitted_seq, about->n_said,
                   about->last_seq);
}

int show_agent(Show *show, const AgentRecord *agent) {
        AboutAgent about = {.agent = agent};
        cleanup_life Life life = LIFE_INIT;
        char key[KEY_ID_HEX + 1];
        int r;

        life.show = show;
        life.matches = is_about_agent;
        life.userdata = &about;
        r = life_walk(&life, 1);
        if (r != 0)
                return r > 0 ? ERRAND_E_REFUSED : r;
        public_key_id(&agent->key, key);
        if (show->errand->is_json)
                describe_agent_json(&about, key, &show->text);
        else
                describe_agent(&about, key, &show->text);
        life_append(&life, &show->text);
        buf_text(&show->text, show->errand->is_json ? "}\n" : "");
        return 0;
}
