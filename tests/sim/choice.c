/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * What somebody could sensibly say, by chance. The choice is made from what stands now; when it
 * arrives it may be out of date, and is refused. To add something: a function that says it if it
 * makes sense, and a row.
 */

#include "tests/lib/desk_findings.h"
#include "tests/lib/test.h"
#include "tests/sim/world.h"

enum { SECOND_MS = 1000, MINUTE_MS = 60 * SECOND_MS, VETOES = 2, FINDINGS = 6 };

static const char *const commits[] = {COMMIT_A, COMMIT_B,
                                      "cccccccccccccccccccccccccccccccccccccccc"};

static const State *state_of(const World *world) {
        return desk_state(&world->desk);
}

static const GateRecord *some_gate(World *world) {
        const PhaseRecord *phase = world_phase(world);

        return &phase->gates[world_roll(world, phase->n_gates)];
}

static const char *some_gate_or_none(World *world) {
        const GateRecord *gate = some_gate(world);

        return gate->in_plan && world_roll(world, 3)
                       ? arena_text(&world->desk.arena, slice_text(gate->id))
                       : NULL;
}

static const FindingRecord *some_finding(World *world) {
        const State *state = state_of(world);

        return state->n_findings ? state->findings[world_roll(world, state->n_findings)] : NULL;
}

static const ClaimRecord *some_claim(World *world) {
        const State *state = state_of(world);

        return state->n_claims ? state->claims[world_roll(world, state->n_claims)] : NULL;
}

static const HoldRecord *some_hold(World *world) {
        const State *state = state_of(world);

        return state->n_holds ? state->holds[world_roll(world, state->n_holds)] : NULL;
}

/* ---- builders ---- */

static void claim(World *world, Agent *agent) {
        const char *gates[SIM_GATES];
        size_t n = 0;

        for (size_t i = 0; i < SIM_GATES; i++)
                if (world_roll(world, 3) &&
                    phase_find_gate(world_phase(world), slice_text(sim_gates[i])))
                        gates[n++] = sim_gates[i];
        if (n)
                world_say(world, agent->who,
                          says_claim(world, agent->who, gates, n, commits[world_roll(world, 3)],
                                     world_roll(world, 3)));
}

static void withdraw(World *world, Agent *agent) {
        const ClaimRecord *record = some_claim(world);

        if (record && claim_is_open(record))
                world_say(world, agent->who, desk_make_withdraw(record->seq));
}

static void keep_journal(World *world, Agent *agent) {
        world_say(world, agent->who, says_journal(world, agent->who));
}

static void fix(World *world, Agent *agent) {
        const FindingRecord *finding = some_finding(world);

        if (finding)
                world_say(world, agent->who,
                          desk_make_fixed(finding->seq, commits[world_roll(world, 3)]));
}

static void ask_done(World *world, Agent *agent) {
        world_say(world, agent->who, desk_make_done("m", commits[world_roll(world, 3)]));
}

/* ---- adversaries ---- */

static void say_verdict(World *world, Agent *agent) {
        static const Decision decisions[] = {DECISION_PASS, DECISION_PASS, DECISION_PASS,
                                             DECISION_FAIL, DECISION_INCONCLUSIVE};
        const Job *job;
        const ClaimRecord *record;
        size_t place;

        if (agent->n_jobs == 0)
                return;
        job = &agent->jobs[world_roll(world, agent->n_jobs)];
        record = state_find_claim(state_of(world), job->claim);
        if (!record)
                return;
        place = world_roll(world, record->n_gates);
        if (claim_get_gate_for(record, place, desk_names[agent->who]))
                world_say(world, agent->who,
                          says_verdict(
                                  world, agent->who, job,
                                  arena_text(&world->desk.arena, slice_text(record->gates[place])),
                                  decisions[world_roll(world, ARRAY_SIZE(decisions))]));
}

static void find(World *world, Agent *agent) {
        const char *gate = some_gate_or_none(world);

        if (state_of(world)->n_findings < FINDINGS)
                world_say(world, agent->who,
                          desk_make_finding("m", gate, gate ? BLOCKS_GATE : BLOCKS_PHASE));
}

static void close_finding(World *world, Agent *agent) {
        const FindingRecord *finding = some_finding(world);
        const GateRecord *gate = some_gate(world);

        if (finding)
                world_say(world, agent->who, desk_make_close(finding->seq, gate->verdict.seq));
}

static void reopen(World *world, Agent *agent) {
        const FindingRecord *finding = some_finding(world);

        if (finding)
                world_say(world, agent->who, desk_make_reopen(finding->seq));
}

static void correct(World *world, Agent *agent) {
        const FindingRecord *finding = some_finding(world);
        Message message;

        if (!finding)
                return;
        message = desk_make_correct(finding->seq);
        message.correct.blocks = (Blocks)world_roll(world, _BLOCKS_MAX);
        message.correct.present = UINT64_C(1) << 4;
        message.correct.title = slice_text("it leaks less");
        world_say(world, agent->who, message);
}

static void defer(World *world, Agent *agent) {
        const FindingRecord *finding = world_roll(world, 3) ? some_finding(world) : NULL;

        if (finding || state_of(world)->n_findings < FINDINGS)
                world_say(world, agent->who,
                          desk_make_defer(finding ? finding->seq : 0,
                                          finding ? NULL : some_gate_or_none(world)));
}

static void probe(World *world, Agent *agent) {
        world_say(world, agent->who, desk_make_probe(some_gate_or_none(world)));
}

static void veto(World *world, Agent *agent) {
        if (state_of(world)->n_vetoes < VETOES)
                world_say(world, agent->who,
                          desk_make_veto(&world->desk, some_gate_or_none(world)));
}

static void lift(World *world, Agent *agent) {
        const State *state = state_of(world);

        if (state->n_vetoes)
                world_say(world, agent->who, desk_make_lift(state->vetoes[0]->seq));
}

static void retract(World *world, Agent *agent) {
        const GateRecord *gate = some_gate(world);
        uint64_t seq = gate->verdict.seq;

        if (gate->n_votes && world_roll(world, 2))
                seq = gate->votes[world_roll(world, gate->n_votes)].seq;
        if (seq)
                world_say(world, agent->who,
                          (Message){.type = MESSAGE_RETRACT,
                                    .retract = {.verdict = seq, .why = slice_text("misread")}});
}

static void answer(World *world, Agent *agent) {
        const GateRecord *gate = some_gate(world);

        if (gate->n_asked)
                world_say(world, agent->who, says_answer(world, gate, world_roll(world, 4)));
}

/* ---- the operator ---- */

static void revise(World *world, Agent *agent) {
        world_say(world, agent->who, says_plan(world, false));
}

static void waive(World *world, Agent *agent) {
        const FindingRecord *finding = world_roll(world, 2) ? some_finding(world) : NULL;
        const GateRecord *gate = some_gate(world);

        world_say(world, agent->who,
                  desk_make_waive(&world->desk, finding ? finding->seq : 0,
                                  finding ? NULL
                                          : arena_text(&world->desk.arena, slice_text(gate->id)),
                                  1 + world_roll(world, 20 * MINUTE_MS)));
}

static void see(World *world, Agent *agent) {
        const State *state = state_of(world);

        if (state->n_alerts)
                world_say(
                        world, agent->who,
                        (Message){.type = MESSAGE_SEEN, .seen = {.alert = state->alerts[0]->seq}});
}

/* ---- everybody ---- */

static void hold(World *world, Agent *agent) {
        Message message = says_hold(world_roll(world, 3) ? "proxy" : "port",
                                    world_roll(world, 2) ? LOCK_SHARED : LOCK_EXCLUSIVE,
                                    SECOND_MS + world_roll(world, 30 * SECOND_MS),
                                    world_roll(world, 2) * (1 + world_roll(world, 20 * SECOND_MS)));

        if (agent->n_jobs && world_roll(world, 2))
                message.hold.lease = agent->jobs[0].lease;
        world_say(world, agent->who, message);
}

static void release(World *world, Agent *agent) {
        const HoldRecord *record = some_hold(world);

        if (record)
                world_say(world, agent->who,
                          (Message){.type = MESSAGE_RELEASE, .release = {.hold = record->seq}});
}

static void rest(World *world, Agent *agent) {
        world_say(world, agent->who, says_pause(world, 1 + world_roll(world, 15 * MINUTE_MS)));
}

static void resume(World *world, Agent *agent) {
        const State *state = state_of(world);

        if (state->n_pauses)
                world_say(world, agent->who,
                          (Message){.type = MESSAGE_RESUME,
                                    .resume = {.pause = state->pauses[0]->seq}});
}

static void write_note(World *world, Agent *agent) {
        Message message = desk_make_note("m", NOTE_TO_INBOX, "words");

        message.note.role = world_roll(world, 2) ? ROLE_BUILDER : ROLE_ADVERSARY;
        world_say(world, agent->who, message);
}

/* ---- rows ---- */

enum {
        O = 1 << OPERATOR,
        B = 1 << BUILDER | 1 << BUILDER_2,
        A = 1 << ADVERSARY | 1 << ADVERSARY_2,
};

static const struct {
        unsigned who, weight;
        void (*say)(World *, Agent *);
} rows[] = {
        {B, 20, claim},       {B, 2, withdraw},       {B, 6, keep_journal},
        {B, 8, fix},          {B, 10, ask_done},      {A, 60, say_verdict},
        {A, 3, find},         {A, 8, close_finding},  {A, 2, reopen},
        {A, 2, correct},      {A, 2, defer},          {A, 2, probe},
        {A, 1, veto},         {A, 4, lift},           {A | O, 3, retract},
        {A, 12, answer},      {O, 1, revise},         {O, 3, waive},
        {O, 8, see},          {O | A | B, 5, hold},   {O | A | B, 5, release},
        {O | A | B, 1, rest}, {O | A | B, 1, resume}, {O | A | B, 1, write_note},
};

void choice_make(World *world, Agent *agent) {
        unsigned total = 0, at;

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                total += rows[i].who >> agent->who & 1 ? rows[i].weight : 0;
        if (total == 0)
                return;
        at = (unsigned)world_roll(world, total);
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                unsigned weight = rows[i].who >> agent->who & 1 ? rows[i].weight : 0;

                if (at < weight) {
                        rows[i].say(world, agent);
                        return;
                }
                at -= weight;
        }
}
