/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What a check must not see: the claimant's own copy, whichever way it is named. */

#include "verify/hide.h"

#include "base/fd.h"
#include "base/mem.h"

#include "tests/lib/test.h"

static bool is_hidden(const char *const *hide, const char *path) {
        for (size_t i = 0; hide[i]; i++) {
                size_t n = strlen(hide[i]);

                while (n && hide[i][n - 1] == '/')
                        n--;
                if (strlen(path) == n && strncmp(hide[i], path, n) == 0)
                        return true;
        }
        return false;
}

TEST(the_working_tree_of_a_repository_is_hidden_with_it) {
        static const char *const endings[] = {"/.git", "/.git/", "/%2egit", "", "/"};
        cleanup_free char *tree = mem_printf("%s/product", test_dir());
        cleanup_free char *repository = mem_printf("%s/.git", tree);

        CHECK_EQ_INT(dir_make(repository, 0700), 0);
        for (size_t i = 0; i < ARRAY_SIZE(endings); i++) {
                cleanup_arena Arena arena = ARENA_INIT;
                cleanup_free char *url = mem_printf("file://%s%s", tree, endings[i]);
                VerifyRequest request = {.repository = url};

                CHECK(is_hidden(hide_list(&request, &arena), tree));
        }
}

TEST(the_directory_around_a_bare_repository_is_not_hidden) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_free char *bare = mem_printf("%s/product.git", test_dir());
        cleanup_free char *url = mem_printf("file://%s", bare);
        VerifyRequest request = {.repository = url};

        CHECK_EQ_INT(dir_make(bare, 0700), 0);
        CHECK(is_hidden(hide_list(&request, &arena), bare));
        CHECK(!is_hidden(hide_list(&request, &arena), test_dir()));
}

TEST(a_repository_is_hidden_whichever_way_its_path_is_escaped) {
        static const char *const escaped[] = {"a%20%C3%A4%5B1%5D", "a%20%c3%a4%5b1%5d"};
        const char *dir = test_dir();
        cleanup_free char *tree = mem_printf("%s/a \xc3\xa4[1]", dir);

        CHECK_EQ_INT(dir_make(tree, 0700), 0);
        for (size_t i = 0; i < ARRAY_SIZE(escaped); i++) {
                cleanup_arena Arena arena = ARENA_INIT;
                cleanup_free char *url = mem_printf("file://%s/%s", dir, escaped[i]);
                VerifyRequest request = {.repository = url};

                CHECK(is_hidden(hide_list(&request, &arena), tree));
        }
}
