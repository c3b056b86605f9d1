/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* A client of ZeroMQ's that is no channel of ours: it has the routing id that it likes, sends parts
 * and what is too large. */

#include "base/buf.h"
#include "base/sign.h"

typedef struct Dealer {
        void *context, *socket;
} Dealer;

/* `key` NULL: without CURVE; `route` SLICE_NULL: as ZeroMQ gives it. Does not wait. */
void dealer_open(Dealer *dealer, const char *endpoint, const Key *key,
                 const uint8_t server_curve[CURVE_BYTES], Slice route);
/* The same, and among what it says is a ping of the transport in each millisecond. */
void dealer_open_pinging(Dealer *dealer, const char *endpoint, const Key *key,
                         const uint8_t server_curve[CURVE_BYTES]);
void dealer_close(Dealer *dealer);
#define cleanup_dealer cleanup(dealer_close)

/* False: it was not taken within the time; before a handshake is through nothing is. */
bool dealer_send(const Dealer *dealer, Slice bytes, bool has_more, uint64_t limit_ms) must_check;
/* False: nothing came within the time. */
bool dealer_receive(const Dealer *dealer, Buf *ret_frame, uint64_t limit_ms) must_check;
