/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* How many processors this process can have the time of: fewer than the machine has, where it is
 * bound to some of them or its control group has a quota. */

#include "base/slice.h"

/* At least 1. */
size_t processors_count(void);

/* Of a `cpu.max`, a part of a processor being one; 0: it sets no limit. */
size_t processors_of_quota(Slice cpu_max);
