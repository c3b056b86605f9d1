/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Anything said by anybody in any order: it is taken or refused, never fatal, and what was taken
 * is replayed into the same state (desk_commit). */

#include "tests/lib/desk_findings.h"
#include "tests/lib/desk_seals.h"
#include "tests/lib/test.h"

enum { STORIES = 12, STEPS = 250, GATES = 3, BATCH_MAX = 6 };

static const char *const gates[GATES] = {"M1", "M2", "M3"};
static const char *const phases[] = {"m", "n"};
static const char *const salts[] = {"", "again"};
static const char *const commits[] = {COMMIT_A, COMMIT_B};

typedef struct Disorder {
        Desk desk;
        uint64_t random;
} Disorder;

static uint64_t roll(Disorder *d, uint64_t sides) {
        uint64_t z = (d->random += 0x9e3779b97f4a7c15);

        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return (z ^ (z >> 31)) % sides;
}

/* Some of the gates, each once. */
static size_t choose_gates(Disorder *d, const char *ret_gates[GATES]) {
        uint64_t mask = 1 + roll(d, (1 << GATES) - 1);
        size_t n = 0;

        for (size_t i = 0; i < GATES; i++)
                if (mask & (1U << i))
                        ret_gates[n++] = gates[i];
        return n;
}

static const char *choose_phase(Disorder *d) {
        return phases[roll(d, 4) == 0];
}

static const ClaimRecord *choose_claim(Disorder *d) {
        const State *state = desk_state(&d->desk);

        return state->n_claims ? state->claims[roll(d, state->n_claims)] : NULL;
}

static Message make_verdict(Disorder *d) {
        static const Hash inputs = {{3}};
        const ClaimRecord *claim = choose_claim(d);
        const char *gate = gates[roll(d, GATES)];
        const GateRecord *record;
        Message message = {.type = MESSAGE_WITHDRAW, .withdraw = {.claim = 1}};

        if (!claim)
                return message;
        message = desk_make_verdict(&d->desk, claim->seq, gate, (Decision)roll(d, 3));
        record = phase_find_gate_ever(claim->phase, slice_text(gate));
        message.verdict.inputs = hash_slice(&inputs);
        if (message.verdict.decision == DECISION_INCONCLUSIVE && roll(d, 2))
                message.verdict.checks[0].outcome = OUTCOME_UNVERIFIABLE;
        if (message.verdict.decision == DECISION_PASS && record && record->last_pass.seq &&
            roll(d, 2)) {
                message.verdict.carried_from = record->last_pass.seq;
                message.verdict.checks[0].outcome = OUTCOME_CARRIED;
        }
        return message;
}

static const FindingRecord *choose_finding(Disorder *d) {
        const State *state = desk_state(&d->desk);

        return state->n_findings ? state->findings[roll(d, state->n_findings)] : NULL;
}

static Message make_close(Disorder *d) {
        const FindingRecord *finding = choose_finding(d);
        const GateRecord *gate =
                finding && finding->gate
                        ? phase_find_gate_ever(finding->phase, slice_text(finding->gate))
                        : NULL;

        return (Message){.type = MESSAGE_CLOSE,
                         .close = {.finding = finding ? finding->seq : 1,
                                   .verdict = gate ? gate->verdict.seq : 0,
                                   .why = slice_text("seen")}};
}

static Message make_finding(Disorder *d) {
        Message message =
                desk_make_finding(choose_phase(d), gates[roll(d, GATES)], (Blocks)roll(d, 3));

        message.finding.verdict = roll(d, 1 + desk_state(&d->desk)->head_seq);
        return message;
}

static Message make_correct(Disorder *d, uint64_t finding) {
        Message message = desk_make_correct(finding);

        message.correct.title = slice_text(roll(d, 2) ? "it drips" : NULL);
        message.correct.present = roll(d, 2) << 4;
        return message;
}

/* Something about a finding that is there, about one that is not, or about a gate; phase "m". */
static Message make_saying(Disorder *d) {
        const FindingRecord *finding = choose_finding(d);
        uint64_t seq = finding ? finding->seq : roll(d, 2);
        const char *gate = roll(d, 4) == 0 ? gates[roll(d, GATES)] : NULL;

        switch (roll(d, 8)) {
        case 0:
        case 1: return desk_make_fixed(seq ? seq : 1, commits[roll(d, 2)]);
        case 2:
        case 3: return desk_make_reopen(seq ? seq : 1);
        case 4: return make_correct(d, seq ? seq : 1);
        case 5: return desk_make_defer(gate ? 0 : seq, gate);
        case 6: return desk_make_probe(gate);
        default: break;
        }
        return desk_make_waive(&d->desk, gate ? 0 : seq, gate, 1 + roll(d, 5000));
}

static Message make_veto(Disorder *d) {
        const State *state = desk_state(&d->desk);

        if (state->n_vetoes && roll(d, 2))
                return desk_make_lift(state->vetoes[roll(d, state->n_vetoes)]->seq);
        return desk_make_veto(&d->desk, roll(d, 2) ? gates[roll(d, GATES)] : NULL);
}

/* Every word of a gate's row that the broker decides by. */
static Message make_plan(Disorder *d, const char *const *some, size_t n) {
        static Slice checks[] = {{(const uint8_t *)"c", 1}, {(const uint8_t *)"d", 1}};
        uint64_t kind = roll(d, 4);
        Message plan = desk_make_plan(&d->desk, choose_phase(d), some, n,
                                      salts[roll(d, ARRAY_SIZE(salts))]);

        for (size_t i = 0; i < n; i++) {
                struct gate_digest *row = &plan.plan.gates[i];

                row->verifiers = kind == 1 ? 2 : 0;
                row->has_inputs = kind == 2;
                row->must_match = roll(d, 2);
                if (kind == 0)
                        continue;
                row->checks = checks;
                row->n_checks = 1;
                if (i > 0 && kind == 3) {
                        row->needs = arena_alloc(&d->desk.arena, sizeof(Slice));
                        row->needs[0] = slice_text(some[i - 1]);
                        row->n_needs = 1;
                }
        }
        return plan;
}

static Message make_retract(Disorder *d) {
        const State *state = desk_state(&d->desk);
        uint64_t seq = 1 + roll(d, state->head_seq);

        if (state->n_phases && roll(d, 4)) {
                const PhaseRecord *phase = state->phases[roll(d, state->n_phases)];
                const GateRecord *gate = &phase->gates[roll(d, phase->n_gates)];

                seq = roll(d, 2) ? gate->verdict.seq : gate->last_pass.seq;
                if (gate->n_votes && roll(d, 2))
                        seq = gate->votes[roll(d, gate->n_votes)].seq;
        }
        return (Message){.type = MESSAGE_RETRACT,
                         .retract = {.verdict = seq ? seq : 1, .why = slice_text("so")}};
}

static Message make_answer(Disorder *d) {
        return (Message){.type = MESSAGE_ANSWER,
                         .answer = {.phase = slice_text(choose_phase(d)),
                                    .gate = slice_text(gates[roll(d, GATES)]),
                                    .check = slice_text("c"),
                                    .commit = slice_text(commits[roll(d, 2)]),
                                    .holds = roll(d, 2),
                                    .text = slice_text("seen")}};
}

static Message make_seal(Disorder *d) {
        const State *state = desk_state(&d->desk);
        uint64_t seq = state->n_seals ? state->seals[roll(d, state->n_seals)]->seq : 1;

        switch (roll(d, 4)) {
        case 0: return desk_make_reveal(&d->desk, seq);
        case 1: return desk_make_reveal_request(seq);
        default: return desk_make_seal(&d->desk, roll(d, 2));
        }
}

static Message make_entry(Disorder *d) {
        const char *some[GATES];
        size_t n = choose_gates(d, some);
        const ClaimRecord *claim = choose_claim(d);

        switch (roll(d, 30)) {
        case 0:
        case 1:
        case 2: return make_plan(d, some, n);
        case 3: return desk_make_done(choose_phase(d), commits[roll(d, 2)]);
        case 4: return make_finding(d);
        case 5: return make_close(d);
        case 6: return desk_make_withdraw(claim ? claim->seq : 1);
        case 7: return desk_make_note(choose_phase(d), (NoteTo)roll(d, 2), "so");
        case 8:
                if (roll(d, 20) == 0)
                        return (Message){
                                .type = MESSAGE_REVOKE,
                                .revoke = {.name = slice_text(desk_names[roll(d, STRANGER)]),
                                           .why = slice_text("so")}};
                break;
        case 9:
        case 10:
        case 11:
        case 12: return desk_make_claim(&d->desk, choose_phase(d), some, n, commits[roll(d, 2)]);
        case 13:
        case 14:
        case 15:
        case 16:
        case 17:
        case 18: return make_saying(d);
        case 19: return make_veto(d);
        case 20:
        case 21: return make_retract(d);
        case 22:
        case 23: return make_answer(d);
        case 24: return make_seal(d);
        default: break;
        }
        return make_verdict(d);
}

static Who choose_speaker(Disorder *d, MessageType type) {
        static const Who builders[] = {BUILDER, BUILDER_2};
        static const Who adversaries[] = {ADVERSARY, ADVERSARY_2};

        switch ((int)type) {
        case MESSAGE_PLAN:
        case MESSAGE_REVOKE:
        case MESSAGE_WAIVE: return OPERATOR;
        case MESSAGE_REVEAL: return roll(d, 2) ? ADVERSARY : OPERATOR;
        case MESSAGE_SEAL:
        case MESSAGE_RETRACT: return roll(d, 3) ? adversaries[roll(d, 2)] : OPERATOR;
        case MESSAGE_ANSWER:
        case MESSAGE_VERDICT:
        case MESSAGE_FINDING:
        case MESSAGE_CLOSE:
        case MESSAGE_REOPEN:
        case MESSAGE_CORRECT:
        case MESSAGE_DEFER:
        case MESSAGE_PROBE:
        case MESSAGE_VETO:
        case MESSAGE_LIFT: return adversaries[roll(d, 2)];
        default: return builders[roll(d, 2)];
        }
}

static void step(Disorder *d) {
        Desk *desk = &d->desk;

        for (uint64_t n = roll(d, BATCH_MAX); n-- > 0;) {
                Message message = make_entry(d);
                Id id;

                desk_make_id(desk, &id);
                desk_put_entry(desk, choose_speaker(d, message.type), message, &id);
        }
        desk_commit(desk);
        desk_credit(desk, roll(d, 2) ? ADVERSARY : ADVERSARY_2, 2, 4, 0);
        fake_port_turn(&desk->port, roll(d, 8) ? 1000 : desk->settings.lease_ms);
        desk_tick(desk);
        desk_forget(desk);
        if (roll(d, 30) == 0) {
                desk_restart(desk);
                for (Who who = OPERATOR; who < STRANGER; who++)
                        desk_hello(desk, who);
        }
}

TEST(whatever_is_said_in_whatever_order_the_broker_lives_and_starts_again) {
        for (uint64_t seed = 1; seed <= STORIES; seed++) {
                Disorder d = {.random = seed};

                desk_open(&d.desk);
                for (size_t i = 0; i < STEPS; i++)
                        step(&d);
                desk_close(&d.desk);
        }
}
