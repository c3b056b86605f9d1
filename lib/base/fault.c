/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Refusals in words. */

#include "base/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"

enum { CHARACTER_BYTES_MAX = 4, CONTINUATION_MASK = 0xc0, CONTINUATION = 0x80 };

static bool is_continuation(char byte) {
        return ((uint8_t)byte & CONTINUATION_MASK) == CONTINUATION;
}

/* What does not fit is cut between characters: a fault travels in messages, which are UTF-8. */
static void put(char *part, size_t n_part, const char *format, va_list args) {
        int n = vsnprintf(part, n_part, format, args);
        size_t end = n_part - 1, first = end;
        uint32_t code;

        if (n < 0 || (size_t)n < n_part)
                return;
        do
                first--;
        while (first > 0 && end - first < CHARACTER_BYTES_MAX && is_continuation(part[first]));
        if (utf8_read(slice_make(part + first, end - first), &code) == 0)
                part[first] = 0;
}

void fault_set(Fault *fault, const char *rule, const char *format, ...) {
        va_list args;

        *fault = (Fault){.rule = rule};
        va_start(args, format);
        put(fault->found, sizeof fault->found, format, args);
        va_end(args);
}

void fault_place(Fault *fault, const char *format, ...) {
        va_list args;

        va_start(args, format);
        put(fault->place, sizeof fault->place, format, args);
        va_end(args);
}

void fault_next(Fault *fault, const char *format, ...) {
        va_list args;

        va_start(args, format);
        put(fault->next, sizeof fault->next, format, args);
        va_end(args);
}

bool fault_is(const Fault *fault, const char *rule) {
        return fault->rule && strcmp(fault->rule, rule) == 0;
}

/* What was found may be quoted from a file, a message or another machine. */
static void describe_part(const char *before, const char *part, Buf *text) {
        buf_text(text, before);
        text_make_visible(slice_text(part), true, text);
        buf_text(text, "\n");
}

void fault_describe(const Fault *fault, Buf *text) {
        text_make_visible(slice_text(fault->rule ? fault->rule : "fault"), false, text);
        describe_part(": ", fault->found, text);
        if (fault->place[0])
                describe_part("  at: ", fault->place, text);
        if (fault->next[0])
                describe_part("  next: ", fault->next, text);
}
