/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What of the host a plan opens, as root: the cases in sandbox_host.c. */

#include "tests/lib/cell.h"

const bool cell_is_unprivileged = false;
