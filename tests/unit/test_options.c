/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Command lines. */

#include "base/options.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "tests/lib/test.h"

/* What the verb was given, and what it is to return. */
static struct {
        Args args;
        unsigned n_runs;
} seen;

static int run_show(const Args *args) {
        seen.args = *args;
        seen.n_runs++;
        return 42;
}

static int run_plan_show(const Args *args) {
        (void)args;
        return 43;
}

static const OptionRow show_options[] = {
        {"limit", "N", "How many."},
        {"wait", NULL, "Wait."},
        {"timeout", "D", "How long."},
        {"then", NULL, "What comes behind it.", "wait"},
        {NULL, NULL, NULL},
};

static const Verb verbs[] = {
        {"show", "ENTRY…", 1, 3, "Shows.", run_show, show_options},
        {"plan", "", 0, 0, "Plans.", run_show, NULL},
        {"plan show", "", 0, 0, "Shows the plan.", run_plan_show, NULL},
        {"key make", "", 0, 0, "Makes a key.", run_show, NULL},
        {"key show", "", 0, 0, "Shows a key.", run_show, NULL},
};

static const Program program = {"tool", "does things", verbs, ARRAY_SIZE(verbs)};

#define RUN(...) run((const char *[]){"tool", __VA_ARGS__, NULL})

static int run(const char *const *words) {
        char *argv[16];
        int argc = 0;

        for (; words[argc]; argc++)
                argv[argc] = (char *)words[argc];
        argv[argc] = NULL;
        seen.n_runs = 0;
        return options_run(&program, argc, argv);
}

/* The same, and what it wrote on a stream. */
static const char *output_of(int stream, const char *const *words, int expected) {
        static char text[8192];
        int fds[2], saved;
        ssize_t n;

        CHECK_EQ_INT(pipe(fds), 0);
        (void)fflush(NULL);
        saved = dup(stream);
        CHECK(saved >= 0 && dup2(fds[1], stream) == stream);
        CHECK_EQ_INT(run(words), expected);
        (void)fflush(NULL);
        CHECK(dup2(saved, stream) == stream);
        (void)close(saved);
        (void)close(fds[1]);
        n = read(fds[0], text, sizeof text - 1);
        CHECK(n >= 0);
        text[n] = 0;
        (void)close(fds[0]);
        return text;
}

#define OUTPUT_OF(stream, expected, ...)                                                           \
        output_of((stream), (const char *[]){"tool", __VA_ARGS__, NULL}, (expected))

TEST(a_verb_gets_its_words_and_options_in_any_order) {
        CHECK_EQ_INT(RUN("show", "--limit", "3", "a", "--wait", "b", "--timeout=5s"), 42);
        CHECK_EQ_U64(seen.args.n_rest, 2);
        CHECK_EQ_TEXT(seen.args.rest[1], "b");
        CHECK_EQ_TEXT(args_get(&seen.args, "limit"), "3");
        CHECK_EQ_TEXT(args_get(&seen.args, "timeout"), "5s");
        CHECK(args_has(&seen.args, "wait"));
        CHECK(!args_has(&seen.args, "json"));
}

TEST(behind_two_dashes_everything_is_a_word) {
        CHECK_EQ_INT(RUN("show", "--", "--limit", "-x"), 42);
        CHECK_EQ_U64(seen.args.n_rest, 2);
        CHECK_EQ_TEXT(seen.args.rest[0], "--limit");
}

TEST(the_last_of_two_values_counts) {
        CHECK_EQ_INT(RUN("show", "a", "--limit", "1", "--limit", "2"), 42);
        CHECK_EQ_TEXT(args_get(&seen.args, "limit"), "2");
}

TEST(an_option_that_does_nothing_alone_is_refused) {
        CHECK_CONTAINS(OUTPUT_OF(2, EXIT_USAGE, "show", "a b", "--then"),
                       "next: tool show --wait 'a b' --then\n");
        CHECK_EQ_U64(seen.n_runs, 0);
        CHECK_EQ_INT(RUN("show", "a", "--then", "--wait"), 42);
}

TEST(common_options_may_stand_before_the_verb) {
        CHECK_EQ_INT(RUN("--dir", "d", "--json", "show", "a"), 42);
        CHECK_EQ_TEXT(args_get(&seen.args, "dir"), "d");
        CHECK_EQ_U64(seen.args.n_rest, 1);
        CHECK_CONTAINS(OUTPUT_OF(2, EXIT_USAGE, "--limit", "3", "show", "a"), "option-unknown");
        CHECK_EQ_INT(RUN("--dir", "d"), EXIT_USAGE);
}

TEST(a_verb_of_two_words_wins) {
        CHECK_EQ_INT(RUN("plan", "show"), 43);
        CHECK_EQ_INT(RUN("plan"), 42);
}

TEST(a_mistyped_verb_is_suggested) {
        CHECK_CONTAINS(OUTPUT_OF(2, EXIT_USAGE, "shwo"), "did you mean `tool show`?");
        CHECK_EQ_U64(seen.n_runs, 0);
}

TEST(a_mistyped_option_is_suggested) {
        CHECK_CONTAINS(OUTPUT_OF(2, EXIT_USAGE, "show", "a", "--limti", "3"),
                       "did you mean --limit?");
        CHECK_EQ_U64(seen.n_runs, 0);
}

TEST(a_wrong_number_of_words_is_refused) {
        CHECK_CONTAINS(OUTPUT_OF(2, EXIT_USAGE, "show"), "argument-count: 0 arguments");
        CHECK_CONTAINS(OUTPUT_OF(2, EXIT_USAGE, "show", "a", "b", "c", "d"), "argument-count");
        CHECK_EQ_U64(seen.n_runs, 0);
}

TEST(a_flag_takes_no_value_and_an_option_needs_one) {
        CHECK_CONTAINS(OUTPUT_OF(2, EXIT_USAGE, "show", "a", "--wait=yes"), "takes no value");
        CHECK_CONTAINS(OUTPUT_OF(2, EXIT_USAGE, "show", "a", "--limit"), "wants a value: N");
        CHECK_CONTAINS(OUTPUT_OF(2, EXIT_USAGE, "show", "a", "-l"), "options are long here");
}

TEST(help_comes_from_the_rows) {
        CHECK_CONTAINS(OUTPUT_OF(1, EXIT_HOLDS, "--help"), "plan show      Shows the plan.");
        CHECK_CONTAINS(OUTPUT_OF(1, EXIT_HOLDS, "show", "--help"), "--limit N");
        CHECK_CONTAINS(OUTPUT_OF(1, EXIT_HOLDS, "--version"), "tool (coldgate) ");
        CHECK_CONTAINS(OUTPUT_OF(1, EXIT_HOLDS, "help", "show"), "--limit N");
        CHECK_CONTAINS(OUTPUT_OF(1, EXIT_HOLDS, "key", "--help"), "key make       Makes a key.");
}

TEST(a_refusal_is_json_where_that_is_asked_for) {
        CHECK_EQ_TEXT(OUTPUT_OF(1, EXIT_USAGE, "show", "--json"),
                      "{\"version\":1,\"refused\":{\"rule\":\"argument-count\",\"place\":\"\","
                      "\"found\":\"0 arguments given; wanted: ENTRY…\","
                      "\"next\":\"tool show --help\"},\"exit\":2}\n");
}

TEST(what_cannot_be_parsed_is_json_too) {
        CHECK_CONTAINS(OUTPUT_OF(1, EXIT_USAGE, "show", "--xyzzy", "a", "--json"),
                       "\"rule\":\"option-unknown\"");
        CHECK_CONTAINS(OUTPUT_OF(1, EXIT_USAGE, "xyzzy", "--json"), "\"rule\":\"verb-unknown\"");
        CHECK_EQ_TEXT(OUTPUT_OF(1, EXIT_USAGE, "xyzzy", "--", "--json"), "");
}

TEST(no_hidden_character_stands_raw_in_json) {
        CHECK_CONTAINS(OUTPUT_OF(1, EXIT_USAGE, "x\u200by", "--json"), "x\\u200by");
        CHECK_CONTAINS(OUTPUT_OF(1, EXIT_USAGE, "x\U000e0041y", "--json"), "x\\udb40\\udc41y");
}

TEST(the_first_word_of_two_names_those_that_begin_so) {
        CHECK_CONTAINS(OUTPUT_OF(2, EXIT_USAGE, "key"), "next: tool key make, tool key show");
}

TEST(an_option_like_no_other_sends_to_the_help) {
        CHECK_CONTAINS(OUTPUT_OF(2, EXIT_USAGE, "show", "--xyzzy"), "next: tool show --help");
}

TEST(durations_and_numbers_are_typed) {
        Fault fault = FAULT_INIT;
        uint64_t value = 0;

        CHECK_EQ_INT(RUN("show", "a", "--limit", "30", "--timeout", "2m"), 42);
        CHECK_EQ_INT(args_get_duration(&seen.args, "timeout", 7, &value, &fault), 0);
        CHECK_EQ_U64(value, 120000);
        CHECK_EQ_INT(args_get_number(&seen.args, "limit", 7, 1, 30, &value, &fault), 0);
        CHECK_EQ_U64(value, 30);
        CHECK_EQ_INT(args_get_number(&seen.args, "limit", 7, 1, 29, &value, &fault),
                     ARGS_E_REFUSED);
        CHECK_EQ_TEXT(fault.rule, "option-value");
        CHECK_EQ_INT(args_get_duration(&seen.args, "limit", 7, &value, &fault), ARGS_E_REFUSED);
}

TEST(what_is_not_given_has_its_fallback) {
        Fault fault = FAULT_INIT;
        uint64_t value = 0;

        CHECK_EQ_INT(RUN("show", "a"), 42);
        CHECK_EQ_INT(args_get_duration(&seen.args, "timeout", 7, &value, &fault), 0);
        CHECK_EQ_U64(value, 7);
        CHECK_EQ_INT(args_get_number(&seen.args, "limit", 8, 1, 30, &value, &fault), 0);
        CHECK_EQ_U64(value, 8);
}

TEST(what_is_no_number_is_refused) {
        static const char *const rows[] = {
                "", "-1", "+1", " 1", "1x", "0x10", "99999999999999999999999"};

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                Fault fault = FAULT_INIT;
                uint64_t value;

                CHECK_EQ_INT(RUN("show", "a", "--limit", rows[i]), 42);
                CHECK_EQ_INT(args_get_number(&seen.args, "limit", 7, 1, 30, &value, &fault),
                             ARGS_E_REFUSED);
        }
}

TEST(the_docs_have_every_verb_and_option) {
        cleanup_buf Buf text = BUF_TEXT;

        options_print_docs(&program, &text);
        CHECK_CONTAINS(buf_get_text(&text), "### `tool show ENTRY…`");
        CHECK_CONTAINS(buf_get_text(&text), "| `--limit N` | How many. |");
        CHECK_CONTAINS(buf_get_text(&text), "### `tool plan show`");
}
