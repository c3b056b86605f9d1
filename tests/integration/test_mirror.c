/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Getting commits ready from repositories that may be broken but mean no harm. */

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "tests/lib/bench.h"
#include "tests/lib/repo.h"
#include "tests/lib/story.h"
#include "tests/lib/test.h"
#include "verify/fetch.h"
#include "verify/mirror.h"
#include "verify/quarantine.h"
#include "verify/suspect.h"

TEST(a_commit_is_fetched_and_its_tree_is_known) {
        cleanup_story Story story;
        RepoId tree;
        char found[COMMIT_HEX_MAX + 1];
        Fault fault = FAULT_INIT;

        story_make(&story);
        story_expect_fetched(story.mirror, story.second);
        CHECK_EQ_INT(mirror_get_tree(story.mirror, story.second, found, &fault), 0);
        repo_ask(&story.repo, tree, "rev-parse", "HEAD^{tree}");
        CHECK_EQ_TEXT(found, tree);
        CHECK(!story_has_file(mirror_get_path(story.mirror), "quarantine"));
}

TEST(a_commit_that_no_branch_names_any_more_is_fetched) {
        cleanup_story Story story;

        story_make(&story);
        bench_git(story.repo.path, NULL, "reset", "--quiet", "--hard", story.first);
        story_expect_fetched(story.mirror, story.second);
}

TEST(a_commit_that_is_there_needs_no_repository) {
        cleanup_story Story story;

        story_make(&story);
        story_expect_fetched(story.mirror, story.second);
        story_move_away(&story);
        story_expect_fetched(story.mirror, story.second);
}

TEST(an_ancestor_of_a_commit_that_is_there_needs_no_repository) {
        cleanup_story Story story;

        story_make(&story);
        story_expect_fetched(story.mirror, story.second);
        story_move_away(&story);
        story_expect_fetched(story.mirror, story.first);
        CHECK_EQ_U64(story_count_packs(story.mirror), 1);
}

TEST(a_later_commit_comes_as_a_pack_of_its_own) {
        cleanup_story Story story;

        story_make(&story);
        story_expect_fetched(story.mirror, story.first);
        CHECK_EQ_U64(story_count_packs(story.mirror), 1);
        story_expect_fetched(story.mirror, story.second);
        CHECK_EQ_U64(story_count_packs(story.mirror), 2);
}

TEST(an_absent_commit_fails_the_claim) {
        cleanup_story Story story;

        story_make(&story);
        story_expect_refused(story.mirror, story_nowhere, PREP_E_FAIL, "claim.commit-absent");
        CHECK_EQ_U64(story_count_packs(story.mirror), 0);
        CHECK(!story_has_file(mirror_get_path(story.mirror), "quarantine"));
}

TEST(an_empty_repository_fails_the_claim) {
        cleanup(mirror_freep) Mirror *mirror = NULL;
        Repo repo;

        repo_make(&repo);
        mirror = story_open_mirror(test_dir(), repo.url);
        story_expect_refused(mirror, story_nowhere, PREP_E_FAIL, "claim.commit-absent");
}

TEST(a_repository_that_cannot_be_reached_is_an_error) {
        cleanup_story Story story;

        story_make(&story);
        story_move_away(&story);
        story_expect_refused(story.mirror, story.second, PREP_E_ERROR, "prep.fetch");
}

static void spoil_pack(const Story *story) {
        cleanup_free char *pattern =
                mem_printf("%s/objects/pack/*.pack", mirror_get_path(story->mirror));
        cleanup_fd int fd = -1;
        struct stat facts;
        glob_t files;

        CHECK_EQ_INT(glob(pattern, 0, NULL, &files), 0);
        CHECK_EQ_INT(chmod(files.gl_pathv[0], 0600), 0);
        fd = open(files.gl_pathv[0], O_RDWR | O_CLOEXEC);
        CHECK(fd >= 0 && fstat(fd, &facts) == 0);
        CHECK_EQ_INT(pwrite(fd, "spoiled", 7, facts.st_size - 7), 7);
        globfree(&files);
}

/* To look into each is minutes where the repository is large, and a server can be away for hours.
 */
TEST(no_pack_is_looked_into_because_a_server_is_away) {
        cleanup_story Story story;

        story_make(&story);
        story_expect_fetched(story.mirror, story.first);
        spoil_pack(&story);
        story_move_away(&story);
        story_expect_refused(story.mirror, story_nowhere, PREP_E_ERROR, "prep.fetch");
        CHECK_EQ_U64(story_count_packs(story.mirror), 1);
}

TEST(an_id_that_is_not_a_commit_fails_the_claim) {
        static const char *const names[] = {"v1", "HEAD^{tree}", "HEAD:src/a.c"};
        cleanup_story Story story;
        RepoId id;

        story_make(&story);
        bench_git(story.repo.path, NULL, "tag", "--annotate", "-m", "one", "v1");
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                repo_ask(&story.repo, id, "rev-parse", names[i]);
                story_expect_refused(story.mirror, id, PREP_E_FAIL, "claim.not-a-commit");
        }
        CHECK_EQ_U64(story_count_packs(story.mirror), 0);
        story_expect_fetched(story.mirror, story.second);
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                repo_ask(&story.repo, id, "rev-parse", names[i]);
                story_expect_refused(story.mirror, id, PREP_E_FAIL, "claim.not-a-commit");
        }
}

/* Without time no pack is read; that the id is that of a tree needs none. */
TEST(nobody_is_blamed_while_there_was_no_time_to_look_into_the_mirror) {
        cleanup_story Story story;
        RepoId tree;
        Fault fault = FAULT_INIT;

        story_make(&story);
        story_expect_fetched(story.mirror, story.second);
        repo_ask(&story.repo, tree, "rev-parse", "HEAD^{tree}");
        CHECK_EQ_INT(mirror_fetch(story.mirror, tree, 0, &fault), PREP_E_ERROR);
        CHECK_EQ_TEXT(fault.rule, "prep.fetch");
        CHECK_CONTAINS(fault.next, mirror_get_path(story.mirror));
        CHECK_EQ_INT(mirror_fetch(story.mirror, tree, STORY_FETCH_MS, &fault), PREP_E_FAIL);
        CHECK_EQ_TEXT(fault.rule, "claim.not-a-commit");
}

TEST(a_mirror_stays_suspect_until_it_was_looked_into) {
        cleanup_story Story story;
        Fault fault = FAULT_INIT;

        story_make(&story);
        story_expect_fetched(story.mirror, story.second);
        suspect_mark(mirror_get_path(story.mirror));
        CHECK_EQ_INT(mirror_fetch(story.mirror, story.second, 0, &fault), PREP_E_ERROR);
        CHECK_EQ_TEXT(fault.rule, "prep.fetch");
        CHECK(suspect_is(mirror_get_path(story.mirror)));
        story_expect_fetched(story.mirror, story.second);
        CHECK(!suspect_is(mirror_get_path(story.mirror)));
}

TEST(a_name_is_no_identity) {
        cleanup_story Story story;

        story_make(&story);
        story_expect_refused(story.mirror, "main", PREP_E_FAIL, "claim.not-a-commit");
        story_expect_refused(story.mirror, "../../../../etc/passwd", PREP_E_FAIL,
                             "claim.not-a-commit");
        story.second[7] = 0;
        story_expect_refused(story.mirror, story.second, PREP_E_FAIL, "claim.not-a-commit");
}

TEST(an_id_of_sha256_is_not_supported_and_says_so) {
        cleanup_story Story story;
        cleanup_free char *id = mem_printf("%s111111111111111111111111", story_nowhere);

        story_make(&story);
        story_expect_refused(story.mirror, id, PREP_E_ERROR, "prep.unsupported");
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
        mirror = story_open_mirror(test_dir(), repo.url);
        story_expect_fetched(mirror, commit);
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
        mirror = story_open_mirror(test_dir(), shallow.url);
        CHECK_EQ_INT(mirror_fetch(mirror, story.second, STORY_FETCH_MS, &fault), PREP_E_ERROR);
        CHECK_EQ_TEXT(fault.rule, "prep.fetch");
        CHECK_CONTAINS(fault.found, "shallow");
        CHECK_EQ_U64(story_count_packs(mirror), 0);
}

TEST(a_repository_that_lost_a_blob_is_an_error) {
        cleanup_story Story story;
        cleanup_free char *path = NULL;
        RepoId blob;

        story_make(&story);
        repo_ask(&story.repo, blob, "rev-parse", "HEAD:src/a.c");
        path = mem_printf("%s/.git/objects/%.2s/%s", story.repo.path, blob, blob + 2);
        CHECK_EQ_INT(unlink(path), 0);
        story_expect_refused(story.mirror, story.second, PREP_E_ERROR, "prep.fetch");
        CHECK_EQ_U64(story_count_packs(story.mirror), 0);
}

TEST(a_replaced_object_at_the_claimant_changes_nothing) {
        cleanup_story Story story;
        RepoId tree;
        char found[COMMIT_HEX_MAX + 1];
        Fault fault = FAULT_INIT;

        story_make(&story);
        repo_ask(&story.repo, tree, "rev-parse", "HEAD^{tree}");
        bench_git(story.repo.path, NULL, "replace", story.second, story.first);
        story_expect_fetched(story.mirror, story.second);
        CHECK_EQ_INT(mirror_get_tree(story.mirror, story.second, found, &fault), 0);
        CHECK_EQ_TEXT(found, tree);
}

TEST(heads_bring_what_a_server_would_not_give_by_its_id) {
        cleanup_story Story story;
        cleanup_fetch Fetch fetch;
        Fault fault = FAULT_INIT;

        story_make(&story);
        fetch_init(&fetch, mirror_get_path(story.mirror), story.repo.url, story.first);
        fetch.deadline_ms = clock_mono_ms() + STORY_FETCH_MS;
        fetch.fault = &fault;
        CHECK_EQ_INT(
                fetch_obtain(&fetch, (const char *const[]){"+refs/heads/*:refs/heads/*", NULL}), 0);
        CHECK_EQ_INT(fetch_prove(&fetch), 0);
}

TEST(an_object_outside_of_packs_keeps_a_quarantine_out) {
        cleanup_story Story story;
        const char *path;

        story_make(&story);
        path = mirror_get_path(story.mirror);
        CHECK_EQ_INT(quarantine_reset(path), 0);
        CHECK_EQ_INT(quarantine_move_in(path), 0);
        bench_write(path, "quarantine/objects/ab/cdef", "junk", 0644);
        CHECK_EQ_INT(quarantine_move_in(path), -EBADMSG);
}

/* What nobody has looked into is not read: a server chooses its bytes. */
TEST(objects_outside_of_packs_are_never_read) {
        cleanup_story Story story;
        cleanup_fetch Fetch fetch;
        cleanup_free char *objects = NULL, *from = NULL, *to = NULL;
        Fault fault = FAULT_INIT;

        story_make(&story);
        fetch_init(&fetch, mirror_get_path(story.mirror), story.repo.url, story.second);
        fetch.deadline_ms = clock_mono_ms() + STORY_FETCH_MS;
        fetch.fault = &fault;
        CHECK_EQ_INT(quarantine_reset(fetch.mirror), 0);
        CHECK_EQ_INT(fetch_prove(&fetch), FETCH_E_ABSENT);
        objects = mem_printf("%s/objects/%.2s", fetch.quarantine, story.second);
        from = mem_printf("%s/.git/objects/%.2s/%s", story.repo.path, story.second,
                          story.second + 2);
        to = mem_printf("%s/%s", objects, story.second + 2);
        CHECK_EQ_INT(dir_make(objects, 0700), 0);
        CHECK_EQ_INT(link(from, to), 0);
        CHECK_EQ_INT(fetch_prove(&fetch), FETCH_E_ERROR);
        CHECK(fault_is(&fault, "prep.fetch"));
        CHECK_CONTAINS(fault.found, "outside of packs");
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
        story_expect_fetched(story.mirror, story.second);
        CHECK(!story_has_file(path, "objects/pack/pack-1.idx"));
}

TEST(a_crash_before_the_proof_was_written_costs_no_second_fetch) {
        cleanup_story Story story;
        cleanup_free char *proof = NULL;

        story_make(&story);
        story_expect_fetched(story.mirror, story.second);
        proof = mem_printf("%s/refs/coldgate/%s", mirror_get_path(story.mirror), story.second);
        CHECK_EQ_INT(unlink(proof), 0);
        story_move_away(&story);
        story_expect_fetched(story.mirror, story.second);
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
        story_expect_fetched(story.mirror, story.second);
        CHECK_EQ_U64(story_count_packs(story.mirror), 1);
}

TEST(two_processes_may_fetch_the_same_commit_at_once) {
        cleanup_story Story story;
        pid_t other;
        int status;

        story_make(&story);
        other = fork();
        story_expect_fetched(story.mirror, story.second);
        if (other == 0)
                _exit(0);
        CHECK_EQ_INT(waitpid(other, &status, 0), other);
        CHECK_EQ_INT(status, 0);
        CHECK_EQ_U64(story_count_packs(story.mirror), 1);
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
        story_expect_fetched(story.mirror, story.second);
}
