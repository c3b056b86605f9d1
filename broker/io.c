/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * The world of the broker. One round of the loop: wait, take what has come (a bounded batch), let
 * the core write and answer it, and only in a round that brought nothing render files. While one
 * commit is synced the next batch gathers by itself.
 */

#include "broker/io.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "broker/chain.h"
#include "broker/intake.h"
#include "broker/notify.h"
#include "broker/rest.h"
#include "broker/witness.h"
#include "proto/codec.h"
#include "proto/loop.h"

enum {
        BATCH_MAX = 1024,
        COLLECT_BATCH_MAX = 16384, /* digests in an entry: 512 KiB */
        ROUND_MS = 3,              /* of work on frames, where several keys wait for their turns */
        FILES_STOP_MS = 3000,      /* how long the end waits for the files */
        REPLAY_SILENT_MS = 1000,
        ROOM_RETRY_MS = 200,
};

_Static_assert((int)PINGS_OF_CAUSE == (int)PROJECT_PINGS, "a setting for each interval");

struct Io {
        const Project *project;
        Key key;
        Ledger *ledger;
        Core *core;
        ChannelServer *server; /* NULL: nobody is connected */
        Rest *rest;
        Notify *notify; /* NULL: there is no project to tell of it */
        Buf frame;
        uint64_t room_due_ms; /* no room for what deliveries write: not before */
        Intake intake;
};

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

        return ledger_commit(io->ledger);
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

static bool admits(void *userdata, const uint8_t curve[CURVE_BYTES]) {
        Io *io = userdata;

        return core_admits(io->core, curve);
}

/* ---- open ---- */

static int read_broker_key(Io *io, Fault *reterr_fault) {
        cleanup_free char *path = mem_printf("%s/keys/broker", io->project->dir);

        if (key_read(path, &io->key, reterr_fault) != 0)
                return IO_E_REFUSED;
        if (memcmp(&io->key.public, &io->project->broker_key, sizeof(PublicKey)) == 0)
                return 0;
        fault_set(reterr_fault, "key-other", "it is not the key that the project's config names");
        fault_place(reterr_fault, "%s", path);
        fault_next(reterr_fault, "put back the key that `broker init` made");
        return IO_E_REFUSED;
}

static int open_ledger(Io *io, const char *path, LedgerMode mode, Fault *reterr_fault) {
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
        };
        const uint64_t quotas[_ROLE_MAX] = {
                [ROLE_OPERATOR] = io->project->quota_operator,
                [ROLE_BUILDER] = io->project->quota_builder,
                [ROLE_ADVERSARY] = io->project->quota_adversary,
                [ROLE_OBSERVER] = io->project->quota_observer,
        };
        CoreSettings settings = core_settings_default;
        int r = ledger_open(path, mode, &io->ledger, reterr_fault);

        if (r != 0)
                return r == LEDGER_E_REFUSED ? IO_E_REFUSED : r;
        settings.lease_ms = io->project->lease_ms;
        settings.attempts = io->project->attempts;
        settings.stall_ms = io->project->stall_ms;
        settings.watch_start_ms = io->project->ping_start_ms;
        memcpy(settings.quotas, quotas, sizeof quotas);
        for (size_t i = 0; i < PINGS_OF_CAUSE; i++)
                settings.watch.again_ms[i] = io->project->ping_ms[i];
        io->core = core_new(&port, &settings, &io->key);
        io->rest = rest_new(io->project, io->ledger, io->core, &io->key);
        return 0;
}

/* `file`: NULL for the project's ledger. */
static int make_io(const Project *project, const char *file, LedgerMode mode, Io **ret_io,
                   Fault *reterr_fault) {
        cleanup_free char *path =
                file ? mem_strdup(file) : mem_printf("%s/ledger.db", project->dir);
        cleanup(io_freep) Io *io = mem_new(Io);
        int r;

        io->project = project;
        io->frame = BUF_INIT(FRAME_MAX);
        io->intake = INTAKE_INIT(project->backlog);
        r = read_broker_key(io, reterr_fault);
        if (r == 0)
                r = open_ledger(io, path, mode, reterr_fault);
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
        uint64_t now_ms = clock_mono_ms();

        if (now_ms - replay->said_ms >= REPLAY_SILENT_MS) {
                log_write(LOG_INFO, "reading the ledger: entry %" PRIu64, entry->seq);
                replay->said_ms = now_ms;
        }
        return core_fold(replay->core, entry, replay->fault);
}

/* Hashes are looked at before the fold, or beside it. */
static int fold_proved(Io *io, Fault *reterr_fault) {
        Replay replay = {.core = io->core, .fault = reterr_fault, .said_ms = clock_mono_ms()};
        cleanup_free char *path = mem_printf("%s/ledger.db", io->project->dir);
        const State *state = core_get_state(io->core);
        cleanup(chain_freep) Chain *chain = NULL;
        uint64_t head_seq = 0;
        int r;

        TRY(ledger_head(io->ledger, &head_seq));
        r = head_seq < CHAIN_LONG_ENTRIES ? chain_check(io->ledger, reterr_fault)
                                          : chain_start(path, &chain);
        if (r == 0)
                r = ledger_walk(io->ledger, 1, SLICE_NULL, replay_entry, &replay);
        if (r == 0 && chain)
                r = chain_finish(chain, state->head_seq, &state->head_hash, reterr_fault);
        return r;
}

static int replay_ledger(Io *io, Fault *reterr_fault) {
        int r = fold_proved(io, reterr_fault);
        const State *state = core_get_state(io->core);

        if (r != 0)
                return r > 0 ? IO_E_REFUSED : r;
        if (state->has_genesis &&
            memcmp(&state->broker_key, &io->key.public, sizeof(PublicKey)) == 0)
                return 0;
        fault_set(reterr_fault, "ledger-not-ours", "the ledger is %s",
                  state->has_genesis ? "of another broker's key" : "empty");
        fault_place(reterr_fault, "%s/ledger.db", io->project->dir);
        fault_next(reterr_fault, "put back the ledger and the key that belong together");
        return IO_E_REFUSED;
}

/* A ledger put back by hand would be appended to where others have seen other entries. */
static int check_memory(Io *io, Fault *reterr_fault) {
        cleanup(witnesses_deinit) Witnesses witnesses = {.n = 0};
        const State *state = core_get_state(io->core);
        const Witness *lost;

        TRY(witnesses_add_believable(&witnesses, io->project));
        TRY(witnesses_find_lost(&witnesses, io->ledger, state, &lost));
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
        int r = make_io(project, NULL, LEDGER_WRITE, &io, reterr_fault);

        if (r == 0)
                r = replay_ledger(io, reterr_fault);
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
        (void)channel_server_free(io->server);
        (void)notify_free(io->notify);
        (void)rest_free(io->rest);
        (void)core_free(io->core);
        (void)ledger_free(io->ledger);
        buf_deinit(&io->frame);
        intake_deinit(&io->intake);
        key_deinit(&io->key);
        free(io);
        return NULL;
}

/* ---- without a channel ---- */

/* An interrupted `init` leaves a ledger without entries, or none. */
static int make_or_take(const Project *project, Io **ret_io, Fault *reterr_fault) {
        uint64_t head = 0;
        int r = make_io(project, NULL, LEDGER_CREATE, ret_io, reterr_fault);

        if (r <= 0 || !fault_is(reterr_fault, "ledger-exists"))
                return r;
        r = make_io(project, NULL, LEDGER_WRITE, ret_io, reterr_fault);
        if (r != 0)
                return r;
        TRY(ledger_head((*ret_io)->ledger, &head));
        if (head == 0)
                return 0;
        fault_set(reterr_fault, "project-exists", "there is a project already");
        fault_place(reterr_fault, "%s", project->dir);
        fault_next(reterr_fault, "broker run");
        return IO_E_REFUSED;
}

int io_create(const Project *project, const IoAgent *agents, size_t n_agents, Fault *reterr_fault) {
        cleanup(io_freep) Io *io = NULL;
        Hash ledger;
        int r = make_or_take(project, &io, reterr_fault);

        if (r != 0)
                return r;
        random_bytes(&ledger, sizeof ledger);
        TRY(core_genesis(io->core, project->name, &ledger));
        for (size_t i = 0; i < n_agents; i++)
                TRY(core_admit(io->core, agents[i].name, agents[i].role, &agents[i].key));
        TRY(core_commit(io->core));
        rest_finish(io->rest, FILES_STOP_MS);
        return 0;
}

int io_restored(const Project *project, const char *file, const Witness *lost, const char *why,
                Fault *reterr_fault) {
        cleanup(io_freep) Io *io = NULL;
        int r = make_io(project, file, LEDGER_WRITE, &io, reterr_fault);

        if (r == 0)
                r = replay_ledger(io, reterr_fault);
        if (r != 0)
                return r;
        TRY(core_restored(io->core, lost->seq, &lost->hash, why));
        return core_commit(io->core);
}

/* The entry and what it says are one transaction. */
static int collect_batch(Io *io, const Hash *digests, size_t n, uint64_t older_ms) {
        uint64_t n_bytes = 0;

        for (size_t i = 0; i < n; i++) {
                cleanup_arena Arena arena = ARENA_INIT;
                Slice frame;

                TRY(ledger_evidence_get(io->ledger, &digests[i], &arena, &frame));
                n_bytes += frame.n;
        }
        TRY(core_collected(io->core, slice_make(digests, n * sizeof *digests), n_bytes, older_ms));
        for (size_t i = 0; i < n; i++)
                TRY(ledger_collect(io->ledger, &digests[i], core_get_state(io->core)->head_seq));
        return core_commit(io->core);
}

int io_collect(Io *io, uint64_t before_ms, uint64_t older_ms, Collection *ret_collection,
               uint64_t *ret_first) {
        const State *state = core_get_state(io->core);

        TRY(collect(io->ledger, state, before_ms, ret_collection));
        *ret_first = ret_collection->n ? state->head_seq + 1 : 0;
        for (size_t i = 0; i < ret_collection->n; i += COLLECT_BATCH_MAX)
                TRY(collect_batch(io, ret_collection->digests + i,
                                  size_min(ret_collection->n - i, COLLECT_BATCH_MAX), older_ms));
        rest_finish(io->rest, FILES_STOP_MS);
        return 0;
}

int io_submit(Io *io, const Key *key, const Message *message, uint64_t *ret_seq,
              Fault *reterr_fault) {
        int r = core_submit_locally(io->core, key, message, ret_seq, reterr_fault);

        if (r != 0)
                return r > 0 ? IO_E_REFUSED : r;
        TRY(core_commit(io->core));
        rest_finish(io->rest, FILES_STOP_MS);
        return 0;
}

/* ---- the loop ---- */

/* Only this user reaches an ipc socket; who may say something is decided by keys all the same. */
static int bind_channel(Io *io, Fault *reterr_fault) {
        const char *endpoint = io->project->endpoint;
        cleanup_free char *dir = NULL;
        mode_t mask;
        int r;

        if (strncmp(endpoint, "ipc://", 6) == 0) {
                dir = mem_strdup(endpoint + 6);
                if (strrchr(dir, '/'))
                        *strrchr(dir, '/') = 0;
                TRY(dir_make(dir, 0700));
        }
        mask = umask(077);
        r = channel_server_new(endpoint, &io->key, admits, io, &io->server, reterr_fault);
        (void)umask(mask);
        if (r == 0)
                channel_server_limit(io->server, io->project->connections);
        return r == CHANNEL_E_REFUSED ? IO_E_REFUSED : r;
}

static int take_frames(Io *io, bool *ret_any) {
        for (size_t i = 0; i < BATCH_MAX; i++) {
                uint8_t curve[CURVE_BYTES];
                Route route;
                int r;

                buf_clear(&io->frame);
                r = channel_server_receive(io->server, &io->frame, &route, curve);
                if (r == CHANNEL_E_EMPTY)
                        return 0;
                TRY(r);
                *ret_any = true;
                r = intake_put(&io->intake, &route, curve, buf_get(&io->frame));
                if (r == INTAKE_E_FULL)
                        r = core_refuse_busy(io->core, &route, buf_get(&io->frame));
                TRY(r);
        }
        return 0;
}

static int work_on_frames(Io *io) {
        uint64_t started_ms = clock_mono_ms();

        for (size_t i = 0; i < BATCH_MAX; i++) {
                uint8_t curve[CURVE_BYTES];
                Route route;
                int r;

                if (io->intake.n_queues > 1 && clock_mono_ms() - started_ms >= ROUND_MS)
                        return 0;
                buf_clear(&io->frame);
                r = intake_take(&io->intake, &io->frame, &route, curve);
                if (r == INTAKE_E_EMPTY)
                        return 0;
                TRY(r);
                TRY(core_receive(io->core, &route, curve, buf_get(&io->frame)));
        }
        return 0;
}

/* Milliseconds until something is due: -1 never, 0 now. */
static int64_t time_to_wait(const Io *io, uint64_t now_ms) {
        uint64_t due_ms = core_next_deadline(io->core), notify_ms = notify_deadline(io->notify);
        uint64_t rest_ms = rest_deadline(io->rest);

        if (notify_ms < io->room_due_ms)
                notify_ms = io->room_due_ms;
        if (notify_ms < due_ms)
                due_ms = notify_ms;
        if (rest_ms < due_ms)
                due_ms = rest_ms;
        if (io->intake.n_queues > 0)
                return 0;
        if (due_ms == UINT64_MAX)
                return -1;
        return due_ms <= now_ms ? 0 : (int64_t)(due_ms - now_ms);
}

/* Between two batches, so that what it records is a batch of its own. */
static int step_deliveries(Io *io, const LoopWait *wait) {
        Fault full = FAULT_INIT;
        bool has_alert = false;
        NotifyAlert alert;

        io->room_due_ms = 0;
        if (ledger_ask_room(io->ledger, 0, &full) != 0) {
                io->room_due_ms = clock_mono_ms() + ROOM_RETRY_MS;
                return 0;
        }
        TRY(notify_step(io->notify, wait));
        while (notify_take_alert(io->notify, &alert)) {
                TRY(core_alert(io->core, WAIT_FOR_DELIVERY, alert.what, alert.cause,
                               alert.delivery));
                has_alert = true;
        }
        if (has_alert)
                TRY(core_commit(io->core));
        return ledger_commit(io->ledger);
}

static int serve_round(Io *io, int signal_fd, bool *ret_stop) {
        LoopWait wait = {.server = io->server};
        size_t signals = loop_add_fd(&wait, signal_fd, false);
        bool has_work = false;

        notify_add_fds(io->notify, &wait);
        rest_add_fds(io->rest, &wait);
        TRY(loop_wait(&wait, time_to_wait(io, clock_mono_ms())));
        if (wait.fds[signals].is_ready && loop_signal_read(signal_fd) != 0)
                *ret_stop = true;
        if (wait.zap_is_ready)
                TRY(channel_server_serve_zap(io->server));
        has_work = io->intake.n_queues > 0;
        TRY(take_frames(io, &has_work));
        TRY(work_on_frames(io));
        if (clock_mono_ms() >= core_next_deadline(io->core)) {
                TRY(core_tick(io->core));
                has_work = true;
        }
        if (has_work)
                TRY(core_commit(io->core));
        TRY(step_deliveries(io, &wait));
        rest_step(io->rest, !has_work);
        return 0;
}

static void say_ready(const Io *io) {
        const State *state = core_get_state(io->core);
        char head[HASH_HEX + 1];

        hex_encode(hash_slice(&state->head_hash), head);
        printf("broker: ready on %s, %" PRIu64 " entries, head %.16s\n", io->project->endpoint,
               state->head_seq, head);
        (void)fflush(stdout); /* whoever reads it may have gone */
}

int io_run(Io *io, Fault *reterr_fault) {
        cleanup_fd int signal_fd = -1;
        bool is_stopping = false;
        int r;

        TRY(loop_signal_fd(false, &signal_fd));
        r = bind_channel(io, reterr_fault);
        if (r != 0)
                return r;
        say_ready(io);
        while (!is_stopping)
                TRY(serve_round(io, signal_fd, &is_stopping));
        rest_finish(io->rest, FILES_STOP_MS);
        log_write(LOG_INFO, "stopped; %" PRIu64 " entries", core_get_state(io->core)->head_seq);
        return 0;
}
