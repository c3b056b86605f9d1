/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What the parts of `broker show` share. Each appends to the text; ERRAND_E_REFUSED with the fault
 * filled in. */

#include "broker/verbs.h"

typedef struct Show {
        Errand *errand; /* its ledger is open */
        State state;    /* folded; empty where the ledger cannot be */
        uint64_t now_ms;
        size_t width; /* of the terminal; 0: none */
        Buf text;
} Show;

/* ---- show_evidence.c ---- */

/* The only one whose digest begins so. */
int show_digest(Show *show, const char *prefix, Fault *reterr_fault) must_check;
/* That of each check of a verdict. */
int show_evidence_of(Show *show, const struct verdict *verdict, Fault *reterr_fault) must_check;

/* ---- show_entry.c ---- */

/* An entry with what became of it; the letter must fit its kind. */
int show_entry(Show *show, uint64_t seq, char letter, Fault *reterr_fault) must_check;

/* ---- show_life.c ---- */

/* Entries that tell of one thing, oldest first, as lines of the log or members of a JSON list. */
typedef struct Life {
        const Show *show;
        Slice phase;    /* of the thing, so that no line says it; empty: of none */
        uint64_t about; /* an entry; 0: `matches` says it */
        int (*matches)(void *userdata, const Entry *entry, bool *ret_matches);
        void *userdata;
        Buf text;
        size_t n;
        bool is_retracted;     /* a verdict that is taken back */
        uint64_t last_verdict; /* among them */
} Life;

#define LIFE_INIT ((Life){.text = BUF_TEXT})
void life_deinit(Life *life);
#define cleanup_life cleanup(life_deinit)

/* From the entry on. */
int life_walk(Life *life, uint64_t from) must_check;
/* `,"life":[…]`, or "life" and the lines; nothing where there is none. */
void life_append(const Life *life, Buf *text);
/* Whether what is shown of the entry depends on the state, so that the ledger must be folded. */
bool life_wants_state(const Show *show, const Message *message);
/* Where the thing stands that an entry made: "open", "held", "superseded" …; NULL: it has no state.
 */
const char *life_state(const Show *show, const Message *message, uint64_t seq, const Life *life);

/* ---- show_thing.c ---- */

int show_gate(Show *show, const PhaseRecord *phase, const GateRecord *gate,
              Fault *reterr_fault) must_check;
int show_phase(Show *show, const PhaseRecord *phase) must_check;
int show_agent(Show *show, const AgentRecord *agent) must_check;
