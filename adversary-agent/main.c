/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* adversary-agent: disbelieves, re-runs cold, gives verdicts. */

#include <string.h>

#include "adversary-agent/verbs.h"

int main(int argc, char **argv) {
        if (argc == 3 && strcmp(argv[1], "work") == 0)
                return verb_work(argv[2]);
        return options_run(&adversary_program, argc, argv);
}
