/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * A request, and what it got. Where the check serves something itself, that runs in a sandbox of
 * its own and the request is made from inside its network: whatever answers there descends from our
 * start command, because nothing else is there.
 */

#include <fcntl.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "verify/beneath.h"
#include "verify/command.h"
#include "verify/exchange.h"
#include "verify/file_facts.h"
#include "verify/kind.h"

enum { PROBE_MS = 500, CA_BYTES_MAX = 1 << 20 };

void exchange_init(Exchange *exchange, AttemptSetting *setting, const Check *check) {
        *exchange = (Exchange){.setting = setting, .check = check, .ca = BUF_INIT(CA_BYTES_MAX)};
        server_init(&exchange->server, setting, check);
}

void exchange_deinit(Exchange *exchange) {
        exchange->fetch = http_free(exchange->fetch);
        server_deinit(&exchange->server);
        buf_deinit(&exchange->ca);
}

static void fill_request(const Exchange *exchange, HttpRequest *ret_request) {
        const Check *check = exchange->check;
        uint64_t now_ms = clock_mono_ms(), until_ms = exchange->server.deadline_ms;

        *ret_request = (HttpRequest){
                .url = check->http.url,
                .method = check->http.method,
                .body = check->http.body,
                .headers = check->http.headers,
                .n_headers = check->http.n_headers,
                .resolve = check->http.resolve,
                .n_resolve = check->http.n_resolve,
                .unix_socket = check->http.unix_socket,
                .ca = buf_get(&exchange->ca),
                .follow_redirects = check->http.follow_redirects,
                .insecure = check->http.insecure,
                .waits_for_port = exchange->server.sandbox != NULL,
                .timeout_ms = until_ms > now_ms ? until_ms - now_ms : 1,
                .namespace_pid = server_get_namespace(&exchange->server),
                /* A path of the sandbox's, also where its network is the host's. */
                .mount_pid = exchange->server.sandbox && check->http.unix_socket.n
                                     ? sandbox_get_init_pid(exchange->server.sandbox)
                                     : 0,
        };
}

/* Never this machine's network, or its files, by mistake. */
static bool can_be_asked(const Exchange *exchange) {
        return !exchange->server.sandbox || sandbox_get_init_pid(exchange->server.sandbox) != 0;
}

int exchange_fetch(Exchange *exchange, Attempt *attempt) {
        Server *server = &exchange->server;
        HttpRequest request;
        int r;

        if (server->has_ended || !can_be_asked(exchange))
                return 0; /* the answer stays HTTP_BROKEN */
        fill_request(exchange, &request);
        TRY(http_start(&request, &exchange->fetch));
        while ((r = http_wait(exchange->fetch, SERVER_STEP_MS, &attempt->http)) == HTTP_E_PENDING) {
                TRY(server_look(server, 0, attempt));
                if (server->has_ended) {
                        r = http_wait(exchange->fetch, SERVER_AFTERWARDS_MS, &attempt->http);
                        break;
                }
                if (attempt_is_cancelled(exchange->setting))
                        return ATTEMPT_E_CANCELLED;
        }
        if (r < 0)
                return r;
        attempt->has_http = r == 0;
        /* What looks like a refusal may be the server's death, which is told a moment later. */
        return attempt->http.end == HTTP_ANSWERED
                       ? 0
                       : server_look(server, SERVER_AFTERWARDS_MS, attempt);
}

/* With the host's network, what answers may be somebody else's. */
static int port_is_taken(const Exchange *exchange, bool *ret_taken) {
        cleanup(http_freep) HttpFetch *probe = NULL;
        cleanup(http_answer_deinit) HttpAnswer answer = {.end = HTTP_BROKEN};
        HttpRequest request = {.url = exchange->check->http.url,
                               .resolve = exchange->check->http.resolve,
                               .n_resolve = exchange->check->http.n_resolve,
                               .insecure = true,
                               .only_connects = true,
                               .timeout_ms = PROBE_MS};
        int r;

        TRY(http_start(&request, &probe));
        while ((r = http_wait(probe, PROBE_MS, &answer)) == HTTP_E_PENDING)
                ;
        TRY(r);
        *ret_taken = answer.end == HTTP_ANSWERED;
        return 0;
}

/* False: there is nothing to ask, and the judgement says why. */
static int serve(Exchange *exchange, bool force_copy, Attempt *attempt, bool *ret_goes_on) {
        const Check *check = exchange->check;
        bool is_taken = false;

        *ret_goes_on = false;
        if (!check->n_command && !check_reaches_out(check)) {
                judge_by(SIGHTING_HTTP_REFUSED, NULL, &attempt->judgement,
                         "nothing can answer: the check starts no server and has no network");
                return 0;
        }
        if (check->n_command && check_reaches_out(check) && !check->http.unix_socket.n)
                TRY(port_is_taken(exchange, &is_taken));
        if (is_taken) {
                judge_by(SIGHTING_HTTP_PORT_TAKEN, NULL, &attempt->judgement,
                         "something listens on %.*s before the check's own server was started",
                         SLICE_ARGS(check->http.url));
                return 0;
        }
        *ret_goes_on = true;
        return check->n_command ? server_start(&exchange->server, force_copy, attempt) : 0;
}

bool exchange_read_ca(Exchange *exchange, Attempt *attempt) {
        Slice path = exchange->check->http.ca_file;
        cleanup_fd int tree_fd = -1;
        cleanup_fd int fd = -1;

        if (!path.n)
                return true;
        tree_fd = open(exchange->setting->tree, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (tree_fd >= 0)
                fd = open_beneath(tree_fd, arena_text(&attempt->arena, path), O_PATH, 0);
        if (fd >= 0 && file_read_all(fd, &exchange->ca) == 0 && exchange->ca.n)
                return true;
        judge_by(SIGHTING_HTTP_CA_FILE, NULL, &attempt->judgement,
                 "ca-file %.*s is not a file of the commit that can be read", SLICE_ARGS(path));
        return false;
}

void exchange_observe(const Attempt *attempt, Observed *ret_observed) {
        const HttpAnswer *answer = &attempt->http;

        *ret_observed = (Observed){
                .exit_status = -1,
                .status = answer->status,
                .headers = answer->headers,
                .n_headers = answer->n_headers,
                .body = {.head = answer->body, .is_cut = answer->body_bytes > answer->body.n},
                .duration_ms = answer->duration_ms,
                .certificate = answer->certificate,
                .now_ms = clock_wall_ms(),
        };
}

static void judge(const Exchange *exchange, bool was_alive, Attempt *attempt) {
        Assertions assertions = {.arena = &attempt->arena};
        JudgeFacts facts = {.command_is_product = false};
        HttpSeen seen = {.server = exchange->server.sandbox ? &attempt->sandbox : NULL,
                         .was_alive = was_alive,
                         .answer = &attempt->http};

        if (exchange->server.sandbox)
                attempt_get_facts(&exchange->server.spec, &facts);
        if (attempt->http.end == HTTP_ANSWERED && attempt->has_http) {
                Observed observed;

                exchange_observe(attempt, &observed);
                assertions_add_expected(&assertions, exchange->check, &observed);
                attempt->results = assertions.items;
                attempt->n_results = assertions.n;
        }
        judge_http(&seen, &facts, attempt->results, attempt->n_results, &attempt->judgement);
}

int http_check_attempt(AttemptSetting *setting, const Check *check, bool force_copy,
                       Attempt *attempt) {
        cleanup(exchange_deinit) Exchange exchange;
        bool was_alive, goes_on = false;
        int r;

        exchange_init(&exchange, setting, check);
        if (!exchange_read_ca(&exchange, attempt))
                return 0;
        r = serve(&exchange, force_copy, attempt, &goes_on);
        if (r != 0 || !goes_on)
                return r;
        r = exchange_fetch(&exchange, attempt);
        was_alive = !exchange.server.has_ended;
        if (r != 0)
                return r;
        TRY(server_stop(&exchange.server, attempt));
        judge(&exchange, was_alive, attempt);
        return 0;
}
