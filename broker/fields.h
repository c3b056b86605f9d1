/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* A message field by field, for people: derived from the rows, nothing cut, what is hostile made
 * visible. */

#include "base/buf.h"
#include "proto/message.h"

/* A line for each field that is there; long texts, lists and records indented below their name. */
void fields_describe(const Message *message, Buf *text);
