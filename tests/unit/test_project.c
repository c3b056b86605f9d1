/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Where the project is, and who may say so. */

#include "client/project.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "tests/lib/bench.h"
#include "tests/lib/test.h"

static const OptionRow key_row = {"key", "FILE", ""};

static const char *make(const char *endpoint) {
        const char *root = test_dir();
        Fault fault = FAULT_INIT;
        Key key;

        (void)unsetenv("COLDGATE_DIR");
        key_make(&key);
        CHECK_EQ_INT(project_make(root, "a project", endpoint, &key.public, &fault), 0);
        return root;
}

static void open_here(Project *ret_project) {
        Args args = {.n_rest = 0};
        Fault fault = FAULT_INIT;

        if (project_open(&args, ret_project, &fault) != 0)
                FAIL_TEST("%s: %s (%s)", fault.rule, fault.found, fault.place);
}

static void expect_refused(const char *rule) {
        Args args = {.n_rest = 0};
        Fault fault = FAULT_INIT;
        Project project;

        CHECK_EQ_INT(project_open(&args, &project, &fault), PROJECT_E_REFUSED);
        CHECK_EQ_TEXT(fault.rule, rule);
        CHECK(fault.place[0] != 0);
}

static void write_config(const char *root, const char *text, mode_t mode) {
        bench_write(root, ".coldgate/config", text, mode);
}

TEST(a_project_is_found_from_below) {
        const char *root = make(NULL);
        cleanup_project Project project = {.root = NULL};
        cleanup_free char *below = mem_printf("%s/a/b", root);
        cleanup_free char *endpoint = mem_printf("ipc://%s/.coldgate/run/broker.ipc", root);
        cleanup_free char *docs = mem_printf("%s/.coldgate/docs", root);

        CHECK_EQ_INT(dir_make(below, 0700), 0);
        CHECK_EQ_INT(chdir(below), 0);
        open_here(&project);
        CHECK_EQ_TEXT(project.root, root);
        CHECK_EQ_TEXT(project.name, "a project");
        CHECK_EQ_TEXT(project.endpoint, endpoint);
        CHECK_EQ_TEXT(project.docs, docs);
        CHECK_EQ_U64(project.lease_ms, 60000);
        CHECK_EQ_U64(project.attempts, 3);
}

TEST(without_a_project_the_next_step_is_told) {
        Fault fault = FAULT_INIT;

        (void)unsetenv("COLDGATE_DIR");
        CHECK_EQ_INT(chdir(test_dir()), 0);
        CHECK(project_find_root(NULL, &fault) == NULL);
        CHECK_EQ_TEXT(fault.rule, "project-missing");
        CHECK_CONTAINS(fault.next, "broker init");
}

TEST(an_option_wins_over_the_environment_and_that_over_the_directory) {
        const char *here = make(NULL), *env = make(NULL), *option = make(NULL);
        cleanup_free char *found_here = NULL;
        cleanup_free char *found_env = NULL;
        cleanup_free char *found_option = NULL;
        cleanup_free char *dot = mem_printf("%s/.coldgate", option);
        cleanup_free char *found_dot = NULL;
        Fault fault = FAULT_INIT;

        CHECK_EQ_INT(chdir(here), 0);
        found_here = project_find_root(NULL, &fault);
        CHECK_EQ_TEXT(found_here, here);
        CHECK_EQ_INT(setenv("COLDGATE_DIR", env, 1), 0);
        found_env = project_find_root(NULL, &fault);
        CHECK_EQ_TEXT(found_env, env);
        found_option = project_find_root(option, &fault);
        CHECK_EQ_TEXT(found_option, option);
        found_dot = project_find_root(dot, &fault);
        CHECK_EQ_TEXT(found_dot, option);
        CHECK(project_find_root(test_dir(), &fault) == NULL);
}

TEST(a_project_is_made_once) {
        const char *root = make(NULL);
        Fault fault = FAULT_INIT;
        Key key;

        key_make(&key);
        CHECK_EQ_INT(project_make(root, "again", NULL, &key.public, &fault), PROJECT_E_REFUSED);
        CHECK_EQ_TEXT(fault.rule, "project-exists");
}

TEST(a_name_cannot_write_settings_of_its_own) {
        cleanup_free char *dir = NULL;
        const char *root = test_dir();
        Fault fault = FAULT_INIT;
        struct stat facts;
        Key key;

        key_make(&key);
        CHECK_EQ_INT(project_make(root, "x\nname = y", NULL, &key.public, &fault),
                     PROJECT_E_REFUSED);
        CHECK_EQ_TEXT(fault.rule, "config-line");
        dir = mem_printf("%s/.coldgate", root);
        CHECK(stat(dir, &facts) < 0);
}

TEST(a_config_that_anybody_may_write_is_refused) {
        const char *root = make(NULL);
        cleanup_free char *path = mem_printf("%s/.coldgate/config", root);

        CHECK_EQ_INT(chdir(root), 0);
        CHECK_EQ_INT(chmod(path, 0666), 0);
        expect_refused("config-unreadable");
}

TEST(a_config_that_is_wrong_is_refused) {
        const char *root = make(NULL);

        CHECK_EQ_INT(chdir(root), 0);
        write_config(root, "name = x\n", 0644);
        expect_refused("config-value");
        write_config(root, "name = x\nbroker-key = nonsense\n", 0644);
        expect_refused("key-malformed");
        write_config(root, "nme = x\n", 0644);
        expect_refused("config-line");
}

TEST(a_config_of_any_size_is_survived) {
        const char *root = make(NULL);
        cleanup_buf Buf text = BUF_TEXT;

        for (int i = 0; i < 100000; i++)
                buf_text(&text, "# words\n");
        CHECK_EQ_INT(chdir(root), 0);
        write_config(root, buf_get_text(&text), 0644);
        expect_refused("config-unreadable");
}

TEST(a_tcp_endpoint_is_left_as_it_is) {
        cleanup_project Project project = {.root = NULL};

        CHECK_EQ_INT(chdir(make("tcp://127.0.0.1:7777")), 0);
        open_here(&project);
        CHECK_EQ_TEXT(project.endpoint, "tcp://127.0.0.1:7777");
}

TEST(keys_are_for_their_owner_and_a_named_one_wins) {
        cleanup_project Project project = {.root = NULL};
        const char *root = make(NULL);
        cleanup_free char *keys = mem_printf("%s/.coldgate/keys", root);
        cleanup_free char *wanted = mem_printf("%s/builder", keys);
        cleanup_free char *found = NULL;
        cleanup_free char *named = NULL;
        Args args = {.n_rest = 0};
        struct stat facts;

        CHECK_EQ_INT(chdir(root), 0);
        open_here(&project);
        CHECK_EQ_INT(stat(keys, &facts), 0);
        CHECK_EQ_INT(facts.st_mode & 0777, 0700);
        found = project_key_path(&project, &args, "builder");
        CHECK_EQ_TEXT(found, wanted);
        args.options[0].row = &key_row;
        args.options[0].value = "/elsewhere/key";
        args.n_options = 1;
        named = project_key_path(&project, &args, "builder");
        CHECK_EQ_TEXT(named, "/elsewhere/key");
}

TEST(names_that_could_leave_their_directory_are_not_plain) {
        static const char *const bad[] = {"",   ".",   "..",  "../x", "a/b",     "-x",
                                          ".x", "a b", "a\n", "a\\b", "\xc3\xa4"};
        static const char *const good[] = {"a", "builder", "ada.2", "ci@host", "A_b-c", "7"};
        char longest[66];

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                CHECK(!project_name_is_plain(slice_text(bad[i])));
        for (size_t i = 0; i < ARRAY_SIZE(good); i++)
                CHECK(project_name_is_plain(slice_text(good[i])));
        CHECK(!project_name_is_plain(slice_make("a\0b", 3)));
        memset(longest, 'a', sizeof longest);
        CHECK(project_name_is_plain(slice_make(longest, 64)));
        CHECK(!project_name_is_plain(slice_make(longest, 65)));
}
