/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Evidence in and out of an open ledger, and what is left of it when it was collected. */

#include "broker/ledger_db.h"

#include <errno.h>

#include <sqlite3.h>

#include "base/error.h"
#include "base/log.h"

int ledger_evidence_has(Ledger *ledger, const Hash *digest, bool *ret_has) {
        cleanup_reset sqlite3_stmt *get = ledger->statements[STATEMENT_EVIDENCE_GET];
        int sql_code;

        ledger_sql_bind(get, 1, hash_slice(digest));
        sql_code = sqlite3_step(get);
        if (sql_code != SQLITE_ROW && sql_code != SQLITE_DONE)
                return ledger_sql_fail(ledger, "evidence");
        *ret_has = sql_code == SQLITE_ROW;
        return 0;
}

/* An index that says otherwise than its table is found nowhere else. */
int ledger_evidence_leads_to(Ledger *ledger, const Hash *digest, Slice frame, bool *ret_leads) {
        cleanup_reset sqlite3_stmt *get = ledger->statements[STATEMENT_EVIDENCE_GET];
        int sql_code;

        ledger_sql_bind(get, 1, hash_slice(digest));
        sql_code = sqlite3_step(get);
        if (sql_code != SQLITE_ROW && sql_code != SQLITE_DONE &&
            (sql_code & 0xff) != SQLITE_CORRUPT)
                return ledger_sql_fail(ledger, "evidence");
        *ret_leads = sql_code == SQLITE_ROW && slice_equal(ledger_sql_slice(get, 3), frame);
        return 0;
}

int ledger_evidence_put(Ledger *ledger, const Hash *digest, Slice frame) {
        cleanup_reset sqlite3_stmt *put = ledger->statements[STATEMENT_EVIDENCE_PUT];
        bool is_there = false;

        TRY(ledger_begin(ledger));
        TRY(ledger_evidence_has(ledger, digest, &is_there));
        if (is_there)
                return 0;
        ledger_sql_bind(put, 1, hash_slice(digest));
        (void)sqlite3_bind_int64(put, 2, (int64_t)frame.n);
        ledger_sql_bind(put, 3, frame);
        ledger->batch_bytes += frame.n + LEDGER_ROW_BYTES;
        return ledger_sql_run(ledger, put, "evidence");
}

static const char *evidence_defect(sqlite3_stmt *row) {
        Slice encoding = ledger_sql_slice(row, 2);

        if (sqlite3_column_type(row, 0) != SQLITE_BLOB ||
            sqlite3_column_bytes(row, 0) != HASH_BYTES)
                return "digest is not of 32 bytes";
        if (!slice_is(encoding, "raw"))
                return "encoding is not raw";
        if (sqlite3_column_type(row, 3) != SQLITE_BLOB)
                return "bytes is of another type";
        if (sqlite3_column_int64(row, 1) != sqlite3_column_bytes(row, 3))
                return "size is not the number of bytes";
        return NULL;
}

static const char *digest_defect(const Hash *digest, Slice bytes) {
        Hash found;

        hash_of(bytes, &found);
        return hash_equal(&found, digest) ? NULL : "its digest is not that of its bytes";
}

int ledger_evidence_get(Ledger *ledger, const Hash *digest, Arena *arena, Slice *ret_frame) {
        cleanup_reset sqlite3_stmt *query = ledger->statements[STATEMENT_EVIDENCE_GET];
        const char *defect;
        int sql_code;

        ledger_sql_bind(query, 1, hash_slice(digest));
        sql_code = sqlite3_step(query);
        if (sql_code == SQLITE_DONE)
                return LEDGER_E_NONE;
        if (sql_code != SQLITE_ROW)
                return ledger_sql_fail(ledger, "evidence");
        defect = evidence_defect(query);
        if (!defect)
                defect = digest_defect(digest, ledger_sql_slice(query, 3));
        if (defect) {
                log_write(LOG_ERROR, "%s: evidence: %s; see `broker verify`", ledger->path, defect);
                return error_origin(-EUCLEAN);
        }
        *ret_frame = arena_slice(arena, ledger_sql_slice(query, 3));
        return 0;
}

int ledger_collected(Ledger *ledger, const Hash *digest, uint64_t *ret_seq) {
        cleanup_reset sqlite3_stmt *query = ledger->statements[STATEMENT_COLLECTED];
        int sql_code;

        if (!query)
                return LEDGER_E_NONE; /* a format in which nothing could be removed */
        ledger_sql_bind(query, 1, hash_slice(digest));
        sql_code = sqlite3_step(query);
        if (sql_code == SQLITE_DONE)
                return LEDGER_E_NONE;
        if (sql_code != SQLITE_ROW)
                return ledger_sql_fail(ledger, "collected");
        *ret_seq = (uint64_t)sqlite3_column_int64(query, 0);
        return 0;
}

int ledger_collect(Ledger *ledger, const Hash *digest, uint64_t seq) {
        cleanup_reset sqlite3_stmt *collect = ledger->statements[STATEMENT_COLLECT];
        cleanup_reset sqlite3_stmt *drop = ledger->statements[STATEMENT_EVIDENCE_DROP];

        TRY(ledger_begin(ledger));
        ledger_sql_bind(collect, 1, hash_slice(digest));
        (void)sqlite3_bind_int64(collect, 2, (int64_t)seq);
        TRY(ledger_sql_run(ledger, collect, "collect"));
        ledger_sql_bind(drop, 1, hash_slice(digest));
        return ledger_sql_run(ledger, drop, "collect");
}

int ledger_evidence_walk(Ledger *ledger, const Hash *first, LedgerEvidenceVisit visit,
                         void *userdata) {
        cleanup_reset sqlite3_stmt *query =
                ledger->statements[first ? STATEMENT_EVIDENCE_FROM : STATEMENT_EVIDENCE_WALK];
        int sql_code;

        if (first)
                ledger_sql_bind(query, 1, hash_slice(first));
        while ((sql_code = sqlite3_step(query)) == SQLITE_ROW) {
                Hash digest = {{0}};
                int r;

                (void)hash_from_slice(ledger_sql_slice(query, 0), &digest);
                r = visit(userdata, &digest, ledger_sql_slice(query, 3), evidence_defect(query));
                if (r != 0)
                        return r;
        }
        return ledger_sql_end_walk(ledger, sql_code);
}
