/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * The core's port on a real ledger, a real channel and real clocks, and the loop around it. With a
 * channel it is the broker; without one it is how an operator's verb writes while no broker runs.
 */

#include "base/fault.h"
#include "broker/collect.h"
#include "broker/core.h"
#include "broker/ledger.h"
#include "broker/witness.h"
#include "client/project.h"

typedef struct Io Io;

enum {
        _IO_E_SUCCESS,
        IO_E_REFUSED, /* the fault says why: ledger-*, key-*, endpoint-* */
};

/* Opens the project's ledger for writing and feeds it to the core; says how far it is when that
 * takes longer than a second. */
int io_open(const Project *project, Io **ret_io, Fault *reterr_fault) must_check;
/* A new ledger with its genesis and the agents given, operators first. */
typedef struct IoAgent {
        const char *name;
        Role role;
        PublicKey key;
} IoAgent;
int io_create(const Project *project, const IoAgent *agents, size_t n_agents,
              Fault *reterr_fault) must_check;
Io *io_free(Io *io);
DEFINE_FREEP(Io, io_free, io_freep)

/* Into a ledger beside the project's, before it takes its place: what is known to be lost with it.
 * IO_E_REFUSED. */
int io_restored(const Project *project, const char *file, const Witness *lost, const char *why,
                Fault *reterr_fault) must_check;

/* The broker's key is replaced: durable on return, files and checkpoint are signed by it. One that
 * was broken off is brought to its end instead. `ret_seq` is the entry. IO_E_REFUSED. */
int io_rotate(Io *io, uint64_t *ret_seq, PublicKey *ret_key, Fault *reterr_fault) must_check;

/* Whether this is the N-th key of the broker, from 1 on, and was replaced: keys/broker.old-N. */
bool io_had_key(const Project *project, size_t n, const PublicKey *broker);
size_t io_count_former_keys(const Project *project);
/* Whether any that was replaced signs so. */
bool io_knows_signer(const Project *project, const uint8_t sign[SIGN_PUBLIC_BYTES]);
/* Into a ledger beside the project's, of the time of that key: it is replaced there too.
 * IO_E_REFUSED. */
int io_rotate_again(const Project *project, const char *file, Fault *reterr_fault) must_check;

/* Removes evidence, an entry for each batch of it; `ret_first` is the first, 0 if there was
 * nothing. Files are written too: they say what was removed. */
int io_collect(Io *io, uint64_t before_ms, uint64_t older_ms, Collection *ret_collection,
               uint64_t *ret_first) must_check;

/* As `name` would by the channel, durable on return; files and checkpoint are written too.
 * IO_E_REFUSED. */
int io_submit(Io *io, const Key *key, const Message *message, uint64_t *ret_seq,
              Fault *reterr_fault) must_check;

/* Binds, says "broker: ready …", serves until SIGTERM or SIGINT; reads settings again on SIGHUP,
 * into `project`, which it was opened with. IO_E_REFUSED. */
int io_run(Io *io, Project *project, Fault *reterr_fault) must_check;
/* What io_open and io_run would read of settings, and nothing more. IO_E_REFUSED. */
int io_check(const Project *project, Fault *reterr_fault) must_check;
