/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Text from outside, for people. */

#include "base/buf.h"

/* Makes control, escape, bidirectional and invalid bytes visible; keeps newlines and tabs if
 * asked. */
void text_make_visible(Slice hostile, bool keep_newlines, Buf *text);
