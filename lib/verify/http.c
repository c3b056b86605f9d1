/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * libcurl's home. A child of its own: it may join a namespace and give up its rights, and what a
 * hostile server does to libcurl's parsers ends here.
 */

#include "verify/http_child.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/late.h"
#include "base/mem.h"

#define LATE(function) static LATE_DEFINE(function)
#include "verify/http.def"

enum {
        RETRY_MS = 10,
        REDIRECTS_MAX = 10,
};

typedef struct Client {
        const HttpRequest *request;
        CURL *curl;
        struct curl_slist *headers, *resolve;
        uint64_t deadline_ms; /* monotonic */
        HttpReportHead report;
        Buf header_fields; /* as they are reported */
        Buf body;
        Hasher hasher;
        bool is_too_large;
        bool has_answered; /* there was a status line */
        char error[CURL_ERROR_SIZE];
} Client;

/* Which end a failed transfer is. What is not here is our own failure, unless the server was
 * reached before. */
static const struct {
        CURLcode code;
        HttpEnd end;
} ends[] = {
        {CURLE_OK, HTTP_ANSWERED},
        {CURLE_COULDNT_CONNECT, HTTP_REFUSED},
        {CURLE_COULDNT_RESOLVE_HOST, HTTP_UNRESOLVED},
        {CURLE_GOT_NOTHING, HTTP_RESET},
        {CURLE_RECV_ERROR, HTTP_RESET},
        {CURLE_SEND_ERROR, HTTP_RESET},
        {CURLE_PARTIAL_FILE, HTTP_RESET},
        {CURLE_OPERATION_TIMEDOUT, HTTP_TIMED_OUT},
        {CURLE_UNSUPPORTED_PROTOCOL, HTTP_MALFORMED}, /* HTTP/0.9, or a redirect to ftp: */
        {CURLE_WEIRD_SERVER_REPLY, HTTP_MALFORMED},
        {CURLE_BAD_CONTENT_ENCODING, HTTP_MALFORMED},
        {CURLE_HTTP2, HTTP_MALFORMED},
        {CURLE_TOO_MANY_REDIRECTS, HTTP_REDIRECTS},
        {CURLE_SSL_CONNECT_ERROR, HTTP_TLS},
        {CURLE_PEER_FAILED_VERIFICATION, HTTP_TLS},
        {CURLE_SSL_ISSUER_ERROR, HTTP_TLS},
        {CURLE_SSL_CACERT_BADFILE, HTTP_BROKEN}, /* this machine's */
};

static void buf_field(Buf *buf, Slice field) {
        uint32_t n = (uint32_t)field.n;

        buf_append(buf, &n, sizeof n);
        buf_slice(buf, field);
}

static bool is_blank(uint8_t byte) {
        return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static Slice trim(Slice text) {
        while (text.n && is_blank(text.data[text.n - 1]))
                text.n--;
        while (text.n && is_blank(text.data[0]))
                text = slice_from(text, 1);
        return text;
}

HttpLine http_read_line(Slice line, Slice *ret_name, Slice *ret_value) {
        size_t colon;

        line = trim(line);
        if (slice_is(slice_head(line, strlen("HTTP/")), "HTTP/"))
                return HTTP_LINE_STATUS;
        colon = slice_find(line, slice_text(":"));
        *ret_name = slice_head(line, colon);
        *ret_value = trim(slice_from(line, colon + 1));
        return colon < line.n ? HTTP_LINE_HEADER : HTTP_LINE_OTHER;
}

/* Of several responses (100, redirects) the last one's headers count. */
static size_t on_header(char *data, size_t size, size_t n, void *userdata) {
        Client *client = userdata;
        Slice name, value;
        HttpLine kind = http_read_line(slice_make(data, size * n), &name, &value);

        if (kind == HTTP_LINE_STATUS) {
                buf_clear(&client->header_fields);
                client->report.n_headers = 0;
                client->has_answered = true;
                return size * n;
        }
        if (kind != HTTP_LINE_HEADER || client->report.n_headers >= HTTP_HEADERS_MAX)
                return size * n;
        if (client->header_fields.n + name.n + value.n + 2 * sizeof(uint32_t) >
            HTTP_HEADER_BYTES_MAX)
                return size * n;
        buf_field(&client->header_fields, name);
        buf_field(&client->header_fields, value);
        client->report.n_headers++;
        return size * n;
}

static size_t on_body(char *data, size_t size, size_t n, void *userdata) {
        Client *client = userdata;
        size_t room = HTTP_BODY_KEPT - client->body.n;

        buf_append(&client->body, data, size_min(room, size * n));
        hash_add(&client->hasher, data, size * n);
        client->report.body_bytes += size * n;
        client->is_too_large = client->report.body_bytes > HTTP_BODY_READ;
        return client->is_too_large ? 0 : size * n;
}

/* The value with a NUL behind it; options copy it. */
static CURLcode set_text(CURL *curl, CURLoption option, Slice text) {
        cleanup_free char *copy = mem_strndup((const char *)text.data, text.n);

        return late_curl_easy_setopt(curl, option, copy);
}

/* Servers want to be told the length, zero too. */
static bool demands_body(Slice method) {
        return slice_is(method, "POST") || slice_is(method, "PUT") || slice_is(method, "PATCH");
}

static CURLcode client_set_request(Client *client) {
        const HttpRequest *request = client->request;
        CURL *curl = client->curl;
        CURLcode code = set_text(curl, CURLOPT_URL, request->url);

        for (size_t i = 0; i < request->n_headers; i++) {
                cleanup_free char *line =
                        mem_printf(request->headers[i].value.n ? "%.*s: %.*s" : "%.*s;%.*s",
                                   SLICE_ARGS(request->headers[i].name),
                                   SLICE_ARGS(request->headers[i].value));

                client->headers = late_curl_slist_append(client->headers, line);
        }
        if (!code)
                code = late_curl_easy_setopt(curl, CURLOPT_HTTPHEADER, client->headers);
        if (!code && (request->body.n || demands_body(request->method))) {
                code = late_curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                                             (curl_off_t)request->body.n);
                if (!code)
                        code = late_curl_easy_setopt(
                                curl, CURLOPT_POSTFIELDS,
                                request->body.n ? (const char *)request->body.data : "");
        }
        if (!code && slice_is(request->method, "HEAD"))
                code = late_curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
        else if (!code && request->method.n)
                code = set_text(curl, CURLOPT_CUSTOMREQUEST, request->method);
        return code;
}

/* Names and certificates that the plan brings along. */
static CURLcode client_set_trust(Client *client) {
        const HttpRequest *request = client->request;
        struct curl_blob ca = {.data = (void *)(uintptr_t)request->ca.data,
                               .len = request->ca.n,
                               .flags = CURL_BLOB_NOCOPY};
        CURL *curl = client->curl;
        CURLcode code = CURLE_OK;

        for (size_t i = 0; i < request->n_resolve; i++) {
                cleanup_free char *line =
                        mem_strndup((const char *)request->resolve[i].data, request->resolve[i].n);

                client->resolve = late_curl_slist_append(client->resolve, line);
        }
        if (client->resolve)
                code = late_curl_easy_setopt(curl, CURLOPT_RESOLVE, client->resolve);
        if (!code && request->ca.n)
                code = late_curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
        if (!code && request->ca.n)
                code = late_curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &ca);
        if (!code && request->unix_socket.n)
                code = set_text(curl, CURLOPT_UNIX_SOCKET_PATH, request->unix_socket);
        return code;
}

static CURLcode client_set_sinks(Client *client) {
        CURLcode code = late_curl_easy_setopt(client->curl, CURLOPT_HEADERFUNCTION, on_header);

        if (!code)
                code = late_curl_easy_setopt(client->curl, CURLOPT_HEADERDATA, client);
        if (!code)
                code = late_curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, on_body);
        if (!code)
                code = late_curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, client);
        return code;
}

static CURLcode client_set_rules(Client *client) {
        const HttpRequest *request = client->request;
        const struct {
                CURLoption option;
                long value;
        } numbers[] = {
                {CURLOPT_NOSIGNAL, 1},
                {CURLOPT_NETRC, CURL_NETRC_IGNORED},
                {CURLOPT_FOLLOWLOCATION, request->follow_redirects},
                {CURLOPT_MAXREDIRS, REDIRECTS_MAX},
                {CURLOPT_SSL_VERIFYPEER, !request->insecure},
                {CURLOPT_SSL_VERIFYHOST, request->insecure ? 0 : 2},
                {CURLOPT_FRESH_CONNECT, 1},
                {CURLOPT_HTTP09_ALLOWED, 0},
                {CURLOPT_CONNECT_ONLY, request->only_connects},
                {CURLOPT_CERTINFO, 1},
        };
        const struct {
                CURLoption option;
                const char *value;
        } texts[] = {
                {CURLOPT_PROXY, ""},
                {CURLOPT_PROTOCOLS_STR, "http,https"},
                {CURLOPT_REDIR_PROTOCOLS_STR, "http,https"},
        };
        CURLcode code = late_curl_easy_setopt(client->curl, CURLOPT_ERRORBUFFER, client->error);

        for (size_t i = 0; !code && i < ARRAY_SIZE(numbers); i++)
                code = late_curl_easy_setopt(client->curl, numbers[i].option, numbers[i].value);
        for (size_t i = 0; !code && i < ARRAY_SIZE(texts); i++)
                code = late_curl_easy_setopt(client->curl, texts[i].option, texts[i].value);
        if (!code)
                code = client_set_sinks(client);
        if (!code)
                code = client_set_trust(client);
        return code ? code : client_set_request(client);
}

/* What a server says must never look like a failure of ours: a name to redirect to that nobody
 * knows, a header that no buffer holds. */
static HttpEnd end_of(const Client *client, CURLcode code) {
        curl_off_t connect_us = 0;

        if (client->is_too_large)
                return HTTP_TOO_LARGE;
        if (code == CURLE_COULDNT_RESOLVE_HOST && client->has_answered)
                return HTTP_MALFORMED;
        for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
                if (ends[i].code == code)
                        return ends[i].end;
        (void)late_curl_easy_getinfo(client->curl, CURLINFO_CONNECT_TIME_T, &connect_us);
        return client->has_answered || connect_us > 0 ? HTTP_MALFORMED : HTTP_BROKEN;
}

/* Until something else than a refusal, or the deadline. */
static CURLcode client_perform(Client *client) {
        uint64_t deadline_ms = client->deadline_ms;
        CURLcode code;

        for (;;) {
                uint64_t now_ms = clock_mono_ms();
                curl_off_t microseconds = 0;

                if (now_ms >= deadline_ms)
                        return CURLE_COULDNT_CONNECT;
                code = late_curl_easy_setopt(client->curl, CURLOPT_TIMEOUT_MS,
                                             (long)(deadline_ms - now_ms));
                if (!code)
                        code = late_curl_easy_perform(client->curl);
                (void)late_curl_easy_getinfo(client->curl, CURLINFO_TOTAL_TIME_T, &microseconds);
                client->report.duration_ms = (uint64_t)microseconds / 1000;
                if (code != CURLE_COULDNT_CONNECT || !client->request->waits_for_port)
                        return code;
                (void)usleep(RETRY_MS * 1000);
        }
}

static void client_tell_certificate(Client *client) {
        struct curl_certinfo *chain = NULL;

        if (late_curl_easy_getinfo(client->curl, CURLINFO_CERTINFO, &chain) || !chain ||
            chain->num_of_certs < 1)
                return;
        for (const struct curl_slist *line = chain->certinfo[0]; line; line = line->next)
                certificate_add(&client->report.certificate, slice_text(line->data));
}

static void client_run(Client *client) {
        long status = 0;
        CURLcode code = late_curl_global_init(CURL_GLOBAL_DEFAULT);
        HttpEnd end;

        client->curl = code ? NULL : late_curl_easy_init();
        if (!client->curl) {
                (void)snprintf(client->report.error, sizeof client->report.error,
                               "libcurl could not start");
                return;
        }
        hash_start(&client->hasher);
        code = client_set_rules(client);
        if (!code)
                code = client_perform(client);
        end = end_of(client, code);
        if (end == HTTP_REFUSED && client->request->waits_for_port)
                end = HTTP_NOT_READY;
        (void)late_curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
        if (end == HTTP_ANSWERED && !client->request->only_connects &&
            (status < 100 || status > 999))
                end = HTTP_MALFORMED;
        client_tell_certificate(client);
        hash_finish(&client->hasher, &client->report.body_hash);
        client->report.end = end;
        client->report.status = status > 0 ? (uint32_t)status : 0;
        if (code)
                (void)snprintf(client->report.error, sizeof client->report.error, "%s",
                               client->error[0] ? client->error : late_curl_easy_strerror(code));
}

const char *http_load(void) {
        static const LateRow rows[] = {
#define LATE LATE_ROW
#include "verify/http.def"
        };

        return late_load("libcurl.so.4", rows, ARRAY_SIZE(rows));
}

void http_child(const HttpRequest *request, pid_t parent, int fd) {
        Client client = {.request = request,
                         .header_fields = BUF_INIT(2 * HTTP_HEADER_BYTES_MAX),
                         .body = BUF_INIT(HTTP_BODY_KEPT)};
        const char *missing = http_load(); /* here, not in a namespace that somebody else made */
        const char *undone;
        uint32_t body_bytes;

        client.deadline_ms = clock_mono_ms() + request->timeout_ms;
        undone = http_isolate(request, parent, fd, client.deadline_ms);
        if (missing)
                (void)snprintf(client.report.error, sizeof client.report.error,
                               "%s: install libcurl's library", missing);
        else if (undone)
                (void)snprintf(client.report.error, sizeof client.report.error, "%s: %s", undone,
                               strerror(errno));
        else
                client_run(&client);
        body_bytes = (uint32_t)client.body.n;
        if (fd_write_all(3, slice_make(&client.report, sizeof client.report)) < 0 ||
            fd_write_all(3, buf_get(&client.header_fields)) < 0 ||
            fd_write_all(3, slice_make(&body_bytes, sizeof body_bytes)) < 0 ||
            fd_write_all(3, buf_get(&client.body)) < 0)
                _exit(1);
        _exit(0);
}
