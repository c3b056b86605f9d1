/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The core talks to its fake port; what the port holds durable after each batch is written into the
 * ledger as that batch, so that the port is the truth to compare with. */

#include "tests/lib/tale.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/mem.h"
#include "broker/ledger_db.h"
#include "broker/verify.h"
#include "proto/codec.h"
#include "tests/lib/test.h"

enum { CHECKPOINT_PAGES = 48, N_ROUNDS = 3, NOTE_BYTES = 3000, EVIDENCE_LINES = 40 };

/* ---- telling ---- */

/* Checkpoints in the middle of a story that is much shorter than real ones. */
static void open_ledger(Tale *tale, LedgerMode mode) {
        Fault fault = FAULT_INIT;

        if (ledger_open(tale->path, mode, &tale->ledger, &fault) != 0)
                FAIL_TEST("%s: %s", fault.rule, fault.found);
        tale->ledger->empty_pages = CHECKPOINT_PAGES;
        if (!tale->is_careless)
                return;
        (void)sqlite3_set_authorizer(tale->ledger->db, NULL, NULL);
        CHECK_EQ_INT(
                sqlite3_exec(tale->ledger->db, "PRAGMA synchronous = NORMAL", NULL, NULL, NULL),
                SQLITE_OK);
}

static void pour(Tale *tale) {
        const FakePort *port = &tale->desk.port;

        for (; tale->n_evidence < port->n_evidence; tale->n_evidence++) {
                const FakeEvidence *evidence = &port->evidence[tale->n_evidence];

                CHECK_EQ_INT(ledger_evidence_put(tale->ledger, &evidence->digest, evidence->frame),
                             0);
        }
        for (; tale->n_entries < port->n_durable; tale->n_entries++)
                CHECK_EQ_INT(ledger_append(tale->ledger, &port->entries[tale->n_entries]), 0);
        CHECK_EQ_INT(ledger_commit(tale->ledger), 0);
        CHECK(tale->n_acks < TALE_BATCHES_MAX);
        tale->acks[tale->n_acks].call = tale->disk ? disk_count(tale->disk) : 0;
        tale->acks[tale->n_acks].n_entries = tale->n_entries;
        tale->acks[tale->n_acks++].n_evidence = tale->n_evidence;
}

static void submit(Tale *tale, Who who, Message message) {
        CHECK(desk_submit(&tale->desk, who, message) > 0);
        pour(tale);
}

static Slice say_evidence(Tale *tale, uint64_t number, size_t n_lines) {
        Slice *lines = arena_alloc_array(&tale->desk.arena, n_lines, sizeof *lines);
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        Message evidence = {.type = MESSAGE_CHECK_EVIDENCE,
                            .check_evidence = {.gate = slice_text("M1"),
                                               .check = slice_text("c"),
                                               .commit = slice_text(COMMIT_A),
                                               .started_ms = number + 1,
                                               .attempt_lines = lines,
                                               .n_attempt_lines = n_lines}};
        CodecFault fault;
        Hash digest;

        for (size_t i = 0; i < n_lines; i++)
                lines[i] = slice_text(arena_printf(&tale->desk.arena, "%0800zu", i * 977 + number));
        message_set_present(&evidence);
        CHECK_EQ_INT(codec_encode(&evidence, &frame, &fault), 0);
        hash_of(buf_get(&frame), &digest);
        desk_say(&tale->desk, ADVERSARY,
                 (Message){.type = MESSAGE_EVIDENCE_PUT,
                           .evidence_put = {.digest = hash_slice(&digest),
                                            .frame = buf_get(&frame)}});
        pour(tale);
        return arena_slice(&tale->desk.arena, hash_slice(&digest));
}

static void say_notes(Tale *tale, size_t n_notes, size_t n_bytes) {
        char *text = arena_alloc(&tale->desk.arena, n_bytes + 1);

        for (size_t i = 0; i < n_bytes; i++)
                text[i] = (char)('a' + i % 26);
        for (size_t i = 0; i < n_notes; i++) {
                Id id;

                desk_make_id(&tale->desk, &id);
                desk_put_entry(&tale->desk, BUILDER, desk_make_note("m", NOTE_TO_JOURNAL, text),
                               &id);
        }
        desk_commit(&tale->desk);
        pour(tale);
}

static void say_round(Tale *tale, uint64_t number) {
        Desk *desk = &tale->desk;
        uint64_t claim = desk_claim_and_lease(desk, 1);
        Message verdict;

        pour(tale);
        verdict = desk_make_verdict(desk, claim, "M1", number % 2 ? DECISION_PASS : DECISION_FAIL);
        verdict.verdict.checks->evidence = say_evidence(tale, number, number * EVIDENCE_LINES + 1);
        submit(tale, ADVERSARY, verdict);
        submit(tale, ADVERSARY, desk_make_finding("m", "M1", BLOCKS_GATE));
        say_notes(tale, 3, 40);
        say_notes(tale, 1, NOTE_BYTES);
        desk_forget(desk);
        fake_port_turn(&desk->port, 1000);
}

void tale_tell(Tale *tale, const char *dir, const Disk *disk, bool is_careless) {
        *tale = (Tale){.disk = disk, .is_careless = is_careless};
        tale->path = mem_printf("%s/ledger.db", dir);
        desk_open(&tale->desk);
        open_ledger(tale, LEDGER_CREATE);
        pour(tale);
        desk_approve(&tale->desk);
        pour(tale);
        for (uint64_t i = 0; i < N_ROUNDS; i++) {
                say_round(tale, i);
                if (i != 1)
                        continue;
                tale->ledger = ledger_free(tale->ledger);
                open_ledger(tale, LEDGER_WRITE);
        }
        tale->ledger = ledger_free(tale->ledger);
}

void tale_deinit(Tale *tale) {
        tale->ledger = ledger_free(tale->ledger);
        desk_close(&tale->desk);
        free(tale->path);
}

/* ---- afterwards ---- */

void tale_acked(const Tale *tale, size_t n_calls, size_t *ret_entries, size_t *ret_evidence) {
        *ret_entries = *ret_evidence = 0;
        for (size_t i = 0; i < tale->n_acks && tale->acks[i].call <= n_calls; i++) {
                *ret_entries = tale->acks[i].n_entries;
                *ret_evidence = tale->acks[i].n_evidence;
        }
}

static bool differs(TaleFault *fault, const char *what, uint64_t number) {
        (void)snprintf(fault->text, sizeof fault->text, "%s %llu", what,
                       (unsigned long long)number);
        return false;
}

static bool compare_entries(const Tale *tale, Ledger *ledger, size_t n_least, TaleFault *fault) {
        const FakePort *port = &tale->desk.port;
        uint64_t head = 0;

        if (ledger_head(ledger, &head) != 0)
                return differs(fault, "no head", 0);
        if (head < n_least || head > port->n_entries)
                return differs(fault, "acknowledged entries are lost: head", head);
        for (uint64_t seq = 1; seq <= head; seq++) {
                cleanup_arena Arena arena = ARENA_INIT;
                const Entry *said = &port->entries[seq - 1];
                Entry entry;

                if (ledger_read(ledger, seq, &arena, &entry) != 0 ||
                    !hash_equal(&entry.hash, &said->hash) || !slice_equal(entry.frame, said->frame))
                        return differs(fault, "another entry", seq);
        }
        return true;
}

static bool compare_evidence(const Tale *tale, Ledger *ledger, size_t n_least, TaleFault *fault) {
        for (size_t i = 0; i < n_least; i++) {
                const FakeEvidence *evidence = &tale->desk.port.evidence[i];
                cleanup_arena Arena arena = ARENA_INIT;
                Slice frame;

                if (ledger_evidence_get(ledger, &evidence->digest, &arena, &frame) != 0 ||
                    !slice_equal(frame, evidence->frame))
                        return differs(fault, "lost evidence", i);
        }
        return true;
}

static bool verifies(const Tale *tale, const char *path, TaleFault *fault) {
        cleanup(ledger_freep) Ledger *ledger = NULL;
        Fault why = FAULT_INIT;
        VerifyReport report;

        if (ledger_open(path, LEDGER_INSPECT, &ledger, &why) == 0 &&
            verify_ledger(ledger, &tale->desk.broker_key.public, NULL, 0, &report, &why) == 0)
                return true;
        (void)snprintf(fault->text, sizeof fault->text, "%s: %s", why.rule, why.found);
        return false;
}

/* An empty ledger is that of an init that was cut short: it is taken up again. */
bool tale_holds(const Tale *tale, const char *dir, size_t n_entries, size_t n_evidence,
                TaleFault *fault) {
        cleanup_free char *path = mem_printf("%s/ledger.db", dir);
        LedgerMode mode = access(path, F_OK) == 0 ? LEDGER_WRITE : LEDGER_CREATE;
        cleanup(ledger_freep) Ledger *ledger = NULL;
        Fault why = FAULT_INIT;
        uint64_t head = 0;

        if (mode == LEDGER_CREATE && tale->n_acks && n_entries)
                return differs(fault, "the ledger is gone, with entries", n_entries);
        if (ledger_open(path, mode, &ledger, &why) != 0) {
                (void)snprintf(fault->text, sizeof fault->text, "%s: %s", why.rule, why.found);
                return false;
        }
        if (!compare_entries(tale, ledger, n_entries, fault) ||
            !compare_evidence(tale, ledger, n_evidence, fault) || ledger_head(ledger, &head) != 0)
                return false;
        ledger = ledger_free(ledger);
        return head == 0 || verifies(tale, path, fault);
}
