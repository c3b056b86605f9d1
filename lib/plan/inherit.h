/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The phase's defaults, written into a gate as if they stood there. What is built and what is
 * digested is the result, so that neither can forget them. */

#include "plan/build.h"

/* A copy of the gate's block whose maps carry what they inherit; `defaults` may be NULL. */
const YamlNode *inherit_defaults(const YamlNode *gate, const YamlNode *defaults, Arena *arena);
