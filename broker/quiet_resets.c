/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Two of the C library's functions as libzmq shall find them (decision 046). epoll tells of a
 * connection that is lost whether asked or not; libzmq 4.3.4, told while it has stopped to read
 * from that connection, ends the process when it goes on. So who does not ask for input hears of
 * a loss when it asks again, which is when the read fails.
 *
 * Part of the program itself, not of a library: the dynamic linker asks the program first.
 */

#include <errno.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Nothing asked for: the loss is told once and not for ever, so that nobody turns in a circle. */
int epoll_ctl(int epoll_fd, int operation, int fd, struct epoll_event *event) {
        struct epoll_event quiet;

        if (operation == EPOLL_CTL_MOD && event && event->events == 0) {
                quiet = *event;
                quiet.events = EPOLLET;
                event = &quiet;
        }
        return (int)syscall(SYS_epoll_ctl, epoll_fd, operation, fd, event);
}

/* Of a connection that is lost the kernel says as well that it can be read and written. */
int epoll_wait(int epoll_fd, struct epoll_event *events, int n_max, int limit_ms) {
        int n = epoll_pwait(epoll_fd, events, n_max, limit_ms, NULL);

        for (int i = 0; i < n; i++)
                events[i].events &= ~(uint32_t)(EPOLLERR | EPOLLHUP);
        return n;
}
