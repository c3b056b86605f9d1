/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * DONE, from the request to the answer, and what is verified again for it. Nothing is remembered:
 * each batch asks the state what is missing, so that a restart goes on where the ledger ends. A
 * gate is verified again once for each request; what comes out otherwise denies it.
 */

#include "base/error.h"
#include "broker/core_parts.h"
#include "broker/done.h"
#include "broker/fresh.h"
#include "broker/gate.h"
#include "broker/why_done.h"

enum { REVERIFY_GATES_MAX = 64, DENIED_REASONS_MAX = 256 };

/* One request, looked at now. */
typedef struct Request {
        Core *core;
        PhaseRecord *phase;
        Arena *arena;
        Why *whys;
        size_t n_whys;
} Request;

/* ---- which reasons are left ---- */

/* Its newest claim was made for this request, and has ended. */
static bool was_tried(const Request *request, const GateRecord *gate) {
        const ClaimRecord *claim = state_find_claim(&request->core->state, gate->claim_seq);

        return !claim || claim->cause == request->phase->asked_seq;
}

static bool is_missing(const Request *request, const Why *why) {
        return why->kind == WHY_NO_PASS && !was_tried(request, why->gate);
}

static bool has_pending(const Request *request) {
        for (size_t i = 0; i < request->n_whys; i++)
                if (request->whys[i].kind == WHY_PENDING)
                        return true;
        return false;
}

/* There is a reason that no verification takes away. */
static bool is_lost(const Request *request) {
        for (size_t i = 0; i < request->n_whys; i++)
                if (request->whys[i].kind != WHY_PENDING && !is_missing(request, &request->whys[i]))
                        return true;
        return false;
}

/* ---- answers ---- */

static int grant(const Request *request) {
        const PhaseRecord *phase = request->phase;
        Message message = {
                .type = MESSAGE_GRANTED,
                .granted = {.phase = slice_text(phase->name),
                            .done = phase->asked_seq,
                            .commit = arena_slice(request->arena, slice_text(phase->asked_commit))},
        };

        return core_append_own(request->core, &message);
}

static int deny(Core *core, const PhaseRecord *phase, const Slice *reasons, size_t n) {
        cleanup_arena Arena arena = ARENA_INIT;
        Slice *shown = arena_alloc_array(&arena, DENIED_REASONS_MAX, sizeof *shown);
        Message message = {
                .type = MESSAGE_DENIED,
                .denied = {.phase = slice_text(phase->name),
                           .done = phase->asked_seq,
                           .reasons = shown},
        };

        for (size_t i = 0; i < n && i < DENIED_REASONS_MAX; i++)
                shown[message.denied.n_reasons++] = reasons[i];
        if (n > DENIED_REASONS_MAX)
                shown[DENIED_REASONS_MAX - 1] = slice_text(
                        arena_printf(&arena, "and %zu more reasons", n - DENIED_REASONS_MAX + 1));
        return core_append_own(core, &message);
}

static int deny_all(const Request *request) {
        Slice *reasons = arena_alloc_array(request->arena, request->n_whys, sizeof *reasons);

        for (size_t i = 0; i < request->n_whys; i++)
                reasons[i] = request->whys[i].text;
        return deny(request->core, request->phase, reasons, request->n_whys);
}

int done_supersede(Core *core, const Message *message) {
        Slice reason = slice_text("a newer request took its place");
        const PhaseRecord *phase;

        if (message->type != MESSAGE_DONE)
                return 0;
        phase = state_find_phase(&core->state, message->done.phase);
        return phase && phase->asked_seq ? deny(core, phase, &reason, 1) : 0;
}

/* ---- what is verified again ---- */

/* Gates of one repository, with what they need before them or passed already. */
typedef struct Batch {
        Slice gates[REVERIFY_GATES_MAX];
        size_t n;
        const ClaimRecord *model; /* whose repository it is */
} Batch;

static bool has_gate(const Batch *batch, const char *gate) {
        for (size_t i = 0; i < batch->n; i++)
                if (slice_is(batch->gates[i], gate))
                        return true;
        return false;
}

static bool has_needs(const Request *request, const Batch *batch, const GateRecord *gate) {
        const PhaseRecord *phase = request->phase;
        uint64_t now_ms = core_wall_ms(request->core);

        for (size_t i = 0; i < gate->n_needs; i++) {
                const GateRecord *need = phase_find_gate(phase, slice_text(gate->needs[i]));

                if (need && !has_gate(batch, need->id) &&
                    !gate_need_is_met(need, slice_text(phase->asked_commit), now_ms))
                        return false;
        }
        return true;
}

static bool is_same_place(const Batch *batch, const ClaimRecord *claim) {
        return !batch->model || strcmp(batch->model->repository, claim->repository) == 0;
}

/* Adds what can be added; true if there was something. */
static bool grow(const Request *request, Batch *batch, bool with_needs) {
        bool has_grown = false;

        for (size_t i = 0; i < request->n_whys && batch->n < REVERIFY_GATES_MAX; i++) {
                const Why *why = &request->whys[i];
                const ClaimRecord *claim;

                if (!is_missing(request, why) || has_gate(batch, why->gate->id) ||
                    (with_needs && !has_needs(request, batch, why->gate)))
                        continue;
                claim = state_find_claim(&request->core->state, why->gate->claim_seq);
                if (!is_same_place(batch, claim))
                        continue;
                batch->model = claim;
                batch->gates[batch->n++] = slice_text(why->gate->id);
                has_grown = true;
        }
        return has_grown;
}

static int reverify(Core *core, const PhaseRecord *phase, const Batch *batch, const char *builder,
                    const char *commit, uint64_t cause) {
        cleanup_arena Arena arena = ARENA_INIT;
        Message message = {
                .type = MESSAGE_REVERIFY,
                .reverify = {.phase = slice_text(phase->name),
                             .gates = (Slice *)batch->gates,
                             .n_gates = batch->n,
                             .repository =
                                     arena_slice(&arena, slice_text(batch->model->repository)),
                             .commit = arena_slice(&arena, slice_text(commit)),
                             .builder = slice_text(builder),
                             .cause = cause},
        };

        return core_append_own(core, &message);
}

/* `ret_has_moved`: something was queued, and the state is another one. */
static int queue_missing(const Request *request, bool *ret_has_moved) {
        const PhaseRecord *phase = request->phase;
        Batch batch = {.n = 0};

        while (grow(request, &batch, true))
                ;
        /* Needs that can never be met must not make it wait for ever. */
        if (batch.n == 0 && !has_pending(request))
                while (grow(request, &batch, false))
                        ;
        *ret_has_moved = batch.n > 0;
        if (batch.n == 0)
                return 0;
        return reverify(request->core, phase, &batch, phase->asked_by->name, phase->asked_commit,
                        phase->asked_seq);
}

static int settle_request(Core *core, PhaseRecord *phase) {
        bool has_moved = true;

        while (has_moved && phase->asked_seq) {
                cleanup_arena Arena arena = ARENA_INIT;
                Request request = {.core = core, .phase = phase, .arena = &arena};

                why_done_build(&core->state, phase, slice_text(phase->asked_commit),
                               core_wall_ms(core), &arena, &request.whys, &request.n_whys);
                has_moved = false;
                if (request.n_whys == 0)
                        return grant(&request);
                if (is_lost(&request))
                        return has_pending(&request) ? 0 : deny_all(&request);
                TRY(queue_missing(&request, &has_moved));
        }
        return 0;
}

/* ---- manual checks ---- */

/* Every question that the newest verdict left open is answered since: the newest answer, or 0. One
 * that was queued for already, and came to no verdict, is not queued for again. */
static uint64_t answer_of(const PhaseRecord *phase, const GateRecord *gate) {
        uint64_t newest = 0;

        if (gate->state != GATE_STATE_INCONCLUSIVE || gate_is_exhausted(gate) ||
            !hash_equal(&gate->verdict.gate_digest, &gate->digest))
                return 0;
        for (size_t i = 0; i < gate->n_asked; i++) {
                const AnswerRecord *answer =
                        phase_find_answer(phase, gate, gate->asked[i], gate->verdict.commit);

                if (!answer)
                        return 0;
                if (answer->seq > newest)
                        newest = answer->seq;
        }
        return newest > gate->verdict.seq && newest > gate->claim_seq ? newest : 0;
}

static int settle_answers(Core *core, const PhaseRecord *phase) {
        for (size_t i = 0; phase->n_answers && i < phase->n_gates; i++) {
                const GateRecord *gate = &phase->gates[i];
                uint64_t answer = gate->in_plan ? answer_of(phase, gate) : 0;
                Batch batch = {.gates = {slice_text(gate->id)}, .n = 1};

                batch.model = answer ? state_find_claim(&core->state, gate->claim_seq) : NULL;
                if (batch.model)
                        TRY(reverify(core, phase, &batch, batch.model->builder,
                                     gate->verdict.commit, answer));
        }
        return 0;
}

int done_settle(Core *core) {
        for (size_t i = 0; i < core->state.n_phases; i++) {
                PhaseRecord *phase = core->state.phases[i];

                if (phase->state == PHASE_STATE_DONE)
                        continue;
                TRY(settle_answers(core, phase));
                TRY(settle_request(core, phase));
        }
        return 0;
}
