/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* One request, one answer; whatever is not exactly a request of CURVE's is answered with 400. */

#include "proto/zap.h"

#include <errno.h>
#include <string.h>

#include <zmq.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/late.h"

#define LATE LATE_DECLARE
#include "proto/zmq.def"

const char zap_domain[] = "coldgate";

static const char zap_endpoint[] = "inproc://zeromq.zap.01";
static const char zap_version[] = "1.0";

/* The parts of a request, in order. */
enum {
        ZAP_VERSION,
        ZAP_REQUEST,
        ZAP_DOMAIN,
        ZAP_ADDRESS,
        ZAP_IDENTITY,
        ZAP_MECHANISM,
        ZAP_KEY,
        _ZAP_MAX,
};

enum { PART_BYTES_MAX = 256 };

typedef struct ZapRequest {
        uint8_t bytes[_ZAP_MAX][PART_BYTES_MAX];
        Slice parts[_ZAP_MAX];
        bool is_whole; /* as many parts as CURVE's request has, none cut */
} ZapRequest;

/* The length of the next part, of which not more than fits is written; -errno. */
static int receive_part(void *zap, uint8_t bytes[PART_BYTES_MAX]) {
        int n;

        do
                n = late_zmq_recv(zap, bytes, PART_BYTES_MAX, ZMQ_DONTWAIT);
        while (n < 0 && errno == EINTR);
        return n < 0 ? -errno : n;
}

static bool has_more(void *zap) {
        size_t n = sizeof(int);
        int more = 0;

        return late_zmq_getsockopt(zap, ZMQ_RCVMORE, &more, &n) == 0 && more;
}

/* False in *ret_is_there: nobody asks now. */
static int zap_receive(void *zap, ZapRequest *ret_request, bool *ret_is_there) {
        size_t n_parts = 0;
        bool is_cut = false;

        memset(ret_request, 0, sizeof *ret_request);
        do {
                /* What there is too much of goes to the last place and is not looked at. */
                size_t place = size_min(n_parts, _ZAP_MAX - 1);
                int n = receive_part(zap, ret_request->bytes[place]);

                if (n == -EAGAIN && n_parts == 0) {
                        *ret_is_there = false;
                        return 0;
                }
                if (n < 0)
                        return error_origin(n);
                is_cut = is_cut || n > PART_BYTES_MAX;
                ret_request->parts[place] =
                        slice_make(ret_request->bytes[place], size_min((size_t)n, PART_BYTES_MAX));
                n_parts++;
        } while (has_more(zap));
        ret_request->is_whole = n_parts == _ZAP_MAX && !is_cut;
        *ret_is_there = true;
        return 0;
}

static bool request_is_curve(const ZapRequest *request) {
        return request->is_whole && slice_is(request->parts[ZAP_VERSION], zap_version) &&
               slice_is(request->parts[ZAP_DOMAIN], zap_domain) &&
               slice_is(request->parts[ZAP_MECHANISM], "CURVE") &&
               request->parts[ZAP_KEY].n == CURVE_BYTES;
}

static int zap_answer(void *zap, const ZapRequest *request, bool is_admitted) {
        char user_id[USER_ID_HEX + 1] = "";
        const Slice parts[] = {
                slice_text(zap_version),
                request->parts[ZAP_REQUEST],
                slice_text(is_admitted ? "200" : "400"),
                slice_text(is_admitted ? "OK" : "key not admitted"),
                slice_make(user_id, is_admitted ? USER_ID_HEX : 0),
                SLICE_NULL, /* no metadata */
        };

        if (is_admitted)
                hex_encode(request->parts[ZAP_KEY], user_id);
        for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
                int more = i + 1 < ARRAY_SIZE(parts) ? ZMQ_SNDMORE : 0;

                while (late_zmq_send(zap, parts[i].data, parts[i].n, more | ZMQ_DONTWAIT) < 0) {
                        /* Whoever asked has gone: nobody waits for the answer. */
                        if (errno == EAGAIN)
                                return 0;
                        if (errno != EINTR)
                                return error_origin(-errno);
                }
        }
        return 0;
}

int zap_open(void *context, void **ret_zap) {
        const int no_linger = 0;

        *ret_zap = late_zmq_socket(context, ZMQ_REP);
        if (!*ret_zap)
                return error_origin(-errno);
        if (late_zmq_setsockopt(*ret_zap, ZMQ_LINGER, &no_linger, sizeof no_linger) < 0 ||
            late_zmq_bind(*ret_zap, zap_endpoint) < 0)
                return error_origin(-errno);
        return 0;
}

int zap_serve(void *zap, ChannelAdmits admits, void *userdata) {
        for (;;) {
                ZapRequest request;
                bool is_there = false;

                TRY(zap_receive(zap, &request, &is_there));
                if (!is_there)
                        return 0;
                TRY(zap_answer(zap, &request,
                               request_is_curve(&request) &&
                                       admits(userdata, request.parts[ZAP_KEY].data)));
        }
}
