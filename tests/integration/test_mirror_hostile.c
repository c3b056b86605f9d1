/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Fetching from repositories and servers that mean harm, or say nothing at all. */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "tests/lib/bench.h"
#include "tests/lib/repo.h"
#include "tests/lib/story.h"
#include "tests/lib/test.h"
#include "verify/mirror.h"

enum { ENTRIES_MAX = 3 };

TEST(a_hostile_url_makes_no_mirror) {
        cleanup(mirror_freep) Mirror *mirror = NULL;
        Fault fault = FAULT_INIT;
        const char *dir = test_dir();

        CHECK_EQ_INT(mirror_open(dir, "ext::sh -c true", &mirror, &fault), PREP_E_URL);
        CHECK_EQ_INT(rmdir(dir), 0); /* hence it is empty */
}

typedef struct BadTreeRow {
        const char *what;
        struct {
                const char *mode, *name;
        } entries[ENTRIES_MAX];
} BadTreeRow;

static const BadTreeRow bad_trees[] = {
        {"parent", {{"100644", ".."}}},
        {"itself", {{"100644", "."}}},
        {"git", {{"100644", ".git"}}},
        {"GIT", {{"100644", ".GIT"}}},
        {"git on NTFS", {{"100644", "git~1"}}},
        {"git on HFS", {{"100644", ".g\xe2\x80\x8cit"}}},
        {"a path", {{"100644", "a/b"}}},
        {"twice", {{"100644", "a"}, {"100644", "a"}}},
        {"a link and a file", {{"120000", "a"}, {"100644", "a"}}},
        {"not in order", {{"100644", "b"}, {"100644", "a"}}},
};

static void make_bad(const Repo *repo, const BadTreeRow *row, RepoId ret_commit) {
        cleanup_buf Buf bytes = BUF_TEXT;
        RepoId blob, tree;

        repo_object(repo, "blob", slice_text("target"), blob);
        for (size_t i = 0; i < ENTRIES_MAX && row->entries[i].mode; i++)
                repo_tree_add(&bytes, row->entries[i].mode, slice_text(row->entries[i].name), blob);
        repo_object(repo, "tree", buf_get(&bytes), tree);
        repo_commit_tree(repo, tree, "bad", ret_commit);
}

TEST(a_malformed_tree_is_refused_as_often_as_it_is_claimed) {
        for (size_t i = 0; i < ARRAY_SIZE(bad_trees); i++) {
                cleanup(mirror_freep) Mirror *mirror = NULL;
                Repo repo;
                RepoId commit;

                repo_make(&repo);
                make_bad(&repo, &bad_trees[i], commit);
                mirror = story_open_mirror(test_dir(), repo.url);
                for (int attempt = 0; attempt < 2; attempt++) {
                        Fault fault = FAULT_INIT;
                        int r = mirror_fetch(mirror, commit, STORY_FETCH_MS, &fault);

                        if (r != PREP_E_FAIL || !fault_is(&fault, "claim.bad-tree"))
                                FAIL_TEST("%s: %d %s: %s", bad_trees[i].what, r, fault.rule,
                                          fault.found);
                }
                CHECK_EQ_U64(story_count_packs(mirror), 0);
        }
}

TEST(an_absent_commit_is_called_absent_whatever_else_is_malformed) {
        cleanup_story Story story;
        RepoId bad;

        story_make(&story);
        make_bad(&story.repo, &bad_trees[0], bad);
        story_expect_refused(story.mirror, story_nowhere, PREP_E_FAIL, "claim.commit-absent");
}

TEST(a_malformed_tree_elsewhere_does_not_spoil_the_mirror) {
        cleanup_story Story story;
        RepoId bad;

        story_make(&story);
        make_bad(&story.repo, &bad_trees[0], bad);
        story_expect_refused(story.mirror, bad, PREP_E_FAIL, "claim.bad-tree");
        story_expect_fetched(story.mirror, story.second);
}

/* A program that leaves a trace when it runs. */
static char *write_trap(const char *dir) {
        cleanup_free char *text = mem_printf("#!/bin/sh\ntouch %s/ran\nexec \"$@\"\n", dir);

        bench_write(dir, "trap", text, 0755);
        return mem_printf("%s/trap", dir);
}

TEST(a_fetch_runs_nothing_of_the_claimant) {
        static const char *const settings[] = {
                "uploadpack.packObjectsHook", "core.fsmonitor", "core.sshCommand",
                "core.alternateRefsCommand",  "core.pager",     "alias.pack-objects"};
        static const char *const hooks[] = {"pre-receive", "reference-transaction", "post-update",
                                            "post-checkout", "proc-receive"};
        cleanup_story Story story;
        const char *dir = test_dir();
        cleanup_free char *trap = write_trap(dir);

        story_make(&story);
        bench_write(story.repo.path, ".git/hooks/README", "", 0644);
        for (size_t i = 0; i < ARRAY_SIZE(hooks); i++) {
                cleanup_free char *hook = mem_printf("%s/.git/hooks/%s", story.repo.path, hooks[i]);

                CHECK_EQ_INT(symlink(trap, hook), 0);
        }
        for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
                bench_git(story.repo.path, NULL, "config", settings[i], trap);
        CHECK(!story_has_file(dir, "ran"));
        story_expect_fetched(story.mirror, story.second);
        story_expect_refused(story.mirror, story_nowhere, PREP_E_FAIL, "claim.commit-absent");
        CHECK(!story_has_file(dir, "ran"));
}

TEST(a_repository_of_another_user_is_fetched) {
        cleanup_story Story story;
        ProcessSpec spec = {.argv = {"chown", "-R", "1234:1234", story.repo.path}};

        if (geteuid() != 0)
                SKIP("only root can make a repository of another user");
        story_make(&story);
        bench_run_expect(&spec, 5000, 0, NULL);
        story_expect_fetched(story.mirror, story.second);
}

TEST(the_caller_s_environment_does_not_reach_git) {
        static const char *const variables[][2] = {
                {"GIT_DIR", "/nonexistent"},
                {"GIT_OBJECT_DIRECTORY", "/nonexistent"},
                {"GIT_CONFIG_PARAMETERS", "'core.bare'='nonsense'"},
                {"GIT_ALLOW_PROTOCOL", "none"},
                {"GIT_TRACE", "/nonexistent/trace"},
        };
        cleanup_story Story story;
        const char *dir = test_dir();
        cleanup_free char *trap = write_trap(dir);
        cleanup_free char *config = mem_printf("[uploadpack]\n\tpackObjectsHook = %s\n", trap);
        cleanup_free char *git = mem_printf("%s/git", dir);

        story_make(&story);
        bench_write(dir, ".gitconfig", config, 0644);
        CHECK_EQ_INT(symlink(trap, git), 0);
        for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
                (void)setenv(variables[i][0], variables[i][1], 1);
        (void)setenv("HOME", dir, 1);
        (void)setenv("GIT_EXEC_PATH", dir, 1);
        (void)setenv("PATH", dir, 1);
        story_expect_fetched(story.mirror, story.second);
        CHECK(!story_has_file(dir, "ran"));
}

/* A port on loopback that takes connections and never says a word. */
static int listen_silently(uint16_t *ret_port) {
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t n = sizeof address;
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd < 0 || bind(fd, (struct sockaddr *)&address, n) < 0 || listen(fd, 8) < 0 ||
            getsockname(fd, (struct sockaddr *)&address, &n) < 0)
                FAIL_TEST("no listener: %s", strerror(errno));
        *ret_port = ntohs(address.sin_port);
        return fd;
}

/* Orphans become children of this process, so that it can see them end. */
static bool no_child_is_left(void *userdata unused_) {
        pid_t pid;

        while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
                continue;
        return pid < 0 && errno == ECHILD;
}

static void expect_silence_to_end(const char *before_host) {
        uint16_t port;
        cleanup_fd int fd = listen_silently(&port);
        cleanup_free char *url = mem_printf("%s127.0.0.1:%u/x", before_host, port);
        cleanup(mirror_freep) Mirror *mirror = story_open_mirror(test_dir(), url);
        Fault fault = FAULT_INIT;
        uint64_t before_ms = clock_mono_ms();

        CHECK(fd >= 0);
        CHECK_EQ_INT(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
        CHECK_EQ_INT(mirror_fetch(mirror, story_nowhere, 700, &fault), PREP_E_ERROR);
        CHECK_EQ_TEXT(fault.rule, "prep.fetch");
        CHECK_CONTAINS(fault.found, "within its time");
        CHECK(clock_mono_ms() - before_ms < 5000);
        CHECK(test_wait_until(no_child_is_left, NULL, 2000));
}

TEST(a_silent_https_server_is_left_at_the_deadline) {
        expect_silence_to_end("https://");
}

TEST(a_silent_ssh_server_is_left_at_the_deadline) {
        if (access("/usr/bin/ssh", X_OK) < 0)
                SKIP("there is no ssh");
        expect_silence_to_end("ssh://git@");
}

/* An ssh server that says who it is, and then that it knows nobody. */
static void turn_away(int fd) {
        static const char words[] = "SSH-2.0-x\r\n";

        for (;;) {
                cleanup_fd int guest = accept(fd, NULL, NULL);
                char heard[256];

                if (guest < 0 || write(guest, words, sizeof words - 1) < 0)
                        continue;
                (void)!read(guest, heard, sizeof heard);
        }
}

TEST(a_server_that_lets_nobody_in_is_an_error) {
        uint16_t port;
        cleanup_fd int fd = listen_silently(&port);
        cleanup_free char *url = mem_printf("ssh://git@127.0.0.1:%u/x", port);
        cleanup(mirror_freep) Mirror *mirror = story_open_mirror(test_dir(), url);
        pid_t pid;

        if (access("/usr/bin/ssh", X_OK) < 0)
                SKIP("there is no ssh");
        pid = fork();
        if (pid == 0) {
                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                turn_away(fd);
        }
        story_expect_refused(mirror, story_nowhere, PREP_E_ERROR, "prep.fetch");
        (void)kill(pid, SIGKILL);
}

TEST(a_server_that_takes_no_connection_is_an_error) {
        uint16_t port;
        cleanup_fd int fd = listen_silently(&port);
        cleanup_free char *url = mem_printf("https://127.0.0.1:%u/x", port);
        cleanup(mirror_freep) Mirror *mirror = story_open_mirror(test_dir(), url);

        fd_close(&fd);
        story_expect_refused(mirror, story_nowhere, PREP_E_ERROR, "prep.fetch");
}
