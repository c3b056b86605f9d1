/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* One entry, where it stands now, what was said of it later, and its evidence. */

#include <inttypes.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "broker/fields.h"
#include "broker/fold.h"
#include "broker/show.h"
#include "broker/status.h"
#include "proto/describe.h"
#include "proto/label.h"
#include "view/entry.h"
#include "view/status.h"
#include "view/status_parts.h"
#include "view/terminal.h"

static void describe_check(const struct check_result *check, Buf *text) {
        buf_printf(text, "  %-8s ", word_of(&words_OUTCOME, (int)check->outcome));
        text_make_visible(check->check, false, text);
        buf_text(text, "  ");
        duration_describe(check->duration_ms, text);
        buf_printf(text, ", %" PRIu64 " attempt%s", check->attempts,
                   check->attempts == 1 ? "" : "s");
        if (check->evidence.n) {
                buf_text(text, ", evidence ");
                hex_append(text, slice_head(check->evidence, 8));
        }
        buf_text(text, "\n");
}

static void describe_entry(const Errand *errand, const Entry *entry, const Message *message,
                           Buf *text) {
        char when[TIME_TEXT_BYTES];

        time_format_second(entry->received_ms, when);
        label_format(entry->kind, entry->seq, text);
        buf_printf(text, " %.*s by ", SLICE_ARGS(entry->kind));
        text_make_visible(entry->actor, false, text);
        buf_printf(text, ", %s, hash ", when);
        hex_append(text, hash_slice(&entry->hash));
        buf_text(text, "\n");
        if (message->type == MESSAGE_VERDICT)
                verdict_describe(
                        &message->verdict, entry->seq,
                        colour_is_wanted(STDOUT_FILENO, args_has(errand->args, "no-color")), text);
        else
                fields_describe(message, text);
        if (message->type == MESSAGE_VERDICT)
                for (size_t i = 0; i < message->verdict.n_checks; i++)
                        describe_check(&message->verdict.checks[i], text);
}

static int refuse_number(const Show *show, uint64_t seq, Fault *fault) {
        uint64_t head;

        TRY(ledger_head(show->errand->ledger, &head));
        fault_set(fault, "entry-unknown",
                  "there is no entry %" PRIu64 ": the newest is entry %" PRIu64, seq, head);
        fault_next(fault, "broker log --tail 10");
        return ERRAND_E_REFUSED;
}

static int refuse_letter(const Entry *entry, Fault *fault) {
        cleanup_buf Buf name = BUF_TEXT;

        label_format(entry->kind, entry->seq, &name);
        fault_set(fault, "entry-unknown", "entry %" PRIu64 " is %s %.*s", entry->seq,
                  label_article(entry->kind), SLICE_ARGS(entry->kind));
        fault_next(fault, "broker show %s", buf_get_text(&name));
        return ERRAND_E_REFUSED;
}

/* The verdict that an entry rests on: itself, or that which showed the finding, or the newest on
 * the claim; 0: none. */
static uint64_t find_verdict(const Message *message, uint64_t seq, const Life *life) {
        if (message->type == MESSAGE_VERDICT)
                return seq;
        return message->type == MESSAGE_FINDING ? message->finding.verdict : life->last_verdict;
}

static int append_evidence(Show *show, uint64_t seq, Fault *fault) {
        cleanup_arena Arena arena = ARENA_INIT;
        Message message;
        Entry entry;
        int r = seq ? ledger_read(show->errand->ledger, seq, &arena, &entry) : LEDGER_E_NONE;

        if (r == 0)
                r = fold_decode(&entry, &arena, &message, fault);
        if (r == 0 && message.type == MESSAGE_VERDICT)
                return show_evidence_of(show, &message.verdict, fault);
        if (r != 0 && r != LEDGER_E_NONE)
                return r > 0 ? ERRAND_E_REFUSED : r;
        fault_set(fault, "entry-unknown", "it rests on no verdict, so that it has no evidence");
        fault_next(fault, "without --evidence; the verdicts: broker log --kind verdict");
        return ERRAND_E_REFUSED;
}

/* The finding that stands under the entry's number; NULL: none. */
static const struct finding_status *find_finding(const struct status *status, uint64_t seq) {
        cleanup_buf Buf label = BUF_TEXT;

        buf_printf(&label, "F-%" PRIu64, seq);
        for (size_t p = 0; p < status->n_phases; p++)
                for (size_t i = 0; i < status->phases[p].n_findings; i++)
                        if (slice_equal(status->phases[p].findings[i].finding, buf_get(&label)))
                                return &status->phases[p].findings[i];
        return NULL;
}

static void append_finding(Show *show, Slice phase, uint64_t seq) {
        cleanup_arena Arena arena = ARENA_INIT;
        Message message = {.type = MESSAGE_STATUS};
        const struct finding_status *finding;

        if (phase.n == 0 || !state_find_finding(&show->state, seq))
                return;
        status_build(&show->state, phase, show->now_ms, &arena, &message.status);
        message_set_present(&message);
        finding = find_finding(&message.status, seq);
        if (!finding)
                return;
        buf_text(&show->text, show->errand->is_json ? ",\"finding\":" : "finding ");
        if (show->errand->is_json)
                describe_record_json(RECORD_FINDING_STATUS, finding, &show->text);
        else
                finding_describe(finding, &show->text);
}

static void append_entry(Show *show, const Entry *entry, const Message *message, const Life *life) {
        const char *state = life_state(show, message, entry->seq, life);
        Buf *text = &show->text;

        if (show->errand->is_json) {
                buf_text(text, "{\"version\":1,\"entry\":");
                errand_entry_object(entry, message, text);
                if (state)
                        buf_printf(text, ",\"state\":\"%s\"", state);
                append_finding(show, entry->phase, entry->seq);
                life_append(life, text);
                buf_text(text, "}\n");
                return;
        }
        describe_entry(show->errand, entry, message, text);
        if (state)
                buf_printf(text, "now: %s\n", state);
        append_finding(show, entry->phase, entry->seq);
        life_append(life, text);
}

int show_entry(Show *show, uint64_t seq, char letter, Fault *reterr_fault) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_life Life life = LIFE_INIT;
        Message message;
        Entry entry;
        int r = ledger_read(show->errand->ledger, seq, &arena, &entry);

        if (r == LEDGER_E_NONE)
                return refuse_number(show, seq, reterr_fault);
        if (r == 0 && !label_fits(letter, entry.kind))
                return refuse_letter(&entry, reterr_fault);
        if (r == 0)
                r = fold_decode(&entry, &arena, &message, reterr_fault);
        life.show = show;
        life.phase = entry.phase;
        life.about = seq;
        if (r == 0)
                r = life_walk(&life, seq + 1);
        if (r != 0)
                return r > 0 ? ERRAND_E_REFUSED : r;
        append_entry(show, &entry, &message, &life);
        if (!args_has(show->errand->args, "evidence"))
                return 0;
        return append_evidence(show, find_verdict(&message, seq, &life), reterr_fault);
}
