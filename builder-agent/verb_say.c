/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The verbs of lib/verbs/say.def. Commits are what the builder's own repository calls them. */

#include "verbs/verb_say.h"

#include "builder-agent/git.h"
#include "builder-agent/verbs.h"

static int find_commit(Talk *talk, const char *rev, char ret_commit[SAY_COMMIT_BYTES],
                       Fault *fault) {
        int r = git_name_commit(rev, ret_commit, fault);

        (void)talk;
        return r > 0 ? TALK_E_REFUSED : r;
}

static int say(Talk *talk, Fault *fault) {
        return talk_say(talk, find_commit, fault);
}

int verb_say(const Args *args) {
        return talk_run(args, say);
}
