/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `show`: anything that has a name here. */

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "broker/fold.h"
#include "broker/show.h"
#include "proto/label.h"
#include "view/terminal.h"

static void show_deinit(Show *show) {
        state_deinit(&show->state);
        buf_deinit(&show->text);
}

/* "gate:12", where 12 alone would be an entry; NULL: it does not begin so. */
static const char *strip(const char *what, const char *prefix) {
        size_t n = strlen(prefix);

        return strncmp(what, prefix, n) == 0 ? what + n : NULL;
}

/* The gate of that id, in the only phase that has it. */
static int find_gate(const Show *show, const char *id, const PhaseRecord **ret_phase,
                     const GateRecord **ret_gate, Fault *fault) {
        const char *wanted = args_get(show->errand->args, "phase");

        *ret_gate = NULL;
        for (size_t i = 0; i < show->state.n_phases; i++) {
                const PhaseRecord *phase = show->state.phases[i];
                const GateRecord *gate = phase_find_gate_ever(phase, slice_text(id));

                if (!gate || (wanted && strcmp(wanted, phase->name) != 0))
                        continue;
                if (*ret_gate) {
                        fault_set(fault, "phase-ambiguous", "%s and %s both have a gate %s",
                                  (*ret_phase)->name, phase->name, id);
                        fault_next(fault, "broker show %s --phase %s", id, phase->name);
                        return ERRAND_E_REFUSED;
                }
                *ret_phase = phase;
                *ret_gate = gate;
        }
        return 0;
}

static int refuse(const char *kind, const char *name, const char *next, Fault *fault) {
        fault_set(fault, "entry-unknown", "there is no %s `%s`", kind, name);
        fault_next(fault, "%s", next);
        return ERRAND_E_REFUSED;
}

static int show_named_gate(Show *show, const char *id, bool *ret_found, Fault *fault) {
        const PhaseRecord *phase = NULL;
        const GateRecord *gate;
        int r = find_gate(show, id, &phase, &gate, fault);

        *ret_found = gate != NULL;
        return r == 0 && gate ? show_gate(show, phase, gate, fault) : r;
}

/* With the kind before it; -1: there is none. */
static int show_by_kind(Show *show, const char *what, Fault *fault) {
        const char *gate = strip(what, "gate:"), *phase_name = strip(what, "phase:");
        const char *agent_name = strip(what, "agent:"), *digest = strip(what, "evidence:");
        const PhaseRecord *phase;
        const AgentRecord *agent;
        bool is_found;
        int r;

        if (gate) {
                r = show_named_gate(show, gate, &is_found, fault);
                return r == 0 && !is_found ? refuse("gate", gate, "broker status", fault) : r;
        }
        if (phase_name) {
                r = errand_find_phase(&show->state, phase_name, &phase, fault);
                return r ? r : show_phase(show, phase);
        }
        if (agent_name) {
                agent = state_find_agent(&show->state, slice_text(agent_name));
                return agent ? show_agent(show, agent)
                             : refuse("agent", agent_name, "broker log --kind admit", fault);
        }
        return show_digest(show, digest, fault);
}

static bool has_kind(const char *what) {
        return strip(what, "gate:") || strip(what, "phase:") || strip(what, "agent:") ||
               strip(what, "evidence:");
}

static int show_what(Show *show, const char *what, Fault *fault) {
        const PhaseRecord *phase = state_find_phase(&show->state, slice_text(what));
        const AgentRecord *agent = state_find_agent(&show->state, slice_text(what));
        bool is_found;
        uint64_t seq;
        char letter;
        int r;

        if (has_kind(what))
                return show_by_kind(show, what, fault);
        if (label_parse(what, &letter, &seq))
                return show_entry(show, seq, letter, fault);
        r = show_named_gate(show, what, &is_found, fault);
        if (r != 0 || is_found)
                return r;
        if (phase)
                return show_phase(show, phase);
        return agent ? show_agent(show, agent) : show_digest(show, what, fault);
}

/* Whether the ledger must be folded to show it; an entry that cannot be read is shown with what the
 * state has of it. */
static bool wants_state(const Show *show, uint64_t seq) {
        cleanup_arena Arena arena = ARENA_INIT;
        Fault fault = FAULT_INIT;
        Message message;
        Entry entry;

        return ledger_read(show->errand->ledger, seq, &arena, &entry) != 0 ||
               fold_decode(&entry, &arena, &message, &fault) != 0 ||
               life_wants_state(show, &message);
}

/* An entry can be shown even where a ledger cannot be folded: it may be the one that is at fault.
 */
static int fold(Show *show, Fault *fault) {
        const char *what = show->errand->args->rest[0];
        uint64_t seq;
        char letter;
        bool is_entry = !has_kind(what) && label_parse(what, &letter, &seq);
        int r;

        if (is_entry && !wants_state(show, seq))
                return 0;
        r = fold_ledger(show->errand->ledger, &show->state, fault);
        if (r <= 0 || !is_entry)
                return r;
        state_deinit(&show->state);
        state_init(&show->state);
        return 0;
}

static int show_anything(Errand *errand, Fault *reterr_fault) {
        cleanup(show_deinit) Show show = {.errand = errand,
                                          .now_ms = clock_wall_ms(),
                                          .width = terminal_get_width(STDOUT_FILENO),
                                          .text = BUF_TEXT};
        int r;

        state_init(&show.state);
        r = errand_open_ledger(errand, LEDGER_READ, reterr_fault);
        if (r == 0)
                r = fold(&show, reterr_fault);
        if (r == 0)
                r = show_what(&show, errand->args->rest[0], reterr_fault);
        if (r == 0)
                errand_print(&show.text);
        return r > 0 ? ERRAND_E_REFUSED : r;
}

int verb_show(const Args *args) {
        return errand_run(args, show_anything);
}
