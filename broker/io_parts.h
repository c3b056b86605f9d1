/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The inside of Io, for its own files: io.c (the port, opening), io_offline.c (without a channel),
 * io_serve.c (the loop), io_health.c (how it does), io_prove.c (whether it is
 * closed), io_key.c (the broker's key). */

#include "broker/intake.h"
#include "broker/io.h"
#include "broker/metrics.h"
#include "broker/notify.h"
#include "broker/rest.h"
#include "broker/scrape.h"
#include "proto/loop.h"

enum { FILES_STOP_MS = 3000 /* how long the end waits for the files */ };

struct Io {
        const Project *project;
        Key key;          /* the core and the files sign with it */
        bool has_settled; /* a rotation that was broken off was brought to its end */
        char *path;       /* of the ledger */
        Ledger *ledger;
        Core *core;
        ChannelServer *server;   /* NULL: nobody is connected */
        ChannelClient *stranger; /* NULL: it had its answer */
        uint64_t stranger_due_ms;
        Rest *rest;
        Notify *notify; /* NULL: there is no project to tell of it */
        Scrape *scrape; /* NULL: nobody is told */
        CommitTimes commits;
        uint64_t started_ms;  /* monotonic */
        uint64_t room_due_ms; /* no room for what deliveries write: not before */
        bool is_log_told;     /* an alert has said that the write-ahead log is long */
        Intake intake;
        Ahead *ahead;              /* looks at signatures of what is in it; NULL: not serving */
        const IntakeItem *in_hand; /* what the core is working on; NULL: nothing of the intake */
        Buf frame;
};

/* Without reading the ledger; `file` NULL: the project's. IO_E_REFUSED. */
int io_make(const Project *project, const char *file, LedgerMode mode, Io **ret_io,
            Fault *reterr_fault) must_check;
/* The core's settings, as the project has them. */
void io_fill_settings(const Project *project, CoreSettings *ret_settings);
/* A key that nobody admitted knocks at the channel that is bound, and the loop goes on; a step of
 * each round sees the answer. Fatal: it was let in. */
int io_prove_begin(Io *io) must_check;
int io_prove_step(Io *io) must_check;
/* io_health.c. For who asks: the figures; and false, with the reason, where nothing is taken. */
void io_print_metrics(void *userdata, Buf *text);
bool io_print_health(void *userdata, Buf *text);
/* A write-ahead log that does not become shorter is an alert, once each time: as soon as there is
 * room for it. */
int io_watch_log(Io *io) must_check;
bool io_admits(void *userdata, const uint8_t curve[CURVE_BYTES]);
/* SIGHUP: settings and deliveries are read again. What is wrong in them is said, as an alert too,
 * and all of them stay as they were. `project` is the one that Io borrows. */
int io_reload(Io *io, Project *project) must_check;
/* The ledger into the core. IO_E_REFUSED. */
int io_replay(Io *io, Fault *reterr_fault) must_check;
/* keys/broker. IO_E_REFUSED. */
int io_read_key(Io *io, Fault *reterr_fault) must_check;
/* The key, the config and the ledger that was read are of each other; a rotation that was broken
 * off behind its entry is brought to its end. IO_E_REFUSED. */
int io_settle_key(Io *io, Fault *reterr_fault) must_check;
