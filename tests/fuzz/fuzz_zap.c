/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Requests of the key check: parts, each behind a byte with its length. What is not exactly a
 * request, or asks for a key that is not admitted, is answered with 400. */

#include "tests/fuzz/fuzz.h"

#include <string.h>

#include <zmq.h>

#include "base/slice.h"
#include "proto/zap.h"
#include "proto/zmq_load.h"

enum {
        PARTS_MAX = 16,
        PARTS_WANTED = 7,
        PART_BYTES = 512,
        STATUS_PART = 3, /* behind delimiter, version and request */
};

static void *context, *zap, *asker;

static void make_world(void) {
        context = zmq_ctx_new();
        must(context && !zmq_load() && zap_open(context, &zap) == 0);
        asker = zmq_socket(context, ZMQ_DEALER);
        must(asker && zmq_connect(asker, "inproc://zeromq.zap.01") == 0);
}

/* Keys that begin with `k`. */
static bool admits(void *userdata, const uint8_t curve[CURVE_BYTES]) {
        (void)userdata;
        return curve[0] == 'k';
}

/* Whether it is a request that must be granted. */
static bool ask(Slice rest) {
        Slice parts[PARTS_MAX];
        size_t n = 0;

        while (n < PARTS_MAX && rest.n) {
                parts[n] = slice_head(slice_from(rest, 1), rest.data[0]);
                rest = slice_from(rest, 1 + parts[n++].n);
        }
        must(zmq_send(asker, "", 0, ZMQ_SNDMORE) == 0);
        for (size_t i = 0; i < n; i++)
                must(zmq_send(asker, parts[i].data, parts[i].n, i + 1 < n ? ZMQ_SNDMORE : 0) >= 0);
        return n == PARTS_WANTED && slice_is(parts[0], "1.0") && slice_is(parts[2], zap_domain) &&
               slice_is(parts[5], "CURVE") && parts[6].n == CURVE_BYTES && parts[6].data[0] == 'k';
}

/* The answer has six parts behind its delimiter. */
static bool take_answer(void) {
        char part[PART_BYTES];
        bool is_admitted = false;
        int n_parts = 0, more = 1;
        size_t n_more = sizeof more;

        for (; more; n_parts++) {
                int n = zmq_recv(asker, part, sizeof part, ZMQ_DONTWAIT);

                must(n >= 0 && zmq_getsockopt(asker, ZMQ_RCVMORE, &more, &n_more) == 0);
                if (n_parts == STATUS_PART) {
                        must(n == 3 &&
                             (memcmp(part, "200", 3) == 0 || memcmp(part, "400", 3) == 0));
                        is_admitted = part[0] == '2';
                }
        }
        must(n_parts == 7);
        return is_admitted;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        bool must_be_admitted;

        if (!context)
                make_world();
        if (n == 0)
                return 0;
        must_be_admitted = ask(slice_make(data, n));
        must(zap_serve(zap, admits, NULL) == 0);
        must(take_answer() == must_be_admitted);
        return 0;
}
