/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Walking edge tables. */

#include "base/machine.h"

enum { STATES_MAX = 64 };

int machine_next(const Machine *machine, int in, int on) {
        for (size_t i = 0; i < machine->n_edges; i++)
                if (machine->edges[i].in == in && machine->edges[i].on == on)
                        return machine->edges[i].becomes;
        return -1;
}

static bool words_present(const Machine *machine, Buf *defects) {
        size_t n_before = defects->n;

        for (size_t i = 0; i < machine->n_states; i++)
                if (!machine->states[i].name || !machine->states[i].sentence)
                        buf_printf(defects, "%s: state %zu lacks its words\n", machine->name, i);
        for (size_t i = 0; i < machine->n_events; i++)
                if (!machine->events[i].name || !machine->events[i].cause)
                        buf_printf(defects, "%s: event %zu lacks its words\n", machine->name, i);
        for (size_t i = 0; i < machine->n_edges; i++)
                if (!machine->edges[i].because)
                        buf_printf(defects, "%s: edge %zu lacks its reason\n", machine->name, i);
        return defects->n == n_before;
}

static void check_doubles(const Machine *machine, Buf *defects) {
        for (size_t i = 0; i < machine->n_edges; i++)
                for (size_t j = i + 1; j < machine->n_edges; j++)
                        if (machine->edges[i].in == machine->edges[j].in &&
                            machine->edges[i].on == machine->edges[j].on)
                                buf_printf(defects, "%s: two edges in %s on %s\n", machine->name,
                                           machine->states[machine->edges[i].in].name,
                                           machine->events[machine->edges[i].on].name);
}

/* Marks what can be reached; forwards from state 0, backwards from the final states. */
static void spread(const Machine *machine, bool *marked, bool forwards) {
        bool changed = true;

        while (changed) {
                changed = false;
                for (size_t i = 0; i < machine->n_edges; i++) {
                        int from = forwards ? machine->edges[i].in : machine->edges[i].becomes;
                        int to = forwards ? machine->edges[i].becomes : machine->edges[i].in;

                        if (marked[from] && !marked[to])
                                changed = marked[to] = true;
                }
        }
}

static void check_state(const Machine *machine, size_t state, Buf *defects) {
        const MachineState *row = &machine->states[state];
        bool has_way_out = false, has_timer = false;

        for (size_t i = 0; i < machine->n_edges; i++)
                if (machine->edges[i].in == (int)state) {
                        has_way_out = true;
                        has_timer |= machine->events[machine->edges[i].on].is_timer;
                }
        if (row->is_final == has_way_out)
                buf_printf(defects, "%s: %s is %sfinal and has %s way out\n", machine->name,
                           row->name, row->is_final ? "" : "not ", has_way_out ? "a" : "no");
        if (row->is_waiting && !has_timer)
                buf_printf(defects, "%s: %s waits without a timer\n", machine->name, row->name);
}

bool machine_verify(const Machine *machine, Buf *defects) {
        bool reachable[STATES_MAX] = {true}, ends[STATES_MAX] = {false};
        bool has_final = false;
        size_t n_before = defects->n;

        if (machine->n_states > STATES_MAX || !words_present(machine, defects))
                return false;
        check_doubles(machine, defects);
        for (size_t i = 0; i < machine->n_states; i++) {
                check_state(machine, i, defects);
                ends[i] = machine->states[i].is_final;
                has_final |= ends[i];
        }
        spread(machine, reachable, true);
        spread(machine, ends, false);
        for (size_t i = 0; i < machine->n_states; i++) {
                if (!reachable[i])
                        buf_printf(defects, "%s: %s cannot be reached\n", machine->name,
                                   machine->states[i].name);
                if (has_final && !ends[i])
                        buf_printf(defects, "%s: %s never ends\n", machine->name,
                                   machine->states[i].name);
        }
        return defects->n == n_before;
}

void machine_print_docs(const Machine *machine, Buf *text) {
        buf_printf(text, "## %s\n\n| state | meaning |\n| --- | --- |\n", machine->name);
        for (size_t i = 0; i < machine->n_states; i++)
                buf_printf(text, "| `%s`%s | %s |\n", machine->states[i].name,
                           machine->states[i].is_final ? " (final)" : "",
                           machine->states[i].sentence);
        buf_text(text, "\n| in | on | becomes | because |\n| --- | --- | --- | --- |\n");
        for (size_t i = 0; i < machine->n_edges; i++)
                buf_printf(text, "| `%s` | %s (%s) | `%s` | %s |\n",
                           machine->states[machine->edges[i].in].name,
                           machine->events[machine->edges[i].on].name,
                           machine->events[machine->edges[i].on].cause,
                           machine->states[machine->edges[i].becomes].name,
                           machine->edges[i].because);
        buf_text(text, "\n");
}
