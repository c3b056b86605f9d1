/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * One matcher against what was observed: inside of match.c, by what is looked at. Where the middle
 * of a stream was cut, an answer is given only if no middle could change it.
 */

#include "plan/match.h"
#include "plan/matcher.h"
#include "plan/regex.h"

typedef enum Finding {
        FINDING_HELD,
        FINDING_BROKEN,
        FINDING_UNDECIDED,
        FINDING_NOTHING, /* there was nothing to look at: not held, and `not` does not turn it */
} Finding;

/* What the assertions of one check cost together. */
typedef struct JudgeEffort {
        RegexEffort regex;
        uint64_t n_json_bytes;
} JudgeEffort;

typedef struct Judging {
        const Expectation *expectation;
        const Matcher *matcher;
        const Observed *observed;
        Arena *arena;
        JudgeEffort *effort;
        Finding finding;
        Slice actual;
        uint64_t offset; /* in the stream */
        bool has_offset;
} Judging;

/* What was seen instead, for people. */
void judging_say(Judging *judging, const char *actual);
/* `text` around `place`, behind what is said of it. */
void judging_say_excerpt(Judging *judging, const char *before, Slice text, size_t place);
void judging_decide(Judging *judging, bool held);
/* There is nothing to look at; `actual` says so. */
void judging_find_nothing(Judging *judging, const char *actual);

/* In judge_number.c */
void judge_number(Judging *judging, int64_t number);
void judge_number_text(Judging *judging, Slice text);
void judge_flag(Judging *judging, bool flag);
void judge_duration(Judging *judging, int64_t ms);
void judge_size(Judging *judging, uint64_t n_bytes);
void judge_signal(Judging *judging, int signal);
void judge_line_count(Judging *judging, const ObservedStream *stream);

/* In judge_stream.c */
void judge_stream(Judging *judging, const ObservedStream *stream);

/* In judge_facts.c: those that have a name. */
void judge_header(Judging *judging);
void judge_certificate(Judging *judging);
/* A file of `files`, or the one that the check is about. */
void judge_file(Judging *judging, const ObservedFile *file, Subject fact);
void judge_files(Judging *judging);

/* In examined.c */
uint64_t examined_count(const Check *check, const Observed *observed);
