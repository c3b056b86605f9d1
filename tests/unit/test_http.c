/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Requests against a server in this test that answers with canned bytes. */

#include "verify/http.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"

#include "tests/lib/test.h"

enum { LIMIT_MS = 20000, REQUEST_BYTES = 8192, LINE_BYTES = 200000 };

typedef struct Server {
        pid_t pid;
        int requests; /* what clients said, read end */
        char url[64];
} Server;

/* Sends `answer` again and again until the client has enough, `times` times in all. */
static void serve(int listener, int requests, Slice answer, size_t times) {
        for (;;) {
                char request[REQUEST_BYTES];
                cleanup_fd int client = accept(listener, NULL, NULL);
                ssize_t n = client < 0 ? -1 : read(client, request, sizeof request);
                int r = 0;

                if (n > 0)
                        r = fd_write_all(requests, slice_make(request, (size_t)n));
                for (size_t i = 0; r == 0 && i < times; i++)
                        r = fd_write_all(client, answer);
        }
}

static int listen_somewhere(Server *server) {
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t n = sizeof address;
        int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        CHECK(listener >= 0);
        CHECK_EQ_INT(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
        CHECK_EQ_INT(getsockname(listener, (struct sockaddr *)&address, &n), 0);
        (void)snprintf(server->url, sizeof server->url, "http://127.0.0.1:%u/x",
                       (unsigned)ntohs(address.sin_port));
        return listener;
}

/* Dies with the test's process, as everything that a test leaves behind. */
static void server_start(Server *server, Slice answer, size_t times) {
        int listener = listen_somewhere(server);
        int ends[2];

        CHECK_EQ_INT(listen(listener, 8), 0);
        CHECK_EQ_INT(pipe(ends), 0);
        server->pid = fork();
        if (server->pid == 0) {
                (void)signal(SIGPIPE, SIG_IGN);
                serve(listener, ends[1], answer, times);
        }
        (void)close(listener);
        (void)close(ends[1]);
        server->requests = ends[0];
}

static void answer_of(const HttpRequest *request, HttpAnswer *ret_answer) {
        cleanup(http_freep) HttpFetch *fetch = NULL;

        CHECK_EQ_INT(http_start(request, &fetch), 0);
        CHECK_EQ_INT(http_wait(fetch, LIMIT_MS, ret_answer), 0);
}

static HttpRequest request_to(const Server *server) {
        return (HttpRequest){.url = slice_text(server->url), .timeout_ms = LIMIT_MS / 2};
}

static void get(const char *canned, HttpAnswer *ret_answer) {
        Server server;
        HttpRequest request;

        server_start(&server, slice_text(canned), 1);
        request = request_to(&server);
        answer_of(&request, ret_answer);
}

TEST(an_answer_comes_back_whole) {
        cleanup(http_answer_deinit) HttpAnswer answer = {.end = HTTP_BROKEN};
        Hash hash;

        get("HTTP/1.1 303 See Other\r\nContent-Length: 5\r\nX-A:  b \r\nX-Empty:\r\n\r\nhello",
            &answer);
        CHECK_EQ_INT(answer.end, HTTP_ANSWERED);
        CHECK_EQ_INT(answer.status, 303);
        CHECK_EQ_SLICE(answer.body, slice_text("hello"));
        CHECK_EQ_U64(answer.body_bytes, 5);
        hash_of(slice_text("hello"), &hash);
        CHECK(hash_equal(&hash, &answer.body_hash));
        CHECK_EQ_U64(answer.n_headers, 3);
        CHECK_EQ_SLICE(answer.headers[1].name, slice_text("X-A"));
        CHECK_EQ_SLICE(answer.headers[1].value, slice_text("b"));
        CHECK_EQ_U64(answer.headers[2].value.n, 0);
}

TEST(the_headers_of_a_provisional_answer_do_not_count) {
        cleanup(http_answer_deinit) HttpAnswer answer = {.end = HTTP_BROKEN};

        get("HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n"
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            &answer);
        CHECK_EQ_INT(answer.status, 200);
        CHECK_EQ_U64(answer.n_headers, 1);
}

TEST(a_redirect_is_not_followed_unless_asked) {
        cleanup(http_answer_deinit) HttpAnswer answer = {.end = HTTP_BROKEN};

        get("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
            &answer);
        CHECK_EQ_INT(answer.end, HTTP_ANSWERED);
        CHECK_EQ_INT(answer.status, 302);
}

TEST(an_endless_redirect_ends) {
        cleanup(http_answer_deinit) HttpAnswer answer = {.end = HTTP_BROKEN};
        Server server;
        HttpRequest request;

        server_start(&server,
                     slice_text("HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n"
                                "Connection: close\r\n\r\n"),
                     1);
        request = request_to(&server);
        request.follow_redirects = true;
        answer_of(&request, &answer);
        CHECK_EQ_INT(answer.end, HTTP_REDIRECTS);
}

TEST(a_redirect_to_another_scheme_is_refused) {
        cleanup(http_answer_deinit) HttpAnswer answer = {.end = HTTP_BROKEN};
        Server server;
        HttpRequest request;

        server_start(&server,
                     slice_text("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n"
                                "Content-Length: 0\r\nConnection: close\r\n\r\n"),
                     1);
        request = request_to(&server);
        request.follow_redirects = true;
        answer_of(&request, &answer);
        CHECK_EQ_INT(answer.end, HTTP_MALFORMED);
}

TEST(method_headers_and_body_are_sent_as_they_are) {
        cleanup(http_answer_deinit) HttpAnswer answer = {.end = HTTP_BROKEN};
        PlanPair headers[] = {{slice_text("Host"), slice_text("ci.example.net")},
                              {slice_text("X-Empty"), SLICE_NULL}};
        char seen[REQUEST_BYTES] = "";
        Server server;
        HttpRequest request;

        server_start(&server, slice_text("HTTP/1.1 204 No Content\r\n\r\n"), 1);
        request = request_to(&server);
        request.method = slice_text("PUT");
        request.body = slice_text("four");
        request.headers = headers;
        request.n_headers = ARRAY_SIZE(headers);
        answer_of(&request, &answer);
        CHECK_EQ_INT(answer.status, 204);
        CHECK(read(server.requests, seen, sizeof seen - 1) > 0);
        CHECK_CONTAINS(seen, "PUT /x HTTP/1.1\r\n");
        CHECK_CONTAINS(seen, "Host: ci.example.net\r\n");
        CHECK_CONTAINS(seen, "X-Empty:\r\n");
        CHECK_CONTAINS(seen, "Content-Length: 4\r\n");
        CHECK_CONTAINS_NOT(seen, "User-Agent");
}

TEST(the_environment_gives_no_proxy) {
        cleanup(http_answer_deinit) HttpAnswer answer = {.end = HTTP_BROKEN};

        CHECK_EQ_INT(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
        CHECK_EQ_INT(setenv("ALL_PROXY", "http://127.0.0.1:1", 1), 0);
        get("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", &answer);
        CHECK_EQ_INT(answer.end, HTTP_ANSWERED);
}

TEST(what_nobody_serves_is_refused) {
        cleanup(http_answer_deinit) HttpAnswer answer = {.end = HTTP_BROKEN};
        Server server = {.pid = 0};
        cleanup_fd int bound = listen_somewhere(&server);
        HttpRequest request = request_to(&server);

        CHECK(bound >= 0);
        answer_of(&request, &answer);
        CHECK_EQ_INT(answer.end, HTTP_REFUSED);
        http_answer_deinit(&answer);
        request.waits_for_port = true;
        request.timeout_ms = 100;
        answer_of(&request, &answer);
        CHECK_EQ_INT(answer.end, HTTP_NOT_READY);
}

TEST(a_port_that_opens_later_is_waited_for) {
        cleanup(http_answer_deinit) HttpAnswer answer = {.end = HTTP_BROKEN};
        cleanup(http_freep) HttpFetch *fetch = NULL;
        Server server = {.pid = 0};
        int listener = listen_somewhere(&server);
        HttpRequest request = request_to(&server);

        request.waits_for_port = true;
        CHECK_EQ_INT(http_start(&request, &fetch), 0);
        CHECK_EQ_INT(http_wait(fetch, 30, &answer), HTTP_E_PENDING);
        CHECK_EQ_INT(listen(listener, 8), 0);
        server.pid = fork();
        if (server.pid == 0)
                serve(listener, open("/dev/null", O_WRONLY | O_CLOEXEC),
                      slice_text("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), 1);
        CHECK_EQ_INT(http_wait(fetch, LIMIT_MS, &answer), 0);
        CHECK_EQ_INT(answer.end, HTTP_ANSWERED);
}

TEST(a_server_that_says_nothing_runs_into_the_deadline) {
        cleanup(http_answer_deinit) HttpAnswer answer = {.end = HTTP_BROKEN};
        Server server = {.pid = 0};
        cleanup_fd int listener = listen_somewhere(&server);
        HttpRequest request = request_to(&server);

        CHECK_EQ_INT(listen(listener, 8), 0);
        request.timeout_ms = 500; /* a child under valgrind needs some of it to begin */
        answer_of(&request, &answer);
        CHECK_EQ_INT(answer.end, HTTP_TIMED_OUT);
}

TEST(a_connection_that_breaks_is_a_reset) {
        cleanup(http_answer_deinit) HttpAnswer answer = {.end = HTTP_BROKEN};

        get("", &answer);
        CHECK_EQ_INT(answer.end, HTTP_RESET);
        http_answer_deinit(&answer);
        get("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort", &answer);
        CHECK_EQ_INT(answer.end, HTTP_RESET);
}

TEST(what_is_not_http_is_malformed) {
        cleanup(http_answer_deinit) HttpAnswer answer = {.end = HTTP_BROKEN};

        get("SSH-2.0-OpenSSH_9.2\r\n", &answer);
        CHECK_EQ_INT(answer.end, HTTP_MALFORMED);
}

TEST(a_long_body_is_kept_in_part_and_counted_whole) {
        cleanup(http_answer_deinit) HttpAnswer answer = {.end = HTTP_BROKEN};
        static char canned[128 + (3 << 20)];
        int n = snprintf(canned, sizeof canned, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n",
                         3 << 20);
        Server server;
        HttpRequest request;

        memset(canned + n, 'x', 3 << 20);
        server_start(&server, slice_make(canned, (size_t)n + (3 << 20)), 1);
        request = request_to(&server);
        answer_of(&request, &answer);
        CHECK_EQ_INT(answer.end, HTTP_ANSWERED);
        CHECK_EQ_U64(answer.body.n, HTTP_BODY_KEPT);
        CHECK_EQ_U64(answer.body_bytes, 3 << 20);
}

TEST(an_endless_body_is_cut_off) {
        cleanup(http_answer_deinit) HttpAnswer answer = {.end = HTTP_BROKEN};
        static char canned[1 << 20];
        Server server;
        HttpRequest request;

        memset(canned, 'x', sizeof canned);
        memcpy(canned, "HTTP/1.1 200 OK\r\n\r\n", 19);
        server_start(&server, slice_make(canned, sizeof canned), SIZE_MAX);
        request = request_to(&server);
        answer_of(&request, &answer);
        CHECK_EQ_INT(answer.end, HTTP_TOO_LARGE);
}

TEST(endless_headers_are_cut_off) {
        cleanup(http_answer_deinit) HttpAnswer answer = {.end = HTTP_BROKEN};
        static char canned[1 << 20];
        Server server;
        HttpRequest request;

        for (size_t i = 0; i + 64 <= sizeof canned; i += 64)
                memcpy(canned + i,
                       "X-Much: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n", 64);
        memcpy(canned, "HTTP/1.1 200 OK\r\nX-First: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n", 64);
        server_start(&server, slice_make(canned, sizeof canned), SIZE_MAX);
        request = request_to(&server);
        answer_of(&request, &answer);
        CHECK(answer.end != HTTP_ANSWERED);
        CHECK(answer.n_headers <= HTTP_HEADERS_MAX);
}

TEST(what_a_server_says_never_looks_like_a_failure_of_ours) {
        static const char *const redirects[] = {"http://no-such-host.invalid/", "http://[::zz/"};
        cleanup_buf Buf header = BUF_TEXT;
        cleanup_buf Buf status = BUF_TEXT;
        const char *const long_ones[] = {"HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 200 "};
        Buf *const texts[] = {&header, &status};

        for (size_t i = 0; i < ARRAY_SIZE(redirects); i++) {
                cleanup(http_answer_deinit) HttpAnswer answer = {.end = HTTP_BROKEN};
                cleanup_buf Buf canned = BUF_TEXT;
                HttpRequest request;
                Server server;

                buf_printf(&canned,
                           "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
                           redirects[i]);
                server_start(&server, buf_get(&canned), 1);
                request = request_to(&server);
                request.follow_redirects = true;
                answer_of(&request, &answer);
                CHECK_EQ_INT(answer.end, HTTP_MALFORMED);
        }
        for (size_t i = 0; i < ARRAY_SIZE(long_ones); i++) {
                cleanup(http_answer_deinit) HttpAnswer answer = {.end = HTTP_BROKEN};

                buf_text(texts[i], long_ones[i]);
                for (int k = 0; k < LINE_BYTES; k++)
                        buf_byte(texts[i], 'x');
                buf_text(texts[i], "\r\n\r\n");
                get(buf_get_text(texts[i]), &answer);
                CHECK_EQ_INT(answer.end, HTTP_MALFORMED);
        }
}

TEST(other_schemes_are_not_fetched) {
        cleanup(http_answer_deinit) HttpAnswer answer = {.end = HTTP_BROKEN};
        HttpRequest request = {.url = slice_text("file:///etc/passwd"), .timeout_ms = 1000};

        answer_of(&request, &answer);
        CHECK(answer.end != HTTP_ANSWERED);
        CHECK_EQ_U64(answer.body.n, 0);
}

TEST(a_namespace_that_is_gone_is_our_own_failure) {
        cleanup(http_answer_deinit) HttpAnswer answer = {.end = HTTP_BROKEN};
        HttpRequest request = {.url = slice_text("http://127.0.0.1:1/"),
                               .namespace_pid = 0x3ffffffe,
                               .timeout_ms = 1000};

        answer_of(&request, &answer);
        CHECK_EQ_INT(answer.end, HTTP_BROKEN);
        CHECK_CONTAINS(answer.error, "join");
}

TEST(a_connection_alone_can_be_asked_for) {
        cleanup(http_answer_deinit) HttpAnswer answer = {.end = HTTP_BROKEN};
        Server server;
        HttpRequest request;

        server_start(&server, SLICE_NULL, 0);
        request = request_to(&server);
        request.only_connects = true;
        answer_of(&request, &answer);
        CHECK_EQ_INT(answer.end, HTTP_ANSWERED);
        CHECK_EQ_INT(answer.status, 0);
}
