/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* How a chronicle's lines become messages. For chronicle.c and chronicle_say.c. */

#include "tests/lib/chronicle.h"

enum { TALE_FIELDS_MAX = 64, TALE_LINES_MAX = 64 };

typedef struct TaleField {
        Slice name, value; /* of its line */
        Slice more[TALE_LINES_MAX];
        size_t n_more;
} TaleField;

/* What one agent says at one time. */
typedef struct Tale {
        size_t line; /* of its head */
        uint64_t wall_ms;
        Slice who, kind, label, refused;
        TaleField fields[TALE_FIELDS_MAX];
        size_t n_fields;
} Tale;

/* The word in front, and the rest behind its spaces. */
Slice tale_take_word(Slice *rest);
const TaleField *tale_find(const Tale *tale, const char *name);
void tale_fail(const Chronicle *chronicle, const Tale *tale, const char *what,
               Slice found) noreturn_;
Who tale_get_who(const Chronicle *chronicle, const Tale *tale);

/* Everything in the desk's arena; a verdict's evidence is put before. */
Message tale_make_message(Chronicle *chronicle, const Tale *tale);
