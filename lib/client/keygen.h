/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The verb `keygen NAME [--out FILE]`, which every program has: a key is made where it lives, and
 * only its public line travels. */

#include "base/options.h"

extern const OptionRow keygen_options[];

/* Returns the exit status. `role` is what the hint for the operator says, e.g. "builder". */
int keygen_run(const Args *args, const char *role);
