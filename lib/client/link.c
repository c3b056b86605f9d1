/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* ZeroMQ reconnects by itself, but the broker knows a connection only after its hello; and what
 * was queued for a dead one may be lost without a word. So each connection has a number. */

#include "client/link.h"

#include <errno.h>

#include "base/error.h"
#include "proto/codec.h"

enum { IDLE_MS = 250 };

static int connect_anew(Link *link, Fault *fault) {
        int r;

        if (link->channel)
                link->epoch_base += channel_client_count_connections(link->channel);
        link->epoch = link->epoch_base;
        link->channel = channel_client_free(link->channel);
        r = channel_client_new(link->endpoint, link->key, link->broker->curve, &link->channel,
                               fault);
        if (r == CHANNEL_E_REFUSED)
                return LINK_E_REFUSED;
        TRY(r);
        link->is_greeted = link->is_welcomed = false;
        link->asked_ms = 0;
        return 0;
}

int link_open(Link *link, const char *endpoint, const Key *key, const PublicKey *broker,
              Fault *reterr_fault) {
        *link = (Link){
                .endpoint = endpoint, .key = key, .broker = broker, .frame = BUF_INIT(FRAME_MAX)};
        return connect_anew(link, reterr_fault);
}

void link_close(Link *link) {
        link->channel = channel_client_free(link->channel);
        buf_deinit(&link->frame);
}

/* What comes before a welcome is no welcome, but is a sign of life after it. */
static bool is_dead(const Link *link, uint64_t now_ms) {
        if (link->is_welcomed)
                return link->asked_ms && now_ms - link->asked_ms >= LINK_QUIET_MS;
        return link->is_greeted && now_ms - link->greeted_ms >= LINK_WELCOME_MS;
}

int link_watch(Link *link, uint64_t now_ms, Fault *reterr_fault) {
        uint64_t epoch = link->epoch_base + channel_client_count_connections(link->channel);

        if (epoch != link->epoch) {
                link->epoch = epoch;
                link->is_greeted = link->is_welcomed = false;
                link->asked_ms = 0;
                link->heard_ms = now_ms;
        }
        return is_dead(link, now_ms) ? connect_anew(link, reterr_fault) : 0;
}

bool link_is_open(const Link *link) {
        return link->epoch > link->epoch_base;
}

int link_beat(Link *link, uint64_t now_ms) {
        Message beat = {.type = MESSAGE_HEARTBEAT};
        int r;

        if (!link->is_welcomed || now_ms - link->heard_ms < LINK_BEAT_MS ||
            now_ms - link->beat_ms < LINK_BEAT_MS)
                return 0;
        beat.heartbeat.count = ++link->n_beats;
        message_set_present(&beat);
        link->beat_ms = now_ms;
        if (!link->asked_ms)
                link->asked_ms = now_ms;
        r = link_send(link, &beat);
        return r == LINK_E_FULL ? 0 : r; /* the silence that follows says it as well */
}

int link_receive(Link *link, uint64_t now_ms, Slice *ret_frame) {
        int r = channel_client_receive(link->channel, &link->frame);

        if (r == CHANNEL_E_EMPTY)
                return LINK_E_NOTHING;
        TRY(r);
        link->heard_ms = now_ms;
        link->asked_ms = 0;
        *ret_frame = buf_get(&link->frame);
        return 0;
}

int link_send(Link *link, const Message *message) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        CodecFault fault;
        int r;

        if (codec_encode(message, &frame, &fault) != 0)
                return error_origin(-EMSGSIZE);
        r = channel_client_send(link->channel, buf_get(&frame));
        if (r == CHANNEL_E_FULL || r == CHANNEL_E_GONE)
                return LINK_E_FULL;
        return r == CHANNEL_E_TOO_LARGE ? error_origin(-EMSGSIZE) : r;
}

void link_set_greeted(Link *link, uint64_t now_ms) {
        link->is_greeted = true;
        link->is_welcomed = false;
        link->greeted_ms = now_ms;
}

void link_set_welcomed(Link *link) {
        link->is_welcomed = true;
}

int64_t link_prepare(const Link *link, uint64_t now_ms, LoopWait *wait) {
        uint64_t due;

        wait->client = link->channel;
        wait->client_wants_send = !link->is_greeted;
        if (!link->is_greeted && !link->is_welcomed)
                return IDLE_MS;
        due = link->is_welcomed ? link->heard_ms + LINK_BEAT_MS
                                : link->greeted_ms + LINK_WELCOME_MS;
        if (link->is_welcomed && link->asked_ms)
                due = size_min(link->beat_ms + LINK_BEAT_MS, link->asked_ms + LINK_QUIET_MS);
        return due > now_ms ? (int64_t)(due - now_ms) : 0;
}
