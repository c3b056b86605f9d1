/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* libcurl's home in the broker. Its sockets are in our wait, its timer is our deadline. */

#include "broker/notify_http.h"

#include <errno.h>
#include <stdlib.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/late.h"
#include "base/mem.h"

#define LATE(function) static LATE_DEFINE(function)
#include "broker/notify_http.def"

enum { SOCKETS_MAX = 64, ANSWER_BYTES_MAX = 65536, AFTER_S_MAX = 7 * 86400 };

typedef struct Transfer {
        struct Transfer *next;
        CURL *curl;
        struct curl_slist *headers;
        void *token;
        size_t n_answered;
} Transfer;

typedef struct Socket {
        curl_socket_t fd;
        int what; /* CURL_POLL_… */
} Socket;

struct HttpClient {
        CURLM *multi;
        Transfer *transfers; /* that run */
        Socket sockets[SOCKETS_MAX];
        size_t n_sockets;
        uint64_t due_ms; /* monotonic; UINT64_MAX: no timer */
};

static Transfer *transfer_free(Transfer *transfer) {
        if (!transfer)
                return NULL;
        late_curl_easy_cleanup(transfer->curl);
        late_curl_slist_free_all(transfer->headers);
        free(transfer);
        return NULL;
}
DEFINE_FREEP(Transfer, transfer_free, transfer_freep)

/* ---- what libcurl tells us ---- */

static int on_socket(CURL *curl, curl_socket_t fd, int what, void *userdata, void *socket_data) {
        HttpClient *client = userdata;
        size_t place = 0;

        (void)curl;
        (void)socket_data;
        while (place < client->n_sockets && client->sockets[place].fd != fd)
                place++;
        if (what == CURL_POLL_REMOVE) {
                if (place < client->n_sockets)
                        client->sockets[place] = client->sockets[--client->n_sockets];
                return 0;
        }
        if (place == SOCKETS_MAX)
                return -1;
        client->sockets[place] = (Socket){.fd = fd, .what = what};
        if (place == client->n_sockets)
                client->n_sockets++;
        return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *userdata) {
        HttpClient *client = userdata;

        (void)multi;
        client->due_ms = timeout_ms < 0 ? UINT64_MAX : clock_mono_ms() + (uint64_t)timeout_ms;
        return 0;
}

/* Nobody reads the answer; one that does not end is no answer. */
static size_t on_answer(char *data, size_t size, size_t n, void *userdata) {
        Transfer *transfer = userdata;

        (void)data;
        transfer->n_answered += size * n;
        return transfer->n_answered > ANSWER_BYTES_MAX ? 0 : size * n;
}

/* ---- life ---- */

static bool load_library(Fault *reterr_fault) {
        static const LateRow rows[] = {
#define LATE LATE_ROW
#include "broker/notify_http.def"
        };
        const char *why = late_load("libcurl.so.4", rows, ARRAY_SIZE(rows));

        if (!why)
                return true;
        fault_set(reterr_fault, "library-missing", "%s", why);
        fault_next(reterr_fault, "install libcurl's library (Debian: apt-get install libcurl4)");
        return false;
}

int http_client_new(HttpClient **ret_client, Fault *reterr_fault) {
        cleanup(http_client_freep) HttpClient *client = NULL;

        if (!load_library(reterr_fault))
                return HTTP_CLIENT_E_REFUSED;
        client = mem_new(HttpClient);
        client->due_ms = UINT64_MAX;
        if (late_curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
                return error_origin(-ENOMEM);
        client->multi = late_curl_multi_init();
        if (!client->multi ||
            late_curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_socket) != CURLM_OK ||
            late_curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client) != CURLM_OK ||
            late_curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_timer) != CURLM_OK ||
            late_curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client) != CURLM_OK)
                return error_origin(-ENOMEM);
        *ret_client = TAKE(client);
        return 0;
}

static void drop_transfer(HttpClient *client, Transfer *transfer) {
        Transfer **place = &client->transfers;

        while (*place != transfer)
                place = &(*place)->next;
        *place = transfer->next;
        (void)late_curl_multi_remove_handle(client->multi, transfer->curl);
        (void)transfer_free(transfer);
}

HttpClient *http_client_free(HttpClient *client) {
        if (!client)
                return NULL;
        while (client->transfers)
                drop_transfer(client, client->transfers);
        if (client->multi)
                (void)late_curl_multi_cleanup(client->multi);
        free(client);
        late_curl_global_cleanup();
        return NULL;
}

/* ---- transfers ---- */

static bool set_rules(Transfer *transfer, const HttpPost *post) {
        const struct {
                CURLoption option;
                long value;
        } numbers[] = {
                {CURLOPT_NOSIGNAL, 1},
                {CURLOPT_POST, 1},
                {CURLOPT_FOLLOWLOCATION, 0},
                {CURLOPT_NETRC, CURL_NETRC_IGNORED},
                {CURLOPT_SSL_VERIFYPEER, 1},
                {CURLOPT_SSL_VERIFYHOST, 2},
                {CURLOPT_HTTP09_ALLOWED, 0},
                {CURLOPT_TIMEOUT_MS, (long)post->timeout_ms},
                {CURLOPT_POSTFIELDSIZE, (long)post->body.n},
        };
        const struct {
                CURLoption option;
                const char *value;
        } texts[] = {
                {CURLOPT_URL, post->url},
                {CURLOPT_PROXY, ""},
                {CURLOPT_PROTOCOLS_STR, "http,https"},
                {CURLOPT_USERAGENT, "coldgate/" COLDGATE_VERSION},
                {CURLOPT_COPYPOSTFIELDS, (const char *)post->body.data},
        };
        CURLcode code = CURLE_OK;

        for (size_t i = 0; !code && i < ARRAY_SIZE(numbers); i++)
                code = late_curl_easy_setopt(transfer->curl, numbers[i].option, numbers[i].value);
        for (size_t i = 0; !code && i < ARRAY_SIZE(texts); i++)
                code = late_curl_easy_setopt(transfer->curl, texts[i].option, texts[i].value);
        if (!code)
                code = late_curl_easy_setopt(transfer->curl, CURLOPT_WRITEFUNCTION, on_answer);
        if (!code)
                code = late_curl_easy_setopt(transfer->curl, CURLOPT_WRITEDATA, transfer);
        if (!code)
                code = late_curl_easy_setopt(transfer->curl, CURLOPT_PRIVATE, transfer);
        return code == CURLE_OK;
}

static bool set_headers(Transfer *transfer, const HttpPost *post) {
        for (size_t i = 0; i < post->n_headers; i++) {
                struct curl_slist *more =
                        late_curl_slist_append(transfer->headers, post->headers[i]);

                if (!more)
                        return false;
                transfer->headers = more;
        }
        return late_curl_easy_setopt(transfer->curl, CURLOPT_HTTPHEADER, transfer->headers) ==
               CURLE_OK;
}

bool http_client_start(HttpClient *client, const HttpPost *post, void *token) {
        cleanup(transfer_freep) Transfer *transfer = mem_new(Transfer);

        transfer->token = token;
        transfer->curl = late_curl_easy_init();
        if (!transfer->curl || !set_rules(transfer, post) || !set_headers(transfer, post) ||
            late_curl_multi_add_handle(client->multi, transfer->curl) != CURLM_OK)
                return false;
        transfer->next = client->transfers;
        client->transfers = TAKE(transfer);
        return true;
}

void http_client_add_fds(const HttpClient *client, LoopWait *wait) {
        for (size_t i = 0; i < client->n_sockets; i++) {
                const Socket *socket = &client->sockets[i];

                if (socket->what & CURL_POLL_IN)
                        (void)loop_add_fd(wait, socket->fd, false);
                if (socket->what & CURL_POLL_OUT)
                        (void)loop_add_fd(wait, socket->fd, true);
        }
}

uint64_t http_client_deadline(const HttpClient *client) {
        return client->due_ms;
}

static int get_action(const LoopWait *wait, curl_socket_t fd) {
        int action = 0;

        for (size_t i = 0; i < wait->n_fds; i++)
                if (wait->fds[i].fd == fd && wait->fds[i].is_ready)
                        action |= wait->fds[i].wants_write ? CURL_CSELECT_OUT : CURL_CSELECT_IN;
        return action;
}

/* Its calls change the list of sockets: a copy is walked. */
void http_client_step(HttpClient *client, const LoopWait *wait) {
        Socket sockets[SOCKETS_MAX];
        size_t n = client->n_sockets;
        int n_running;

        memcpy(sockets, client->sockets, n * sizeof *sockets);
        for (size_t i = 0; i < n; i++) {
                int action = get_action(wait, sockets[i].fd);

                if (action)
                        (void)late_curl_multi_socket_action(client->multi, sockets[i].fd, action,
                                                            &n_running);
        }
        if (client->due_ms > clock_mono_ms())
                return;
        client->due_ms = UINT64_MAX;
        (void)late_curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &n_running);
}

/* A word for each end that a person can do something about. */
static const char *describe_end(CURLcode code) {
        switch ((int)code) {
        case CURLE_COULDNT_RESOLVE_HOST: return "the host's name is not known";
        case CURLE_COULDNT_CONNECT: return "nobody listens there";
        case CURLE_OPERATION_TIMEDOUT: return "no answer in time";
        case CURLE_PEER_FAILED_VERIFICATION: return "the server's certificate is not valid";
        case CURLE_SSL_CONNECT_ERROR: return "no TLS with the server";
        case CURLE_WRITE_ERROR: return "the answer does not end";
        default: return "the connection broke";
        }
}

bool http_client_take(HttpClient *client, HttpResult *ret_result) {
        CURLMsg *message;
        int n_left;

        while ((message = late_curl_multi_info_read(client->multi, &n_left))) {
                CURL *curl = message->easy_handle;
                CURLcode code = message->data.result;
                Transfer *transfer = NULL;
                curl_off_t after_s = 0;
                long status = 0;

                if (message->msg != CURLMSG_DONE)
                        continue;
                (void)late_curl_easy_getinfo(curl, CURLINFO_PRIVATE, &transfer);
                (void)late_curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
                (void)late_curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &after_s);
                *ret_result = (HttpResult){.token = transfer->token};
                if (after_s > 0)
                        ret_result->after_ms =
                                (uint64_t)size_min((size_t)after_s, AFTER_S_MAX) * 1000;
                if (code == CURLE_OK && status > 0)
                        ret_result->status = (unsigned)status;
                else
                        ret_result->error = describe_end(code);
                drop_transfer(client, transfer);
                return true;
        }
        return false;
}
