/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A consumer that is away for an hour of virtual time while a thousand notes a second are said: the
 * real core over the real ledger, in one process. In `./check` seconds; COLDGATE_AWAY_SECONDS:
 * another length. */

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include <sqlite3.h>

#include "base/mem.h"
#include "broker/ledger.h"
#include "proto/codec.h"
#include "tests/chaos/extent.h"
#include "tests/lib/desk.h"
#include "tests/lib/test.h"

enum {
        AWAY_SECONDS = 3600,
        SHORT_SECONDS = 3,
        SAID_A_SECOND = 1000,
        STEPS_A_SECOND = 10,
        CREDIT = 500,
        CREDIT_MAX = 65536,
        GROWTH_BYTES_MAX = 256 << 10,
        QUOTA_A_MINUTE = 10,
        QUOTA_SAID = 2000,
};

typedef struct Away {
        Desk desk; /* its clocks, keys and core; not its ledger */
        Ledger *ledger;
        bool is_away;
        bool keeps;     /* as a wrong broker would: what is for who is away, in memory */
        char **mailbox; /* owned, each of them */
        size_t n_mailbox, n_said, n_acks, n_refusals, n_delivered, n_disordered;
        uint64_t seq; /* delivered last */
        char rule[64];
} Away;

/* ---- the port ---- */

static uint64_t wall_ms(void *userdata) {
        return ((Away *)userdata)->desk.port.wall_ms;
}

static uint64_t mono_ms(void *userdata) {
        return ((Away *)userdata)->desk.port.mono_ms;
}

static int append(void *userdata, const Entry *entry) {
        return ledger_append(((Away *)userdata)->ledger, entry);
}

static int commit(void *userdata) {
        return ledger_commit(((Away *)userdata)->ledger);
}

static int find(void *userdata, const Id *id, Arena *arena, Entry *ret_entry) {
        return ledger_find(((Away *)userdata)->ledger, id, arena, ret_entry);
}

static int read_entry(void *userdata, uint64_t seq, Arena *arena, Entry *ret_entry) {
        return ledger_read(((Away *)userdata)->ledger, seq, arena, ret_entry);
}

static void keep(Away *away, Slice frame) {
        away->mailbox = mem_resize(away->mailbox, away->n_mailbox + 1, sizeof *away->mailbox);
        away->mailbox[away->n_mailbox++] = mem_strndup((const char *)frame.data, frame.n);
}

static void hear(Away *away, const Message *message) {
        if (message->type == MESSAGE_ACK)
                away->n_acks++;
        if (message->type == MESSAGE_REFUSE) {
                away->n_refusals++;
                (void)snprintf(away->rule, sizeof away->rule, "%.*s",
                               SLICE_ARGS(message->refuse.rule));
        }
        if (message->type != MESSAGE_ENTRY)
                return;
        away->n_disordered += message->entry.seq != away->seq + 1;
        away->seq = message->entry.seq;
        away->n_delivered++;
}

static int send_frame(void *userdata, const Route *route, Slice frame) {
        cleanup_arena Arena arena = ARENA_INIT;
        Away *away = userdata;
        CodecFault fault;
        Message message;

        if (route->bytes[0] == OBSERVER && away->is_away && !away->keeps)
                return CHANNEL_E_FULL;
        if (route->bytes[0] == OBSERVER && away->is_away) {
                keep(away, frame);
                return 0;
        }
        CHECK_EQ_INT(codec_decode(frame, &arena, &message, &fault), 0);
        hear(away, &message);
        return 0;
}

static void make_random(void *userdata, void *bytes, size_t n) {
        (void)userdata;
        random_bytes(bytes, n);
}

/* ---- a broker and who talks to it ---- */

static void say_hello(Away *away, Who who) {
        desk_put(&away->desk, who,
                 (Message){.type = MESSAGE_HELLO,
                           .hello = {.protocol = 1, .program = slice_text("test")}});
}

static void give_credit(Away *away) {
        desk_put(&away->desk, OBSERVER,
                 (Message){.type = MESSAGE_CREDIT,
                           .credit = {.entries = away->keeps ? CREDIT_MAX : CREDIT,
                                      .after = away->seq}});
}

static void say(Away *away, Message entry, Who who) {
        Id id;

        desk_make_id(&away->desk, &id);
        desk_put_entry(&away->desk, who, entry, &id);
        away->n_said++;
}

static void commit_all(Away *away) {
        CHECK_EQ_INT(core_commit(away->desk.core), 0);
}

static void open_core(Away *away, uint64_t quota) {
        static const Role roles[] = {[OPERATOR] = ROLE_OPERATOR,     [BUILDER] = ROLE_BUILDER,
                                     [BUILDER_2] = ROLE_BUILDER,     [ADVERSARY] = ROLE_ADVERSARY,
                                     [ADVERSARY_2] = ROLE_ADVERSARY, [OBSERVER] = ROLE_OBSERVER};
        CorePort port = fake_port_get(&away->desk.port);
        Hash ledger = {.bytes = {7}};

        port.userdata = away;
        port.wall_ms = wall_ms;
        port.mono_ms = mono_ms;
        port.append = append;
        port.commit = commit;
        port.find = find;
        port.read = read_entry;
        port.send = send_frame;
        port.random = make_random;
        for (size_t i = 0; i < _ROLE_MAX; i++)
                away->desk.settings.quotas[i] = quota;
        away->desk.core = core_free(away->desk.core);
        away->desk.core = core_new(&port, &away->desk.settings, &away->desk.broker_key);
        CHECK_EQ_INT(core_genesis(away->desk.core, "away", &ledger), 0);
        for (int who = 0; who < STRANGER; who++)
                CHECK_EQ_INT(core_admit(away->desk.core, desk_names[who], roles[who],
                                        &away->desk.keys[who].public),
                             0);
        commit_all(away);
}

static void away_open(Away *away, uint64_t quota, bool keeps) {
        cleanup_free char *path = mem_printf("%s/ledger.db", test_dir());
        Fault fault = FAULT_INIT;

        *away = (Away){.keeps = keeps};
        desk_open(&away->desk);
        if (ledger_open(path, LEDGER_CREATE, &away->ledger, &fault) != 0)
                FAIL_TEST("%s: %s", fault.rule, fault.found);
        open_core(away, quota);
        for (int who = 0; who < STRANGER; who++)
                say_hello(away, (Who)who);
        say(away, desk_make_plan(&away->desk, "m", (const char *[]){"M1"}, 1, "x"), OPERATOR);
        give_credit(away);
        commit_all(away);
        away->n_said = away->n_acks = 0;
}

static void away_close(Away *away) {
        desk_close(&away->desk);
        away->ledger = ledger_free(away->ledger);
        for (size_t i = 0; i < away->n_mailbox; i++)
                free(away->mailbox[i]);
        free(away->mailbox);
}

/* A tenth of a second. */
static void step(Away *away) {
        for (size_t i = 0; i < SAID_A_SECOND / STEPS_A_SECOND; i++)
                say(away, desk_make_note("m", NOTE_TO_RECORD, "said while one was away"),
                    i % 2 ? BUILDER : BUILDER_2);
        commit_all(away);
        fake_port_turn(&away->desk.port, 1000 / STEPS_A_SECOND);
        if (core_next_deadline(away->desk.core) <= away->desk.port.mono_ms) {
                CHECK_EQ_INT(core_tick(away->desk.core), 0);
                commit_all(away);
        }
}

static size_t seconds(void) {
        const char *given = getenv("COLDGATE_AWAY_SECONDS");

        return given ? strtoull(given, NULL, 10) : extent_is_long ? AWAY_SECONDS : SHORT_SECONDS;
}

/* Without SQLite's page cache, which has a limit of its own. */
static size_t used_bytes(void) {
        return mallinfo2().uordblks - (size_t)sqlite3_memory_used();
}

/* How many bytes more are in use at the end than after the first fifth. */
static int64_t stay_away(Away *away) {
        size_t n_steps = seconds() * STEPS_A_SECOND, bytes = 0;

        away->is_away = true;
        for (size_t i = 0; i < n_steps; i++) {
                if (i == n_steps / 5)
                        bytes = used_bytes();
                step(away);
        }
        return (int64_t)(used_bytes() - bytes);
}

static void come_back(Away *away) {
        const State *state = desk_state(&away->desk);

        away->is_away = false;
        say_hello(away, OBSERVER);
        while (away->seq < state->head_seq) {
                uint64_t seq = away->seq;

                give_credit(away);
                commit_all(away);
                CHECK(away->seq > seq);
        }
}

TEST(a_consumer_that_is_away_for_an_hour_costs_no_memory_and_gets_all) {
        int64_t more;
        Away away;

        extent_begin();
        away_open(&away, 0, false);
        more = stay_away(&away);
        come_back(&away);
        printf("# a consumer away for %zu s at %d notes a second | acknowledged %zu, memory %lld "
               "bytes more, delivered %zu, out of order %zu\n",
               seconds(), SAID_A_SECOND, away.n_acks, (long long)more, away.n_delivered,
               away.n_disordered);
        CHECK_EQ_U64(away.n_acks, away.n_said);
        CHECK_EQ_U64(away.n_refusals, 0);
        CHECK_EQ_U64(away.n_delivered, desk_state(&away.desk)->head_seq);
        CHECK_EQ_U64(away.n_disordered, 0);
        CHECK(more <= GROWTH_BYTES_MAX);
        away_close(&away);
}

TEST(a_broker_that_kept_a_mailbox_in_memory_would_grow) {
        Away away;

        (void)setenv("COLDGATE_AWAY_SECONDS", "3", 1);
        away_open(&away, 0, true);
        CHECK(stay_away(&away) > GROWTH_BYTES_MAX);
        away_close(&away);
}

TEST(beyond_the_quota_senders_are_told_so_and_nothing_is_dropped) {
        Away away;

        away_open(&away, QUOTA_A_MINUTE, false);
        away.is_away = true;
        while (away.n_said < QUOTA_SAID)
                step(&away);
        CHECK_EQ_TEXT(away.rule, "quota-entries");
        CHECK(away.n_refusals > 0);
        CHECK_EQ_U64(away.n_acks + away.n_refusals, away.n_said);
        away_close(&away);
}
