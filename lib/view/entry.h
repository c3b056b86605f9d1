/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Entries of the ledger for people and programs: their JSON, and verdicts in words. */

#include "base/buf.h"
#include "proto/message.h"

/* {"seq":12,"name":"C-12","kind":"claim","phase":…,"actor":…,"received_ms":…,"id":…,"hash":…,
 * "body":{…}}; docs/json.md. `body` is the decoded frame, or NULL where it cannot be read. */
void entry_describe_json(const struct entry *entry, const Message *body, Buf *text);

/* A verdict in a few lines: gate, decision, what did not hold, how to repeat it cold. */
void verdict_describe(const struct verdict *verdict, uint64_t seq, bool with_colour, Buf *text);
