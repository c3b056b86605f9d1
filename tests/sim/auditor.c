/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What holds after each step. */

#include "tests/sim/auditor.h"

#include <ctype.h>
#include <stdio.h>

#include "broker/hold.h"
#include "broker/replay.h"
#include "proto/codec.h"
#include "proto/describe.h"
#include "tests/lib/test.h"

enum { MARK_BYTES = 9, EVERY_MS = 30000 };

void auditor_open(Auditor *auditor) {
        *auditor = (Auditor){.n_entries = 0};
        for (int who = 0; who < _WHO_MAX; who++)
                auditor->heard[who] = (Who)who;
        state_init(&auditor->shadow);
}

void auditor_close(Auditor *auditor) {
        state_deinit(&auditor->shadow);
}

/* ---- marks ---- */

/* "77", five digits, "77". */
const char *auditor_mark(Auditor *auditor, Desk *desk, const Mark *mark) {
        CHECK(auditor->n_marks < MARKS_MAX);
        auditor->marks[auditor->n_marks] = *mark;
        return arena_printf(&desk->arena, "77%05zu77", auditor->n_marks++);
}

static bool is_mark(const uint8_t *bytes, size_t *ret_number) {
        *ret_number = 0;
        if (memcmp(bytes, "77", 2) != 0 || memcmp(bytes + MARK_BYTES - 2, "77", 2) != 0)
                return false;
        for (size_t i = 2; i < MARK_BYTES - 2; i++) {
                if (!isdigit(bytes[i]))
                        return false;
                *ret_number = *ret_number * 10 + (bytes[i] - '0');
        }
        return true;
}

/* The next mark in the bytes; NULL if there is none. */
static Mark *find_mark(Auditor *auditor, Slice bytes, size_t *at) {
        size_t number;

        for (; *at + MARK_BYTES <= bytes.n; (*at)++)
                if (is_mark(bytes.data + *at, &number) && number < auditor->n_marks) {
                        *at += MARK_BYTES;
                        return &auditor->marks[number];
                }
        return NULL;
}

static bool may_see(const Oracle *oracle, const Mark *mark, Who who) {
        switch (mark->kind) {
        case MARK_JOURNAL: return false;
        case MARK_CLAIM:
                return !oracle_is_open(oracle, mark->claim) ||
                       oracle_has_said(oracle, desk_names[who], mark->claim, NULL);
        case MARK_VERDICT:
                return mark->author == who || !oracle_awaits(oracle, mark->claim, mark->gate) ||
                       oracle_has_said(oracle, desk_names[who], mark->claim, mark->gate);
        }
        return false;
}

static void check_sealed(Auditor *auditor, const FakeSent *sent) {
        Who who = auditor->heard[sent->to];
        const Mark *mark;
        size_t at = 0;

        if (who != ADVERSARY && who != ADVERSARY_2)
                return;
        while ((mark = find_mark(auditor, sent->frame, &at)))
                if (!may_see(&auditor->oracle, mark, who))
                        FAIL_TEST("%s reached %s: a %s of claim %llu %s",
                                  message_name(sent->message.type), desk_names[who],
                                  mark->kind == MARK_JOURNAL ? "journal note"
                                  : mark->kind == MARK_CLAIM ? "sealed text"
                                                             : "verdict",
                                  (unsigned long long)mark->claim, mark->gate);
}

/* ---- entries ---- */

/* Which claim it is is known when the claim stands. */
static void note_claim(Auditor *auditor, const Entry *entry) {
        size_t at = 0;
        Mark *mark;

        while ((mark = find_mark(auditor, entry->frame, &at)))
                if (mark->kind == MARK_CLAIM)
                        mark->claim = entry->seq;
}

static void note_sign(Auditor *auditor, const Desk *desk, uint64_t lease) {
        if (lease < ORACLE_THINGS_MAX)
                auditor->signs_ms[lease] = desk->port.mono_ms;
}

static void tell(const Entry *entry, const Message *message) {
        cleanup_buf Buf text = BUF_TEXT;

        describe_line(message, &text);
        (void)printf("# %llu %llu %.*s %s\n", (unsigned long long)entry->seq,
                     (unsigned long long)entry->received_ms, SLICE_ARGS(entry->actor),
                     buf_get_text(&text));
        (void)fflush(stdout);
}

static void hear_entry(Auditor *auditor, const Desk *desk, const Entry *entry) {
        cleanup_arena Arena arena = ARENA_INIT;
        Fault fault = FAULT_INIT;
        Message message;
        CodecFault codec_fault;
        Hash hash, zero = {.bytes = {0}};

        entry_hash(entry, &hash);
        CHECK(hash_equal(&hash, &entry->hash));
        CHECK(hash_equal(&entry->prev, entry->seq > 1 ? &(entry - 1)->hash : &zero));
        for (const Entry *other = entry - entry->seq + 1; other < entry; other++)
                CHECK(!id_equal(&other->id, &entry->id));
        CHECK_EQ_INT(codec_decode(entry->frame, &arena, &message, &codec_fault), 0);
        if (replay_apply(&auditor->shadow, entry, &message, &fault) != 0)
                FAIL_TEST("entry %llu: %s", (unsigned long long)entry->seq, fault.found);
        if (auditor->tells)
                tell(entry, &message);
        if (message.type == MESSAGE_CLAIM)
                note_claim(auditor, entry);
        if (message.type == MESSAGE_LEASE)
                note_sign(auditor, desk, entry->seq);
        auditor->oracle.mono_ms = desk->port.mono_ms;
        oracle_hear(&auditor->oracle, entry, &message);
}

static void check_replay(const Auditor *auditor, const Desk *desk) {
        cleanup_buf Buf live = BUF_TEXT, again = BUF_TEXT;

        state_describe(desk_state(desk), &live);
        state_describe(&auditor->shadow, &again);
        CHECK_EQ_TEXT(buf_get_text(&live), buf_get_text(&again));
}

/* ---- answers ---- */

/* What was acknowledged is durable, where and as it was said. */
static void check_ack(const FakePort *port, const struct ack *ack) {
        CHECK(ack->seq <= port->n_durable && ack->head_seq == port->n_durable);
        CHECK(slice_equal(ack->hash, hash_slice(&port->entries[ack->seq - 1].hash)));
        CHECK(slice_equal(ack->id, id_slice(&port->entries[ack->seq - 1].id)));
}

/* Of all frames with this id in the batch one at least made no entry. */
static void check_refusal(Auditor *auditor, const struct refuse *refuse) {
        bool is_refused = false;

        CHECK(!slice_is(refuse->rule, "signature-wrong")); /* everybody signs what they say */
        if (!refuse->id.n)
                return;
        auditor->n_refused++;
        for (size_t i = 0; i < auditor->n_receipts; i++)
                is_refused |= slice_equal(refuse->id, id_slice(&auditor->receipts[i].id)) &&
                              !auditor->receipts[i].has_entry;
        CHECK(is_refused);
}

static void note_verdict(Auditor *auditor, const Desk *desk, Slice frame) {
        cleanup_arena Arena arena = ARENA_INIT;
        Message message;
        CodecFault fault;

        CHECK_EQ_INT(codec_decode(frame, &arena, &message, &fault), 0);
        if (message.type == MESSAGE_VERDICT)
                note_sign(auditor, desk, message.verdict.lease);
}

static Receipt *add_receipt(Auditor *auditor, const Desk *desk, Slice frame) {
        cleanup_arena Arena arena = ARENA_INIT;
        Message message;
        CodecFault fault;
        Receipt *receipt = &auditor->receipts[auditor->n_receipts++];

        CHECK(auditor->n_receipts < RECEIPTS_MAX);
        *receipt = (Receipt){.has_entry = false};
        CHECK_EQ_INT(codec_decode(frame, &arena, &message, &fault), 0);
        if (message.type == MESSAGE_PROGRESS)
                note_sign(auditor, desk, message.progress.lease);
        if (message.type != MESSAGE_SUBMIT)
                return receipt;
        CHECK(id_from_slice(message.submit.id, &receipt->id));
        note_verdict(auditor, desk, message.submit.frame);
        return receipt;
}

/* What makes no entry changes nothing. */
int auditor_receive(Auditor *auditor, Desk *desk, Who who, uint8_t to, Slice frame) {
        cleanup_buf Buf before = BUF_TEXT, after = BUF_TEXT;
        Receipt *receipt = add_receipt(auditor, desk, frame);
        size_t n_entries = desk->port.n_entries;
        Route route = fake_route(to);
        /* At first everybody has the route of their own number. */
        Who taken_for = desk->port.bug == FAKE_BUG_ROUTE ? (Who)to : who;
        int r;

        auditor->heard[to] = who;
        state_describe(desk_state(desk), &before);
        r = core_receive(desk->core, &route, desk->keys[taken_for].public.curve, frame);
        if (r != 0)
                return r;
        state_describe(desk_state(desk), &after);
        receipt->has_entry = desk->port.n_entries > n_entries;
        if (!receipt->has_entry)
                CHECK_EQ_TEXT(buf_get_text(&after), buf_get_text(&before));
        return 0;
}

/* ---- timers ---- */

static void check_lease(const Auditor *auditor, const Desk *desk, const ClaimRecord *claim) {
        uint64_t now_ms = desk->port.mono_ms;

        CHECK(core_next_deadline(desk->core) <= now_ms + claim->lease_ms);
        CHECK(now_ms < auditor->signs_ms[claim->lease_seq] + claim->lease_ms);
}

/* Where the broker began anew, what is left is what the wall clock says, and no more than all. */
static void check_hold(const Auditor *auditor, const Desk *desk, const OracleHold *hold) {
        uint64_t limit_ms = hold->state == HOLD_STATE_HELD ? hold->hold_ms : hold->wait_ms;
        uint64_t now_ms = desk->port.mono_ms, since_ms = hold->since_mono_ms;

        if (hold->state == HOLD_STATE_OVER || limit_ms == 0)
                return;
        if (hold->n_restarts == auditor->oracle.n_restarts)
                CHECK(now_ms < since_ms + limit_ms);
        else
                since_ms = now_ms;
        CHECK(core_next_deadline(desk->core) <= since_ms + limit_ms);
}

/* Whoever waits is not forgotten: something will happen by itself, not too late; what was due has
 * happened. */
static void check_timers(const Auditor *auditor, const Desk *desk) {
        const State *state = desk_state(desk);
        uint64_t start_ms = desk->settings.watch_start_ms;

        CHECK(core_next_deadline(desk->core) <=
              desk->port.mono_ms + (start_ms > EVERY_MS ? start_ms : EVERY_MS));
        for (size_t i = 0; i < state->n_claims; i++)
                if (state->claims[i]->state == CLAIM_STATE_LEASED)
                        check_lease(auditor, desk, state->claims[i]);
        for (size_t i = 0; i < auditor->oracle.n_holds; i++)
                check_hold(auditor, desk, &auditor->oracle.holds[i]);
}

/* A resource that nobody has in the way of the first who waits has been granted. */
static void check_grants(const Desk *desk) {
        const State *state = desk_state(desk);

        for (size_t i = 0; i < state->n_holds; i++)
                CHECK(!hold_is_next(state, state->holds[i]));
}

/* Nobody is shown a PASS that was retracted, or that fails by what was claimed. */
static void check_passes(const Oracle *oracle, const Desk *desk) {
        const State *state = desk_state(desk);

        for (size_t i = 0; i < state->n_phases; i++)
                for (size_t j = 0; j < state->phases[i]->n_gates; j++) {
                        const GateRecord *gate = &state->phases[i]->gates[j];

                        if (gate->state == GATE_STATE_PASSED)
                                CHECK(oracle_has_pass(oracle, gate->id));
                }
}

void auditor_look(Auditor *auditor, Desk *desk) {
        const FakePort *port = &desk->port;

        CHECK_EQ_U64(port->n_entries, port->n_durable);
        if (auditor->is_new)
                oracle_begin_anew(&auditor->oracle, port->wall_ms);
        while (auditor->n_entries < port->n_durable)
                hear_entry(auditor, desk, &port->entries[auditor->n_entries++]);
        check_replay(auditor, desk);
        for (size_t i = 0; i < port->n_sent; i++) {
                const Message *message = &port->sent[i].message;

                if (message->type == MESSAGE_ACK)
                        check_ack(port, &message->ack);
                if (message->type == MESSAGE_WELCOME)
                        CHECK(slice_is(message->welcome.name,
                                       desk_names[auditor->heard[port->sent[i].to]]));
                if (message->type == MESSAGE_REFUSE)
                        check_refusal(auditor, &message->refuse);
                check_sealed(auditor, &port->sent[i]);
        }
        auditor->n_receipts = 0;
        for (size_t i = 0; auditor->is_new && i < ORACLE_THINGS_MAX; i++)
                auditor->signs_ms[i] = port->mono_ms;
        auditor->is_new = false;
        check_timers(auditor, desk);
        check_grants(desk);
        check_passes(&auditor->oracle, desk);
}

/* What it said before it ended was written. */
void auditor_restart(Auditor *auditor, Desk *desk) {
        desk_restart(desk);
        CHECK(desk->port.n_durable >= auditor->n_entries);
        auditor->oracle.n_restarts++;
        oracle_begin_anew(&auditor->oracle, desk->port.wall_ms);
        auditor->is_new = true;
        auditor->n_receipts = 0;
        while (auditor->n_entries < desk->port.n_durable)
                hear_entry(auditor, desk, &desk->port.entries[auditor->n_entries++]);
        check_replay(auditor, desk);
}
