/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What --help prints. */

#include <stdio.h>
#include <string.h>

#include "base/options_parts.h"

void options_print_program_help(const Program *program, FILE *out) {
        (void)fprintf(out, "%s: %s\n\nusage: %s VERB …\n\n", program->name, program->help,
                      program->name);
        for (size_t i = 0; i < program->n_verbs; i++)
                (void)fprintf(out, "  %-14s %s\n", program->verbs[i].name, program->verbs[i].help);
        (void)fprintf(out,
                      "\n`%s VERB --help` explains a verb.\n\nexit status: 0 holds, 1 does not "
                      "hold, 2 usage or plan error, 3 could not be carried out,\n4 not authorised, "
                      "5 nothing selected, 6 stale or other commit, 8 still pending at the "
                      "timeout\n",
                      program->name);
}

static void print_options(const OptionRow *rows, FILE *out) {
        for (const OptionRow *row = rows; row && row->name; row++) {
                char left[64];

                (void)snprintf(left, sizeof left, "--%s%s%s", row->name, row->value ? " " : "",
                               row->value ? row->value : "");
                (void)fprintf(out, "  %-22s %s\n", left, row->help);
        }
}

void options_print_verb_help(const Program *program, const Verb *verb) {
        printf("usage: %s %s%s%s [OPTION…]\n\n%s\n\n", program->name, verb->name,
               verb->arguments[0] ? " " : "", verb->arguments, verb->help);
        print_options(verb->options, stdout);
        print_options(options_common, stdout);
}

bool verb_is_of_group(const Verb *verb, const char *word) {
        size_t n = strlen(word);

        return strncmp(verb->name, word, n) == 0 && verb->name[n] == ' ';
}

bool options_print_group_help(const Program *program, const char *word) {
        bool has_any = false;

        for (size_t i = 0; i < program->n_verbs; i++) {
                const Verb *verb = &program->verbs[i];

                if (!verb_is_of_group(verb, word))
                        continue;
                if (!has_any)
                        printf("usage: %s %s VERB …\n\n", program->name, word);
                printf("  %-14s %s\n", verb->name, verb->help);
                has_any = true;
        }
        if (has_any)
                printf("\n`%s %s VERB --help` explains a verb.\n", program->name, word);
        return has_any;
}
