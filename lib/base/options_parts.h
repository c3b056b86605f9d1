/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Between the parser of command lines and what explains them. */

#include <stdio.h>

#include "base/options.h"

void options_print_program_help(const Program *program, FILE *out);
void options_print_verb_help(const Program *program, const Verb *verb);
/* The verbs that begin with `word`, as "plan" of "plan lint"; false if none does. */
bool options_print_group_help(const Program *program, const char *word);

/* Whether a verb's first word, of two, is this one. */
bool verb_is_of_group(const Verb *verb, const char *word);
