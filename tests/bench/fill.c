/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Entries without a broker. */

#include "tests/bench/fill.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "broker/fold.h"
#include "broker/state.h"
#include "proto/codec.h"
#include "tests/lib/test.h"

enum { PER_COMMIT = 20000, NOTE_BYTES = 200 };

#define COMMIT "0123456789abcdef0123456789abcdef01234567"

typedef enum Who { WHO_BROKER, WHO_BUILDER, WHO_ADVERSARY, _WHO_MAX } Who;

static const char *const who_names[_WHO_MAX] = {"broker", "builder", "adversary"};

struct Fill {
        Ledger *ledger;
        Key keys[_WHO_MAX];
        IdMaker ids;
        Hash id, head, gate_digest, evidence;
        uint64_t n_entries, n_verdicts;
        char note[NOTE_BYTES + 1];
};

static void require(int result, const Fault *fault) {
        if (result != 0)
                FAIL_TEST("%d %s: %s at %s", result, fault->rule, fault->found, fault->place);
}

static void take_state(Fill *fill) {
        Fault fault = FAULT_INIT;
        State state;

        state_init(&state);
        require(fold_ledger(fill->ledger, &state, &fault), &fault);
        CHECK(state.n_phases == 1 && state.phases[0]->n_gates > 0);
        fill->id = state.ledger;
        fill->head = state.head_hash;
        fill->n_entries = state.head_seq;
        fill->gate_digest = state.phases[0]->gates[0].digest;
        state_deinit(&state);
}

static void put_evidence(Fill *fill) {
        struct assertion assertion = {.where = slice_text("exit-status.equals"),
                                      .expected = slice_text("0"),
                                      .actual = slice_text("0"),
                                      .held = 1};
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        Slice command = slice_text("./one");
        Message message = {.type = MESSAGE_CHECK_EVIDENCE,
                           .check_evidence = {.gate = slice_text("M1"),
                                              .check = slice_text("one"),
                                              .commit = slice_text(COMMIT),
                                              .command = &command,
                                              .n_command = 1,
                                              .started_ms = clock_wall_ms(),
                                              .duration_ms = 12,
                                              .assertions = &assertion,
                                              .n_assertions = 1}};
        CodecFault fault;

        message_set_present(&message);
        if (codec_encode(&message, &frame, &fault) != 0)
                FAIL_TEST("evidence: %s %s", fault.field, fault.reason);
        hash_of(buf_get(&frame), &fill->evidence);
        CHECK_EQ_INT(ledger_evidence_put(fill->ledger, &fill->evidence, buf_get(&frame)), 0);
}

Fill *fill_open(const RealBroker *broker) {
        cleanup_free char *path = mem_printf("%s/.coldgate/ledger.db", broker->dir);
        Fill *fill = mem_new(Fill);
        Fault fault = FAULT_INIT;

        for (size_t i = 0; i < _WHO_MAX; i++) {
                cleanup_free char *key =
                        mem_printf("%s/.coldgate/keys/%s", broker->dir, who_names[i]);

                require(key_read(key, &fill->keys[i], &fault), &fault);
        }
        require(ledger_open(path, LEDGER_WRITE, &fill->ledger, &fault), &fault);
        memset(fill->note, 'n', NOTE_BYTES);
        take_state(fill);
        put_evidence(fill);
        return fill;
}

Fill *fill_close(Fill *fill) {
        if (!fill)
                return NULL;
        CHECK_EQ_INT(ledger_commit(fill->ledger), 0);
        (void)ledger_free(fill->ledger);
        free(fill);
        return NULL;
}

Ledger *fill_get_ledger(const Fill *fill) {
        return fill->ledger;
}

static void say(Fill *fill, Who who, Message *message) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        uint8_t signature[SIGNATURE_BYTES];
        CodecFault fault;
        Entry entry = {.seq = ++fill->n_entries,
                       .received_ms = clock_wall_ms(),
                       .kind = slice_text(message_name(message->type)),
                       .phase = slice_text("m"),
                       .actor = slice_text(who_names[who]),
                       .signature = slice_make(signature, sizeof signature),
                       .prev = fill->head};

        message_set_present(message);
        if (codec_encode(message, &frame, &fault) != 0)
                FAIL_TEST("%s: %s", fault.field, fault.reason);
        entry.frame = buf_get(&frame);
        id_make(&fill->ids, entry.received_ms, &entry.id);
        entry_sign(&fill->keys[who], &fill->id, &entry.id, entry.frame, signature);
        entry_hash(&entry, &entry.hash);
        fill->head = entry.hash;
        CHECK_EQ_INT(ledger_append(fill->ledger, &entry), 0);
        if (fill->n_entries % PER_COMMIT == 0)
                CHECK_EQ_INT(ledger_commit(fill->ledger), 0);
}

static void say_claim(Fill *fill) {
        Slice gate = slice_text("M1");
        Message claim = {.type = MESSAGE_CLAIM,
                         .claim = {.phase = slice_text("m"),
                                   .gates = &gate,
                                   .n_gates = 1,
                                   .repository = slice_text("file:///repository"),
                                   .commit = slice_text(COMMIT),
                                   .mode = MODE_COLD}};
        Message lease = {.type = MESSAGE_LEASE,
                         .lease = {.claim = fill->n_entries + 1,
                                   .adversary = slice_text("adversary"),
                                   .lease_ms = 60000,
                                   .attempt = 1}};

        say(fill, WHO_BUILDER, &claim);
        say(fill, WHO_BROKER, &lease);
}

uint64_t fill_verdict(Fill *fill) {
        struct check_result check = {.check = slice_text("one"),
                                     .outcome = OUTCOME_PASS,
                                     .duration_ms = 12,
                                     .attempts = 1,
                                     .evidence = hash_slice(&fill->evidence)};
        Message verdict = {.type = MESSAGE_VERDICT,
                           .verdict = {.gate = slice_text("M1"),
                                       .decision = DECISION_PASS,
                                       .commit = slice_text(COMMIT),
                                       .tree = slice_text(COMMIT),
                                       .gate_digest = hash_slice(&fill->gate_digest),
                                       .mode = MODE_COLD,
                                       .checks = &check,
                                       .n_checks = 1,
                                       .started_ms = clock_wall_ms(),
                                       .duration_ms = 30,
                                       .isolation = slice_text("mount pid net ipc user cgroup"),
                                       .workspace = slice_text("12 files, 3456 bytes")}};

        say_claim(fill);
        verdict.verdict.claim = fill->n_entries - 1;
        verdict.verdict.lease = fill->n_entries;
        say(fill, WHO_ADVERSARY, &verdict);
        return fill->n_entries;
}

void fill_up_to(Fill *fill, uint64_t n_entries) {
        Message note = {.type = MESSAGE_NOTE,
                        .note = {.phase = slice_text("m"),
                                 .to = NOTE_TO_RECORD,
                                 .text = slice_text(fill->note)}};

        while (fill->n_entries + 4 <= n_entries) {
                (void)fill_verdict(fill);
                say(fill, WHO_BUILDER, &note);
        }
        while (fill->n_entries < n_entries)
                say(fill, WHO_BUILDER, &note);
        CHECK_EQ_INT(ledger_commit(fill->ledger), 0);
}
