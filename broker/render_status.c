/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* STATUS-<phase>.md: a snapshot of one phase at the ledger's newest entry. `## DONE` stands in it
 * only when it was granted. */

#include "broker/render_parts.h"

#include "base/clock.h"
#include "broker/status.h"

static void append_minute(uint64_t wall_ms, Buf *text) {
        char when[TIME_TEXT_BYTES];

        time_format_minute(wall_ms, when);
        buf_text(text, when);
}

/* ---- who is waited for ---- */

static void wait_line(const struct wait *wait, Buf *text) {
        buf_text(text, "- Waiting for ");
        render_inline(wait->who, text);
        buf_text(text, ": ");
        render_inline(wait->what, text);
        buf_text(text, ", since ");
        append_minute(wait->since_ms, text);
        if (wait->pings)
                buf_printf(text, ", %llu ping%s", (unsigned long long)wait->pings,
                           wait->pings == 1 ? "" : "s");
        if (wait->paused_until_ms) {
                buf_text(text, ", paused until ");
                append_minute(wait->paused_until_ms, text);
        }
        buf_text(text, "\n");
}

static void waits_section(const Snapshot *snapshot) {
        const struct phase_status *phase = snapshot->phase;
        Buf *text = snapshot->text;

        for (size_t i = 0; i < phase->n_waits; i++)
                wait_line(&phase->waits[i], text);
        for (size_t i = 0; i < phase->n_pauses; i++) {
                buf_text(text, "- Paused: ");
                render_inline(phase->pauses[i].who, text);
                buf_text(text, " waits until ");
                append_minute(phase->pauses[i].until_ms, text);
                buf_text(text, ": ");
                render_inline(phase->pauses[i].why, text);
                buf_text(text, "\n");
        }
        if (phase->done_asked)
                buf_printf(text, "- DONE was asked for in entry %llu: it waits for verdicts\n",
                           (unsigned long long)phase->done_asked);
        if (phase->n_waits || phase->n_pauses || phase->done_asked)
                buf_text(text, "\n");
}

/* ---- gates ---- */

static void state_cell(const Snapshot *snapshot, const struct gate_status *gate) {
        buf_printf(snapshot->text, " | %s", word_of(&words_GATE_STATE, (int)gate->state));
        snapshot_link(snapshot, 'C', gate->claim);
        snapshot_link(snapshot, 'V', gate->verdict);
        if (gate->carried_from) {
                buf_text(snapshot->text, ", carried over from");
                snapshot_link(snapshot, 'V', gate->carried_from);
        }
}

static void gate_row(const Snapshot *snapshot, const struct gate_status *gate) {
        Buf *text = snapshot->text;

        buf_text(text, "| ");
        render_inline(gate->gate, text);
        buf_text(text, " | ");
        render_inline(gate->title, text);
        state_cell(snapshot, gate);
        buf_text(text, " | ");
        if (gate->commit.n)
                render_code(slice_head(gate->commit, 12), text);
        buf_text(text, " | ");
        if (gate->decided_ms) {
                append_minute(gate->decided_ms, text);
                buf_text(text, ", ");
                duration_describe(snapshot->status->now_ms > gate->decided_ms
                                          ? snapshot->status->now_ms - gate->decided_ms
                                          : 0,
                                  text);
                buf_text(text, " ago");
        }
        buf_text(text, " | ");
        if (gate->fresh)
                buf_text(text, "yes");
        else
                render_inline(gate->stale_because.n ? gate->stale_because : slice_text("no"), text);
        buf_printf(text, " | %llu | %zu |\n", (unsigned long long)gate->open_findings,
                   gate->n_never_red);
}

static void formal_line(const struct gate_status *gate, Buf *text) {
        static const char *const lines[] = {
                [GATE_STATE_OPEN] = "not claimed",
                [GATE_STATE_CLAIMED] = "CLAIMED, awaiting Adversary",
                [GATE_STATE_VERIFYING] = "CLAIMED, awaiting Adversary (verification in progress)",
                [GATE_STATE_PASSED] = "PASS",
                [GATE_STATE_FAILED] = "FAIL",
                [GATE_STATE_INCONCLUSIVE] = "INCONCLUSIVE",
        };

        buf_text(text, "\nGate: ");
        render_inline(gate->gate, text);
        buf_printf(text, " — %s%s\n", lines[gate->state],
                   gate->stale_because.n && gate->state == GATE_STATE_PASSED
                           ? ", which does not count"
                           : "");
}

static void gate_remarks(const struct gate_status *gate, Buf *text) {
        if (gate->verifiers > 1)
                buf_printf(text, "\nNeeds %llu verifiers.\n", (unsigned long long)gate->verifiers);
        if (gate->waived_until_ms) {
                buf_text(text, "\nWAIVED until ");
                append_minute(gate->waived_until_ms, text);
                buf_text(text, ": ");
                render_inline(gate->waived_because, text);
                buf_text(text, "\n");
        }
        if (gate->n_never_red) {
                buf_text(text, "\nNever seen red: ");
                inline_list(gate->never_red, gate->n_never_red, text);
                buf_text(text, "\n");
        }
}

static void gates_section(const Snapshot *snapshot) {
        const struct phase_status *phase = snapshot->phase;

        buf_text(snapshot->text,
                 "## Gate\n\n| gate | title | state | commit | decided | counts for DONE | open "
                 "findings | never seen red |\n| --- | --- | --- | --- | --- | --- | --- | --- "
                 "|\n");
        for (size_t i = 0; i < phase->n_gates; i++)
                gate_row(snapshot, &phase->gates[i]);
        for (size_t i = 0; i < phase->n_gates; i++) {
                formal_line(&phase->gates[i], snapshot->text);
                gate_remarks(&phase->gates[i], snapshot->text);
        }
}

/* ---- what prevents DONE ---- */

static void reasons_section(const Snapshot *snapshot) {
        const struct phase_status *phase = snapshot->phase;

        if (phase->n_why_not_done)
                buf_text(snapshot->text, "\n## Why not DONE\n\n");
        for (size_t i = 0; i < phase->n_why_not_done; i++) {
                buf_text(snapshot->text, "- [ ] ");
                render_inline(phase->why_not_done[i], snapshot->text);
                buf_text(snapshot->text, "\n");
        }
}

static void vetoes_section(const Snapshot *snapshot) {
        const struct phase_status *phase = snapshot->phase;
        Buf *text = snapshot->text;

        if (phase->n_vetoes)
                buf_text(text, "\n## Vetoes that stand\n\n");
        for (size_t i = 0; i < phase->n_vetoes; i++) {
                const struct veto_status *veto = &phase->vetoes[i];

                buf_text(text, "-");
                snapshot_link(snapshot, 'X', veto->veto);
                buf_text(text, " of ");
                render_inline(veto->adversary, text);
                buf_text(text, veto->n_gates ? ", of " : ", of the whole phase");
                inline_list(veto->gates, veto->n_gates, text);
                buf_text(text, ", since ");
                append_minute(veto->since_ms, text);
                buf_text(text, ": ");
                render_inline(veto->why, text);
                buf_text(text, "; lifted when: ");
                render_inline(veto->lift_when, text);
                buf_text(text, "\n");
        }
}

static void findings_section(const Snapshot *snapshot, const char *heading, bool is_of_deferred) {
        const struct phase_status *phase = snapshot->phase;
        bool has_heading = false;

        for (size_t i = 0; i < phase->n_findings; i++) {
                const struct finding_status *finding = &phase->findings[i];

                if (finding->state == FINDING_STATE_CLOSED ||
                    (finding->state == FINDING_STATE_DEFERRED) != is_of_deferred)
                        continue;
                if (!has_heading)
                        buf_printf(snapshot->text, "\n## %s\n\n", heading);
                has_heading = true;
                snapshot_finding(snapshot, finding);
        }
}

/* ---- what is not of this phase alone ---- */

static void holds_section(const Snapshot *snapshot) {
        const struct status *status = snapshot->status;
        Buf *text = snapshot->text;

        if (status->n_holds)
                buf_text(text, "\n## Resources\n\n| resource | | by | state | since | until | for "
                               "|\n| --- | --- | --- | --- | --- | --- | --- |\n");
        for (size_t i = 0; i < status->n_holds; i++) {
                const struct hold_status *hold = &status->holds[i];

                buf_text(text, "| ");
                render_inline(hold->resource, text);
                buf_printf(text, " | %s | ", word_of(&words_LOCK, (int)hold->lock));
                render_inline(hold->who, text);
                buf_printf(text, " (H-%llu) | %s | ", (unsigned long long)hold->hold,
                           word_of(&words_HOLD_STATE, (int)hold->state));
                append_minute(hold->since_ms, text);
                buf_text(text, " | ");
                if (hold->deadline_ms)
                        append_minute(hold->deadline_ms, text);
                buf_text(text, " | ");
                render_inline(hold->why, text);
                buf_text(text, " |\n");
        }
}

static void alerts_section(const Snapshot *snapshot) {
        const struct status *status = snapshot->status;
        Buf *text = snapshot->text;

        if (status->n_alerts)
                buf_text(text, "\n## Alerts that nobody has seen\n\n");
        for (size_t i = 0; i < status->n_alerts; i++) {
                buf_printf(text, "- A-%llu since ", (unsigned long long)status->alerts[i].alert);
                append_minute(status->alerts[i].since_ms, text);
                buf_text(text, ": ");
                render_inline(status->alerts[i].what, text);
                buf_text(text, "\n");
        }
}

static void done_section(const Snapshot *snapshot) {
        const struct phase_status *phase = snapshot->phase;

        if (phase->state != PHASE_STATE_DONE)
                return;
        buf_text(snapshot->text, "\n## DONE\n\nGranted @");
        append_minute(phase->done_ms, snapshot->text);
        buf_text(snapshot->text, " at commit ");
        render_code(phase->done_commit, snapshot->text);
        buf_text(snapshot->text, ": every gate has a fresh PASS.\n");
}

void render_status(const State *state, const PhaseRecord *phase, uint64_t as_of_ms, Buf *text) {
        cleanup_arena Arena arena = ARENA_INIT;
        struct status status;
        Snapshot snapshot = {.state = state, .status = &status, .text = text};

        status_build(state, slice_text(phase->name), as_of_ms, &arena, &status);
        if (!status.n_phases)
                return;
        snapshot.phase = &status.phases[0];
        snapshot_begin(&snapshot, "STATUS");
        waits_section(&snapshot);
        gates_section(&snapshot);
        reasons_section(&snapshot);
        vetoes_section(&snapshot);
        seals_section(&snapshot);
        findings_section(&snapshot, "Deferred: must close before DONE", true);
        findings_section(&snapshot, "Adversary findings", false);
        holds_section(&snapshot);
        alerts_section(&snapshot);
        done_section(&snapshot);
}
