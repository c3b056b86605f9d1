/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Clocks that jump under a real broker. */

#include "base/mem.h"
#include "broker/ledger.h"
#include "tests/lib/hurt.h"
#include "tests/lib/test.h"

enum { N_JUMP_NOTES = 3, DAY_MS = 86400000 };

static int note_time(void *userdata, const Entry *entry) {
        uint64_t *times = userdata;

        if (slice_is(entry->kind, "note"))
                times[++times[0]] = entry->received_ms;
        return times[0] == 3 * N_JUMP_NOTES ? 1 : 0;
}

TEST(a_wall_clock_that_jumps_a_day_forth_and_back_changes_no_order_and_delays_no_answer) {
        static const int64_t jumps_s[] = {0, 86400, -86400};
        uint64_t times[1 + 3 * N_JUMP_NOTES] = {0};
        cleanup(ledger_freep) Ledger *ledger = NULL;
        cleanup_free char *path = NULL;
        Fault fault = FAULT_INIT;
        cleanup_hurt Hurt hurt;

        hurt_init(&hurt);
        hurt_order(&hurt, SHIM_NOTHING, 0, false);
        CHECK(hurt_start(&hurt));
        for (size_t i = 0; i < ARRAY_SIZE(jumps_s); i++) {
                atomic_store(&hurt.shim->wall_s, jumps_s[i]);
                hurt_say(&hurt, N_JUMP_NOTES);
        }
        CHECK_EQ_INT(hurt_end(&hurt), 0);
        CHECK_EQ_U64(hurt.n_acked, 3 * N_JUMP_NOTES);
        hurt_check(&hurt);
        path = mem_printf("%s/.coldgate/ledger.db", hurt.broker.dir);
        CHECK_EQ_INT(ledger_open(path, LEDGER_READ, &ledger, &fault), 0);
        CHECK_EQ_INT(ledger_walk(ledger, 1, SLICE_NULL, note_time, times), 1);
        CHECK(times[N_JUMP_NOTES + 1] > times[N_JUMP_NOTES] + DAY_MS / 2);
        CHECK(times[2 * N_JUMP_NOTES + 1] < times[N_JUMP_NOTES + 1] - DAY_MS);
}
