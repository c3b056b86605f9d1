/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A broker's core on a desk. */

#include "tests/lib/desk.h"

#include <string.h>

#include "broker/replay.h"
#include "proto/codec.h"
#include "tests/lib/test.h"

const char *const desk_names[_WHO_MAX] = {
        [OPERATOR] = "olga",    [BUILDER] = "bob",   [BUILDER_2] = "berta", [ADVERSARY] = "ada",
        [ADVERSARY_2] = "alan", [OBSERVER] = "otto", [STRANGER] = "nobody",
};

static const Role roles[_WHO_MAX] = {
        [OPERATOR] = ROLE_OPERATOR,   [BUILDER] = ROLE_BUILDER,       [BUILDER_2] = ROLE_BUILDER,
        [ADVERSARY] = ROLE_ADVERSARY, [ADVERSARY_2] = ROLE_ADVERSARY, [OBSERVER] = ROLE_OBSERVER,
};

static void make_key(uint8_t number, Key *ret_key) {
        uint8_t seed[32] = {number, 1};

        key_from_seed(seed, ret_key);
}

static void make_core(Desk *desk) {
        CorePort port = fake_port_get(&desk->port);

        desk->core = core_new(&port, &desk->settings, &desk->broker_key);
}

void desk_open(Desk *desk) {
        desk_open_at(desk, &core_settings_default, 0);
}

void desk_open_at(Desk *desk, const CoreSettings *settings, uint64_t wall_ms) {
        Hash ledger = {.bytes = {7}};

        *desk = (Desk){.settings = *settings};
        CHECK_EQ_INT(sign_start(), 0);
        fake_port_init(&desk->port);
        if (wall_ms)
                desk->port.wall_ms = wall_ms;
        make_key(100, &desk->broker_key);
        for (uint8_t who = 0; who < _WHO_MAX; who++)
                make_key(who, &desk->keys[who]);
        make_core(desk);
        CHECK_EQ_INT(core_genesis(desk->core, "desk", &ledger), 0);
        for (int who = 0; who < STRANGER; who++)
                CHECK_EQ_INT(core_admit(desk->core, desk_names[who], roles[who],
                                        &desk->keys[who].public),
                             0);
        desk_commit(desk);
        for (int who = 0; who < STRANGER; who++)
                desk_hello(desk, (Who)who);
        desk_forget(desk);
}

void desk_close(Desk *desk) {
        desk->core = core_free(desk->core);
        fake_port_deinit(&desk->port);
        arena_deinit(&desk->arena);
}

static void replay_into(const FakePort *port, State *state) {
        for (size_t i = 0; i < port->n_entries; i++) {
                cleanup_arena Arena arena = ARENA_INIT;
                Fault fault = FAULT_INIT;
                CodecFault codec_fault;
                Message message;

                CHECK_EQ_INT(codec_decode(port->entries[i].frame, &arena, &message, &codec_fault),
                             0);
                if (replay_apply(state, &port->entries[i], &message, &fault) != 0)
                        FAIL_TEST("replay: %s", fault.found);
        }
}

static void compare_with_replay(Desk *desk) {
        cleanup_buf Buf live = BUF_TEXT, again = BUF_TEXT;
        State state;

        state_init(&state);
        replay_into(&desk->port, &state);
        state_describe(core_get_state(desk->core), &live);
        state_describe(&state, &again);
        state_deinit(&state);
        CHECK_EQ_TEXT(buf_get_text(&live), buf_get_text(&again));
}

void desk_restart(Desk *desk) {
        Fault fault = FAULT_INIT;

        desk->core = core_free(desk->core);
        fake_port_crash(&desk->port);
        make_core(desk);
        for (size_t i = 0; i < desk->port.n_entries; i++)
                if (core_replay(desk->core, &desk->port.entries[i], &fault) != 0)
                        FAIL_TEST("restart: %s", fault.found);
}

const State *desk_state(const Desk *desk) {
        return core_get_state(desk->core);
}

const char *desk_describe(Desk *desk) {
        cleanup_buf Buf text = BUF_TEXT;

        state_describe(core_get_state(desk->core), &text);
        return arena_text(&desk->arena, buf_get(&text));
}

void desk_commit(Desk *desk) {
        CHECK_EQ_INT(core_commit(desk->core), 0);
        compare_with_replay(desk);
}

void desk_tick(Desk *desk) {
        CHECK_EQ_INT(core_tick(desk->core), 0);
        desk_commit(desk);
}

void desk_put(Desk *desk, Who who, Message message) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        Route route = fake_route((uint8_t)who);
        CodecFault fault;

        message_set_present(&message);
        CHECK_EQ_INT(codec_encode(&message, &frame, &fault), 0);
        CHECK_EQ_INT(
                core_receive(desk->core, &route, desk->keys[who].public.curve, buf_get(&frame)), 0);
}

void desk_say(Desk *desk, Who who, Message message) {
        desk_put(desk, who, message);
        desk_commit(desk);
}

void desk_hello(Desk *desk, Who who) {
        desk_say(desk, who,
                 (Message){.type = MESSAGE_HELLO,
                           .hello = {.protocol = 1, .program = slice_text("test")}});
}

void desk_credit(Desk *desk, Who who, uint64_t jobs, uint64_t entries, uint64_t after) {
        desk_say(desk, who,
                 (Message){.type = MESSAGE_CREDIT,
                           .credit = {.jobs = jobs, .entries = entries, .after = after}});
}

void desk_make_id(Desk *desk, Id *ret_id) {
        CorePort port = fake_port_get(&desk->port);

        id_make(&desk->ids, desk->port.wall_ms, ret_id);
        /* A story that is told again has the same ids. */
        port.random(port.userdata, ret_id->bytes + ID_BYTES / 2, ID_BYTES / 2);
}

void desk_put_entry(Desk *desk, Who who, Message entry, const Id *id) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        uint8_t signature[SIGNATURE_BYTES];
        CodecFault fault;
        uint64_t *present = message_body(&entry), by_hand = *present;

        message_set_present(&entry);
        *present |= by_hand;
        if (codec_encode(&entry, &frame, &fault) != 0)
                FAIL_TEST("%s.%s: %s", fault.message, fault.field, fault.reason);
        entry_sign(&desk->keys[who], &core_get_state(desk->core)->ledger, id, buf_get(&frame),
                   signature);
        desk_put(desk, who,
                 (Message){.type = MESSAGE_SUBMIT,
                           .submit = {.id = id_slice(id),
                                      .frame = buf_get(&frame),
                                      .signature = slice_make(signature, sizeof signature)}});
}

static uint64_t seq_of_ack(const Desk *desk, Who who, const Id *id) {
        for (size_t i = desk->port.n_sent; i-- > 0;) {
                const FakeSent *sent = &desk->port.sent[i];

                if (sent->to == who && sent->message.type == MESSAGE_ACK &&
                    slice_equal(sent->message.ack.id, id_slice(id)))
                        return sent->message.ack.seq;
        }
        return 0;
}

uint64_t desk_submit_as(Desk *desk, Who who, Message entry, const Id *id) {
        desk_put_entry(desk, who, entry, id);
        desk_commit(desk);
        return seq_of_ack(desk, who, id);
}

uint64_t desk_submit(Desk *desk, Who who, Message entry) {
        Id id;

        desk_make_id(desk, &id);
        return desk_submit_as(desk, who, entry, &id);
}

const Message *desk_last(const Desk *desk, Who who, MessageType type) {
        for (size_t i = desk->port.n_sent; i-- > 0;)
                if (desk->port.sent[i].to == who && desk->port.sent[i].message.type == type)
                        return &desk->port.sent[i].message;
        return NULL;
}

size_t desk_count(const Desk *desk, Who who, MessageType type) {
        size_t n = 0;

        for (size_t i = 0; i < desk->port.n_sent; i++)
                n += desk->port.sent[i].to == who && desk->port.sent[i].message.type == type;
        return n;
}

const char *desk_rule(Desk *desk, Who who) {
        const Message *refusal = desk_last(desk, who, MESSAGE_REFUSE);

        return refusal ? arena_text(&desk->arena, refusal->refuse.rule) : "";
}

void desk_forget(Desk *desk) {
        fake_port_forget(&desk->port);
}

/* ---- entries ---- */

static Slice keep_hash(Desk *desk, Slice bytes) {
        Hash hash;

        hash_of(bytes, &hash);
        return arena_slice(&desk->arena, hash_slice(&hash));
}

static Slice *texts_of(Desk *desk, const char *const *texts, size_t n) {
        Slice *slices = arena_alloc_array(&desk->arena, n, sizeof *slices);

        for (size_t i = 0; i < n; i++)
                slices[i] = slice_text(texts[i]);
        return slices;
}

Message desk_make_plan(Desk *desk, const char *phase, const char *const *gates, size_t n_gates,
                       const char *salt) {
        Slice text = slice_text(arena_printf(&desk->arena, "# %s %s", phase, salt));
        struct gate_digest *rows = arena_alloc_array(&desk->arena, n_gates, sizeof *rows);

        for (size_t i = 0; i < n_gates; i++)
                rows[i] = (struct gate_digest){
                        .gate = slice_text(gates[i]),
                        .digest = keep_hash(desk, slice_text(arena_printf(&desk->arena, "%s %s",
                                                                          gates[i], salt))),
                        .title = slice_text("a gate"),
                        .valid_for_ms = 24 * 3600 * 1000,
                };
        return (Message){
                .type = MESSAGE_PLAN,
                .plan = {.phase = slice_text(phase),
                         .text = text,
                         .digest = keep_hash(desk, text),
                         .gates = rows,
                         .n_gates = n_gates},
        };
}

Message desk_make_claim(Desk *desk, const char *phase, const char *const *gates, size_t n_gates,
                        const char *commit) {
        return (Message){
                .type = MESSAGE_CLAIM,
                .claim = {.phase = slice_text(phase),
                          .gates = texts_of(desk, gates, n_gates),
                          .n_gates = n_gates,
                          .repository = slice_text("https://example.net/r.git"),
                          .commit = slice_text(commit),
                          .mode = MODE_COLD},
        };
}

Message desk_make_verdict(Desk *desk, uint64_t claim_seq, const char *gate, Decision decision) {
        static const Outcome outcomes[] = {
                [DECISION_PASS] = OUTCOME_PASS,
                [DECISION_FAIL] = OUTCOME_FAIL,
                [DECISION_INCONCLUSIVE] = OUTCOME_ERROR,
        };
        const ClaimRecord *claim = state_find_claim(desk_state(desk), claim_seq);
        struct check_result *check = arena_alloc(&desk->arena, sizeof *check);
        const GateRecord *record;

        CHECK(claim);
        record = phase_find_gate_ever(claim->phase, slice_text(gate));
        *check = (struct check_result){
                .check = slice_text("c"), .outcome = outcomes[decision], .attempts = 1};
        return (Message){
                .type = MESSAGE_VERDICT,
                .verdict = {.claim = claim_seq,
                            .gate = slice_text(gate),
                            .lease = claim->lease_seq ? claim->lease_seq : 1,
                            .decision = decision,
                            .commit = arena_slice(&desk->arena, slice_text(claim->commit)),
                            .gate_digest = arena_slice(
                                    &desk->arena, record ? hash_slice(&record->digest)
                                                         : hash_slice(&claim->phase->plan_digest)),
                            .mode = claim->mode,
                            .checks = check,
                            .n_checks = 1,
                            .started_ms = 1},
        };
}

Message desk_make_done(const char *phase, const char *commit) {
        return (Message){
                .type = MESSAGE_DONE,
                .done = {.phase = slice_text(phase), .commit = slice_text(commit)},
        };
}

Message desk_make_note(const char *phase, NoteTo to, const char *text) {
        return (Message){
                .type = MESSAGE_NOTE,
                .note = {.phase = slice_text(phase), .to = to, .text = slice_text(text)},
        };
}

Message desk_make_withdraw(uint64_t claim) {
        return (Message){.type = MESSAGE_WITHDRAW, .withdraw = {.claim = claim}};
}

Message desk_make_finding(const char *phase, const char *gate, Blocks blocks) {
        return (Message){
                .type = MESSAGE_FINDING,
                .finding = {.phase = slice_text(phase),
                            .gate = slice_text(gate),
                            .severity = SEVERITY_MAJOR,
                            .blocks = blocks,
                            .title = slice_text("it leaks")},
        };
}

void desk_approve(Desk *desk) {
        CHECK(desk_submit(desk, OPERATOR,
                          desk_make_plan(desk, "m", (const char *[]){"M1", "M2"}, 2, "1")) > 0);
        desk_forget(desk);
}

uint64_t desk_claim_and_lease(Desk *desk, size_t n_gates) {
        uint64_t claim;

        desk_credit(desk, ADVERSARY, 1, 0, 0);
        claim = desk_submit(
                desk, BUILDER,
                desk_make_claim(desk, "m", (const char *[]){"M1", "M2"}, n_gates, COMMIT_A));
        CHECK(claim > 0);
        CHECK(desk_last(desk, ADVERSARY, MESSAGE_OFFER));
        return claim;
}

Who desk_prepare_verdict(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = desk_make_verdict(desk, desk_claim_and_lease(desk, 1), "M1", DECISION_PASS);
        return ADVERSARY;
}

void desk_make_done_phase(Desk *desk) {
        uint64_t claim;

        desk_approve(desk);
        claim = desk_claim_and_lease(desk, 2);
        CHECK(desk_submit(desk, ADVERSARY, desk_make_verdict(desk, claim, "M1", DECISION_PASS)));
        CHECK(desk_submit(desk, ADVERSARY, desk_make_verdict(desk, claim, "M2", DECISION_PASS)));
        CHECK(desk_submit(desk, BUILDER, desk_make_done("m", COMMIT_A)));
}

void desk_measure(Desk *desk, const char *value, Hash *ret_digest) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        struct assertion assertion = {
                .where = slice_text("stdout.number.le"), .actual = slice_text(value), .held = 1};
        Message evidence = {.type = MESSAGE_CHECK_EVIDENCE,
                            .check_evidence = {.gate = slice_text("M1"),
                                               .check = slice_text("c"),
                                               .commit = slice_text(COMMIT_A),
                                               .started_ms = 1,
                                               .assertions = &assertion,
                                               .n_assertions = 1}};
        CodecFault fault;

        message_set_present(&evidence);
        CHECK_EQ_INT(codec_encode(&evidence, &frame, &fault), 0);
        hash_of(buf_get(&frame), ret_digest);
        desk_say(desk, ADVERSARY,
                 (Message){.type = MESSAGE_EVIDENCE_PUT,
                           .evidence_put = {.digest = hash_slice(ret_digest),
                                            .frame = buf_get(&frame)}});
}
