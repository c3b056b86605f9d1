/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The verbs of say.def as an agent's. */

#include "verbs/say.h"
#include "verbs/talk.h"

/* How a program finds what a person calls a commit; as SayPort.commit, with the Talk. */
typedef int (*TalkCommit)(Talk *talk, const char *rev, char ret_commit[SAY_COMMIT_BYTES],
                          Fault *reterr_fault);

/* A port on a session that connects when it is first asked. */
typedef struct TalkPort {
        Talk *talk;
        TalkCommit commit;
        SayPort port;
} TalkPort;
void talk_port_init(TalkPort *port, Talk *talk, TalkCommit commit);

/* The whole verb, as the body of talk_run. */
int talk_say(Talk *talk, TalkCommit commit, Fault *reterr_fault) must_check;

/* The full id that begins so, among the commits that the ledger's claims, verdicts and findings
 * name: for who has no repository to ask. A TalkCommit. Rule commit-unknown. */
int talk_find_commit(Talk *talk, const char *rev, char ret_commit[SAY_COMMIT_BYTES],
                     Fault *reterr_fault) must_check;
