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
        IN_REPORT = 1 << 7,
        IN_GIT = 1 << 8,
        IN_UNCHANGED_SINCE = 1 << 9,
        IN_PATHS_ONLY = 1 << 10,
        IN_REVISION = 1 << 11,
        IN_FILE = 1 << 12,
        IN_PORT = 1 << 13,
        IN_PROCESS = 1 << 14,
        IN_LOG = 1 << 15,
        IN_REPEAT = 1 << 16,
        IN_LIMITS = 1 << 17,
        IN_LOCK = 1 << 18,
        IN_UNCHANGED = 1 << 19,
        IN_EXAMINED = 1 << 20,
        IN_TEETH = 1 << 21,
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
#define VALUE(KIND, variables, sentence, schema) VALUE_##KIND,
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

typedef struct PlaceRow {
        unsigned place;
        const char *name;  /* in the JSON Schema */
        const char *here;  /* "a check", in a sentence */
        const char *title; /* of its section; NULL: it has one of its own */
} PlaceRow;

/* What becomes of ${name} in a value. */
typedef enum Variables {
        NO_VARIABLES,   /* it stays as it is, or the value has no texts of its own */
        VARIABLES,      /* vars and matrix are put in */
        LATE_VARIABLES, /* and what is known only when the check runs */
} Variables;

typedef struct ValueRow {
        Variables variables;
        const char *sentence;
        const char *schema; /* JSON, with ' for " */
} ValueRow;

/* Whose member a word is. */
typedef enum Target {
        TARGET_NONE,
        TARGET_Plan,
        TARGET_Gate,
        TARGET_Check,
        TARGET_Teeth,
        TARGET_PlanLock
} Target;

typedef struct Word {
        const char *word;
        unsigned inside; /* where the words of its own map stand; 0: it has none */
        unsigned places;
        ValueKind kind;
        bool is_required;
        Target target;
        size_t offset, offset_n; /* of the member and its count */
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

extern const PlaceRow place_rows[]; /* in the order of the documents */
extern const size_t n_place_rows;
extern const ValueRow value_rows[_VALUE_MAX];
extern const Word word_rows[];
extern const size_t n_word_rows;
extern const SubjectRow subject_rows[_SUBJECT_MAX];
extern const char *const check_kind_words[_CHECK_MAX];
extern const bool check_kind_asserts_itself[_CHECK_MAX]; /* it needs no `expect` */
extern const FactRow fact_rows[];
extern const size_t n_fact_rows;
extern const MatcherRow matcher_rows[_MATCH_MAX];

/* NULL if the word has no row in this place. */
const Word *grammar_find_word(unsigned place, Slice word);
/* The fault about a word that does not stand here: of another place, or a typo. */
void grammar_refuse(unsigned place, Slice word, PlanPlace at, FaultList *faults);
/* "a check, defaults" */
void grammar_describe_places(unsigned places, Buf *text);
/* "run, report" */
void grammar_describe_checks(unsigned checks, Buf *text);
/* "a number, a duration" */
void grammar_describe_values(unsigned values, Buf *text);
