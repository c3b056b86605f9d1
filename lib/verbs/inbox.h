/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What is addressed to an agent, in words. Pure. */

#include "base/buf.h"
#include "proto/message.h"

/* A ping for this agent or its role, or a note for its role's inbox. */
bool inbox_is_for(const Message *body, Slice name, Role role);
/* "N-6 2026-06-13T05:33Z from operator, m: the proxy is down". */
void inbox_describe(const struct entry *entry, const Message *body, Buf *text);
