/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Rendered files as commits of a real repository. */

#include "tests/lib/test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "broker/anchor.h"
#include "tests/lib/bench.h"
#include "tests/lib/chronicle.h"
#include "tests/lib/repo.h"

enum { TEXT_BYTES_MAX = 1 << 20, LIMIT_MS = 20000 };

typedef struct Ground {
        Chronicle chronicle;
        Ledger *ledger;
        Repo repo;
        const char *docs;
        Arena arena;
} Ground;

/* A path in the repository. */
static const char *in_repo(Ground *ground, const char *name) {
        return arena_printf(&ground->arena, "%s/%s", ground->repo.path, name);
}

/* What a git command prints; in the arena. */
#define ASK(ground, ...) ask((ground), (ground)->repo.path, (const char *[]){__VA_ARGS__, NULL})

static const char *ask(Ground *ground, const char *dir, const char *const *arguments) {
        cleanup_buf Buf out = BUF_INIT(TEXT_BYTES_MAX);

        bench_git_argv(dir, &out, arguments);
        return arena_text(&ground->arena, buf_get(&out));
}

/* A ledger with a story, a repository with a file and a folder for the rendered ones. */
static void make_ground(Ground *ground, const char *story) {
        RepoId first;

        chronicle_play(&ground->chronicle, story);
        ground->ledger = chronicle_write(&ground->chronicle,
                                         arena_printf(&ground->arena, "%s/ledger.db", test_dir()));
        repo_make(&ground->repo);
        bench_write(ground->repo.path, "user.txt", "one\n", 0644);
        repo_commit(&ground->repo, "the user's own", first);
        ground->docs = in_repo(ground, "machine docs");
        CHECK_EQ_INT(dir_make(ground->docs, 0755), 0);
}

static void ground_deinit(Ground *ground) {
        (void)ledger_free(ground->ledger);
        chronicle_close(&ground->chronicle);
        arena_deinit(&ground->arena);
}

static int commit(Ground *ground, AnchorReport *ret_report, Fault *ret_fault) {
        *ret_fault = FAULT_INIT;
        return anchor_commit(ground->ledger, &ground->chronicle.desk.broker_key, ground->docs,
                             ret_report, ret_fault);
}

static void commit_all(Ground *ground, AnchorReport *ret_report) {
        Fault fault;

        if (commit(ground, ret_report, &fault) != 0)
                FAIL_TEST("%s: %s", fault.rule, fault.found);
}

TEST(each_claim_and_each_verdict_is_a_commit_with_the_subject_that_people_grep) {
        cleanup(ground_deinit) Ground ground = {.ledger = NULL};
        AnchorReport report;

        make_ground(&ground, "pvfix");
        commit_all(&ground, &report);
        CHECK_EQ_TEXT(ASK(&ground, "log", "--reverse", "--format=%s"),
                      "the user's own\n"
                      "claim(pvfix-M1): proxy /16 patch + maintenance plan ready\n"
                      "review(pvfix-M1): M1 PASS at e6349a900000\n"
                      "claim(pvfix-M2): proxy recreated as 10.10.0.0/16; nixos-rebuild applied; "
                      "all services hea…\n"
                      "review(pvfix-M2): M2 PASS at 71319d700000\n"
                      "status(pvfix): active, entries 21 to 22\n");
        CHECK_EQ_U64(report.n_commits, 5);
        CHECK_EQ_U64(report.seq, 22);
}

TEST(a_commit_says_who_said_it_when_and_which_entry_it_is) {
        cleanup(ground_deinit) Ground ground = {.ledger = NULL};
        AnchorReport report;
        const char *body;

        make_ground(&ground, "pvfix");
        commit_all(&ground, &report);
        body = ASK(&ground, "log", "-1", "--format=%an %aI%n%B", "HEAD~4");
        CHECK_CONTAINS(body, "bob 2026-06-13T05:32:00+00:00\n");
        CHECK_CONTAINS(body, "\nC-12 by bob at e6349a9000000000000000000000000000000000\n");
        CHECK_CONTAINS(body, "\nLedger-Entry: 12\nLedger-Hash: ");
}

static const char *file_at(Ground *ground, const char *commit, const char *name) {
        return ASK(ground, "show",
                   arena_printf(&ground->arena, "%s:machine docs/%s", commit, name));
}

TEST(each_commit_has_the_review_as_a_prefix_of_the_next) {
        static const char *const commits[] = {"HEAD~4", "HEAD~3", "HEAD~2", "HEAD~1", "HEAD"};
        cleanup(ground_deinit) Ground ground = {.ledger = NULL};
        const char *before = "";
        AnchorReport report;

        make_ground(&ground, "pvfix");
        commit_all(&ground, &report);
        for (size_t i = 0; i < ARRAY_SIZE(commits); i++) {
                const char *after = file_at(&ground, commits[i], "REVIEW-pvfix.md");

                CHECK(strncmp(after, before, strlen(before)) == 0);
                CHECK(strlen(after) > strlen(before) || i == 0);
                before = after;
        }
}

TEST(each_commit_has_the_checkpoint_of_its_entry_and_ssh_keygen_believes_it) {
        cleanup(ground_deinit) Ground ground = {.ledger = NULL};
        AnchorReport report;
        const char *dir = test_dir();

        make_ground(&ground, "pvfix");
        commit_all(&ground, &report);
        CHECK_CONTAINS(file_at(&ground, "HEAD~3", "CHECKPOINT"), "\n15\n");
        CHECK_CONTAINS(file_at(&ground, "HEAD", "CHECKPOINT"), "\n22\n");
        bench_write(dir, "s", file_at(&ground, "HEAD~3", "CHECKPOINT.sig"), 0644);
        bench_write(dir, "c", file_at(&ground, "HEAD~3", "CHECKPOINT"), 0644);
        bench_write(dir, "a", file_at(&ground, "HEAD~3", "allowed_signers"), 0644);
        bench_run_expect(&(ProcessSpec){.argv = {"sh", "-c",
                                                 "ssh-keygen -q -Y verify -f a -I broker -n "
                                                 "checkpoint@coldgate -s s <c"},
                                        .cwd = dir},
                         LIMIT_MS, 0, NULL);
}

TEST(what_was_committed_is_not_committed_again) {
        cleanup(ground_deinit) Ground ground = {.ledger = NULL};
        AnchorReport report;
        const char *head;

        make_ground(&ground, "pvfix");
        commit_all(&ground, &report);
        head = ASK(&ground, "rev-parse", "HEAD");
        commit_all(&ground, &report);
        CHECK_EQ_U64(report.n_commits, 0);
        CHECK_EQ_TEXT(ASK(&ground, "rev-parse", "HEAD"), head);
}

TEST(it_goes_on_where_it_stopped_with_the_same_commits) {
        cleanup(ground_deinit) Ground ground = {.ledger = NULL};
        AnchorReport report;
        const char *head;

        make_ground(&ground, "pvfix");
        commit_all(&ground, &report);
        head = ASK(&ground, "rev-parse", "HEAD");
        (void)ASK(&ground, "reset", "-q", "--hard", "HEAD~2");
        commit_all(&ground, &report);
        CHECK_EQ_U64(report.n_commits, 2);
        CHECK_EQ_TEXT(ASK(&ground, "rev-parse", "HEAD"), head);
}

TEST(what_the_user_has_changed_and_staged_stays_as_it_is) {
        cleanup(ground_deinit) Ground ground = {.ledger = NULL};
        AnchorReport report;

        make_ground(&ground, "pvfix");
        bench_write(ground.repo.path, "user.txt", "two\n", 0644);
        (void)ASK(&ground, "add", "user.txt");
        bench_write(ground.repo.path, "user.txt", "three\n", 0644);
        bench_write(ground.repo.path, "new.txt", "new\n", 0644);
        commit_all(&ground, &report);
        CHECK_EQ_TEXT(ASK(&ground, "show", ":user.txt"), "two\n");
        CHECK_EQ_TEXT(ASK(&ground, "show", "HEAD:user.txt"), "one\n");
        CHECK_EQ_TEXT(ASK(&ground, "diff", "--cached", "--name-only"), "user.txt\n");
        CHECK_EQ_TEXT(ASK(&ground, "log", "--format=", "--name-only", "HEAD~5..", "--", "*.txt"),
                      "");
}

TEST(no_hook_is_run_and_nothing_is_signed) {
        cleanup(ground_deinit) Ground ground = {.ledger = NULL};
        AnchorReport report;
        const char *hook;

        make_ground(&ground, "pvfix");
        hook = arena_printf(&ground.arena, "#!/bin/sh\ntouch %s/ran\nexit 1\n", ground.repo.path);
        bench_write(ground.repo.path, ".git/hooks/reference-transaction", hook, 0755);
        (void)ASK(&ground, "config", "commit.gpgSign", "true");
        (void)ASK(&ground, "config", "gpg.program", "/nonexistent");
        commit_all(&ground, &report);
        CHECK(access(in_repo(&ground, "ran"), F_OK) != 0);
}

static void check_refused(Ground *ground, const char *rule) {
        AnchorReport report;
        Fault fault;

        CHECK_EQ_INT(commit(ground, &report, &fault), ANCHOR_E_REFUSED);
        CHECK_EQ_TEXT(fault.rule, rule);
        CHECK_EQ_TEXT(ASK(ground, "log", "--format=%s"), "the user's own\n");
}

TEST(a_repository_in_the_middle_of_something_is_refused) {
        static const char *const files[] = {"MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD",
                                            "BISECT_LOG", "index.lock"};
        cleanup(ground_deinit) Ground ground = {.ledger = NULL};

        make_ground(&ground, "pvfix");
        for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
                const char *name = arena_printf(&ground.arena, ".git/%s", files[i]);

                bench_write(ground.repo.path, name, "", 0644);
                check_refused(&ground, "repository-busy");
                CHECK_EQ_INT(unlink(in_repo(&ground, name)), 0);
        }
        CHECK_EQ_INT(dir_make(in_repo(&ground, ".git/rebase-merge"), 0755), 0);
        check_refused(&ground, "repository-busy");
}

TEST(a_head_on_no_branch_is_refused) {
        cleanup(ground_deinit) Ground ground = {.ledger = NULL};

        make_ground(&ground, "pvfix");
        (void)ASK(&ground, "checkout", "-q", "--detach");
        check_refused(&ground, "repository-detached");
}

TEST(a_ledger_that_does_not_fit_the_history_is_refused) {
        cleanup(ground_deinit) Ground ground = {.ledger = NULL};
        cleanup(ground_deinit) Ground other = {.ledger = NULL};
        AnchorReport report;
        Fault fault;

        make_ground(&ground, "pvfix");
        make_ground(&other, "kinds");
        commit_all(&ground, &report);
        CHECK_EQ_INT(anchor_commit(other.ledger, &ground.chronicle.desk.broker_key, ground.docs,
                                   &report, &fault),
                     ANCHOR_E_REFUSED);
        CHECK_EQ_TEXT(fault.rule, "ledger-forked");
}

TEST(a_ledger_that_was_cut_is_refused) {
        cleanup(ground_deinit) Ground ground = {.ledger = NULL};
        Ledger *whole;
        AnchorReport report;
        Fault fault;

        make_ground(&ground, "pvfix");
        commit_all(&ground, &report);
        whole = ground.ledger;
        ground.chronicle.desk.port.n_entries = 20;
        ground.ledger = chronicle_write(&ground.chronicle,
                                        arena_printf(&ground.arena, "%s/cut.db", test_dir()));
        ground.chronicle.desk.port.n_entries = 22;
        CHECK_EQ_INT(commit(&ground, &report, &fault), ANCHOR_E_REFUSED);
        CHECK_EQ_TEXT(fault.rule, "ledger-shorter");
        (void)ledger_free(whole);
}

TEST(a_bare_repository_without_commits_gets_them_too) {
        cleanup(ground_deinit) Ground ground = {.ledger = NULL};
        AnchorReport report;
        const char *bare = test_dir();
        Fault fault;

        make_ground(&ground, "2w");
        bench_git(bare, NULL, "init", "-q", "--bare");
        CHECK_EQ_INT(anchor_commit(ground.ledger, &ground.chronicle.desk.broker_key, bare, &report,
                                   &fault),
                     0);
        CHECK(report.is_bare);
        CHECK_CONTAINS(ask(&ground, bare, (const char *[]){"log", "--format=%s", NULL}),
                       "claim(2w-WC1,WC1.1,WC1.2): Warm keycloak unpinned");
}

TEST(one_of_several_verdicts_is_not_told_before_the_last) {
        cleanup(ground_deinit) Ground ground = {.ledger = NULL};
        AnchorReport report;
        const char *subjects;

        make_ground(&ground, "kinds");
        commit_all(&ground, &report);
        subjects = ASK(&ground, "log", "--format=%s");
        CHECK_CONTAINS(subjects, "review(k-two): two, the verdict of one of 2 verifiers\n");
        CHECK_CONTAINS(subjects, "review(k-two): two INCONCLUSIVE at aaab00000000\n");
}

/* ---- a running broker ---- */

static bool has_status_commit(void *userdata) {
        return strstr(ASK((Ground *)userdata, "log", "--format=%s"), "status(pvfix): planned") !=
               NULL;
}

TEST(a_running_broker_commits_at_rest_what_it_is_told_to) {
        const char *broker = bench_program("COLDGATE_BROKER");
        cleanup(ground_deinit) Ground ground = {.ledger = NULL};
        cleanup(process_freep) Process *process = NULL;
        const char *plan = test_source("tests/data/stories/pvfix.plan.md");

        make_ground(&ground, "pvfix");
        bench_run_expect(&(ProcessSpec){.argv = {broker, "init"}, .cwd = ground.repo.path},
                         LIMIT_MS, 0, NULL);
        bench_run_expect(&(ProcessSpec){.argv = {"sh", "-c",
                                                 "printf 'docs = machine docs\\ncommit-every = "
                                                 "100ms\\n' >>.coldgate/config"},
                                        .cwd = ground.repo.path},
                         LIMIT_MS, 0, NULL);
        process = process_start(&(ProcessSpec){.argv = {broker, "run"}, .cwd = ground.repo.path});
        process_wait_text(process, "ready", LIMIT_MS);
        bench_run_expect(
                &(ProcessSpec){.argv = {broker, "plan", "approve", plan}, .cwd = ground.repo.path},
                LIMIT_MS, 0, NULL);
        CHECK(test_wait_until(has_status_commit, &ground, LIMIT_MS));
        CHECK_EQ_TEXT(ASK(&ground, "status", "--porcelain", "--", "machine docs"), "");
}
