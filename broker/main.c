/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* broker: keeps the ledger, enforces the rules, delivers; and looks into the ledger for people. */

#include "broker/verbs.h"

int main(int argc, char **argv) {
        return options_run(&broker_program, argc, argv);
}
