/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What people call an entry: a letter for its kind and its number, F-9. The number alone does as
 * well. */

#include "base/fault.h"
#include "proto/message.h"

typedef struct LabelRow {
        MessageType type;
        char letter;
} LabelRow;

/* The kinds with a letter of their own; all others have E. */
extern const LabelRow label_rows[];
extern const size_t label_n_rows;

/* The letter of a kind: C-12 is a claim, V-17 a verdict, F-18 a finding. */
char label_letter(Slice kind);
/* Before its name in a sentence: "a claim", "an alert". */
const char *label_article(Slice kind);
/* "C-12". */
void label_format(Slice kind, uint64_t seq, Buf *text);

/* "C-12" or "12"; the letter (NUL: none was given) is not compared with the entry's kind. */
bool label_parse(const char *text, char *ret_letter, uint64_t *ret_seq);
/* Whether an entry of that kind may be called by that letter: its own, NUL, F for what files a
 * finding under its own number (a verdict that is a FAIL, a deferred item), C for a
 * re-verification, which is a claim. */
bool label_fits(char letter, Slice kind);

enum { _LABEL_E_SUCCESS, LABEL_E_REFUSED };
/* An entry of one kind, as a person names it. Rule argument-value: no label, or that of another
 * kind. */
int label_read(const char *text, MessageType wanted, uint64_t *ret_seq,
               Fault *reterr_fault) must_check;

/* The letters as a Markdown table, for docs/cli.md. */
void label_print_docs(Buf *text);
