/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Lines on standard error, for whoever runs the program. Libraries log nothing but debug lines
 * and the traces of fatal errors; programs log at their edge, in the words of the domain. */

#include "base/defs.h"

typedef enum LogLevel {
        LOG_ERROR,
        LOG_WARNING,
        LOG_INFO,
        LOG_DEBUG,
} LogLevel;

/* COLDGATE_LOG=debug raises the level of this process. */
void log_set_program(const char *name);
bool log_is_on(LogLevel level);

/* One line; control characters in it are made visible. Under journald (JOURNAL_STREAM) the line
 * begins with the priority. */
void log_write(LogLevel level, const char *format, ...) printf_like(2, 3);
