/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Cheats beside honest twins, verified as anybody: families.c. */

#include "tests/redteam/stage.h"

const bool stage_is_unprivileged = true;
