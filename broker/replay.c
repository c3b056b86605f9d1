/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * The fold: which function takes which kind of entry. Cost of an entry does not depend on how many
 * came before, so that a long ledger is replayed in seconds.
 *
 * Add a kind: its function in a replay_*.c, its line in replay_parts.h, its row here.
 */

#include "broker/replay.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "broker/replay_parts.h"

typedef int (*Fold)(const Step *step);

int step_corrupt(const Step *step, const char *what) {
        fault_set(step->fault, "ledger-corrupt", "entry %" PRIu64 " (%.*s) %s", step->entry->seq,
                  SLICE_ARGS(step->entry->kind), what);
        fault_place(step->fault, "entry %" PRIu64, step->entry->seq);
        fault_next(step->fault, "broker verify");
        return REPLAY_E_CORRUPT;
}

char *step_copy_text(Slice text) {
        return mem_strndup((const char *)text.data, text.n);
}

/* Limits of the rows: a commit has at most 64 digits. */
void step_copy_commit(char ret_commit[65], Slice commit) {
        size_t n = size_min(commit.n, 64);

        if (n)
                memcpy(ret_commit, commit.data, n);
        ret_commit[n] = '\0';
}

bool step_is_by_broker(const Step *step) {
        return slice_is(step->entry->actor, BROKER_NAME);
}

AgentRecord *step_get_actor(const Step *step) {
        return state_find_agent(step->state, step->entry->actor);
}

static const struct {
        MessageType type;
        Fold fold;
} fold_rows[] = {
        {MESSAGE_GENESIS, fold_genesis},   {MESSAGE_ADMIT, fold_admit},
        {MESSAGE_REVOKE, fold_revoke},     {MESSAGE_PLAN, fold_plan},
        {MESSAGE_CLAIM, fold_claim},       {MESSAGE_WITHDRAW, fold_withdraw},
        {MESSAGE_LEASE, fold_lease},       {MESSAGE_LAPSE, fold_lapse},
        {MESSAGE_VERDICT, fold_verdict},   {MESSAGE_FINDING, fold_finding},
        {MESSAGE_CLOSE, fold_close},       {MESSAGE_NOTE, fold_note},
        {MESSAGE_DONE, fold_done},         {MESSAGE_PAUSE, fold_pause},
        {MESSAGE_RESUME, fold_resume},     {MESSAGE_HOLD, fold_hold},
        {MESSAGE_GRANT, fold_grant},       {MESSAGE_RELEASE, fold_release},
        {MESSAGE_EXPIRE, fold_expire},     {MESSAGE_PING, fold_ping},
        {MESSAGE_ALERT, fold_alert},       {MESSAGE_SEEN, fold_seen},
        {MESSAGE_FIXED, fold_fixed},       {MESSAGE_REOPEN, fold_reopen},
        {MESSAGE_CORRECT, fold_correct},   {MESSAGE_DEFER, fold_defer},
        {MESSAGE_WAIVE, fold_waive},       {MESSAGE_VETO, fold_veto},
        {MESSAGE_LIFT, fold_lift},         {MESSAGE_PROBE, fold_probe},
        {MESSAGE_GRANTED, fold_granted},   {MESSAGE_DENIED, fold_denied},
        {MESSAGE_REVERIFY, fold_reverify}, {MESSAGE_RETRACT, fold_retract},
        {MESSAGE_DIFFERS, fold_differs},   {MESSAGE_ANSWER, fold_answer},
        {MESSAGE_SEAL, fold_seal},         {MESSAGE_REVEAL, fold_reveal},
        {MESSAGE_RESTORED, fold_restored}, {MESSAGE_COLLECTED, fold_collected},
        {MESSAGE_ROTATED, fold_rotated},
};

static int check_place(const Step *step) {
        const State *state = step->state;
        const Entry *entry = step->entry;

        if (entry->seq != state->head_seq + 1 || !hash_equal(&entry->prev, &state->head_hash))
                return step_corrupt(step, "does not follow the entry before it");
        if (!slice_is(entry->kind, message_name(step->message->type)))
                return step_corrupt(step, "is not of the kind that its frame says");
        if (!state->has_genesis && step->message->type != MESSAGE_GENESIS)
                return step_corrupt(step, "stands before the genesis");
        if (!step_is_by_broker(step) && !step_get_actor(step))
                return step_corrupt(step, "is by nobody who was admitted");
        if (!slice_equal(entry->phase, state_phase_of(state, step->message)))
                return step_corrupt(step, "is not of the phase that its column says");
        return 0;
}

int replay_check_hash(const Entry *entry, Fault *reterr_fault) {
        Hash hash;

        entry_hash(entry, &hash);
        if (hash_equal(&hash, &entry->hash))
                return 0;
        fault_set(reterr_fault, "ledger-corrupt", "entry %" PRIu64 " is not what its hash says",
                  entry->seq);
        fault_place(reterr_fault, "entry %" PRIu64, entry->seq);
        fault_next(reterr_fault, "broker verify");
        return REPLAY_E_CORRUPT;
}

int replay_apply(State *state, const Entry *entry, const Message *message, Fault *reterr_fault) {
        Step step = {.state = state, .entry = entry, .message = message, .fault = reterr_fault};
        Fold fold = NULL;

        for (size_t i = 0; i < ARRAY_SIZE(fold_rows); i++)
                if (fold_rows[i].type == message->type)
                        fold = fold_rows[i].fold;
        if (!fold)
                return step_corrupt(&step, "is of a kind that makes no entry");
        if (check_place(&step) != 0 || fold(&step) != 0)
                return REPLAY_E_CORRUPT;
        state->head_seq = entry->seq;
        state->head_hash = entry->hash;
        return 0;
}
