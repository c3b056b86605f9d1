/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * State machines as rows of edges. The table decides the target: an action cannot choose another
 * state; if the outcome differs, it is another event. What is absent is refused.
 */

#include "base/buf.h"

typedef struct MachineState {
        const char *name;
        bool is_final;   /* exactly if it has no way out */
        bool is_waiting; /* somebody is waited for: needs an edge on a timer event */
        const char *sentence;
} MachineState;

typedef struct MachineEvent {
        const char *name;
        bool is_timer;
        const char *cause; /* the message kind or the timer that causes it */
} MachineEvent;

typedef struct MachineEdge {
        int in, on, becomes;
        const char *because;
} MachineEdge;

typedef struct Machine {
        const char *name;
        const MachineState *states; /* state 0 is where it begins */
        size_t n_states;
        const MachineEvent *events;
        size_t n_events;
        const MachineEdge *edges;
        size_t n_edges;
} Machine;

/* The state after `on` in `in`, or -1 where there is no such edge. */
int machine_next(const Machine *machine, int in, int on);

/* Everything that must hold of every table: states reachable, final exactly if no way out, no
 * (state, event) twice, each waiting state has a timer edge, each state can reach a final one (if
 * there are any), names and sentences present. Appends a line per defect; true if none. */
bool machine_verify(const Machine *machine, Buf *defects);

/* The table as Markdown. */
void machine_print_docs(const Machine *machine, Buf *text);
