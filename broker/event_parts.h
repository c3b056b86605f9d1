/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What the files of events share; nobody else includes it. */

#include "broker/event.h"

/* One of several verdicts, the others of which are not in. */
bool event_is_undecided(const Event *event);
/* What the gate's adversaries make of it together. */
Decision event_get_decision(const Event *event);
