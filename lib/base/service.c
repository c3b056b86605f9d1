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
#include "base/proc.h"

enum { LINES_BYTES = 1024, US_PER_MS = 1000 };

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

/* False: anything else stands there, or too large a one. */
static bool read_number(const char *text, uint64_t *ret_number) {
        *ret_number = proc_number(slice_text(text));
        return text[0] && !text[strspn(text, "0123456789")] && *ret_number != UINT64_MAX;
}

uint64_t service_watchdog_of(const char *usec, const char *for_pid, uint64_t own_pid) {
        uint64_t wanted_us, pid = own_pid;

        if (!usec || (for_pid && !read_number(for_pid, &pid)) || pid != own_pid ||
            !read_number(usec, &wanted_us) || !wanted_us)
                return 0;
        return wanted_us < 2 * US_PER_MS ? 1 : wanted_us / (2 * US_PER_MS);
}

uint64_t service_watchdog_ms(void) {
        return service_watchdog_of(getenv("WATCHDOG_USEC"), getenv("WATCHDOG_PID"),
                                   (uint64_t)getpid());
}
