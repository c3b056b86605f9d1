/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * One HTTP request, from inside a sandbox's network namespace or from this machine, made by a
 * forked child so that neither a hostile server nor the namespace touches the caller. No proxy, no
 * netrc, no cookies, http and https only; sizes and time are limited. Home of curl/curl.h.
 */

#include "base/buf.h"
#include "base/hash.h"
#include "base/slice.h"
#include "plan/match.h"
#include "verify/certificate.h"

enum {
        HTTP_BODY_KEPT = 1 << 20,  /* bytes of a body that are kept */
        HTTP_BODY_READ = 16 << 20, /* bytes after which reading stops */
        HTTP_HEADERS_MAX = 256,
        HTTP_HEADER_BYTES_MAX = 65536, /* of all headers together */
};

typedef enum HttpEnd {
        HTTP_BROKEN, /* our client: could not start, join, report */
        HTTP_ANSWERED,
        HTTP_REFUSED,
        HTTP_RESET,
        HTTP_TIMED_OUT,
        HTTP_NOT_READY, /* nothing accepted in all the time */
        HTTP_MALFORMED,
        HTTP_TLS,
        HTTP_REDIRECTS,
        HTTP_UNRESOLVED,
        HTTP_TOO_LARGE, /* the body passed HTTP_BODY_READ */
        _HTTP_END_MAX
} HttpEnd;

typedef struct HttpRequest {
        Slice url, method, body; /* method empty: GET */
        const PlanPair *headers;
        size_t n_headers;
        const Slice *resolve; /* "host:port:address": asked before any resolver */
        size_t n_resolve;
        Slice unix_socket; /* a path, of the mount namespace; empty: TCP */
        Slice ca;          /* certificates that are believed, PEM; empty: this machine's */
        bool follow_redirects, insecure;
        int namespace_pid;   /* whose network namespace; 0: this machine's */
        int mount_pid;       /* whose files `unix_socket` is one of; 0: this machine's */
        bool waits_for_port; /* a refused connection is tried again until the deadline */
        bool only_connects;  /* HTTP_ANSWERED, without a status, as soon as something accepts */
        uint64_t timeout_ms;
} HttpRequest;

typedef struct HttpAnswer {
        HttpEnd end;
        int status;
        ObservedHeader *headers; /* of the last response; names and values point into `report` */
        size_t n_headers;
        Slice body; /* its beginning, at most HTTP_BODY_KEPT */
        uint64_t body_bytes;
        Hash body_hash;                  /* of all that was read */
        uint64_t duration_ms;            /* of the request that was answered */
        char error[256];                 /* curl's words; "" if there was no error */
        ObservedCertificate certificate; /* of an https server; points into `facts` */
        CertificateFacts facts;
        char fingerprint[HASH_HEX + 1];
        Buf report;
} HttpAnswer;

typedef struct HttpFetch HttpFetch;

int http_start(const HttpRequest *request, HttpFetch **ret_fetch) must_check;

enum { _HTTP_E_SUCCESS, HTTP_E_PENDING };

/* Reads what there is and waits at most `wait_ms`. HTTP_E_PENDING: no answer yet. */
int http_wait(HttpFetch *fetch, uint64_t wait_ms, HttpAnswer *ret_answer) must_check;
HttpFetch *http_free(HttpFetch *fetch); /* kills the child if it still runs */
DEFINE_FREEP(HttpFetch, http_free, http_freep)

void http_answer_deinit(HttpAnswer *answer);
