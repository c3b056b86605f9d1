/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The trace of a fatal error, on its way up. */

#include "base/error.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"

int error_report(int code, const char *file, int line, const char *function) {
        if (code < 0) {
                log_write(LOG_ERROR, "%s:%d: %s: %s", file, line, function, strerror(-code));
                return code;
        }
        log_write(LOG_ERROR, "%s:%d: %s: condition %d was not handled", file, line, function, code);
        return -ENOTRECOVERABLE;
}

int error_pass(int code, const char *file, int line, const char *function) {
        if (code > 0)
                return error_report(code, file, line, function);
        log_write(LOG_DEBUG, "%s:%d: through %s", file, line, function);
        return code;
}
