/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* HTTP by hand. */

#include "tests/lib/asked.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/fd.h"
#include "base/mem.h"
#include "tests/lib/test.h"

enum { ANSWER_S = 10 };

void asked_set(const RealBroker *broker, const char *line) {
        cleanup_free char *path = mem_printf("%s/.coldgate/config", broker->dir);
        FILE *file = fopen(path, "a");

        CHECK(file && fprintf(file, "%s\n", line) > 0 && fclose(file) == 0);
}

static int open_socket(int family) {
        static const struct timeval limit = {.tv_sec = ANSWER_S};
        int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

        CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
        return fd;
}

int asked_call(const RealBroker *broker) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = open_socket(AF_UNIX);

        CHECK(snprintf(address.sun_path, sizeof address.sun_path, "%s/.coldgate/run/metrics",
                       broker->dir) < (int)sizeof address.sun_path);
        CHECK(connect(fd, (const struct sockaddr *)&address, sizeof address) == 0);
        return fd;
}

int asked_call_port(uint16_t port) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
        int fd = open_socket(AF_INET);

        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        CHECK(connect(fd, (const struct sockaddr *)&address, sizeof address) == 0);
        return fd;
}

const char *asked_hear(int fd, Slice request) {
        static char answer[65536];
        size_t n = 0;
        ssize_t got;

        (void)send(fd, request.data, request.n, MSG_NOSIGNAL); /* it may have hung up already */
        while ((got = recv(fd, answer + n, sizeof answer - 1 - n, 0)) > 0)
                n += (size_t)got;
        if (got < 0 && errno == EAGAIN)
                FAIL_TEST("neither an answer nor an end");
        answer[n] = '\0';
        fd_close(&fd);
        return answer;
}

const char *asked(const RealBroker *broker, const char *path) {
        cleanup_free char *request = mem_printf("GET %s HTTP/1.0\r\n\r\n", path);

        return asked_hear(asked_call(broker), slice_text(request));
}
