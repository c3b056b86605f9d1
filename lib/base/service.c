/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The protocol is thirty lines; its library would bring a dependency of each program for them. */

#include "base/service.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"

enum { LINES_BYTES = 1024, DECIMAL = 10 };

static bool find_address(struct sockaddr_un *ret_address, socklen_t *ret_n) {
        const char *path = getenv("NOTIFY_SOCKET");
        size_t n = path ? strlen(path) : 0;

        *ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
        if (n < 2 || n >= sizeof ret_address->sun_path || (path[0] != '/' && path[0] != '@'))
                return false;
        memcpy(ret_address->sun_path, path, n);
        if (path[0] == '@')
                ret_address->sun_path[0] = '\0';
        *ret_n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
        return true;
}

void service_say(const char *format, ...) {
        cleanup_fd int fd = -1;
        struct sockaddr_un address;
        char lines[LINES_BYTES];
        socklen_t n_address;
        va_list args;
        int n;

        if (!find_address(&address, &n_address))
                return;
        va_start(args, format);
        n = vsnprintf(lines, sizeof lines, format, args);
        va_end(args);
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || n < 0)
                return;
        /* A manager that is full or gone does not hold us up. */
        (void)sendto(fd, lines, size_min((size_t)n, sizeof lines - 1), MSG_DONTWAIT | MSG_NOSIGNAL,
                     (const struct sockaddr *)&address, n_address);
}

void service_say_reloading(void) {
        service_say("RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_mono_ns() / 1000);
}

uint64_t service_watchdog_ms(void) {
        const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
        uint64_t ms;

        if (!usec || (pid && strtoll(pid, NULL, DECIMAL) != getpid()))
                return 0;
        ms = strtoull(usec, NULL, DECIMAL) / 2000;
        return ms ? ms : 1;
}
