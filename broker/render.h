/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * The files that people read: a pure function of the ledger. Same ledger, same bytes (design:
 * protocol.md §8).
 *
 * REVIEW-<phase>.md and JOURNAL-<phase>.md are append-only: each rendering is a byte-prefix of the
 * next; an entry appends its section and nothing before changes. STATUS-<phase>.md and
 * BACKLOG-<phase>.md are snapshots of the state at the ledger's newest entry (its time, not the
 * wall's, so that the bytes stay the same).
 *
 * An adversary may read all of them. What is sealed (the journal, a claim's WHY and claimed
 * evidence, one of several verifiers' words) stands in none of them before the verdict.
 */

#include "broker/state.h"

enum { CLAIM_GATES_MAX = 64 };

/* Where the renderer gets what an entry only names: 0, or > 0 if there is none. */
typedef struct RenderSource {
        void *userdata;
        int (*evidence_get)(void *userdata, const Hash *digest, Arena *arena, Slice *ret_frame);
        int (*entry_get)(void *userdata, uint64_t seq, Arena *arena, Entry *ret_entry);
        /* The entry that says that the evidence was removed; NULL: nothing ever was. */
        int (*removed_by)(void *userdata, const Hash *digest, uint64_t *ret_seq);
} RenderSource;

/* What an entry is about to change, for the state after it knows no more. In the arena. */
typedef struct RenderBefore {
        uint64_t superseded[CLAIM_GATES_MAX]; /* claims that end because of this one */
        size_t n_superseded;
        bool is_of_several; /* of a retraction: the verdict is one of several verifiers' */
        bool is_revision;   /* of a plan: */
        Hash plan_digest;
        Slice plan_text;
        struct {
                Slice gate;
                Hash digest;
        } * gates;
        size_t n_gates;
} RenderBefore;

/* Looks at the state before the entry. */
void render_before(const State *state, const Message *message, Arena *arena,
                   RenderBefore *ret_before);

/* One entry on its way into the files. */
typedef struct Section {
        const State *state; /* after the entry */
        const RenderBefore *before;
        const Entry *entry;
        const Message *message;
        const RenderSource *source;
        Buf *text;
} Section;

/* ---- REVIEW ---- */

/* The head of the file, before any entry. */
void render_review_head(Slice phase, Buf *text);
/* The section of one entry of the phase, or nothing if its kind has none. */
int render_review_entry(const Section *section) must_check;

/* ---- JOURNAL ---- */

/* What was said and is sealed still. */
typedef struct SealedWords {
        uint64_t seq; /* a note to the journal, or a claim with its WHY */
        bool is_claim;
        const char *author; /* borrowed from the agent's record */
        char *gate;         /* NULL: of none */
} SealedWords;

typedef struct Journal {
        SealedWords *sealed; /* oldest first */
        size_t n_sealed, n_allocated;
} Journal;

void journal_deinit(Journal *journal);
void render_journal_head(Slice phase, Buf *text);
/* Remembers what is sealed; appends what the entry unseals. `phase` is the entry's. */
int render_journal_entry(Journal *journal, const PhaseRecord *phase,
                         const Section *section) must_check;

/* ---- snapshots ---- */

void render_status(const State *state, const PhaseRecord *phase, uint64_t as_of_ms, Buf *text);
void render_backlog(const State *state, const PhaseRecord *phase, uint64_t as_of_ms, Buf *text);
