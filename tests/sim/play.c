/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Stories, step by step: what is expected. */

#include <stdio.h>

#include "tests/lib/test.h"
#include "tests/sim/play_parts.h"

/* ---- what the verbs need ---- */

char **play_split(World *world, const char *text, char separator) {
        Arena *arena = &world->desk.arena;
        char **words = arena_alloc_array(arena, PLAY_WORDS_MAX + 1, sizeof *words);
        size_t n = 0;

        while (*text) {
                const char *end = strchr(text, separator);
                size_t length = end ? (size_t)(end - text) : strlen(text);

                CHECK(n < PLAY_WORDS_MAX);
                words[n++] = arena_text(arena, slice_make(text, length));
                text += length + (end != NULL);
                while (*text == ' ')
                        text++;
        }
        return words;
}

void play_commit(Play *play) {
        Desk *desk = &play->world->desk;
        const Message *refusal;

        if (core_next_deadline(desk->core) <= desk->port.mono_ms)
                CHECK_EQ_INT(core_tick(desk->core), 0);
        CHECK_EQ_INT(core_commit(desk->core), 0);
        auditor_look(&play->world->auditor, desk);
        refusal = desk_last(desk, play->step->who, MESSAGE_REFUSE);
        if (refusal)
                play->rule = arena_text(&desk->arena, refusal->refuse.rule);
        desk_forget(desk);
}

/* ---- what is expected ---- */

static noreturn_ void fail(const Play *play, const char *expected, const char *found) {
        FAIL_TEST("%s: \"%s\": expected \"%s\", found \"%s\"", desk_names[play->step->who],
                  play->step->does, expected, found);
}

static bool has_entry(const Play *play, const char *kind) {
        const FakePort *port = &play->world->desk.port;

        for (size_t i = play->n_before; i < port->n_entries; i++)
                if (slice_is(port->entries[i].kind, kind))
                        return true;
        return false;
}

static bool has_ping(const Play *play, const char *who, const char *wait) {
        const Oracle *oracle = &play->world->auditor.oracle;

        for (size_t i = play->n_pings_before; i < oracle->n_pings; i++)
                if (strcmp(oracle->pings[i].who, who) == 0 &&
                    strcmp(word_of(&words_WAIT_FOR, (int)oracle->pings[i].wait_for), wait) == 0)
                        return true;
        return false;
}

static const char *owners_of(const Play *play, const char *resource) {
        const State *state = desk_state(&play->world->desk);
        cleanup_buf Buf text = BUF_TEXT;

        for (size_t i = 0; i < state->n_holds; i++)
                if (state->holds[i]->state == HOLD_STATE_HELD &&
                    strcmp(state->holds[i]->resource, resource) == 0)
                        buf_printf(&text, "%s%s", text.n ? "+" : "", state->holds[i]->agent->name);
        return text.n ? arena_text(&play->world->desk.arena, buf_get(&text)) : "nobody";
}

/* Where the thing stands, as a word. */
static const char *state_of(const Play *play, const char *thing) {
        const State *state = desk_state(&play->world->desk);
        const PhaseRecord *phase = world_phase(play->world);
        const GateRecord *gate = phase_find_gate_ever(phase, slice_text(thing));

        if (gate)
                return word_of(&words_GATE_STATE, (int)gate->state);
        if (strcmp(thing, "phase") == 0)
                return word_of(&words_PHASE_STATE, (int)phase->state);
        if (strcmp(thing, "finding") == 0 && state->n_findings)
                return word_of(&words_FINDING_STATE,
                               (int)state->findings[state->n_findings - 1]->state);
        return owners_of(play, thing);
}

static void check_one(Play *play, const char *expected) {
        char **words = play_split(play->world, expected, ' ');

        if (!words[0] || !words[1])
                fail(play, expected, "too few words");
        if (strcmp(words[0], "refused") == 0) {
                if (strcmp(play->rule, words[1]) != 0)
                        fail(play, expected, play->rule);
                play->rule = "";
        } else if (strcmp(words[0], "then") == 0 || strcmp(words[0], "no") == 0) {
                if (has_entry(play, words[1]) != (words[0][0] == 't'))
                        fail(play, expected, "otherwise");
        } else if (strcmp(words[0], "ping") == 0) {
                if (!words[2] || !has_ping(play, words[1], words[2]))
                        fail(play, expected, "none");
        } else if (strcmp(state_of(play, words[0]), words[1]) != 0) {
                fail(play, expected, state_of(play, words[0]));
        }
}

static void step(World *world, const PlayStep *row) {
        char **expectations = play_split(world, row->expects, ',');
        Play play = {
                .world = world,
                .step = row,
                .words = play_split(world, row->does, ' '),
                .n_before = world->desk.port.n_entries,
                .n_pings_before = world->auditor.oracle.n_pings,
                .rule = "",
        };

        play_do(&play);
        for (char **at = expectations; *at; at++)
                check_one(&play, *at);
        if (play.rule[0])
                fail(&play, "no refusal", play.rule);
}

void play(const PlayStep *steps, size_t n_steps) {
        World *world = world_new(&(WorldSettings){.seed = 1});

        world->is_good = true;
        for (int who = 0; who < AGENTS; who++)
                desk_hello(&world->desk, (Who)who);
        desk_forget(&world->desk);
        for (size_t i = 0; i < n_steps; i++)
                step(world, &steps[i]);
        world_free(world);
}
