/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * A cheat and its honest twin, read from a file: pairs/<family>.pair. What is indented by four
 * blanks below a line that ends in a colon is its text.
 *
 *      # A comment.
 *      pair NAME: what the cheat tries, in one line
 *      expect DECISION CHECK REASON     what the cheat must get; the honest twin must get PASS.
 *                                       CHECK `-`: REASON is the gate's own. REASON is how it
 *                                       begins; several of either have | between them. REFUSED -
 *                                       RULE: it comes to no verification.
 *      phase:                           lines more in the plan's phase
 *      gate:                            the gate M1, without its first two lines; @BASE@, @HONEST@
 *                                       and @CHEAT@ become commits, @SOON@ a deadline that the
 *                                       cheat misses and no twin does, @PORT@ a free port of the
 *                                       machine, @DIR@ a directory of it, made for this pair
 *      honest gate:  cheat gate:        where they are not the same
 *      WHO file PATH [MODE]:            a file of a commit; WHO is base, honest or cheat. The
 *                                       other two stand on the commit of `base`.
 *      WHO shell:                       for bash, in the working tree, before it is committed
 *      before:                          for bash, before each verification
 *      beside:                          for bash; a process that prints `ready` and stays; all
 *                                       of these have $WHO, $REPO, $BASE, $HONEST, $CHEAT, $PORT,
 *                                       $DIR
 *      env NAME=VALUE                   in the environment of who verifies; @DIR@ as in `gate`
 *      carry                            the base's PASS may be carried over
 *      plan PATH                        where the plan was approved from, in the commits' own tree
 *      claim TEXT                       what the cheat claims in place of its commit
 *      tip REF                          the same, as what REF names
 *      twin NAME                        the honest one is that of another pair of the file; the
 *                                       cheat is a plan, and must be REFUSED
 *
 * Whatever is wrong in a file ends the test.
 */

#include <sys/types.h>

#include "base/arena.h"

typedef enum Part { PART_BASE, PART_HONEST, PART_CHEAT, _PART_MAX } Part;

extern const char *const part_names[_PART_MAX];

typedef struct PairStep {
        const char *path; /* NULL: a text for bash */
        mode_t mode;
        const char *text;
} PairStep;

typedef struct PairSteps {
        PairStep *items;
        size_t n;
} PairSteps;

/* What came out, or what should. */
typedef struct PairEnd {
        const char *decision, *check, *reason;
} PairEnd;

typedef struct Pair {
        const char *name, *about;
        PairEnd expected;
        const char *phase;            /* "" */
        const char *gates[_PART_MAX]; /* that of the base serves both unless they have their own */
        PairSteps steps[_PART_MAX];
        const char *before, *beside; /* NULL */
        const char **env;
        size_t n_env;
        bool is_carried;
        const char *claim, *tip, *twin, *plan_path; /* NULL */
} Pair;

/* All pairs of a file, in the arena. */
Pair *pair_read_all(const char *path, Arena *arena, size_t *ret_n);
