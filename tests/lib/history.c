/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The ledger as a stranger reads it: columns, hashes, the words of the notes. */

#include "tests/lib/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "base/mem.h"
#include "proto/codec.h"
#include "proto/entry.h"
#include "tests/lib/test.h"

void history_deinit(History *history) {
        for (size_t i = 0; i < SENDERS_MAX; i++) {
                free(history->senders[i].floors);
                free(history->senders[i].is_there);
        }
        free(history->acks);
        free(history->rows);
}

/* Room for one more; doubles whenever the count is a power of two. */
static void *grow(void *items, size_t n, size_t bytes) {
        return (n & (n - 1)) == 0 ? mem_resize(items, n ? n * 2 : 1, bytes) : items;
}

void history_say(History *history, size_t sender, char ret_text[64]) {
        SenderHistory *said = &history->senders[sender];

        said->floors = grow(said->floors, said->n_said, sizeof *said->floors);
        said->is_there = grow(said->is_there, said->n_said, sizeof *said->is_there);
        (void)snprintf(ret_text, 64, "load %zu %zu", sender, said->n_said);
        said->floors[said->n_said] = said->acked_seq;
        said->is_there[said->n_said++] = false;
}

void history_hear(History *history, size_t sender, const Record *ack) {
        SenderHistory *said = &history->senders[sender];

        history->acks = grow(history->acks, history->n_acks, sizeof *history->acks);
        history->acks[history->n_acks++] = *ack;
        if (ack->seq > said->acked_seq)
                said->acked_seq = ack->seq;
}

/* ---- entries ---- */

static void judge_note(History *history, const Entry *entry, Slice text) {
        size_t sender, number;
        char words[64];
        SenderHistory *said;

        (void)snprintf(words, sizeof words, "%.*s", SLICE_ARGS(text));
        if (sscanf(words, "load %zu %zu", &sender, &number) != 2) // NOLINT(cert-err34-c)
                return;
        if (sender >= SENDERS_MAX || number >= history->senders[sender].n_said) {
                history->n_foreign++;
                return;
        }
        said = &history->senders[sender];
        history->n_twice += said->is_there[number];
        history->n_disordered += entry->seq <= said->floors[number];
        said->is_there[number] = true;
}

static void judge_entry(History *history, const Entry *entry) {
        cleanup_arena Arena arena = ARENA_INIT;
        const Record *before = history->n_rows ? &history->rows[history->n_rows - 1] : NULL;
        Hash nothing = {{0}}, hash;
        CodecFault fault;
        Message message;

        entry_hash(entry, &hash);
        history->n_broken += !hash_equal(&hash, &entry->hash) ||
                             !hash_equal(&entry->prev, before ? &before->hash : &nothing) ||
                             entry->seq != history->n_rows + 1;
        history->rows = grow(history->rows, history->n_rows, sizeof *history->rows);
        history->rows[history->n_rows++] =
                (Record){.id = entry->id, .seq = entry->seq, .hash = entry->hash};
        if (!slice_is(entry->kind, "note"))
                return;
        CHECK_EQ_INT(codec_decode(entry->frame, &arena, &message, &fault), 0);
        judge_note(history, entry, message.note.text);
}

static Slice column(sqlite3_stmt *row, int i) {
        return slice_make(sqlite3_column_blob(row, i), (size_t)sqlite3_column_bytes(row, i));
}

static void read_row(sqlite3_stmt *row, Entry *ret_entry) {
        *ret_entry = (Entry){
                .seq = (uint64_t)sqlite3_column_int64(row, 0),
                .received_ms = (uint64_t)sqlite3_column_int64(row, 1),
                .kind = column(row, 2),
                .phase = column(row, 3),
                .actor = column(row, 4),
                .frame = column(row, 6),
                .signature = column(row, 7),
        };
        CHECK(id_from_slice(column(row, 5), &ret_entry->id));
        CHECK(hash_from_slice(column(row, 8), &ret_entry->prev));
        CHECK(hash_from_slice(column(row, 9), &ret_entry->hash));
}

typedef void (*Visit)(void *userdata, const Entry *entry);

static void walk(const char *ledger, uint64_t first, Visit visit, void *userdata) {
        sqlite3_stmt *rows = NULL;
        sqlite3 *db = NULL;
        int r;

        CHECK_EQ_INT(sqlite3_open_v2(ledger, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
        r = sqlite3_prepare_v2(db,
                               "SELECT seq, received_ms, kind, phase, actor, message_id, frame, "
                               "signature, prev, hash FROM entry WHERE seq >= ?1 ORDER BY seq",
                               -1, &rows, NULL);
        if (r != SQLITE_OK)
                FAIL_TEST("%s: %s", ledger, sqlite3_errmsg(db));
        CHECK_EQ_INT(sqlite3_bind_int64(rows, 1, (sqlite3_int64)first), SQLITE_OK);
        while ((r = sqlite3_step(rows)) == SQLITE_ROW) {
                Entry entry;

                read_row(rows, &entry);
                visit(userdata, &entry);
        }
        CHECK_EQ_INT(r, SQLITE_DONE);
        (void)sqlite3_finalize(rows);
        (void)sqlite3_close(db);
}

typedef struct Reading {
        History *history;
        Deceit deceit;
        uint64_t seq; /* of which it is deceived */
} Reading;

static void read_entry(void *userdata, const Entry *entry) {
        Reading *reading = userdata;
        Entry other = *entry;

        if (entry->seq != reading->seq) {
                judge_entry(reading->history, entry);
                return;
        }
        if (reading->deceit == DECEIT_SWAPPED)
                other.id.bytes[0] ^= 1;
        if (reading->deceit != DECEIT_DROPPED)
                judge_entry(reading->history, &other);
        if (reading->deceit == DECEIT_REPEATED)
                judge_entry(reading->history, &other);
}

static void judge_ack(History *history, const Record *ack) {
        const Record *row =
                ack->seq && ack->seq <= history->n_rows ? &history->rows[ack->seq - 1] : NULL;

        history->n_lost += !row || row->seq != ack->seq || !id_equal(&row->id, &ack->id) ||
                           !hash_equal(&row->hash, &ack->hash);
}

void history_check(History *history, const char *ledger, Deceit deceit) {
        Reading reading = {.history = history, .deceit = deceit};

        if (deceit != DECEIT_NONE) {
                CHECK(history->n_acks > 0);
                reading.seq = history->acks[history->n_acks - 1].seq;
        }
        walk(ledger, history->n_rows + 1, read_entry, &reading);
        while (history->n_acks_checked < history->n_acks)
                judge_ack(history, &history->acks[history->n_acks_checked++]);
}

void history_expect_whole(const History *history) {
        if (history->n_lost || history->n_foreign || history->n_twice || history->n_disordered ||
            history->n_broken || history->n_undecided || history->n_decided_twice)
                FAIL_TEST("of %zu entries and %zu answers: lost %zu, never said %zu, twice %zu, "
                          "out of order %zu, broken %zu; gates undecided %zu, decided twice %zu",
                          history->n_rows, history->n_acks, history->n_lost, history->n_foreign,
                          history->n_twice, history->n_disordered, history->n_broken,
                          history->n_undecided, history->n_decided_twice);
}

/* ---- claims ---- */

enum { CLAIMS_MAX = 1 << 16, GATES_MAX = 8, GATE_BYTES = 64 };

typedef struct ClaimSeen {
        uint64_t seq;
        size_t n_verdicts;
        char gate[GATE_BYTES];
        bool is_over; /* superseded or withdrawn */
} ClaimSeen;

typedef struct Claims {
        ClaimSeen *seen;
        size_t n;
} Claims;

static void see_claim(Claims *claims, const Entry *entry, const struct claim *claim) {
        for (size_t i = 0; i < claim->n_gates; i++) {
                ClaimSeen *newest;

                for (size_t j = 0; j < claims->n; j++)
                        if (slice_is(claim->gates[i], claims->seen[j].gate) &&
                            claims->seen[j].n_verdicts == 0)
                                claims->seen[j].is_over = true;
                claims->seen = grow(claims->seen, claims->n, sizeof *claims->seen);
                newest = &claims->seen[claims->n++];
                *newest = (ClaimSeen){.seq = entry->seq};
                (void)snprintf(newest->gate, GATE_BYTES, "%.*s", SLICE_ARGS(claim->gates[i]));
        }
}

static void see_verdict(Claims *claims, const struct verdict *verdict) {
        for (size_t i = 0; i < claims->n; i++)
                if (claims->seen[i].seq == verdict->claim &&
                    slice_is(verdict->gate, claims->seen[i].gate))
                        claims->seen[i].n_verdicts++;
}

static void see(void *userdata, const Entry *entry) {
        cleanup_arena Arena arena = ARENA_INIT;
        Claims *claims = userdata;
        CodecFault fault;
        Message message;

        if (!slice_is(entry->kind, "claim") && !slice_is(entry->kind, "verdict"))
                return;
        CHECK_EQ_INT(codec_decode(entry->frame, &arena, &message, &fault), 0);
        if (message.type == MESSAGE_CLAIM)
                see_claim(claims, entry, &message.claim);
        else
                see_verdict(claims, &message.verdict);
}

void history_check_claims(History *history, const char *ledger) {
        Claims claims = {.n = 0};

        walk(ledger, 1, see, &claims);
        history->n_undecided = history->n_decided_twice = 0;
        for (size_t i = 0; i < claims.n; i++) {
                history->n_undecided += claims.seen[i].n_verdicts == 0 && !claims.seen[i].is_over;
                history->n_decided_twice += claims.seen[i].n_verdicts > 1;
        }
        free(claims.seen);
}
