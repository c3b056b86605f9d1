/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Time, the network, and what goes wrong. */

#include "tests/sim/world.h"

#include <stdlib.h>

#include "base/mem.h"
#include "broker/why_done.h"
#include "proto/codec.h"
#include "tests/lib/test.h"

enum {
        FLIGHTS_MAX = 65536,
        LATE_MS = 8000,
        TRAVEL_MS = 120,
        CUT_MS = 90000,
        FULL_MS = 3000,
        JUMP_MS = 3 * 3600 * 1000,
        HOUR_MS = 3600 * 1000,
        BATCH_MAX = 32,
        TOLD_MAX = 20,
};

const char *const sim_gates[SIM_GATES] = {"M1", "M2", "M3"};

uint64_t world_now(const World *world) {
        return world->desk.port.mono_ms;
}

/* splitmix64 */
uint64_t world_roll(World *world, uint64_t sides) {
        uint64_t z = (world->random += 0x9e3779b97f4a7c15);

        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return (z ^ (z >> 31)) % sides;
}

const PhaseRecord *world_phase(const World *world) {
        return state_find_phase(desk_state(&world->desk), slice_text("m"));
}

/* ---- the network ---- */

static bool happens(World *world, uint64_t of_hundred) {
        return !world->is_good && world_roll(world, 100) < of_hundred;
}

static bool happens_rarely(World *world, uint64_t of_thousand) {
        return !world->is_good && world_roll(world, 1000) < of_thousand;
}

static void fly(World *world, Who who, bool is_to_broker, Slice frame) {
        uint64_t n = 1 + happens(world, world->settings.repeat_percent);

        if (happens(world, world->settings.loss_percent))
                return;
        while (n--) {
                bool is_late = happens(world, world->settings.late_percent);
                Flight *flight;

                CHECK(world->n_flights < FLIGHTS_MAX);
                world->flights =
                        mem_resize(world->flights, world->n_flights + 1, sizeof *world->flights);
                flight = &world->flights[world->n_flights++];
                *flight = (Flight){
                        .due_ms =
                                world_now(world) + world_roll(world, is_late ? LATE_MS : TRAVEL_MS),
                        .who = who,
                        .is_to_broker = is_to_broker,
                        .bytes = mem_new_array(uint8_t, frame.n),
                        .n_bytes = frame.n,
                };
                memcpy(flight->bytes, frame.data, frame.n);
        }
}

void world_put(World *world, Who who, Message message) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        CodecFault fault;

        message_set_present(&message);
        CHECK_EQ_INT(codec_encode(&message, &frame, &fault), 0);
        fly(world, who, true, buf_get(&frame));
}

void world_say(World *world, Who who, Message entry) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        Agent *agent = &world->agents[who];
        uint64_t *present = message_body(&entry), by_hand = *present;
        CodecFault fault;

        CHECK(!agent->is_waiting);
        message_set_present(&entry);
        *present |= by_hand;
        if (codec_encode(&entry, &frame, &fault) != 0)
                FAIL_TEST("%s.%s: %s", fault.message, fault.field, fault.reason);
        agent->frame = arena_slice(&world->desk.arena, buf_get(&frame));
        desk_make_id(&world->desk, &agent->id);
        entry_sign(&world->desk.keys[who], &desk_state(&world->desk)->ledger, &agent->id,
                   agent->frame, agent->signature);
        agent->is_waiting = true;
        agent->said_ms = 0;
}

static void land(World *world, const Flight *flight) {
        cleanup_arena Arena arena = ARENA_INIT;
        Agent *agent = &world->agents[flight->who];
        Slice frame = slice_make(flight->bytes, flight->n_bytes);
        Message message;
        CodecFault fault;

        if (agent->cut_until_ms > world_now(world))
                return;
        if (!flight->is_to_broker) {
                CHECK_EQ_INT(codec_decode(frame, &arena, &message, &fault), 0);
                agent_hear(world, agent, &message);
        } else if (!world->is_broken) {
                world->is_broken = auditor_receive(&world->auditor, &world->desk, flight->who,
                                                   agent->route, frame) < 0;
        }
}

static void land_due(World *world) {
        size_t n = 0, n_before = world->n_flights, n_landed = 0;

        for (size_t i = 0; i < n_before; i++) {
                Flight flight = world->flights[i];

                if (flight.due_ms > world_now(world) || n_landed >= BATCH_MAX) {
                        world->flights[n++] = flight;
                        continue;
                }
                n_landed += flight.is_to_broker;
                land(world, &flight);
                free(flight.bytes);
        }
        CHECK_EQ_U64(world->n_flights, n_before);
        world->n_flights = n;
}

void world_land(World *world) {
        fake_port_turn(&world->desk.port, TRAVEL_MS);
        land_due(world);
}

/* ---- the broker ---- */

static void restart(World *world) {
        world->n_crashes++;
        world->is_broken = false;
        auditor_restart(&world->auditor, &world->desk);
        fake_port_forget(&world->desk.port);
}

static Who holder_of(const World *world, uint8_t route) {
        for (size_t i = 0; i < AGENTS; i++)
                if (world->agents[i].route == route)
                        return world->agents[i].who;
        FAIL_TEST("nobody has route %u", route);
}

static void step_broker(World *world) {
        FakePort *port = &world->desk.port;
        Core *core = world->desk.core;

        if (!world->is_broken && core_next_deadline(core) <= world_now(world))
                world->is_broken = core_tick(core) < 0;
        if (!world->is_broken)
                world->is_broken = core_commit(core) < 0;
        if (world->is_broken) {
                restart(world);
                return;
        }
        auditor_look(&world->auditor, &world->desk);
        for (size_t i = 0; i < port->n_sent; i++)
                fly(world, holder_of(world, port->sent[i].to), false, port->sent[i].frame);
        fake_port_forget(port);
}

void world_put_now(World *world, Who who, Message message) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        CodecFault fault;

        message_set_present(&message);
        CHECK_EQ_INT(codec_encode(&message, &frame, &fault), 0);
        world->is_broken = auditor_receive(&world->auditor, &world->desk, who,
                                           world->agents[who].route, buf_get(&frame)) < 0;
        step_broker(world);
}

/* ---- what goes wrong ---- */

/* What is on its way to it, or on its way at all. */
static void drop_flights(World *world, const Agent *agent, bool all) {
        size_t n = 0;

        for (size_t i = 0; i < world->n_flights; i++)
                if (world->flights[i].who == agent->who && (all || !world->flights[i].is_to_broker))
                        free(world->flights[i].bytes);
                else
                        world->flights[n++] = world->flights[i];
        world->n_flights = n;
}

static void kill_agent(World *world, Agent *agent) {
        drop_flights(world, agent, false);
        agent_kill(agent);
}

/* The program does not know: its transport does it by itself. */
static void swap_routes(World *world) {
        Agent *one = &world->agents[world_roll(world, AGENTS)];
        Agent *other = &world->agents[world_roll(world, AGENTS)];
        uint8_t route = one->route;

        drop_flights(world, one, true);
        drop_flights(world, other, true);
        one->route = other->route;
        other->route = route;
}

static void hinder(World *world, Agent *agent) {
        FakePort *port = &world->desk.port;
        uint64_t now_ms = world_now(world);

        if (happens_rarely(world, world->settings.kill_agent_permille))
                kill_agent(world, agent);
        if (happens_rarely(world, world->settings.cut_permille))
                agent->cut_until_ms = now_ms + world_roll(world, CUT_MS);
        if (happens_rarely(world, world->settings.full_permille))
                agent->full_until_ms = now_ms + world_roll(world, FULL_MS);
        port->conditions[agent->route] = 0;
        if (agent->full_until_ms > now_ms)
                port->conditions[agent->route] = CHANNEL_E_FULL;
        else if (agent->cut_until_ms > now_ms && agent->who % 2)
                port->conditions[agent->route] = CHANNEL_E_GONE;
}

static void hinder_all(World *world) {
        FakePort *port = &world->desk.port;
        const WorldSettings *settings = &world->settings;

        for (size_t i = 0; i < AGENTS; i++)
                hinder(world, &world->agents[i]);
        if (settings->swap_permille && happens_rarely(world, settings->swap_permille))
                swap_routes(world);
        if (happens_rarely(world, settings->kill_broker_permille))
                restart(world);
        if (happens_rarely(world, settings->kill_broker_permille))
                port->fail_at[world_roll(world, 2) ? FAKE_APPEND : FAKE_COMMIT] =
                        1 + world_roll(world, 6);
        if (happens_rarely(world, settings->jump_permille))
                port->wall_ms += world_roll(world, 2 * JUMP_MS) - JUMP_MS;
        if (happens_rarely(world, settings->sleep_permille))
                fake_port_turn(
                        port, world_roll(world, world_roll(world, 4) ? HOUR_MS / 12 : 3 * HOUR_MS));
}

void world_turn(World *world) {
        uint64_t pace_ms = world->is_good || world_roll(world, 10) ? 150 : 2500;

        world->n_turns++;
        fake_port_turn(&world->desk.port, 1 + world_roll(world, pace_ms));
        land_due(world);
        step_broker(world);
        for (size_t i = 0; i < AGENTS; i++)
                if (world->agents[i].cut_until_ms <= world_now(world))
                        agent_turn(world, &world->agents[i]);
        hinder_all(world);
        if (world->settings.fail_at && !world->desk.port.fail_at[world->settings.fail_call])
                world->has_failed = true;
}

/* ---- from the beginning to the end ---- */

World *world_new(const WorldSettings *settings) {
        World *world = mem_new(World);

        world->settings = *settings;
        world->random = settings->seed;
        auditor_open(&world->auditor);
        desk_open(&world->desk);
        world->desk.settings.lease_ms = 8000;
        world->desk.settings.stall_ms = 60000;
        world->desk.settings.attempts = 4;
        desk_restart(&world->desk);
        desk_hello(&world->desk, OPERATOR);
        CHECK(desk_submit(&world->desk, OPERATOR, says_plan(world, true)) > 0);
        for (size_t i = 0; i < AGENTS; i++)
                world->agents[i] = (Agent){.who = (Who)i, .route = (uint8_t)i};
        fake_port_forget(&world->desk.port);
        world->desk.port.bug = settings->bug;
        world->desk.port.fail_at[settings->fail_call] = settings->fail_at;
        return world;
}

World *world_free(World *world) {
        for (size_t i = 0; i < world->n_flights; i++)
                free(world->flights[i].bytes);
        free(world->flights);
        auditor_close(&world->auditor);
        desk_close(&world->desk);
        free(world);
        return NULL;
}

static void tell_why_not(World *world) {
        const PhaseRecord *phase = world_phase(world);
        const FakePort *port = &world->desk.port;
        cleanup_buf Buf text = BUF_TEXT;
        Slice *reasons;
        size_t n;

        phase_why_not_done(desk_state(&world->desk), phase, SLICE_NULL, port->wall_ms,
                           &world->desk.arena, &reasons, &n);
        for (size_t i = 0; i < n; i++)
                buf_printf(&text, "%.*s\n", SLICE_ARGS(reasons[i]));
        for (size_t i = port->n_entries - size_min(port->n_entries, TOLD_MAX); i < port->n_entries;
             i++)
                buf_printf(&text, "%zu %.*s %.*s\n", i + 1, SLICE_ARGS(port->entries[i].actor),
                           SLICE_ARGS(port->entries[i].kind));
        FAIL_TEST("no DONE:\n%s", buf_get_text(&text));
}

static bool has_all(const World *world) {
        return world->agents[OBSERVER].cursor == desk_state(&world->desk)->head_seq;
}

void world_end_well(World *world, uint64_t limit_ms) {
        uint64_t began_ms;

        for (size_t i = 0; i < AGENTS; i++)
                world->agents[i].cut_until_ms = world->agents[i].full_until_ms = 0;
        for (size_t i = 0; !world->settings.fail_at && i < _FAKE_CALL_MAX; i++)
                world->desk.port.fail_at[i] = 0;
        world->is_good = true;
        began_ms = world_now(world);
        while (world_phase(world)->state != PHASE_STATE_DONE || !has_all(world)) {
                if (world_now(world) > began_ms + limit_ms)
                        tell_why_not(world);
                world_turn(world);
        }
}
