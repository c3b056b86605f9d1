/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What the broker says of a verdict by itself: where the claimed evidence differs. A part of the
 * core. */

#include "broker/core.h"

/* Behind an entry that was appended, in its batch: once a verdict stands on a gate whose claim says
 * what the builder saw, that is compared (broker/compare.h) and a difference is an entry. */
int differs_hear(Core *core, const Message *message) must_check;
