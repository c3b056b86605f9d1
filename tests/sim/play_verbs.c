/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What is done in a story. To add something: a function, and its row. */

#include <stdlib.h>

#include "proto/codec.h"
#include "tests/lib/desk_findings.h"
#include "tests/lib/test.h"
#include "tests/sim/play_parts.h"

enum { TICK_MS = 1000, BEAT_MS = 60 * TICK_MS };

/* ---- words ---- */

static const char *word_at(const Play *play, size_t i) {
        for (size_t j = 0; j <= i; j++)
                if (!play->words[j])
                        FAIL_TEST("\"%s\" needs more words", play->step->does);
        return play->words[i];
}

static bool has_word(const Play *play, const char *word) {
        for (char **at = play->words; *at; at++)
                if (strcmp(*at, word) == 0)
                        return true;
        return false;
}

/* "a": forty of them. */
static const char *commit_at(const Play *play, size_t i) {
        char commit[41] = {0};

        memset(commit, word_at(play, i)[0], 40);
        return arena_text(&play->world->desk.arena, slice_text(commit));
}

/* "90s", "5m", "2h" */
static uint64_t time_at(const Play *play, size_t i) {
        char *unit;
        uint64_t n = strtoull(word_at(play, i), &unit, 10);

        return n * (*unit == 'h' ? 3600000 : *unit == 'm' ? 60000 : 1000);
}

static const State *state_of(const Play *play) {
        return desk_state(&play->world->desk);
}

static const GateRecord *gate_at(const Play *play, size_t i) {
        const GateRecord *gate =
                phase_find_gate(world_phase(play->world), slice_text(word_at(play, i)));

        if (!gate)
                FAIL_TEST("\"%s\": no such gate", play->step->does);
        return gate;
}

static const FindingRecord *newest_finding(const Play *play) {
        const State *state = state_of(play);

        CHECK(state->n_findings > 0);
        return state->findings[state->n_findings - 1];
}

/* ---- frames ---- */

static void put_as(Play *play, Who who, Message message) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        CodecFault fault;

        message_set_present(&message);
        CHECK_EQ_INT(codec_encode(&message, &frame, &fault), 0);
        CHECK_EQ_INT(auditor_receive(&play->world->auditor, &play->world->desk, who, (uint8_t)who,
                                     buf_get(&frame)),
                     0);
}

static void put(Play *play, Message message) {
        put_as(play, play->step->who, message);
}

static void say(Play *play, Message entry) {
        Agent *agent = &play->world->agents[play->step->who];

        agent->is_waiting = false;
        world_say(play->world, play->step->who, entry);
        world_land(play->world);
        put(play,
            (Message){.type = MESSAGE_SUBMIT,
                      .submit = {.id = id_slice(&agent->id),
                                 .frame = agent->frame,
                                 .signature = slice_make(agent->signature, SIGNATURE_BYTES)}});
        play_commit(play);
}

/* ---- what is done ---- */

static void do_take(Play *play) {
        put(play, (Message){.type = MESSAGE_HELLO,
                            .hello = {.protocol = 1, .program = slice_text("play")}});
        put(play, (Message){.type = MESSAGE_CREDIT, .credit = {.jobs = 1, .entries = 1000}});
        play_commit(play);
}

static void do_claim(Play *play) {
        char **gates = play_split(play->world, word_at(play, 1), ',');
        size_t n = 0;

        while (gates[n])
                n++;
        say(play, says_claim(play->world, play->step->who, (const char *const *)gates, n,
                             commit_at(play, 3), !has_word(play, "lying")));
}

static void do_withdraw(Play *play) {
        say(play, desk_make_withdraw(gate_at(play, 1)->claim_seq));
}

static void say_verdict(Play *play, Decision decision) {
        const GateRecord *gate = gate_at(play, 1);
        const ClaimRecord *claim = state_find_claim(state_of(play), gate->claim_seq);
        Job job = {.claim = gate->claim_seq};

        CHECK(claim && claim->lease_seq);
        job.lease = claim->lease_seq;
        say(play, says_verdict(play->world, play->step->who, &job, gate->id, decision));
}

static void do_pass(Play *play) {
        say_verdict(play, DECISION_PASS);
}

static void do_fail(Play *play) {
        say_verdict(play, DECISION_FAIL);
}

static void do_doubt(Play *play) {
        say_verdict(play, DECISION_INCONCLUSIVE);
}

static void do_retract(Play *play) {
        const GateRecord *gate = gate_at(play, 1);
        uint64_t seq = gate->n_votes ? gate->votes[0].seq : gate->verdict.seq;

        say(play, (Message){.type = MESSAGE_RETRACT,
                            .retract = {.verdict = seq, .why = slice_text("misread")}});
}

static void do_answer(Play *play) {
        CHECK(gate_at(play, 1)->n_asked > 0);
        say(play, says_answer(play->world, gate_at(play, 1), has_word(play, "yes")));
}

static void do_find(Play *play) {
        const char *gate = play->words[1];

        say(play, desk_make_finding("m", gate, gate ? BLOCKS_GATE : BLOCKS_PHASE));
}

static void do_fix(Play *play) {
        say(play, desk_make_fixed(newest_finding(play)->seq, commit_at(play, 2)));
}

static void do_close(Play *play) {
        const FindingRecord *finding = newest_finding(play);
        const GateRecord *gate =
                finding->gate ? phase_find_gate(finding->phase, slice_text(finding->gate)) : NULL;

        say(play, desk_make_close(finding->seq, gate ? gate->verdict.seq : 0));
}

static void do_reopen(Play *play) {
        say(play, desk_make_reopen(newest_finding(play)->seq));
}

static void do_defer(Play *play) {
        say(play, desk_make_defer(newest_finding(play)->seq, NULL));
}

/* "waive finding 1h", "waive M2 1h" */
static void do_waive(Play *play) {
        bool is_finding = has_word(play, "finding");

        say(play, desk_make_waive(&play->world->desk, is_finding ? newest_finding(play)->seq : 0,
                                  is_finding ? NULL : word_at(play, 1), time_at(play, 2)));
}

static void do_veto(Play *play) {
        say(play, desk_make_veto(&play->world->desk, play->words[1]));
}

static void do_lift(Play *play) {
        CHECK(state_of(play)->n_vetoes > 0);
        say(play, desk_make_lift(state_of(play)->vetoes[0]->seq));
}

/* "hold proxy shared 60s 10s": at most so long, waited for at most so long */
static void do_hold(Play *play) {
        say(play,
            says_hold(word_at(play, 1), has_word(play, "shared") ? LOCK_SHARED : LOCK_EXCLUSIVE,
                      time_at(play, 3), play->words[4] ? time_at(play, 4) : 0));
}

/* "release proxy", or "release proxy of bob" */
static void do_release(Play *play) {
        const State *state = state_of(play);
        const char *owner = has_word(play, "of") ? word_at(play, 3) : desk_names[play->step->who];

        for (size_t i = 0; i < state->n_holds; i++) {
                const HoldRecord *hold = state->holds[i];

                if (strcmp(hold->resource, word_at(play, 1)) != 0 ||
                    strcmp(hold->agent->name, owner) != 0)
                        continue;
                say(play, (Message){.type = MESSAGE_RELEASE, .release = {.hold = hold->seq}});
                return;
        }
        FAIL_TEST("\"%s\": nobody holds it", play->step->does);
}

static void do_pause(Play *play) {
        say(play, says_pause(play->world, time_at(play, 1)));
}

static void do_resume(Play *play) {
        CHECK(state_of(play)->n_pauses > 0);
        say(play,
            (Message){.type = MESSAGE_RESUME, .resume = {.pause = state_of(play)->pauses[0]->seq}});
}

static void do_revise(Play *play) {
        say(play, says_plan(play->world, false));
}

static void do_done(Play *play) {
        say(play, desk_make_done("m", commit_at(play, 2)));
}

static void do_journal(Play *play) {
        say(play, says_journal(play->world, play->step->who));
}

/* Everybody is there; the broker does what the clock demands. */
static void do_wait(Play *play) {
        Desk *desk = &play->world->desk;

        for (uint64_t ms = 0; ms < time_at(play, 1); ms += TICK_MS) {
                fake_port_turn(&desk->port, TICK_MS);
                for (int who = 0; ms % BEAT_MS == 0 && who < AGENTS; who++)
                        put_as(play, (Who)who, (Message){.type = MESSAGE_HEARTBEAT});
                play_commit(play);
        }
}

static void do_restart(Play *play) {
        auditor_restart(&play->world->auditor, &play->world->desk);
        for (int who = 0; who < AGENTS; who++) {
                desk_hello(&play->world->desk, (Who)who);
                auditor_look(&play->world->auditor, &play->world->desk);
                desk_forget(&play->world->desk);
        }
}

static const struct {
        const char *verb;
        void (*does)(Play *);
} verb_rows[] = {
        {"take", do_take},       {"claim", do_claim},     {"withdraw", do_withdraw},
        {"pass", do_pass},       {"fail", do_fail},       {"doubt", do_doubt},
        {"retract", do_retract}, {"answer", do_answer},   {"find", do_find},
        {"fix", do_fix},         {"close", do_close},     {"reopen", do_reopen},
        {"defer", do_defer},     {"waive", do_waive},     {"veto", do_veto},
        {"lift", do_lift},       {"hold", do_hold},       {"release", do_release},
        {"pause", do_pause},     {"resume", do_resume},   {"revise", do_revise},
        {"done", do_done},       {"journal", do_journal}, {"wait", do_wait},
        {"restart", do_restart},
};

void play_do(Play *play) {
        for (size_t i = 0; i < ARRAY_SIZE(verb_rows); i++)
                if (strcmp(verb_rows[i].verb, word_at(play, 0)) == 0) {
                        verb_rows[i].does(play);
                        return;
                }
        FAIL_TEST("nobody can \"%s\"", play->step->does);
}
