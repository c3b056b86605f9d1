/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What play.c (steps, expectations) and play_verbs.c (what is done) share. Nobody else includes it.
 */

#include "tests/sim/play.h"

enum { PLAY_WORDS_MAX = 8 };

typedef struct Play {
        World *world;
        const PlayStep *step;
        char **words;                    /* of what is done, NULL-terminated */
        size_t n_before, n_pings_before; /* entries */
        const char *rule;                /* of the refusal; empty: accepted */
} Play;

/* NULL-terminated, in the desk's arena. */
char **play_split(World *world, const char *text, char separator);
/* Does the step; a verb that is not known ends the test. */
void play_do(Play *play);
/* The end of a batch, and the auditor's look. */
void play_commit(Play *play);
