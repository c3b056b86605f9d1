/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* From the tree of a block to the plan's structs, word by word through the grammar's rows. */

#include "plan/grammar.h"
#include "plan/yaml.h"

enum {
        ID_BYTES_MAX = 64,
        VALUE_BYTES_MAX = 65536,
        ARGUMENTS_OF_COMMAND_MAX = 1024,
        EXPECTATIONS_MAX = 256,
};

typedef struct Build {
        Plan *plan;
        FaultList *faults;
        const YamlNode *defaults; /* NULL: none */
        size_t n_checks;          /* of all gates so far */
} Build;

void build_phase(Build *build, const YamlNode *block);
/* Reads one gate, its checks in an order that needs allow, and its digest. */
void build_gate(Build *build, const YamlNode *block, Gate *gate);
