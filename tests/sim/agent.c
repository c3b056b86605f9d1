/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* An agent's process: connection, credit, offers, what is said until it is answered. */

#include "tests/lib/test.h"
#include "tests/sim/world.h"

enum {
        RESEND_MS = 700,
        HELLO_MS = 1500,
        CREDIT_MS = 4000,
        BEAT_MS = 10000,
        SILENCE_MS = 25000, /* of the broker: connect anew */
        ENTRIES = 64,
        THINK_PERCENT = 12,
};

/* ---- what it hears ---- */

static void take_job(Agent *agent, const struct offer *offer) {
        for (size_t i = 0; i < agent->n_jobs; i++)
                if (agent->jobs[i].lease == offer->lease)
                        return;
        if (agent->n_jobs == JOBS_MAX)
                memmove(agent->jobs, agent->jobs + 1, --agent->n_jobs * sizeof *agent->jobs);
        agent->jobs[agent->n_jobs++] = (Job){.claim = offer->claim, .lease = offer->lease};
}

static void drop_job(Agent *agent, uint64_t lease) {
        size_t n = 0;

        for (size_t i = 0; i < agent->n_jobs; i++)
                if (agent->jobs[i].lease != lease)
                        agent->jobs[n++] = agent->jobs[i];
        agent->n_jobs = n;
}

/* An observer misses nothing; from an adversary some are kept. */
static void hear_entry(const World *world, Agent *agent, const struct entry *entry) {
        const Entry *written;

        CHECK(entry->seq <= world->desk.port.n_durable);
        written = &world->desk.port.entries[entry->seq - 1];
        CHECK(slice_equal(entry->hash, hash_slice(&written->hash)));
        CHECK(slice_equal(entry->frame, written->frame));
        if (agent->who == ADVERSARY || agent->who == ADVERSARY_2 ? entry->seq > agent->cursor
                                                                 : entry->seq == agent->cursor + 1)
                agent->cursor = entry->seq;
}

static void hear_answer(Agent *agent, Slice id) {
        if (agent->is_waiting && slice_equal(id, id_slice(&agent->id)))
                agent->is_waiting = false;
}

void agent_hear(World *world, Agent *agent, const Message *message) {
        agent->heard_ms = world_now(world);
        switch ((int)message->type) {
        case MESSAGE_WELCOME:
                agent->is_welcome = true;
                agent->credit_ms = 0;
                break;
        case MESSAGE_ACK: hear_answer(agent, message->ack.id); break;
        case MESSAGE_REFUSE:
                agent->is_welcome &= !slice_is(message->refuse.rule, "hello-first");
                hear_answer(agent, message->refuse.id);
                break;
        case MESSAGE_OFFER: take_job(agent, &message->offer); break;
        case MESSAGE_CANCEL: drop_job(agent, message->cancel.lease); break;
        case MESSAGE_ENTRY: hear_entry(world, agent, &message->entry); break;
        default: break;
        }
}

/* ---- what it does by itself ---- */

static bool is_due(const World *world, uint64_t *last_ms, uint64_t every_ms) {
        if (*last_ms && world_now(world) < *last_ms + every_ms)
                return false;
        *last_ms = world_now(world);
        return true;
}

static void connect_anew(World *world, Agent *agent) {
        if (agent->is_welcome && world_now(world) > agent->heard_ms + SILENCE_MS)
                agent->is_welcome = false;
        if (!agent->is_welcome && is_due(world, &agent->hello_ms, HELLO_MS))
                world_put(world, agent->who,
                          (Message){.type = MESSAGE_HELLO,
                                    .hello = {.protocol = 1, .program = slice_text("sim")}});
}

static void resend(World *world, Agent *agent) {
        if (agent->is_waiting && is_due(world, &agent->said_ms, RESEND_MS))
                world_put(world, agent->who,
                          (Message){.type = MESSAGE_SUBMIT,
                                    .submit = {.id = id_slice(&agent->id),
                                               .frame = agent->frame,
                                               .signature = slice_make(agent->signature,
                                                                       SIGNATURE_BYTES)}});
}

static void give_credit(World *world, Agent *agent) {
        bool is_adversary = agent->who == ADVERSARY || agent->who == ADVERSARY_2;

        if (is_due(world, &agent->credit_ms, CREDIT_MS))
                world_put(world, agent->who,
                          (Message){.type = MESSAGE_CREDIT,
                                    .credit = {.jobs = is_adversary && agent->n_jobs == 0,
                                               .entries = ENTRIES,
                                               .after = agent->cursor}});
}

static bool holds(const World *world, const Agent *agent, const Job *job) {
        const ClaimRecord *claim = state_find_lease(desk_state(&world->desk), job->lease);

        return claim && strcmp(claim->adversary, desk_names[agent->who]) == 0;
}

static void keep_jobs(World *world, Agent *agent) {
        for (size_t i = agent->n_jobs; i-- > 0;)
                if (!holds(world, agent, &agent->jobs[i]))
                        drop_job(agent, agent->jobs[i].lease);
        for (size_t i = 0; i < agent->n_jobs; i++)
                world_put(world, agent->who,
                          (Message){.type = MESSAGE_PROGRESS,
                                    .progress = {.claim = agent->jobs[i].claim,
                                                 .lease = agent->jobs[i].lease,
                                                 .gate = slice_text("M1"),
                                                 .what = slice_text("c"),
                                                 .n_done = world_roll(world, 4),
                                                 .n_total = 4}});
}

/* As a verdict that it should not have seen yet would name it; once the vote is taken back, nobody
 * who has not seen it can name it. */
static Slice some_evidence(World *world) {
        const PhaseRecord *phase = world_phase(world);
        const GateRecord *gate = &phase->gates[world_roll(world, phase->n_gates)];
        const VerdictRecord *vote;

        if (!gate->n_votes)
                return SLICE_NULL;
        vote = &gate->votes[world_roll(world, gate->n_votes)];
        return vote->n_evidence ? hash_slice(&vote->evidence[0]) : SLICE_NULL;
}

/* Curious: what may not be seen is asked for as well. */
static void ask(World *world, Agent *agent) {
        Slice digest = some_evidence(world);
        uint64_t head = desk_state(&world->desk)->head_seq;

        world_put(world, agent->who,
                  (Message){.type = MESSAGE_ASK, .ask = {.question = QUESTION_STATUS}});
        world_put(
                world, agent->who,
                (Message){.type = MESSAGE_ASK,
                          .ask = {.question = QUESTION_ENTRY, .seq = 1 + world_roll(world, head)}});
        if (digest.n)
                world_put_now(world, agent->who,
                              (Message){.type = MESSAGE_EVIDENCE_GET,
                                        .evidence_get = {.digest = digest}});
}

void agent_turn(World *world, Agent *agent) {
        connect_anew(world, agent);
        resend(world, agent);
        if (!agent->is_welcome)
                return;
        give_credit(world, agent);
        if (is_due(world, &agent->beat_ms, BEAT_MS))
                world_put(world, agent->who, (Message){.type = MESSAGE_HEARTBEAT});
        if (is_due(world, &agent->ask_ms, 1000 + world_roll(world, 4000))) {
                keep_jobs(world, agent);
                ask(world, agent);
        }
        if (agent->is_waiting || world_roll(world, 100) >= THINK_PERCENT)
                return;
        if (world->is_good)
                good_make(world, agent);
        else
                choice_make(world, agent);
}

void agent_kill(Agent *agent) {
        agent->is_welcome = false;
        agent->n_jobs = 0;
        agent->hello_ms = agent->said_ms = agent->credit_ms = agent->beat_ms = agent->ask_ms = 0;
}
