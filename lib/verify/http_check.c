/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * A request, and what it got. Where the check serves something itself, that runs in a sandbox of
 * its own and the request is made from inside its network: whatever answers there descends from our
 * start command, because nothing else is there.
 */

#include <errno.h>

#include "base/clock.h"
#include "base/error.h"
#include "verify/kind.h"

enum {
        SLICE_MS = 20,
        PROBE_MS = 500,
        AFTERWARDS_MS = 1000, /* an answer may be on its way when its server has ended */
        STOP_MS = 60000,      /* beyond the runner's own: TERM's grace, PID 1's burial, the walk */
};

typedef struct Exchange {
        AttemptSetting *setting;
        const Check *check;
        Sandbox *server; /* NULL: none */
        HttpFetch *fetch;
        uint64_t deadline_ms; /* monotonic */
        bool server_ended;
} Exchange;

static void exchange_deinit(Exchange *exchange) {
        exchange->fetch = http_free(exchange->fetch);
        exchange->server = sandbox_free(exchange->server);
}

static void fill_request(const Exchange *exchange, HttpRequest *ret_request) {
        const Check *check = exchange->check;
        uint64_t now_ms = clock_mono_ms();

        *ret_request = (HttpRequest){
                .url = check->http.url,
                .method = check->http.method,
                .body = check->http.body,
                .headers = check->http.headers,
                .n_headers = check->http.n_headers,
                .follow_redirects = check->http.follow_redirects,
                .insecure = check->http.insecure,
                .waits_for_port = exchange->server != NULL,
                .timeout_ms = exchange->deadline_ms > now_ms ? exchange->deadline_ms - now_ms : 1,
        };
        if (exchange->server && !check_reaches_out(check))
                ret_request->namespace_pid = sandbox_get_init_pid(exchange->server);
}

/* Looks whether the server has ended; it is then remembered with its outcome. */
static int look_at_server(Exchange *exchange, uint64_t wait_ms, Attempt *attempt) {
        int r;

        if (!exchange->server || exchange->server_ended)
                return 0;
        r = sandbox_wait(exchange->server, wait_ms, &attempt->sandbox);
        if (r == SANDBOX_E_PENDING)
                return 0;
        if (r != 0)
                return r;
        attempt->has_sandbox = true;
        exchange->server_ended = true;
        return 0;
}

/* Until there is a network to join, or the server has ended. */
static int wait_for_network(Exchange *exchange, Attempt *attempt) {
        while (!exchange->server_ended && sandbox_get_init_pid(exchange->server) == 0 &&
               clock_mono_ms() < exchange->deadline_ms) {
                TRY(look_at_server(exchange, SLICE_MS, attempt));
                if (attempt_is_cancelled(exchange->setting))
                        return ATTEMPT_E_CANCELLED;
        }
        return 0;
}

static int fetch(Exchange *exchange, Attempt *attempt) {
        HttpRequest request;
        int r;

        if (exchange->server_ended)
                return 0;
        fill_request(exchange, &request);
        if (exchange->server && !check_reaches_out(exchange->check) && request.namespace_pid == 0)
                return 0; /* never this machine's network by mistake; the answer stays HTTP_BROKEN
                           */
        TRY(http_start(&request, &exchange->fetch));
        while ((r = http_wait(exchange->fetch, SLICE_MS, &attempt->http)) == HTTP_E_PENDING) {
                TRY(look_at_server(exchange, 0, attempt));
                if (exchange->server_ended) {
                        r = http_wait(exchange->fetch, AFTERWARDS_MS, &attempt->http);
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
                       : look_at_server(exchange, AFTERWARDS_MS, attempt);
}

static int stop_server(Exchange *exchange, Attempt *attempt) {
        uint64_t until_ms = clock_mono_ms() + STOP_MS;

        if (!exchange->server || exchange->server_ended)
                return 0;
        sandbox_stop(exchange->server);
        while (!exchange->server_ended && clock_mono_ms() < until_ms)
                TRY(look_at_server(exchange, SLICE_MS, attempt));
        return exchange->server_ended ? 0 : error_origin(-ETIMEDOUT);
}

/* With the host's network, what answers may be somebody else's. */
static int port_is_taken(const Exchange *exchange, bool *ret_taken) {
        cleanup(http_freep) HttpFetch *probe = NULL;
        cleanup(http_answer_deinit) HttpAnswer answer = {.end = HTTP_BROKEN};
        HttpRequest request = {.url = exchange->check->http.url,
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

static int serve(Exchange *exchange, const SandboxSpec *spec, Attempt *attempt) {
        bool is_taken = false;

        if (check_reaches_out(exchange->check))
                TRY(port_is_taken(exchange, &is_taken));
        if (is_taken) {
                judge_by(SIGHTING_HTTP_PORT_TAKEN, NULL, &attempt->judgement,
                         "something listens on %.*s before the check's own server was started",
                         SLICE_ARGS(exchange->check->http.url));
                return 0;
        }
        attempt->env = spec->env;
        attempt->argv = spec->argv;
        TRY(sandbox_start(exchange->setting->request->runner, spec, &exchange->server));
        return wait_for_network(exchange, attempt);
}

static void judge(const Exchange *exchange, const SandboxSpec *spec, bool was_alive,
                  Attempt *attempt) {
        JudgeFacts facts = {.command_is_product = false};
        Observed observed = {.exit_status = -1};
        HttpSeen seen = {.server = exchange->server ? &attempt->sandbox : NULL,
                         .was_alive = was_alive,
                         .answer = &attempt->http};

        if (exchange->server)
                attempt_get_facts(spec, &facts);
        if (attempt->http.end == HTTP_ANSWERED && attempt->has_http) {
                observed.status = attempt->http.status;
                observed.headers = attempt->http.headers;
                observed.n_headers = attempt->http.n_headers;
                observed.body.head = attempt->http.body;
                observed.body.is_cut = attempt->http.body_bytes > attempt->http.body.n;
                observed.duration_ms = attempt->http.duration_ms;
                attempt_evaluate(attempt, exchange->check, &observed);
        }
        judge_http(&seen, &facts, attempt->results, attempt->n_results, &attempt->judgement);
}

int http_check_attempt(AttemptSetting *setting, const Check *check, bool force_copy,
                       Attempt *attempt) {
        cleanup(exchange_deinit) Exchange exchange = {
                .setting = setting,
                .check = check,
                .deadline_ms = clock_mono_ms() + check->timeout_ms,
        };
        SandboxSpec spec = {.argv = NULL};
        bool was_alive;
        int r;

        if (check->n_command) {
                TRY(attempt_prepare(setting, check, &attempt->arena, &spec));
                spec.force_copy = force_copy;
                spec.limits.wall_ms = 0; /* it lives as long as the request needs it */
                r = serve(&exchange, &spec, attempt);
                if (r != 0 || attempt->judgement.sighting == SIGHTING_HTTP_PORT_TAKEN)
                        return r;
        } else if (!check_reaches_out(check)) {
                judge_by(SIGHTING_HTTP_REFUSED, NULL, &attempt->judgement,
                         "nothing can answer: the check starts no server and has no network");
                return 0;
        }
        r = fetch(&exchange, attempt);
        was_alive = !exchange.server_ended;
        if (r != 0)
                return r;
        TRY(stop_server(&exchange, attempt));
        judge(&exchange, &spec, was_alive, attempt);
        if (check->n_command)
                attempt_drop(setting, &spec);
        return 0;
}
