/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * A tree is bytes that anybody may have made by hand. git's own fsck refuses these names as well;
 * here they are refused again, next to the system calls that would obey them.
 */

#include "verify/tree_name.h"

#include <string.h>
#include <strings.h>

/* Code points that HFS+ drops from names, so that ".g\u200cit" is ".git" there. All of them are
 * three bytes long in UTF-8. */
static bool is_ignored_by_hfs(Slice rest) {
        const uint8_t *c = rest.data;

        if (rest.n < 3)
                return false;
        if (c[0] == 0xef)
                return c[1] == 0xbb && c[2] == 0xbf; /* U+FEFF */
        if (c[0] != 0xe2)
                return false;
        if (c[1] == 0x80)
                return (c[2] >= 0x8c && c[2] <= 0x8f) || (c[2] >= 0xaa && c[2] <= 0xae);
        return c[1] == 0x81 && c[2] >= 0xaa && c[2] <= 0xaf; /* U+206A to U+206F */
}

static bool is_dot_git_on_hfs(Slice name) {
        char kept[5] = "";
        size_t n = 0;

        while (name.n) {
                if (is_ignored_by_hfs(name)) {
                        name = slice_from(name, 3);
                        continue;
                }
                if (n == 4)
                        return false;
                kept[n++] = (char)name.data[0];
                name = slice_from(name, 1);
        }
        return n == 4 && strncasecmp(kept, ".git", 4) == 0;
}

/* NTFS drops dots and spaces from the end, knows streams behind a colon, takes a backslash for a
 * slash, and knows .git as git~1. */
static bool is_dot_git_on_ntfs(Slice name) {
        size_t n = size_min(slice_find(name, slice_text(":")), slice_find(name, slice_text("\\")));

        while (n && (name.data[n - 1] == '.' || name.data[n - 1] == ' '))
                n--;
        return (n == 4 && strncasecmp((const char *)name.data, ".git", 4) == 0) ||
               (n == 5 && strncasecmp((const char *)name.data, "git~1", 5) == 0);
}

const char *tree_name_check(Slice name) {
        if (!name.n)
                return "is empty";
        if (name.n > TREE_NAME_MAX)
                return "is longer than 255 bytes";
        if (memchr(name.data, '/', name.n) || memchr(name.data, 0, name.n))
                return "contains a slash or a NUL";
        if (slice_is(name, ".") || slice_is(name, ".."))
                return "leads to another directory";
        if (is_dot_git_on_hfs(name) || is_dot_git_on_ntfs(name))
                return "is .git, on this system or another";
        return NULL;
}
