/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Kills, as many as a check has time for; and that the checker of the history finds what it is
 * there to find. */

#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/chaos/kills.h"
#include "tests/lib/real_broker.h"
#include "tests/lib/test.h"

enum { N_KILLS = 100, INTERVAL_MS_MAX = 60, VERIFY_EVERY = 20, LOAD_MS = 150, SETTLE_MS = 20000 };

TEST(a_hundred_kills_lose_nothing_and_say_nothing_twice) {
        static const KillPlan plan = {.n_kills = N_KILLS,
                                      .interval_ms_max = INTERVAL_MS_MAX,
                                      .verify_every = VERIFY_EVERY};

        kills_run(&plan);
}

/* ---- controls ---- */

typedef struct Control {
        RealBroker broker;
        Fleet fleet;
        char *ledger;
} Control;

/* Some load, everything answered, nobody writing. */
static void control_init(Control *control) {
        *control = (Control){.ledger = NULL};
        real_broker_init(&control->broker);
        real_broker_approve(&control->broker);
        control->ledger = mem_printf("%s/.coldgate/ledger.db", control->broker.dir);
        fleet_init(&control->fleet, control->broker.dir, "m", 2, KILL_WINDOW);
        real_broker_start(&control->broker);
        fleet_run(&control->fleet, LOAD_MS);
        fleet_settle(&control->fleet, SETTLE_MS);
        real_broker_stop(&control->broker);
}

static void control_deinit(Control *control) {
        fleet_deinit(&control->fleet);
        real_broker_deinit(&control->broker);
        free(control->ledger);
}

static void control_check(Control *control, Deceit deceit) {
        CHECK(control->fleet.history.n_acks > 0);
        history_check(&control->fleet.history, control->ledger, deceit);
}

TEST(the_checker_finds_nothing_where_nothing_is_wrong) {
        cleanup(control_deinit) Control control;

        control_init(&control);
        control_check(&control, DECEIT_NONE);
        history_expect_whole(&control.fleet.history);
}

TEST(the_checker_finds_an_acknowledged_entry_that_is_gone) {
        cleanup(control_deinit) Control control;

        control_init(&control);
        control_check(&control, DECEIT_DROPPED);
        CHECK(control.fleet.history.n_lost > 0);
}

TEST(the_checker_finds_an_entry_that_stands_there_twice) {
        cleanup(control_deinit) Control control;

        control_init(&control);
        control_check(&control, DECEIT_REPEATED);
        CHECK_EQ_U64(control.fleet.history.n_twice, 1);
}

TEST(the_checker_finds_another_entry_in_the_place_of_an_acknowledged_one) {
        cleanup(control_deinit) Control control;

        control_init(&control);
        control_check(&control, DECEIT_SWAPPED);
        CHECK(control.fleet.history.n_lost > 0 && control.fleet.history.n_broken > 0);
}

static void copy_ledger(const Control *control, const char *from, const char *to) {
        cleanup_free char *command = mem_printf("rm -f %s-wal %s-shm && cp %s %s", control->ledger,
                                                control->ledger, from, to);
        ProcessSpec spec = {.argv = {"sh", "-c", command}};

        bench_run_expect(&spec, SETTLE_MS, 0, NULL);
}

/* An old copy of the file is put back: the checker finds what is lost, and so does the broker, from
 * what its agents have seen. */
TEST(the_checker_and_the_broker_find_a_ledger_from_before_the_last_answers) {
        cleanup(control_deinit) Control control;
        cleanup_buf Buf err = BUF_TEXT;
        cleanup_free char *old = NULL;

        control_init(&control);
        old = mem_printf("%s.old", control.ledger);
        copy_ledger(&control, control.ledger, old);
        real_broker_start(&control.broker);
        fleet_run(&control.fleet, LOAD_MS);
        fleet_settle(&control.fleet, SETTLE_MS);
        real_broker_stop(&control.broker);
        copy_ledger(&control, old, control.ledger);
        control_check(&control, DECEIT_NONE);
        CHECK(control.fleet.history.n_lost > 0);
        CHECK(real_broker_verb(&control.broker, NULL, &err, "run") != 0);
        CHECK_CONTAINS(buf_get_text(&err), "ledger-shorter");
}
