/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * PCRE2's match limit is per starting position, so that a long text multiplies it. Automatic
 * callouts see every step of all positions; each is charged with the distance it moved, which
 * makes the budget a matter of pattern and text, not of the machine. The processor clock is the
 * last resort, for steps that compare much without moving.
 */

#include "plan/regex.h"

#include <stdio.h>
#include <time.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/utf8.h"

enum {
        DEPTH_LIMIT = 250000,
        HEAP_LIMIT_KIB = 32768,
        MATCH_LIMIT = 5000000,
        BUDGET = 200000000, /* bytes moved over */
        STEP_COST = 16,
        STEPS_PER_LOOK = 1024,
        CPU_MS_MAX = 5000,
        LINE_COST = 64,
        SEARCHES = 4, /* that may cost as much as one may */
};

static const uint32_t compile_options = PCRE2_NEVER_BACKSLASH_C | PCRE2_AUTO_CALLOUT;

typedef struct Span {
        size_t start, end;
} Span;

typedef struct Effort {
        uint64_t spent;
        uint64_t n_steps;
        size_t position;
        uint64_t started_ms;
} Effort;

static void code_freep(pcre2_code **code) {
        pcre2_code_free(*code);
}

static void match_data_freep(pcre2_match_data **data) {
        pcre2_match_data_free(*data);
}

static void match_context_freep(pcre2_match_context **context) {
        pcre2_match_context_free(*context);
}

static uint64_t cpu_ms(void) {
        struct timespec now;

        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
        return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int on_step(pcre2_callout_block *block, void *userdata) {
        Effort *effort = userdata;
        size_t now = block->current_position;

        effort->spent += STEP_COST;
        effort->spent += now > effort->position ? now - effort->position : effort->position - now;
        effort->position = now;
        if (effort->spent > BUDGET)
                return PCRE2_ERROR_MATCHLIMIT;
        if (++effort->n_steps % STEPS_PER_LOOK == 0 && cpu_ms() - effort->started_ms > CPU_MS_MAX)
                return PCRE2_ERROR_MATCHLIMIT;
        return 0;
}

static pcre2_code *compile(Slice pattern, bool is_utf, int *ret_error, size_t *ret_offset) {
        uint32_t options = compile_options | (is_utf ? PCRE2_UTF : PCRE2_NEVER_UTF);

        return pcre2_compile(pattern.data ? pattern.data : (PCRE2_SPTR) "", pattern.n, options,
                             ret_error, ret_offset, NULL);
}

int regex_check(Slice pattern, char reterr_reason[REGEX_TEXT_BYTES]) {
        char message[96] = "";
        size_t offset = 0;
        int error = 0;

        if (pattern.n > REGEX_PATTERN_BYTES_MAX) {
                (void)snprintf(reterr_reason, REGEX_TEXT_BYTES, "it is too long");
                return REGEX_E_BAD;
        }
        for (int is_utf = 0; is_utf < 2; is_utf++) {
                cleanup(code_freep) pcre2_code *code = compile(pattern, is_utf, &error, &offset);

                if (code)
                        continue;
                (void)pcre2_get_error_message(error, (PCRE2_UCHAR *)message, sizeof message);
                (void)snprintf(reterr_reason, REGEX_TEXT_BYTES, "%s at byte %zu", message, offset);
                return REGEX_E_BAD;
        }
        return 0;
}

static pcre2_match_context *context_new(Effort *effort) {
        pcre2_match_context *context = pcre2_match_context_create(NULL);

        if (!context)
                return NULL;
        pcre2_set_match_limit(context, MATCH_LIMIT);
        pcre2_set_depth_limit(context, DEPTH_LIMIT);
        pcre2_set_heap_limit(context, HEAP_LIMIT_KIB);
        pcre2_set_callout(context, on_step, effort);
        return context;
}

/* Where a search in a tail may begin: behind its first line, so that neither `\A` nor a look
 * behind can be fooled by the cut. */
static size_t tail_start(const pcre2_code *code, Slice subject) {
        uint32_t n_behind = 0;
        size_t start = slice_find(subject, slice_text("\n")) + 1;

        (void)pcre2_pattern_info(code, PCRE2_INFO_MAXLOOKBEHIND, &n_behind);
        start = size_max(start, (size_t)n_behind * 4 + 1);
        while (start < subject.n && (subject.data[start] & 0xc0) == 0x80)
                start++;
        return start;
}

/* The span of the first group if there is one. */
static Span span_of(pcre2_match_data *data) {
        const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(data);

        if (pcre2_get_ovector_count(data) > 1)
                ends += 2;
        return ends[0] == PCRE2_UNSET ? (Span){0, 0} : (Span){ends[0], ends[1]};
}

static RegexAnswer run(const pcre2_code *code, Slice subject, RegexPart part, Effort *effort,
                       size_t *ret_start, Span *ret_group) {
        cleanup(match_context_freep) pcre2_match_context *context = context_new(effort);
        cleanup(match_data_freep) pcre2_match_data *data =
                pcre2_match_data_create_from_pattern(code, NULL);
        uint32_t options = part == REGEX_HEAD ? PCRE2_PARTIAL_HARD : 0;
        size_t start = part == REGEX_TAIL ? tail_start(code, subject) : 0;
        int r;

        if (!context || !data)
                return REGEX_LIMIT;
        if (start > subject.n)
                return REGEX_NONE;
        r = pcre2_match(code, subject.data ? subject.data : (PCRE2_SPTR) "", subject.n, start,
                        options | PCRE2_NO_UTF_CHECK, data, context);
        if (r == PCRE2_ERROR_NOMATCH)
                return REGEX_NONE;
        if (r < 0)
                return REGEX_LIMIT;
        *ret_start = pcre2_get_ovector_pointer(data)[0];
        *ret_group = span_of(data);
        return REGEX_FOUND;
}

/* The part without the bytes of a character that the cut divided. */
static Slice without_divided(Slice subject, RegexPart part) {
        uint32_t point;

        for (int i = 0; i < 3 && part == REGEX_TAIL && subject.n; i++)
                if ((subject.data[0] & 0xc0) == 0x80)
                        subject = slice_from(subject, 1);
        for (size_t n = 1; n <= size_min(3, subject.n) && part == REGEX_HEAD; n++) {
                uint8_t first = subject.data[subject.n - n];

                if (first < 0x80)
                        break;
                if (first >= 0xc0) {
                        if (utf8_read(slice_from(subject, subject.n - n), &point) == 0)
                                subject.n -= n;
                        break;
                }
        }
        return subject;
}

/* Whether all of the text is UTF-8 is known only of a whole: of a part, both answers must agree. */
static RegexAnswer search(Slice pattern, Slice subject, RegexPart part, Effort *effort,
                          size_t *ret_start) {
        Slice sure = part == REGEX_WHOLE ? subject : without_divided(subject, part);
        bool is_utf = utf8_is_valid(sure);
        RegexAnswer answer = REGEX_LIMIT, other;
        size_t offset;
        Span group;
        int error;

        for (int as_utf = part == REGEX_WHOLE && is_utf; as_utf <= is_utf; as_utf++) {
                cleanup(code_freep) pcre2_code *code = compile(pattern, as_utf, &error, &offset);

                other = code ? run(code, as_utf ? sure : subject, part, effort, &offset, &group)
                             : REGEX_LIMIT;
                if (as_utf && part != REGEX_WHOLE && other != answer)
                        return REGEX_LIMIT;
                answer = other;
                *ret_start = answer == REGEX_FOUND ? offset : 0;
        }
        return answer;
}

static bool effort_is_spent(const RegexEffort *effort) {
        return effort->spent > (uint64_t)BUDGET * SEARCHES ||
               effort->cpu_ms > (uint64_t)CPU_MS_MAX * SEARCHES;
}

static void effort_add(RegexEffort *total, const Effort *effort) {
        total->spent += effort->spent;
        total->cpu_ms += cpu_ms() - effort->started_ms;
}

RegexAnswer regex_search_within(RegexEffort *effort, Slice pattern, Slice subject, RegexPart part,
                                size_t *ret_start) {
        Effort own = {.started_ms = cpu_ms()};
        RegexAnswer answer;

        if (subject.n > REGEX_SUBJECT_BYTES_MAX || effort_is_spent(effort))
                return REGEX_LIMIT;
        answer = search(pattern, subject, part, &own, ret_start);
        effort_add(effort, &own);
        return answer;
}

RegexAnswer regex_search(Slice pattern, Slice subject, RegexPart part, size_t *ret_start) {
        RegexEffort effort = {.spent = 0};

        return regex_search_within(&effort, pattern, subject, part, ret_start);
}

static RegexAnswer search_line(pcre2_code *const codes[2], Slice line, Effort *effort) {
        size_t start;
        Span group;

        effort->spent += LINE_COST;
        if (line.n && line.data[line.n - 1] == '\r')
                line.n--;
        return run(codes[utf8_is_valid(line)], line, REGEX_WHOLE, effort, &start, &group);
}

static RegexAnswer search_lines(pcre2_code *const codes[2], Slice subject, RegexPart part,
                                Effort *effort, size_t *ret_start) {
        size_t at = part == REGEX_TAIL ? slice_find(subject, slice_text("\n")) + 1 : 0;

        while (at < subject.n) {
                Slice rest = slice_from(subject, at);
                size_t n = slice_find(rest, slice_text("\n"));
                RegexAnswer answer;

                if (n == rest.n && part == REGEX_HEAD)
                        break;
                *ret_start = at;
                answer = effort->spent > BUDGET ? REGEX_LIMIT
                                                : search_line(codes, slice_head(rest, n), effort);
                if (answer != REGEX_FOUND)
                        return answer;
                at += n + 1;
        }
        return REGEX_FOUND;
}

RegexAnswer regex_search_lines(RegexEffort *effort, Slice pattern, Slice subject, RegexPart part,
                               size_t *ret_start) {
        Effort own = {.started_ms = cpu_ms()};
        RegexAnswer answer;
        size_t offset;
        int error;
        cleanup(code_freep) pcre2_code *of_bytes = compile(pattern, false, &error, &offset);
        cleanup(code_freep) pcre2_code *of_utf = compile(pattern, true, &error, &offset);
        pcre2_code *const codes[2] = {of_bytes, of_utf};

        if (!of_bytes || !of_utf || subject.n > REGEX_SUBJECT_BYTES_MAX || effort_is_spent(effort))
                return REGEX_LIMIT;
        answer = search_lines(codes, subject, part, &own, ret_start);
        effort_add(effort, &own);
        return answer;
}

Slice regex_extract(RegexEffort *effort, Slice pattern, Slice subject) {
        Effort own = {.started_ms = cpu_ms()};
        RegexAnswer answer = REGEX_LIMIT;
        size_t offset;
        Span group = {0, 0};
        int error;
        cleanup(code_freep) pcre2_code *code =
                compile(pattern, utf8_is_valid(subject), &error, &offset);

        if (code && subject.n <= REGEX_SUBJECT_BYTES_MAX && !effort_is_spent(effort))
                answer = run(code, subject, REGEX_WHOLE, &own, &offset, &group);
        effort_add(effort, &own);
        if (answer != REGEX_FOUND || group.end < group.start)
                return SLICE_NULL;
        return slice_head(slice_from(subject, group.start), group.end - group.start);
}
