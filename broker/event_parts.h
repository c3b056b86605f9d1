/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What the files of events share; nobody else includes it. */

#include "broker/event.h"

/* One of several verdicts, the others of which are not in. */
bool event_is_undecided(const Event *event);
/* Whether what it found may be said: it is the only one, or its gate is decided by it. What became
 * of no decision, as its claim was withdrawn or superseded, would tell who has yet to look. */
bool event_tells_decision(const Event *event);
/* What the gate's adversaries make of it together; only where it may be said. */
Decision event_get_decision(const Event *event);
