/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

#include "broker/scrape.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/slice.h"

enum {
        CALLERS_MAX = 8,
        REQUEST_BYTES_MAX = 4096,
        ANSWER_BYTES_MAX = 1 << 20,
        CALLER_MS = 5000, /* from the first byte to the last */
        PORT_MAX = 65535,
        DECIMAL = 10,
};

typedef struct Caller {
        int fd; /* -1: free */
        size_t source;
        uint64_t until_ms;
        char request[REQUEST_BYTES_MAX];
        size_t n_request, n_sent;
        Buf answer; /* empty while the request is read */
} Caller;

typedef union Address {
        struct sockaddr any;
        struct sockaddr_un unix_;
        struct sockaddr_in ip4;
        struct sockaddr_in6 ip6;
} Address;

struct Scrape {
        int fd;
        size_t source;
        char *path; /* of a unix socket; otherwise NULL */
        Caller callers[CALLERS_MAX];
};

/* ---- the address ---- */

static int refuse(const char *rule, const char *address, const char *found, Fault *fault) {
        fault_set(fault, rule, "metrics = %s: %s", address, found);
        fault_next(fault, "unix:PATH, 127.0.0.1:PORT or [::1]:PORT");
        return SCRAPE_E_REFUSED;
}

static bool parse_port(const char *text, in_port_t *ret_port) {
        char *end;
        unsigned long port;

        if (text[0] < '0' || text[0] > '9')
                return false;
        port = strtoul(text, &end, DECIMAL);
        if (*end || port == 0 || port > PORT_MAX)
                return false;
        *ret_port = htons((in_port_t)port);
        return true;
}

/* Loopback alone: what is told is told to whoever asks. */
static bool parse_loopback(const char *text, Address *ret_address, socklen_t *ret_n) {
        static const char ip4[] = "127.0.0.1:", ip6[] = "[::1]:";

        if (strncmp(text, ip4, sizeof ip4 - 1) == 0) {
                ret_address->ip4 = (struct sockaddr_in){.sin_family = AF_INET,
                                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
                *ret_n = sizeof ret_address->ip4;
                return parse_port(text + sizeof ip4 - 1, &ret_address->ip4.sin_port);
        }
        if (strncmp(text, ip6, sizeof ip6 - 1) != 0)
                return false;
        ret_address->ip6 =
                (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
        *ret_n = sizeof ret_address->ip6;
        return parse_port(text + sizeof ip6 - 1, &ret_address->ip6.sin6_port);
}

static int parse(const char *address, const char *root, Address *ret_address, socklen_t *ret_n,
                 char **ret_path, Fault *fault) {
        static const char word[] = "unix:";
        const char *path = address + sizeof word - 1;

        *ret_path = NULL;
        if (strncmp(address, word, sizeof word - 1) != 0)
                return parse_loopback(address, ret_address, ret_n)
                               ? 0
                               : refuse("config-value", address, "not an address", fault);
        *ret_path = path[0] == '/' ? mem_strdup(path) : mem_printf("%s/%s", root, path);
        if (!path[0] || strlen(*ret_path) >= sizeof ret_address->unix_.sun_path)
                return refuse("config-value", address, "the path is empty or too long", fault);
        ret_address->unix_ = (struct sockaddr_un){.sun_family = AF_UNIX};
        memcpy(ret_address->unix_.sun_path, *ret_path, strlen(*ret_path));
        *ret_n = sizeof ret_address->unix_;
        return 0;
}

/* Of an earlier broker; something else that has the name is left alone. */
static void remove_socket(const char *path) {
        struct stat facts;

        if (path && lstat(path, &facts) == 0 && S_ISSOCK(facts.st_mode))
                (void)unlink(path); /* what cannot be removed cannot be bound either */
}

static int bind_to(Scrape *scrape, const Address *address, socklen_t n) {
        static const int yes = 1;
        mode_t mask = umask(077);
        int r;

        scrape->fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)setsockopt(scrape->fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes); /* a wish */
        r = scrape->fd < 0 || bind(scrape->fd, &address->any, n) < 0 ||
                            listen(scrape->fd, CALLERS_MAX) < 0
                    ? -errno
                    : 0;
        (void)umask(mask);
        return r;
}

int scrape_new(const char *address, const char *root, Scrape **ret_scrape, Fault *reterr_fault) {
        cleanup(scrape_freep) Scrape *scrape = NULL;
        cleanup_free char *path = NULL;
        Address where;
        socklen_t n;
        int r = parse(address, root, &where, &n, &path, reterr_fault);

        if (r != 0 || !ret_scrape)
                return r;
        scrape = mem_new(Scrape);
        for (size_t i = 0; i < CALLERS_MAX; i++)
                scrape->callers[i].fd = -1;
        remove_socket(path);
        r = bind_to(scrape, &where, n);
        if (r < 0)
                return refuse("endpoint-unusable", address, strerror(-r), reterr_fault);
        scrape->path = TAKE(path);
        *ret_scrape = TAKE(scrape);
        return 0;
}

static void hang_up(Caller *caller) {
        fd_close(&caller->fd);
        buf_deinit(&caller->answer);
        caller->n_request = caller->n_sent = 0;
}

Scrape *scrape_free(Scrape *scrape) {
        if (!scrape)
                return NULL;
        for (size_t i = 0; i < CALLERS_MAX; i++)
                hang_up(&scrape->callers[i]);
        fd_close(&scrape->fd);
        remove_socket(scrape->path);
        free(scrape->path);
        free(scrape);
        return NULL;
}

/* ---- the loop ---- */

static bool is_full(const Scrape *scrape) {
        for (size_t i = 0; i < CALLERS_MAX; i++)
                if (scrape->callers[i].fd < 0)
                        return false;
        return true;
}

/* Who finds no place waits in the kernel's queue, which is bounded too. */
void scrape_add_fds(Scrape *scrape, LoopWait *wait) {
        if (!scrape)
                return;
        scrape->source = SIZE_MAX;
        if (!is_full(scrape))
                scrape->source = loop_add_fd(wait, scrape->fd, false);
        for (size_t i = 0; i < CALLERS_MAX; i++) {
                Caller *caller = &scrape->callers[i];

                caller->source = SIZE_MAX;
                if (caller->fd >= 0)
                        caller->source = loop_add_fd(wait, caller->fd, caller->answer.n > 0);
        }
}

uint64_t scrape_deadline(const Scrape *scrape) {
        uint64_t first = UINT64_MAX;

        for (size_t i = 0; scrape && i < CALLERS_MAX; i++)
                if (scrape->callers[i].fd >= 0 && scrape->callers[i].until_ms < first)
                        first = scrape->callers[i].until_ms;
        return first;
}

static void take_callers(Scrape *scrape, uint64_t now_ms) {
        for (size_t i = 0; i < CALLERS_MAX; i++) {
                Caller *caller = &scrape->callers[i];

                if (caller->fd >= 0)
                        continue;
                caller->fd = accept4(scrape->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
                if (caller->fd < 0)
                        return;
                caller->until_ms = now_ms + CALLER_MS;
                caller->source = SIZE_MAX;
                caller->answer = BUF_INIT(ANSWER_BYTES_MAX);
        }
}

/* ---- one caller ---- */

static void answer(Caller *caller, const char *status, Slice body) {
        buf_printf(&caller->answer,
                   "HTTP/1.0 %s\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
                   "Content-Length: %zu\r\nConnection: close\r\n\r\n",
                   status, body.n);
        buf_slice(&caller->answer, body);
}

/* "GET /metrics HTTP/1.1": the path, without what stands behind a `?`; empty if it is no GET. */
static Slice path_of(Slice line) {
        Slice method = slice_head(line, slice_find(line, slice_text(" ")));
        Slice rest = slice_from(line, method.n + 1);
        Slice path = slice_head(rest, slice_find(rest, slice_text(" ")));

        if (!slice_is(method, "GET") || path.n == rest.n)
                return SLICE_NULL;
        return slice_head(path, slice_find(path, slice_text("?")));
}

static void answer_request(Caller *caller, const ScrapeSource *source) {
        cleanup_buf Buf body = BUF_INIT(ANSWER_BYTES_MAX / 2);
        Slice request = slice_make(caller->request, caller->n_request);
        Slice path = path_of(slice_head(request, slice_find(request, slice_text("\r\n"))));

        if (slice_is(path, "/metrics")) {
                source->print_metrics(source->userdata, &body);
                answer(caller, "200 OK", buf_get(&body));
        } else if (slice_is(path, "/health")) {
                bool is_well = source->print_health(source->userdata, &body);

                answer(caller, is_well ? "200 OK" : "503 Service Unavailable", buf_get(&body));
        } else if (path.n) {
                answer(caller, "404 Not Found", slice_text("/health and /metrics\n"));
        } else {
                answer(caller, "400 Bad Request", slice_text("GET only\n"));
        }
}

static void read_request(Caller *caller, const ScrapeSource *source) {
        ssize_t n = recv(caller->fd, caller->request + caller->n_request,
                         sizeof caller->request - caller->n_request, 0);
        Slice request;

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;
        if (n <= 0) {
                hang_up(caller);
                return;
        }
        caller->n_request += (size_t)n;
        request = slice_make(caller->request, caller->n_request);
        if (slice_find(request, slice_text("\r\n\r\n")) < request.n)
                answer_request(caller, source);
        else if (caller->n_request == sizeof caller->request)
                answer(caller, "431 Request Header Fields Too Large", SLICE_NULL);
}

static void write_answer(Caller *caller) {
        Slice rest = slice_from(buf_get(&caller->answer), caller->n_sent);
        ssize_t n = send(caller->fd, rest.data, rest.n, MSG_NOSIGNAL);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;
        if (n > 0)
                caller->n_sent += (size_t)n;
        if (n <= 0 || caller->n_sent == caller->answer.n)
                hang_up(caller);
}

static void serve_caller(Caller *caller, const ScrapeSource *source) {
        if (caller->answer.n)
                write_answer(caller);
        else
                read_request(caller, source);
}

void scrape_step(Scrape *scrape, const LoopWait *wait, const ScrapeSource *source) {
        uint64_t now_ms = clock_mono_ms();

        if (!scrape)
                return;
        for (size_t i = 0; i < CALLERS_MAX; i++) {
                Caller *caller = &scrape->callers[i];

                if (caller->fd < 0)
                        continue;
                if (now_ms >= caller->until_ms)
                        hang_up(caller);
                else if (caller->source != SIZE_MAX && wait->fds[caller->source].is_ready)
                        serve_caller(caller, source);
        }
        if (scrape->source != SIZE_MAX && wait->fds[scrape->source].is_ready)
                take_callers(scrape, now_ms);
}
