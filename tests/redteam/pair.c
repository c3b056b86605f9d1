/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A line is a row of the table of words; the words know where their text goes. */

#include "tests/redteam/pair.h"

#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "tests/lib/test.h"

enum { FILE_BYTES_MAX = 1 << 20, MODE_PLAIN = 0644 };

#define INDENT "    "

const char *const part_names[_PART_MAX] = {"base", "honest", "cheat"};

typedef struct Reader {
        const char *path;
        Slice rest;
        size_t line;
        Arena *arena;
        Pair *pairs;
        size_t n_pairs;
} Reader;

typedef struct Word {
        const char *name;
        void (*read)(Reader *reader, Part part, Slice rest);
} Word;

static void noreturn_ refuse(const Reader *reader, const char *why, Slice what) {
        FAIL_TEST("%s:%zu: %s: %.*s", reader->path, reader->line, why, SLICE_ARGS(what));
}

static Pair *newest(const Reader *reader) {
        if (!reader->n_pairs)
                refuse(reader, "this stands before the first pair", reader->rest);
        return &reader->pairs[reader->n_pairs - 1];
}

static Slice take_line(Reader *reader) {
        size_t n = slice_find(reader->rest, slice_text("\n"));
        Slice line = slice_head(reader->rest, n);

        reader->rest = slice_from(reader->rest, n + 1);
        reader->line++;
        return line;
}

/* Up to the next blank; the rest begins behind it. */
static Slice take_word(Slice *text) {
        size_t n = slice_find(*text, slice_text(" "));
        Slice word = slice_head(*text, n);

        *text = slice_from(*text, n + 1);
        return word;
}

static bool begins_with(Slice text, const char *head) {
        return slice_is(slice_head(text, strlen(head)), head);
}

static bool ends_in_colon(Slice *text) {
        if (!text->n || text->data[text->n - 1] != ':')
                return false;
        text->n--;
        return true;
}

/* The indented lines from here on; blank lines at the end are not of it. */
static const char *take_text(Reader *reader) {
        cleanup_buf Buf text = BUF_TEXT;
        size_t n_whole = 0;

        while (reader->rest.n &&
               (begins_with(reader->rest, INDENT) || begins_with(reader->rest, "\n"))) {
                Slice line = slice_from(take_line(reader), sizeof INDENT - 1);

                buf_slice(&text, line);
                buf_byte(&text, '\n');
                if (line.n)
                        n_whole = text.n;
        }
        return arena_text(reader->arena, slice_head(buf_get(&text), n_whole));
}

static void read_pair(Reader *reader, Part part, Slice rest) {
        size_t n = slice_find(rest, slice_text(": "));
        Pair *pair;

        if (part != _PART_MAX || n == rest.n)
                refuse(reader, "a pair is `pair NAME: ABOUT`", rest);
        reader->pairs =
                arena_grow(reader->arena, reader->pairs, reader->n_pairs, sizeof *reader->pairs);
        pair = &reader->pairs[reader->n_pairs++];
        *pair = (Pair){.name = arena_text(reader->arena, slice_head(rest, n)),
                       .about = arena_text(reader->arena, slice_from(rest, n + 2)),
                       .phase = ""};
}

static void read_expect(Reader *reader, Part part, Slice rest) {
        PairEnd *expected = &newest(reader)->expected;

        (void)part;
        expected->decision = arena_text(reader->arena, take_word(&rest));
        expected->check = arena_text(reader->arena, take_word(&rest));
        expected->reason = arena_text(reader->arena, rest);
}

static void read_phase(Reader *reader, Part part, Slice rest) {
        (void)part;
        (void)rest;
        newest(reader)->phase = take_text(reader);
}

static void read_gate(Reader *reader, Part part, Slice rest) {
        (void)rest;
        newest(reader)->gates[part == _PART_MAX ? PART_BASE : part] = take_text(reader);
}

static void read_before(Reader *reader, Part part, Slice rest) {
        (void)part;
        (void)rest;
        newest(reader)->before = take_text(reader);
}

static void read_beside(Reader *reader, Part part, Slice rest) {
        (void)part;
        (void)rest;
        newest(reader)->beside = take_text(reader);
}

static void read_env(Reader *reader, Part part, Slice rest) {
        Pair *pair = newest(reader);

        (void)part;
        pair->env = arena_grow(reader->arena, pair->env, pair->n_env, sizeof *pair->env);
        pair->env[pair->n_env++] = arena_text(reader->arena, rest);
}

static void read_carry(Reader *reader, Part part, Slice rest) {
        (void)part;
        (void)rest;
        newest(reader)->is_carried = true;
}

static void read_claim(Reader *reader, Part part, Slice rest) {
        (void)part;
        newest(reader)->claim = arena_text(reader->arena, rest);
}

static void read_tip(Reader *reader, Part part, Slice rest) {
        (void)part;
        newest(reader)->tip = arena_text(reader->arena, rest);
}

static void read_plan(Reader *reader, Part part, Slice rest) {
        (void)part;
        newest(reader)->plan_path = arena_text(reader->arena, rest);
}

static void read_twin(Reader *reader, Part part, Slice rest) {
        (void)part;
        newest(reader)->twin = arena_text(reader->arena, rest);
}

static PairStep *add_step(Reader *reader, Part part) {
        PairSteps *steps;

        if (part == _PART_MAX)
                refuse(reader, "whose is this? base, honest or cheat", reader->rest);
        steps = &newest(reader)->steps[part];
        steps->items = arena_grow(reader->arena, steps->items, steps->n, sizeof *steps->items);
        return &steps->items[steps->n++];
}

static void read_file(Reader *reader, Part part, Slice rest) {
        PairStep *step = add_step(reader, part);
        Slice path = take_word(&rest);

        *step = (PairStep){.path = arena_text(reader->arena, path), .mode = MODE_PLAIN};
        if (rest.n)
                step->mode = (mode_t)strtoul(arena_text(reader->arena, rest), NULL, 8);
        step->text = take_text(reader);
}

static void read_shell(Reader *reader, Part part, Slice rest) {
        PairStep *step = add_step(reader, part);

        (void)rest;
        *step = (PairStep){.path = NULL};
        step->text = take_text(reader);
}

static const Word words[] = {
        {"pair", read_pair}, {"expect", read_expect}, {"phase", read_phase},
        {"gate", read_gate}, {"before", read_before}, {"beside", read_beside},
        {"env", read_env},   {"carry", read_carry},   {"claim", read_claim},
        {"tip", read_tip},   {"twin", read_twin},     {"file", read_file},
        {"plan", read_plan}, {"shell", read_shell},
};

static Part take_part(Slice *line) {
        for (Part part = 0; part < _PART_MAX; part++) {
                size_t n = strlen(part_names[part]);

                if (!begins_with(*line, part_names[part]) || line->n <= n || line->data[n] != ' ')
                        continue;
                *line = slice_from(*line, n + 1);
                return part;
        }
        return _PART_MAX;
}

static void read_line(Reader *reader, Slice line) {
        Slice whole = line, word;
        Part part = take_part(&line);

        (void)ends_in_colon(&line);
        word = take_word(&line);
        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                if (slice_is(word, words[i].name)) {
                        words[i].read(reader, part, line);
                        return;
                }
        refuse(reader, "this is no word of a pair", whole);
}

static const Pair *find(const Reader *reader, const char *name) {
        for (size_t i = 0; i < reader->n_pairs; i++)
                if (strcmp(reader->pairs[i].name, name) == 0)
                        return &reader->pairs[i];
        return NULL;
}

static void check_pair(const Reader *reader, const Pair *pair) {
        bool has_honest = pair->gates[PART_BASE] || pair->gates[PART_HONEST] || pair->twin;
        bool has_cheat = pair->gates[PART_BASE] || pair->gates[PART_CHEAT];
        const Pair *twin = pair->twin ? find(reader, pair->twin) : NULL;

        if (!pair->expected.reason || !pair->expected.reason[0] || !has_honest || !has_cheat)
                FAIL_TEST("%s: the pair %s lacks its gate or what is expected", reader->path,
                          pair->name);
        if (pair->twin && (!twin || twin->twin || strcmp(pair->expected.decision, "REFUSED") != 0))
                FAIL_TEST("%s: the pair %s cannot have that twin", reader->path, pair->name);
}

Pair *pair_read_all(const char *path, Arena *arena, size_t *ret_n) {
        cleanup_buf Buf text = BUF_INIT(FILE_BYTES_MAX);
        Reader reader = {.path = path, .arena = arena};

        if (file_read(path, &text) != 0)
                FAIL_TEST("%s cannot be read", path);
        for (reader.rest = buf_get(&text); reader.rest.n;) {
                Slice line = take_line(&reader);

                if (line.n && line.data[0] != '#')
                        read_line(&reader, line);
        }
        for (size_t i = 0; i < reader.n_pairs; i++)
                check_pair(&reader, &reader.pairs[i]);
        *ret_n = reader.n_pairs;
        return reader.pairs;
}
