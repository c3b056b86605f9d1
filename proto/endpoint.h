/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Where a channel is: `ipc://<path>` or `tcp://<host>:<port>`, and nothing else. */

#include "base/fault.h"

typedef struct Endpoint {
        char *address;    /* what ZeroMQ is told */
        int directory_fd; /* kept open as long as the address is used; -1: not needed */
} Endpoint;

#define ENDPOINT_INIT ((Endpoint){.directory_fd = -1})

enum { _ENDPOINT_E_SUCCESS, ENDPOINT_E_REFUSED };

/* Whether the words are an endpoint's; nothing is opened. ENDPOINT_E_REFUSED, rule endpoint-scheme.
 */
int endpoint_check(const char *text, Fault *reterr_fault) must_check;

/* A path too long for a socket address is reached through /proc/self/fd and its directory.
 * ENDPOINT_E_REFUSED with rule endpoint-scheme, endpoint-directory or endpoint-too-long. */
int endpoint_open(const char *text, Endpoint *ret_endpoint, Fault *reterr_fault) must_check;
void endpoint_close(Endpoint *endpoint);
