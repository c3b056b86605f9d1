/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * The machine of claims, leases, verdicts and DONE, walked exhaustively: from each situation that
 * can be reached, everything that anybody can do is done to the real core, until no new situation
 * comes. A situation is what the state says, without the numbers that only count up.
 *
 * In each of them: DONE stands only where an oracle that reads nothing but the ledger's entries
 * finds a PASS that counts and nothing that blocks; as long as it does not stand, somebody is
 * waited for; a restart changes nothing; and people of good will get to DONE from there.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "broker/finding.h"
#include "broker/fresh.h"
#include "broker/waits.h"
#include "proto/codec.h"
#include "tests/lib/desk_findings.h"
#include "tests/lib/test.h"

enum {
        SITUATIONS_MAX = 20000,
        SITUATIONS_LEAST = 300, /* fewer, and the walk has lost its way */
        GOOD_STEPS_MAX = 40,
        DAY_MS = 24 * 3600 * 1000,
        ENTRIES_MAX = 512,
};

static const char *const gates[] = {"M1"};
static const char *const commits[] = {COMMIT_A, COMMIT_B};

/* A ledger, with the time at its end. */
typedef struct Situation {
        Entry *entries;
        size_t n_entries;
        uint64_t wall_ms, mono_ms;
        char *key;
        unsigned depth;
} Situation;

typedef struct Walk {
        Desk desk;
        Situation situations[SITUATIONS_MAX];
        size_t n, next;
        size_t n_done, n_moves;
} Walk;

enum { ATTEMPTS = 2 };

/* ---- situations ---- */

static const PhaseRecord *phase_of(const Walk *walk) {
        return state_find_phase(desk_state(&walk->desk), slice_text("m"));
}

static const GateRecord *gate_of(const Walk *walk) {
        return phase_find_gate(phase_of(walk), slice_text("M1"));
}

static const ClaimRecord *claim_of(const Walk *walk) {
        return state_find_claim(desk_state(&walk->desk), gate_of(walk)->claim_seq);
}

static uint64_t now_of(const Walk *walk) {
        return walk->desk.port.wall_ms;
}

static void describe_gate(const Walk *walk, Buf *text) {
        const GateRecord *gate = gate_of(walk);
        const ClaimRecord *claim = claim_of(walk);

        buf_printf(text, "gate %d verdict %d %d %.1s", (int)gate->state, gate->verdict.seq > 0,
                   (int)gate->verdict.decision, gate->verdict.commit);
        for (size_t i = 0; i < ARRAY_SIZE(commits); i++)
                buf_printf(text, " fresh %d",
                           gate_is_fresh(gate, slice_text(commits[i]), now_of(walk), NULL));
        if (claim)
                buf_printf(text, " claim %d %.1s attempts %" PRIu64, (int)claim->state,
                           claim->commit, claim->attempts);
        buf_printf(text, " pass %.1s", gate->last_pass.seq ? gate->last_pass.commit : "");
}

static void describe(const Walk *walk, Buf *text) {
        const State *state = desk_state(&walk->desk);
        const PhaseRecord *phase = phase_of(walk);

        describe_gate(walk, text);
        for (size_t i = 0; i < state->n_findings; i++) {
                const FindingRecord *finding = state->findings[i];

                if (finding->state != FINDING_STATE_CLOSED)
                        buf_printf(text, " finding %d %d after %d", (int)finding->state,
                                   finding->is_of_fail, finding->seq > gate_of(walk)->verdict.seq);
        }
        buf_printf(text, " vetoes %zu asked %.1s phase %d", state->n_vetoes,
                   phase->asked_seq ? phase->asked_commit : "", (int)phase->state);
}

static void go_to(Walk *walk, const Situation *situation) {
        FakePort *port = &walk->desk.port;

        port->entries = mem_resize(port->entries, situation->n_entries, sizeof *port->entries);
        memcpy(port->entries, situation->entries, situation->n_entries * sizeof(Entry));
        port->n_entries = port->n_durable = situation->n_entries;
        port->wall_ms = situation->wall_ms;
        port->mono_ms = situation->mono_ms;
        port->is_dirty = false;
        desk_restart(&walk->desk);
        desk_hello(&walk->desk, OPERATOR);
        desk_hello(&walk->desk, BUILDER);
        desk_hello(&walk->desk, ADVERSARY);
        desk_forget(&walk->desk);
}

static bool is_known(const Walk *walk, const char *key) {
        for (size_t i = 0; i < walk->n; i++)
                if (strcmp(walk->situations[i].key, key) == 0)
                        return true;
        return false;
}

static void remember(Walk *walk, unsigned depth) {
        cleanup_buf Buf key = BUF_TEXT;
        const FakePort *port = &walk->desk.port;
        Situation *situation = &walk->situations[walk->n];

        describe(walk, &key);
        if (is_known(walk, buf_get_text(&key)))
                return;
        CHECK(walk->n < SITUATIONS_MAX && port->n_entries < ENTRIES_MAX);
        *situation = (Situation){.entries = mem_new_array(Entry, port->n_entries),
                                 .n_entries = port->n_entries,
                                 .wall_ms = port->wall_ms,
                                 .mono_ms = port->mono_ms,
                                 .key = mem_strdup(buf_get_text(&key)),
                                 .depth = depth};
        memcpy(situation->entries, port->entries, port->n_entries * sizeof(Entry));
        walk->n++;
}

/* ---- what anybody can do; what is not allowed is refused ---- */

static void claim(Walk *walk, const char *commit) {
        (void)desk_submit(&walk->desk, BUILDER,
                          desk_make_claim(&walk->desk, "m", gates, 1, commit));
}

static void claim_a(Walk *walk) {
        claim(walk, COMMIT_A);
}

static void claim_b(Walk *walk) {
        claim(walk, COMMIT_B);
}

static void withdraw(Walk *walk) {
        if (claim_of(walk))
                (void)desk_submit(&walk->desk, BUILDER, desk_make_withdraw(claim_of(walk)->seq));
}

static void take(Walk *walk) {
        desk_credit(&walk->desk, ADVERSARY, 1, 0, 0);
}

static void say_verdict(Walk *walk, Decision decision) {
        const ClaimRecord *record = claim_of(walk);

        if (record)
                (void)desk_submit(&walk->desk, ADVERSARY,
                                  desk_make_verdict(&walk->desk, record->seq, "M1", decision));
}

static void pass(Walk *walk) {
        say_verdict(walk, DECISION_PASS);
}

static void fail(Walk *walk) {
        say_verdict(walk, DECISION_FAIL);
}

static void give_up(Walk *walk) {
        say_verdict(walk, DECISION_INCONCLUSIVE);
}

static void retract(Walk *walk) {
        uint64_t verdict = gate_of(walk)->verdict.seq;

        if (verdict)
                (void)desk_submit(
                        &walk->desk, ADVERSARY,
                        (Message){.type = MESSAGE_RETRACT,
                                  .retract = {.verdict = verdict, .why = slice_text("wrong")}});
}

static void expire(Walk *walk) {
        fake_port_turn(&walk->desk.port, walk->desk.settings.lease_ms + 1);
        desk_tick(&walk->desk);
}

static void age(Walk *walk) {
        fake_port_turn(&walk->desk.port, DAY_MS + 1);
        desk_tick(&walk->desk);
}

static void veto(Walk *walk) {
        if (desk_state(&walk->desk)->n_vetoes == 0)
                (void)desk_submit(&walk->desk, ADVERSARY, desk_make_veto(&walk->desk, NULL));
}

static void lift(Walk *walk) {
        const State *state = desk_state(&walk->desk);

        if (state->n_vetoes)
                (void)desk_submit(&walk->desk, ADVERSARY, desk_make_lift(state->vetoes[0]->seq));
}

/* An open one, filed by hand or not; NULL if there is none. */
static const FindingRecord *open_finding(const Walk *walk, bool only_by_hand) {
        const State *state = desk_state(&walk->desk);

        for (size_t i = 0; i < state->n_findings; i++)
                if (finding_is_open(state->findings[i]) &&
                    !(only_by_hand && state->findings[i]->is_of_fail))
                        return state->findings[i];
        return NULL;
}

static void find(Walk *walk) {
        if (!open_finding(walk, true))
                (void)desk_submit(&walk->desk, ADVERSARY,
                                  desk_make_finding("m", NULL, BLOCKS_PHASE));
}

static void fix(Walk *walk) {
        const FindingRecord *finding = open_finding(walk, false);

        if (finding)
                (void)desk_submit(&walk->desk, BUILDER, desk_make_fixed(finding->seq, COMMIT_B));
}

static void close_it(Walk *walk) {
        const FindingRecord *finding = open_finding(walk, false);

        if (finding)
                (void)desk_submit(&walk->desk, ADVERSARY,
                                  desk_make_close(finding->seq, gate_of(walk)->verdict.seq));
}

static void ask_done_a(Walk *walk) {
        (void)desk_submit(&walk->desk, BUILDER, desk_make_done("m", COMMIT_A));
}

static void ask_done_b(Walk *walk) {
        (void)desk_submit(&walk->desk, BUILDER, desk_make_done("m", COMMIT_B));
}

typedef void (*Move)(Walk *);

/* What the clock, crashes and changes of mind do to claims; what people hold against DONE. Together
 * they are too many for every day: `meson test model` walks each to its end. */
static const Move moves_of_time[] = {claim_a, claim_b, withdraw, take, pass,       fail,
                                     give_up, retract, expire,   age,  ask_done_a, ask_done_b};
static const Move moves_of_people[] = {claim_a, claim_b, take, pass,     fail,      veto,
                                       lift,    find,    fix,  close_it, ask_done_b};

/* ---- the oracle: the ledger's entries and nothing else ---- */

typedef struct Oracle {
        uint64_t claim; /* the newest, while it is open; 0 otherwise */
        uint64_t pass, pass_ms;
        char pass_commit[41];
        uint64_t veto, finding, of_fail; /* 0: none is open */
        uint64_t granted;
        uint64_t asked;
        char asked_commit[41];
} Oracle;

static void hear_verdict(Oracle *oracle, const Entry *entry, const struct verdict *verdict) {
        oracle->claim = 0;
        oracle->pass = 0;
        if (verdict->decision == DECISION_FAIL)
                oracle->of_fail = entry->seq;
        if (verdict->decision != DECISION_PASS)
                return;
        oracle->of_fail = 0;
        oracle->pass = entry->seq;
        oracle->pass_ms = entry->received_ms;
        memcpy(oracle->pass_commit, verdict->commit.data, 40);
}

static void check_granted(const Oracle *oracle, const Entry *entry, const struct granted *granted) {
        CHECK_EQ_U64(granted->done, oracle->asked);
        CHECK(slice_is(granted->commit, oracle->asked_commit));
        CHECK(oracle->pass > 0);
        CHECK(slice_is(granted->commit, oracle->pass_commit));
        CHECK(entry->received_ms - oracle->pass_ms < DAY_MS);
        CHECK_EQ_U64(oracle->claim, 0);
        CHECK_EQ_U64(oracle->veto, 0);
        CHECK_EQ_U64(oracle->finding, 0);
}

/* Findings of FAILs are followed by the fold's own rules (docs/decisions/007, 010); here only what
 * a person filed, and what a FAIL said last. */
static void hear(Oracle *oracle, const Entry *entry, const Message *message) {
        switch ((int)message->type) {
        case MESSAGE_CLAIM:
        case MESSAGE_REVERIFY: oracle->claim = entry->seq; break;
        case MESSAGE_WITHDRAW: oracle->claim = 0; break;
        case MESSAGE_LAPSE:
                if (message->lapse.exhausted) {
                        oracle->claim = 0;
                        oracle->pass = 0;
                }
                break;
        case MESSAGE_VERDICT: hear_verdict(oracle, entry, &message->verdict); break;
        case MESSAGE_RETRACT:
                if (message->retract.verdict == oracle->pass)
                        oracle->pass = 0;
                break;
        case MESSAGE_VETO: oracle->veto = entry->seq; break;
        case MESSAGE_LIFT: oracle->veto = 0; break;
        case MESSAGE_FINDING: oracle->finding = entry->seq; break;
        case MESSAGE_CLOSE:
                if (message->close.finding == oracle->finding)
                        oracle->finding = 0;
                break;
        case MESSAGE_DONE:
                oracle->asked = entry->seq;
                memcpy(oracle->asked_commit, message->done.commit.data, 40);
                break;
        case MESSAGE_GRANTED:
                CHECK_EQ_U64(oracle->granted, 0);
                check_granted(oracle, entry, &message->granted);
                oracle->granted = entry->seq;
                break;
        default: break;
        }
}

static void consult(const Walk *walk, Oracle *ret_oracle) {
        const FakePort *port = &walk->desk.port;

        *ret_oracle = (Oracle){.claim = 0};
        for (size_t i = 0; i < port->n_durable; i++) {
                cleanup_arena Arena arena = ARENA_INIT;
                Message message;
                CodecFault fault;

                CHECK_EQ_INT(codec_decode(port->entries[i].frame, &arena, &message, &fault), 0);
                hear(ret_oracle, &port->entries[i], &message);
        }
}

/* ---- what holds everywhere ---- */

static void check_situation(Walk *walk) {
        cleanup_arena Arena arena = ARENA_INIT;
        const PhaseRecord *phase = phase_of(walk);
        Oracle oracle;
        Waits waits;

        consult(walk, &oracle);
        CHECK_EQ_INT(phase->state == PHASE_STATE_DONE, oracle.granted > 0);
        waits_build(desk_state(&walk->desk), phase, now_of(walk), &arena, &waits);
        CHECK_EQ_INT(waits.n > 0, phase->state != PHASE_STATE_DONE);
        if (claim_of(walk) && claim_of(walk)->state == CLAIM_STATE_LEASED)
                CHECK(core_next_deadline(walk->desk.core) < UINT64_MAX);
}

static void check_restart(Walk *walk) {
        cleanup_buf Buf before = BUF_TEXT, after = BUF_TEXT;

        describe(walk, &before);
        desk_restart(&walk->desk);
        describe(walk, &after);
        CHECK_EQ_TEXT(buf_get_text(&after), buf_get_text(&before));
}

/* One step of people who want to get there: who blocks unblocks, what is open is closed by a
 * re-test, what is claimed is verified, what is stale is claimed again. */
static void do_good(Walk *walk) {
        const GateRecord *gate = gate_of(walk);
        bool is_fresh = gate_is_fresh(gate, slice_text(COMMIT_B), now_of(walk), NULL);

        if (gate->state == GATE_STATE_VERIFYING)
                pass(walk);
        else if (gate->state == GATE_STATE_CLAIMED)
                take(walk);
        else if (desk_state(&walk->desk)->n_vetoes)
                lift(walk);
        else if (!is_fresh)
                claim_b(walk);
        else if (open_finding(walk, false))
                close_it(walk);
        else
                ask_done_b(walk);
}

/* A lease that nobody keeps is no obstacle: its holder says its verdict. */
static void check_good_end(Walk *walk, const Situation *situation) {
        for (unsigned i = 0; phase_of(walk)->state != PHASE_STATE_DONE; i++) {
                if (i == GOOD_STEPS_MAX)
                        FAIL_TEST("no way to DONE from: %s", situation->key);
                do_good(walk);
                check_situation(walk);
        }
}

static void expand(Walk *walk, size_t index, const Move *moves, size_t n_moves) {
        for (size_t i = 0; i < n_moves; i++) {
                go_to(walk, &walk->situations[index]);
                moves[i](walk);
                walk->n_moves++;
                check_situation(walk);
                check_restart(walk);
                remember(walk, walk->situations[index].depth + 1);
        }
        go_to(walk, &walk->situations[index]);
        walk->n_done += phase_of(walk)->state == PHASE_STATE_DONE;
        check_good_end(walk, &walk->situations[index]);
}

static void walk_all(const Move *moves, size_t n_moves) {
        Walk *walk = mem_new(Walk);

        desk_open(&walk->desk);
        walk->desk.settings.attempts = ATTEMPTS;
        CHECK(desk_submit(&walk->desk, OPERATOR, desk_make_plan(&walk->desk, "m", gates, 1, "1")) >
              0);
        remember(walk, 0);
        while (walk->next < walk->n)
                expand(walk, walk->next++, moves, n_moves);
        (void)printf("# %zu situations, %zu of them done, %zu moves\n", walk->n, walk->n_done,
                     walk->n_moves);
        CHECK(walk->n >= SITUATIONS_LEAST && walk->n_done > 0);
        for (size_t i = 0; i < walk->n; i++) {
                free(walk->situations[i].entries);
                free(walk->situations[i].key);
        }
        desk_close(&walk->desk);
        free(walk);
}

TEST(no_order_of_claims_verdicts_expiries_and_restarts_gets_stuck_or_to_a_done_that_is_not_due) {
        walk_all(moves_of_time, ARRAY_SIZE(moves_of_time));
}

TEST(no_order_of_findings_vetoes_and_verdicts_gets_stuck_or_to_a_done_that_is_not_due) {
        walk_all(moves_of_people, ARRAY_SIZE(moves_of_people));
}
