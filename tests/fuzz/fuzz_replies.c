/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What other programs answer: our own git about a repository that others have filled, a git that
 * fetches, tools that say their version, an HTTP server's head; and what a builder says that it
 * saw. The first byte chooses whose answer it is. */

#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "broker/compare.h"
#include "builder-agent/git.h"
#include "verify/http_child.h"
#include "verify/tools.h"

enum { CHANGES_MAX = 64, SHOWN_BYTES_PER_BYTE = 4 };

/* Of verify/git.h, which names its conditions as the builder's git.h does. */
void git_get_complaint(const Buf *output, Buf *text);

static const char commit[] = "0123456789abcdef0123456789abcdef01234567";

/* Up to the first NUL; what is left stands behind it. */
static Slice cut(Slice *rest) {
        Slice head = slice_head(*rest, slice_find(*rest, slice_make("", 1)));

        *rest = slice_from(*rest, head.n + 1);
        return head;
}

/* The first byte says whether HEAD was there. */
static void read_top(Slice text) {
        bool has_head = text.n && text.data[0] & 1;
        cleanup_free char *top = NULL;
        char head[COMMIT_TEXT_MAX];

        if (!git_read_top(slice_from(text, 1), has_head, &top, head))
                return;
        must(top[0] == '/' && strlen(top) < text.n);
        must(!head[0] || (has_head && commit_is_full(head)));
}

/* A repository of any path, with commits and without. */
static void read_top_made(Slice text) {
        cleanup_buf Buf found = BUF_TEXT, empty = BUF_TEXT, path = BUF_TEXT;
        cleanup_free char *top = NULL;
        char head[COMMIT_TEXT_MAX];

        buf_text(&path, "/");
        buf_slice(&path, cut(&text));
        buf_slice(&found, buf_get(&path));
        buf_slice(&empty, buf_get(&path));
        buf_printf(&found, "\n%s\n", commit);
        buf_text(&empty, "\nHEAD^{commit}\n");
        must(git_read_top(buf_get(&found), true, &top, head));
        must(strcmp(top, buf_get_text(&path)) == 0 && strcmp(head, commit) == 0);
        for (int has_head = 0; has_head < 2; has_head++) { /* 1: a file has that name */
                cleanup_free char *again = NULL;

                must(git_read_top(buf_get(&empty), has_head, &again, head));
                must(strcmp(again, buf_get_text(&path)) == 0 && !head[0]);
        }
}

static void read_changes(Slice text) {
        cleanup_buf Buf names = BUF_TEXT;
        size_t n = git_list_changes(text, &names);

        must(n <= text.n && utf8_is_valid(buf_get(&names)));
        must(names.n <= SHOWN_BYTES_PER_BYTE * text.n + strlen(", , "));
        must(slice_find(buf_get(&names), slice_text("\n")) == names.n);
}

/* A line each: a name that a stranger gave his file, the old one behind a tab. */
static void read_changes_made(Slice text) {
        cleanup_buf Buf out = BUF_TEXT, names = BUF_TEXT;
        size_t n = 0;

        while (text.n && n < CHANGES_MAX) {
                Slice name = cut(&text), old = slice_from(name, slice_find(name, slice_text("\t")));

                if (name.n == old.n)
                        continue;
                buf_text(&out, old.n ? "R  " : "?? ");
                buf_append(&out, name.data, name.n - old.n);
                buf_byte(&out, 0);
                buf_slice(&out, old);
                if (old.n)
                        buf_byte(&out, 0);
                n++;
        }
        must(git_list_changes(buf_get(&out), &names) == n);
}

static void read_complaint(Slice text) {
        cleanup_buf Buf output = BUF_TEXT, line = BUF_TEXT;

        buf_slice(&output, text);
        git_get_complaint(&output, &line);
        must(utf8_is_valid(buf_get(&line)));
        must(slice_find(buf_get(&line), slice_text("\n")) == line.n);
        must(line.n <= SHOWN_BYTES_PER_BYTE * text.n);
}

static int sign(int number) {
        return (number > 0) - (number < 0);
}

/* Three answers: what they say is ordered. */
static void read_versions(Slice text) {
        Slice a = version_find(cut(&text)), b = version_find(cut(&text)), c = version_find(text);
        int ab = sign(version_compare(a, b)), bc = sign(version_compare(b, c));

        must(version_compare(a, a) == 0 && sign(version_compare(b, a)) == -ab);
        if (ab == bc)
                must(sign(version_compare(a, c)) == ab);
        for (size_t i = 0; i < a.n; i++)
                must(a.data[i] == '.' || (a.data[i] >= '0' && a.data[i] <= '9'));
        must(!a.n || (a.data[0] != '.' && a.data[a.n - 1] != '.'));
        must(slice_equal(version_find(a), a));
}

static bool is_trimmed(Slice text) {
        return !text.n || (!strchr(" \t\r\n", text.data[0] ? text.data[0] : 'x') &&
                           !strchr(" \t\r\n", text.data[text.n - 1] ? text.data[text.n - 1] : 'x'));
}

static void read_head(Slice text) {
        Slice name = SLICE_NULL, value = SLICE_NULL;

        if (http_read_line(text, &name, &value) != HTTP_LINE_HEADER)
                return;
        must(name.n + value.n < text.n && is_trimmed(value));
        must(slice_find(name, slice_text(":")) == name.n);
        must(slice_find(text, slice_text("HTTP/")) > 0);
}

/* What was measured is one row; what is claimed is anything. */
static void read_claimed(Slice text) {
        static struct assertion assertion = {.where = {(const uint8_t *)"stdout.number.le", 16},
                                             .expected = {(const uint8_t *)"4", 1},
                                             .actual = {(const uint8_t *)"16 leaked", 9}};
        static const struct check_evidence measured = {.check = {(const uint8_t *)"headroom", 8},
                                                       .assertions = &assertion,
                                                       .n_assertions = 1};
        cleanup_arena Arena arena = ARENA_INIT;
        Slice *lines = NULL;
        size_t n = 0;

        if (!utf8_is_valid(text)) /* a message has no other */
                return;
        compare_evidence(text, &measured, 1, &arena, &lines, &n);
        must(n <= COMPARE_LINES_MAX);
        must(n == 0 || compare_names_check(text, measured.check));
        for (size_t i = 0; i < n; i++)
                must(lines[i].n <= COMPARE_LINE_BYTES_MAX && utf8_is_valid(lines[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        static void (*const readers[])(Slice text) = {
                read_top,       read_top_made, read_changes, read_changes_made,
                read_complaint, read_versions, read_head,    read_claimed,
        };
        Slice input = slice_make(data, n);

        if (n > 0)
                readers[data[0] % ARRAY_SIZE(readers)](slice_from(input, 1));
        return 0;
}
