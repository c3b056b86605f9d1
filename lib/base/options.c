/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* One parser for every verb of every program. */

#include "base/options_parts.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/nearest.h"
#include "base/text.h"

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
        for (const OptionRow *row = verb ? verb->options : NULL; row && row->name; row++)
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

        if (!verb) {
                fault_set(fault, "option-unknown", "no option --%.*s stands before a verb",
                          SLICE_ARGS(name));
                fault_next(fault, "%s VERB --%.*s …", program->name, SLICE_ARGS(name));
                return;
        }
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

/* A short one: a long one that begins so, a flag before what takes a value. */
static void refuse_short(const Program *program, const Verb *verb, const char *word, Fault *fault) {
        const OptionRow *meant = NULL;

        for (const OptionRow *row = verb->options; row && row->name; row++)
                if (row->name[0] == word[1] && (!meant || (meant->value && !row->value)))
                        meant = row;
        fault_set(fault, "option-unknown", "%s: options are long here", word);
        if (meant)
                fault_next(fault, "did you mean --%s?", meant->name);
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
                        refuse_short(args->program, args->verb, argv[i], fault);
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

/* Options of every verb may stand before it. */
static int parse_before_verb(Args *args, int argc, char **argv, int *i, Fault *fault) {
        for (; *i < argc && strncmp(argv[*i], "--", 2) == 0 && argv[*i][2]; (*i)++) {
                int r = parse_option(args, argc, argv, i, fault);

                if (r != 0)
                        return r;
        }
        return 0;
}

/* A verb of two words ("plan lint") wins over one of one word. */
static const Verb *find_verb(const Program *program, int n, char *const *words, int *ret_n_words) {
        for (int n_words = 2; n_words >= 1; n_words--) {
                char name[128];

                if (n < n_words)
                        continue;
                (void)snprintf(name, sizeof name, "%s%s%s", words[0], n_words == 2 ? " " : "",
                               n_words == 2 ? words[1] : "");
                for (size_t i = 0; i < program->n_verbs; i++)
                        if (strcmp(program->verbs[i].name, name) == 0) {
                                *ret_n_words = n_words;
                                return &program->verbs[i];
                        }
        }
        return NULL;
}

/* "plan" of "plan lint": says which verbs begin so, or which of them was meant; false if none does.
 */
static bool suggest_of_group(const Program *program, const char *word, const char *second,
                             Fault *fault) {
        cleanup_buf Buf text = BUF_TEXT, both = BUF_TEXT;
        const char *names[NAMES_MAX];
        const char *nearest;
        size_t n = 0;

        for (size_t i = 0; i < program->n_verbs && n < NAMES_MAX; i++)
                if (verb_is_of_group(&program->verbs[i], word)) {
                        buf_printf(&text, "%s%s %s", text.n ? ", " : "", program->name,
                                   program->verbs[i].name);
                        names[n++] = program->verbs[i].name;
                }
        buf_printf(&both, "%s %s", word, second ? second : "");
        nearest = second ? nearest_word(buf_get(&both), names, n) : NULL;
        if (nearest)
                fault_next(fault, "did you mean `%s %s`?", program->name, nearest);
        else if (n)
                fault_next(fault, "%s", buf_get_text(&text));
        return n > 0;
}

/* "lint" of "plan lint". */
static const char *find_second_word(const Program *program, const char *word) {
        for (size_t i = 0; i < program->n_verbs; i++) {
                const char *blank = strchr(program->verbs[i].name, ' ');

                if (blank && strcmp(blank + 1, word) == 0)
                        return program->verbs[i].name;
        }
        return NULL;
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

static int refuse_verb(const Args *args, const char *word, const char *second) {
        const Program *program = args->program;
        const char *names[NAMES_MAX];
        const char *nearest = find_second_word(program, word);
        Fault fault = FAULT_INIT;

        for (size_t i = 0; i < program->n_verbs && i < NAMES_MAX; i++)
                names[i] = program->verbs[i].name;
        if (!nearest)
                nearest = nearest_word(slice_text(word), names,
                                       size_min(program->n_verbs, NAMES_MAX));
        fault_set(&fault, "verb-unknown", "there is no verb `%s`", word);
        if (suggest_of_group(program, word, second, &fault))
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

/* An option that does nothing alone was meant to do something. A line that is too long to be said
 * is not said: a part of it would do something else. */
static int check_pairs(const Args *args, int argc, char *const *argv, int first, Fault *fault) {
        for (size_t i = 0; i < args->n_options; i++) {
                const OptionRow *row = args->options[i].row, *with;
                cleanup_buf Buf text = BUF_TEXT;

                if (!row->with || args_has(args, row->with))
                        continue;
                fault_set(fault, "option-alone", "--%s counts only together with --%s", row->name,
                          row->with);
                with = find_option(args->verb, slice_text(row->with));
                for (int k = 1; k < argc; k++) {
                        if (k == first)
                                buf_printf(&text, " --%s%s%s", row->with, with->value ? " " : "",
                                           with->value ? with->value : "");
                        buf_byte(&text, ' ');
                        text_quote(argv[k], &text);
                }
                if (strlen(args->program->name) + text.n < sizeof fault->next)
                        fault_next(fault, "%s%s", args->program->name, buf_get_text(&text));
                else
                        fault_next(fault, "%s %s --help", args->program->name, args->verb->name);
                return ARGS_E_REFUSED;
        }
        return 0;
}

static bool is_help(const char *word) {
        return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

/* `help`, `help plan lint`, `help plan`, `plan --help`; false: it is something else. */
static bool explain(const Program *program, int n, char *const *words) {
        int n_words;
        const Verb *verb;

        if (n >= 2 && is_help(words[0])) {
                verb = find_verb(program, n - 1, words + 1, &n_words);
                if (verb)
                        options_print_verb_help(program, verb);
                else if (!options_print_group_help(program, words[1]))
                        options_print_program_help(program, stdout);
                return true;
        }
        if (n >= 2 && is_help(words[1]) && !find_verb(program, 1, words, &n_words))
                return options_print_group_help(program, words[0]);
        if (n >= 1 && is_help(words[0]))
                options_print_program_help(program, stdout);
        return n >= 1 && is_help(words[0]);
}

static int run_verb(Args *args, int argc, char **argv, int i, Fault *fault) {
        if (parse_words(args, argc, argv, i, fault) != 0) {
                find_json(args, argc, argv);
                return args_refuse(args, fault, EXIT_USAGE);
        }
        if (args_has(args, "help")) {
                options_print_verb_help(args->program, args->verb);
                return EXIT_HOLDS;
        }
        if (check_count(args, fault) != 0 || check_pairs(args, argc, argv, i, fault) != 0)
                return args_refuse(args, fault, EXIT_USAGE);
        return args->verb->run(args);
}

static int run(const Program *program, int argc, char **argv) {
        Args args = {.program = program};
        Fault fault = FAULT_INIT;
        int i = 1, n_words = 0;

        if (explain(program, argc - 1, argv + 1))
                return EXIT_HOLDS;
        if (argc >= 2 && (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0)) {
                printf("%s (coldgate) %s\n", program->name, COLDGATE_VERSION);
                return EXIT_HOLDS;
        }
        if (parse_before_verb(&args, argc, argv, &i, &fault) != 0) {
                find_json(&args, argc, argv);
                return args_refuse(&args, &fault, EXIT_USAGE);
        }
        if (i >= argc) {
                bool is_asked = args_has(&args, "help");

                options_print_program_help(program, is_asked ? stdout : stderr);
                return is_asked ? EXIT_HOLDS : EXIT_USAGE;
        }
        args.verb = find_verb(program, argc - i, argv + i, &n_words);
        if (args.verb)
                return run_verb(&args, argc, argv, i + n_words, &fault);
        find_json(&args, argc, argv);
        return refuse_verb(&args, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
}

/* What could not be written was not said: whoever reads an empty answer must not take it for one.
 * A reader that has gone wants none. */
static int check_output(const Program *program, int status) {
        struct pollfd out = {.fd = STDOUT_FILENO};

        if (fflush(stdout) == 0 && !ferror(stdout))
                return status;
        if (poll(&out, 1, 0) == 1 && out.revents & (POLLERR | POLLHUP))
                return status;
        (void)fprintf(stderr,
                      "%s: output-unwritable: standard output could not be written in full\n"
                      "  next: make room, or write it elsewhere\n",
                      program->name);
        return EXIT_NOT_CARRIED_OUT;
}

int options_run(const Program *program, int argc, char **argv) {
        log_set_program(program->name);
        return check_output(program, run(program, argc, argv));
}
