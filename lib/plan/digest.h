/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What identifies the content of a gate (docs/plan.md, Digests). */

#include "plan/build.h"

/* `gate`: its block with the defaults that it inherits; `has_command`: one of its checks gets
 * all of the phase's vars in its environment. */
void digest_gate(const Plan *plan, const YamlNode *gate, bool has_command, Hash *ret_digest);
