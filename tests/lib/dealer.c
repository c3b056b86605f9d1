/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

#include "tests/lib/dealer.h"

#include <zmq.h>

#include "tests/lib/test.h"

enum { PATIENCE_MS = 60000 };

static void set_bytes(void *socket, int option, const void *bytes, size_t n) {
        CHECK_EQ_INT(zmq_setsockopt(socket, option, bytes, n), 0);
}

static void set_number(void *socket, int option, int value) {
        set_bytes(socket, option, &value, sizeof value);
}

static void make(Dealer *dealer) {
        dealer->context = zmq_ctx_new();
        dealer->socket = zmq_socket(dealer->context, ZMQ_DEALER);
        CHECK(dealer->socket != NULL);
        set_number(dealer->socket, ZMQ_LINGER, 0);
        set_number(dealer->socket, ZMQ_IMMEDIATE, 1);
}

static void connect_with(const Dealer *dealer, const char *endpoint, const Key *key,
                         const uint8_t server_curve[CURVE_BYTES]) {
        if (key) {
                set_bytes(dealer->socket, ZMQ_CURVE_SERVERKEY, server_curve, CURVE_BYTES);
                set_bytes(dealer->socket, ZMQ_CURVE_PUBLICKEY, key->public.curve, CURVE_BYTES);
                set_bytes(dealer->socket, ZMQ_CURVE_SECRETKEY, key->curve_secret, CURVE_BYTES);
        }
        CHECK_EQ_INT(zmq_connect(dealer->socket, endpoint), 0);
}

void dealer_open(Dealer *dealer, const char *endpoint, const Key *key,
                 const uint8_t server_curve[CURVE_BYTES], Slice route) {
        make(dealer);
        if (route.n)
                set_bytes(dealer->socket, ZMQ_ROUTING_ID, route.data, route.n);
        connect_with(dealer, endpoint, key, server_curve);
}

void dealer_open_pinging(Dealer *dealer, const char *endpoint, const Key *key,
                         const uint8_t server_curve[CURVE_BYTES]) {
        make(dealer);
        set_number(dealer->socket, ZMQ_HEARTBEAT_IVL, 1);
        set_number(dealer->socket, ZMQ_HEARTBEAT_TIMEOUT, PATIENCE_MS);
        connect_with(dealer, endpoint, key, server_curve);
}

void dealer_close(Dealer *dealer) {
        (void)zmq_close(dealer->socket);
        (void)zmq_ctx_term(dealer->context);
}

bool dealer_send(const Dealer *dealer, Slice bytes, bool has_more, uint64_t limit_ms) {
        zmq_pollitem_t item = {.socket = dealer->socket, .events = ZMQ_POLLOUT};

        return zmq_poll(&item, 1, (long)limit_ms) == 1 &&
               zmq_send(dealer->socket, bytes.data, bytes.n,
                        ZMQ_DONTWAIT | (has_more ? ZMQ_SNDMORE : 0)) >= 0;
}

bool dealer_receive(const Dealer *dealer, Buf *ret_frame, uint64_t limit_ms) {
        zmq_pollitem_t item = {.socket = dealer->socket, .events = ZMQ_POLLIN};
        zmq_msg_t message;
        int n;

        if (zmq_poll(&item, 1, (long)limit_ms) != 1)
                return false;
        CHECK_EQ_INT(zmq_msg_init(&message), 0);
        n = zmq_msg_recv(&message, dealer->socket, ZMQ_DONTWAIT);
        buf_clear(ret_frame);
        if (n >= 0)
                buf_append(ret_frame, zmq_msg_data(&message), (size_t)n);
        (void)zmq_msg_close(&message);
        return n >= 0;
}
