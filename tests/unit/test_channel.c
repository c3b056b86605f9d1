/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Who gets in, who is named, and what happens to frames that nobody takes: real sockets. Longer
 * than others: each case needs the same fixture of two ends, and most of them a third that breaks
 * rules. */

#include "proto/channel.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <zmq.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "tests/lib/test.h"
#include "proto/codec.h"
#include "proto/loop.h"

/* How long we wait for what must come, and for what must not. */
enum { PATIENCE_MS = 8000, SILENCE_MS = 600, FAR_ABOVE_BYTES = 1 << 17 };

typedef struct Fixture {
        Key broker, agent, stranger;
        char *endpoint;
        ChannelServer *server;
        bool admits_agent;
        /* The newest frame at the server. */
        Buf frame;
        Route route;
        uint8_t curve[CURVE_BYTES];
} Fixture;

static bool on_admit(void *userdata, const uint8_t curve[CURVE_BYTES]) {
        const Fixture *fixture = userdata;

        return fixture->admits_agent &&
               memcmp(curve, fixture->agent.public.curve, CURVE_BYTES) == 0;
}

static void open_server(Fixture *fixture) {
        Fault fault = FAULT_INIT;

        CHECK_EQ_INT(channel_server_new(fixture->endpoint, &fixture->broker, on_admit, fixture,
                                        &fixture->server, &fault),
                     0);
}

static void open_fixture_in(Fixture *fixture, const char *dir, const char *name) {
        *fixture = (Fixture){.admits_agent = true, .frame = BUF_INIT(FRAME_MAX)};
        CHECK_EQ_INT(sign_start(), 0);
        key_make(&fixture->broker);
        key_make(&fixture->agent);
        key_make(&fixture->stranger);
        fixture->endpoint = mem_printf("ipc://%s/%s.sock", dir, name);
        open_server(fixture);
}

static void open_fixture(Fixture *fixture) {
        open_fixture_in(fixture, test_dir(), "broker");
}

static void close_fixture(Fixture *fixture) {
        fixture->server = channel_server_free(fixture->server);
        free(fixture->endpoint);
        buf_deinit(&fixture->frame);
}

#define cleanup_fixture cleanup(close_fixture)

static ChannelClient *open_client(const Fixture *fixture, const Key *key) {
        ChannelClient *client = NULL;
        Fault fault = FAULT_INIT;

        CHECK_EQ_INT(channel_client_new(fixture->endpoint, key, fixture->broker.public.curve,
                                        &client, &fault),
                     0);
        return client;
}

/* One turn of both ends' loops; true if a frame came to the server. */
static bool turn(Fixture *fixture, ChannelClient *client) {
        LoopWait wait = {.server = fixture->server, .client = client};

        CHECK_EQ_INT(loop_wait(&wait, 20), 0);
        if (!fixture->server)
                return false;
        CHECK_EQ_INT(channel_server_serve_zap(fixture->server), 0);
        return channel_server_receive(fixture->server, &fixture->frame, &fixture->route,
                                      fixture->curve) == 0;
}

/* Sends as soon as it can, until a frame is there or the time is over. */
static bool exchange(Fixture *fixture, ChannelClient *client, const char *text, uint64_t limit_ms) {
        uint64_t end = clock_mono_ms() + limit_ms;
        bool is_sent = false;

        while (clock_mono_ms() < end) {
                is_sent = is_sent || channel_client_send(client, slice_text(text)) == 0;
                if (turn(fixture, client))
                        return true;
        }
        return false;
}

static bool answer_comes(ChannelClient *client, Buf *frame) {
        uint64_t end = clock_mono_ms() + PATIENCE_MS;

        while (clock_mono_ms() < end) {
                LoopWait wait = {.client = client};

                if (channel_client_receive(client, frame) == 0)
                        return true;
                CHECK_EQ_INT(loop_wait(&wait, 100), 0);
        }
        return false;
}

TEST(an_admitted_key_gets_through_and_is_named) {
        cleanup_fixture Fixture fixture;
        cleanup(channel_client_freep) ChannelClient *client = NULL;
        cleanup_buf Buf answer = BUF_INIT(FRAME_MAX);

        open_fixture(&fixture);
        client = open_client(&fixture, &fixture.agent);
        CHECK(exchange(&fixture, client, "hello", PATIENCE_MS));
        CHECK_EQ_TEXT(buf_get_text(&fixture.frame), "hello");
        CHECK(memcmp(fixture.curve, fixture.agent.public.curve, CURVE_BYTES) == 0);
        CHECK_EQ_U64(channel_client_count_connections(client), 1);
        CHECK(!channel_client_is_key_refused(client));
        CHECK_EQ_INT(channel_server_send(fixture.server, &fixture.route, slice_text("welcome")), 0);
        CHECK(answer_comes(client, &answer));
        CHECK_EQ_TEXT(buf_get_text(&answer), "welcome");
}

/* The route that a server gives first, in a process of its own. */
static void first_route(const char *dir, const char *name, Route *ret_route) {
        pid_t pid = fork();
        int status;

        if (pid == 0) {
                ChannelClient *client;
                Fixture fixture;

                open_fixture_in(&fixture, dir, name);
                client = open_client(&fixture, &fixture.agent);
                CHECK(exchange(&fixture, client, "hello", PATIENCE_MS));
                *ret_route = fixture.route;
                _exit(0);
        }
        CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

TEST(nobody_knows_the_first_route_of_a_server) {
        const char *dir = test_dir();
        Route *routes = mmap(NULL, 2 * sizeof *routes, PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_ANONYMOUS, -1, 0);

        CHECK(routes != MAP_FAILED);
        first_route(dir, "one", &routes[0]);
        first_route(dir, "other", &routes[1]);
        CHECK(routes[0].n == routes[1].n && routes[0].n > 0);
        CHECK(memcmp(routes[0].bytes, routes[1].bytes, routes[0].n) != 0);
}

static bool learns_that_it_is_refused(Fixture *fixture, ChannelClient *client) {
        uint64_t end = clock_mono_ms() + PATIENCE_MS;

        while (clock_mono_ms() < end && !channel_client_is_key_refused(client))
                CHECK(!turn(fixture, client));
        return channel_client_is_key_refused(client);
}

TEST(an_unknown_key_is_refused_and_told_so) {
        cleanup_fixture Fixture fixture;
        cleanup(channel_client_freep) ChannelClient *client = NULL;

        open_fixture(&fixture);
        client = open_client(&fixture, &fixture.stranger);
        CHECK(learns_that_it_is_refused(&fixture, client));
        CHECK_EQ_INT(channel_client_send(client, slice_text("x")), CHANNEL_E_FULL);
        CHECK_EQ_U64(channel_client_count_connections(client), 0);
}

TEST(a_key_that_is_admitted_later_comes_in_by_itself) {
        cleanup_fixture Fixture fixture;
        cleanup(channel_client_freep) ChannelClient *client = NULL;

        open_fixture(&fixture);
        fixture.admits_agent = false;
        client = open_client(&fixture, &fixture.agent);
        CHECK(learns_that_it_is_refused(&fixture, client));
        fixture.admits_agent = true;
        CHECK(exchange(&fixture, client, "hello", PATIENCE_MS));
        CHECK(!channel_client_is_key_refused(client));
}

TEST(without_a_zap_handler_nobody_new_gets_in) {
        cleanup_fixture Fixture fixture;
        cleanup(channel_client_freep) ChannelClient *old = NULL, *new = NULL;

        open_fixture(&fixture);
        old = open_client(&fixture, &fixture.agent);
        CHECK(exchange(&fixture, old, "before", PATIENCE_MS));
        channel_server_kill_zap(fixture.server);
        new = open_client(&fixture, &fixture.agent);
        CHECK(!exchange(&fixture, new, "let me in", SILENCE_MS));
        CHECK_EQ_U64(channel_client_count_connections(new), 0);
        /* The control: the server itself still works. */
        CHECK(exchange(&fixture, old, "after", PATIENCE_MS));
        CHECK_EQ_TEXT(buf_get_text(&fixture.frame), "after");
}

TEST(a_server_with_another_key_is_not_talked_to) {
        cleanup_fixture Fixture fixture;
        cleanup(channel_client_freep) ChannelClient *client = NULL;
        Fault fault = FAULT_INIT;

        open_fixture(&fixture);
        CHECK_EQ_INT(channel_client_new(fixture.endpoint, &fixture.agent,
                                        fixture.stranger.public.curve, &client, &fault),
                     0);
        CHECK(!exchange(&fixture, client, "hello", SILENCE_MS));
}

/* ---- clients that are not ours ---- */

typedef struct RawClient {
        void *context, *socket;
} RawClient;

static void close_raw(RawClient *raw) {
        (void)zmq_close(raw->socket);
        (void)zmq_ctx_term(raw->context);
}

static void set_number(void *socket, int option, int value) {
        CHECK_EQ_INT(zmq_setsockopt(socket, option, &value, sizeof value), 0);
}

static void open_raw(const Fixture *fixture, const Key *key, const char *routing_id,
                     RawClient *ret_raw) {
        ret_raw->context = zmq_ctx_new();
        ret_raw->socket = zmq_socket(ret_raw->context, ZMQ_DEALER);
        set_number(ret_raw->socket, ZMQ_LINGER, 0);
        set_number(ret_raw->socket, ZMQ_IMMEDIATE, 1);
        if (routing_id)
                CHECK_EQ_INT(zmq_setsockopt(ret_raw->socket, ZMQ_ROUTING_ID, routing_id,
                                            strlen(routing_id)),
                             0);
        if (key) {
                (void)zmq_setsockopt(ret_raw->socket, ZMQ_CURVE_SERVERKEY,
                                     fixture->broker.public.curve, CURVE_BYTES);
                (void)zmq_setsockopt(ret_raw->socket, ZMQ_CURVE_PUBLICKEY, key->public.curve,
                                     CURVE_BYTES);
                (void)zmq_setsockopt(ret_raw->socket, ZMQ_CURVE_SECRETKEY, key->curve_secret,
                                     CURVE_BYTES);
        }
        CHECK_EQ_INT(zmq_connect(ret_raw->socket, fixture->endpoint), 0);
}

/* Whether the server ends the connection. */
static bool is_cut_off(const RawClient *raw) {
        void *monitor = zmq_socket(raw->context, ZMQ_PAIR);
        zmq_pollitem_t item = {.socket = monitor, .events = ZMQ_POLLIN};
        bool is_cut;

        CHECK_EQ_INT(zmq_socket_monitor(raw->socket, "inproc://raw", ZMQ_EVENT_DISCONNECTED), 0);
        CHECK_EQ_INT(zmq_connect(monitor, "inproc://raw"), 0);
        is_cut = zmq_poll(&item, 1, PATIENCE_MS) == 1;
        (void)zmq_close(monitor);
        return is_cut;
}

/* Sends one part when the connection is there; false if it is not in time. */
static bool raw_send(Fixture *fixture, RawClient *raw, Slice bytes, int flags, uint64_t limit_ms) {
        uint64_t end = clock_mono_ms() + limit_ms;

        while (clock_mono_ms() < end) {
                if (zmq_send(raw->socket, bytes.data, bytes.n, flags | ZMQ_DONTWAIT) >= 0)
                        return true;
                CHECK(!turn(fixture, NULL));
        }
        return false;
}

static bool frame_comes(Fixture *fixture, const char *text) {
        uint64_t end = clock_mono_ms() + PATIENCE_MS;

        while (clock_mono_ms() < end)
                if (turn(fixture, NULL))
                        return slice_is(buf_get(&fixture->frame), text);
        return false;
}

TEST(a_client_without_curve_is_refused) {
        cleanup_fixture Fixture fixture;
        cleanup(close_raw) RawClient raw;

        open_fixture(&fixture);
        open_raw(&fixture, NULL, NULL, &raw);
        CHECK(!raw_send(&fixture, &raw, slice_text("hello"), 0, SILENCE_MS));
}

TEST(a_message_of_several_parts_is_a_condition_and_dropped_whole) {
        cleanup_fixture Fixture fixture;
        cleanup(close_raw) RawClient raw;

        open_fixture(&fixture);
        open_raw(&fixture, &fixture.agent, NULL, &raw);
        CHECK(raw_send(&fixture, &raw, slice_text("one"), ZMQ_SNDMORE, PATIENCE_MS));
        CHECK(raw_send(&fixture, &raw, slice_text("two"), ZMQ_SNDMORE, PATIENCE_MS));
        CHECK(raw_send(&fixture, &raw, slice_text("three"), 0, PATIENCE_MS));
        CHECK(raw_send(&fixture, &raw, slice_text("whole"), 0, PATIENCE_MS));
        CHECK(frame_comes(&fixture, "whole"));
}

TEST(a_routing_id_longer_than_ours_is_dropped) {
        cleanup_fixture Fixture fixture;
        cleanup(close_raw) RawClient raw;
        cleanup(channel_client_freep) ChannelClient *client = NULL;

        open_fixture(&fixture);
        open_raw(&fixture, &fixture.agent, "a-routing-id-that-is-longer-than-any-of-ours", &raw);
        CHECK(raw_send(&fixture, &raw, slice_text("unseen"), 0, PATIENCE_MS));
        client = open_client(&fixture, &fixture.agent);
        CHECK(exchange(&fixture, client, "seen", PATIENCE_MS));
        CHECK_EQ_TEXT(buf_get_text(&fixture.frame), "seen");
}

TEST(a_frame_above_the_limit_never_reaches_the_program) {
        cleanup_fixture Fixture fixture;
        cleanup(close_raw) RawClient raw;
        cleanup(channel_client_freep) ChannelClient *client = NULL;
        cleanup_free uint8_t *bytes = mem_alloc(FRAME_MAX + FAR_ABOVE_BYTES);

        open_fixture(&fixture);
        open_raw(&fixture, &fixture.agent, NULL, &raw);
        /* A little above: received, and a condition. */
        CHECK(raw_send(&fixture, &raw, slice_make(bytes, FRAME_MAX + 1), 0, PATIENCE_MS));
        CHECK(raw_send(&fixture, &raw, slice_text("first"), 0, PATIENCE_MS));
        CHECK(frame_comes(&fixture, "first"));
        /* Far above: ZeroMQ ends the connection; the next one is as good as any. */
        CHECK(raw_send(&fixture, &raw, slice_make(bytes, FRAME_MAX + FAR_ABOVE_BYTES), 0,
                       PATIENCE_MS));
        CHECK(is_cut_off(&raw));
        client = open_client(&fixture, &fixture.agent);
        CHECK(exchange(&fixture, client, "second", PATIENCE_MS));
        CHECK_EQ_TEXT(buf_get_text(&fixture.frame), "second");
}

/* What the next message gives instead of a frame. */
static int condition_of(Fixture *fixture) {
        uint64_t end = clock_mono_ms() + PATIENCE_MS;
        int r = CHANNEL_E_EMPTY;

        while (r == CHANNEL_E_EMPTY && clock_mono_ms() < end) {
                LoopWait wait = {.server = fixture->server};

                CHECK_EQ_INT(loop_wait(&wait, 20), 0);
                CHECK_EQ_INT(channel_server_serve_zap(fixture->server), 0);
                r = channel_server_receive(fixture->server, &fixture->frame, &fixture->route,
                                           fixture->curve);
        }
        CHECK(memcmp(fixture->curve, fixture->agent.public.curve, CURVE_BYTES) == 0);
        return r;
}

TEST(what_is_too_large_or_in_parts_or_from_a_chosen_route_names_its_sender) {
        cleanup_fixture Fixture fixture;
        cleanup(close_raw) RawClient raw, chosen;
        cleanup_free uint8_t *bytes = mem_alloc(FRAME_MAX + 1);

        open_fixture(&fixture);
        open_raw(&fixture, &fixture.agent, NULL, &raw);
        open_raw(&fixture, &fixture.agent, "mine", &chosen);
        CHECK(raw_send(&fixture, &raw, slice_make(bytes, FRAME_MAX + 1), 0, PATIENCE_MS));
        CHECK_EQ_INT(condition_of(&fixture), CHANNEL_E_TOO_LARGE);
        CHECK(raw_send(&fixture, &raw, slice_text("one"), ZMQ_SNDMORE, PATIENCE_MS));
        CHECK(raw_send(&fixture, &raw, slice_text("two"), 0, PATIENCE_MS));
        CHECK_EQ_INT(condition_of(&fixture), CHANNEL_E_PARTS);
        CHECK(raw_send(&fixture, &chosen, slice_text("hello"), 0, PATIENCE_MS));
        CHECK_EQ_INT(condition_of(&fixture), CHANNEL_E_ROUTE);
}

/* ---- sending ---- */

TEST(our_own_side_does_not_send_a_frame_above_the_limit) {
        cleanup_fixture Fixture fixture;
        cleanup(channel_client_freep) ChannelClient *client = NULL;
        cleanup_free uint8_t *bytes = mem_alloc(FRAME_MAX + 1);

        open_fixture(&fixture);
        client = open_client(&fixture, &fixture.agent);
        CHECK_EQ_INT(channel_client_send(client, slice_make(bytes, FRAME_MAX + 1)),
                     CHANNEL_E_TOO_LARGE);
        CHECK(exchange(&fixture, client, "hello", PATIENCE_MS));
        CHECK_EQ_INT(channel_server_send(fixture.server, &fixture.route,
                                         slice_make(bytes, FRAME_MAX + 1)),
                     CHANNEL_E_TOO_LARGE);
        CHECK_EQ_INT(
                channel_server_send(fixture.server, &fixture.route, slice_make(bytes, FRAME_MAX)),
                0);
}

TEST(a_peer_that_has_gone_is_a_condition) {
        cleanup_fixture Fixture fixture;
        cleanup(channel_client_freep) ChannelClient *client = NULL;
        uint64_t end;
        int r = 0;

        open_fixture(&fixture);
        client = open_client(&fixture, &fixture.agent);
        CHECK(exchange(&fixture, client, "hello", PATIENCE_MS));
        client = channel_client_free(client);
        end = clock_mono_ms() + PATIENCE_MS;
        while (r == 0 && clock_mono_ms() < end) {
                r = channel_server_send(fixture.server, &fixture.route, slice_text("hello?"));
                CHECK(!turn(&fixture, NULL));
        }
        CHECK_EQ_INT(r, CHANNEL_E_GONE);
}

static uint16_t free_port(void) {
        cleanup_fd int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct sockaddr_in address = {.sin_family = AF_INET};
        socklen_t n = sizeof address;

        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        CHECK_EQ_INT(bind(fd, (struct sockaddr *)&address, n), 0);
        CHECK_EQ_INT(getsockname(fd, (struct sockaddr *)&address, &n), 0);
        return ntohs(address.sin_port);
}

/* The server's end of the one connection to `port`, which is in this process. */
static int find_accepted(uint16_t port) {
        for (int fd = 0; fd < 256; fd++) {
                struct sockaddr_in here = {.sin_family = AF_UNSPEC}, there;
                socklen_t n_here = sizeof here, n_there = sizeof there;

                if (getsockname(fd, (struct sockaddr *)&here, &n_here) == 0 &&
                    here.sin_family == AF_INET && ntohs(here.sin_port) == port &&
                    getpeername(fd, (struct sockaddr *)&there, &n_there) == 0)
                        return fd;
        }
        return -1;
}

TEST(a_machine_that_is_gone_between_two_pings_is_the_kernels_to_notice) {
        cleanup_fixture Fixture fixture;
        cleanup(channel_client_freep) ChannelClient *client = NULL;
        uint16_t port = free_port();
        int is_on = 0, idle_s = 0;
        socklen_t n = sizeof is_on;
        int fd;

        open_fixture(&fixture);
        fixture.server = channel_server_free(fixture.server);
        free(fixture.endpoint);
        fixture.endpoint = mem_printf("tcp://127.0.0.1:%u", port);
        open_server(&fixture);
        client = open_client(&fixture, &fixture.agent);
        CHECK(exchange(&fixture, client, "hello", PATIENCE_MS));
        fd = find_accepted(port);
        CHECK(fd >= 0);
        CHECK_EQ_INT(getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &is_on, &n), 0);
        CHECK_EQ_INT(getsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, &n), 0);
        CHECK_EQ_INT(is_on, 1);
        CHECK_EQ_INT(idle_s, 5);
}

TEST(a_peer_that_does_not_read_is_a_condition_and_not_a_wait) {
        cleanup_fixture Fixture fixture;
        cleanup(channel_client_freep) ChannelClient *client = NULL;
        static const uint8_t bytes[1 << 16];
        uint64_t end = clock_mono_ms() + PATIENCE_MS;
        int r = 0;

        open_fixture(&fixture);
        client = open_client(&fixture, &fixture.agent);
        CHECK(exchange(&fixture, client, "hello", PATIENCE_MS));
        while (r == 0 && clock_mono_ms() < end)
                r = channel_server_send(fixture.server, &fixture.route,
                                        slice_make(bytes, sizeof bytes));
        CHECK_EQ_INT(r, CHANNEL_E_FULL);
}

/* Sends as many frames as are taken, up to `n`; how many were. */
static size_t send_many(ChannelClient *client, size_t n) {
        static const uint8_t bytes[1 << 16];
        size_t n_sent = 0;

        while (n_sent < n && channel_client_send(client, slice_make(bytes, sizeof bytes)) == 0)
                n_sent++;
        return n_sent;
}

TEST(what_was_said_last_is_heard_though_its_sender_ends) {
        cleanup_fixture Fixture fixture;
        ChannelClient *client;
        uint64_t end = clock_mono_ms() + PATIENCE_MS;
        size_t n_sent, n_heard = 0;

        open_fixture(&fixture);
        client = open_client(&fixture, &fixture.agent);
        CHECK(exchange(&fixture, client, "hello", PATIENCE_MS));
        n_sent = send_many(client, 40);
        CHECK(n_sent > 10);
        client = channel_client_free(client);
        while (n_heard < n_sent && clock_mono_ms() < end)
                n_heard += turn(&fixture, NULL);
        CHECK_EQ_U64(n_heard, n_sent);
}

TEST(a_client_whose_broker_does_not_read_ends_without_hanging) {
        cleanup_fixture Fixture fixture;
        ChannelClient *client;
        LoopWait wait;
        uint64_t begin;

        open_fixture(&fixture);
        client = open_client(&fixture, &fixture.agent);
        CHECK(exchange(&fixture, client, "hello", PATIENCE_MS));
        do {
                wait = (LoopWait){.client = client, .client_wants_send = true};
                (void)send_many(client, 1000);
                CHECK_EQ_INT(loop_wait(&wait, SILENCE_MS), 0);
        } while (wait.client_is_ready);
        begin = clock_mono_ms();
        client = channel_client_free(client);
        CHECK(clock_mono_ms() - begin < 1500);
}

TEST(a_client_whose_broker_is_away_ends_without_hanging) {
        cleanup_fixture Fixture fixture;
        ChannelClient *client;
        uint64_t begin;

        open_fixture(&fixture);
        fixture.server = channel_server_free(fixture.server);
        client = open_client(&fixture, &fixture.agent);
        CHECK_EQ_INT(channel_client_send(client, slice_text("x")), CHANNEL_E_FULL);
        begin = clock_mono_ms();
        client = channel_client_free(client);
        CHECK(clock_mono_ms() - begin < 2000);
}

TEST(a_reconnection_is_counted) {
        cleanup_fixture Fixture fixture;
        cleanup(channel_client_freep) ChannelClient *client = NULL;
        uint64_t end;

        open_fixture(&fixture);
        client = open_client(&fixture, &fixture.agent);
        CHECK(exchange(&fixture, client, "one", PATIENCE_MS));
        fixture.server = channel_server_free(fixture.server);
        open_server(&fixture);
        end = clock_mono_ms() + PATIENCE_MS;
        while (channel_client_count_connections(client) < 2 && clock_mono_ms() < end)
                CHECK(!turn(&fixture, client));
        CHECK_EQ_U64(channel_client_count_connections(client), 2);
        CHECK(exchange(&fixture, client, "two", PATIENCE_MS));
}

/* ---- endpoints ---- */

TEST(a_path_longer_than_a_socket_address_works_on_both_sides) {
        cleanup_fixture Fixture fixture;
        cleanup(channel_client_freep) ChannelClient *client = NULL;
        cleanup_free char *directory = NULL;

        open_fixture(&fixture);
        fixture.server = channel_server_free(fixture.server);
        directory = mem_printf("%s/%0100d", test_dir(), 7);
        CHECK_EQ_INT(dir_make(directory, 0700), 0);
        free(fixture.endpoint);
        fixture.endpoint = mem_printf("ipc://%s/broker.sock", directory);
        open_server(&fixture);
        client = open_client(&fixture, &fixture.agent);
        CHECK(exchange(&fixture, client, "far away", PATIENCE_MS));
}

static void check_refused(const char *endpoint, const char *rule) {
        ChannelServer *server = NULL;
        Fault fault = FAULT_INIT;
        Key key;

        CHECK_EQ_INT(sign_start(), 0);
        key_make(&key);
        CHECK_EQ_INT(channel_server_new(endpoint, &key, on_admit, NULL, &server, &fault),
                     CHANNEL_E_REFUSED);
        CHECK_EQ_TEXT(fault.rule, rule);
        CHECK(server == NULL);
}

TEST(an_unusable_endpoint_is_refused_by_name) {
        cleanup_free char *missing = mem_printf("ipc://%s/%0120d/x/y", test_dir(), 7);
        cleanup_free char *long_name = mem_printf("ipc://%s/%0120d", test_dir(), 7);
        cleanup_free char *absent = mem_printf("ipc://%s/none/sock", test_dir());

        check_refused("inproc://x", "endpoint-scheme");
        check_refused("ipc://", "endpoint-scheme");
        check_refused("ipc://@abstract", "endpoint-scheme");
        check_refused("ipc://*", "endpoint-scheme");
        check_refused("tcp://", "endpoint-scheme");
        check_refused("/run/broker.sock", "endpoint-scheme");
        check_refused("tcp://nonsense", "endpoint-scheme");
        check_refused(missing, "endpoint-directory");
        check_refused(long_name, "endpoint-too-long");
        check_refused(absent, "endpoint-unusable");
}
