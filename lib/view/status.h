/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The broker's status answer for people and programs: what `broker status` and `builder-agent
 * status` print. */

#include "base/buf.h"
#include "base/text.h"
#include "proto/message.h"

/* Phases, gates, who is waited for, why not DONE. Words are never replaced by colour. */
void status_describe(const struct status *status, bool with_colour, Buf *text);
/* For each thing that waits: for whom, for what, since when, because of which entry, pings so far;
 * what refuses DONE, what is held, what nobody has seen. */
void status_describe_why(const struct status *status, Buf *text);
/* {"version":1,"status":{…}}; docs/json.md. */
void status_describe_json(const struct status *status, Buf *text);

/* A checklist, a line for each reason. */
void reasons_describe(const Slice *reasons, size_t n_reasons, Buf *text);
