/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* POSTs that block nobody: libcurl's multi interface in the broker's loop. http and https only, no
 * redirects, no proxy, no cookies, no netrc; what is answered is not kept. */

#include "base/fault.h"
#include "base/slice.h"
#include "proto/loop.h"

enum { HTTP_POST_HEADERS_MAX = 8 };

typedef struct HttpPost {
        const char *url;                            /* never logged */
        Slice body;                                 /* copied */
        const char *headers[HTTP_POST_HEADERS_MAX]; /* "Name: value", copied; never logged */
        size_t n_headers;
        uint64_t timeout_ms;
} HttpPost;

typedef struct HttpResult {
        void *token;
        unsigned status;   /* 0: there was no answer */
        uint64_t after_ms; /* what Retry-After asks for; 0: nothing */
        const char *error; /* static; NULL where there was an answer */
} HttpResult;

typedef struct HttpClient HttpClient;

enum { _HTTP_CLIENT_E_SUCCESS, HTTP_CLIENT_E_REFUSED };

/* HTTP_CLIENT_E_REFUSED: libcurl is not there (rule library-missing). */
int http_client_new(HttpClient **ret_client, Fault *reterr_fault) must_check;
/* Transfers that run are given up. */
HttpClient *http_client_free(HttpClient *client);
DEFINE_FREEP(HttpClient, http_client_free, http_client_freep)

/* Its result comes from http_client_take with `token`. False: it cannot be started. */
bool http_client_start(HttpClient *client, const HttpPost *post, void *token);
/* Descriptors into the wait, and when http_client_step is due at the latest (monotonic). */
void http_client_add_fds(const HttpClient *client, LoopWait *wait);
uint64_t http_client_deadline(const HttpClient *client);
void http_client_step(HttpClient *client, const LoopWait *wait);
/* The next one that has ended; false: none. */
bool http_client_take(HttpClient *client, HttpResult *ret_result);
