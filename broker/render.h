/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * The files that people read: a pure function of the ledger. Same ledger, same bytes (design:
 * protocol.md §8).
 *
 * REVIEW-<phase>.md is append-only: each rendering is a byte-prefix of the next; every entry of the
 * phase appends its section and nothing before changes. STATUS-<phase>.md is a snapshot of the
 * state at the ledger's newest entry (its time, not the wall's, so that the bytes stay the same).
 */

#include "broker/state.h"

/* Where the renderer gets what an entry only names. */
typedef struct RenderSource {
        void *userdata;
        int (*evidence_get)(void *userdata, const Hash *digest, Arena *arena, Slice *ret_frame);
} RenderSource;

/* The head of the file, before any entry. */
void render_review_head(Slice phase, Buf *text);
/* The section of one entry of the phase, or nothing if its kind has none. `state` is the state
 * after the entry. */
int render_review_entry(const State *state, const Entry *entry, const Message *message,
                        const RenderSource *source, Buf *text) must_check;
/* The whole snapshot. */
void render_status(const State *state, const PhaseRecord *phase, uint64_t as_of_ms, Buf *text);

/* Markdown helpers, for evidence is hostile text: a fence longer than any run of backticks inside;
 * text outside fences with HTML and Markdown escaped, control and bidirectional characters made
 * visible. */
void render_fence(Slice hostile, const char *info, Buf *text);
void render_inline(Slice hostile, Buf *text);
/* As `code` where that is safe, as render_inline otherwise. */
void render_code(Slice hostile, Buf *text);
