/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Facts about the claimed commit, read from the mirror's objects: nothing is run, so that nothing
 * of the claimant's has a say. Commits that the plan names are fetched as the claimed one was; what
 * cannot be had is our lack, not the claim's.
 */

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/text.h"
#include "verify/assertions.h"
#include "verify/history.h"
#include "verify/kind.h"
#include "verify/mirror.h"

enum { PATHS_SHOWN = 5 };

typedef struct Inquiry {
        AttemptSetting *setting;
        const Check *check;
        const char *commit;
        Mirror *mirror;
        History history;
        Assertions assertions;
        Fault fault;
} Inquiry;

static void inquiry_deinit(Inquiry *inquiry) {
        (void)objects_free(inquiry->history.objects);
        (void)mirror_free(inquiry->mirror);
}

static bool is_cancelled(void *userdata) {
        return attempt_is_cancelled(userdata);
}

static int need(Inquiry *inquiry, Slice commit) {
        const VerifyRequest *request = inquiry->setting->request;
        cleanup_free char *id = mem_strndup((const char *)commit.data, commit.n);

        if (commit.n == 0)
                return 0;
        return mirror_fetch(inquiry->mirror, id, request->fetch_ms, &inquiry->fault);
}

/* All commits first: a pack that is fetched is not seen by what was opened before. */
static int open_inquiry(Inquiry *inquiry) {
        const VerifyRequest *request = inquiry->setting->request;
        const GitFacts *git = &inquiry->check->git;
        const Slice commits[] = {git->ancestor_of, git->descendant_of, git->unchanged_since,
                                 git->paths_since};
        int r = mirror_open(request->mirrors, request->repository, &inquiry->mirror,
                            &inquiry->fault);

        for (size_t i = 0; r == 0 && i < ARRAY_SIZE(commits); i++)
                r = need(inquiry, commits[i]);
        if (r != 0)
                return r;
        inquiry->history.mirror = mirror_get_path(inquiry->mirror);
        if (objects_open(inquiry->history.mirror, &inquiry->history.objects) == 0)
                return 0;
        fault_set(&inquiry->fault, "prep.mirror", "the mirror cannot be read");
        return PREP_E_ERROR;
}

static int assert_descent(Inquiry *inquiry, const char *where, const char *younger,
                          const char *elder) {
        bool descends = false;
        int r = history_descends(&inquiry->history, younger, elder, &descends, &inquiry->fault);

        if (r != 0)
                return r;
        assertions_add(&inquiry->assertions, SIGHTING_GIT_ANCESTRY, where, descends,
                       arena_printf(inquiry->assertions.arena, "%.12s descends from %.12s", younger,
                                    elder),
                       "%s", descends ? "it does" : "it does not");
        return 0;
}

static bool is_matched(Slice path, const Slice *globs, size_t n_globs) {
        for (size_t i = 0; i < n_globs; i++)
                if (plan_glob_matches(globs[i], path))
                        return true;
        return false;
}

/* Of the paths that differ, those that the globs match, or those that they do not. */
static size_t say_paths(const HistoryPaths *paths, const Slice *globs, size_t n_globs, bool matched,
                        Buf *text) {
        size_t n = 0;

        for (size_t i = 0; i < paths->n_differing; i++) {
                if (is_matched(paths->differing[i], globs, n_globs) != matched)
                        continue;
                if (n++ >= PATHS_SHOWN)
                        continue;
                buf_text(text, n > 1 ? ", " : "");
                text_make_name_visible(paths->differing[i], text);
        }
        if (n > PATHS_SHOWN)
                buf_printf(text, " and %zu more", n - PATHS_SHOWN);
        return n;
}

/* A glob that matches nothing protects nothing. */
static void assert_globs(Inquiry *inquiry, const HistoryPaths *paths, const Slice *globs,
                         size_t n_globs) {
        for (size_t i = 0; i < n_globs; i++) {
                bool is_used = false;

                for (size_t k = 0; !is_used && k < paths->n_all; k++)
                        is_used = plan_glob_matches(globs[i], paths->all[k]);
                if (!is_used)
                        assertions_add(&inquiry->assertions, SIGHTING_VACUOUS,
                                       "git.unchanged-since", false,
                                       "each glob matches a path of either commit",
                                       "%.*s matches none", SLICE_ARGS(globs[i]));
        }
}

static int compare(Inquiry *inquiry, Slice since, HistoryPaths *ret_paths) {
        return history_compare(&inquiry->history, arena_text(inquiry->assertions.arena, since),
                               inquiry->commit, inquiry->assertions.arena, ret_paths,
                               &inquiry->fault);
}

static int assert_unchanged(Inquiry *inquiry) {
        const GitFacts *git = &inquiry->check->git;
        cleanup_buf Buf text = BUF_TEXT;
        HistoryPaths paths;
        size_t n;
        int r = compare(inquiry, git->unchanged_since, &paths);

        if (r != 0)
                return r;
        assert_globs(inquiry, &paths, git->unchanged_paths, git->n_unchanged_paths);
        n = say_paths(&paths, git->unchanged_paths, git->n_unchanged_paths, true, &text);
        assertions_add(&inquiry->assertions, SIGHTING_GIT_CHANGED, "git.unchanged-since", n == 0,
                       "none of these paths differs", "%s",
                       n ? buf_get_text(&text) : "none differs");
        return 0;
}

static int assert_only(Inquiry *inquiry) {
        const GitFacts *git = &inquiry->check->git;
        cleanup_buf Buf text = BUF_TEXT;
        HistoryPaths paths;
        size_t n;
        int r = compare(inquiry, git->paths_since, &paths);

        if (r != 0)
                return r;
        assertions_add(&inquiry->assertions, SIGHTING_VACUOUS, "git.paths-only.examined",
                       paths.n_differing > 0, "at least 1 path differs", "%zu", paths.n_differing);
        n = say_paths(&paths, git->only_paths, git->n_only_paths, false, &text);
        assertions_add(&inquiry->assertions, SIGHTING_GIT_PATHS, "git.paths-only", n == 0,
                       "nothing else differs", "%s", n ? buf_get_text(&text) : "nothing else");
        return 0;
}

static int assert_absent(Inquiry *inquiry, Slice expression) {
        Arena *arena = inquiry->assertions.arena;
        cleanup_buf Buf path = BUF_TEXT, actual = BUF_TEXT;
        HistoryMatch match;
        int r = history_search(&inquiry->history, inquiry->commit, expression, arena, &match,
                               &inquiry->fault);

        if (r != 0)
                return r;
        text_make_name_visible(match.path, &path);
        if (match.is_found)
                buf_printf(&actual, "commit %.12s has one at %s", match.commit,
                           buf_get_text(&path));
        else
                buf_printf(&actual, "none of %llu in %llu commits",
                           (unsigned long long)match.n_blobs, (unsigned long long)match.n_commits);
        assertions_add(
                &inquiry->assertions, match.n_blobs ? SIGHTING_GIT_HISTORY : SIGHTING_VACUOUS,
                "git.no-match-in-history", !match.is_found && match.n_blobs > 0,
                arena_printf(arena, "no version of any file matches %.*s", SLICE_ARGS(expression)),
                "%s", buf_get_text(&actual));
        return 0;
}

static int inquire(Inquiry *inquiry) {
        const GitFacts *git = &inquiry->check->git;
        Arena *arena = inquiry->assertions.arena;
        int r = open_inquiry(inquiry);

        if (r == 0 && git->ancestor_of.n)
                r = assert_descent(inquiry, "git.ancestor-of", arena_text(arena, git->ancestor_of),
                                   inquiry->commit);
        if (r == 0 && git->descendant_of.n)
                r = assert_descent(inquiry, "git.descends-from", inquiry->commit,
                                   arena_text(arena, git->descendant_of));
        if (r == 0 && git->unchanged_since.n)
                r = assert_unchanged(inquiry);
        if (r == 0 && git->paths_since.n)
                r = assert_only(inquiry);
        for (size_t i = 0; r == 0 && i < git->n_absent_in_history; i++)
                r = assert_absent(inquiry, git->absent_in_history[i]);
        return r;
}

/* The plan's own commits: that one of them is absent says nothing about the claim. */
static void judge_fault(const Fault *fault, Judgement *ret_judgement) {
        const char *rule = fault->rule ? fault->rule : "prep.mirror";
        const char *stop = strchr(rule, '.');

        judge_by(SIGHTING_GIT_PREP, stop ? stop + 1 : rule, ret_judgement, "%s%s%s", fault->found,
                 fault->place[0] ? ": " : "", fault->place);
}

int git_check_attempt(AttemptSetting *setting, const Check *check, bool force_copy,
                      Attempt *attempt) {
        cleanup(inquiry_deinit) Inquiry inquiry = {
                .setting = setting,
                .check = check,
                .commit = setting->request->commit,
                .history = {.deadline_ms = clock_mono_ms() + check->timeout_ms,
                            .is_cancelled = is_cancelled,
                            .userdata = setting},
                .assertions = {.arena = &attempt->arena},
                .fault = FAULT_INIT,
        };
        int r = inquire(&inquiry);

        (void)force_copy; /* there is no workspace */
        if (r == HISTORY_E_CANCELLED)
                return ATTEMPT_E_CANCELLED;
        if (r < 0)
                return r;
        attempt->results = inquiry.assertions.items;
        attempt->n_results = inquiry.assertions.n;
        judge_assertions(attempt->results, attempt->n_results, &attempt->judgement);
        /* What was seen not to hold does not, whatever else could not be looked at. */
        if (r != 0 && (attempt->n_results == 0 || attempt->judgement.outcome == OUTCOME_PASS))
                judge_fault(&inquiry.fault, &attempt->judgement);
        return 0;
}
