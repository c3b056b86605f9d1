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
        CertificateFacts certificate;
} HttpReportHead;

/* libcurl, once in a process: the parent has it loaded for all of its children. NULL; or why it
 * cannot be. */
const char *http_load(void);

/* Leaves the parent behind: signals, environment, descriptors but `fd`, which becomes 3, and
 * rights; joins the namespaces that the request names. Until the monotonic deadline it waits for
 * the unix socket, as whose owner it goes on. NULL, or what could not be done, with errno. */
const char *http_isolate(const HttpRequest *request, pid_t parent, int fd,
                         uint64_t deadline_ms) must_check;

/* In the forked child: makes the request, writes the report to `fd`, exits. */
noreturn_ void http_child(const HttpRequest *request, pid_t parent, int fd);

typedef enum HttpLine { HTTP_LINE_STATUS, HTTP_LINE_HEADER, HTTP_LINE_OTHER } HttpLine;

/* A line of a response's head; a header's name, and its value without blanks around it. */
HttpLine http_read_line(Slice line, Slice *ret_name, Slice *ret_value);

/* Takes `answer->report` for what a child wrote, of which nothing is believed: false, it is no
 * report. What it says points into it. */
bool http_report_read(HttpAnswer *answer) must_check;
