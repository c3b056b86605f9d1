/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Who must not get in, or not at another's place; each beside the same against ZeroMQ as it is
 * without our options, which must fail. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zmq.h>

#include "base/clock.h"
#include "base/mem.h"
#include "proto/codec.h"
#include "tests/chaos/crowds.h"
#include "tests/chaos/mute.h"
#include "tests/lib/dealer.h"
#include "tests/lib/raw_agent.h"
#include "tests/lib/tcp_broker.h"
#include "tests/lib/test.h"

enum {
        ANSWER_MS = 20000,
        N_NOTES = 30,
        THEFT_MS = 500,
        MUTE_MS = 1000,
        N_ALLOWED = 3,
        N_FDS = 128,
        GIVEN_ROUTE_BYTES = 5,
        OPTION_HANDOVER = ZMQ_ROUTER_HANDOVER,
};

/* ---- another's routing id ---- */

static void read_key(const TcpBroker *broker, const char *name, Key *ret_key) {
        cleanup_free char *path = mem_printf("%s/.coldgate/keys/%s", broker->real.dir, name);
        Fault fault = FAULT_INIT;

        CHECK_EQ_INT(key_read(path, ret_key, &fault), 0);
}

/* A broker says in its debug lines which route an agent was given; nobody is told otherwise. */
static void start_talkative(TcpBroker *broker) {
        tcp_broker_init(broker, "");
        (void)setenv("COLDGATE_LOG", "debug", 1);
        real_broker_start(&broker->real);
        (void)unsetenv("COLDGATE_LOG");
}

static void learn_route(const TcpBroker *broker, uint8_t ret_route[GIVEN_ROUTE_BYTES]) {
        static const char sentence[] = "first heard of route ";
        const char *text;

        process_wait_text(broker->real.process, sentence, ANSWER_MS);
        text = strstr(process_get_err(broker->real.process), sentence);
        CHECK(text && hex_decode(slice_make(text + strlen(sentence), 2 * GIVEN_ROUTE_BYTES),
                                 ret_route, GIVEN_ROUTE_BYTES));
}

static void make_frame(Message message, Buf *ret_frame) {
        CodecFault fault;

        message_set_present(&message);
        buf_clear(ret_frame);
        CHECK_EQ_INT(codec_encode(&message, ret_frame, &fault), 0);
}

static const Message hello = {.type = MESSAGE_HELLO,
                              .hello = {.protocol = 1, .program = {(const uint8_t *)"thief", 5}}};
static const Message credit = {.type = MESSAGE_CREDIT, .credit = {.entries = 1024}};

/* What comes to it that is not a refusal. */
static size_t count_stolen(const Dealer *thief, uint64_t limit_ms) {
        cleanup_buf Buf frame = BUF_INIT((size_t)2 << 20);
        size_t n = 0;

        while (dealer_receive(thief, &frame, limit_ms)) {
                cleanup_arena Arena arena = ARENA_INIT;
                CodecFault fault;
                Message message;

                n += codec_decode(buf_get(&frame), &arena, &message, &fault) != 0 ||
                     message.type != MESSAGE_REFUSE;
        }
        return n;
}

static size_t count_events(const TcpBroker *broker) {
        static const char sentence[] = "wants the routing id of another connection";
        size_t n = 0;

        process_wait_text(broker->real.process, sentence, ANSWER_MS);
        for (const char *text = strstr(process_get_err(broker->real.process), sentence); text;
             text = strstr(text + 1, sentence))
                n++;
        return n;
}

TEST(who_takes_anothers_routing_id_gets_nothing_disturbs_nobody_and_is_named) {
        cleanup_tcp_broker TcpBroker broker;
        cleanup_raw_agent RawAgent victim, author;
        cleanup_buf Buf hello_frame = BUF_INIT(FRAME_MAX), credit_frame = BUF_INIT(FRAME_MAX);
        uint8_t route[GIVEN_ROUTE_BYTES];
        cleanup_dealer Dealer thief;
        Message wish = credit;
        cleanup_key Key key;
        size_t n_stolen = 0, n_events;

        start_talkative(&broker);
        raw_agent_connect(&victim, &broker.real.project, "builder");
        learn_route(&broker, route);
        raw_agent_send_message(&victim, &wish);
        tcp_broker_admit(&broker, "author", "builder");
        raw_agent_connect(&author, &broker.real.project, "author");
        read_key(&broker, "adversary", &key);
        dealer_open(&thief, broker.real.project.endpoint, &key,
                    broker.real.project.broker_key.curve, slice_make(route, sizeof route));
        make_frame(hello, &hello_frame);
        make_frame(credit, &credit_frame);
        victim.n_others = 0;
        for (size_t i = 0; i < N_NOTES; i++) {
                CHECK(dealer_send(&thief, buf_get(i % 2 ? &credit_frame : &hello_frame), false,
                                  ANSWER_MS));
                (void)raw_agent_note(&author, "m", ANSWER_MS);
                (void)raw_agent_note(&victim, "m", ANSWER_MS);
                n_stolen += count_stolen(&thief, 0);
        }
        n_stolen += count_stolen(&thief, THEFT_MS);
        raw_agent_hear(&victim, 0);
        n_events = count_events(&broker);
        printf("# routing id stolen | messages to the thief %zu; to the victim %zu of %d, its "
               "connections %llu; events %zu\n",
               n_stolen, victim.n_others, 2 * N_NOTES,
               (unsigned long long)channel_client_count_connections(victim.client), n_events);
        CHECK_EQ_U64(n_stolen, 0);
        CHECK(victim.n_others >= 2 * N_NOTES);
        CHECK_EQ_U64(channel_client_count_connections(victim.client), 1);
        CHECK_EQ_U64(n_events, 1);
}

/* The same two clients at a ROUTER that hands over. */
TEST(a_thief_of_a_routing_id_gets_everything_where_routes_are_handed_over) {
        cleanup_free char *endpoint = mem_printf("ipc://%s/control", test_dir());
        const Slice route = slice_text("victim");
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        cleanup_dealer Dealer victim, thief;
        void *context = zmq_ctx_new(), *router = zmq_socket(context, ZMQ_ROUTER);
        const int on = 1, none = 0;
        char said[64];

        CHECK_EQ_INT(zmq_setsockopt(router, OPTION_HANDOVER, &on, sizeof on), 0);
        CHECK_EQ_INT(zmq_setsockopt(router, ZMQ_LINGER, &none, sizeof none), 0);
        CHECK_EQ_INT(zmq_bind(router, endpoint), 0);
        dealer_open(&victim, endpoint, NULL, NULL, route);
        CHECK(dealer_send(&victim, slice_text("I am here"), false, ANSWER_MS));
        for (int i = 0; i < 2; i++)
                CHECK(zmq_recv(router, said, sizeof said, 0) > 0);
        dealer_open(&thief, endpoint, NULL, NULL, route);
        CHECK(dealer_send(&thief, slice_text("I am here"), false, ANSWER_MS));
        for (int i = 0; i < 2; i++)
                CHECK(zmq_recv(router, said, sizeof said, 0) > 0);
        CHECK(zmq_send(router, route.data, route.n, ZMQ_SNDMORE) > 0);
        CHECK(zmq_send(router, "for the victim", 14, 0) > 0);
        CHECK(dealer_receive(&thief, &frame, ANSWER_MS));
        CHECK_EQ_TEXT(buf_get_text(&frame), "for the victim");
        (void)zmq_close(router);
        (void)zmq_ctx_term(context);
}

/* ---- a key check that does not answer ---- */

TEST(nobody_gets_in_while_the_key_check_is_mute_and_who_may_is_in_soon_after) {
        cleanup_tcp_broker TcpBroker broker;
        Mute mute;

        tcp_broker_start(&broker, "");
        mute_try(&broker, N_ALLOWED, MUTE_MS, &mute);
        printf("# key check mute for %d ms | in meanwhile 0, unknown key in 0; %d allowed in "
               "after %llu ms at most\n",
               MUTE_MS, N_ALLOWED, (unsigned long long)mute.back_ms);
        CHECK(mute.back_ms <= 1000);
}

/* With the option 93 nobody is let in where nobody answers; without it a stranger is. */
static bool lets_a_stranger_in(bool enforces_domain) {
        cleanup_free char *endpoint = mem_printf("ipc://%s/control", test_dir());
        void *context = zmq_ctx_new(), *router = zmq_socket(context, ZMQ_ROUTER);
        const int on = 1, none = 0, enforced = enforces_domain;
        const int option_enforce_domain = 93;
        cleanup_dealer Dealer stranger;
        cleanup_key Key server, key;
        bool is_in;

        CHECK_EQ_INT(sign_start(), 0);
        key_make(&server);
        key_make(&key);
        CHECK_EQ_INT(zmq_setsockopt(router, ZMQ_CURVE_SERVER, &on, sizeof on), 0);
        CHECK_EQ_INT(zmq_setsockopt(router, ZMQ_LINGER, &none, sizeof none), 0);
        CHECK_EQ_INT(zmq_setsockopt(router, ZMQ_ZAP_DOMAIN, "control", 7), 0);
        CHECK_EQ_INT(zmq_setsockopt(router, option_enforce_domain, &enforced, sizeof enforced), 0);
        CHECK_EQ_INT(zmq_setsockopt(router, ZMQ_CURVE_SECRETKEY, server.curve_secret, CURVE_BYTES),
                     0);
        CHECK_EQ_INT(zmq_bind(router, endpoint), 0);
        dealer_open(&stranger, endpoint, &key, server.public.curve, SLICE_NULL);
        is_in = dealer_send(&stranger, slice_text("let me in"), false, THEFT_MS);
        (void)zmq_close(router);
        (void)zmq_ctx_term(context);
        return is_in;
}

TEST(without_the_enforced_domain_a_stranger_is_let_in_where_nobody_answers) {
        CHECK(lets_a_stranger_in(false));
        CHECK(!lets_a_stranger_in(true));
}

/* ---- idle connections ---- */

TEST(twice_as_many_idle_connections_as_descriptors_keep_nobody_out) {
        Crowds crowds;

        crowds_try(N_FDS, 2 * N_FDS, &crowds);
        crowds_print(&crowds);
        CHECK(crowds.welcome_ms <= 4000);
        CHECK(crowds.cpu_percent <= 30);
}

TEST(idle_connections_keep_a_good_one_out_where_nobody_limits_them) {
        Crowds crowds;

        crowds_try_plain(N_FDS, 2 * N_FDS, &crowds);
        crowds_print(&crowds);
        CHECK(!crowds.is_served);
}
