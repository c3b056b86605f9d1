/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * One bit of the database or of its write-ahead log is another. Either that is found, when the
 * broker starts or by `broker verify` with the checkpoint that somebody remembers, or it changed no
 * row: no row that is served is ever wrong.
 */

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "broker/verify.h"
#include "tests/chaos/extent.h"
#include "tests/lib/shim.h"
#include "tests/lib/tale.h"
#include "tests/lib/test.h"

enum { N_FLIPS = 300, N_FLIPS_LONG = 10000, STORE_FILES = 2 };

static const char *const store_names[STORE_FILES] = {"ledger.db", "ledger.db-wal"};

typedef struct Store {
        const char *dir;
        Buf bytes[STORE_FILES];
        Tale tale;
} Store;

typedef struct Tally {
        uint64_t n_refused, n_found, n_harmless;
} Tally;

static void ignore_call(void *userdata, const ShimCall *call) {
        (void)userdata;
        (void)call;
}

/* As a broker leaves it that is killed: not all of the log is in the database. */
static void store_init(Store *store) {
        const char *root = test_dir(), *dir = test_dir();
        cleanup(disk_freep) Disk *disk = disk_new(root);
        cleanup(disk_image_freep) DiskImage *image = NULL;

        *store = (Store){.dir = test_dir()};
        tale_tell(&store->tale, root, disk, false);
        disk_stop(disk);
        store->tale.disk = NULL;
        image = disk_image_new(disk);
        disk_image_advance(image, store->tale.acks[store->tale.n_acks - 1].call);
        disk_image_write(image, DISK_KEEP, 0, dir);
        for (int i = 0; i < STORE_FILES; i++) {
                cleanup_free char *path = mem_printf("%s/%s", dir, store_names[i]);

                store->bytes[i] = BUF_TEXT;
                CHECK_EQ_INT(file_read(path, &store->bytes[i]), 0);
                CHECK(store->bytes[i].n > 0);
        }
        shim_record(store->dir, ignore_call, NULL);
}

static void store_deinit(Store *store) {
        tale_deinit(&store->tale);
        for (int i = 0; i < STORE_FILES; i++)
                buf_deinit(&store->bytes[i]);
}
#define cleanup_store cleanup(store_deinit)

static void write_store(const Store *store) {
        CHECK_EQ_INT(dir_remove(store->dir), 0);
        CHECK_EQ_INT(dir_make(store->dir, 0700), 0);
        for (int i = 0; i < STORE_FILES; i++) {
                cleanup_free char *path = mem_printf("%s/%s", store->dir, store_names[i]);
                cleanup_fd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

                CHECK(fd >= 0);
                CHECK_EQ_INT(fd_write_all(fd, buf_get(&store->bytes[i])), 0);
        }
}

/* `broker verify`, with the newest checkpoint or without any. */
static bool verify_finds(const Store *store, bool has_witness) {
        const FakePort *port = &store->tale.desk.port;
        cleanup_free char *path = mem_printf("%s/ledger.db", store->dir);
        cleanup(ledger_freep) Ledger *ledger = NULL;
        Fault fault = FAULT_INIT;
        VerifyReport report;
        char source[] = "an agent";
        Witness witness = {.source = source,
                           .ledger = {{7}},
                           .seq = port->n_entries,
                           .hash = port->entries[port->n_entries - 1].hash};

        return ledger_open(path, LEDGER_INSPECT, &ledger, &fault) != 0 ||
               verify_ledger(ledger, &store->tale.desk.broker_key.public, &witness, has_witness,
                             &report, &fault) != 0;
}

typedef struct Start {
        const FakePort *port;
        bool is_wrong; /* a row was served that nobody has said */
} Start;

/* As core_replay: the start ends at an entry that is not what its hash says. */
static int start_with(void *userdata, const Entry *entry) {
        Start *start = userdata;
        Hash hash;

        entry_hash(entry, &hash);
        if (!hash_equal(&hash, &entry->hash))
                return 1;
        if (entry->seq > start->port->n_entries ||
            !hash_equal(&hash, &start->port->entries[entry->seq - 1].hash))
                start->is_wrong = true;
        return 0;
}

/* What a broker that has started would serve; false: it would not start, or end. */
static bool serves(const Store *store, bool *ret_is_wrong) {
        const FakePort *port = &store->tale.desk.port;
        cleanup_free char *path = mem_printf("%s/ledger.db", store->dir);
        cleanup(ledger_freep) Ledger *ledger = NULL;
        Start start = {.port = port};
        Fault fault = FAULT_INIT;

        if (ledger_open(path, LEDGER_WRITE, &ledger, &fault) != 0 ||
            ledger_walk(ledger, 1, SLICE_NULL, start_with, &start) != 0)
                return false;
        for (size_t i = 0; i < port->n_entries; i++) {
                cleanup_arena Arena arena = ARENA_INIT;
                Entry entry;
                int r = ledger_find(ledger, &port->entries[i].id, &arena, &entry);

                if (r < 0)
                        return false;
                start.is_wrong |= r == 0 && !slice_equal(entry.frame, port->entries[i].frame);
        }
        for (size_t i = 0; i < port->n_evidence; i++) {
                cleanup_arena Arena arena = ARENA_INIT;
                Slice frame;
                int r = ledger_evidence_get(ledger, &port->evidence[i].digest, &arena, &frame);

                if (r < 0)
                        return false;
                start.is_wrong |= r == 0 && !slice_equal(frame, port->evidence[i].frame);
        }
        *ret_is_wrong = start.is_wrong;
        return true;
}

static void flip(Store *store, uint64_t drawn, Tally *tally) {
        uint64_t n_all = store->bytes[0].n + store->bytes[1].n, at = drawn % n_all;
        Buf *bytes = &store->bytes[at >= store->bytes[0].n];
        uint64_t place = at >= store->bytes[0].n ? at - store->bytes[0].n : at;
        uint8_t bit = (uint8_t)(1u << (extent_draw(drawn) % 8));
        bool is_found, is_wrong = false, is_served;
        TaleFault fault = {""};

        bytes->data[place] ^= bit;
        write_store(store);
        is_found = verify_finds(store, true);
        is_served = serves(store, &is_wrong);
        write_store(store);
        if (is_wrong)
                FAIL_TEST("byte %" PRIu64 " of both files, bit %u: a wrong row is served", at, bit);
        if (!is_found && is_served &&
            !tale_holds(&store->tale, store->dir, store->tale.n_entries, store->tale.n_evidence,
                        &fault))
                FAIL_TEST("byte %" PRIu64 " of both files, bit %u: not found, and %s", at, bit,
                          fault.text);
        tally->n_refused += !is_served;
        tally->n_found += is_found;
        tally->n_harmless += !is_found && is_served;
        bytes->data[place] ^= bit;
}

TEST(a_bit_that_is_flipped_is_found_or_has_changed_no_row) {
        uint64_t seed = extent_seed(), n = extent_is_long ? N_FLIPS_LONG : N_FLIPS;
        cleanup_store Store store;
        Tally tally = {0};

        extent_begin();
        store_init(&store);
        write_store(&store);
        CHECK(!verify_finds(&store, true));
        for (uint64_t i = 0; i < n; i++)
                flip(&store, extent_draw(seed + i), &tally);
        printf("# %" PRIu64 " flips: found %" PRIu64 ", of them refused at the start %" PRIu64
               "; changed no row %" PRIu64 "; wrong rows served 0; seed %" PRIu64 "\n",
               n, tally.n_found, tally.n_refused, tally.n_harmless, seed);
        CHECK(tally.n_found > 0);
}

/* The chain alone does not find that the newest entries are gone: who remembers them does. */
TEST(a_log_that_lost_its_end_is_found_by_a_checkpoint_and_by_nothing_else) {
        cleanup_store Store store;

        extent_begin();
        store_init(&store);
        store.bytes[1].n -= store.bytes[1].n / 4;
        write_store(&store);
        CHECK(!verify_finds(&store, false));
        CHECK(verify_finds(&store, true));
}
