/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The lists of a status, each line indented below its phase. */

#include "base/buf.h"
#include "proto/message.h"

void status_append_age(uint64_t now_ms, uint64_t then_ms, Buf *text);

/* What is said of a finding or a veto without the words that its own line has; where the status
 * shows that line. */
Slice status_cut_repeated(const struct phase_status *phase, Slice text);

/* A line for each; and with all that is known of it. */
void status_append_waits(const struct phase_status *phase, uint64_t now_ms, Buf *text);
void status_append_waits_why(const struct phase_status *phase, uint64_t now_ms, Buf *text);
/* Those that are not closed. */
void status_append_findings(const struct phase_status *phase, Buf *text);
void status_append_seals(const struct phase_status *phase, Buf *text);
void status_append_vetoes(const struct phase_status *phase, uint64_t now_ms, Buf *text);
void status_append_pauses(const struct phase_status *phase, Buf *text);

/* Of one gate: what a table has no room for. */
void status_append_remarks(const struct phase_status *phase, const struct gate_status *gate,
                           Buf *text);

/* With an empty line before the first. */
void status_append_holds(const struct status *status, Buf *text);
void status_append_alerts(const struct status *status, Buf *text);

/* One finding in a line or more: "F-7 (major, blocks gate M1): …". */
void finding_describe(const struct finding_status *finding, Buf *text);
/* One alert: "A-9 since …: …". */
void alert_describe(const struct alert_status *alert, Buf *text);
