/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The world of the broker: the core's port, and how all of it is opened. */

#include "broker/io_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/service.h"
#include "broker/chain.h"
#include "broker/witness.h"
#include "proto/codec.h"

enum {
        REPLAY_SILENT_MS = 1000,
        REPLAY_STEP = 256, /* entries between two looks at the clock */
        START_EXTRA_USEC = 30000000,
};

_Static_assert((int)PINGS_OF_CAUSE == (int)PROJECT_PINGS, "a setting for each interval");

/* ---- the port ---- */

static uint64_t port_wall_ms(void *userdata) {
        (void)userdata;
        return clock_wall_ms();
}

static uint64_t port_mono_ms(void *userdata) {
        (void)userdata;
        return clock_mono_ms();
}

static int port_append(void *userdata, const Entry *entry) {
        Io *io = userdata;

        TRY(ledger_append(io->ledger, entry));
        return io->notify ? notify_hear(io->notify, entry) : 0;
}

static int port_commit(void *userdata) {
        Io *io = userdata;
        uint64_t began_ns = clock_mono_ns();

        TRY(ledger_commit(io->ledger));
        commit_times_add(&io->commits, clock_mono_ns() - began_ns);
        return 0;
}

static int port_room(void *userdata, size_t n_bytes, Fault *reterr_fault) {
        Io *io = userdata;
        int r = ledger_ask_room(io->ledger, n_bytes, reterr_fault);

        return r == LEDGER_E_REFUSED ? 1 : r;
}

static int port_find(void *userdata, const Id *id, Arena *arena, Entry *ret_entry) {
        Io *io = userdata;
        int r = ledger_find(io->ledger, id, arena, ret_entry);

        return r == LEDGER_E_NONE ? 1 : r;
}

static int port_read(void *userdata, uint64_t seq, Arena *arena, Entry *ret_entry) {
        Io *io = userdata;
        int r = ledger_read(io->ledger, seq, arena, ret_entry);

        return r == LEDGER_E_NONE ? 1 : r;
}

static int port_evidence_put(void *userdata, const Hash *digest, Slice frame) {
        Io *io = userdata;

        return ledger_evidence_put(io->ledger, digest, frame);
}

static int port_evidence_get(void *userdata, const Hash *digest, Arena *arena, Slice *ret_frame) {
        Io *io = userdata;
        int r = ledger_evidence_get(io->ledger, digest, arena, ret_frame);

        return r == LEDGER_E_NONE ? 1 : r;
}

static int port_send(void *userdata, const Route *route, Slice frame) {
        Io *io = userdata;

        return io->server ? channel_server_send(io->server, route, frame) : CHANNEL_E_GONE;
}

static size_t port_carriers(void *userdata, const Message *message, Slice phase, Slice *ret_names,
                            size_t n_max) {
        Io *io = userdata;

        return io->notify ? notify_list(io->notify, message, phase, ret_names, n_max) : 0;
}

static void port_random(void *userdata, void *bytes, size_t n) {
        (void)userdata;
        random_bytes(bytes, n);
}

static bool port_knows_signed(void *userdata, const PublicKey *author, const Hash *ledger,
                              const struct submit *submit) {
        const Io *io = userdata;

        return io->in_hand && ahead_holds(&io->in_hand->ahead, author, ledger, submit);
}

bool io_admits(void *userdata, const uint8_t curve[CURVE_BYTES]) {
        Io *io = userdata;

        return core_admits(io->core, curve);
}

/* ---- open ---- */

void io_fill_settings(const Project *project, CoreSettings *ret_settings) {
        *ret_settings = core_settings_default;
        ret_settings->lease_ms = project->lease_ms;
        ret_settings->attempts = project->attempts;
        ret_settings->stall_ms = project->stall_ms;
        ret_settings->watch_start_ms = project->ping_start_ms;
        ret_settings->quotas[ROLE_OPERATOR] = project->quota_operator;
        ret_settings->quotas[ROLE_BUILDER] = project->quota_builder;
        ret_settings->quotas[ROLE_ADVERSARY] = project->quota_adversary;
        ret_settings->quotas[ROLE_OBSERVER] = project->quota_observer;
        for (size_t i = 0; i < PINGS_OF_CAUSE; i++)
                ret_settings->watch.again_ms[i] = project->ping_ms[i];
}

static int open_ledger(Io *io, LedgerMode mode, Fault *reterr_fault) {
        CorePort port = {
                .userdata = io,
                .wall_ms = port_wall_ms,
                .mono_ms = port_mono_ms,
                .append = port_append,
                .commit = port_commit,
                .room = port_room,
                .find = port_find,
                .read = port_read,
                .evidence_put = port_evidence_put,
                .evidence_get = port_evidence_get,
                .send = port_send,
                .random = port_random,
                .carriers = port_carriers,
                .knows_signed = port_knows_signed,
        };
        CoreSettings settings;
        int r = ledger_open(io->path, mode, &io->ledger, reterr_fault);

        if (r != 0)
                return r == LEDGER_E_REFUSED ? IO_E_REFUSED : r;
        io_fill_settings(io->project, &settings);
        io->core = core_new(&port, &settings, &io->key);
        io->rest = rest_new(io->project, io->ledger, io->core, &io->key);
        return 0;
}

int io_make(const Project *project, const char *file, LedgerMode mode, Io **ret_io,
            Fault *reterr_fault) {
        cleanup(io_freep) Io *io = mem_new(Io);
        int r;

        io->project = project;
        io->path = file ? mem_strdup(file) : mem_printf("%s/ledger.db", project->dir);
        io->started_ms = clock_mono_ms();
        io->frame = BUF_INIT(FRAME_MAX);
        io->intake = INTAKE_INIT(project->backlog);
        r = io_read_key(io, reterr_fault);
        if (r == 0)
                r = open_ledger(io, mode, reterr_fault);
        if (r != 0)
                return r;
        *ret_io = TAKE(io);
        return 0;
}

typedef struct Replay {
        Core *core;
        Fault *fault;
        uint64_t said_ms; /* when it was last said how far this is */
} Replay;

static int replay_entry(void *userdata, const Entry *entry) {
        Replay *replay = userdata;
        uint64_t now_ms = entry->seq % REPLAY_STEP ? replay->said_ms : clock_mono_ms();

        if (now_ms - replay->said_ms >= REPLAY_SILENT_MS) {
                log_write(LOG_INFO, "reading the ledger: entry %" PRIu64, entry->seq);
                service_say("STATUS=reading the ledger: entry %" PRIu64 "\nEXTEND_TIMEOUT_USEC=%d",
                            entry->seq, START_EXTRA_USEC);
                replay->said_ms = now_ms;
        }
        return core_fold(replay->core, entry, replay->fault);
}

/* Each entry's hash is looked at before it is folded. */
static int fold_proved(Io *io, Fault *reterr_fault) {
        Replay replay = {.core = io->core, .fault = reterr_fault, .said_ms = clock_mono_ms()};
        uint64_t head_seq = 0;
        int r = CHAIN_E_ALONE;

        TRY(ledger_head(io->ledger, &head_seq));
        if (head_seq >= CHAIN_LONG_ENTRIES)
                r = chain_walk_ahead(io->path, replay_entry, &replay, reterr_fault);
        return r == CHAIN_E_ALONE ? chain_walk(io->ledger, replay_entry, &replay, reterr_fault) : r;
}

int io_replay(Io *io, Fault *reterr_fault) {
        int r = fold_proved(io, reterr_fault);

        return r > 0 ? IO_E_REFUSED : r;
}

/* A ledger put back by hand would be appended to where others have seen other entries. */
static int check_memory(Io *io, Fault *reterr_fault) {
        cleanup(witnesses_deinit) Witnesses witnesses = {.n = 0};
        const State *state = core_get_state(io->core);
        const Witness *lost;

        TRY(witnesses_add_believable(&witnesses, io->project));
        TRY(witnesses_find_lost(&witnesses, io->ledger, state, &state->broker_key, &lost));
        if (!lost)
                return 0;
        fault_set(reterr_fault, lost->seq > state->head_seq ? "ledger-shorter" : "ledger-forked",
                  "%s was signed for entry %" PRIu64 ", which this ledger, of %" PRIu64
                  " entries, does not have",
                  lost->source, lost->seq, state->head_seq);
        fault_place(reterr_fault, "%s/ledger.db", io->project->dir);
        fault_next(reterr_fault, "broker restore the newest backup; what is lost for good is said "
                                 "so: broker restore --accept-loss WHY");
        return IO_E_REFUSED;
}

static int open_deliveries(Io *io, Fault *reterr_fault) {
        int r = notify_new(io->project, io->ledger, core_get_state(io->core), &io->notify,
                           reterr_fault);

        return r > 0 ? IO_E_REFUSED : r;
}

int io_open(const Project *project, Io **ret_io, Fault *reterr_fault) {
        cleanup(io_freep) Io *io = NULL;
        int r = io_make(project, NULL, LEDGER_WRITE, &io, reterr_fault);

        if (r == 0)
                r = io_replay(io, reterr_fault);
        if (r == 0)
                r = io_settle_key(io, reterr_fault);
        if (r == 0)
                r = check_memory(io, reterr_fault);
        if (r == 0)
                r = open_deliveries(io, reterr_fault);
        if (r != 0)
                return r;
        *ret_io = TAKE(io);
        return 0;
}

Io *io_free(Io *io) {
        if (!io)
                return NULL;
        (void)ahead_free(io->ahead);
        (void)channel_client_free(io->stranger);
        (void)channel_server_free(io->server);
        (void)scrape_free(io->scrape);
        (void)notify_free(io->notify);
        (void)rest_free(io->rest);
        (void)core_free(io->core);
        (void)ledger_free(io->ledger);
        buf_deinit(&io->frame);
        intake_deinit(&io->intake);
        key_deinit(&io->key);
        free(io->path);
        free(io);
        return NULL;
}
