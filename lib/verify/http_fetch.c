/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The parent's side of an HTTP request: the child, its deadline, and its report read as something
 * that may lie (it parsed what a hostile server sent). */

#include "verify/http.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"
#include "verify/http_child.h"

/* The child keeps its own deadline; this is for one that hangs. */
enum { CHILD_GRACE_MS = 2000, READ_BYTES = 65536 };

struct HttpFetch {
        pid_t pid; /* 0: reaped */
        int fd;
        uint64_t deadline_ms; /* monotonic */
        Buf report;
};

typedef struct Reader {
        Slice rest;
        bool is_short;
} Reader;

static Slice read_bytes(Reader *reader, size_t n) {
        Slice bytes = slice_head(reader->rest, n);

        if (bytes.n < n)
                reader->is_short = true;
        reader->rest = slice_from(reader->rest, n);
        return bytes;
}

static Slice read_field(Reader *reader) {
        uint32_t n = 0;
        Slice length = read_bytes(reader, sizeof n);

        if (reader->is_short)
                return SLICE_NULL;
        memcpy(&n, length.data, sizeof n);
        return read_bytes(reader, n);
}

bool http_report_read(HttpAnswer *answer) {
        Reader reader = {.rest = buf_get(&answer->report)};
        HttpReportHead head;
        Slice bytes = read_bytes(&reader, sizeof head);

        /* A byte that is neither false nor true is not to be read as a bool. */
        if (reader.is_short || bytes.data[offsetof(HttpReportHead, certificate.is_there)] > 1)
                return false;
        memcpy(&head, bytes.data, sizeof head);
        if (head.end >= _HTTP_END_MAX || head.n_headers > HTTP_HEADERS_MAX || head.status > 999)
                return false;
        answer->headers = mem_new_array(ObservedHeader, head.n_headers + 1u);
        answer->n_headers = head.n_headers;
        for (size_t i = 0; i < head.n_headers; i++) {
                answer->headers[i].name = read_field(&reader);
                answer->headers[i].value = read_field(&reader);
        }
        answer->body = read_field(&reader);
        head.error[sizeof head.error - 1] = 0;
        (void)snprintf(answer->error, sizeof answer->error, "%s", head.error);
        answer->end = (HttpEnd)head.end;
        answer->status = (int)head.status;
        answer->body_bytes = head.body_bytes;
        answer->body_hash = head.body_hash;
        answer->duration_ms = head.duration_ms;
        answer->facts = head.certificate;
        return !reader.is_short;
}

/* In place: it points into the answer, which must not be moved afterwards. */
static void read_certificate(HttpAnswer *answer) {
        CertificateFacts *facts = &answer->facts;

        facts->subject[sizeof facts->subject - 1] = 0;
        facts->issuer[sizeof facts->issuer - 1] = 0;
        facts->names[sizeof facts->names - 1] = 0;
        hex_encode(hash_slice(&facts->sha256), answer->fingerprint);
        answer->certificate = (ObservedCertificate){
                .is_there = facts->is_there,
                .subject = slice_text(facts->subject),
                .issuer = slice_text(facts->issuer),
                .names = slice_text(facts->names),
                .not_before_ms = facts->not_before_ms,
                .not_after_ms = facts->not_after_ms,
                .sha256 = slice_text(answer->fingerprint),
        };
}

int http_start(const HttpRequest *request, HttpFetch **ret_fetch) {
        cleanup(http_freep) HttpFetch *fetch = mem_new(HttpFetch);
        pid_t parent = getpid();
        int ends[2];

        (void)http_load(); /* the child tells if it cannot be had */
        fetch->fd = -1;
        fetch->report =
                BUF_INIT(sizeof(HttpReportHead) + HTTP_BODY_KEPT + 2 * HTTP_HEADER_BYTES_MAX);
        fetch->deadline_ms = clock_mono_ms() + request->timeout_ms + CHILD_GRACE_MS;
        if (pipe2(ends, O_CLOEXEC) < 0)
                return error_origin(-errno);
        fetch->pid = fork();
        if (fetch->pid == 0) {
                (void)close(ends[0]);
                http_child(request, parent, ends[1]);
        }
        (void)close(ends[1]);
        fetch->fd = ends[0];
        if (fetch->pid < 0) {
                fetch->pid = 0;
                return error_origin(-errno);
        }
        *ret_fetch = TAKE(fetch);
        return 0;
}

static void fetch_reap(HttpFetch *fetch) {
        while (fetch->pid > 0 && waitpid(fetch->pid, NULL, 0) < 0 && errno == EINTR)
                ;
        fetch->pid = 0;
}

/* 1 as long as there may be more. */
static int fetch_read(HttpFetch *fetch, uint64_t wait_ms) {
        uint8_t bytes[READ_BYTES];
        struct pollfd ready = {.fd = fetch->fd, .events = POLLIN};
        ssize_t n;
        int r = poll(&ready, 1, (int)wait_ms);

        if (r < 0 && errno != EINTR)
                return error_origin(-errno);
        if (r <= 0)
                return HTTP_E_PENDING;
        n = read(fetch->fd, bytes, sizeof bytes);
        if (n < 0 && errno != EINTR)
                return error_origin(-errno);
        if (n > 0)
                buf_append(&fetch->report, bytes, (size_t)n);
        return n == 0 || fetch->report.is_full ? 0 : HTTP_E_PENDING;
}

int http_wait(HttpFetch *fetch, uint64_t wait_ms, HttpAnswer *ret_answer) {
        uint64_t until_ms = clock_mono_ms() + wait_ms;
        uint64_t now_ms;
        int r;

        do {
                now_ms = clock_mono_ms();
                r = fetch_read(fetch, now_ms < until_ms ? until_ms - now_ms : 0);
                if (r < 0)
                        return r;
        } while (r == HTTP_E_PENDING && clock_mono_ms() < until_ms);
        if (r == HTTP_E_PENDING && clock_mono_ms() < fetch->deadline_ms)
                return HTTP_E_PENDING;
        if (fetch->pid > 0)
                (void)kill(fetch->pid, SIGKILL); /* it has said all that it had to say */
        fetch_reap(fetch);
        *ret_answer = (HttpAnswer){.report = fetch->report};
        fetch->report = BUF_INIT(0);
        if (r != 0 || ret_answer->report.is_full || !http_report_read(ret_answer)) {
                ret_answer->end = HTTP_BROKEN;
                (void)snprintf(ret_answer->error, sizeof ret_answer->error,
                               "the client gave no whole report");
        }
        read_certificate(ret_answer);
        return 0;
}

HttpFetch *http_free(HttpFetch *fetch) {
        if (!fetch)
                return NULL;
        if (fetch->pid > 0)
                (void)kill(fetch->pid, SIGKILL);
        fetch_reap(fetch);
        fd_close(&fetch->fd);
        buf_deinit(&fetch->report);
        free(fetch);
        return NULL;
}

void http_answer_deinit(HttpAnswer *answer) {
        free(answer->headers);
        buf_deinit(&answer->report);
        *answer = (HttpAnswer){.end = HTTP_BROKEN};
}
