/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Broker, two builders, two adversaries, an operator and an observer in one process and virtual
 * time. What they send each other travels: it is lost, late, said twice; who is cut off hears
 * nothing; each of them may be killed. The auditor looks after each turn.
 *
 * Agents keep what they said until it is answered, as the real ones do. What they say, they choose
 * among what they could sensibly do (choice.c); once `is_good`, among what leads to DONE.
 */

#include "tests/sim/auditor.h"

enum { AGENTS = STRANGER, JOBS_MAX = 8, SIM_GATES = 3 };

/* The plan: M1, whose claimed evidence must match; M2, which needs two adversaries; M3, which needs
 * M1 and asks for a person's eyes. */
extern const char *const sim_gates[SIM_GATES];

typedef struct WorldSettings {
        uint64_t seed;
        /* Of frames, each way. */
        uint64_t loss_percent, repeat_percent, late_percent;
        /* Of turns. */
        uint64_t kill_broker_permille, kill_agent_permille, cut_permille, full_permille;
        uint64_t jump_permille;  /* of the wall clock */
        uint64_t sleep_permille; /* minutes and hours in which nothing happens */
        uint64_t swap_permille;  /* two agents connect anew, each on the other's route */
        FakeBug bug;
        /* That call of the broker's port fails, once; 0: none does. */
        FakeCall fail_call;
        uint64_t fail_at;
} WorldSettings;

typedef struct Flight {
        uint64_t due_ms;
        Who who;
        bool is_to_broker;
        uint8_t *bytes; /* owned */
        size_t n_bytes;
} Flight;

typedef struct Job {
        uint64_t claim, lease;
} Job;

typedef struct Agent {
        Who who;
        /* Durable: */
        bool is_waiting; /* what was said has no answer yet */
        Id id;
        Slice frame;
        uint8_t signature[SIGNATURE_BYTES];
        uint64_t cursor;
        /* Of the process: */
        bool is_welcome;
        uint64_t hello_ms, said_ms, credit_ms, beat_ms, heard_ms, ask_ms;
        Job jobs[JOBS_MAX];
        size_t n_jobs;
        /* Of its network: */
        uint8_t route;
        uint64_t cut_until_ms, full_until_ms;
} Agent;

typedef struct World {
        Desk desk;
        WorldSettings settings;
        Auditor auditor;
        Agent agents[AGENTS];
        Flight *flights;
        size_t n_flights;
        uint64_t random;
        bool is_broken; /* the broker's process ended */
        bool is_good;   /* faults have stopped, everybody wants DONE */
        size_t n_crashes, n_turns;
        uint64_t n_salts;
        bool has_failed; /* the call of the settings was reached */
} World;

/* Everything that is on its way arrives. */
void world_land(World *world);
World *world_new(const WorldSettings *settings);
World *world_free(World *world);
void world_turn(World *world);
/* From now on nothing goes wrong. Turns until DONE; fails after so long. */
void world_end_well(World *world, uint64_t limit_ms);

/* ---- for the agents ---- */

uint64_t world_now(const World *world);
uint64_t world_roll(World *world, uint64_t sides);
const PhaseRecord *world_phase(const World *world);
/* A frame on its way to the broker. */
void world_put(World *world, Who who, Message message);
/* One that is there at once, and answered: nothing has changed since it was thought of. */
void world_put_now(World *world, Who who, Message message);
/* An entry: said again until it is answered. Only while the agent is not waiting. */
void world_say(World *world, Who who, Message entry);

/* agent.c: what a process does by itself. */
void agent_hear(World *world, Agent *agent, const Message *message);
void agent_turn(World *world, Agent *agent);
void agent_kill(Agent *agent);

/* says.c: entries with marks in what is sealed. */
Message says_plan(World *world, bool is_new);
Message says_claim(World *world, Who who, const char *const *gates, size_t n_gates,
                   const char *commit, bool is_honest);
Message says_verdict(World *world, Who who, const Job *job, const char *gate, Decision decision);
Message says_journal(World *world, Who who);
Message says_hold(const char *resource, Lock lock, uint64_t hold_ms, uint64_t wait_ms);
Message says_pause(const World *world, uint64_t for_ms);
Message says_answer(World *world, const GateRecord *gate, bool holds);

/* choice.c, good.c: says something that could be sensible, perhaps. */
void choice_make(World *world, Agent *agent);
void good_make(World *world, Agent *agent);
