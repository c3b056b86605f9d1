/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Names in trees, and how strangers' bytes are shown. */

#include "tests/lib/test.h"
#include "verify/git.h"
#include "verify/tree_name.h"

TEST(an_ordinary_name_is_taken) {
        static const char *const names[] = {"a",     ".gitignore", ".github",  "git",      "...",
                                            "a b",   "a\nb",       "\xc3\xa4", "\xff\xfe", "-rf",
                                            "git~2", ".gitx",      "x.git",    " ",        "a:b",
                                            "a\\b",  ".g it",      ".git-old", "\x1b[0m"};

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (tree_name_check(slice_text(names[i])))
                        FAIL_TEST("refused: %s", names[i]);
}

TEST(a_name_that_leads_elsewhere_is_refused) {
        static const char *const names[] = {"", ".", "..", "a/b", "/", "../x"};

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (!tree_name_check(slice_text(names[i])))
                        FAIL_TEST("taken: %s", names[i]);
        CHECK(tree_name_check(slice_make("a\0b", 3)) != NULL);
}

TEST(a_name_that_is_git_s_own_on_some_system_is_refused) {
        static const char *const names[] = {
                ".git",
                ".GIT",
                ".Git",
                "git~1",
                "GIT~1",
                ".git ",
                ".git.",
                ".git . .",
                ".git::$INDEX_ALLOCATION",
                ".git\\config",
                "git~1 .",
                ".g\xe2\x80\x8cit",
                "\xef\xbb\xbf.git",
                ".git\xe2\x81\xaf",
                ".\xe2\x80\xaeGIT",
        };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (!tree_name_check(slice_text(names[i])))
                        FAIL_TEST("taken: %s", names[i]);
}

TEST(a_name_of_more_than_255_bytes_is_refused) {
        char name[256];

        memset(name, 'a', sizeof name);
        CHECK(tree_name_check(slice_make(name, 255)) == NULL);
        CHECK(tree_name_check(slice_make(name, 256)) != NULL);
}

static void check_complaint(const char *output, const char *expected) {
        cleanup_buf Buf whole = BUF_TEXT, complaint = BUF_TEXT;

        buf_text(&whole, output);
        git_get_complaint(&whole, &complaint);
        CHECK_EQ_TEXT(buf_get_text(&complaint), expected);
}

TEST(git_s_first_error_is_its_complaint) {
        check_complaint("", "");
        check_complaint("\n\nwarning: a\n", "warning: a");
        check_complaint("warning: a\nfatal: b\nerror: c\n", "fatal: b");
        check_complaint("ssh: no\nfatal: Could not read from remote repository.\n", "ssh: no");
        check_complaint("remote: fatal: a\n", "remote: fatal: a");
        check_complaint("error: \x1b[31mred", "error: \\x1b[31mred");
}
