/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Entries. What is sealed has a mark in it. */

#include "proto/codec.h"
#include "tests/lib/test.h"
#include "tests/sim/world.h"

enum { VALID_MS = 2 * 3600 * 1000, M2 = 1, M3 = 2, CHECKS = 2 };

static Slice *texts(World *world, const char *const *from, size_t n) {
        Slice *slices = arena_alloc_array(&world->desk.arena, n, sizeof *slices);

        for (size_t i = 0; i < n; i++)
                slices[i] = slice_text(from[i]);
        return slices;
}

static Slice keep_hash(World *world, Slice bytes) {
        Hash hash;

        hash_of(bytes, &hash);
        return arena_slice(&world->desk.arena, hash_slice(&hash));
}

/* A revision changes one gate, in turn. */
static struct gate_digest make_row(World *world, size_t i) {
        static const char *const checks[CHECKS] = {"c", "look"};
        const char *content = arena_printf(&world->desk.arena, "%s %llu", sim_gates[i],
                                           (unsigned long long)((world->n_salts + i) / SIM_GATES));

        return (struct gate_digest){
                .gate = slice_text(sim_gates[i]),
                .digest = keep_hash(world, slice_text(content)),
                .title = slice_text("a gate"),
                .valid_for_ms = VALID_MS,
                .needs = texts(world, sim_gates, 1),
                .n_needs = i == M3,
                .verifiers = i == M2 ? 2 : 0,
                .must_match = i == 0,
                .checks = texts(world, checks, CHECKS),
                .n_checks = i == M3 ? CHECKS : 1,
                .measured = slice_text("\x01"),
        };
}

/* Each fourth one has no M3. */
Message says_plan(World *world, bool is_new) {
        struct gate_digest *rows = arena_alloc_array(&world->desk.arena, SIM_GATES, sizeof *rows);
        size_t n;
        Slice text;

        world->n_salts += !is_new;
        n = world->n_salts % 4 == 3 ? M3 : SIM_GATES;
        text = slice_text(
                arena_printf(&world->desk.arena, "# m %llu", (unsigned long long)world->n_salts));
        for (size_t i = 0; i < n; i++)
                rows[i] = make_row(world, i);
        return (Message){.type = MESSAGE_PLAN,
                         .plan = {.phase = slice_text("m"),
                                  .text = text,
                                  .digest = keep_hash(world, text),
                                  .gates = rows,
                                  .n_gates = n}};
}

Message says_claim(World *world, Who who, const char *const *gates, size_t n_gates,
                   const char *commit, bool is_honest) {
        Desk *desk = &world->desk;
        const Mark mark = {.kind = MARK_CLAIM, .author = who};
        const char *seen = auditor_mark(&world->auditor, desk, &mark);
        const char *why = auditor_mark(&world->auditor, desk, &mark);
        Message message = desk_make_claim(desk, "m", gates, n_gates, commit);

        message.claim.gates = texts(world, gates, n_gates);
        message.claim.claimed_evidence = slice_text(
                arena_printf(&desk->arena, is_honest ? "I saw %s things" : "c: %s things", seen));
        message.claim.why = slice_text(arena_printf(&desk->arena, "for %s reasons", why));
        return message;
}

static Outcome outcome_of(const GateRecord *gate, size_t check, Decision decision) {
        if (decision == DECISION_FAIL && check == 0)
                return OUTCOME_FAIL;
        if (decision == DECISION_INCONCLUSIVE && check + 1 == gate->n_checks)
                return gate->n_checks > 1 ? OUTCOME_UNVERIFIABLE : OUTCOME_ERROR;
        return OUTCOME_PASS;
}

/* Stored before the verdict that names it. */
static Slice put_evidence(World *world, Who who, const GateRecord *gate, const char *commit,
                          const char *mark) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        Message message = {
                .type = MESSAGE_CHECK_EVIDENCE,
                .check_evidence = {.gate = slice_text(gate->id),
                                   .check = slice_text("c"),
                                   .commit = slice_text(commit),
                                   .started_ms = 1,
                                   .attempts = 1,
                                   .outcome = OUTCOME_PASS,
                                   .summary = slice_text(mark)},
        };
        CodecFault fault;
        Slice digest;

        message_set_present(&message);
        CHECK_EQ_INT(codec_encode(&message, &frame, &fault), 0);
        digest = keep_hash(world, buf_get(&frame));
        world_put(world, who,
                  (Message){.type = MESSAGE_EVIDENCE_PUT,
                            .evidence_put = {.digest = digest, .frame = buf_get(&frame)}});
        return digest;
}

Message says_verdict(World *world, Who who, const Job *job, const char *gate_id,
                     Decision decision) {
        Desk *desk = &world->desk;
        const GateRecord *gate = phase_find_gate(world_phase(world), slice_text(gate_id));
        Message message = desk_make_verdict(desk, job->claim, gate_id, decision);
        struct check_result *checks =
                arena_alloc_array(&desk->arena, gate->n_checks, sizeof *checks);
        Mark mark = {.kind = MARK_VERDICT, .author = who, .claim = job->claim};
        const char *text;

        memcpy(mark.gate, gate_id, strlen(gate_id));
        text = auditor_mark(&world->auditor, desk, &mark);
        for (size_t i = 0; i < gate->n_checks; i++)
                checks[i] = (struct check_result){
                        .check = arena_slice(&desk->arena, slice_text(gate->checks[i].id)),
                        .outcome = outcome_of(gate, i, decision),
                        .attempts = 1};
        checks[0].evidence = put_evidence(
                world, who, gate, state_find_claim(desk_state(desk), job->claim)->commit, text);
        message.verdict.lease = job->lease;
        message.verdict.checks = checks;
        message.verdict.n_checks = gate->n_checks;
        message.verdict.summary = slice_text(text);
        return message;
}

Message says_journal(World *world, Who who) {
        const Mark mark = {.kind = MARK_JOURNAL, .author = who};

        return desk_make_note("m", NOTE_TO_JOURNAL,
                              auditor_mark(&world->auditor, &world->desk, &mark));
}

Message says_hold(const char *resource, Lock lock, uint64_t hold_ms, uint64_t wait_ms) {
        return (Message){.type = MESSAGE_HOLD,
                         .hold = {.resource = slice_text(resource),
                                  .lock = lock,
                                  .hold_ms = hold_ms,
                                  .wait_ms = wait_ms}};
}

Message says_pause(const World *world, uint64_t for_ms) {
        return (Message){.type = MESSAGE_PAUSE,
                         .pause = {.phase = slice_text("m"),
                                   .until_ms = world->desk.port.wall_ms + for_ms,
                                   .why = slice_text("a build runs")}};
}

Message says_answer(World *world, const GateRecord *gate, bool holds) {
        return (Message){
                .type = MESSAGE_ANSWER,
                .answer = {
                        .phase = slice_text("m"),
                        .gate = slice_text(gate->id),
                        .check = arena_slice(&world->desk.arena, slice_text(gate->asked[0])),
                        .commit = arena_slice(&world->desk.arena, slice_text(gate->verdict.commit)),
                        .holds = holds,
                        .text = slice_text("looked at it")}};
}
