/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Letters are for what people name in commands and talk about; the rest of the ledger is E. */

#include "proto/label.h"

#include <stdlib.h>
#include <string.h>

enum { DIGITS_MAX = 18, ANY_LETTER = 'E', FINDING_LETTER = 'F', CLAIM_LETTER = 'C' };

/* In the order of the letters. Add a kind: one row, a letter that no other has. */
const LabelRow label_rows[] = {
        {MESSAGE_ALERT, 'A'},   {MESSAGE_CLAIM, CLAIM_LETTER},
        {MESSAGE_GRANTED, 'D'}, {MESSAGE_FINDING, FINDING_LETTER},
        {MESSAGE_HOLD, 'H'},    {MESSAGE_LEASE, 'L'},
        {MESSAGE_NOTE, 'N'},    {MESSAGE_PROBE, 'P'},
        {MESSAGE_PLAN, 'R'},    {MESSAGE_SEAL, 'S'},
        {MESSAGE_VERDICT, 'V'}, {MESSAGE_WAIVE, 'W'},
        {MESSAGE_VETO, 'X'},    {MESSAGE_PAUSE, 'Z'},
};
const size_t label_n_rows = ARRAY_SIZE(label_rows);

static char letter_of(MessageType type) {
        for (size_t i = 0; i < label_n_rows; i++)
                if (label_rows[i].type == type)
                        return label_rows[i].letter;
        return ANY_LETTER;
}

/* MESSAGE_NONE: no kind has it. */
static MessageType type_of(char letter) {
        for (size_t i = 0; i < label_n_rows; i++)
                if (label_rows[i].letter == letter)
                        return label_rows[i].type;
        return MESSAGE_NONE;
}

char label_letter(Slice kind) {
        return letter_of(message_type_by_name(kind));
}

const char *label_article(Slice kind) {
        return kind.n && kind.data[0] && strchr("aeiou", kind.data[0]) ? "an" : "a";
}

void label_format(Slice kind, uint64_t seq, Buf *text) {
        buf_printf(text, "%c-%llu", label_letter(kind), (unsigned long long)seq);
}

bool label_parse(const char *text, char *ret_letter, uint64_t *ret_seq) {
        bool has_letter = text[0] >= 'A' && text[0] <= 'Z' && text[1] == '-';
        const char *digits = has_letter ? text + 2 : text;
        size_t n = strspn(digits, "0123456789");

        if (digits[0] < '1' || digits[n] || n > DIGITS_MAX)
                return false;
        *ret_letter = has_letter ? text[0] : '\0';
        *ret_seq = strtoull(digits, NULL, 10);
        return true;
}

/* Kinds that stand for another as well. */
static const LabelRow also_rows[] = {
        {MESSAGE_DEFER, FINDING_LETTER},
        {MESSAGE_VERDICT, FINDING_LETTER},
        {MESSAGE_REVERIFY, CLAIM_LETTER},
};

bool label_fits(char letter, Slice kind) {
        MessageType type = message_type_by_name(kind);

        for (size_t i = 0; i < ARRAY_SIZE(also_rows); i++)
                if (also_rows[i].type == type && also_rows[i].letter == letter)
                        return true;
        return letter == '\0' || letter == letter_of(type);
}

int label_read(const char *text, MessageType wanted, uint64_t *ret_seq, Fault *reterr_fault) {
        const char *kind = message_name(wanted);
        char wanted_letter = letter_of(wanted), letter;
        MessageType other;

        if (!label_parse(text, &letter, ret_seq)) {
                fault_set(reterr_fault, "argument-value", "`%s` names no entry", text);
                fault_next(reterr_fault, "name the %s by its number: %c-12", kind, wanted_letter);
                return LABEL_E_REFUSED;
        }
        if (letter == '\0' || letter == wanted_letter)
                return 0;
        other = type_of(letter);
        if (other == MESSAGE_NONE)
                fault_set(reterr_fault, "argument-value", "`%s` is not %s %s", text,
                          label_article(slice_text(kind)), kind);
        else
                fault_set(reterr_fault, "argument-value", "`%s` names %s %s; %s %s is wanted", text,
                          label_article(slice_text(message_name(other))), message_name(other),
                          label_article(slice_text(kind)), kind);
        fault_next(reterr_fault, "name the %s by its number: %c-12", kind, wanted_letter);
        return LABEL_E_REFUSED;
}

void label_print_docs(Buf *text) {
        buf_text(text, "| letter | kind of entry |\n| --- | --- |\n");
        for (size_t i = 0; i < label_n_rows; i++)
                buf_printf(text, "| `%c` | %s |\n", label_rows[i].letter,
                           message_name(label_rows[i].type));
        buf_printf(text, "| `%c` | any other |\n\n", ANY_LETTER);
}
