/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `claim`: what can be refused here is refused before the network. */

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"
#include "verbs/talk.h"
#include "verbs/choose.h"
#include "builder-agent/git.h"
#include "builder-agent/verbs.h"
#include "builder-agent/verdicts.h"
#include "verbs/waiting.h"
#include "verify/mirror.h"
#include "view/status.h"

enum { EVIDENCE_MAX = 65536 };

/* What a claim is made of; the message borrows from it. */
typedef struct Draft {
        char commit[COMMIT_TEXT_MAX];
        Buf url, evidence;
        Slice gates[ARGUMENTS_MAX];
        Message message;
} Draft;

static void draft_deinit(Draft *draft) {
        buf_deinit(&draft->url);
        buf_deinit(&draft->evidence);
}

/* ---- the commit and where it is ---- */

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
static int draft_elsewhere(Draft *draft, const char *repo, const char *rev, Fault *fault) {
        if (!repo || !rev || !commit_is_full(rev))
                return refuse_elsewhere(rev, fault);
        (void)snprintf(draft->commit, sizeof draft->commit, "%s", rev);
        buf_text(&draft->url, repo);
        return 0;
}

/* With the repository at hand. Its uncommitted changes matter where its HEAD is what is claimed:
 * the person has seen them, the adversary will not. */
static int draft_here(Draft *draft, const char *top, const char *repo, const char *rev,
                      Fault *fault) {
        char head[COMMIT_TEXT_MAX];
        bool is_ours;
        int r;

        git_append_file_url(top, &draft->url);
        is_ours = !repo || strcmp(repo, buf_get_text(&draft->url)) == 0;
        r = git_resolve(rev ? rev : "HEAD", draft->commit, fault);
        if (r == GIT_E_REFUSED && !is_ours && rev && commit_is_full(rev)) {
                buf_clear(&draft->url);
                return draft_elsewhere(draft, repo, rev, fault);
        }
        if (r > 0)
                return TALK_E_REFUSED;
        TRY(r);
        if (!is_ours) {
                buf_clear(&draft->url);
                buf_text(&draft->url, repo);
        }
        if (git_resolve("HEAD", head, fault) != 0 || strcmp(head, draft->commit) != 0)
                return 0;
        if (!is_ours && rev)
                return 0;
        r = git_check_clean(top, fault);
        return r == GIT_E_REFUSED ? TALK_E_REFUSED : r;
}

static int find_commit(Draft *draft, const Args *args, Fault *fault) {
        const char *repo = args_get(args, "repo");
        const char *rev = args_get(args, "commit");
        cleanup_free char *top = NULL;
        int r = git_find_top(&top, fault);

        if (r == GIT_E_REFUSED)
                return TALK_E_REFUSED;
        if (r == GIT_E_NONE)
                return draft_elsewhere(draft, repo, rev, fault);
        TRY(r);
        return draft_here(draft, top, repo, rev, fault);
}

/* What the adversary would not fetch is not claimed: a FAIL, or a secret in the URL, would stand in
 * the ledger for ever. */
static int draft_commit(Draft *draft, const Args *args, Fault *fault) {
        int r = find_commit(draft, args, fault);

        if (r != 0)
                return r;
        if (repository_url_check(buf_get(&draft->url), fault) == 0)
                return 0;
        fault->rule = "claim-repository";
        return TALK_E_REFUSED;
}

/* ---- the words ---- */

static int draft_evidence(Draft *draft, const Args *args, Fault *fault) {
        const char *path = args_get(args, "evidence");
        cleanup_buf Buf bytes = BUF_INIT(EVIDENCE_MAX);
        int r;

        if (!path)
                return 0;
        r = file_read(path, &bytes);
        text_make_visible(buf_get(&bytes), true, &draft->evidence);
        if (r == 0 && draft->evidence.n <= EVIDENCE_MAX)
                return 0;
        fault_set(fault, "evidence-unreadable", "%s",
                  r < 0                 ? strerror(-r)
                  : r == FILE_E_MISSING ? "there is no such file"
                                        : "it is larger than 64 KiB");
        fault_place(fault, "%s", path);
        fault_next(fault, "give a file with the lines that matter");
        return TALK_E_REFUSED;
}

static void draft_words(Draft *draft, const Args *args) {
        struct claim *claim = &draft->message.claim;

        for (size_t i = 0; i < args->n_rest; i++)
                draft->gates[i] = slice_text(args->rest[i]);
        claim->gates = draft->gates;
        claim->n_gates = args->n_rest;
        claim->repository = buf_get(&draft->url);
        claim->commit = slice_text(draft->commit);
        claim->mode = MODE_COLD;
        claim->what = slice_text(args_get(args, "what"));
        claim->how = slice_text(args_get(args, "how"));
        claim->expected = slice_text(args_get(args, "expected"));
        claim->where = slice_text(args_get(args, "where"));
        claim->claimed_evidence = buf_get(&draft->evidence);
}

static int draft_phase(Draft *draft, Talk *talk, Arena *arena, Fault *fault) {
        const char *named = args_get(talk->args, "phase");
        const struct phase_status *phase = NULL;
        struct status status;
        int r;

        if (named) {
                draft->message.claim.phase = slice_text(named);
                return 0;
        }
        r = talk_ask_status(talk, NULL, arena, &status, fault);
        if (r != 0)
                return r;
        r = choose_phase(&status, talk->args->rest, talk->args->n_rest, &phase, fault);
        if (r == CHOOSE_E_REFUSED)
                return TALK_E_REFUSED;
        TRY(r);
        draft->message.claim.phase = phase->phase;
        return 0;
}

/* ---- saying it ---- */

static void say_claimed(const Talk *talk, uint64_t seq, const struct claim *claim) {
        cleanup_buf Buf text = BUF_TEXT;

        if (talk->is_json) {
                buf_text(&text, "{\"version\":1,\"claim\":");
                claim_describe_json(seq, claim, &text);
                buf_text(&text, "}\n");
        } else {
                buf_printf(&text, "C-%llu claims", (unsigned long long)seq);
                for (size_t i = 0; i < claim->n_gates; i++)
                        buf_printf(&text, " %.*s", SLICE_ARGS(claim->gates[i]));
                buf_printf(&text, " of %.*s at %.*s\n", SLICE_ARGS(claim->phase),
                           SLICE_ARGS(claim->commit));
                if (!args_has(talk->args, "wait"))
                        buf_printf(&text,
                                   "  an adversary will take it and verify it cold\n"
                                   "  next: builder-agent wait C-%llu\n",
                                   (unsigned long long)seq);
        }
        talk_print(&text);
}

static int claim(Talk *talk, Fault *fault) {
        cleanup(draft_deinit) Draft draft = {
                .url = BUF_TEXT, .evidence = BUF_TEXT, .message = {.type = MESSAGE_CLAIM}};
        cleanup_arena Arena arena = ARENA_INIT;
        uint64_t deadline_ms, seq;
        bool is_waiting = args_has(talk->args, "wait");
        int r = waiting_deadline(talk->args, &deadline_ms, fault);

        if (r == 0)
                r = draft_commit(&draft, talk->args, fault);
        if (r == 0)
                r = draft_evidence(&draft, talk->args, fault);
        if (r == 0)
                r = talk_connect(talk, fault);
        if (r == 0)
                r = draft_phase(&draft, talk, &arena, fault);
        if (r != 0)
                return r;
        draft_words(&draft, talk->args);
        message_set_present(&draft.message);
        r = talk_check(&draft.message, fault);
        if (r == 0)
                r = talk_call(talk, &draft.message, &seq, fault);
        if (r != 0)
                return r;
        if (is_waiting) /* before a person can read that the claim was made, and interrupt */
                TRY(waiting_hold_signals());
        if (!is_waiting || !talk->is_json)
                say_claimed(talk, seq, &draft.message.claim);
        if (!is_waiting)
                return 0;
        return verdicts_wait(talk, seq, &draft.message.claim, deadline_ms, fault);
}

int verb_claim(const Args *args) {
        return talk_run(args, claim);
}
