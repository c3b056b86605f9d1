/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* builder-agent: claims, waits, asks for DONE. */

#include "builder-agent/verbs.h"

int main(int argc, char **argv) {
        return options_run(&builder_program, argc, argv);
}
