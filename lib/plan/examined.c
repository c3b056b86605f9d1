/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* How many things were looked at. */

#include "plan/judging.h"

#include <ctype.h>

static const ObservedStream *stream_of(const Check *check, const Observed *observed) {
        switch ((int)check->kind) {
        case CHECK_HTTP: return &observed->body;
        case CHECK_LOG:
        case CHECK_PROCESS: return &observed->lines;
        default: return &observed->out;
        }
}

/* The number that `from` finds in the head or, behind it, in the tail; 0 if it finds none. */
static uint64_t find_number(const Check *check, const ObservedStream *stream) {
        RegexEffort effort = {.spent = 0};
        Slice digits = regex_extract(&effort, check->examined_from, stream->head);
        uint64_t number = 0;

        if (digits.n == 0)
                digits = regex_extract(&effort, check->examined_from, stream->tail);
        for (size_t i = 0; i < digits.n; i++) {
                if (!isdigit(digits.data[i]) || number > UINT32_MAX)
                        return 0;
                number = number * 10 + (uint64_t)(digits.data[i] - '0');
        }
        return number;
}

static uint64_t count_lines(const ObservedStream *stream) {
        Slice parts[] = {stream->head, stream->tail};
        Slice last = stream->tail.n ? stream->tail : stream->head;
        uint64_t n = last.n && last.data[last.n - 1] != '\n';

        for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
                for (size_t k = 0; k < parts[i].n; k++)
                        n += parts[i].data[k] == '\n';
        return n;
}

uint64_t examined_count(const Check *check, const Observed *observed) {
        if (check->examined_from.n)
                return find_number(check, stream_of(check, observed));
        switch ((int)check->kind) {
        case CHECK_REPORT: return observed->n_executed;
        case CHECK_LOG: return observed->count;
        case CHECK_HTTP: return observed->status > 0;
        case CHECK_RUN: return check->examined ? count_lines(&observed->out) : 1;
        default: return 1;
        }
}
