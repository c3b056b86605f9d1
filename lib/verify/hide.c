/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The list of hidden places. */

#include "verify/hide.h"

#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"

enum { HIDE_MAX = 6 };

/* The byte that `%C3` or `%c3` stands for. */
static bool read_escape(const char *text, uint8_t *ret_byte) {
        char digits[2];

        if (text[0] != '%' || !text[1] || !text[2])
                return false;
        for (size_t i = 0; i < sizeof digits; i++)
                digits[i] =
                        (char)(text[i + 1] >= 'A' && text[i + 1] <= 'F' ? text[i + 1] - 'A' + 'a'
                                                                        : text[i + 1]);
        return hex_decode(slice_make(digits, sizeof digits), ret_byte, 1);
}

/* The path of a file URL, as git reads it; NULL for other URLs. */
static char *file_url_path(const char *url, Arena *arena) {
        static const char scheme[] = "file://";
        char *path;
        size_t n = 0;

        if (strncmp(url, scheme, sizeof scheme - 1) != 0 || !(url = strchr(url + 7, '/')))
                return NULL;
        path = arena_alloc(arena, strlen(url) + 1);
        while (*url) {
                uint8_t byte;

                if (read_escape(url, &byte)) {
                        path[n++] = (char)byte;
                        url += 3;
                } else {
                        path[n++] = *url++;
                }
        }
        return path;
}

/* Where a repository is the `.git` of a working tree, that tree: what was built or left in it is
 * not part of any commit. NULL for others. */
static char *working_tree_of(const char *repository, Arena *arena) {
        static const char name[] = "/.git";
        size_t n = repository ? strlen(repository) : 0;

        while (n && repository[n - 1] == '/')
                n--;
        if (n < sizeof name ||
            memcmp(repository + n - (sizeof name - 1), name, sizeof name - 1) != 0)
                return NULL;
        return arena_text(arena, slice_make(repository, n - (sizeof name - 1)));
}

const char *const *hide_list(const VerifyRequest *request, Arena *arena) {
        const char *repository = file_url_path(request->repository, arena);
        const char *const places[] = {request->mirrors, request->scratch, request->state,
                                      repository, working_tree_of(repository, arena)};
        const char **hide = arena_alloc_array(arena, HIDE_MAX + request->n_hidden, sizeof(char *));
        struct stat facts;
        size_t n = 0;

        for (size_t i = 0; i < ARRAY_SIZE(places); i++)
                if (places[i] && places[i][0] == '/' &&
                    strspn(places[i], "/") < strlen(places[i]) && stat(places[i], &facts) == 0 &&
                    S_ISDIR(facts.st_mode))
                        hide[n++] = places[i];
        for (size_t i = 0; i < request->n_hidden; i++)
                if (request->hidden[i].n > 1 && request->hidden[i].data[0] == '/')
                        hide[n++] = arena_text(arena, request->hidden[i]);
        return hide;
}
