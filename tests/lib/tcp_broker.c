/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A port that is free now: nobody else here asks for one by number. */

#include "tests/lib/tcp_broker.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/mem.h"
#include "tests/lib/test.h"

uint16_t tcp_broker_find_port(void) {
        cleanup_fd int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct sockaddr_in address = {.sin_family = AF_INET};
        socklen_t n = sizeof address;

        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&address, n) == 0);
        CHECK(getsockname(fd, (struct sockaddr *)&address, &n) == 0);
        return ntohs(address.sin_port);
}

void tcp_broker_init(TcpBroker *broker, const char *config) {
        cleanup_free char *endpoint = NULL, *path = NULL;
        FILE *file;

        *broker = (TcpBroker){.port = tcp_broker_find_port()};
        endpoint = mem_printf("tcp://127.0.0.1:%u", broker->port);
        real_broker_init_at(&broker->real, endpoint);
        path = mem_printf("%s/.coldgate/config", broker->real.dir);
        file = fopen(path, "ae");
        CHECK(file && fputs(config, file) >= 0 && fclose(file) == 0);
        real_broker_approve(&broker->real);
}

void tcp_broker_start(TcpBroker *broker, const char *config) {
        tcp_broker_init(broker, config);
        real_broker_start(&broker->real);
}

void tcp_broker_deinit(TcpBroker *broker) {
        real_broker_deinit(&broker->real);
}

void tcp_broker_admit(const TcpBroker *broker, const char *name, const char *role) {
        cleanup_free char *public = mem_printf(".coldgate/keys/%s.pub", name);

        real_broker_do(&broker->real, NULL, "keygen", name);
        real_broker_do(&broker->real, NULL, "admit", name, role, public);
}
