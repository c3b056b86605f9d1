/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Leases that run. The ledger says which; here is until when. Level, not edge: the running leases
 * are made equal to the state in each batch, so that a restart, a withdrawal and a revised plan
 * need nothing of their own.
 */

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "broker/core_parts.h"

/* The schema's limit of a lease's attempt. */
enum { ATTEMPTS_EVER_MAX = 1000 };

static size_t place_of(const Core *core, uint64_t claim_seq) {
        size_t low = 0, high = core->n_running;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (core->running[middle].claim_seq < claim_seq)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/* NULL: none runs. */
static Running *find_running(const Core *core, uint64_t claim_seq) {
        size_t place = place_of(core, claim_seq);

        if (place == core->n_running || core->running[place].claim_seq != claim_seq)
                return NULL;
        return &core->running[place];
}

/* Before it is known which of its gates is run. */
static uint64_t longest_stall(const Core *core, const ClaimRecord *claim) {
        uint64_t longest_ms = 0;

        for (size_t i = 0; i < claim->n_gates; i++) {
                const GateRecord *gate = claim_get_open_gate(claim, i);
                uint64_t stall_ms =
                        gate && gate->stall_ms ? gate->stall_ms : core->settings.stall_ms;

                longest_ms = stall_ms > longest_ms ? stall_ms : longest_ms;
        }
        return longest_ms;
}

Running *lease_add(Core *core, const ClaimRecord *claim) {
        size_t place = place_of(core, claim->seq);
        Running *running;

        core->running = mem_resize(core->running, core->n_running + 1, sizeof *core->running);
        running = &core->running[place];
        memmove(running + 1, running, (core->n_running - place) * sizeof *running);
        core->n_running++;
        *running = (Running){
                .claim_seq = claim->seq,
                .lease_seq = claim->lease_seq,
                .deadline_ms = core_mono_ms(core) + claim->lease_ms,
                .moved_ms = core_mono_ms(core),
                .stall_ms = longest_stall(core, claim),
                .adversary = claim->adversary,
        };
        return running;
}

bool lease_is_over(const Core *core, uint64_t claim_seq, uint64_t lease_seq) {
        const Running *running = find_running(core, claim_seq);

        return running && running->lease_seq == lease_seq &&
               core_mono_ms(core) >= running->deadline_ms;
}

/* A sign of life of the lease's holder. */
static void renew(Core *core, uint64_t claim_seq, uint64_t lease_seq) {
        const ClaimRecord *claim = state_find_claim(&core->state, claim_seq);
        Running *running = find_running(core, claim_seq);

        if (!claim || !running || running->lease_seq != lease_seq)
                return;
        running->deadline_ms = core_mono_ms(core) + claim->lease_ms;
        running->awaits_sign = false;
}

void lease_move(Core *core, uint64_t claim_seq, uint64_t lease_seq) {
        Running *running = find_running(core, claim_seq);

        renew(core, claim_seq, lease_seq);
        if (running && running->lease_seq == lease_seq)
                running->moved_ms = core_mono_ms(core);
}

/* The same words and numbers again are a heartbeat. */
static void note_progress(Core *core, const ClaimRecord *claim, const struct progress *progress) {
        const GateRecord *gate = phase_find_gate(claim->phase, progress->gate);
        Running *running = find_running(core, claim->seq);
        cleanup_buf Buf text = BUF_TEXT;
        Hash hash;

        buf_printf(&text, "%.*s %" PRIu64 " %" PRIu64 " %.*s", SLICE_ARGS(progress->gate),
                   progress->n_done, progress->n_total, SLICE_ARGS(progress->what));
        hash_of(buf_get(&text), &hash);
        renew(core, claim->seq, progress->lease);
        if (!running || hash_equal(&hash, &running->progress))
                return;
        running->progress = hash;
        running->moved_ms = core_mono_ms(core);
        running->stall_ms = gate && gate->stall_ms ? gate->stall_ms : core->settings.stall_ms;
}

/* ---- the end of leases ---- */

static int cancel(Core *core, const Route *route, const char *adversary, uint64_t lease_seq,
                  const char *why) {
        AgentRecord *agent =
                adversary ? state_find_agent(&core->state, slice_text(adversary)) : NULL;
        Message message = {
                .type = MESSAGE_CANCEL,
                .cancel = {.lease = lease_seq, .why = slice_text(why)},
        };

        if (route)
                return held_message(core, route, &message);
        return held_for_agent(core, agent, &message);
}

static const char *why_over(const ClaimRecord *claim) {
        if (!claim || claim->state == CLAIM_STATE_SUPERSEDED)
                return "nothing of the claim is open any more";
        if (claim->state == CLAIM_STATE_WITHDRAWN)
                return "the builder withdrew the claim";
        return "the lease lapsed";
}

static int lapse(Core *core, const ClaimRecord *claim, const char *why, uint64_t attempts_max) {
        Message message = {
                .type = MESSAGE_LAPSE,
                .lapse = {.claim = claim->seq,
                          .lease = claim->lease_seq,
                          .why = slice_text(why),
                          .exhausted = claim->attempts >= attempts_max},
        };

        return core_append_own(core, &message);
}

/* Leases that cannot lead to a verdict any more, whatever the clock says. */
static const char *why_moot(const Core *core, const ClaimRecord *claim) {
        const AgentRecord *holder = state_find_agent(&core->state, slice_text(claim->adversary));

        if (holder->is_revoked)
                return "the key of its holder was revoked";
        if (claim->phase->plan_seq > claim->lease_seq)
                return "the plan was revised";
        if (claim_count_gates_for(claim, claim->adversary) == 0)
                return "another adversary is to say what is still open of the claim";
        return NULL;
}

static int lapse_moot(Core *core) {
        for (size_t i = core->state.n_claims; i-- > 0;) {
                const ClaimRecord *claim = core->state.claims[i];
                const char *why = claim->state == CLAIM_STATE_LEASED ? why_moot(core, claim) : NULL;

                if (why)
                        TRY(lapse(core, claim, why, ATTEMPTS_EVER_MAX));
        }
        return 0;
}

static bool waits_for_resource(const Core *core, uint64_t lease_seq) {
        for (size_t i = 0; i < core->state.n_holds; i++)
                if (core->state.holds[i]->lease_seq == lease_seq &&
                    core->state.holds[i]->state == HOLD_STATE_WAITING)
                        return true;
        return false;
}

/* A declared pause, or a turn that has not come, is no stall: its time begins anew. */
static bool has_stalled(Core *core, Running *running, const ClaimRecord *claim) {
        uint64_t now = core_mono_ms(core);

        if (now - running->moved_ms < running->stall_ms)
                return false;
        if (!waits_for_resource(core, running->lease_seq) &&
            !watchdog_paused_until(&core->state, claim->phase, slice_text(running->adversary),
                                   core_wall_ms(core)))
                return true;
        running->moved_ms = now;
        return false;
}

static char *why_overdue(Core *core, Running *running, const ClaimRecord *claim) {
        cleanup_buf Buf text = BUF_TEXT;

        if (running->deadline_ms <= core_mono_ms(core)) {
                buf_printf(&text, "no sign of %s for ", running->adversary);
                duration_describe(claim->lease_ms, &text);
        } else if (has_stalled(core, running, claim)) {
                buf_printf(&text, "no progress of %s for ", running->adversary);
                duration_describe(running->stall_ms, &text);
        } else {
                return NULL;
        }
        return mem_strdup(buf_get_text(&text));
}

int lease_lapse_overdue(Core *core) {
        for (size_t i = 0; i < core->n_running; i++) {
                Running *running = &core->running[i];
                const ClaimRecord *claim = state_find_claim(&core->state, running->claim_seq);
                cleanup_free char *why = NULL;

                if (!claim || claim->state != CLAIM_STATE_LEASED ||
                    claim->lease_seq != running->lease_seq)
                        continue;
                why = why_overdue(core, running, claim);
                if (why)
                        TRY(lapse(core, claim, why, core->settings.attempts));
        }
        return 0;
}

/* The lease ended with its holder's last verdict; another adversary is to look too. */
static bool has_said_all(const ClaimRecord *claim, const Running *running) {
        return claim_is_open(claim) && claim_count_gates_for(claim, running->adversary) == 0;
}

static int drop_ended(Core *core) {
        size_t n = 0;

        for (size_t i = 0; i < core->n_running; i++) {
                Running *running = &core->running[i];
                const ClaimRecord *claim = state_find_claim(&core->state, running->claim_seq);

                if (claim && claim->state == CLAIM_STATE_LEASED &&
                    claim->lease_seq == running->lease_seq) {
                        core->running[n++] = *running;
                        continue;
                }
                if (!claim ||
                    (claim->state != CLAIM_STATE_DECIDED && !has_said_all(claim, running)))
                        TRY(cancel(core, NULL, running->adversary, running->lease_seq,
                                   why_over(claim)));
        }
        core->n_running = n;
        return 0;
}

int lease_settle(Core *core) {
        TRY(lapse_moot(core));
        TRY(drop_ended(core));
        for (size_t i = 0; i < core->state.n_claims; i++)
                if (core->state.claims[i]->state == CLAIM_STATE_LEASED &&
                    !find_running(core, core->state.claims[i]->seq))
                        (void)lease_add(core, core->state.claims[i]);
        core->is_settled = true;
        return 0;
}

/* ---- progress ---- */

int on_progress(Core *core, Incoming *in) {
        const struct progress *progress = &in->message.progress;
        const ClaimRecord *claim = state_find_claim(&core->state, progress->claim);
        Message message = in->message;

        if (!claim || claim->state != CLAIM_STATE_LEASED || claim->lease_seq != progress->lease ||
            claim->adversary != in->actor->name || lease_is_over(core, claim->seq, progress->lease))
                return cancel(core, in->route, NULL, progress->lease,
                              "it is not your lease (any more)");
        note_progress(core, claim, progress);
        message.progress.adversary = slice_text(in->actor->name);
        return held_progress(core, claim->seq, &message);
}
