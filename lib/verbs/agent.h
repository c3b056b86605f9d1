/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The verbs that both agents have, whole: each returns the exit status. */

#include "base/options.h"

/* What the broker says. Options: phase, why. */
int agent_status(const Args *args);
/* Findings that are not closed; with --all those too. */
int agent_findings(const Args *args);
/* Pings and notes addressed to the agent or its role that are new since it last looked, which it
 * remembers beside its outbox; --follow, --all, --timeout. */
int agent_inbox(const Args *args);
/* Asks for a named resource, waits for its turn if it is to, and either says that it has it or runs
 * a command while it does. Options: those of say_options_hold. */
int agent_hold(const Args *args);

extern const OptionRow agent_status_options[], agent_findings_options[], agent_inbox_options[];
