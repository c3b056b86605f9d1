/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The port of lib/verbs/say.h on an agent's session. */

#include "verbs/verb_say.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"

enum { COMMIT_LEAST = 4, COMMIT_HEX_MAX = 64 };

/* ---- the port ---- */

static int connect_once(Talk *talk, Fault *fault) {
        return talk->session ? 0 : talk_connect(talk, fault);
}

static int port_status(void *userdata, Arena *arena, struct status *ret_status, Fault *fault) {
        TalkPort *port = userdata;
        int r = connect_once(port->talk, fault);

        return r ? r : talk_ask_status(port->talk, NULL, arena, ret_status, fault);
}

static int port_commit(void *userdata, const char *rev, char ret_commit[SAY_COMMIT_BYTES],
                       Fault *fault) {
        TalkPort *port = userdata;

        return port->commit(port->talk, rev, ret_commit, fault);
}

static int port_submit(void *userdata, const Message *message, uint64_t *ret_seq, Fault *fault) {
        TalkPort *port = userdata;
        int r = connect_once(port->talk, fault);

        return r ? r : talk_call(port->talk, message, ret_seq, fault);
}

static const char *port_name(void *userdata, Fault *fault) {
        TalkPort *port = userdata;

        return connect_once(port->talk, fault) == 0 ? session_get_name(port->talk->session) : NULL;
}

void talk_port_init(TalkPort *port, Talk *talk, TalkCommit commit) {
        *port = (TalkPort){.talk = talk, .commit = commit};
        port->port = (SayPort){
                .userdata = port,
                .status = port_status,
                .commit = port_commit,
                .submit = port_submit,
                .name = port_name,
        };
}

/* ---- commits by what the ledger knows ---- */

typedef struct Search {
        Slice prefix;
        Slice found;
        bool is_ambiguous;
} Search;

static void look_at(Search *search, Slice commit) {
        if (commit.n == 0 || !slice_equal(slice_head(commit, search->prefix.n), search->prefix))
                return;
        search->is_ambiguous |= search->found.n && !slice_equal(search->found, commit);
        search->found = commit;
}

static void look_at_phase(Search *search, const struct phase_status *phase) {
        look_at(search, phase->candidate);
        look_at(search, phase->done_commit);
        for (size_t i = 0; i < phase->n_gates; i++)
                look_at(search, phase->gates[i].commit);
        for (size_t i = 0; i < phase->n_findings; i++)
                look_at(search, phase->findings[i].fixed_at);
}

static bool is_hex(const char *text) {
        size_t n = strspn(text, "0123456789abcdef");

        return text[n] == '\0' && n >= COMMIT_LEAST && n <= COMMIT_HEX_MAX;
}

static int refuse_commit(const char *rev, const char *found, Fault *fault) {
        fault_set(fault, "commit-unknown", "`%s` %s", rev, found);
        fault_next(fault, "give the full commit id: git rev-parse %s", rev);
        return TALK_E_REFUSED;
}

int talk_find_commit(Talk *talk, const char *rev, char ret_commit[SAY_COMMIT_BYTES],
                     Fault *reterr_fault) {
        Search search = {.prefix = slice_text(rev)};
        cleanup_arena Arena arena = ARENA_INIT;
        struct status status;
        int r;

        if (!is_hex(rev))
                return refuse_commit(rev, "is no commit id", reterr_fault);
        if (strlen(rev) == 40 || strlen(rev) == COMMIT_HEX_MAX) {
                (void)snprintf(ret_commit, SAY_COMMIT_BYTES, "%s", rev);
                return 0;
        }
        r = connect_once(talk, reterr_fault);
        if (r == 0)
                r = talk_ask_status(talk, NULL, &arena, &status, reterr_fault);
        if (r != 0)
                return r;
        for (size_t i = 0; i < status.n_phases; i++)
                look_at_phase(&search, &status.phases[i]);
        if (search.found.n == 0 || search.is_ambiguous)
                return refuse_commit(rev,
                                     search.found.n ? "begins several commits of the ledger"
                                                    : "begins no commit that the ledger names",
                                     reterr_fault);
        (void)snprintf(ret_commit, SAY_COMMIT_BYTES, "%.*s", SLICE_ARGS(search.found));
        return 0;
}

/* ---- the verb ---- */

int talk_say(Talk *talk, TalkCommit commit, Fault *reterr_fault) {
        cleanup_buf Buf text = BUF_TEXT;
        cleanup_say Say say;
        TalkPort port;
        int r;

        talk_port_init(&port, talk, commit);
        say_init(&say, talk->args, &port.port, clock_wall_ms());
        r = args_get_duration(talk->args, "timeout", ANSWER_MS, &talk->answer_ms, reterr_fault);
        if (r == 0)
                r = say_run(&say, &text, reterr_fault);
        if (r == 0)
                talk_print(&text);
        return r;
}
