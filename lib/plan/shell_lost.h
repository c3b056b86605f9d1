/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Commands in a command whose failure nobody sees. */

#include "plan/plan.h"

/* NULL, or the word that takes another command's status away. */
const char *shell_lost_find(const Check *check);
