/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Endpoints. Abstract sockets and wildcards are refused: nobody's permissions guard them. */

#include "proto/endpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/un.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"

static const char ipc_scheme[] = "ipc://";
static const char tcp_scheme[] = "tcp://";

enum { PATH_BYTES_MAX = sizeof((struct sockaddr_un *)0)->sun_path - 1, PORT_DIGITS_MAX = 5 };

static bool begins_with(const char *text, const char *prefix) {
        return strncmp(text, prefix, strlen(prefix)) == 0;
}

static int refuse_long(const char *path, Fault *reterr_fault) {
        fault_set(reterr_fault, "endpoint-too-long", "the name of the socket is too long");
        fault_place(reterr_fault, "%s", path);
        fault_next(reterr_fault, "use a shorter file name");
        return ENDPOINT_E_REFUSED;
}

static int open_long(const char *path, Endpoint *ret_endpoint, Fault *reterr_fault) {
        const char *slash = strrchr(path, '/');
        cleanup_free char *directory = NULL;
        cleanup_free char *address = NULL;
        cleanup_fd int fd = -1;

        if (!slash)
                return refuse_long(path, reterr_fault);
        directory = mem_strndup(path, (size_t)(slash - path) + 1);
        fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) {
                fault_set(reterr_fault, "endpoint-directory", "%s", strerror(errno));
                fault_place(reterr_fault, "%s", directory);
                return ENDPOINT_E_REFUSED;
        }
        address = mem_printf("%s/proc/self/fd/%d/%s", ipc_scheme, fd, slash + 1);
        if (strlen(address) - strlen(ipc_scheme) > PATH_BYTES_MAX)
                return refuse_long(path, reterr_fault);
        *ret_endpoint = (Endpoint){.address = TAKE(address), .directory_fd = fd_take(&fd)};
        return 0;
}

static bool is_tcp(const char *text) {
        const char *colon = strrchr(text, ':');
        size_t n = strspn(colon ? colon + 1 : "", "0123456789");

        return begins_with(text, tcp_scheme) && colon > text + strlen(tcp_scheme) && n > 0 &&
               n <= PORT_DIGITS_MAX && !colon[1 + n];
}

int endpoint_check(const char *text, Fault *reterr_fault) {
        const char *path = begins_with(text, ipc_scheme) ? text + strlen(ipc_scheme) : NULL;

        if (is_tcp(text) || (path && *path && *path != '@' && *path != '*'))
                return 0;
        fault_set(reterr_fault, "endpoint-scheme",
                  "neither ipc:// with a path nor tcp:// with host and port");
        fault_place(reterr_fault, "%s", text);
        fault_next(reterr_fault, "write ipc://.coldgate/run/broker.ipc, or tcp://127.0.0.1:7400");
        return ENDPOINT_E_REFUSED;
}

int endpoint_open(const char *text, Endpoint *ret_endpoint, Fault *reterr_fault) {
        const char *path = begins_with(text, ipc_scheme) ? text + strlen(ipc_scheme) : NULL;

        if (endpoint_check(text, reterr_fault) != 0)
                return ENDPOINT_E_REFUSED;
        if (path && strlen(path) > PATH_BYTES_MAX)
                return open_long(path, ret_endpoint, reterr_fault);
        *ret_endpoint = (Endpoint){.address = mem_strdup(text), .directory_fd = -1};
        return 0;
}

void endpoint_close(Endpoint *endpoint) {
        mem_freep(&endpoint->address);
        fd_close(&endpoint->directory_fd);
}
