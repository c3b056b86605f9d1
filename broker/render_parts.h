/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What the renderers share. Nobody else includes it. */

#include "broker/render.h"

/* ---- render_text.c: Markdown, for what is rendered is hostile text ---- */

/* A fence longer than any run of backticks inside; control and bidirectional characters visible;
 * nothing in it looks like a heading to a grep. */
void render_fence(Slice hostile, const char *info, Buf *text);
/* Outside fences: HTML and Markdown escaped as well. */
void render_inline(Slice hostile, Buf *text);
/* As `code` where that is safe, as render_inline otherwise. */
void render_code(Slice hostile, Buf *text);

/* ---- render_section.c: the parts of a section ---- */

/* The heading of the entry, with an anchor of its label (`c-12`) and its time. `level` is "##" for
 * what decides a gate or the phase, and for nothing else. The title is Markdown. */
void section_begin(const Section *section, const char *level, const Buf *title);
/* The same with `C-12: what`. */
void section_begin_label(const Section *section, char letter, uint64_t seq, const char *what);

/* A table of facts, and its rows. */
void facts_begin(Buf *text);
void fact_text(const char *name, Slice value, Buf *text);
void fact_code(const char *name, Slice value, Buf *text);
void fact_hex(const char *name, Slice digest, Buf *text);
void fact_time(const char *name, uint64_t wall_ms, Buf *text);
/* `[C-12](#c-12)`. */
void fact_label(const char *name, char letter, uint64_t seq, Buf *text);
/* Who said the entry; its number and hash. */
void fact_by(const Section *section);
void fact_ledger(const Section *section);
/* The finding's number and title. */
void fact_finding(const Section *section, uint64_t seq);

void label_link(char letter, uint64_t seq, Buf *text);
/* A list in one line, escaped. */
void inline_list(const Slice *items, size_t n, Buf *text);
/* A name and a fence; nothing where there are no words. */
void said(const char *name, Slice words, Buf *text);
void said_cold(Slice reproduce, Buf *text);

/* ---- sealing ---- */

/* The entry decides the claim: what it kept sealed is shown from now on. NULL if it does not. */
const ClaimRecord *section_get_decided(const Section *section);
/* Another entry, decoded into the arena. */
typedef struct Read {
        bool is_there; /* an entry of that number and kind */
        Entry entry;
        Message message;
} Read;
int section_read(const Section *section, uint64_t seq, MessageType type, Arena *arena,
                 Read *ret_read) must_check;

/* ---- render_snapshot.c: what STATUS and BACKLOG share ---- */

typedef struct Snapshot {
        const State *state;
        const struct status *status;
        const struct phase_status *phase;
        Buf *text;
} Snapshot;

/* Comment, title, and when this was so. */
void snapshot_begin(const Snapshot *snapshot, const char *file);
/* " [V-7](REVIEW-m.md#v-7)"; nothing for 0. */
void snapshot_link(const Snapshot *snapshot, char letter, uint64_t seq);
/* An item of a task list, ticked if it is closed; waiver and deferral with reason and end. */
void snapshot_finding(const Snapshot *snapshot, const struct finding_status *finding);

/* ---- a function for each kind, by subject ---- */

typedef int (*RenderEntry)(const Section *section);

/* render_plan.c */
int review_plan(const Section *section) must_check;
/* render_claim.c */
int review_claim(const Section *section) must_check;
int review_reverify(const Section *section) must_check;
int review_withdraw(const Section *section) must_check;
int review_lapse(const Section *section) must_check;
/* What the claim kept sealed until it was decided. */
int review_unsealed(const Section *section, const ClaimRecord *claim) must_check;
/* render_verdict.c */
int review_verdict(const Section *section) must_check;
/* render_votes.c: several verifiers' verdicts, told when the last is in. */
int review_votes(const Section *section, const GateRecord *gate) must_check;
int review_vote_kept(const Section *section, const GateRecord *gate) must_check;
/* render_verdict.c: facts, checks and evidence of one measured verdict. */
int verdict_body(const Section *section, const struct verdict *verdict,
                 const GateRecord *gate) must_check;
/* What the entry did to findings that the verdict `seq` shows. */
void verdict_findings(const Section *section, uint64_t seq);
/* render_doubt.c: what was said of verdicts afterwards, and answers */
int review_retract(const Section *section) must_check;
int review_differs(const Section *section) must_check;
/* What was sealed of it while the claim was open. */
int review_differs_unsealed(const Section *section, uint64_t verdict) must_check;
int review_answer(const Section *section) must_check;
/* render_finding.c */
int review_finding(const Section *section) must_check;
int review_fixed(const Section *section) must_check;
int review_close(const Section *section) must_check;
int review_reopen(const Section *section) must_check;
int review_correct(const Section *section) must_check;
int review_waive(const Section *section) must_check;
int review_defer(const Section *section) must_check;
/* render_veto.c */
int review_veto(const Section *section) must_check;
int review_lift(const Section *section) must_check;
int review_probe(const Section *section) must_check;
int review_note(const Section *section) must_check;
/* render_seal.c */
int review_seal(const Section *section) must_check;
int review_reveal(const Section *section) must_check;
/* Of STATUS. */
void seals_section(const Snapshot *snapshot);
/* render_done.c */
int review_done(const Section *section) must_check;
int review_granted(const Section *section) must_check;
int review_denied(const Section *section) must_check;
