/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * The write-ahead log, and room for more of it. The writer empties the log itself instead of
 * leaving it to SQLite, which would not say that it could not: a failed sync is final for the
 * process here too, and a log that a reader keeps from being emptied has an end.
 */

#include "broker/ledger_db.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include <sqlite3.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"

enum {
        PAGE_BYTES = 4096,
        EMPTY_PAGES = 1000,        /* SQLite's own figure, the best that was measured */
        LOG_BYTES_MAX = 64 << 20,  /* nothing more is taken */
        LOG_BYTES_SAID = 16 << 20, /* somebody is told */
        SAID_AGAIN_MS = 10000,
        RETRY_MS = 200,
        RESERVE_BYTES = 1 << 20, /* of the disk, for what the broker says by itself */
        LOCKS_BYTES_MAX = 1 << 20,
        /* Where SQLite's readers hold their locks, in the -shm file (its walIndex format). */
        READ_LOCK_FIRST = 123,
        READ_LOCK_LAST = 127,
        ITEM_BYTES = 32,
};

/* Of a line of /proc/locks. */
enum { WHAT = 3, PID, FILE_ID, START, END };

/* ---- readers ---- */

/* "N: POSIX ADVISORY READ PID MAJOR:MINOR:INODE START END" */
static bool is_reader(Slice line, const char *file) {
        Slice end = proc_get_field(line, END);

        return end.n && slice_is(proc_get_field(line, WHAT), "READ") &&
               slice_is(proc_get_field(line, FILE_ID), file) &&
               proc_number(proc_get_field(line, START)) >= READ_LOCK_FIRST &&
               proc_number(end) <= READ_LOCK_LAST;
}

void ledger_list_readers(Slice locks, const char *file, char ret_readers[LEDGER_READERS_BYTES]) {
        size_t n = 0;

        ret_readers[0] = 0;
        while (locks.n) {
                char item[ITEM_BYTES];
                Slice line = proc_take_line(&locks);
                uint64_t pid = proc_number(proc_get_field(line, PID)); /* 0: none that we can see */
                size_t n_item =
                        (size_t)snprintf(item, sizeof item, "%s%" PRIu64, n ? ", " : "", pid);

                if (!pid || !is_reader(line, file) || n + n_item >= LEDGER_READERS_BYTES)
                        continue;
                memcpy(ret_readers + n, item, n_item + 1);
                n += n_item;
        }
}

/* From the kernel's table: to open the file here would drop SQLite's own locks on it. */
void ledger_find_readers(const Ledger *ledger, char ret_readers[LEDGER_READERS_BYTES]) {
        cleanup_free char *path = mem_printf("%s-shm", ledger->path);
        cleanup_free char *file = NULL;
        cleanup_buf Buf locks = BUF_INIT(LOCKS_BYTES_MAX);
        struct stat facts;

        ret_readers[0] = 0;
        if (stat(path, &facts) < 0 || file_read("/proc/locks", &locks) != 0)
                return;
        file = mem_printf("%02x:%02x:%llu", major(facts.st_dev), minor(facts.st_dev),
                          (unsigned long long)facts.st_ino);
        ledger_list_readers(buf_get(&locks), file, ret_readers);
}

bool ledger_has_long_log(const Ledger *ledger) {
        return ledger->log_bytes >= LOG_BYTES_SAID;
}

static void say_length(Ledger *ledger) {
        uint64_t now_ms = clock_mono_ms();
        char readers[LEDGER_READERS_BYTES];

        if (ledger->log_said_ms && now_ms - ledger->log_said_ms < SAID_AGAIN_MS)
                return;
        ledger->log_said_ms = now_ms;
        ledger_find_readers(ledger, readers);
        log_write(LOG_WARNING,
                  "%s: the write-ahead log has %" PRIu64 " MiB, for readers do not let go: "
                  "process %s; at %d MiB nothing more is taken",
                  ledger->path, ledger->log_bytes >> 20, readers[0] ? readers : "unknown",
                  LOG_BYTES_MAX >> 20);
}

/* ---- after each commit ---- */

static int empty_log(Ledger *ledger, int n_pages, bool is_wanted) {
        int n_all = n_pages, n_emptied = 0, sql_code = SQLITE_OK;

        if (is_wanted)
                sql_code = sqlite3_wal_checkpoint_v2(ledger->db, NULL, SQLITE_CHECKPOINT_PASSIVE,
                                                     &n_all, &n_emptied);
        ledger->log_bytes = n_emptied == n_all && n_all >= 0 ? 0 : (uint64_t)n_pages * PAGE_BYTES;
        if (ledger->log_bytes >= LOG_BYTES_SAID)
                say_length(ledger);
        return sql_code == SQLITE_BUSY || sql_code == SQLITE_LOCKED ? SQLITE_OK : sql_code;
}

/* What this returns is what the commit returns: it was done, but nobody will hear of it. */
static int on_commit(void *userdata, sqlite3 *db, const char *name, int n_pages) {
        Ledger *ledger = userdata;
        int n_patient = ledger->leaves_log ? 2 * ledger->empty_pages : ledger->empty_pages;

        (void)db;
        (void)name;
        ledger->is_untidy = true;
        return empty_log(ledger, n_pages, n_pages >= n_patient);
}

void ledger_leave_log(Ledger *ledger) {
        ledger->leaves_log = true;
}

int ledger_empty_log(Ledger *ledger) {
        if (sqlite3_wal_checkpoint_v2(ledger->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) !=
            SQLITE_OK)
                return ledger_sql_fail(ledger, "checkpoint");
        (void)sqlite3_db_config(ledger->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
        return 0;
}

int ledger_fold_log(Ledger *ledger, Fault *reterr_fault) {
        int sql_code =
                sqlite3_wal_checkpoint_v2(ledger->db, NULL, SQLITE_CHECKPOINT_FULL, NULL, NULL);
        char readers[LEDGER_READERS_BYTES];

        if (sql_code == SQLITE_OK)
                return 0;
        if ((sql_code & 0xff) != SQLITE_BUSY && (sql_code & 0xff) != SQLITE_LOCKED)
                return ledger_sql_fail(ledger, "checkpoint");
        ledger_find_readers(ledger, readers);
        fault_set(reterr_fault, "ledger-being-read", "it is being read: process %s",
                  readers[0] ? readers : "unknown");
        fault_place(reterr_fault, "%s", ledger->path);
        fault_next(reterr_fault, "end the process that reads, then the same again");
        return LEDGER_E_REFUSED;
}

void ledger_watch_log(Ledger *ledger) {
        ledger->empty_pages = EMPTY_PAGES;
        (void)sqlite3_wal_hook(ledger->db, on_commit, ledger);
}

/* ---- room ---- */

static int refuse_log(const Ledger *ledger, Fault *fault) {
        char readers[LEDGER_READERS_BYTES];

        ledger_find_readers(ledger, readers);
        fault_set(fault, "log-full", "the write-ahead log has %" PRIu64 " MiB: it is being read",
                  ledger->log_bytes >> 20);
        fault_place(fault, "%s-wal", ledger->path);
        fault_next(fault, "end the process that reads: %s", readers[0] ? readers : "unknown");
        return LEDGER_E_REFUSED;
}

/* Nothing is committed any more that would do it. */
static int retry_log(Ledger *ledger) {
        uint64_t now_ms = clock_mono_ms();

        if (ledger->is_in_batch || now_ms - ledger->log_tried_ms < RETRY_MS)
                return 0;
        ledger->log_tried_ms = now_ms;
        if (empty_log(ledger, (int)(ledger->log_bytes / PAGE_BYTES), true) != SQLITE_OK)
                return ledger_sql_fail(ledger, "checkpoint");
        return 0;
}

static bool is_log_full(const Ledger *ledger) {
        return ledger->log_bytes >= LOG_BYTES_MAX;
}

int ledger_tidy(Ledger *ledger) {
        int n_pages = (int)(ledger->log_bytes / PAGE_BYTES);

        if (is_log_full(ledger))
                return retry_log(ledger);
        if (ledger->is_in_batch || !ledger->is_untidy)
                return 0;
        ledger->is_untidy = false;
        if (n_pages >= ledger->empty_pages && empty_log(ledger, n_pages, true) != SQLITE_OK)
                return ledger_sql_fail(ledger, "checkpoint");
        return 0;
}

/* Once into the log, once into the database. Half of the reserve is for the broker's own. */
static uint64_t cost_of(const Ledger *ledger, size_t n_bytes) {
        return 2 * (ledger->batch_bytes + n_bytes) + (n_bytes ? RESERVE_BYTES : RESERVE_BYTES / 2);
}

static int look_at_disk(const Ledger *ledger, uint64_t wanted, uint64_t *ret_free, Fault *fault) {
        struct statvfs facts;

        if (statvfs(ledger->path, &facts) < 0)
                return error_origin(-errno);
        *ret_free = (uint64_t)facts.f_bavail * facts.f_frsize;
        if (*ret_free >= wanted)
                return 0;
        fault_set(fault, "disk-full", "%" PRIu64 " KiB are free, %" PRIu64 " are needed",
                  *ret_free >> 10, wanted >> 10);
        fault_place(fault, "%s", ledger->path);
        fault_next(fault, "make room on that file system; the broker goes on by itself");
        return LEDGER_E_REFUSED;
}

/* A batch asks the disk again only when it wants more than half of what there was: each entry of a
 * thousand would ask the same. */
int ledger_ask_room(Ledger *ledger, size_t n_bytes, Fault *reterr_fault) {
        uint64_t wanted = cost_of(ledger, n_bytes);

        if (is_log_full(ledger) && n_bytes) {
                TRY(retry_log(ledger));
                if (ledger->log_bytes)
                        return refuse_log(ledger, reterr_fault);
        }
        if (ledger->is_in_batch && ledger->free_bytes / 2 >= wanted)
                return 0;
        return look_at_disk(ledger, wanted, &ledger->free_bytes, reterr_fault);
}

int ledger_look_for_room(const Ledger *ledger, Fault *reterr_fault) {
        uint64_t free_bytes;

        if (is_log_full(ledger))
                return refuse_log(ledger, reterr_fault);
        return look_at_disk(ledger, cost_of(ledger, 1), &free_bytes, reterr_fault);
}
