/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Families of pairs, and the tally of them all. */

#include "tests/redteam/stage.h"

typedef struct Tally {
        char family[32];
        unsigned n_pairs;
        unsigned n_caught;
        unsigned n_missed;    /* the cheat got a PASS */
        unsigned n_elsewhere; /* it got none, but not for the reason that was expected */
        unsigned n_false_red; /* the honest twin got no PASS */
} Tally;

/* All pairs of tests/redteam/<dir>/<family>.pair. */
void raid_play(const char *dir, const char *family, Tally *ret_tally);
/* The same of pairs/, with its row in the table. */
void raid_family(const char *family);
/* A row of the table; fails the test unless all are caught and no twin is red. */
void raid_count(const Tally *tally);
/* Prints the table, a sum at its end. */
void raid_print_table(Tally *ret_sum);
/* Whether the table has a row of this family. */
bool raid_has_played(const char *family);
