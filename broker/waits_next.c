/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What whoever is waited for types. It is for who asks: the watchdog looks at waits in each batch.
 */

#include "broker/waits.h"

#include <inttypes.h>

#include "base/text.h"
#include "broker/gate.h"
#include "broker/status_parts.h"
#include "plan/visible.h"

enum { NEXT_BYTES_MAX = 512 };

static const FindingRecord *find_finding(const State *state, const struct wait *wait) {
        for (size_t i = 0; i < state->n_findings; i++)
                if (state->findings[i]->changed_seq == wait->cause)
                        return state->findings[i];
        return NULL;
}

/* The first check that nobody has answered. What it is called is said by an adversary. */
static void say_answer(const PhaseRecord *phase, const GateRecord *gate, Buf *text) {
        for (size_t i = 0; gate && i < gate->n_asked; i++)
                if (!phase_find_answer(phase, gate, gate->asked[i], gate->verdict.commit)) {
                        buf_printf(text, "adversary-agent answer %s %s ", phase->name, gate->id);
                        text_quote(gate->asked[i], text);
                        buf_printf(text, " --commit " SHORT_COMMIT " --holds --text '…'",
                                   gate->verdict.commit);
                        return;
                }
}

/* What a FAIL filed is closed by the PASS of its gate: it is the gate that is claimed again. */
static void say_finding(const State *state, const struct wait *wait, const GateRecord *gate,
                        Buf *text) {
        const FindingRecord *finding = find_finding(state, wait);
        bool is_of_gate = finding && finding->blocks == BLOCKS_GATE && gate;

        if (!finding)
                return;
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

/* Whether the gate's name alone says which phase is meant. */
static bool is_clear(const State *state, const PhaseRecord *phase, Slice gate) {
        for (size_t i = 0; i < state->n_phases; i++) {
                const PhaseRecord *other = state->phases[i];

                if (other != phase && other->state != PHASE_STATE_DONE &&
                    phase_find_gate(other, gate))
                        return false;
        }
        return true;
}

static void say_claim(const State *state, const PhaseRecord *phase, Slice gate, Buf *text) {
        buf_printf(text, "builder-agent claim %.*s --wait", SLICE_ARGS(gate));
        if (!is_clear(state, phase, gate))
                buf_printf(text, " --phase %s", phase->name);
}

static void say_next(const State *state, const PhaseRecord *phase, const struct wait *wait,
                     Buf *text) {
        const GateRecord *gate = phase_find_gate(phase, wait->gate);

        switch (wait->wait_for) {
        case WAIT_FOR_CLAIM:
        case WAIT_FOR_MEND:
        case WAIT_FOR_RECLAIM: say_claim(state, phase, wait->gate, text); break;
        case WAIT_FOR_FIX:
        case WAIT_FOR_RETEST:
        case WAIT_FOR_CLOSE: say_finding(state, wait, gate, text); break;
        case WAIT_FOR_ANSWER: say_answer(phase, gate, text); break;
        case WAIT_FOR_LIFT:
                buf_printf(text, "adversary-agent lift X-%" PRIu64 " --why '…'", wait->cause);
                break;
        case WAIT_FOR_DONE: buf_printf(text, "builder-agent done %s", phase->name); break;
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

void waits_say_next(const State *state, const PhaseRecord *phase, Arena *arena, struct wait *waits,
                    size_t n_waits) {
        for (size_t i = 0; i < n_waits; i++) {
                cleanup_buf Buf text = BUF_TEXT;

                say_next(state, phase, &waits[i], &text);
                if (text.n && text.n <= NEXT_BYTES_MAX && !visible_has_hidden(buf_get(&text)))
                        waits[i].next = status_cut(arena, &text, NEXT_BYTES_MAX);
        }
}
