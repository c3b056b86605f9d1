/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Looks over the broker's shoulder: what holds after each step, whatever was said. The first thing
 * that does not hold ends the test.
 *
 * Sealed things are followed by marks: a number that stands in one sealed text and nowhere else,
 * and must not be in any frame to an adversary before it may.
 */

#include "tests/lib/desk.h"
#include "tests/sim/oracle.h"

enum { MARKS_MAX = 4096, RECEIPTS_MAX = 64 };

typedef enum MarkKind {
        MARK_JOURNAL, /* no adversary ever */
        MARK_CLAIM,   /* until its own verdict on the claim, or the claim's end */
        MARK_VERDICT, /* the same, of another adversary's words on a gate */
} MarkKind;

typedef struct Mark {
        MarkKind kind;
        Who author;
        uint64_t claim;
        OracleName gate;
} Mark;

/* A frame of the open batch: what the broker did with it. */
typedef struct Receipt {
        Id id;
        bool has_entry;
} Receipt;

typedef struct Auditor {
        Oracle oracle;
        State shadow; /* folded from what is durable */
        size_t n_entries;
        Mark marks[MARKS_MAX];
        size_t n_marks;
        Receipt receipts[RECEIPTS_MAX];
        size_t n_receipts;
        size_t n_refused; /* so far, of what was submitted */
        bool tells;       /* prints each entry */
        bool is_new;      /* the broker began anew, and has not looked at its leases yet */
        uint64_t signs_ms[ORACLE_THINGS_MAX]; /* by lease: when its holder last gave a sign */
        Who heard[_WHO_MAX];                  /* by route: who spoke last on it */
} Auditor;

void auditor_open(Auditor *auditor);
void auditor_close(Auditor *auditor);

/* The text of a new mark; in the desk's arena. */
const char *auditor_mark(Auditor *auditor, Desk *desk, const Mark *mark);

/* A frame into the open batch, as core_receive, on this route. */
int auditor_receive(Auditor *auditor, Desk *desk, Who who, uint8_t to, Slice frame);
/* After a tick, where one was due, and the commit: everything. Then what was sent may be forgotten.
 */
void auditor_look(Auditor *auditor, Desk *desk);
/* The broker ended, and began anew from what is durable. */
void auditor_restart(Auditor *auditor, Desk *desk);
