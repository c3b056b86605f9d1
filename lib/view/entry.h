/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Entries of the ledger for people and programs: their short names and their JSON. */

#include "base/buf.h"
#include "proto/message.h"

/* The letter of a kind: C-12 is a claim, V-17 a verdict, F-18 a finding. */
char entry_letter(Slice kind);
/* "C-12". */
void entry_name_format(Slice kind, uint64_t seq, Buf *text);
/* "C-12" or "12"; false on anything else. The letter is not compared with the entry's kind. */
bool entry_name_parse(const char *name, uint64_t *ret_seq);

/* {"seq":12,"name":"C-12","kind":"claim","phase":…,"actor":…,"received_ms":…,"id":…,"hash":…,
 * "body":{…}}; docs/json.md. `body` is the decoded frame, or NULL where it cannot be read. */
void entry_describe_json(const struct entry *entry, const Message *body, Buf *text);

/* A verdict in a few lines: gate, decision, what did not hold, how to repeat it cold. */
void verdict_describe(const struct verdict *verdict, uint64_t seq, bool with_colour, Buf *text);
