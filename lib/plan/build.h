/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* From the tree of a block to the plan's structs, word by word through the grammar's rows. */

#include "plan/grammar.h"
#include "plan/yaml.h"

enum {
        ID_BYTES_MAX = 64,
        TEXT_BYTES_MAX = 1024,
        VALUE_BYTES_MAX = 65536,
        ARGUMENTS_OF_COMMAND_MAX = 1024,
        EXPECTATIONS_MAX = 256,
        TEETH_MAX = 16,
        PLAN_MEMORY_MAX = 64 << 20, /* of all that is read, matrices expanded */
};

typedef struct Build {
        Plan *plan;
        FaultList *faults;
        const YamlNode *defaults; /* NULL: none */
        size_t n_checks;          /* of all gates so far */
        bool is_approved;         /* lint has nothing to say any more */
        /* Of the check that is read: */
        Slice family;
        const PlanPair *row; /* of its matrix */
        size_t n_row;
        bool has_repeat;
} Build;

void build_phase(Build *build, const YamlNode *block);
/* Reads one gate, its checks in an order that needs allow, and its digest. */
void build_gate(Build *build, const YamlNode *block, Gate *gate);

/* Each word of a map by its row, then the words that must be there. */
void build_words(Build *build, const YamlNode *map, unsigned place, void *target);
/* NULL if the map has no such key. */
const YamlNode *build_find(const YamlNode *map, const char *key);
