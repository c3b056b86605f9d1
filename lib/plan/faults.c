/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Gathering errors. */

#include "plan/faults.h"

#include <stdarg.h>

Fault *faults_add(FaultList *list, PlanPlace place, const char *rule, const char *format, ...) {
        Fault *fault = list->n < list->n_max ? &list->faults[list->n++] : &list->spare;
        cleanup_buf Buf text = BUF_INIT(sizeof fault->found * 4);
        va_list args;

        list->n_found++;
        va_start(args, format);
        buf_vprintf(&text, format, args);
        va_end(args);
        fault_set(fault, rule, "%s", buf_get_text(&text));
        fault_place(fault, "%s:%zu:%zu", list->file, place.line, place.column);
        return fault;
}
