/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Whether to colour. */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "view/status.h"

bool colour_is_wanted(int fd, bool is_forbidden) {
        const char *no_color = getenv("NO_COLOR");
        const char *term = getenv("TERM");

        return !is_forbidden && !(no_color && no_color[0]) && term && strcmp(term, "dumb") != 0 &&
               isatty(fd);
}
