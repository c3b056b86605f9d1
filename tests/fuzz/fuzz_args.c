/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Command lines of two programs, whose parser is that of the third, and what stands in the
 * environment. A line is carried out, explained or refused; what is carried out is what the same
 * line says when it is written again; what is refused is said in words that steer no terminal,
 * under --json in JSON. What a verb says from its rows can be encoded, or is refused by a rule. The
 * first byte chooses the program, words end at NULs.
 */

#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/service.h"
#include "base/text.h"
#include "broker/log_filter.h"
#include "broker/verbs.h"
#include "builder-agent/verbs.h"
#include "proto/codec.h"
#include "tests/fuzz/shown.h"
#include "verbs/repository.h"
#include "verbs/say.h"

enum { WORDS_MAX = 48, VERBS_MAX = 64, NOW_MS = 1000000, SEQ = 31, CARRIED_OUT = 99 };

static const char commit[] = "0123456789abcdef0123456789abcdef01234567";

/* What the line was taken for; it is read once more as it was written again. */
static struct {
        const Program *program;
        bool is_again;
        Args args;
        char *words[2 * (WORDS_MAX + OPTIONS_MAX)];
        int n_words;
        Arena arena;
} line;

/* ---- what rows say ---- */

static int give_status(void *userdata, Arena *arena, struct status *ret_status, Fault *fault) {
        static struct finding_status finding = {.finding = {(const uint8_t *)"F-12", 4},
                                                .title = {(const uint8_t *)"it leaks", 8}};
        static struct phase_status phase = {
                .phase = {(const uint8_t *)"m1", 2}, .findings = &finding, .n_findings = 1};

        (void)userdata;
        (void)arena;
        (void)fault;
        *ret_status = (struct status){.phases = &phase, .n_phases = 1};
        return 0;
}

static int give_commit(void *userdata, const char *rev, char ret_commit[SAY_COMMIT_BYTES],
                       Fault *fault) {
        (void)userdata;
        memcpy(ret_commit, commit, sizeof commit);
        if (rev[0])
                return 0;
        fault_set(fault, "commit-unknown", "it has no name");
        return SAY_E_REFUSED;
}

static int take_message(void *userdata, const Message *message, uint64_t *ret_seq, Fault *fault) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX), again = BUF_INIT(FRAME_MAX);
        cleanup_arena Arena arena = ARENA_INIT;
        CodecFault codec_fault;
        Message read;

        (void)userdata;
        (void)fault;
        must(codec_encode(message, &frame, &codec_fault) == 0);
        must(codec_decode(buf_get(&frame), &arena, &read, &codec_fault) == 0);
        must(codec_encode(&read, &again, &codec_fault) == 0 &&
             slice_equal(buf_get(&frame), buf_get(&again)));
        *ret_seq = SEQ;
        return 0;
}

static const char *give_name(void *userdata, Fault *fault) {
        (void)userdata;
        (void)fault;
        return "builder";
}

static bool is_said(const Args *args) {
        for (size_t i = 0; say_at(i); i++)
                if (say_at(i)->options == args->verb->options)
                        return !args_has(args, "body"); /* a file of this machine */
        return false;
}

static void must_be_refused(int r, const Fault *fault) {
        must(r > 0 && fault->rule && fault->found[0]);
}

static void say(const Args *args) {
        static const SayPort port = {.status = give_status,
                                     .commit = give_commit,
                                     .submit = take_message,
                                     .name = give_name};
        cleanup_buf Buf text = BUF_TEXT;
        Fault fault = FAULT_INIT;
        Say saying;
        int r;

        say_init(&saying, args, &port, NOW_MS);
        r = say_run(&saying, &text, &fault);
        if (r != 0)
                must_be_refused(r, &fault);
        else if (args_has(args, "json"))
                must_be_json(buf_get(&text));
        else
                must_be_fit(buf_get(&text), false);
        say_deinit(&saying);
}

/* ---- values ---- */

/* Numbers and durations: of an option that was given, or refused. */
static void read_value(const Args *args, const char *name, const char *value) {
        cleanup_buf Buf again = BUF_TEXT;
        Fault fault = FAULT_INIT;
        uint64_t number = 0, ms = 0;
        int r = args_get_number(args, name, 0, 1, UINT32_MAX, &number, &fault);

        if (r != 0) {
                must_be_refused(r, &fault);
        } else {
                must(number >= 1 && number <= UINT32_MAX);
                buf_printf(&again, "%llu", (unsigned long long)number);
                must(strcmp(value + strspn(value, "0"), buf_get_text(&again)) == 0);
        }
        r = args_get_duration(args, name, 0, &ms, &fault);
        if (r != 0)
                must_be_refused(r, &fault);
}

static void read_filter(const Args *args) {
        Fault fault = FAULT_INIT;
        LogFilter filter;
        int r = log_filter_read(args, NOW_MS, &filter, &fault);

        if (r != 0)
                must_be_refused(r, &fault);
}

/* As a shell reads it; false: not a single word. */
static bool unquote(const char *text, Buf *word) {
        bool is_quoted = false;

        for (; *text; text++)
                if (*text == '\'')
                        is_quoted = !is_quoted;
                else if (is_quoted)
                        buf_byte(word, (uint8_t)*text);
                else if (*text == '\\' && text[1])
                        buf_byte(word, (uint8_t) * ++text);
                else if (strchr(" \t\n;&|<>()$`\"*?[#~!{", *text))
                        return false;
                else
                        buf_byte(word, (uint8_t)*text);
        return !is_quoted;
}

/* What is proposed to be typed holds the word and nothing else of it. */
static void quote(const char *value) {
        cleanup_buf Buf text = BUF_TEXT, word = BUF_TEXT, ask = BUF_TEXT;

        text_quote(value, &text);
        must(unquote(buf_get_text(&text), &word));
        must(strcmp(buf_get_text(&word), value) == 0 && text.n > 0);
        repository_ask_commit(value, "HEAD", &ask);
        must(slice_find(buf_get(&ask), buf_get(&text)) < ask.n);
}

/* ---- lines ---- */

static void put_word(char *word) {
        must((size_t)line.n_words < ARRAY_SIZE(line.words) - 1);
        line.words[line.n_words++] = word;
        line.words[line.n_words] = NULL;
}

static void write_again(const Args *args) {
        char *verb = arena_text(&line.arena, slice_text(args->verb->name)), *word;

        line.args = *args;
        line.n_words = 0;
        put_word(arena_text(&line.arena, slice_text(args->program->name)));
        while ((word = strsep(&verb, " ")))
                put_word(word);
        for (size_t i = 0; i < args->n_options; i++)
                put_word(arena_printf(&line.arena, args->options[i].row->value ? "--%s=%s" : "--%s",
                                      args->options[i].row->name, args->options[i].value));
        for (size_t i = 0; i <= args->n_rest; i++) {
                if (i == args->n_plain)
                        put_word(arena_text(&line.arena, slice_text("--")));
                if (i < args->n_rest)
                        put_word(arena_text(&line.arena, slice_text(args->rest[i])));
        }
}

static void must_be_as_before(const Args *args) {
        must(args->verb == line.args.verb && args->n_rest == line.args.n_rest &&
             args->n_plain == line.args.n_plain && args->n_options == line.args.n_options);
        for (size_t i = 0; i < args->n_rest; i++)
                must(strcmp(args->rest[i], line.args.rest[i]) == 0);
        for (size_t i = 0; i < args->n_options; i++)
                must(args->options[i].row == line.args.options[i].row &&
                     strcmp(args->options[i].value, line.args.options[i].value) == 0);
}

/* Stands in the place of every verb. */
static int carry_out(const Args *args) {
        if (line.is_again) {
                must_be_as_before(args);
                return CARRIED_OUT;
        }
        must(args->n_rest >= args->verb->n_least && args->n_rest <= args->verb->n_most &&
             args->n_plain <= args->n_rest && args->n_options <= OPTIONS_MAX);
        for (size_t i = 0; i < args->n_options; i++) {
                const OptionRow *row = args->options[i].row;

                must(row->value || !args->options[i].value[0]);
                must(!row->with || args_has(args, row->with));
                quote(args->options[i].value);
                if (row->value)
                        read_value(args, row->name, args_get(args, row->name));
        }
        if (strcmp(args->verb->name, "log") == 0)
                read_filter(args);
        if (is_said(args))
                say(args);
        write_again(args);
        return CARRIED_OUT;
}

/* With both streams in memory. */
static int run(int n, char **words) {
        FILE *out = stdout, *errors = stderr;
        char *said = NULL, *complaint = NULL;
        size_t n_said = 0, n_complaint = 0;
        int status;

        stdout = open_memstream(&said, &n_said);
        stderr = open_memstream(&complaint, &n_complaint);
        must(stdout && stderr);
        status = options_run(line.program, n, words);
        must(fclose(stdout) == 0 && fclose(stderr) == 0);
        stdout = out;
        stderr = errors;
        must_be_fit(slice_make(complaint, n_complaint), false);
        if (status == EXIT_USAGE) {
                must(n_complaint > 0);
                if (n_said)
                        must_be_json(slice_make(said, n_said));
        } else {
                must(status == CARRIED_OUT || (status == EXIT_HOLDS && n_said > 0));
                must(n_complaint == 0);
        }
        free(said);
        free(complaint);
        return status;
}

static int cut(Slice text, char **words) {
        int n = 1;

        while (text.n && n < WORDS_MAX) {
                Slice word = slice_head(text, slice_find(text, slice_make("", 1)));

                words[n++] = arena_text(&line.arena, word);
                text = slice_from(text, word.n + 1);
        }
        words[n] = NULL;
        return n;
}

static void read_line(const Program *of, Slice text) {
        Verb verbs[VERBS_MAX];
        Program program = *of;
        char *words[WORDS_MAX + 1] = {(char *)"program"};
        int status;

        must(program.n_verbs <= VERBS_MAX);
        for (size_t i = 0; i < program.n_verbs; i++) {
                verbs[i] = program.verbs[i];
                verbs[i].run = carry_out;
        }
        program.verbs = verbs;
        line.program = &program;
        line.is_again = false;
        status = run(cut(text, words), words);
        line.is_again = true;
        if (status == CARRIED_OUT)
                must(run(line.n_words, line.words) == CARRIED_OUT);
        arena_reset(&line.arena);
}

/* What a service manager sets: the time, the process it is for. */
static void read_environment(Slice text) {
        cleanup_arena Arena arena = ARENA_INIT;
        Slice head = slice_head(text, slice_find(text, slice_make("", 1)));
        const char *usec = arena_text(&arena, head);
        const char *pid = arena_text(&arena, slice_from(text, head.n + 1));
        uint64_t ms = service_watchdog_of(usec, NULL, 1);

        must(ms <= UINT64_MAX / 2000 && (ms == 0 || usec[strspn(usec, "0123456789")] == 0));
        must(service_watchdog_of(usec, pid, 1) == 0 || service_watchdog_of(usec, pid, 1) == ms);
        must(service_watchdog_of(NULL, pid, 1) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        static const Program *const programs[] = {&broker_program, &builder_program};
        Slice input = slice_make(data, n);
        size_t which = n ? data[0] % (ARRAY_SIZE(programs) + 1) : 0;

        if (n == 0)
                return 0;
        if (which < ARRAY_SIZE(programs))
                read_line(programs[which], slice_from(input, 1));
        else
                read_environment(slice_from(input, 1));
        return 0;
}
