/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Refusals in words. */

#include "base/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

void fault_set(Fault *fault, const char *rule, const char *format, ...) {
        va_list args;

        *fault = (Fault){.rule = rule};
        va_start(args, format);
        (void)vsnprintf(fault->found, sizeof fault->found, format, args);
        va_end(args);
}

void fault_place(Fault *fault, const char *format, ...) {
        va_list args;

        va_start(args, format);
        (void)vsnprintf(fault->place, sizeof fault->place, format, args);
        va_end(args);
}

void fault_next(Fault *fault, const char *format, ...) {
        va_list args;

        va_start(args, format);
        (void)vsnprintf(fault->next, sizeof fault->next, format, args);
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
