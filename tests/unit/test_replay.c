/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The fold, and what it refuses. That live state and replay agree is checked by the desk after
 * each commit of every test that has one. */

#include "broker/replay.h"

#include "proto/codec.h"
#include "tests/lib/desk.h"
#include "tests/lib/test.h"

/* The newest entry of the desk, applied to the state before it after `damage`. */
static int replay_damaged(Desk *desk, void (*damage)(Entry *entry, Message *message),
                          Fault *reterr_fault) {
        size_t n = desk->port.n_entries;
        Arena arena = ARENA_INIT;
        State state;
        int r = 0;

        state_init(&state);
        for (size_t i = 0; i < n && r == 0; i++) {
                Entry entry = desk->port.entries[i];
                CodecFault fault;
                Message message;

                CHECK_EQ_INT(codec_decode(entry.frame, &arena, &message, &fault), 0);
                if (i == n - 1)
                        damage(&entry, &message);
                r = replay_apply(&state, &entry, &message, reterr_fault);
        }
        state_deinit(&state);
        arena_deinit(&arena);
        return r;
}

static void leave(Entry *entry, Message *message) {
        (void)entry;
        (void)message;
}

static void skip_number(Entry *entry, Message *message) {
        (void)message;
        entry->seq++;
}

static void break_chain(Entry *entry, Message *message) {
        (void)message;
        entry->prev.bytes[31] ^= 1;
}

static void change_kind(Entry *entry, Message *message) {
        (void)message;
        entry->kind = slice_text("note");
}

static void change_phase(Entry *entry, Message *message) {
        (void)message;
        entry->phase = slice_text("other");
}

static void change_actor(Entry *entry, Message *message) {
        (void)message;
        entry->actor = slice_text("mallory");
}

static void name_no_claim(Entry *entry, Message *message) {
        (void)entry;
        message->verdict.claim = 1;
        entry->phase = SLICE_NULL;
}

static void check_refused(void (*damage)(Entry *entry, Message *message)) {
        Fault fault = FAULT_INIT;
        Desk desk;
        uint64_t claim;

        desk_open(&desk);
        desk_approve(&desk);
        claim = desk_claim_and_lease(&desk, 1);
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_verdict(&desk, claim, "M1", DECISION_PASS)));
        CHECK_EQ_INT(replay_damaged(&desk, leave, &fault), 0);
        CHECK_EQ_INT(replay_damaged(&desk, damage, &fault), REPLAY_E_CORRUPT);
        CHECK_EQ_TEXT(fault.rule, "ledger-corrupt");
        CHECK_CONTAINS(fault.place, "entry ");
        desk_close(&desk);
}

TEST(an_entry_that_leaves_a_gap_is_corrupt) {
        check_refused(skip_number);
}

TEST(an_entry_that_breaks_the_chain_is_corrupt) {
        check_refused(break_chain);
}

TEST(an_entry_of_another_kind_than_its_frame_is_corrupt) {
        check_refused(change_kind);
}

TEST(an_entry_of_another_phase_than_its_claim_is_corrupt) {
        check_refused(change_phase);
}

TEST(an_entry_by_nobody_is_corrupt) {
        check_refused(change_actor);
}

TEST(a_verdict_on_no_claim_is_corrupt) {
        check_refused(name_no_claim);
}

TEST(nothing_stands_before_the_genesis) {
        Message message = {.type = MESSAGE_REVOKE};
        Entry entry = {.seq = 1, .kind = slice_text("revoke"), .actor = slice_text(BROKER_NAME)};
        Fault fault = FAULT_INIT;
        State state;

        state_init(&state);
        CHECK_EQ_INT(replay_apply(&state, &entry, &message, &fault), REPLAY_E_CORRUPT);
        state_deinit(&state);
}

TEST(a_passing_message_makes_no_entry) {
        Message message = {.type = MESSAGE_HEARTBEAT};
        Entry entry = {.seq = 1, .kind = slice_text("heartbeat")};
        Fault fault = FAULT_INIT;
        State state;

        state_init(&state);
        CHECK_EQ_INT(replay_apply(&state, &entry, &message, &fault), REPLAY_E_CORRUPT);
        state_deinit(&state);
}

TEST(a_changed_byte_is_found_at_the_restart) {
        Desk desk;
        Fault fault = FAULT_INIT;
        Core *core;
        CorePort port;
        Entry entry;

        desk_open(&desk);
        port = fake_port_get(&desk.port);
        core = core_new(&port, &desk.settings, &desk.broker_key);
        entry = desk.port.entries[0];
        entry.received_ms++;
        CHECK_EQ_INT(core_replay(core, &entry, &fault), REPLAY_E_CORRUPT);
        CHECK_EQ_TEXT(fault.rule, "ledger-corrupt");
        core = core_free(core);
        desk_close(&desk);
}

TEST(a_verdict_moves_its_gate_only) {
        Desk desk;
        const PhaseRecord *phase;
        uint64_t claim;

        desk_open(&desk);
        desk_approve(&desk);
        claim = desk_claim_and_lease(&desk, 2);
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_verdict(&desk, claim, "M2", DECISION_FAIL)));
        phase = desk_state(&desk)->phases[0];
        CHECK_EQ_INT(phase->gates[0].state, GATE_STATE_VERIFYING);
        CHECK_EQ_INT(phase->gates[1].state, GATE_STATE_FAILED);
        CHECK_EQ_INT(state_find_claim(desk_state(&desk), claim)->state, CLAIM_STATE_LEASED);
        desk_close(&desk);
}

TEST(a_revision_keeps_the_verdicts_of_gates_that_stay) {
        Desk desk;
        const PhaseRecord *phase;
        uint64_t claim;

        desk_open(&desk);
        desk_approve(&desk);
        claim = desk_claim_and_lease(&desk, 1);
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_verdict(&desk, claim, "M1", DECISION_PASS)));
        CHECK(desk_submit(&desk, OPERATOR,
                          desk_make_plan(&desk, "m", (const char *[]){"M3", "M1"}, 2, "1")));
        phase = desk_state(&desk)->phases[0];
        CHECK_EQ_U64(phase->n_gates, 3);
        CHECK_EQ_TEXT(phase->gates[1].id, "M1");
        CHECK_EQ_INT(phase->gates[1].state, GATE_STATE_PASSED);
        CHECK_EQ_TEXT(phase->gates[2].id, "M2");
        CHECK(!phase->gates[2].in_plan);
        desk_close(&desk);
}

TEST(a_revision_that_drops_all_gates_of_a_claim_ends_it) {
        Desk desk;
        uint64_t claim;

        desk_open(&desk);
        desk_approve(&desk);
        claim = desk_claim_and_lease(&desk, 1);
        CHECK(desk_submit(&desk, OPERATOR,
                          desk_make_plan(&desk, "m", (const char *[]){"M2"}, 1, "1")));
        CHECK_EQ_INT(state_find_claim(desk_state(&desk), claim)->state, CLAIM_STATE_SUPERSEDED);
        CHECK_EQ_INT(desk_state(&desk)->phases[0]->gates[1].state, GATE_STATE_OPEN);
        CHECK_EQ_U64(desk_count(&desk, ADVERSARY, MESSAGE_CANCEL), 1);
        desk_close(&desk);
}

TEST(a_fail_files_one_finding_and_the_pass_that_retests_closes_it) {
        Desk desk;
        uint64_t claim, failed;

        desk_open(&desk);
        desk_approve(&desk);
        claim = desk_claim_and_lease(&desk, 1);
        failed =
                desk_submit(&desk, ADVERSARY, desk_make_verdict(&desk, claim, "M1", DECISION_FAIL));
        CHECK(failed);
        claim = desk_claim_and_lease(&desk, 1);
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_verdict(&desk, claim, "M1", DECISION_FAIL)));
        CHECK_EQ_U64(desk_state(&desk)->n_findings, 1);
        claim = desk_claim_and_lease(&desk, 1);
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_verdict(&desk, claim, "M1", DECISION_PASS)));
        CHECK_EQ_INT(state_find_finding(desk_state(&desk), failed)->state, FINDING_STATE_CLOSED);
        CHECK_EQ_U64(desk_state(&desk)->phases[0]->n_open_findings, 0);
        desk_close(&desk);
}

TEST(what_was_filed_by_hand_beside_a_verdict_survives_verdicts) {
        Message finding;
        Desk desk;
        uint64_t claim, passed, filed;

        desk_open(&desk);
        desk_approve(&desk);
        claim = desk_claim_and_lease(&desk, 1);
        passed =
                desk_submit(&desk, ADVERSARY, desk_make_verdict(&desk, claim, "M1", DECISION_PASS));
        finding = desk_make_finding("m", "M1", BLOCKS_PHASE);
        finding.finding.verdict = passed;
        filed = desk_submit(&desk, ADVERSARY, finding);
        CHECK(passed && filed);
        claim = desk_claim_and_lease(&desk, 1);
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_verdict(&desk, claim, "M1", DECISION_FAIL)));
        claim = desk_claim_and_lease(&desk, 1);
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_verdict(&desk, claim, "M1", DECISION_PASS)));
        CHECK_EQ_INT(state_find_finding(desk_state(&desk), filed)->state, FINDING_STATE_OPEN);
        CHECK_EQ_TEXT(state_find_finding(desk_state(&desk), filed)->title, "it leaks");
        CHECK_EQ_U64(desk_state(&desk)->phases[0]->n_open_findings, 1);
        desk_close(&desk);
}

TEST(a_withdrawn_gate_is_again_what_it_was) {
        Desk desk;
        uint64_t claim;

        desk_open(&desk);
        desk_approve(&desk);
        claim = desk_claim_and_lease(&desk, 1);
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_verdict(&desk, claim, "M1", DECISION_FAIL)));
        claim = desk_claim_and_lease(&desk, 2);
        CHECK(desk_submit(&desk, BUILDER, desk_make_withdraw(claim)));
        CHECK_EQ_INT(desk_state(&desk)->phases[0]->gates[0].state, GATE_STATE_FAILED);
        CHECK_EQ_INT(desk_state(&desk)->phases[0]->gates[1].state, GATE_STATE_OPEN);
        desk_close(&desk);
}
