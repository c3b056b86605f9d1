/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Refusals in words. */

#include "base/fault.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define CUT_MARK "…"

/* Half a command must not look like a whole one. */
static void write_part(char *part, size_t n_max, const char *format, va_list args)
        printf_like(3, 0);

static void write_part(char *part, size_t n_max, const char *format, va_list args) {
        int n_wanted = vsnprintf(part, n_max, format, args);
        size_t n = n_max - sizeof CUT_MARK;

        if (n_wanted < 0 || (size_t)n_wanted < n_max)
                return;
        while (n > 0 && ((uint8_t)part[n] & 0xc0) == 0x80)
                n--;
        memcpy(part + n, CUT_MARK, sizeof CUT_MARK);
}

void fault_vset(Fault *fault, const char *rule, const char *format, va_list args) {
        *fault = (Fault){.rule = rule};
        write_part(fault->found, sizeof fault->found, format, args);
}

void fault_set(Fault *fault, const char *rule, const char *format, ...) {
        va_list args;

        va_start(args, format);
        fault_vset(fault, rule, format, args);
        va_end(args);
}

void fault_place(Fault *fault, const char *format, ...) {
        va_list args;

        va_start(args, format);
        write_part(fault->place, sizeof fault->place, format, args);
        va_end(args);
}

void fault_vnext(Fault *fault, const char *format, va_list args) {
        write_part(fault->next, sizeof fault->next, format, args);
}

void fault_next(Fault *fault, const char *format, ...) {
        va_list args;

        va_start(args, format);
        fault_vnext(fault, format, args);
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
