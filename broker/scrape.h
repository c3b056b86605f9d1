/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Health and metrics, for who asks by HTTP on a unix socket or loopback: `GET /health`, `GET
 * /metrics`, one answer, closed. Everything is bounded: connections, bytes read of each, the time
 * that it may take; what is over a bound is closed. Never blocks the loop.
 */

#include "base/buf.h"
#include "base/fault.h"
#include "proto/loop.h"

typedef struct Scrape Scrape;

enum { _SCRAPE_E_SUCCESS, SCRAPE_E_REFUSED };

/* `address`: "unix:PATH" (below `root` unless it begins with `/`), "127.0.0.1:PORT" or
 * "[::1]:PORT". NULL for `ret_scrape`: it is only looked at. SCRAPE_E_REFUSED: rule config-value or
 * endpoint-unusable. */
int scrape_new(const char *address, const char *root, Scrape **ret_scrape,
               Fault *reterr_fault) must_check;
Scrape *scrape_free(Scrape *scrape);
DEFINE_FREEP(Scrape, scrape_free, scrape_freep)

/* NULL is fine for all of these. */
void scrape_add_fds(Scrape *scrape, LoopWait *wait);
/* Monotonic; UINT64_MAX: nothing is due. */
uint64_t scrape_deadline(const Scrape *scrape);
/* Who knows what is asked for; each is asked once for each who wants it. */
typedef struct ScrapeSource {
        void *userdata;
        void (*print_metrics)(void *userdata, Buf *text);
        /* False: what is said is refused now; the text says why. */
        bool (*print_health)(void *userdata, Buf *text);
} ScrapeSource;

/* Takes, reads, answers, closes. */
void scrape_step(Scrape *scrape, const LoopWait *wait, const ScrapeSource *source);
