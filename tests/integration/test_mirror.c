/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Fetching from real repositories: honest, hostile, silent. */

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "tests/lib/bench.h"
#include "tests/lib/repo.h"
#include "tests/lib/test.h"
#include "verify/fetch.h"
#include "verify/mirror.h"
#include "verify/quarantine.h"

enum { FETCH_MS = 30000, ENTRIES_MAX = 3 };

static const char nowhere[] = "1111111111111111111111111111111111111111";

static Mirror *open_mirror(const char *dir, const char *url) {
        Mirror *mirror = NULL;
        Fault fault = FAULT_INIT;

        if (mirror_open(dir, url, &mirror, &fault) != 0)
                FAIL_TEST("%s: %s", fault.rule, fault.found);
        return mirror;
}

static void expect_fetched(Mirror *mirror, const char *commit) {
        Fault fault = FAULT_INIT;

        if (mirror_fetch(mirror, commit, FETCH_MS, &fault) != 0)
                FAIL_TEST("%s: %s", fault.rule, fault.found);
}

static void expect_refused(Mirror *mirror, const char *commit, int expected, const char *rule) {
        Fault fault = FAULT_INIT;
        int r = mirror_fetch(mirror, commit, FETCH_MS, &fault);

        if (r != expected || !fault_is(&fault, rule))
                FAIL_TEST("%d %s: %s", r, fault.rule, fault.found);
}

static size_t count_packs(const Mirror *mirror) {
        cleanup_free char *path = mem_printf("%s/objects/pack", mirror_get_path(mirror));
        DIR *dir = opendir(path);
        struct dirent *entry;
        size_t n = 0;

        while ((entry = readdir(dir)))
                n += strstr(entry->d_name, ".pack") != NULL;
        (void)closedir(dir);
        return n;
}

static bool exists(const char *dir, const char *name) {
        cleanup_free char *path = mem_printf("%s/%s", dir, name);
        struct stat facts;

        return lstat(path, &facts) == 0;
}

static void move_away(const Repo *repo) {
        cleanup_free char *away = mem_printf("%s.away", repo->path);

        if (rename(repo->path, away) < 0)
                FAIL_TEST("%s: %s", away, strerror(errno));
}

/* A repository with two commits, and a mirror that is still empty. */
typedef struct Story {
        Repo repo;
        RepoId first, second;
        Mirror *mirror;
} Story;

static void story_deinit(Story *story) {
        story->mirror = mirror_free(story->mirror);
}

#define cleanup_story cleanup(story_deinit)

static void story_make(Story *ret_story) {
        repo_make(&ret_story->repo);
        bench_write(ret_story->repo.path, "src/a.c", "int a;\n", 0644);
        repo_commit(&ret_story->repo, "first", ret_story->first);
        bench_write(ret_story->repo.path, "src/b.c", "int b;\n", 0644);
        repo_commit(&ret_story->repo, "second", ret_story->second);
        ret_story->mirror = open_mirror(test_dir(), ret_story->repo.url);
}

TEST(a_commit_is_fetched_and_its_tree_is_known) {
        cleanup_story Story story;
        RepoId tree;
        char found[COMMIT_HEX_MAX + 1];
        Fault fault = FAULT_INIT;

        story_make(&story);
        expect_fetched(story.mirror, story.second);
        CHECK_EQ_INT(mirror_get_tree(story.mirror, story.second, found, &fault), 0);
        repo_ask(&story.repo, tree, "rev-parse", "HEAD^{tree}");
        CHECK_EQ_TEXT(found, tree);
        CHECK(!exists(mirror_get_path(story.mirror), "quarantine"));
}

TEST(a_commit_that_no_branch_names_any_more_is_fetched) {
        cleanup_story Story story;

        story_make(&story);
        bench_git(story.repo.path, NULL, "reset", "--quiet", "--hard", story.first);
        expect_fetched(story.mirror, story.second);
}

TEST(a_commit_that_is_there_needs_no_repository) {
        cleanup_story Story story;

        story_make(&story);
        expect_fetched(story.mirror, story.second);
        move_away(&story.repo);
        expect_fetched(story.mirror, story.second);
}

TEST(an_ancestor_of_a_commit_that_is_there_needs_no_repository) {
        cleanup_story Story story;

        story_make(&story);
        expect_fetched(story.mirror, story.second);
        move_away(&story.repo);
        expect_fetched(story.mirror, story.first);
        CHECK_EQ_U64(count_packs(story.mirror), 1);
}

TEST(a_later_commit_comes_as_a_pack_of_its_own) {
        cleanup_story Story story;

        story_make(&story);
        expect_fetched(story.mirror, story.first);
        CHECK_EQ_U64(count_packs(story.mirror), 1);
        expect_fetched(story.mirror, story.second);
        CHECK_EQ_U64(count_packs(story.mirror), 2);
}

TEST(an_absent_commit_fails_the_claim) {
        cleanup_story Story story;

        story_make(&story);
        expect_refused(story.mirror, nowhere, PREP_E_FAIL, "claim.commit-absent");
        CHECK_EQ_U64(count_packs(story.mirror), 0);
        CHECK(!exists(mirror_get_path(story.mirror), "quarantine"));
}

TEST(an_empty_repository_fails_the_claim) {
        cleanup(mirror_freep) Mirror *mirror = NULL;
        Repo repo;

        repo_make(&repo);
        mirror = open_mirror(test_dir(), repo.url);
        expect_refused(mirror, nowhere, PREP_E_FAIL, "claim.commit-absent");
}

TEST(a_repository_that_cannot_be_reached_is_an_error) {
        cleanup_story Story story;

        story_make(&story);
        move_away(&story.repo);
        expect_refused(story.mirror, story.second, PREP_E_ERROR, "prep.fetch");
}

TEST(an_id_that_is_not_a_commit_fails_the_claim) {
        static const char *const names[] = {"v1", "HEAD^{tree}", "HEAD:src/a.c"};
        cleanup_story Story story;
        RepoId id;

        story_make(&story);
        bench_git(story.repo.path, NULL, "tag", "--annotate", "-m", "one", "v1");
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                repo_ask(&story.repo, id, "rev-parse", names[i]);
                expect_refused(story.mirror, id, PREP_E_FAIL, "claim.not-a-commit");
        }
        CHECK_EQ_U64(count_packs(story.mirror), 0);
        expect_fetched(story.mirror, story.second);
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                repo_ask(&story.repo, id, "rev-parse", names[i]);
                expect_refused(story.mirror, id, PREP_E_FAIL, "claim.not-a-commit");
        }
}

TEST(a_name_is_no_identity) {
        cleanup_story Story story;

        story_make(&story);
        expect_refused(story.mirror, "main", PREP_E_FAIL, "claim.not-a-commit");
        expect_refused(story.mirror, "../../../../etc/passwd", PREP_E_FAIL, "claim.not-a-commit");
        story.second[7] = 0;
        expect_refused(story.mirror, story.second, PREP_E_FAIL, "claim.not-a-commit");
}

TEST(an_id_of_sha256_is_not_supported_and_says_so) {
        cleanup_story Story story;
        cleanup_free char *id = mem_printf("%s111111111111111111111111", nowhere);

        story_make(&story);
        expect_refused(story.mirror, id, PREP_E_ERROR, "prep.unsupported");
}

TEST(a_hostile_url_makes_no_mirror) {
        cleanup(mirror_freep) Mirror *mirror = NULL;
        Fault fault = FAULT_INIT;
        const char *dir = test_dir();

        CHECK_EQ_INT(mirror_open(dir, "ext::sh -c true", &mirror, &fault), PREP_E_URL);
        CHECK_EQ_INT(rmdir(dir), 0); /* hence it is empty */
}

TEST(a_directory_that_cannot_hold_mirrors_is_an_error) {
        cleanup(mirror_freep) Mirror *mirror = NULL;
        Fault fault = FAULT_INIT;
        const char *dir = test_dir();
        cleanup_free char *path = mem_printf("%s/file/mirrors", dir);

        bench_write(dir, "file", "", 0600);
        CHECK_EQ_INT(mirror_open(path, "file:///x", &mirror, &fault), PREP_E_ERROR);
        CHECK_EQ_TEXT(fault.rule, "prep.mirror");
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
                mirror = open_mirror(test_dir(), repo.url);
                for (int attempt = 0; attempt < 2; attempt++) {
                        Fault fault = FAULT_INIT;
                        int r = mirror_fetch(mirror, commit, FETCH_MS, &fault);

                        if (r != PREP_E_FAIL || !fault_is(&fault, "claim.bad-tree"))
                                FAIL_TEST("%s: %d %s: %s", bad_trees[i].what, r, fault.rule,
                                          fault.found);
                }
                CHECK_EQ_U64(count_packs(mirror), 0);
        }
}

TEST(a_malformed_tree_elsewhere_does_not_spoil_the_mirror) {
        cleanup_story Story story;
        RepoId bad;

        story_make(&story);
        make_bad(&story.repo, &bad_trees[0], bad);
        expect_refused(story.mirror, bad, PREP_E_FAIL, "claim.bad-tree");
        expect_fetched(story.mirror, story.second);
}

TEST(old_honest_history_with_odd_headers_and_modes_is_taken) {
        static const char text[] = "author A <> 0 +0000\ncommitter A<a@b> 1 +051800\n\nold\n";
        cleanup(mirror_freep) Mirror *mirror = NULL;
        cleanup_buf Buf bytes = BUF_TEXT;
        cleanup_free char *commit_text = NULL;
        Repo repo;
        RepoId blob, tree, commit;

        repo_make(&repo);
        repo_object(&repo, "blob", slice_text("x"), blob);
        repo_tree_add(&bytes, "0100644", slice_text("f"), blob);
        repo_object(&repo, "tree", buf_get(&bytes), tree);
        commit_text = mem_printf("tree %s\n%s", tree, text);
        repo_object(&repo, "commit", slice_text(commit_text), commit);
        mirror = open_mirror(test_dir(), repo.url);
        expect_fetched(mirror, commit);
}

TEST(a_shallow_copy_is_an_error_that_says_so) {
        cleanup_story Story story;
        cleanup(mirror_freep) Mirror *mirror = NULL;
        Fault fault = FAULT_INIT;
        Repo shallow;

        story_make(&story);
        repo_make(&shallow);
        bench_git(shallow.path, NULL, "fetch", "--quiet", "--depth=1", story.repo.url,
                  "main:shallow");
        mirror = open_mirror(test_dir(), shallow.url);
        CHECK_EQ_INT(mirror_fetch(mirror, story.second, FETCH_MS, &fault), PREP_E_ERROR);
        CHECK_EQ_TEXT(fault.rule, "prep.fetch");
        CHECK_CONTAINS(fault.found, "shallow");
        CHECK_EQ_U64(count_packs(mirror), 0);
}

TEST(a_repository_that_lost_a_blob_is_an_error) {
        cleanup_story Story story;
        cleanup_free char *path = NULL;
        RepoId blob;

        story_make(&story);
        repo_ask(&story.repo, blob, "rev-parse", "HEAD:src/a.c");
        path = mem_printf("%s/.git/objects/%.2s/%s", story.repo.path, blob, blob + 2);
        CHECK_EQ_INT(unlink(path), 0);
        expect_refused(story.mirror, story.second, PREP_E_ERROR, "prep.fetch");
        CHECK_EQ_U64(count_packs(story.mirror), 0);
}

TEST(a_replaced_object_at_the_claimant_changes_nothing) {
        cleanup_story Story story;
        RepoId tree;
        char found[COMMIT_HEX_MAX + 1];
        Fault fault = FAULT_INIT;

        story_make(&story);
        repo_ask(&story.repo, tree, "rev-parse", "HEAD^{tree}");
        bench_git(story.repo.path, NULL, "replace", story.second, story.first);
        expect_fetched(story.mirror, story.second);
        CHECK_EQ_INT(mirror_get_tree(story.mirror, story.second, found, &fault), 0);
        CHECK_EQ_TEXT(found, tree);
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
        CHECK(!exists(dir, "ran"));
        expect_fetched(story.mirror, story.second);
        expect_refused(story.mirror, nowhere, PREP_E_FAIL, "claim.commit-absent");
        CHECK(!exists(dir, "ran"));
}

TEST(a_repository_of_another_user_is_fetched) {
        cleanup_story Story story;
        ProcessSpec spec = {.argv = {"chown", "-R", "1234:1234", story.repo.path}};

        if (geteuid() != 0)
                SKIP("only root can make a repository of another user");
        story_make(&story);
        bench_run_expect(&spec, 5000, 0, NULL);
        expect_fetched(story.mirror, story.second);
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
        expect_fetched(story.mirror, story.second);
        CHECK(!exists(dir, "ran"));
}

TEST(heads_bring_what_a_server_would_not_give_by_its_id) {
        cleanup_story Story story;
        cleanup_fetch Fetch fetch;
        Fault fault = FAULT_INIT;

        story_make(&story);
        fetch_init(&fetch, mirror_get_path(story.mirror), story.repo.url, story.first);
        fetch.deadline_ms = clock_mono_ms() + FETCH_MS;
        fetch.fault = &fault;
        CHECK_EQ_INT(
                fetch_obtain(&fetch, (const char *const[]){"+refs/heads/*:refs/heads/*", NULL}), 0);
        CHECK_EQ_INT(fetch_prove(&fetch), 0);
}

TEST(what_a_crash_left_in_the_quarantine_is_thrown_away) {
        cleanup_story Story story;
        const char *path;

        story_make(&story);
        path = mirror_get_path(story.mirror);
        CHECK_EQ_INT(quarantine_reset(path), 0);
        bench_write(path, "quarantine/objects/pack/pack-1.pack", "junk", 0644);
        bench_write(path, "quarantine/objects/pack/pack-1.idx", "junk", 0644);
        bench_write(path, "quarantine/shallow.lock", "", 0644);
        expect_fetched(story.mirror, story.second);
        CHECK(!exists(path, "objects/pack/pack-1.idx"));
}

TEST(a_crash_before_the_proof_was_written_costs_no_second_fetch) {
        cleanup_story Story story;
        cleanup_free char *proof = NULL;

        story_make(&story);
        expect_fetched(story.mirror, story.second);
        proof = mem_printf("%s/refs/coldgate/%s", mirror_get_path(story.mirror), story.second);
        CHECK_EQ_INT(unlink(proof), 0);
        move_away(&story.repo);
        expect_fetched(story.mirror, story.second);
        CHECK_EQ_INT(access(proof, F_OK), 0);
}

/* A server may put a commit into a pack without what belongs to it. */
TEST(a_commit_whose_tree_is_missing_in_the_mirror_is_not_taken_for_present) {
        cleanup_story Story story;
        cleanup_free char *path = NULL, *copy = NULL, *dir = NULL;
        ProcessSpec spec = {.argv = {"cp", NULL, NULL}};

        story_make(&story);
        dir = mem_printf("%s/objects/%.2s", mirror_get_path(story.mirror), story.second);
        copy = mem_printf("%s/%s", dir, story.second + 2);
        path = mem_printf("%s/.git/objects/%.2s/%s", story.repo.path, story.second,
                          story.second + 2);
        CHECK_EQ_INT(dir_make(dir, 0700), 0);
        spec.argv[1] = path;
        spec.argv[2] = copy;
        bench_run_expect(&spec, 5000, 0, NULL);
        expect_fetched(story.mirror, story.second);
        CHECK_EQ_U64(count_packs(story.mirror), 1);
}

TEST(two_processes_may_fetch_the_same_commit_at_once) {
        cleanup_story Story story;
        pid_t other;
        int status;

        story_make(&story);
        other = fork();
        expect_fetched(story.mirror, story.second);
        if (other == 0)
                _exit(0);
        CHECK_EQ_INT(waitpid(other, &status, 0), other);
        CHECK_EQ_INT(status, 0);
        CHECK_EQ_U64(count_packs(story.mirror), 1);
}

TEST(a_mirror_in_use_all_the_time_is_an_error) {
        cleanup_story Story story;
        cleanup_free char *path = NULL;
        cleanup_fd int fd = -1;
        Fault fault = FAULT_INIT;

        story_make(&story);
        path = mem_printf("%s/lock", mirror_get_path(story.mirror));
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        CHECK_EQ_INT(flock(fd, LOCK_EX), 0);
        CHECK_EQ_INT(mirror_fetch(story.mirror, story.second, 50, &fault), PREP_E_ERROR);
        CHECK_EQ_TEXT(fault.rule, "prep.fetch");
        fd_close(&fd);
        expect_fetched(story.mirror, story.second);
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
        cleanup(mirror_freep) Mirror *mirror = open_mirror(test_dir(), url);
        Fault fault = FAULT_INIT;
        uint64_t before_ms = clock_mono_ms();

        CHECK_EQ_INT(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
        CHECK_EQ_INT(mirror_fetch(mirror, nowhere, 700, &fault), PREP_E_ERROR);
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

TEST(a_server_that_takes_no_connection_is_an_error) {
        uint16_t port;
        cleanup_fd int fd = listen_silently(&port);
        cleanup_free char *url = mem_printf("https://127.0.0.1:%u/x", port);
        cleanup(mirror_freep) Mirror *mirror = open_mirror(test_dir(), url);

        fd_close(&fd);
        expect_refused(mirror, nowhere, PREP_E_ERROR, "prep.fetch");
}
