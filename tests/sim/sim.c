/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A simulation, step by step. */

#include "tests/sim/sim.h"

#include "proto/codec.h"
#include "tests/lib/test.h"

enum {
        STEP_MS = 50,
        LIMIT_MS = 3600 * 1000,
        RESEND_MS = 400,
        ASK_MS = 300,
        WORK_MS = 900,
        PROGRESS_MS = 500,
        ACKS_MAX = 256,
        GATES = 2,
};

/* What is said and not answered yet: one entry, kept until then. */
typedef struct Outbox {
        bool is_waiting;
        Id id;
        Slice frame;
        uint8_t signature[SIGNATURE_BYTES];
        uint64_t said_ms;
        char rule[65]; /* of the last answer; empty: ACK */
} Outbox;

typedef struct Agent {
        Who who;
        bool is_welcome;
        uint64_t tried_ms;
        size_t n_read;
        Outbox outbox;
} Agent;

typedef struct Builder {
        Agent agent;
        uint64_t asked_ms;
        bool is_done;
} Builder;

typedef struct Job {
        bool is_running;
        uint64_t claim, lease;
        char commit[41];
        const char *gates[GATES];
        Slice digests[GATES];
        size_t n_gates, n_decided;
        uint64_t began_ms, progress_ms;
} Job;

typedef struct Adversary {
        Agent agent;
        Job job;
        bool credit_is_due;
} Adversary;

typedef struct Acked {
        uint64_t seq;
        Hash hash;
} Acked;

typedef struct Sim {
        Desk desk;
        SimSettings settings;
        uint64_t random;
        bool is_broken; /* the broker's process ended */
        size_t n_crashes;
        Acked acked[ACKS_MAX]; /* what an agent was told is durable */
        size_t n_acked;
        Builder builder;
        Adversary adversary;
} Sim;

static const char *const gates[GATES] = {"M1", "M2"};

static uint64_t now(const Sim *sim) {
        return sim->desk.port.mono_ms;
}

static uint64_t roll(Sim *sim, uint64_t sides) {
        uint64_t z = (sim->random += 0x9e3779b97f4a7c15);

        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return (z ^ (z >> 31)) % sides;
}

static bool is_lost(void *userdata) {
        Sim *sim = userdata;

        return roll(sim, 100) < sim->settings.loss_percent;
}

static void put(Sim *sim, Who who, Message message) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        Route route = fake_route((uint8_t)who);
        uint64_t n = 1 + (roll(sim, 100) < sim->settings.repeat_percent);
        CodecFault fault;

        message_set_present(&message);
        CHECK_EQ_INT(codec_encode(&message, &frame, &fault), 0);
        if (is_lost(sim))
                return;
        while (n-- && !sim->is_broken)
                sim->is_broken =
                        core_receive(sim->desk.core, &route, sim->desk.keys[who].public.curve,
                                     buf_get(&frame)) < 0;
}

/* ---- what both agents do ---- */

static void say_entry(Sim *sim, Agent *agent, Message entry) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        Outbox *outbox = &agent->outbox;
        CodecFault fault;

        message_set_present(&entry);
        CHECK_EQ_INT(codec_encode(&entry, &frame, &fault), 0);
        outbox->frame = arena_slice(&sim->desk.arena, buf_get(&frame));
        desk_make_id(&sim->desk, &outbox->id);
        entry_sign(&sim->desk.keys[agent->who], &desk_state(&sim->desk)->ledger, &outbox->id,
                   outbox->frame, outbox->signature);
        outbox->is_waiting = true;
        outbox->said_ms = 0;
}

static void resend(Sim *sim, Agent *agent) {
        Outbox *outbox = &agent->outbox;

        if (!outbox->is_waiting || now(sim) < outbox->said_ms + RESEND_MS)
                return;
        outbox->said_ms = now(sim);
        put(sim, agent->who,
            (Message){.type = MESSAGE_SUBMIT,
                      .submit = {.id = id_slice(&outbox->id),
                                 .frame = outbox->frame,
                                 .signature = slice_make(outbox->signature, SIGNATURE_BYTES)}});
}

static void say_hello(Sim *sim, Agent *agent) {
        if (agent->is_welcome || now(sim) < agent->tried_ms + RESEND_MS)
                return;
        agent->tried_ms = now(sim);
        put(sim, agent->who,
            (Message){.type = MESSAGE_HELLO,
                      .hello = {.protocol = 1, .program = slice_text("sim")}});
}

static void remember_ack(Sim *sim, const struct ack *ack) {
        CHECK(sim->n_acked < ACKS_MAX);
        sim->acked[sim->n_acked].seq = ack->seq;
        CHECK(hash_from_slice(ack->hash, &sim->acked[sim->n_acked].hash));
        sim->n_acked++;
}

static void hear_answer(Agent *agent, Slice id, Slice rule) {
        Outbox *outbox = &agent->outbox;

        if (!outbox->is_waiting || !slice_equal(id, id_slice(&outbox->id)))
                return;
        outbox->is_waiting = false;
        memcpy(outbox->rule, rule.n ? (const char *)rule.data : "", rule.n);
        outbox->rule[rule.n] = '\0';
}

/* The next message for the agent that is its own business; NULL when there is none. */
static const Message *hear(Sim *sim, Agent *agent) {
        while (agent->n_read < sim->desk.port.n_sent) {
                const FakeSent *sent = &sim->desk.port.sent[agent->n_read++];
                const Message *message = &sent->message;

                if (sent->to != agent->who)
                        continue;
                if (message->type == MESSAGE_WELCOME) {
                        agent->is_welcome = true;
                } else if (message->type == MESSAGE_ACK) {
                        remember_ack(sim, &message->ack);
                        hear_answer(agent, message->ack.id, SLICE_NULL);
                } else if (message->type == MESSAGE_REFUSE) {
                        agent->is_welcome &= !slice_is(message->refuse.rule, "hello-first");
                        hear_answer(agent, message->refuse.id, message->refuse.rule);
                }
                return message;
        }
        return NULL;
}

/* ---- the builder ---- */

static bool all_fresh(const struct phase_status *phase) {
        for (size_t i = 0; i < phase->n_gates; i++)
                if (!phase->gates[i].fresh)
                        return false;
        return true;
}

static bool any_in(const struct phase_status *phase, GateState state) {
        for (size_t i = 0; i < phase->n_gates; i++)
                if (phase->gates[i].state == state)
                        return true;
        return false;
}

static void decide(Sim *sim, const struct phase_status *phase) {
        Builder *builder = &sim->builder;
        bool is_mended = any_in(phase, GATE_STATE_FAILED);

        builder->is_done = phase->state == PHASE_STATE_DONE;
        if (builder->is_done || builder->agent.outbox.is_waiting ||
            any_in(phase, GATE_STATE_CLAIMED) || any_in(phase, GATE_STATE_VERIFYING))
                return;
        if (all_fresh(phase))
                say_entry(sim, &builder->agent, desk_make_done("m", COMMIT_B));
        else
                say_entry(sim, &builder->agent,
                          desk_make_claim(&sim->desk, "m", gates, GATES,
                                          is_mended || !any_in(phase, GATE_STATE_OPEN) ? COMMIT_B
                                                                                       : COMMIT_A));
}

static void step_builder(Sim *sim) {
        Builder *builder = &sim->builder;
        const Message *message;

        while ((message = hear(sim, &builder->agent)))
                if (message->type == MESSAGE_STATUS)
                        decide(sim, &message->status.phases[0]);
        say_hello(sim, &builder->agent);
        resend(sim, &builder->agent);
        if (!builder->agent.is_welcome || now(sim) < builder->asked_ms + ASK_MS)
                return;
        builder->asked_ms = now(sim);
        put(sim, BUILDER, (Message){.type = MESSAGE_ASK, .ask = {.question = QUESTION_STATUS}});
}

/* ---- the adversary ---- */

static void take_job(Sim *sim, const struct offer *offer) {
        const PhaseRecord *phase = state_find_phase(desk_state(&sim->desk), offer->phase);
        Job *job = &sim->adversary.job;

        if (job->is_running && job->lease == offer->lease)
                return;
        *job = (Job){.is_running = true,
                     .claim = offer->claim,
                     .lease = offer->lease,
                     .began_ms = now(sim)};
        memcpy(job->commit, offer->commit.data, offer->commit.n);
        for (size_t i = 0; i < offer->n_gates; i++) {
                const GateRecord *gate = phase_find_gate(phase, offer->gates[i]);

                job->gates[job->n_gates] = arena_text(&sim->desk.arena, offer->gates[i]);
                job->digests[job->n_gates++] =
                        arena_slice(&sim->desk.arena, hash_slice(&gate->digest));
        }
}

static void end_job(Adversary *adversary) {
        adversary->job.is_running = false;
        adversary->credit_is_due = true;
}

static void say_verdict(Sim *sim) {
        Job *job = &sim->adversary.job;
        const char *gate = job->gates[job->n_decided];
        bool holds = strcmp(gate, "M1") == 0 || strcmp(job->commit, COMMIT_B) == 0;
        struct check_result check = {.check = slice_text("c"),
                                     .outcome = holds ? OUTCOME_PASS : OUTCOME_FAIL,
                                     .attempts = 1};

        say_entry(sim, &sim->adversary.agent,
                  (Message){.type = MESSAGE_VERDICT,
                            .verdict = {.claim = job->claim,
                                        .gate = slice_text(gate),
                                        .lease = job->lease,
                                        .decision = holds ? DECISION_PASS : DECISION_FAIL,
                                        .commit = slice_text(job->commit),
                                        .gate_digest = job->digests[job->n_decided],
                                        .mode = MODE_COLD,
                                        .checks = &check,
                                        .n_checks = 1,
                                        .started_ms = 1}});
        job->n_decided++;
}

static void work(Sim *sim) {
        Adversary *adversary = &sim->adversary;
        Job *job = &adversary->job;

        if (!job->is_running)
                return;
        if (now(sim) >= job->progress_ms + PROGRESS_MS) {
                job->progress_ms = now(sim);
                put(sim, ADVERSARY,
                    (Message){.type = MESSAGE_PROGRESS,
                              .progress = {.claim = job->claim,
                                           .lease = job->lease,
                                           .gate = slice_text("M1"),
                                           .what = slice_text("c"),
                                           .n_total = 1}});
        }
        if (adversary->agent.outbox.is_waiting)
                return;
        if (adversary->agent.outbox.rule[0] || job->n_decided == job->n_gates)
                end_job(adversary);
        else if (now(sim) >= job->began_ms + WORK_MS * (job->n_decided + 1))
                say_verdict(sim);
        adversary->agent.outbox.rule[0] = '\0';
}

static void give_credit(Sim *sim) {
        Adversary *adversary = &sim->adversary;

        if (!adversary->credit_is_due || !adversary->agent.is_welcome)
                return;
        put(sim, ADVERSARY,
            (Message){.type = MESSAGE_CREDIT,
                      .credit = {.jobs = adversary->job.is_running ? 0 : 1}});
        adversary->credit_is_due = false;
}

/* A real agent's heartbeat finds out that a credit or an offer was lost; here: say both again. */
static void step_adversary(Sim *sim) {
        Adversary *adversary = &sim->adversary;
        const Message *message;

        while ((message = hear(sim, &adversary->agent))) {
                if (message->type == MESSAGE_WELCOME)
                        adversary->credit_is_due = true;
                if (message->type == MESSAGE_OFFER)
                        take_job(sim, &message->offer);
                if (message->type == MESSAGE_CANCEL && adversary->job.is_running &&
                    message->cancel.lease == adversary->job.lease)
                        end_job(adversary);
        }
        if (!adversary->job.is_running && now(sim) >= adversary->agent.tried_ms + 20 * RESEND_MS)
                adversary->agent.is_welcome = false;
        say_hello(sim, &adversary->agent);
        work(sim);
        resend(sim, &adversary->agent);
        give_credit(sim);
}

/* ---- the world ---- */

static void kill_adversary(Sim *sim) {
        size_t n_read = sim->desk.port.n_sent;

        /* Its outbox is on disk. */
        sim->adversary = (Adversary){.agent = {.who = ADVERSARY,
                                               .n_read = n_read,
                                               .outbox = sim->adversary.agent.outbox}};
}

static void restart_broker(Sim *sim) {
        sim->n_crashes++;
        sim->is_broken = false;
        desk_restart(&sim->desk);
}

static void step_broker(Sim *sim) {
        if (sim->is_broken)
                return;
        if (core_next_deadline(sim->desk.core) <= now(sim) && core_tick(sim->desk.core) < 0)
                sim->is_broken = true;
        if (!sim->is_broken && core_commit(sim->desk.core) < 0)
                sim->is_broken = true;
}

/* What was acknowledged is in the ledger, where and as it was said. */
static void check_acked(const Sim *sim) {
        const FakePort *port = &sim->desk.port;

        for (size_t i = 0; i < sim->n_acked; i++) {
                CHECK(sim->acked[i].seq <= port->n_durable);
                CHECK(hash_equal(&port->entries[sim->acked[i].seq - 1].hash, &sim->acked[i].hash));
        }
}

/* A lease that runs has a timer; a claim is decided once for each gate. */
static void check_state(const Sim *sim) {
        const State *state = desk_state(&sim->desk);

        for (size_t i = 0; i < state->n_claims; i++)
                if (state->claims[i]->state == CLAIM_STATE_LEASED)
                        CHECK(core_next_deadline(sim->desk.core) < UINT64_MAX);
}

static void step(Sim *sim) {
        fake_port_turn(&sim->desk.port, STEP_MS);
        step_builder(sim);
        step_adversary(sim);
        step_broker(sim);
        if (roll(sim, 1000) < sim->settings.kill_broker_permille)
                sim->is_broken = true;
        if (roll(sim, 1000) < sim->settings.kill_adversary_permille)
                kill_adversary(sim);
        if (sim->is_broken)
                restart_broker(sim);
        check_acked(sim);
        check_state(sim);
}

static size_t count_kind(const FakePort *port, const char *kind) {
        size_t n = 0;

        for (size_t i = 0; i < port->n_durable; i++)
                n += slice_is(port->entries[i].kind, kind);
        return n;
}

static void check_no_id_twice(const FakePort *port) {
        for (size_t i = 0; i < port->n_durable; i++)
                for (size_t j = 0; j < i; j++)
                        CHECK(!id_equal(&port->entries[i].id, &port->entries[j].id));
}

SimResult sim_play(const SimSettings *settings) {
        Sim sim = {.settings = *settings, .random = settings->seed};
        SimResult result;
        uint64_t began;

        desk_open(&sim.desk);
        sim.desk.settings.lease_ms = 5000;
        sim.desk.settings.attempts = 1000;
        desk_restart(&sim.desk);
        desk_hello(&sim.desk, OPERATOR);
        desk_approve(&sim.desk);
        sim.builder.agent.who = BUILDER;
        sim.adversary.agent.who = ADVERSARY;
        sim.desk.port.loses = is_lost;
        sim.desk.port.userdata = &sim;
        sim.desk.port.fail_at[settings->fail_call] = settings->fail_at;
        began = now(&sim);
        while (!sim.builder.is_done && now(&sim) < began + LIMIT_MS)
                step(&sim);
        check_no_id_twice(&sim.desk.port);
        CHECK_EQ_U64(count_kind(&sim.desk.port, "done"), sim.builder.is_done);
        result = (SimResult){
                .is_done = sim.builder.is_done,
                .took_ms = now(&sim) - began,
                .n_crashes = sim.n_crashes,
                .n_verdicts = count_kind(&sim.desk.port, "verdict"),
                .n_claims = count_kind(&sim.desk.port, "claim"),
                .has_failed = settings->fail_at && sim.desk.port.fail_at[settings->fail_call] == 0,
        };
        sim.desk.port.loses = NULL;
        desk_commit(&sim.desk);
        desk_close(&sim.desk);
        return result;
}
