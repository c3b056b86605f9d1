/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What the words of a command give away about it. */

#include "plan/plan.h"

/* NULL, or the piece of the command that makes it succeed whatever happens. */
const char *shell_find_excuse(const Check *check);
/* Nothing but true, : or exit 0. */
bool shell_is_idle(const Check *check);
/* The command is argv that begins with a shell. */
bool shell_is_own(const Check *check);
/* A shell of its own that pipes without pipefail. */
bool shell_loses_status(const Check *check);
/* Whether the text stands in the command, as a whole word. */
bool shell_has_text(const Check *check, Slice text);
/* Whether the command prints texts of its own: echo, printf, cat <<. */
bool shell_prints(const Check *check);
/* Whether it reads from commands whose status nobody sees: <( ). */
bool shell_hides_status(const Check *check);
