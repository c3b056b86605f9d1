/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The fold of findings: what adversaries file beside their verdicts, and what becomes of it. */

#include "broker/replay_parts.h"

#include <stdlib.h>

#include "broker/finding.h"

int fold_finding(const Step *step) {
        const struct finding *message = &step->message->finding;
        PhaseRecord *phase = state_find_phase(step->state, message->phase);

        if (!phase)
                return step_corrupt(step, "names no phase");
        finding_file(step->state, phase, step->entry, message);
        return 0;
}

/* The event of this entry, to the finding that it names. */
static int apply(const Step *step, uint64_t finding_seq, FindingEvent event, const char *defect) {
        FindingRecord *finding = state_find_finding(step->state, finding_seq);

        event.seq = step->entry->seq;
        event.ms = step->entry->received_ms;
        if (!finding || finding_apply(finding, &event) != 0)
                return step_corrupt(step, defect);
        return 0;
}

int fold_fixed(const Step *step) {
        const struct fixed *message = &step->message->fixed;
        FindingEvent event = {.kind = FINDING_EV_FIX, .commit = message->commit};

        return apply(step, message->finding, event, "mends no open finding");
}

int fold_close(const Step *step) {
        const struct close *message = &step->message->close;
        FindingEvent event = {.kind = FINDING_EV_CLOSE, .retest_seq = message->verdict};

        return apply(step, message->finding, event, "closes no open finding");
}

/* One that is said to be mended and is not, while a waiver of it runs, is waived as before. */
int fold_reopen(const Step *step) {
        uint64_t seq = step->message->reopen.finding;
        const FindingRecord *finding = state_find_finding(step->state, seq);
        FindingEvent event = {.kind = FINDING_EV_REOPEN};

        if (finding && finding->state == FINDING_STATE_FIXED &&
            finding_is_waived(finding, step->entry->received_ms))
                event.kind = FINDING_EV_FAIL_WAIVED;
        return apply(step, seq, event, "opens no finding that could be");
}

int fold_correct(const Step *step) {
        const struct correct *message = &step->message->correct;
        FindingRecord *finding = state_find_finding(step->state, message->finding);

        if (!finding)
                return step_corrupt(step, "corrects no finding");
        finding_correct(finding, message);
        return 0;
}

int fold_defer(const Step *step) {
        const struct defer *message = &step->message->defer;
        PhaseRecord *phase = state_find_phase(step->state, message->phase);
        FindingEvent event = {.kind = FINDING_EV_DEFER, .because = message->closes};

        if (!phase)
                return step_corrupt(step, "names no phase");
        if (message->finding)
                return apply(step, message->finding, event, "defers no open finding");
        finding_file_deferred(step->state, phase, step->entry, message);
        return 0;
}

static int waive_gate(const Step *step, const PhaseRecord *phase) {
        const struct waive *message = &step->message->waive;
        GateRecord *gate = phase_find_gate(phase, message->gate);

        if (!gate)
                return step_corrupt(step, "waives no gate of the plan");
        free(gate->waived_because);
        gate->waived_because = step_copy_text(state_cut_said(message->why));
        gate->waived_until_ms = message->until_ms;
        gate->waived_seq = step->entry->seq;
        return 0;
}

int fold_waive(const Step *step) {
        const struct waive *message = &step->message->waive;
        const PhaseRecord *phase = state_find_phase(step->state, message->phase);
        FindingEvent event = {
                .kind = FINDING_EV_WAIVE,
                .because = message->why,
                .waived_until_ms = message->until_ms,
        };

        if (!phase)
                return step_corrupt(step, "names no phase");
        if (message->finding == 0)
                return waive_gate(step, phase);
        return apply(step, message->finding, event, "waives no open finding");
}
