/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* One request after the other; a connection that is to hang is kept open and forgotten. */

#include "tests/lib/hook_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "tests/lib/test.h"

enum { REQUEST_BYTES_MAX = 1 << 20, BACKLOG = 64, LOOK_MS = 10 };

/* ---- in the child ---- */

static size_t length_of_body(const char *head) {
        const char *line = strcasestr(head, "\r\nContent-Length:");

        return line ? strtoul(line + strlen("\r\nContent-Length:"), NULL, 10) : 0;
}

/* False: it closed before all of it was there. */
static bool read_request(int fd, Buf *request) {
        for (;;) {
                const char *end = strstr(buf_get_text(request), "\r\n\r\n");
                uint8_t *room;
                ssize_t n;

                if (end && request->n >= (size_t)(end - buf_get_text(request)) + 4 +
                                                 length_of_body(buf_get_text(request)))
                        return true;
                room = buf_reserve(request, 4097);
                n = room ? read(fd, room, 4096) : 0;
                if (n <= 0)
                        return false;
                request->n += (size_t)n;
                request->data[request->n] = 0;
        }
}

static void write_down(const char *path, const Buf *request) {
        int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

        if (fd < 0 || fd_write_all(fd, buf_get(request)) != 0 ||
            fd_write_all(fd, slice_text("\n")) != 0)
                _exit(1);
        fd_close(&fd);
}

static void serve(const HookServer *server, int fd) {
        cleanup_buf Buf request = BUF_INIT(REQUEST_BYTES_MAX), mode = BUF_INIT(64);
        cleanup_free char *answer = NULL;

        if (!read_request(fd, &request)) {
                (void)close(fd);
                return;
        }
        write_down(server->log, &request);
        if (file_read(server->mode, &mode) != 0)
                _exit(1);
        if (slice_is(buf_get(&mode), "hang"))
                return; /* open until the process ends */
        if (!slice_is(buf_get(&mode), "break")) {
                answer = mem_printf("HTTP/1.1 %s x\r\nContent-Length: 0\r\nConnection: "
                                    "close\r\nLocation: http://127.0.0.1:1/\r\n\r\n",
                                    buf_get_text(&mode));
                (void)!write(fd, answer, strlen(answer)); /* it may be gone */
        }
        (void)close(fd);
}

static void run(const HookServer *server, int listener, pid_t parent) {
        (void)signal(SIGPIPE, SIG_IGN);
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
                _exit(1);
        for (;;) {
                int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

                if (fd >= 0)
                        serve(server, fd);
        }
}

/* ---- in the test ---- */

static int listen_at(int *port) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)*port)};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
        socklen_t n = sizeof address;

        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        CHECK(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0);
        CHECK(bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
        CHECK(listen(fd, BACKLOG) == 0 && getsockname(fd, (struct sockaddr *)&address, &n) == 0);
        *port = ntohs(address.sin_port);
        return fd;
}

void hook_server_start(HookServer *server, const char *mode) {
        pid_t parent = getpid();
        int listener;

        if (!server->log) {
                char path[] = "/tmp/coldgate-hook-XXXXXX";

                CHECK(mkdtemp(path) != NULL);
                server->log = mem_printf("%s/requests", path);
                server->mode = mem_printf("%s/mode", path);
        }
        hook_server_set_mode(server, mode);
        listener = listen_at(&server->port);
        server->pid = fork();
        CHECK(server->pid >= 0);
        if (server->pid == 0)
                run(server, listener, parent);
        (void)close(listener);
}

void hook_server_set_mode(const HookServer *server, const char *mode) {
        CHECK_EQ_INT(file_write_atomic(server->mode, slice_text(mode), 0600), 0);
}

void hook_server_stop(HookServer *server) {
        if (server->pid <= 0)
                return;
        (void)kill(server->pid, SIGKILL);
        (void)waitpid(server->pid, NULL, 0);
        server->pid = 0;
}

void hook_server_deinit(HookServer *server) {
        hook_server_stop(server);
        if (server->log) {
                *strrchr(server->mode, '/') = 0;
                (void)!dir_remove(server->mode); /* a leftover in /tmp fails no test */
        }
        free(server->log);
        free(server->mode);
}

/* All requests so far, each with its head and body. */
static void read_log(const HookServer *server, Buf *text) {
        int r = file_read(server->log, text);

        CHECK(r == 0 || r == FILE_E_MISSING);
}

size_t hook_server_count(const HookServer *server, const char *part) {
        cleanup_buf Buf text = BUF_TEXT;
        size_t n = 0;

        read_log(server, &text);
        for (const char *at = buf_get_text(&text); (at = strstr(at, part)); at += strlen(part))
                n++;
        return n;
}

void hook_server_wait(const HookServer *server, const char *part, size_t n, uint64_t limit_ms) {
        uint64_t end_ms = clock_mono_ms() + limit_ms;

        while (hook_server_count(server, part) < n) {
                cleanup_buf Buf text = BUF_TEXT;

                (void)poll(NULL, 0, LOOK_MS);
                if (clock_mono_ms() < end_ms)
                        continue;
                read_log(server, &text);
                FAIL_TEST("%zu times \"%s\" wanted in:\n%s", n, part, buf_get_text(&text));
        }
}
