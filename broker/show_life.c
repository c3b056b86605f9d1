/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What became of a thing: the entries that name it, and where the state has it. */

#include "base/error.h"
#include "broker/fold.h"
#include "broker/log_filter.h"
#include "broker/show.h"
#include "broker/state_watch.h"

void life_deinit(Life *life) {
        buf_deinit(&life->text);
}

static void note_verdict(Life *life, const Entry *entry, const Message *message) {
        if (message->type == MESSAGE_VERDICT)
                life->last_verdict = entry->seq;
        life->is_retracted |= message->type == MESSAGE_RETRACT;
}

static int visit(void *userdata, const Entry *entry) {
        cleanup_arena Arena arena = ARENA_INIT;
        Fault fault = FAULT_INIT;
        Life *life = userdata;
        bool matches = false;
        Message message;

        if (fold_decode(entry, &arena, &message, &fault) != 0)
                return 0; /* `broker verify` tells of it */
        if (life->about)
                matches = message_refers_to(&message, life->about);
        else
                TRY(life->matches(life->userdata, entry, &matches));
        if (!matches)
                return 0;
        note_verdict(life, entry, &message);
        if (life->show->errand->is_json) {
                buf_text(&life->text, life->n ? "," : "");
                errand_entry_object(entry, &message, &life->text);
        } else {
                errand_entry_line(entry, &message, &life->text);
        }
        life->n++;
        return 0;
}

int life_walk(Life *life, uint64_t from) {
        return ledger_walk(life->show->errand->ledger, from, SLICE_NULL, visit, life);
}

void life_append(const Life *life, Buf *text) {
        if (life->n == 0)
                return;
        buf_text(text, life->show->errand->is_json ? ",\"life\":[" : "life\n");
        buf_slice(text, buf_get(&life->text));
        buf_text(text, life->show->errand->is_json ? "]" : "");
}

static bool has_veto(const State *state, uint64_t seq) {
        for (size_t i = 0; i < state->n_vetoes; i++)
                if (state->vetoes[i]->seq == seq)
                        return true;
        return false;
}

static const char *finding_state(const State *state, uint64_t seq) {
        const FindingRecord *finding = state_find_finding(state, seq);

        return word_of(&words_FINDING_STATE,
                       (int)(finding ? finding->state : FINDING_STATE_CLOSED));
}

static const char *seal_state(const State *state, uint64_t seq) {
        const SealRecord *seal = state_find_seal(state, seq);

        if (seal && seal->revealed_seq)
                return "revealed";
        return seal && seal->asked_seq ? "sealed, to be revealed" : "sealed";
}

/* What the state has forgotten is over. */
const char *life_state(const Show *show, const Message *message, uint64_t seq, const Life *life) {
        const State *state = &show->state;
        const ClaimRecord *claim = state_find_claim(state, seq);
        const HoldRecord *hold = state_find_hold(state, seq);
        const PauseRecord *pause = state_find_pause(state, seq);

        if (message->type == MESSAGE_FINDING ||
            (message->type == MESSAGE_DEFER && !message->defer.finding))
                return finding_state(state, seq);
        if (message->type == MESSAGE_CLAIM)
                return claim ? word_of(&words_CLAIM_STATE, (int)claim->state) : NULL;
        if (message->type == MESSAGE_HOLD)
                return word_of(&words_HOLD_STATE, (int)(hold ? hold->state : HOLD_STATE_OVER));
        if (message->type == MESSAGE_VETO)
                return has_veto(state, seq) ? "standing" : "lifted";
        if (message->type == MESSAGE_SEAL)
                return seal_state(state, seq);
        if (message->type == MESSAGE_ALERT)
                return state_find_alert(state, seq) ? "not seen" : "seen";
        if (message->type == MESSAGE_PAUSE)
                return pause && pause->until_ms > show->now_ms ? "running" : "over";
        return message->type == MESSAGE_VERDICT && life->is_retracted ? "retracted" : NULL;
}
