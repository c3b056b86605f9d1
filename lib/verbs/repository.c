/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Of what is elsewhere git asks the server, which may know a name more than once. */

#include "verbs/repository.h"

#include <string.h>

#include "base/text.h"

/* A colon before the first slash makes it something else. */
bool repository_is_path(const char *repository) {
        const char *colon = strchr(repository, ':');
        const char *slash = strchr(repository, '/');

        return !colon || (slash && slash < colon);
}

void repository_ask_commit(const char *repository, const char *rev, Buf *line) {
        bool is_path = repository_is_path(repository);

        buf_text(line, is_path ? "$(git -C " : "$(git ls-remote ");
        text_quote(repository, line);
        buf_text(line, is_path ? " rev-parse " : " ");
        text_quote(rev, line);
        buf_text(line, is_path ? ")" : " | head -n 1 | cut -f 1)");
}
