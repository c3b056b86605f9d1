/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What the broker says by itself of requests for DONE and of answers to manual checks: granted,
 * denied, reverify. A part of the core. */

#include "broker/core.h"

/* Before a request enters the ledger: the one that it replaces is denied. */
int done_supersede(Core *core, const Message *message) must_check;
/* Everything that the state lets be said now; nothing if there is nothing. */
int done_settle(Core *core) must_check;
