/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What whoever is waited for types. It is for who asks: the watchdog looks at waits in each batch.
 */

#include "broker/waits.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/text.h"
#include "broker/gate.h"
#include "broker/status_parts.h"
#include "plan/visible.h"

enum { NEXT_BYTES_MAX = 512 };

typedef struct Next {
        const State *state;
        const PhaseRecord *phase;
        GateNames *names;
        Arena *arena;
} Next;

/* The first check that nobody has answered. What it is called is said by an adversary. */
static void say_answer(const PhaseRecord *phase, const GateRecord *gate, Buf *text) {
        for (size_t i = 0; i < gate->n_asked; i++)
                if (!phase_find_answer(phase, gate, gate->asked[i], gate->verdict.commit)) {
                        buf_printf(text, "adversary-agent answer %s %s ", phase->name, gate->id);
                        text_quote(gate->asked[i], text);
                        buf_printf(text, " --commit " SHORT_COMMIT " --holds --text '…'",
                                   gate->verdict.commit);
                        return;
                }
}

/* What a FAIL filed is closed by the PASS of its gate: it is the gate that is claimed again. */
static void say_finding(const struct wait *wait, const WaitSubject *subject, Buf *text) {
        const FindingRecord *finding = subject->finding;
        const GateRecord *gate = subject->gate;
        bool is_of_gate = finding->blocks == BLOCKS_GATE && gate;

        if (wait->wait_for == WAIT_FOR_FIX) {
                if (!gate || gate->state != GATE_STATE_FAILED)
                        buf_printf(text, "builder-agent fixed F-%" PRIu64 " --text '…'",
                                   finding->seq);
                return;
        }
        if (is_of_gate && wait->wait_for == WAIT_FOR_RETEST)
                return;
        buf_printf(text, "adversary-agent close F-%" PRIu64 " --why '…'", finding->seq);
        if (is_of_gate)
                buf_printf(text, " --verdict V-%" PRIu64, gate->verdict.seq);
}

static int compare_names(const void *a, const void *b) {
        return slice_compare(*(const Slice *)a, *(const Slice *)b);
}

static void list_names(const State *state, Arena *arena, GateNames *ret_names) {
        size_t n_max = 0;

        for (size_t i = 0; i < state->n_phases; i++)
                n_max += state->phases[i]->n_gates;
        *ret_names = (GateNames){.names = arena_alloc_array(arena, n_max, sizeof(Slice))};
        for (size_t i = 0; i < state->n_phases; i++) {
                const PhaseRecord *phase = state->phases[i];

                for (size_t j = 0; j < phase->n_gates && phase->state != PHASE_STATE_DONE; j++)
                        if (phase->gates[j].in_plan)
                                ret_names->names[ret_names->n++] = slice_text(phase->gates[j].id);
        }
        qsort(ret_names->names, ret_names->n, sizeof(Slice), compare_names);
}

/* Whether the gate's name alone says which phase is meant: it stands there once. */
static bool is_clear(const Next *next, Slice gate) {
        const GateNames *names = next->names;
        const Slice *found;

        if (!names->names)
                list_names(next->state, next->arena, next->names);
        found = bsearch(&gate, names->names, names->n, sizeof gate, compare_names);
        return !found || !((found > names->names && slice_equal(found[-1], gate)) ||
                           (found + 1 < names->names + names->n && slice_equal(found[1], gate)));
}

static void say_claim(const Next *next, Slice gate, Buf *text) {
        buf_printf(text, "builder-agent claim %.*s --wait", SLICE_ARGS(gate));
        if (!is_clear(next, gate))
                buf_printf(text, " --phase %s", next->phase->name);
}

static void say_next(const Next *next, const struct wait *wait, const WaitSubject *subject,
                     Buf *text) {
        switch (wait->wait_for) {
        case WAIT_FOR_CLAIM:
        case WAIT_FOR_MEND:
        case WAIT_FOR_RECLAIM: say_claim(next, wait->gate, text); break;
        case WAIT_FOR_FIX:
        case WAIT_FOR_RETEST:
        case WAIT_FOR_CLOSE: say_finding(wait, subject, text); break;
        case WAIT_FOR_ANSWER: say_answer(next->phase, subject->gate, text); break;
        case WAIT_FOR_LIFT:
                buf_printf(text, "adversary-agent lift X-%" PRIu64 " --why '…'", wait->cause);
                break;
        case WAIT_FOR_DONE: buf_printf(text, "builder-agent done %s", next->phase->name); break;
        case WAIT_FOR_OPERATOR: buf_printf(text, "broker show E-%" PRIu64, wait->cause); break;
        case WAIT_FOR_OTHER:
        case WAIT_FOR_TAKE:
        case WAIT_FOR_VERDICT:
        case WAIT_FOR_SECOND:
        case WAIT_FOR_RELEASE:
        case WAIT_FOR_SEE:
        case WAIT_FOR_READ:
        case WAIT_FOR_DELIVERY:
        case WAIT_FOR_UPKEEP:
        case _WAIT_FOR_MAX: break;
        }
}

void waits_say_next(const State *state, const PhaseRecord *phase, GateNames *names, Arena *arena,
                    Waits *waits) {
        Next next = {.state = state, .phase = phase, .names = names, .arena = arena};

        for (size_t i = 0; i < waits->n; i++) {
                cleanup_buf Buf text = BUF_TEXT;

                say_next(&next, &waits->waits[i], &waits->subjects[i], &text);
                if (text.n && text.n <= NEXT_BYTES_MAX && !visible_has_hidden(buf_get(&text)))
                        waits->waits[i].next = status_cut(arena, &text, NEXT_BYTES_MAX);
        }
}
