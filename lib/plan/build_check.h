/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Checks: their kinds, the instances of their matrices, what their words demand of each other. */

#include "plan/build.h"

/* Appends the check that the map says to the gate's, or each instance of its matrix. */
void build_check(Build *build, const YamlNode *map, Gate *gate);
/* A command: a text for bash, or an argv. False after a fault. */
bool build_command(Build *build, const Word *word, const YamlNode *node, bool *ret_is_shell,
                   Slice **ret_command, size_t *ret_n_command);
