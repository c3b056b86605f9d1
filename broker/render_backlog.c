/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* BACKLOG-<phase>.md: what is left to do, as two task lists whose items keep their ids: the
 * builder's by gate and by what is waited for, the adversary's by finding. */

#include "broker/render_parts.h"

#include "broker/status.h"

static const char *const gate_words[] = {
        [GATE_STATE_OPEN] = "not claimed",
        [GATE_STATE_CLAIMED] = "claimed, awaiting the Adversary",
        [GATE_STATE_VERIFYING] = "claimed, being verified",
        [GATE_STATE_PASSED] = "PASS",
        [GATE_STATE_FAILED] = "FAIL",
        [GATE_STATE_INCONCLUSIVE] = "INCONCLUSIVE",
};

static void gate_item(const Snapshot *snapshot, const struct gate_status *gate) {
        bool is_over = gate->fresh || snapshot->phase->state == PHASE_STATE_DONE;
        Buf *text = snapshot->text;

        buf_printf(text, "- [%c] ", is_over ? 'x' : ' ');
        render_inline(gate->gate, text);
        if (gate->title.n) {
                buf_text(text, ": ");
                render_inline(gate->title, text);
        }
        buf_printf(text, " — %s", gate_words[gate->state]);
        if (gate->stale_because.n && !is_over) {
                buf_text(text, ", does not count: ");
                render_inline(gate->stale_because, text);
        }
        if (gate->waived_until_ms)
                buf_text(text, ", waived");
        buf_text(text, "\n");
}

static bool is_for_builder(const Snapshot *snapshot, const struct wait *wait) {
        const AgentRecord *agent = state_find_agent(snapshot->state, wait->who);

        return slice_is(wait->who, word_of(&words_ROLE, ROLE_BUILDER)) ||
               (agent && agent->role == ROLE_BUILDER);
}

static void wait_item(const Snapshot *snapshot, const struct wait *wait) {
        bool is_finding = state_find_finding(snapshot->state, wait->cause) != NULL;

        buf_printf(snapshot->text, "- [ ] %c-%llu/%s, ", is_finding ? 'F' : 'E',
                   (unsigned long long)wait->cause, word_of(&words_WAIT_FOR, (int)wait->wait_for));
        render_inline(wait->who, snapshot->text);
        buf_text(snapshot->text, ": ");
        render_inline(wait->what, snapshot->text);
        buf_text(snapshot->text, "\n");
}

void render_backlog(const State *state, const PhaseRecord *phase, uint64_t as_of_ms, Buf *text) {
        cleanup_arena Arena arena = ARENA_INIT;
        struct status status;
        Snapshot snapshot = {.state = state, .status = &status, .text = text};

        status_build(state, slice_text(phase->name), as_of_ms, &arena, &status);
        if (!status.n_phases)
                return;
        snapshot.phase = &status.phases[0];
        snapshot_begin(&snapshot, "BACKLOG");
        buf_text(text, "## Build backlog\n\n");
        for (size_t i = 0; i < snapshot.phase->n_gates; i++)
                gate_item(&snapshot, &snapshot.phase->gates[i]);
        for (size_t i = 0; i < snapshot.phase->n_waits; i++)
                if (is_for_builder(&snapshot, &snapshot.phase->waits[i]))
                        wait_item(&snapshot, &snapshot.phase->waits[i]);
        buf_text(text, "\n## Adversary findings\n\n");
        for (size_t i = 0; i < snapshot.phase->n_findings; i++)
                snapshot_finding(&snapshot, &snapshot.phase->findings[i]);
        if (!snapshot.phase->n_findings)
                buf_text(text, "None was filed.\n");
}
