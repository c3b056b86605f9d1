/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What a terminal is like. */

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "view/terminal.h"

bool colour_is_wanted(int fd, bool is_forbidden) {
        const char *no_color = getenv("NO_COLOR");
        const char *term = getenv("TERM");

        return !is_forbidden && !(no_color && no_color[0]) && term && strcmp(term, "dumb") != 0 &&
               isatty(fd);
}

size_t terminal_get_width(int fd) {
        struct winsize size;

        return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}
