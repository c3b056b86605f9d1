/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A ledger folded from its first entry to its newest. */

#include "broker/fold.h"

#include <inttypes.h>

#include "broker/replay.h"
#include "proto/codec.h"

typedef struct Folding {
        State *state;
        Fault *fault;
} Folding;

int fold_decode(const Entry *entry, Arena *arena, Message *ret_message, Fault *reterr_fault) {
        CodecFault codec_fault;
        Fault why = FAULT_INIT;

        if (codec_decode(entry->frame, arena, ret_message, &codec_fault) == 0)
                return 0;
        codec_fault_to_fault(&codec_fault, &why);
        fault_set(reterr_fault, "ledger-corrupt", "its frame cannot be read: %.400s: %.500s",
                  why.place, why.found);
        fault_place(reterr_fault, "entry %" PRIu64, entry->seq);
        fault_next(reterr_fault, "broker verify");
        return FOLD_E_CORRUPT;
}

static int fold_entry(void *userdata, const Entry *entry) {
        cleanup_arena Arena arena = ARENA_INIT;
        Folding *folding = userdata;
        Message message;

        if (fold_decode(entry, &arena, &message, folding->fault) != 0 ||
            replay_apply(folding->state, entry, &message, folding->fault) != 0)
                return FOLD_E_CORRUPT;
        return 0;
}

int fold_more(Ledger *ledger, State *state, Fault *reterr_fault) {
        Folding folding = {.state = state, .fault = reterr_fault};

        return ledger_walk(ledger, state->head_seq + 1, SLICE_NULL, fold_entry, &folding);
}

int fold_ledger(Ledger *ledger, State *state, Fault *reterr_fault) {
        return fold_more(ledger, state, reterr_fault);
}
