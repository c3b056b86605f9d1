/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Exact ids only: a gate called WC1 is never meant by C1. */

#include "verbs/choose.h"

#include <string.h>

#include "base/arena.h"
#include "base/nearest.h"

enum { NAMES_MAX = 4096 };

const struct gate_status *phase_find_gate_status(const struct phase_status *phase,
                                                 const char *gate) {
        for (size_t i = 0; i < phase->n_gates; i++)
                if (slice_is(phase->gates[i].gate, gate))
                        return &phase->gates[i];
        return NULL;
}

static bool has_gates(const struct phase_status *phase, const char *const *gates, size_t n_gates) {
        for (size_t i = 0; i < n_gates; i++)
                if (!phase_find_gate_status(phase, gates[i]))
                        return false;
        return true;
}

/* The first of the gates that no phase has; NULL if each is somewhere. */
static const char *find_stranger(const struct status *status, const char *const *gates,
                                 size_t n_gates) {
        for (size_t g = 0; g < n_gates; g++) {
                bool is_known = false;

                for (size_t p = 0; p < status->n_phases && !is_known; p++)
                        is_known = phase_find_gate_status(&status->phases[p], gates[g]) != NULL;
                if (!is_known)
                        return gates[g];
        }
        return NULL;
}

/* What is no gate but a list of them, or a phase. */
static bool suggest_otherwise(const struct status *status, const char *gate, Fault *fault) {
        cleanup_buf Buf gates = BUF_TEXT;

        if (strchr(gate, ',')) {
                for (; *gate; gate++)
                        buf_byte(&gates, *gate == ',' ? ' ' : (uint8_t)*gate);
                fault_next(fault, "gates are words of their own: %s", buf_get_text(&gates));
                return true;
        }
        for (size_t p = 0; p < status->n_phases; p++) {
                const struct phase_status *phase = &status->phases[p];

                if (!slice_is(phase->phase, gate))
                        continue;
                for (size_t g = 0; g < phase->n_gates; g++)
                        buf_printf(&gates, " %.*s", SLICE_ARGS(phase->gates[g].gate));
                fault_next(fault, "it is a phase; its gates are%s", buf_get_text(&gates));
                return true;
        }
        return false;
}

static void suggest(const struct status *status, const char *gate, Fault *fault) {
        cleanup_arena Arena arena = ARENA_INIT;
        const char **names = arena_alloc_array(&arena, NAMES_MAX, sizeof *names);
        const char *nearest;
        size_t n = 0;

        for (size_t p = 0; p < status->n_phases; p++)
                for (size_t g = 0; g < status->phases[p].n_gates && n < NAMES_MAX; g++)
                        names[n++] = arena_text(&arena, status->phases[p].gates[g].gate);
        nearest = nearest_word(slice_text(gate), names, n);
        if (suggest_otherwise(status, gate, fault))
                return;
        if (nearest)
                fault_next(fault, "did you mean %s?", nearest);
        else
                fault_next(fault, "`status` shows the gates");
}

static int refuse_none(const struct status *status, const char *const *gates, size_t n_gates,
                       Fault *fault) {
        const char *stranger = find_stranger(status, gates, n_gates);

        if (status->n_phases == 0) {
                fault_set(fault, "plan-not-approved", "no plan is approved");
                fault_next(fault, "as the operator: broker plan approve FILE");
        } else if (stranger) {
                fault_set(fault, "gate-unknown", "no approved plan has a gate `%s`", stranger);
                suggest(status, stranger, fault);
        } else {
                fault_set(fault, "gate-unknown", "no single phase has all of these gates");
                fault_next(fault, "claim the gates of one phase at a time");
        }
        return CHOOSE_E_REFUSED;
}

static int refuse_many(const struct phase_status *a, const struct phase_status *b, Fault *fault) {
        fault_set(fault, "phase-ambiguous", "several phases fit, among them %.*s and %.*s",
                  SLICE_ARGS(a->phase), SLICE_ARGS(b->phase));
        fault_next(fault, "name one with --phase");
        return CHOOSE_E_REFUSED;
}

int choose_phase(const struct status *status, const char *const *gates, size_t n_gates,
                 const struct phase_status **ret_phase, Fault *reterr_fault) {
        const struct phase_status *open = NULL, *done = NULL;

        for (size_t i = 0; i < status->n_phases; i++) {
                const struct phase_status *phase = &status->phases[i];

                if (!has_gates(phase, gates, n_gates))
                        continue;
                if (phase->state == PHASE_STATE_DONE) {
                        done = phase; /* the newest */
                        continue;
                }
                if (open)
                        return refuse_many(open, phase, reterr_fault);
                open = phase;
        }
        if (!open && !done)
                return refuse_none(status, gates, n_gates, reterr_fault);
        *ret_phase = open ? open : done;
        return 0;
}
