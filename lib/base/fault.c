/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Refusals in words. */

#include "base/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

void fault_describe(const Fault *fault, Buf *text) {
        buf_printf(text, "%s: %s\n", fault->rule ? fault->rule : "fault", fault->found);
        if (fault->place[0])
                buf_printf(text, "  at: %s\n", fault->place);
        if (fault->next[0])
                buf_printf(text, "  next: %s\n", fault->next);
}
