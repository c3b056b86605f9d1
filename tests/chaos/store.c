/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * A store that is full, read-only, rotten, read for too long, or somebody else's: what the broker
 * then says and how soon, and that it changes nothing that it does not trust.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/hash.h"
#include "base/mem.h"
#include "broker/ledger.h"
#include "tests/chaos/extent.h"
#include "tests/chaos/store.h"
#include "tests/lib/asked.h"
#include "tests/lib/hurt.h"
#include "tests/lib/mounts.h"
#include "tests/lib/real_broker.h"
#include "tests/lib/test.h"

enum {
        N_TRIES = 5,
        WHILE_MS = 1500,
        REFUSED_MS = 100,
        BACK_MS = 1000,
        LOADED_MS = 2000, /* allowed beside it where other tests run */
        CALL_MS = 10000,
        BLOCK_BYTES = 900 << 10,
        LOG_BYTES_MAX = 72 << 20,
};

static Message make_note(const char *text) {
        Message note = {
                .type = MESSAGE_NOTE,
                .note = {.phase = slice_text("m"), .to = NOTE_TO_RECORD, .text = slice_text(text)}};

        message_set_present(&note);
        return note;
}

static char *ledger_path(const RealBroker *broker) {
        return mem_printf("%s/.coldgate/ledger.db", broker->dir);
}

/* ---- a full disk ---- */

static void mount_over(const char *dir, const char *options) {
        if (!mounts_tmpfs(dir, options))
                SKIP("no mounts of one's own here");
}

/* All that is left of it. */
static void fill_disk(const RealBroker *broker) {
        static const char zeros[4096];
        cleanup_free char *path = mem_printf("%s/filler", broker->dir);
        cleanup_fd int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

        CHECK(fd >= 0);
        while (write(fd, zeros, sizeof zeros) > 0)
                continue;
        CHECK_EQ_INT(errno, ENOSPC);
}

static void free_disk(const RealBroker *broker) {
        cleanup_free char *path = mem_printf("%s/filler", broker->dir);

        CHECK(unlink(path) == 0);
}

/* The fastest of some: what else runs here may be in the way of one. */
static uint64_t be_refused(Session *session) {
        uint64_t fastest_ms = UINT64_MAX;

        for (int i = 0; i < N_TRIES; i++) {
                Message note = make_note("no room for this");
                uint64_t begin_ms = clock_mono_ms(), took_ms, seq = 0;
                Fault fault = FAULT_INIT;

                CHECK_EQ_INT(session_call(session, &note, CALL_MS, &seq, &fault),
                             SESSION_E_REFUSED);
                CHECK_EQ_TEXT(fault.rule, "disk-full");
                CHECK(fault.next[0]);
                took_ms = clock_mono_ms() - begin_ms;
                fastest_ms = took_ms < fastest_ms ? took_ms : fastest_ms;
        }
        CHECK_EQ_U64(session_count_unanswered(session), 0);
        return fastest_ms;
}

static uint64_t await_acks(Session *session) {
        uint64_t begin_ms = clock_mono_ms();

        while (session_count_unanswered(session)) {
                cleanup_arena Arena arena = ARENA_INIT;
                LoopWait wait = {.n_fds = 0};
                Fault fault = FAULT_INIT;
                Message message;
                int r = session_poll(session, &arena, &message, &fault);

                CHECK(clock_mono_ms() < begin_ms + CALL_MS);
                CHECK(r == 0 || r == SESSION_E_NOTHING);
                CHECK(r != 0 || message.type != MESSAGE_REFUSE);
                (void)session_prepare(session, &wait);
                if (r == SESSION_E_NOTHING)
                        CHECK_EQ_INT(loop_wait(&wait, 10), 0);
        }
        return clock_mono_ms() - begin_ms;
}

static void poll_for(Session *session, uint64_t ms) {
        uint64_t end_ms = clock_mono_ms() + ms;

        while (clock_mono_ms() < end_ms) {
                cleanup_arena Arena arena = ARENA_INIT;
                LoopWait wait = {.n_fds = 0};
                Fault fault = FAULT_INIT;
                Message message;

                if (session_poll(session, &arena, &message, &fault) == SESSION_E_NOTHING) {
                        (void)session_prepare(session, &wait);
                        CHECK_EQ_INT(loop_wait(&wait, 10), 0);
                }
        }
}

/* What was answered is there, what was refused is not. */
static void expect_notes(const RealBroker *broker, size_t n) {
        cleanup_buf Buf log = BUF_TEXT;

        real_broker_do(broker, &log, "log", "--json", "--kind", "note");
        for (const char *text = buf_get_text(&log); (text = strchr(text, '\n')); text++)
                n--;
        CHECK_EQ_U64(n, 0);
}

/* Milliseconds until who waits was refused; who does not is kept. */
static uint64_t be_full(const RealBroker *broker, Session *waits, Session *queues) {
        Message note = make_note("later");
        uint64_t refused_ms;
        Id id;

        fill_disk(broker);
        refused_ms = be_refused(waits);
        CHECK_CONTAINS(asked(broker, "/health"), "503 Service Unavailable");
        CHECK_CONTAINS(asked(broker, "/health"), "disk-full: ");
        real_broker_do(broker, NULL, "status");
        CHECK(process_is_running(broker->process));
        CHECK_EQ_INT(session_submit(queues, &note, &id), 0);
        poll_for(queues, WHILE_MS);
        CHECK_EQ_U64(session_count_unanswered(queues), 1);
        return refused_ms;
}

static void start_on(StoreMount give_disk, RealBroker *broker) {
        cleanup_free char *agents = NULL;

        broker->dir = test_dir();
        give_disk(broker->dir);
        real_broker_init_in(broker, broker->dir);
        asked_set(broker, "metrics = unix:.coldgate/run/metrics");
        agents = mem_printf("%s/.coldgate/agents", broker->dir);
        mount_over(agents, "size=8m,mode=700"); /* their disk is another */
        real_broker_approve(broker);
        real_broker_start(broker);
}

void store_fill(StoreMount give_disk) {
        cleanup_real_broker RealBroker broker;
        cleanup(session_freep) Session *waits = NULL, *queues = NULL;
        Message note = make_note("later");
        uint64_t refused_ms, back_ms;
        Fault fault = FAULT_INIT;
        Id id;

        extent_begin();
        start_on(give_disk, &broker);
        waits = real_broker_session(&broker, "operator");
        queues = real_broker_session(&broker, "adversary");
        CHECK_EQ_INT(session_connect(waits, CALL_MS, &fault), 0);
        CHECK_EQ_INT(session_connect(queues, CALL_MS, &fault), 0);
        CHECK_EQ_INT(session_submit(queues, &note, &id), 0);
        (void)await_acks(queues);
        refused_ms = be_full(&broker, waits, queues);
        free_disk(&broker);
        back_ms = await_acks(queues);
        CHECK_CONTAINS(asked(&broker, "/health"), "200 OK");
        printf("# refused after %" PRIu64 " ms, back after %" PRIu64 " ms\n", refused_ms, back_ms);
        CHECK(refused_ms <= REFUSED_MS);
        CHECK(back_ms <= BACK_MS + (extent_is_long ? 0 : LOADED_MS));
        real_broker_stop(&broker);
        real_broker_do(&broker, NULL, "verify");
        expect_notes(&broker, 2);
}

static void give_tmpfs(const char *dir) {
        mount_over(dir, "size=8m,mode=700");
}

TEST(on_a_full_disk_who_waits_is_refused_who_does_not_is_kept_and_all_goes_on_when_there_is_room) {
        store_fill(give_tmpfs);
}

TEST(a_store_that_cannot_be_written_is_refused_by_name) {
        cleanup_real_broker RealBroker broker;
        cleanup_buf Buf err = BUF_TEXT;

        broker.dir = test_dir();
        mount_over(broker.dir, "size=8m,mode=700");
        real_broker_init_in(&broker, broker.dir);
        CHECK(mount(NULL, broker.dir, NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0);
        CHECK(real_broker_verb(&broker, NULL, &err, "run") != 0);
        CHECK_CONTAINS(buf_get_text(&err), "ledger-unreadable");
        CHECK_CONTAINS(buf_get_text(&err), "Read-only file system");
        /* The same store, once it can be written. */
        CHECK(mount(NULL, broker.dir, NULL, MS_REMOUNT, NULL) == 0);
        real_broker_start(&broker);
        real_broker_stop(&broker);
}

/* ---- a rotten row ---- */

static Hash digest_of(const char *path, const char *suffix) {
        cleanup_free char *file = mem_printf("%s%s", path, suffix);
        cleanup_buf Buf bytes = BUF_TEXT;
        Hash digest = {{0}};

        if (file_read(file, &bytes) == 0)
                hash_of(buf_get(&bytes), &digest);
        return digest;
}

static void rot_entry(const char *path) {
        sqlite3 *db = NULL;

        CHECK_EQ_INT(sqlite3_open(path, &db), SQLITE_OK);
        (void)sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        /* The trigger is put back, so that the row alone is wrong. */
        CHECK_EQ_INT(sqlite3_exec(db,
                                  "CREATE TEMP TABLE t AS SELECT sql FROM sqlite_master WHERE "
                                  "name = 'entry_update';"
                                  "DROP TRIGGER entry_update;"
                                  "UPDATE entry SET received_ms = received_ms + 1 WHERE seq = 3;",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
        {
                sqlite3_stmt *query = NULL;
                cleanup_free char *sql = NULL;

                CHECK_EQ_INT(sqlite3_prepare_v2(db, "SELECT sql FROM t", -1, &query, NULL),
                             SQLITE_OK);
                CHECK_EQ_INT(sqlite3_step(query), SQLITE_ROW);
                sql = mem_strdup((const char *)sqlite3_column_text(query, 0));
                CHECK_EQ_INT(sqlite3_finalize(query), SQLITE_OK);
                CHECK_EQ_INT(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
        }
        CHECK_EQ_INT(sqlite3_close(db), SQLITE_OK);
}

TEST(a_rotten_store_is_refused_its_entry_named_and_no_byte_of_it_changed) {
        cleanup_real_broker RealBroker broker;
        cleanup_free char *path = NULL;
        cleanup_buf Buf err = BUF_TEXT;
        Hash db, log, db_after, log_after;

        real_broker_init(&broker);
        real_broker_approve(&broker);
        path = ledger_path(&broker);
        real_broker_do(&broker, NULL, "verify"); /* it is sound before */
        rot_entry(path);
        db = digest_of(path, "");
        log = digest_of(path, "-wal");
        CHECK(real_broker_verb(&broker, NULL, &err, "run") != 0);
        CHECK_CONTAINS(buf_get_text(&err), "ledger-corrupt");
        CHECK_CONTAINS(buf_get_text(&err), "entry 3");
        db_after = digest_of(path, "");
        log_after = digest_of(path, "-wal");
        CHECK(hash_equal(&db, &db_after));
        CHECK(hash_equal(&log, &log_after));
}

/* ---- a second broker ---- */

TEST(a_second_broker_is_refused_within_a_second) {
        cleanup_real_broker RealBroker broker;
        cleanup_buf Buf err = BUF_TEXT, before = BUF_TEXT, after = BUF_TEXT;
        uint64_t begin_ms, fastest_ms = UINT64_MAX;

        real_broker_init(&broker);
        real_broker_start(&broker);
        real_broker_do(&broker, &before, "log");
        for (int i = 0; i < N_TRIES; i++) {
                begin_ms = clock_mono_ms();
                CHECK(real_broker_verb(&broker, NULL, &err, "run") != 0);
                CHECK_CONTAINS(buf_get_text(&err), "ledger-locked");
                fastest_ms = size_min(fastest_ms, clock_mono_ms() - begin_ms);
        }
        printf("# refused after %" PRIu64 " ms\n", fastest_ms);
        CHECK(fastest_ms <= BACK_MS);
        real_broker_do(&broker, &after, "log");
        CHECK_EQ_TEXT(buf_get_text(&after), buf_get_text(&before));
        /* Once the first has ended, and be it by force, there is room for another. */
        real_broker_kill(&broker);
        real_broker_start(&broker);
}

/* ---- a reader that does not let go ---- */

static pid_t start_reader(const char *path, int *ret_done_fd) {
        int ready[2], done[2];
        char byte;
        pid_t pid;

        CHECK(pipe(ready) == 0 && pipe(done) == 0);
        pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
                sqlite3 *db = NULL;

                (void)close(done[1]);
                if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
                    sqlite3_exec(db, "BEGIN; SELECT count(*) FROM entry;", NULL, NULL, NULL) !=
                            SQLITE_OK ||
                    write(ready[1], "r", 1) != 1)
                        _exit(1);
                (void)!read(done[0], &byte, 1);
                _exit(0);
        }
        CHECK(read(ready[0], &byte, 1) == 1);
        *ret_done_fd = done[1];
        return pid;
}

static bool put_block(Ledger *ledger, uint64_t number, Fault *fault) {
        uint8_t *bytes = mem_alloc(BLOCK_BYTES);
        Slice block = slice_make(bytes, BLOCK_BYTES);
        int r = ledger_ask_room(ledger, block.n, fault);
        Hash digest;

        memcpy(bytes, &number, sizeof number);
        hash_of(block, &digest);
        if (r == 0) {
                CHECK_EQ_INT(ledger_evidence_put(ledger, &digest, block), 0);
                CHECK_EQ_INT(ledger_commit(ledger), 0);
        }
        free(bytes);
        return r == 0;
}

static uint64_t log_bytes_of(const char *path) {
        cleanup_free char *log = mem_printf("%s-wal", path);
        struct stat facts;

        return stat(log, &facts) == 0 ? (uint64_t)facts.st_size : 0;
}

typedef struct Freed {
        Ledger *ledger;
        Fault fault;
} Freed;

/* Nobody says anything, so that nobody asks for room. */
static bool has_room(void *userdata) {
        Freed *freed = userdata;

        CHECK_EQ_INT(ledger_tidy(freed->ledger), 0);
        return ledger_look_for_room(freed->ledger, &freed->fault) == 0;
}

TEST(a_reader_that_does_not_let_go_is_named_and_the_log_has_an_end) {
        cleanup_free char *path = mem_printf("%s/ledger.db", test_dir());
        cleanup(ledger_freep) Ledger *ledger = NULL;
        Fault fault = FAULT_INIT;
        Freed freed = {.fault = FAULT_INIT};
        uint64_t n = 0, begin_ms;
        char name[32];
        int done_fd = -1;
        pid_t pid;

        CHECK_EQ_INT(ledger_open(path, LEDGER_CREATE, &ledger, &fault), 0);
        while (n < 16 && put_block(ledger, n, &fault))
                n++;
        CHECK(log_bytes_of(path) < 16 << 20);
        pid = start_reader(path, &done_fd);
        while (n < 400 && put_block(ledger, n, &fault))
                n++;
        CHECK_EQ_TEXT(fault.rule, "log-full");
        (void)snprintf(name, sizeof name, "%d", (int)pid);
        CHECK_CONTAINS(fault.next, name);
        CHECK(ledger_look_for_room(ledger, &fault) == LEDGER_E_REFUSED);
        CHECK(log_bytes_of(path) <= LOG_BYTES_MAX);
        CHECK(close(done_fd) == 0);
        CHECK(waitpid(pid, NULL, 0) == pid);
        begin_ms = clock_mono_ms();
        freed.ledger = ledger;
        CHECK(test_wait_until(has_room, &freed, BACK_MS + LOADED_MS));
        printf("# the log ended at %" PRIu64 " MiB; room again after %" PRIu64 " ms\n",
               log_bytes_of(path) >> 20, clock_mono_ms() - begin_ms);
        CHECK(put_block(ledger, n, &fault));
}
