/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What verbs that read share. */

#include "broker/verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/lib/test.h"

static const Program program = {.name = "broker"};

static void make_ledger(const char *name) {
        Ledger *ledger = NULL;
        Fault fault = FAULT_INIT;

        CHECK_EQ_INT(ledger_open(name, LEDGER_CREATE, &ledger, &fault), 0);
        (void)ledger_free(ledger);
}

static void make_project(void) {
        const char *root = test_dir();
        Fault fault = FAULT_INIT;
        Key key;

        (void)unsetenv("COLDGATE_DIR");
        key_make(&key);
        CHECK_EQ_INT(project_make(root, "a project", NULL, &key.public, &fault), 0);
        CHECK_EQ_INT(chdir(root), 0);
        make_ledger(".coldgate/ledger.db");
        make_ledger(".coldgate/another.db");
}

static int read_head(Errand *errand, Fault *fault) {
        uint64_t head;
        int r = errand_open_ledger(errand, LEDGER_READ, fault);

        return r == 0 ? ledger_head(errand->ledger, &head) : r;
}

static int read_while_replaced(Errand *errand, Fault *fault) {
        int r = read_head(errand, fault);

        CHECK_EQ_INT(rename(".coldgate/another.db", ".coldgate/ledger.db"), 0);
        return r;
}

static int doubt_while_replaced(Errand *errand, Fault *fault) {
        CHECK_EQ_INT(read_while_replaced(errand, fault), 0);
        fault_set(fault, "ledger-damaged", "half of the one, half of the other");
        errand->status = EXIT_HOLDS_NOT;
        return ERRAND_E_REFUSED;
}

TEST(what_was_read_while_another_ledger_came_is_not_taken_for_carried_out) {
        const Args args = {.program = &program};

        make_project();
        CHECK_EQ_INT(errand_run(&args, read_head), EXIT_HOLDS);
        CHECK_EQ_INT(errand_run(&args, read_while_replaced), EXIT_NOT_CARRIED_OUT);
}

TEST(a_ledger_that_another_replaced_while_it_was_read_is_not_called_damaged) {
        const Args args = {.program = &program};

        make_project();
        CHECK_EQ_INT(errand_run(&args, doubt_while_replaced), EXIT_NOT_CARRIED_OUT);
}
