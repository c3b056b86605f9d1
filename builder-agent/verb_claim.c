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
#include "builder-agent/matter.h"
#include "builder-agent/try.h"
#include "builder-agent/verbs.h"
#include "builder-agent/verdicts.h"
#include "verbs/waiting.h"
#include "view/status.h"

enum { EVIDENCE_MAX = 65536 };

/* What a claim is made of; the message borrows from it. */
typedef struct Draft {
        Matter matter;
        Buf evidence;
        Slice gates[ARGUMENTS_MAX];
        Message message;
        bool has_no_taker; /* no adversary is connected, as far as was asked */
} Draft;

static void draft_deinit(Draft *draft) {
        matter_deinit(&draft->matter);
        buf_deinit(&draft->evidence);
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
        claim->repository = buf_get(&draft->matter.url);
        claim->commit = slice_text(draft->matter.commit);
        claim->mode = MODE_COLD;
        claim->what = slice_text(args_get(args, "what"));
        claim->how = slice_text(args_get(args, "how"));
        claim->expected = slice_text(args_get(args, "expected"));
        claim->where = slice_text(args_get(args, "where"));
        claim->why = slice_text(args_get(args, "why"));
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
        draft->has_no_taker = status.no_adversary != 0;
        r = choose_phase(&status, talk->args->rest, talk->args->n_rest, &phase, fault);
        if (r == CHOOSE_E_REFUSED)
                return TALK_E_REFUSED;
        TRY(r);
        draft->message.claim.phase = phase->phase;
        return 0;
}

/* What was seen here, cold, becomes evidence; what did not hold is not claimed, unless the person
 * says so. */
static int draft_trial(Draft *draft, Talk *talk, Fault *fault) {
        cleanup(plan_deinit) Plan plan = {.n_gates = 0};
        cleanup_buf Buf word = BUF_TEXT;
        Trying trying = {.plan = &plan, .matter = &draft->matter, .state = talk->project.dir};
        bool is_green = true;
        int r = try_get_plan(talk, draft->message.claim.phase, &plan, fault);

        try_name_plan(draft->message.claim.phase, &word);
        trying.plan_file = buf_get_text(&word);
        for (size_t i = 0; r == 0 && i < talk->args->n_rest; i++) {
                Decision decision = DECISION_INCONCLUSIVE;

                trying.gate = talk->args->rest[i];
                r = try_gate(talk->args, &trying, &draft->evidence, &decision, fault);
                is_green = is_green && decision == DECISION_PASS;
        }
        if (r != 0 || is_green || args_has(talk->args, "anyway"))
                return r;
        fault_set(fault, "try-not-green", "it does not hold here, cold: nothing was claimed");
        fault_next(fault, "mend it, or say --anyway");
        return TALK_E_REFUSED;
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
        cleanup(draft_deinit)
                Draft draft = {.evidence = BUF_TEXT, .message = {.type = MESSAGE_CLAIM}};
        cleanup_arena Arena arena = ARENA_INIT;
        uint64_t deadline_ms, seq;
        bool is_waiting = args_has(talk->args, "wait");
        int r = waiting_deadline(talk->args, &deadline_ms, fault);

        if (r == 0)
                r = matter_find(talk->args, &draft.matter, fault);
        if (r == 0)
                r = draft_evidence(&draft, talk->args, fault);
        if (r == 0)
                r = talk_connect(talk, fault);
        if (r == 0)
                r = draft_phase(&draft, talk, &arena, fault);
        if (r == 0 && args_has(talk->args, "try"))
                r = draft_trial(&draft, talk, fault);
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
        if (draft.has_no_taker)
                verdicts_warn();
        if (!is_waiting)
                return 0;
        return verdicts_wait(talk, seq, &draft.message.claim, deadline_ms, fault);
}

int verb_claim(const Args *args) {
        return talk_run(args, claim);
}
