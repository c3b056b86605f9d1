/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The rows as tables. */

#include "plan/grammar.h"

#include "base/nearest.h"
#include "plan/visible.h"

enum {
        WORDS_OF_PLACE_MAX = 64,
        SHOWN_BYTES = 64,
        OPTIONAL = 0,
        REQUIRED = 1,
        DEMANDS = 0,
        ASSERTS = 1
};

const ValueRow value_rows[_VALUE_MAX] = {
#define VALUE(KIND, vars, text, json) [VALUE_##KIND] = {vars, text, json},
#include "plan/grammar.def"
};

const char *const check_kind_words[_CHECK_MAX] = {
#define KIND(SORT, name, KIND, in, asserts, text, shown) [CHECK_##SORT] = name,
#include "plan/grammar.def"
};

const bool check_kind_asserts_itself[_CHECK_MAX] = {
#define KIND(SORT, name, KIND, in, asserts, text, shown) [CHECK_##SORT] = (asserts),
#include "plan/grammar.def"
};

const Word word_rows[] = {
#define KIND(SORT, name, KIND, in, asserts, text, shown)                                           \
        PART(IN_CHECK, OPTIONAL, name, KIND, in, text, shown)
#define PART(in, presence, name, KIND, within, text, shown)                                        \
        {.word = name,                                                                             \
         .inside = (within),                                                                       \
         .places = (in),                                                                           \
         .kind = VALUE_##KIND,                                                                     \
         .is_required = (presence),                                                                \
         .sentence = text,                                                                         \
         .example = shown},
#define WORD(Target, in, presence, name, KIND, member, min, max, text, shown)                      \
        {.word = name,                                                                             \
         .places = (in),                                                                           \
         .kind = VALUE_##KIND,                                                                     \
         .is_required = (presence),                                                                \
         .target = TARGET_##Target,                                                                \
         .offset = offsetof(Target, member),                                                       \
         .least = (min),                                                                           \
         .most = (max),                                                                            \
         .sentence = text,                                                                         \
         .example = shown},
#define WORDS(Target, in, presence, name, KIND, member, n_member, min, max, text, shown)           \
        {.word = name,                                                                             \
         .places = (in),                                                                           \
         .kind = VALUE_##KIND,                                                                     \
         .is_required = (presence),                                                                \
         .target = TARGET_##Target,                                                                \
         .offset = offsetof(Target, member),                                                       \
         .offset_n = offsetof(Target, n_member),                                                   \
         .least = (min),                                                                           \
         .most = (max),                                                                            \
         .sentence = text,                                                                         \
         .example = shown},
#include "plan/grammar.def"
};
const size_t n_word_rows = ARRAY_SIZE(word_rows);

const SubjectRow subject_rows[_SUBJECT_MAX] = {
#define SUBJECT(SEEN, name, of, as, min, max, text, shown)                                         \
        [SUBJECT_##SEEN] = {.word = name,                                                          \
                            .checks = (of),                                                        \
                            .values = (as),                                                        \
                            .least = (min),                                                        \
                            .most = (max),                                                         \
                            .sentence = text,                                                      \
                            .example = shown},
#include "plan/grammar.def"
};

const FactRow fact_rows[] = {
#define FACT(name, as, text, shown)                                                                \
        {.word = name, .values = (as), .sentence = text, .example = shown},
#include "plan/grammar.def"
};
const size_t n_fact_rows = ARRAY_SIZE(fact_rows);

const MatcherRow matcher_rows[_MATCH_MAX] = {
#define MATCHER(OP, name, as, OPERAND, text, shown)                                                \
        [MATCH_##OP] = {.word = name,                                                              \
                        .values = (as),                                                            \
                        .operand = OPERAND_##OPERAND,                                              \
                        .sentence = text,                                                          \
                        .example = shown},
#include "plan/grammar.def"
};

const PlaceRow place_rows[] = {
        {IN_PHASE, "phase", "a phase", "The block `yaml phase`"},
        {IN_DEFAULTS, "defaults", "defaults", "`defaults`"},
        {IN_GATE, "gate", "a gate", "The block `yaml gate`"},
        {IN_UNCHANGED, "unchanged", "unchanged", "A gate's `unchanged`"},
        {IN_LOCK, "lock", "lock", "`lock` of a gate or a check"},
        {IN_CHECK, "check", "a check", "A check"},
        {IN_HTTP, "http", "http", "`http`"},
        {IN_REPORT, "report", "report", "`report`"},
        {IN_GIT, "git", "git", "`git`"},
        {IN_UNCHANGED_SINCE, "unchanged-since", "unchanged-since", "`unchanged-since` of `git`"},
        {IN_PATHS_ONLY, "paths-only", "paths-only", "`paths-only` of `git`"},
        {IN_REVISION, "revision", "revision", "`revision`"},
        {IN_FILE, "file", "file", "`file`"},
        {IN_PORT, "port", "port", "`port`"},
        {IN_PROCESS, "process", "process", "`process`"},
        {IN_LOG, "log", "log", "`log`"},
        {IN_REPEAT, "repeat", "repeat", "A check's `repeat`"},
        {IN_EXAMINED, "examined", "examined", "A check's `examined`"},
        {IN_LIMITS, "limits", "limits", "A check's `limits`"},
        {IN_TEETH, "teeth", "teeth", "A check's `teeth`"},
        {IN_EXPECT, "expect", "expect", NULL},
        {IN_MATCHERS, "matchers", "what is expected of a subject", NULL},
};
const size_t n_place_rows = ARRAY_SIZE(place_rows);

typedef struct BitName {
        unsigned bit;
        const char *name;
} BitName;

static const BitName view_rows[] = {
        {AS_STREAM, "a text"},     {AS_NUMBER, "a number"}, {AS_DURATION, "a duration"},
        {AS_JSON, "a JSON value"}, {AS_SIZE, "a size"},     {AS_FLAG, "a yes or no"},
        {AS_SIGNAL, "a signal"},
};

const Word *grammar_find_word(unsigned place, Slice word) {
        for (size_t i = 0; i < n_word_rows; i++)
                if ((word_rows[i].places & place) && slice_is(word, word_rows[i].word))
                        return &word_rows[i];
        return NULL;
}

static void add_name(Buf *text, bool *is_first, const char *name) {
        buf_printf(text, "%s%s", *is_first ? "" : ", ", name);
        *is_first = false;
}

void grammar_describe_places(unsigned places, Buf *text) {
        bool is_first = true;

        for (size_t i = 0; i < n_place_rows; i++)
                if (places & place_rows[i].place)
                        add_name(text, &is_first, place_rows[i].here);
}

void grammar_describe_values(unsigned values, Buf *text) {
        bool is_first = true;

        if (values == AS_ANYTHING) {
                buf_text(text, "anything");
                return;
        }
        for (size_t i = 0; i < ARRAY_SIZE(view_rows); i++)
                if (values & view_rows[i].bit)
                        add_name(text, &is_first, view_rows[i].name);
}

void grammar_describe_checks(unsigned checks, Buf *text) {
        bool is_first = true;

        for (size_t kind = 0; kind < _CHECK_MAX; kind++)
                if (checks & 1u << kind)
                        add_name(text, &is_first, check_kind_words[kind]);
}

/* Each row of the grammar that is a word, in one sequence. NULL at its end. */
static const char *word_at(size_t i, unsigned *ret_places) {
        if (i < n_word_rows) {
                *ret_places = word_rows[i].places;
                return word_rows[i].word;
        }
        i -= n_word_rows;
        if (i < _SUBJECT_MAX) {
                *ret_places = IN_EXPECT;
                return subject_rows[i].word;
        }
        i -= _SUBJECT_MAX;
        if (i < _MATCH_MAX) {
                *ret_places = IN_MATCHERS;
                return matcher_rows[i].word;
        }
        return NULL;
}

static unsigned places_of(Slice word) {
        unsigned places = 0, some;
        const char *known;

        for (size_t i = 0; (known = word_at(i, &some)); i++)
                if (slice_is(word, known))
                        places |= some;
        return places;
}

static void suggest(unsigned place, Slice word, Fault *fault) {
        const char *words[WORDS_OF_PLACE_MAX], *known, *nearest;
        cleanup_buf Buf all = BUF_INIT(sizeof fault->next / 2);
        size_t n = 0;
        unsigned places;

        for (size_t i = 0; (known = word_at(i, &places)) && n < ARRAY_SIZE(words); i++)
                if (places & place)
                        words[n++] = known;
        nearest = nearest_word(word, words, n);
        for (size_t i = 0; i < n && !nearest; i++)
                buf_printf(&all, "%s%s", i ? ", " : "", words[i]);
        if (nearest)
                fault_next(fault, "did you mean `%s`?", nearest);
        else
                fault_next(fault, "the words are: %s", buf_get_text(&all));
}

void grammar_refuse(unsigned place, Slice word, PlanPlace at, FaultList *faults) {
        cleanup_buf Buf shown = BUF_TEXT, here = BUF_TEXT, there = BUF_TEXT;
        unsigned places = places_of(word);
        Fault *fault;

        visible_append(&shown, word, SHOWN_BYTES);
        grammar_describe_places(place, &here);
        grammar_describe_places(places, &there);
        if (places) {
                fault = faults_add(faults, at, "plan-word-place", "`%s` does not stand here, in %s",
                                   buf_get_text(&shown), buf_get_text(&here));
                fault_next(fault, "it stands in %s", buf_get_text(&there));
        } else {
                fault = faults_add(faults, at, "plan-word-unknown", "there is no word `%s` in %s",
                                   buf_get_text(&shown), buf_get_text(&here));
                suggest(place, word, fault);
        }
}
