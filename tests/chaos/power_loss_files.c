/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * The power goes after each call, as in power_loss.c, but under what is no ledger: an outbox, the
 * checkpoint that an agent remembers, keys, settings, rendered files. These are small: every call
 * is tried, always.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/fd.h"
#include "base/mem.h"
#include "broker/files.h"
#include "client/outbox.h"
#include "client/project.h"
#include "client/seen.h"
#include "tests/chaos/extent.h"
#include "tests/lib/shim.h"
#include "tests/lib/tale.h"
#include "tests/lib/test.h"

enum {
        N_ITEMS = 4,
        N_SEEDS = 1,
        N_SEEDS_LONG = 12,
        STEPS_MAX = 64,
        FOLLOW_STEP = 3,
        GOLDEN_ENTRIES = 10, /* at least */
};

/* What was done, and after how many calls each step of it was over. */
typedef struct Work {
        const char *root, *dir;
        Disk *disk;
        size_t done[STEPS_MAX];
        size_t n_done;
        Tale *tale;
        uint64_t n_entries, n_evidence; /* of a golden ledger */
        char *kept;                     /* what it is called when it was brought up */
} Work;

static void ignore_call(void *userdata, const ShimCall *call) {
        (void)userdata;
        (void)call;
}

static void work_begin(Work *work) {
        extent_begin();
        *work = (Work){.root = test_dir(), .dir = test_dir()};
        work->disk = disk_new(work->root);
}

static void step_done(Work *work) {
        CHECK(work->n_done < STEPS_MAX);
        work->done[work->n_done++] = disk_count(work->disk);
}

static size_t steps_done(const Work *work, size_t n_calls) {
        size_t n = 0;

        while (n < work->n_done && work->done[n] <= n_calls)
                n++;
        return n;
}

/* `holds` looks at the work's `dir` after a loss by which `n_done` steps were over; NULL, or what
 * is wrong. */
typedef const char *(*Holds)(const Work *work, size_t n_done);

static void look_after(Work *work, const DiskImage *image, size_t n, uint64_t seed, Holds holds) {
        DiskLoss loss = (DiskLoss)(seed % _DISK_LOSS_MAX);
        const char *wrong;

        disk_image_write(image, loss, seed, work->dir);
        shim_record(work->dir, ignore_call, NULL);
        wrong = holds(work, steps_done(work, n));
        if (wrong)
                FAIL_TEST("lost after call %zu (%s), %s, seed %" PRIu64 ": %s", n,
                          n ? disk_describe(work->disk, n) : "none", disk_loss_names[loss], seed,
                          wrong);
}

/* In a short run one loss behind each call, in a long one many. */
static void lose_at_each_call(Work *work, Holds holds) {
        cleanup(disk_image_freep) DiskImage *image = disk_image_new(work->disk);
        uint64_t seed = extent_seed(), n_losses = 0;
        uint64_t n_seeds = extent_is_long ? _DISK_LOSS_MAX * N_SEEDS_LONG : 1;

        disk_stop(work->disk);
        for (size_t n = 0; n <= disk_count(work->disk); n++) {
                disk_image_advance(image, n);
                for (uint64_t i = 0; i < n_seeds; i++, n_losses++)
                        look_after(work, image, n, seed + n + i, holds);
        }
        printf("# %" PRIu64 " losses of power, after each of %zu calls; COLDGATE_SEED=%" PRIu64
               "\n",
               n_losses, disk_count(work->disk), seed);
        work->disk = disk_free(work->disk);
}

/* ---- outbox ---- */

static Id item_id(size_t i) {
        return (Id){.bytes = {1, (uint8_t)i}};
}

static const char *outbox_holds(const Work *work, size_t n_done) {
        cleanup_free char *dir = mem_printf("%s/agents/bob/outbox", work->dir);
        cleanup_outbox Outbox outbox = {0};

        if (outbox_open(dir, &outbox) != 0)
                return "it does not open";
        /* Of N_ITEMS that were added the first is then removed: it may come back. */
        for (size_t i = n_done > N_ITEMS ? 1 : 0; i < size_min(n_done, N_ITEMS); i++) {
                Id id = item_id(i);
                const OutboxItem *item = outbox_find(&outbox, id_slice(&id));

                if (!item || !slice_is(item->frame, "a frame"))
                        return "a message that was kept is gone";
        }
        return NULL;
}

TEST(a_message_that_the_outbox_has_kept_outlives_the_power) {
        cleanup_free char *dir = NULL;
        cleanup_outbox Outbox outbox = {0};
        Id first = item_id(0);
        Work work;

        work_begin(&work);
        dir = mem_printf("%s/agents/bob/outbox", work.root);
        CHECK_EQ_INT(outbox_open(dir, &outbox), 0);
        for (size_t i = 0; i < N_ITEMS; i++) {
                Id id = item_id(i);

                CHECK_EQ_INT(outbox_add(&outbox, &id, slice_text("a frame")), 0);
                step_done(&work);
        }
        outbox_remove(&outbox, outbox_find(&outbox, id_slice(&first)));
        step_done(&work);
        lose_at_each_call(&work, outbox_holds);
}

/* ---- seen ---- */

static const uint8_t broker_seed[32] = {100, 1};

static const char *seen_holds(const Work *work, size_t n_done) {
        Fault fault = FAULT_INIT;
        Seen seen;
        Key key;

        key_from_seed(broker_seed, &key);
        if (seen_read(work->dir, &key.public, &seen, &fault) != 0)
                return "it is damaged";
        return seen.checkpoint.seq >= n_done ? NULL : "an older one";
}

TEST(a_checkpoint_that_was_remembered_is_never_forgotten_nor_half) {
        Hash ledger = {{7}};
        Work work;
        Key key;

        work_begin(&work);
        key_from_seed(broker_seed, &key);
        for (uint64_t seq = 1; seq <= N_ITEMS; seq++) {
                Hash hash = {{(uint8_t)seq}};
                Seen seen = {.ledger = ledger, .broker = key.public};
                Fault fault = FAULT_INIT;

                checkpoint_sign(&key, &ledger, seq, &hash, &seen.checkpoint);
                CHECK_EQ_INT(seen_advance(work.root, &key.public, &seen, &fault), 0);
                step_done(&work);
        }
        lose_at_each_call(&work, seen_holds);
}

/* ---- keys and settings ---- */

static const char *project_holds(const Work *work, size_t n_done) {
        cleanup_free char *config = mem_printf("%s/.coldgate/config", work->dir);
        cleanup_free char *path = mem_printf("%s/.coldgate/keys/ada", work->dir);
        cleanup_buf Buf text = BUF_TEXT;
        Fault fault = FAULT_INIT;
        Key key;
        int r = file_read(config, &text);

        if (n_done >= 1 && r != 0)
                return "the settings are gone";
        if (r == 0 && !strstr(buf_get_text(&text), "broker-key = coldgate-ed25519-curve "))
                return "the settings are half";
        if (access(path, F_OK) != 0)
                return n_done >= 2 ? "the key is gone" : NULL;
        return key_read(path, &key, &fault) == 0 ? NULL : "the key is half";
}

TEST(settings_and_keys_are_there_whole_or_not_at_all) {
        cleanup_free char *path = NULL;
        Fault fault = FAULT_INIT;
        Work work;
        Key key;

        work_begin(&work);
        key_from_seed(broker_seed, &key);
        path = mem_printf("%s/.coldgate/keys/ada", work.root);
        CHECK_EQ_INT(project_make(work.root, "p", NULL, &key.public, &fault), 0);
        step_done(&work);
        CHECK_EQ_INT(key_write(path, &key, "ada", &fault), 0);
        step_done(&work);
        lose_at_each_call(&work, project_holds);
}

/* ---- rendered files ---- */

static Ledger *open_tale(const Tale *tale) {
        Ledger *ledger = NULL;
        Fault fault = FAULT_INIT;

        CHECK_EQ_INT(ledger_open(tale->path, LEDGER_READ, &ledger, &fault), 0);
        return ledger;
}

static const char *files_hold(const Work *work, size_t n_done) {
        cleanup_free char *docs = mem_printf("%s/docs", work->dir);
        cleanup(ledger_freep) Ledger *ledger = open_tale(work->tale);
        cleanup(files_freep) Files *files = NULL;
        Fault fault = FAULT_INIT;
        size_t n_phases = 0;

        (void)n_done; /* nothing is promised of them but that they come again */
        if (files_new(ledger, docs, &files) != 0 || files_follow(files, SIZE_MAX, &fault) != 0)
                return "they do not follow";
        return files_check(ledger, docs, SLICE_NULL, &n_phases, &fault) == 0 && n_phases == 1
                       ? NULL
                       : "they are not what the ledger gives";
}

TEST(rendered_files_are_what_the_ledger_gives_after_the_next_start) {
        cleanup(ledger_freep) Ledger *ledger = NULL;
        cleanup(files_freep) Files *files = NULL;
        cleanup_free char *docs = NULL;
        Fault fault = FAULT_INIT;
        cleanup_tale Tale tale;
        Work work;

        tale_tell(&tale, test_dir(), NULL, false);
        ledger = open_tale(&tale);
        work_begin(&work);
        work.tale = &tale;
        docs = mem_printf("%s/docs", work.root);
        CHECK_EQ_INT(files_new(ledger, docs, &files), 0);
        while (files_follow(files, FOLLOW_STEP, &fault) == FILES_E_BEHIND)
                step_done(&work);
        lose_at_each_call(&work, files_hold);
}

/* ---- an upgrade ---- */

static int count_entry(void *userdata, const Entry *entry) {
        uint64_t *n = userdata;
        Hash hash;

        entry_hash(entry, &hash);
        *n += hash_equal(&hash, &entry->hash);
        return 0;
}

static int count_evidence(void *userdata, const Hash *digest, Slice frame, const char *defect) {
        uint64_t *n = userdata;
        Hash hash;

        hash_of(frame, &hash);
        *n += !defect && hash_equal(&hash, digest);
        return 0;
}

static const char *count_rows(const char *path, LedgerMode mode, uint64_t *ret_entries,
                              uint64_t *ret_evidence) {
        cleanup(ledger_freep) Ledger *ledger = NULL;
        Fault fault = FAULT_INIT;

        *ret_entries = *ret_evidence = 0;
        if (ledger_open(path, mode, &ledger, &fault) != 0)
                return "it does not open";
        if (ledger_walk(ledger, 1, SLICE_NULL, count_entry, ret_entries) != 0 ||
            ledger_evidence_walk(ledger, NULL, count_evidence, ret_evidence) != 0)
                return "it cannot be read";
        return NULL;
}

static const char *upgraded_holds(const Work *work, size_t n_done) {
        cleanup_free char *path = mem_printf("%s/ledger.db", work->dir);
        cleanup_free char *kept = mem_printf("%s/%s", work->dir, work->kept);
        uint64_t n_entries, n_evidence;
        const char *wrong = count_rows(path, LEDGER_WRITE, &n_entries, &n_evidence);

        (void)n_done;
        if (wrong || n_entries != work->n_entries || n_evidence != work->n_evidence)
                return wrong ? wrong : "rows are lost";
        wrong = count_rows(kept, LEDGER_READ, &n_entries, &n_evidence);
        if (wrong || n_entries != work->n_entries || n_evidence != work->n_evidence)
                return wrong ? "what it was is gone" : "rows of what it was are lost";
        return NULL;
}

/* As a broker leaves it that was killed: its newest evidence is in the log alone. */
static void leave_log(const char *path) {
        sqlite3 *db = NULL;

        CHECK_EQ_INT(sqlite3_open(path, &db), SQLITE_OK);
        CHECK_EQ_INT(sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL), SQLITE_OK);
        CHECK_EQ_INT(sqlite3_exec(db,
                                  "PRAGMA journal_mode = WAL; INSERT INTO evidence VALUES ("
                                  "x'e3b0c44298fc1c149afbf4c8996fb924"
                                  "27ae41e4649b934ca495991b7852b855', 0, 'raw', x'')",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
        CHECK_EQ_INT(sqlite3_close(db), SQLITE_OK);
}

static void bring_up(const char *golden, int format) {
        cleanup_free char *name = mem_printf("tests/data/ledgers/%s", golden);
        cleanup_free char *kept = mem_printf("ledger-format-%d.db", format);
        cleanup(ledger_freep) Ledger *ledger = NULL;
        cleanup_free char *path = NULL;
        cleanup_buf Buf bytes = BUF_TEXT;
        Fault fault = FAULT_INIT;
        Work work;

        CHECK_EQ_INT(file_read(test_source(name), &bytes), 0);
        work_begin(&work);
        work.kept = kept;
        path = mem_printf("%s/ledger.db", work.root);
        CHECK_EQ_INT(file_write_atomic(path, buf_get(&bytes), 0600), 0);
        leave_log(path);
        CHECK(!count_rows(path, LEDGER_READ, &work.n_entries, &work.n_evidence));
        CHECK(work.n_entries >= GOLDEN_ENTRIES && work.n_evidence >= 2);
        work.disk = disk_free(work.disk);
        work.disk = disk_new(work.root);
        CHECK_EQ_INT(ledger_open(path, LEDGER_WRITE, &ledger, &fault), 0);
        ledger = ledger_free(ledger);
        lose_at_each_call(&work, upgraded_holds);
}

TEST(an_old_ledger_that_is_being_brought_up_is_the_old_or_the_new_one) {
        bring_up("format-1.db", 1);
        bring_up("format-2.db", 2);
        bring_up("format-3-full.db", 3);
}
