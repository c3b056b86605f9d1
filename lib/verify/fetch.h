/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The steps of one fetch into a quarantine, each of which tells whose fault its failure is. */

#include "base/buf.h"
#include "base/fault.h"

typedef struct Fetch {
        const char *mirror; /* its directory, absolute */
        const char *url;
        const char *commit;
        uint64_t deadline_ms; /* on the monotonic clock */
        char *quarantine;
        Buf output; /* of the last git; strangers wrote some of it */
        Fault *fault;
} Fetch;

enum {
        _FETCH_E_SUCCESS,
        FETCH_E_FAIL,    /* the claim's fault; the fault is set */
        FETCH_E_ERROR,   /* not the claim's fault; the fault is set */
        FETCH_E_REFUSED, /* the server did not give it */
        FETCH_E_AWAY,    /* the server could not be asked at all; the fault is set */
        FETCH_E_ABSENT,  /* the commit is not there */
        FETCH_E_PARTIAL, /* the commit is there, something below it is not */
        FETCH_E_MENDED,  /* the mirror did not hold, and is empty now */
};

void fetch_init(Fetch *fetch, const char *mirror, const char *url, const char *commit);
void fetch_deinit(Fetch *fetch);
#define cleanup_fetch cleanup(fetch_deinit)

/* Empties the quarantine and brings what the refspecs (NULL-terminated) name; what came has passed
 * fsck. FETCH_E_FAIL, FETCH_E_ERROR, FETCH_E_REFUSED, FETCH_E_AWAY. */
int fetch_obtain(Fetch *fetch, const char *const *refspecs) must_check;

/* Proves that the commit, and everything that can be reached from it, is in the quarantine or the
 * mirror. FETCH_E_FAIL, FETCH_E_ERROR, FETCH_E_ABSENT, FETCH_E_PARTIAL. */
int fetch_prove(Fetch *fetch) must_check;

/* Has git read every pack of the mirror itself, and empties it where one does not hold: it is a
 * cache. 0 only where git read all of them to the end. FETCH_E_ERROR, FETCH_E_MENDED. */
int fetch_mend(Fetch *fetch) must_check;

/* Sets the fault of a fetch that did not succeed, with what the last git said. FETCH_E_ERROR. */
int fetch_blame(Fetch *fetch, int git_result) must_check;
