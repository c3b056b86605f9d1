/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* One parser for every verb of every program. */

#include "base/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/nearest.h"

enum { NAMES_MAX = 64 };

enum { OPTION_DIR, OPTION_JSON };

const OptionRow options_common[] = {
        [OPTION_DIR] = {"dir", "DIR",
                        "The project: the directory that holds .coldgate (default: found by "
                        "walking up, or COLDGATE_DIR)."},
        [OPTION_JSON] = {"json", NULL, "Print facts as JSON (docs/json.md)."},
        {"no-color", NULL, "No colour, whatever the terminal (as NO_COLOR)."},
        {"help", NULL, "Explain the verb."},
        {NULL, NULL, NULL},
};

static const OptionRow *find_option(const Verb *verb, Slice name) {
        for (const OptionRow *row = verb->options; row && row->name; row++)
                if (slice_is(name, row->name))
                        return row;
        for (const OptionRow *row = options_common; row->name; row++)
                if (slice_is(name, row->name))
                        return row;
        return NULL;
}

static void refuse_option(const Program *program, const Verb *verb, Slice name, Fault *fault) {
        const char *names[NAMES_MAX];
        size_t n = 0;
        const char *nearest;

        for (const OptionRow *row = verb->options; row && row->name && n < NAMES_MAX; row++)
                names[n++] = row->name;
        for (const OptionRow *row = options_common; row->name && n < NAMES_MAX; row++)
                names[n++] = row->name;
        nearest = nearest_word(name, names, n);
        fault_set(fault, "option-unknown", "`%s` has no option --%.*s", verb->name,
                  SLICE_ARGS(name));
        if (nearest)
                fault_next(fault, "did you mean --%s?", nearest);
        else
                fault_next(fault, "%s %s --help", program->name, verb->name);
}

static int parse_option(Args *args, int argc, char **argv, int *i, Fault *fault) {
        const char *word = argv[*i] + 2;
        const char *equals = strchr(word, '=');
        Slice name = equals ? slice_make(word, (size_t)(equals - word)) : slice_text(word);
        const OptionRow *row = find_option(args->verb, name);
        const char *value = equals ? equals + 1 : "";

        if (!row) {
                refuse_option(args->program, args->verb, name, fault);
                return ARGS_E_REFUSED;
        }
        if (!row->value && equals) {
                fault_set(fault, "option-value", "--%s takes no value", row->name);
                return ARGS_E_REFUSED;
        }
        if (row->value && !equals) {
                if (*i + 1 >= argc) {
                        fault_set(fault, "option-value", "--%s wants a value: %s", row->name,
                                  row->value);
                        return ARGS_E_REFUSED;
                }
                value = argv[++*i];
        }
        if (args->n_options == OPTIONS_MAX) {
                fault_set(fault, "option-too-many", "more than %d options", OPTIONS_MAX);
                return ARGS_E_REFUSED;
        }
        args->options[args->n_options].row = row;
        args->options[args->n_options++].value = value;
        return 0;
}

static int parse_words(Args *args, int argc, char **argv, int i, Fault *fault) {
        bool only_rest = false;

        for (; i < argc; i++) {
                if (!only_rest && strcmp(argv[i], "--") == 0) {
                        only_rest = true;
                        continue;
                }
                if (!only_rest && strcmp(argv[i], "-h") == 0)
                        argv[i] = (char *)"--help";
                if (!only_rest && strncmp(argv[i], "--", 2) == 0) {
                        int r = parse_option(args, argc, argv, &i, fault);

                        if (r != 0)
                                return r;
                        continue;
                }
                if (!only_rest && argv[i][0] == '-' && argv[i][1]) {
                        fault_set(fault, "option-unknown", "%s: options are long here", argv[i]);
                        return ARGS_E_REFUSED;
                }
                if (args->n_rest == ARGUMENTS_MAX) {
                        fault_set(fault, "argument-too-many", "more than %d arguments",
                                  ARGUMENTS_MAX);
                        return ARGS_E_REFUSED;
                }
                args->rest[args->n_rest++] = argv[i];
                args->n_plain += !only_rest;
        }
        return 0;
}

/* A verb of two words ("plan lint") wins over one of one word. */
static const Verb *find_verb(const Program *program, int argc, char **argv, int *ret_n_words) {
        for (int n_words = 2; n_words >= 1; n_words--) {
                char name[128];

                if (argc < 1 + n_words)
                        continue;
                (void)snprintf(name, sizeof name, "%s%s%s", argv[1], n_words == 2 ? " " : "",
                               n_words == 2 ? argv[2] : "");
                for (size_t i = 0; i < program->n_verbs; i++)
                        if (strcmp(program->verbs[i].name, name) == 0) {
                                *ret_n_words = n_words;
                                return &program->verbs[i];
                        }
        }
        return NULL;
}

static void print_program_help(const Program *program, FILE *out) {
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

static void print_verb_help(const Program *program, const Verb *verb) {
        printf("usage: %s %s%s%s [OPTION…]\n\n%s\n\n", program->name, verb->name,
               verb->arguments[0] ? " " : "", verb->arguments, verb->help);
        print_options(verb->options, stdout);
        print_options(options_common, stdout);
}

/* "plan" of "plan lint": says which verbs begin so; false if none does. */
static bool suggest_second_word(const Program *program, const char *word, Fault *fault) {
        cleanup_buf Buf text = BUF_TEXT;
        size_t n = strlen(word);

        for (size_t i = 0; i < program->n_verbs; i++)
                if (strncmp(program->verbs[i].name, word, n) == 0 &&
                    program->verbs[i].name[n] == ' ')
                        buf_printf(&text, "%s%s %s", text.n ? ", " : "", program->name,
                                   program->verbs[i].name);
        if (text.n)
                fault_next(fault, "%s", buf_get_text(&text));
        return text.n > 0;
}

/* What was not parsed to its end may ask for JSON later on. */
static void find_json(Args *args, int argc, char **argv) {
        for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
                if (strcmp(argv[i], "--json") == 0 && args->n_options < OPTIONS_MAX) {
                        args->options[args->n_options].row = &options_common[OPTION_JSON];
                        args->options[args->n_options++].value = "";
                        return;
                }
}

static int refuse_verb(const Args *args, const char *word) {
        const Program *program = args->program;
        const char *names[NAMES_MAX];
        const char *nearest;
        Fault fault = FAULT_INIT;

        for (size_t i = 0; i < program->n_verbs && i < NAMES_MAX; i++)
                names[i] = program->verbs[i].name;
        nearest = nearest_word(slice_text(word), names, size_min(program->n_verbs, NAMES_MAX));
        fault_set(&fault, "verb-unknown", "there is no verb `%s`", word);
        if (suggest_second_word(program, word, &fault))
                return args_refuse(args, &fault, EXIT_USAGE);
        if (nearest)
                fault_next(&fault, "did you mean `%s %s`?", program->name, nearest);
        else
                fault_next(&fault, "%s --help", program->name);
        return args_refuse(args, &fault, EXIT_USAGE);
}

static int check_count(const Args *args, Fault *fault) {
        const Verb *verb = args->verb;

        if (args->n_rest >= verb->n_least && args->n_rest <= verb->n_most)
                return 0;
        fault_set(fault, "argument-count", "%zu argument%s given; wanted: %s", args->n_rest,
                  args->n_rest == 1 ? "" : "s", verb->arguments[0] ? verb->arguments : "none");
        fault_next(fault, "%s %s --help", args->program->name, verb->name);
        return ARGS_E_REFUSED;
}

int options_run(const Program *program, int argc, char **argv) {
        Args args = {.program = program};
        Fault fault = FAULT_INIT;
        int n_words = 0;

        log_set_program(program->name);
        if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
                          strcmp(argv[1], "help") == 0)) {
                print_program_help(program, stdout);
                return EXIT_HOLDS;
        }
        if (argc >= 2 && strcmp(argv[1], "--version") == 0) {
                printf("%s (coldgate) %s\n", program->name, COLDGATE_VERSION);
                return EXIT_HOLDS;
        }
        if (argc < 2) {
                print_program_help(program, stderr);
                return EXIT_USAGE;
        }
        args.verb = find_verb(program, argc, argv, &n_words);
        if (!args.verb) {
                find_json(&args, argc, argv);
                return refuse_verb(&args, argv[1]);
        }
        if (parse_words(&args, argc, argv, 1 + n_words, &fault) != 0) {
                find_json(&args, argc, argv);
                return args_refuse(&args, &fault, EXIT_USAGE);
        }
        if (args_has(&args, "help")) {
                print_verb_help(program, args.verb);
                return EXIT_HOLDS;
        }
        if (check_count(&args, &fault) != 0)
                return args_refuse(&args, &fault, EXIT_USAGE);
        return args.verb->run(&args);
}

const char *args_get(const Args *args, const char *name) {
        for (size_t i = args->n_options; i-- > 0;)
                if (strcmp(args->options[i].row->name, name) == 0)
                        return args->options[i].value;
        return NULL;
}

const char *args_get_nth(const Args *args, const char *name, size_t i) {
        for (size_t k = 0; k < args->n_options; k++)
                if (strcmp(args->options[k].row->name, name) == 0 && i-- == 0)
                        return args->options[k].value;
        return NULL;
}

bool args_has(const Args *args, const char *name) {
        return args_get(args, name) != NULL;
}

int args_get_duration(const Args *args, const char *name, uint64_t fallback_ms, uint64_t *ret_ms,
                      Fault *reterr_fault) {
        const char *value = args_get(args, name);

        if (!value) {
                *ret_ms = fallback_ms;
                return 0;
        }
        if (duration_parse(slice_text(value), ret_ms) == 0)
                return 0;
        fault_set(reterr_fault, "option-value", "--%s %s is not a duration", name, value);
        fault_next(reterr_fault, "write a number and a unit: 250ms, 30s, 5m, 24h, 7d");
        return ARGS_E_REFUSED;
}

int args_get_time(const Args *args, const char *name, uint64_t fallback_ms, uint64_t *ret_ms,
                  Fault *reterr_fault) {
        const char *value = args_get(args, name);

        *ret_ms = fallback_ms;
        if (!value || time_parse(slice_text(value), ret_ms) == 0)
                return 0;
        fault_set(reterr_fault, "option-value", "--%s %s is not a time", name, value);
        fault_next(reterr_fault, "write it in UTC: 2026-06-13T05:33Z");
        return ARGS_E_REFUSED;
}

int args_get_number(const Args *args, const char *name, uint64_t fallback, uint64_t least,
                    uint64_t most, uint64_t *ret_number, Fault *reterr_fault) {
        const char *value = args_get(args, name);
        char *end = NULL;
        unsigned long long number;

        if (!value) {
                *ret_number = fallback;
                return 0;
        }
        number = strtoull(value, &end, 10);
        if (value[0] >= '0' && value[0] <= '9' && *end == 0 && number >= least && number <= most) {
                *ret_number = number;
                return 0;
        }
        fault_set(reterr_fault, "option-value", "--%s %s: wanted a number from %llu to %llu", name,
                  value, (unsigned long long)least, (unsigned long long)most);
        return ARGS_E_REFUSED;
}

static void json_string(Buf *text, const char *string) {
        buf_text(text, "\"");
        for (; *string; string++) {
                unsigned char c = (unsigned char)*string;

                if (c == '"' || c == '\\')
                        buf_printf(text, "\\%c", c);
                else if (c < ' ')
                        buf_printf(text, "\\u%04x", c);
                else
                        buf_byte(text, c);
        }
        buf_text(text, "\"");
}

int args_refuse(const Args *args, const Fault *fault, int status) {
        cleanup_buf Buf text = BUF_TEXT;

        if (args_has(args, "json")) {
                buf_text(&text, "{\"version\":1,\"refused\":{\"rule\":");
                json_string(&text, fault->rule ? fault->rule : "fault");
                buf_text(&text, ",\"place\":");
                json_string(&text, fault->place);
                buf_text(&text, ",\"found\":");
                json_string(&text, fault->found);
                buf_text(&text, ",\"next\":");
                json_string(&text, fault->next);
                buf_printf(&text, "},\"exit\":%d}", status);
                puts(buf_get_text(&text));
                buf_clear(&text);
        }
        fault_describe(fault, &text);
        (void)fprintf(stderr, "%s: %s", args->program->name, buf_get_text(&text));
        return status;
}

static void print_option_docs(const OptionRow *rows, Buf *text) {
        for (const OptionRow *row = rows; row && row->name; row++)
                buf_printf(text, "| `--%s%s%s` | %s |\n", row->name, row->value ? " " : "",
                           row->value ? row->value : "", row->help);
}

void options_print_docs_common(Buf *text) {
        buf_text(text, "| option of every verb | meaning |\n| --- | --- |\n");
        print_option_docs(options_common, text);
        buf_text(text, "\n");
}

void options_print_docs(const Program *program, Buf *text) {
        buf_printf(text, "## %s\n\n%s\n\n", program->name, program->help);
        for (size_t i = 0; i < program->n_verbs; i++) {
                const Verb *verb = &program->verbs[i];

                buf_printf(text, "### `%s %s%s%s`\n\n%s\n\n", program->name, verb->name,
                           verb->arguments[0] ? " " : "", verb->arguments, verb->help);
                if (!verb->options || !verb->options->name)
                        continue;
                buf_text(text, "| option | meaning |\n| --- | --- |\n");
                print_option_docs(verb->options, text);
                buf_text(text, "\n");
        }
}
