/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The verbs of lib/verbs/say.def. No repository is asked for a commit: git would run what another's
 * configuration says. */

#include "adversary-agent/verbs.h"
#include "verbs/verb_say.h"

static int say(Talk *talk, Fault *fault) {
        return talk_say(talk, talk_find_commit, fault);
}

int verb_say(const Args *args) {
        return talk_run(args, say);
}
