/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What became of a thing: the entries that name it, and where the state has it. */

#include "base/error.h"
#include "broker/fold.h"
#include "broker/log_filter.h"
#include "broker/log_line.h"
#include "broker/show.h"
#include "broker/state_watch.h"

enum { NUMBER_BYTES = 8, DOUBT_E_FOUND = 1 };

void life_deinit(Life *life) {
        buf_deinit(&life->text);
}

static void note_verdict(Life *life, const Entry *entry, const Message *message) {
        if (message->type == MESSAGE_VERDICT)
                life->last_verdict = entry->seq;
        life->is_retracted |= message->type == MESSAGE_RETRACT;
}

/* A number in a frame has one form, its shortest, so that a frame without these bytes does not name
 * the entry. */
static Slice write_number(uint64_t number, uint8_t bytes[NUMBER_BYTES]) {
        size_t n = number < 0x80 ? 0 : number <= 0xff ? 1 : number <= 0xffff ? 2 : 4;

        if (number > UINT32_MAX)
                n = 8;
        for (size_t i = 0; i < size_max(n, 1); i++)
                bytes[NUMBER_BYTES - 1 - i] = (uint8_t)(number >> (8 * i));
        return slice_make(bytes + NUMBER_BYTES - size_max(n, 1), size_max(n, 1));
}

static bool can_refer_to(const Entry *entry, uint64_t seq) {
        uint8_t bytes[NUMBER_BYTES];

        return slice_find(entry->frame, write_number(seq, bytes)) < entry->frame.n;
}

static int visit(void *userdata, const Entry *entry) {
        cleanup_arena Arena arena = ARENA_INIT;
        Fault fault = FAULT_INIT;
        Life *life = userdata;
        LogLine line = {.phase = life->phase, .width = life->show->width};
        bool matches = false;
        Message message;
        Entry proved;

        if (life->about && !can_refer_to(entry, life->about))
                return 0;
        if (fold_decode(entry, &arena, &message, &fault) != 0)
                return 0; /* `broker verify` tells of it */
        if (life->about)
                matches = message_refers_to(&message, life->about);
        else
                TRY(life->matches(life->userdata, entry, &matches));
        if (!matches)
                return 0;
        TRY(ledger_read(life->show->errand->ledger, entry->seq, &arena, &proved)); /* its hash */
        note_verdict(life, entry, &message);
        if (life->show->errand->is_json) {
                buf_text(&life->text, life->n ? "," : "");
                errand_entry_object(entry, &message, &life->text);
        } else {
                log_line_append(&line, entry, &message, &life->text);
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

/* ---- whether the state is needed ---- */

/* A FAIL of several verifiers stands under the newest vote, a false claim under the PASS. */
static int look_for_doubt(void *userdata, const Entry *entry) {
        cleanup_arena Arena arena = ARENA_INIT;
        Fault fault = FAULT_INIT;
        const uint64_t *claim = userdata;
        Message message;
        bool is_there;

        if (!can_refer_to(entry, *claim))
                return 0;
        if (fold_decode(entry, &arena, &message, &fault) != 0)
                return DOUBT_E_FOUND;
        if (message.type == MESSAGE_VERDICT)
                is_there = message.verdict.claim == *claim &&
                           message.verdict.decision != DECISION_PASS;
        else
                is_there = message.type == MESSAGE_DIFFERS && message.differs.claim == *claim;
        return is_there ? DOUBT_E_FOUND : 0;
}

bool life_wants_state(const Show *show, const Message *message) {
        uint64_t claim;

        switch ((int)message->type) {
        case MESSAGE_FINDING:
        case MESSAGE_DEFER:
        case MESSAGE_CLAIM:
        case MESSAGE_HOLD:
        case MESSAGE_VETO:
        case MESSAGE_SEAL:
        case MESSAGE_ALERT:
        case MESSAGE_PAUSE: return true;
        case MESSAGE_VERDICT:
                claim = message->verdict.claim;
                return ledger_walk(show->errand->ledger, claim, SLICE_NULL, look_for_doubt,
                                   &claim) != 0;
        default: return false;
        }
}

/* ---- where it stands ---- */

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
