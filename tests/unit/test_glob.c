/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Globs on paths. */

#include "plan/glob.h"

#include "plan/plan.h"
#include "tests/lib/test.h"

static bool matches(const char *glob, const char *path) {
        return plan_glob_matches(slice_text(glob), slice_text(path));
}

TEST(a_glob_without_signs_matches_that_path_only) {
        CHECK(matches("a/b.c", "a/b.c"));
        CHECK(!matches("a/b.c", "a/b.cc"));
        CHECK(!matches("a/b.c", "x/a/b.c"));
        CHECK(!matches("a", "a/b"));
        CHECK(!matches("a/b", "a"));
        CHECK(!matches("a.c", "abc"));
}

TEST(a_star_and_a_question_mark_stop_at_a_slash) {
        CHECK(matches("*.c", "a.c"));
        CHECK(matches("*.c", ".c"));
        CHECK(!matches("*.c", "a/b.c"));
        CHECK(matches("a/*/c", "a/b/c"));
        CHECK(!matches("a/*/c", "a/b/b/c"));
        CHECK(matches("?.c", "a.c"));
        CHECK(!matches("a?b", "a/b"));
        CHECK(matches("*a*b*", "xxaxxbxx"));
        CHECK(!matches("*a*b", "xxaxxbxx"));
}

TEST(two_stars_cross_slashes) {
        CHECK(matches("**", "a"));
        CHECK(matches("**", "a/b/c"));
        CHECK(matches("a/**", "a/b/c"));
        CHECK(!matches("a/**", "a"));
        CHECK(!matches("a/**", "ab/c"));
        CHECK(matches("**/c", "c"));
        CHECK(matches("**/c", "a/b/c"));
        CHECK(!matches("**/c", "a/bc"));
        CHECK(matches("a/**/b", "a/b"));
        CHECK(matches("a/**/b", "a/x/y/b"));
        CHECK(matches("a/**/b/**/*.c", "a/b/b/x/y.c"));
        CHECK(!matches("a/**/b", "a/x/y"));
}

TEST(a_class_is_one_character_of_it) {
        CHECK(matches("[abc].c", "b.c"));
        CHECK(!matches("[abc].c", "d.c"));
        CHECK(matches("[a-cx]", "x"));
        CHECK(!matches("[!a-c]", "b"));
        CHECK(matches("[!a-c]", "d"));
        CHECK(matches("[]]", "]"));
        CHECK(matches("[a-]", "-"));
        CHECK(matches("x[0-9]*", "x1y"));
}

TEST(a_backslash_makes_a_sign_a_letter) {
        CHECK(matches("a\\*", "a*"));
        CHECK(!matches("a\\*", "ab"));
        CHECK(matches("\\[a]", "[a]"));
}

TEST(a_glob_that_cannot_be_meant_is_refused) {
        static const char *const bad[] = {"",    "/a",      "a/",  "a//b", "a/../b",
                                          "./a", "a**b",    "**c", "[abc", "a/[!]",
                                          "a\\", "a/[b/c]", "..",  ".",    "src/**.c"};

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                if (!glob_find_fault(slice_text(bad[i])))
                        FAIL_TEST("`%s` is not refused", bad[i]);
}

TEST(a_glob_of_usual_form_is_accepted) {
        static const char *const good[] = {"a",         "**",    "*",   "a/**",
                                           "**/*.[ch]", "a/*/b", "\\[", "..a"};

        for (size_t i = 0; i < ARRAY_SIZE(good); i++)
                if (glob_find_fault(slice_text(good[i])))
                        FAIL_TEST("`%s` is refused", good[i]);
}

TEST(a_glob_made_to_be_slow_is_not) {
        char glob[1025], path[4097];

        for (size_t i = 0; i < 1024; i++)
                glob[i] = i % 2 ? 'a' : '*';
        memset(path, 'a', 4096);
        glob[1023] = 'b';
        glob[1024] = path[4096] = 0;
        CHECK(!matches(glob, path));
        for (size_t i = 0; i < 1024; i++)
                glob[i] = "**/a/"[i % 5];
        for (size_t i = 0; i < 4096; i++)
                path[i] = "a/"[i % 2];
        glob[1020] = 'b';
        glob[1021] = 0;
        path[4095] = 0;
        CHECK(!matches(glob, path));
}
