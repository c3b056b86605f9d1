/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * views.db: the ledger for who knows SQL. The entries' bodies as JSON and the status at the newest
 * one, and views over both (docs/ledger.md), for `sqlite3 -readonly`. A database of its own, made
 * at rest: it can be deleted and made again at any time, and neither its readers nor its writing
 * stand in the way of the ledger. One process writes it, the one that holds the ledger's lock.
 */

#include "broker/ledger.h"
#include "broker/state.h"

typedef struct Views Views;

enum {
        _VIEWS_E_SUCCESS,
        VIEWS_E_BROKEN, /* SQLite cannot go on with it; a log line says why */
};

/* What is there and fits the ledger is gone on with; anything else is made anew. */
int views_open(const char *path, Ledger *ledger, Views **ret_views) must_check;
Views *views_free(Views *views);
DEFINE_FREEP(Views, views_free, views_freep)

/* The newest entry that it has. */
uint64_t views_get_head(const Views *views);
/* Takes the next entry; one that it has is passed over. VIEWS_E_BROKEN. */
int views_add(Views *views, const Entry *entry, const Message *message) must_check;
/* The status at the newest entry; makes all of it visible. VIEWS_E_BROKEN. */
int views_finish(Views *views, const State *state, uint64_t as_of_ms) must_check;
/* What was added so far, visible. VIEWS_E_BROKEN. */
int views_commit(Views *views) must_check;

/* ---- views_fill.c ---- */

/* All that the ledger has into the views, which nobody else writes meanwhile. `is_anew`: without
 * what they have. VIEWS_E_BROKEN. Rules as fold_ledger. */
enum { VIEWS_E_CORRUPT = VIEWS_E_BROKEN + 1 };
int views_fill(const char *path, Ledger *ledger, bool is_anew, uint64_t *ret_n_entries,
               Fault *reterr_fault) must_check;

/* ---- views_check.c ---- */

typedef struct ViewsReport {
        bool is_there;
        uint64_t n_entries;
} ViewsReport;

enum { _VIEWS_CHECK_E_SUCCESS, VIEWS_CHECK_E_DIFFERS };

/* Compares every row with what the ledger gives; that entries are missing at the end is no
 * difference. VIEWS_CHECK_E_DIFFERS: rule views-differ. */
int views_check(const char *path, Ledger *ledger, ViewsReport *ret_report,
                Fault *reterr_fault) must_check;

/* A Markdown table of the views, for docs. */
void views_print_docs(Buf *text);
