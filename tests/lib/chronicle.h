/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * A story as a file, played through the broker's core in virtual time by the agents of the desk
 * (tests/lib/desk.h: olga the operator, bob the builder, ada and alan the adversaries), and what
 * becomes of it: rendered files, a ledger on disk.
 *
 *      # a comment
 *      2026-06-13T05:31Z ada probe as LABEL        who says what, when; clocks are turned to it
 *        phase pvfix                               a field of the entry, by its name
 *        body the first line
 *          | a further line                        of the field above
 *        claim $LABEL                              the number of an entry that was said before
 *        gates M1 M2                               names, where the field is a list of such
 *        commit e6349a9                            filled up with zeros
 *      2026-06-13T05:33Z ada verdict               beside its fields:
 *        check ID OUTCOME 3s                       a row, in the plan's order; `red`: proved so
 *          $ command                               what was run,
 *          | output                                what it printed,
 *          = summary                               what was found, in a line
 *      2026-06-13T05:33Z olga plan
 *        file pvfix.plan.md                        of tests/data/stories/
 *      2026-06-13T05:31Z bob claim refused RULE    the rule by which the broker refuses it
 *      2026-06-13T05:32Z ada takes                 is ready for a job: a claim is leased to her
 *      2026-06-13T05:32Z ada takes 2               for as many, those that she holds among them
 *      2026-06-13T05:50Z - nobody-pinged WHO       since the line before, as role or by name
 */

#include "broker/ledger.h"
#include "plan/plan.h"
#include "tests/lib/desk.h"

enum { CHRONICLE_LABELS_MAX = 64, CHRONICLE_PLANS_MAX = 8 };

typedef struct Chronicle {
        Desk desk;
        const char *name; /* of the story */
        size_t line;
        struct {
                const char *name;
                uint64_t seq;
        } labels[CHRONICLE_LABELS_MAX];
        size_t n_labels;
        Plan plans[CHRONICLE_PLANS_MAX];
        size_t n_plans;
        uint64_t n_said;
        size_t n_before; /* entries before the line */
} Chronicle;

typedef enum ChronicleFile {
        CHRONICLE_REVIEW,
        CHRONICLE_JOURNAL,
        CHRONICLE_STATUS,
        CHRONICLE_BACKLOG,
        _CHRONICLE_FILE_MAX
} ChronicleFile;

extern const char *const chronicle_file_names[_CHRONICLE_FILE_MAX];

/* tests/data/stories/NAME.story, to its end. Whatever is not as it says ends the test. */
void chronicle_play(Chronicle *chronicle, const char *name);
void chronicle_close(Chronicle *chronicle);
#define cleanup_chronicle cleanup(chronicle_close)

/* The number of the entry with the label. */
uint64_t chronicle_find(const Chronicle *chronicle, const char *label);
/* The files of a phase as the first `n_entries` entries give them. */
void chronicle_render(const Chronicle *chronicle, const char *phase, size_t n_entries,
                      Buf ret_files[_CHRONICLE_FILE_MAX]);
/* Entries and evidence into a new ledger; the caller frees it. */
Ledger *chronicle_write(const Chronicle *chronicle, const char *path);
/* tests/data/stories/FILE, all of it. */
const char *chronicle_read(Arena *arena, const char *file);
