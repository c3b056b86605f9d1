/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What programs print, whatever others have said. */

#include "base/slice.h"

/* Valid UTF-8 that steers no terminal, but by colours where they are wanted. */
void must_be_fit(Slice words, bool with_colour);
/* A JSON object, as another reader says. */
void must_be_json(Slice json);
