/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * The core's world in memory: clocks that we turn, a ledger that forgets what was not committed
 * when it crashes, what was sent, peers that are full or gone, calls that fail. A send while
 * something of the batch is not durable ends the test: write before you speak.
 */

#include "base/arena.h"
#include "broker/core.h"
#include "proto/message.h"

enum { FAKE_ROUTES_MAX = 64, FAKE_EVIDENCE_MAX = 1024 };

typedef enum FakeCall {
        FAKE_APPEND,
        FAKE_COMMIT,
        FAKE_READ,
        FAKE_EVIDENCE_PUT,
        _FAKE_CALL_MAX
} FakeCall;

/* What a wrong broker would do, for tests of the tests. */
typedef enum FakeBug {
        FAKE_BUG_NONE,
        FAKE_BUG_ACK_FIRST, /* the newest commit is not on the disk when it says so */
        FAKE_BUG_WINDOW,    /* what was said is known again only for a while */
        FAKE_BUG_ROUTE,     /* who speaks is told by the route: for who calls core_receive */
} FakeBug;

typedef struct FakeSent {
        uint8_t to; /* first byte of the route */
        Slice frame;
        Message message;
} FakeSent;

typedef struct FakeEvidence {
        Hash digest;
        Slice frame;
        bool is_durable;
} FakeEvidence;

typedef struct FakePort {
        Arena arena; /* of everything below */
        uint64_t wall_ms, mono_ms;
        Entry *entries;
        size_t n_entries, n_durable;
        FakeBug bug;
        size_t n_synced; /* by FAKE_BUG_ACK_FIRST; else n_durable is meant */
        FakeEvidence evidence[FAKE_EVIDENCE_MAX];
        size_t n_evidence;
        bool is_dirty;
        bool is_full;   /* there is room for nothing */
        FakeSent *sent; /* oldest first, all of them until fake_port_forget */
        size_t n_sent;
        int conditions[FAKE_ROUTES_MAX];  /* by `to`: what a send to it gives; 0: it arrives */
        uint64_t fail_at[_FAKE_CALL_MAX]; /* the n-th call from now fails; 0: none */
        uint64_t n_calls[_FAKE_CALL_MAX];
        /* Drops a send if it says so: the network of a simulation. */
        bool (*loses)(void *userdata);
        void *userdata;
        uint64_t random_state;
} FakePort;

void fake_port_init(FakePort *port);
void fake_port_deinit(FakePort *port);
CorePort fake_port_get(FakePort *port);

/* What a killed process and its machine leave: the durable. */
void fake_port_crash(FakePort *port);
void fake_port_forget(FakePort *port);
void fake_port_turn(FakePort *port, uint64_t ms);
Route fake_route(uint8_t to);
