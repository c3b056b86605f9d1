/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* One log line is one write(2): lines of several processes do not mix. */

#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_BYTES = 2048 };

static struct {
        LogLevel level;
        const char *program;
} log_state = {.level = LOG_INFO, .program = "coldgate"};

void log_set_program(const char *name) {
        const char *wanted = getenv("COLDGATE_LOG");

        log_state.program = name;
        if (wanted && strcmp(wanted, "debug") == 0)
                log_state.level = LOG_DEBUG;
}

bool log_is_on(LogLevel level) {
        return level <= log_state.level;
}

static int line_prefix(char *line, size_t size, LogLevel level) {
        static const char *const words[] = {[LOG_ERROR] = "error: ",
                                            [LOG_WARNING] = "warning: ",
                                            [LOG_INFO] = "",
                                            [LOG_DEBUG] = "debug: "};
        static const int priorities[] = {
                [LOG_ERROR] = 3, [LOG_WARNING] = 4, [LOG_INFO] = 6, [LOG_DEBUG] = 7};

        if (getenv("JOURNAL_STREAM"))
                return snprintf(line, size, "<%d>%s", priorities[level], words[level]);
        return snprintf(line, size, "%s: %s", log_state.program, words[level]);
}

void log_write(LogLevel level, const char *format, ...) {
        char line[LINE_BYTES];
        int errno_before = errno;
        size_t n;
        va_list args;

        if (!log_is_on(level))
                return;
        n = (size_t)line_prefix(line, sizeof line, level);
        va_start(args, format);
        n += (size_t)vsnprintf(line + n, sizeof line - n, format, args);
        va_end(args);
        n = size_min(n, sizeof line - 2);
        for (size_t i = 0; i < n; i++)
                if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
                        line[i] = '?';
        line[n++] = '\n';
        if (write(STDERR_FILENO, line, n) < 0)
                log_state.level = LOG_ERROR; /* nobody reads us: be brief from now on */
        errno = errno_before;
}
