/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The commit is resolved here, where its repository is. */

#include "builder-agent/matter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "verbs/talk.h"
#include "verify/mirror.h"

/* Where we are, as far as git tells. */
typedef struct Place {
        char *top;
        char head[COMMIT_TEXT_MAX];
        GitQuestion changes; /* asked ahead where they will matter: git takes a while to start */
} Place;

static void place_deinit(Place *place) {
        git_question_deinit(&place->changes);
        free(place->top);
}

void matter_deinit(Matter *matter) {
        buf_deinit(&matter->url);
}

static int refuse_elsewhere(const char *rev, Fault *fault) {
        if (rev)
                fault_set(fault, "claim-commit-unresolved",
                          "`%s` is not a full commit id, and there is no repository here to ask",
                          rev);
        else
                fault_set(fault, "claim-commit-unresolved", "there is no repository here");
        fault_next(fault,
                   "cd into the repository, or give --repo URL and --commit with the full id");
        return TALK_E_REFUSED;
}

/* A commit of another repository cannot be looked up here: only a full id will do. */
static int elsewhere(Matter *matter, const char *repo, const char *rev, Fault *fault) {
        if (!repo || !rev || !commit_is_full(rev))
                return refuse_elsewhere(rev, fault);
        (void)snprintf(matter->commit, sizeof matter->commit, "%s", rev);
        buf_text(&matter->url, repo);
        return 0;
}

/* HEAD is known, if there is one. */
static int resolve(const char *rev, const char *head, char ret_commit[COMMIT_TEXT_MAX],
                   Fault *fault) {
        if (rev || !head[0])
                return git_resolve(rev ? rev : "HEAD", ret_commit, fault);
        (void)snprintf(ret_commit, COMMIT_TEXT_MAX, "%s", head);
        return 0;
}

/* With the repository at hand. Its uncommitted changes matter where its HEAD is what is claimed:
 * the person has seen them, the adversary will not. */
static int here(Matter *matter, Place *place, const Args *args, Fault *fault) {
        const char *repo = args_get(args, "repo");
        const char *rev = args_get(args, "commit");
        bool is_ours;
        int r;

        git_append_file_url(place->top, &matter->url);
        is_ours = !repo || strcmp(repo, buf_get_text(&matter->url)) == 0;
        r = resolve(rev, place->head, matter->commit, fault);
        if (r == GIT_E_REFUSED && !is_ours && rev && commit_is_full(rev)) {
                buf_clear(&matter->url);
                return elsewhere(matter, repo, rev, fault);
        }
        if (r == 0 && is_ours)
                r = git_check_whole(place->top, fault);
        if (r > 0)
                return TALK_E_REFUSED;
        TRY(r);
        if (!is_ours) {
                buf_clear(&matter->url);
                buf_text(&matter->url, repo);
        }
        if (strcmp(place->head, matter->commit) != 0)
                return 0;
        if (!is_ours && rev)
                return 0;
        r = git_check_clean(place->top, &place->changes, fault);
        return r == GIT_E_REFUSED ? TALK_E_REFUSED : r;
}

static int find(const Args *args, Matter *matter, Fault *fault) {
        const char *repo = args_get(args, "repo");
        const char *rev = args_get(args, "commit");
        cleanup(place_deinit) Place place = {.changes = GIT_QUESTION_NONE};
        int r = rev ? 0 : git_ask_changes(&place.changes);

        if (r < 0 && r != -ENOENT && r != -EACCES) /* git_find_top says what these mean */
                return r;
        r = git_find_top(&place.top, place.head, fault);
        if (r == GIT_E_REFUSED)
                return TALK_E_REFUSED;
        if (r == GIT_E_NONE)
                return elsewhere(matter, repo, rev, fault);
        TRY(r);
        return here(matter, &place, args, fault);
}

/* What the adversary would not fetch is not claimed: a FAIL, or a secret in the URL, would stand in
 * the ledger for ever. */
int matter_find(const Args *args, Matter *ret_matter, Fault *reterr_fault) {
        int r;

        *ret_matter = (Matter){.url = BUF_TEXT};
        r = find(args, ret_matter, reterr_fault);
        if (r != 0)
                return r;
        if (repository_url_check(buf_get(&ret_matter->url), reterr_fault) == 0)
                return 0;
        reterr_fault->rule = "claim-repository";
        return TALK_E_REFUSED;
}
