/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The rows of grammar.def, and what is said about words that have none. */

#include "plan/faults.h"

/* Where a word may stand. */
enum {
        IN_PHASE = 1 << 0,
        IN_DEFAULTS = 1 << 1,
        IN_GATE = 1 << 2,
        IN_CHECK = 1 << 3,
        IN_HTTP = 1 << 4,
        IN_EXPECT = 1 << 5,
        IN_MATCHERS = 1 << 6,
};

/* Which kinds of check a subject belongs to. */
enum {
        OF_RUN = 1 << CHECK_RUN,
        OF_HTTP = 1 << CHECK_HTTP,
        OF_REPORT = 1 << CHECK_REPORT,
        OF_FILE = 1 << CHECK_FILE,
        OF_PORT = 1 << CHECK_PORT,
        OF_PROCESS = 1 << CHECK_PROCESS,
        OF_LOG = 1 << CHECK_LOG,
};

/* What a matcher looks at. */
enum {
        AS_STREAM = 1 << 0,
        AS_NUMBER = 1 << 1,
        AS_DURATION = 1 << 2,
        AS_JSON = 1 << 3,
        AS_SIZE = 1 << 4,
        AS_FLAG = 1 << 5,
        AS_SIGNAL = 1 << 6,
        AS_ANYTHING = (1 << 7) - 1,
};

typedef enum ValueKind {
#define VALUE(KIND, sentence) VALUE_##KIND,
#include "plan/grammar.def"
        _VALUE_MAX
} ValueKind;

typedef enum MatchOp {
#define MATCHER(OP, word, values, OPERAND, sentence, example) MATCH_##OP,
#include "plan/grammar.def"
        _MATCH_MAX
} MatchOp;

typedef enum Operand {
        OPERAND_VALUE,   /* a text where texts are looked at, a number where numbers are */
        OPERAND_TEXTS,   /* a text or a list of texts */
        OPERAND_REGEXES, /* an expression or a list of them */
        OPERAND_BOOL,
        OPERAND_BOUND,
        OPERAND_BOUNDS,
        OPERAND_COUNTS,  /* matchers of a number that is not negative */
        OPERAND_NUMBERS, /* matchers of a number */
        OPERAND_PATHS,   /* JSON paths to matchers */
        OPERAND_GROUP,   /* matchers */
        OPERAND_GROUPS,  /* a list of matchers */
} Operand;

typedef struct Word {
        const char *word;
        unsigned places;
        ValueKind kind;
        bool is_required;
        size_t offset, offset_n; /* of the member and its count, in Plan, Gate or Check */
        uint64_t least, most;    /* bytes, items, milliseconds or the number itself */
        const char *sentence, *example;
} Word;

typedef struct SubjectRow {
        const char *word;
        unsigned checks, values;
        int64_t least, most; /* all that can be seen; most 0: no end */
        const char *sentence, *example;
} SubjectRow;

/* A fact of a certificate. The facts of a file are the subjects of a file check. */
typedef struct FactRow {
        const char *word;
        unsigned values;
        const char *sentence, *example;
} FactRow;

typedef struct MatcherRow {
        const char *word;
        unsigned values;
        Operand operand;
        const char *sentence, *example;
} MatcherRow;

typedef struct LaterRow {
        const char *word;
        unsigned places;
        const char *sentence;
} LaterRow;

extern const char *const value_sentences[_VALUE_MAX];
extern const Word word_rows[];
extern const size_t n_word_rows;
extern const SubjectRow subject_rows[_SUBJECT_MAX];
extern const char *const check_kind_words[_CHECK_MAX];
extern const FactRow fact_rows[];
extern const size_t n_fact_rows;
extern const MatcherRow matcher_rows[_MATCH_MAX];
extern const LaterRow later_rows[];
extern const size_t n_later_rows;

/* NULL if the word has no row in this place. */
const Word *grammar_find_word(unsigned place, Slice word);
/* The fault about a word that does not stand here: for later, of another place, or a typo. */
void grammar_refuse(unsigned place, Slice word, PlanPlace at, FaultList *faults);
/* "a check, defaults" */
void grammar_describe_places(unsigned places, Buf *text);
/* "run, report" */
void grammar_describe_checks(unsigned checks, Buf *text);
/* "a number, a duration" */
void grammar_describe_values(unsigned values, Buf *text);
