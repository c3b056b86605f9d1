/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * One connection after another to the broker: connects, says when a new connection stands, keeps
 * the heartbeat, gives up a connection that is quiet for too long. Knows nothing of what is said.
 */

#include "base/sign.h"
#include "proto/channel.h"
#include "proto/loop.h"
#include "proto/message.h"

enum {
        LINK_BEAT_MS = 1000,    /* of silence, before a heartbeat is sent */
        LINK_QUIET_MS = 2900,   /* without an answer to it, before the connection is given up */
        LINK_WELCOME_MS = 3000, /* for the answer to hello */
};

typedef struct Link {
        const char *endpoint; /* borrowed, as the key */
        const Key *key;
        const PublicKey *broker;
        ChannelClient *channel;
        uint64_t epoch;      /* number of the connection; 0: none so far */
        uint64_t epoch_base; /* connections of the channels before this one */
        bool is_greeted;     /* hello was sent on this connection */
        uint64_t greeted_ms; /* when */
        bool is_welcomed;    /* and answered */
        uint64_t heard_ms;   /* when anything came */
        uint64_t asked_ms;   /* first heartbeat since then; 0: none */
        uint64_t beat_ms;    /* newest heartbeat */
        uint64_t n_beats;
        Buf frame; /* scratch */
} Link;

enum {
        _LINK_E_SUCCESS,
        LINK_E_REFUSED, /* the endpoint is unusable */
        LINK_E_NOTHING,
        LINK_E_FULL, /* not connected, or the broker does not read */
};

int link_open(Link *link, const char *endpoint, const Key *key, const PublicKey *broker,
              Fault *reterr_fault) must_check;
void link_close(Link *link);

/* Notices a new connection: is_greeted and is_welcomed become false. Gives up a quiet one. */
int link_watch(Link *link, uint64_t now_ms, Fault *reterr_fault) must_check;
/* There is a connection, and it was noticed: what is sent now is sent on it. */
bool link_is_open(const Link *link);
/* Sends what the clock demands: a heartbeat. */
int link_beat(Link *link, uint64_t now_ms) must_check;
/* The next frame; borrowed until the next call. LINK_E_NOTHING. */
int link_receive(Link *link, uint64_t now_ms, Slice *ret_frame) must_check;
/* LINK_E_FULL. A message that breaks its own limits is -EMSGSIZE. */
int link_send(Link *link, const Message *message) must_check;
/* Hello was sent, or welcome has come. */
void link_set_greeted(Link *link, uint64_t now_ms);
void link_set_welcomed(Link *link);

/* When the link wants to be looked at again. */
int64_t link_prepare(const Link *link, uint64_t now_ms, LoopWait *wait);
