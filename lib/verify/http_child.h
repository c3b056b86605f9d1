/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The child's side of an HTTP request, and the form of its report: the head, then for each header
 * its name and its value, then the body; each of these with its length in four bytes before it, in
 * the byte order of the machine that both run on. */

#include <sys/types.h>

#include "verify/http.h"

typedef struct HttpReportHead {
        uint32_t end; /* HttpEnd */
        uint32_t status;
        uint32_t n_headers;
        uint32_t unused;
        uint64_t body_bytes;
        uint64_t duration_ms;
        Hash body_hash;
        char error[256];
} HttpReportHead;

/* In the forked child: makes the request, writes the report to `fd`, exits. */
noreturn_ void http_child(const HttpRequest *request, pid_t parent, int fd);
