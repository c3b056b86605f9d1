/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Messages in words, derived from the rows: lines for people, JSON for programs, Markdown for
 * docs/protocol.md. */

#include "base/buf.h"
#include "proto/message.h"

/* One line: `claim phase=m gates=[M1] commit=e634… …`; long values cut, control characters and
 * those that turn the direction of writing made visible. */
void describe_line(const Message *message, Buf *text);

/* What an entry says, in few words, behind who said it and its kind: its LINE in schema.def, filled
 * in. One line without control characters; of each text its first line, cut. Nothing for a message
 * that makes no entry. */
void describe_sentence(const Message *message, Buf *text);
/* One of its values; a number that names an entry as people name it: C-6. */
void describe_value(const FieldSpec *field, const void *body, Buf *text);
/* The LINE itself; NULL: it has none. */
const char *describe_get_template(MessageType type);

/* A JSON object with the rows' names, without the type: {"phase":"m","gates":["M1"],…}. Ids,
 * digests, keys and signatures (BYTES whose row allows 64 at most) as lower-case hex; other BYTES
 * as text, what is not UTF-8 in them replaced by U+FFFD. Absent fields are absent. Sorted as the
 * rows are. */
void describe_json(const Message *message, Buf *text);
void describe_record_json(RecordType type, const void *record, Buf *text);

/* A JSON string with its quotes. */
void describe_json_string(Slice string, Buf *text);

/* docs/protocol.md. */
void describe_docs(Buf *text);
