/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Bytes that a stranger chose (file names, what a server wrote), made fit to be shown. */

#include "base/buf.h"
#include "base/slice.h"

/* Printable ASCII as it is, valid UTF-8 as it is unless it steers the terminal or the reading
 * direction, everything else as \xNN. Ends before the first character that does not fit. */
void printable_append(Buf *text, Slice bytes);
