/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The fold of what adversaries file beside their verdicts, and of notes. */

#include "broker/replay_parts.h"

#include "broker/finding.h"

int fold_finding(const Step *step) {
        const struct finding *message = &step->message->finding;
        PhaseRecord *phase = state_find_phase(step->state, message->phase);

        if (!phase)
                return step_corrupt(step, "names no phase");
        finding_file(step->state, phase, step->entry, message);
        return 0;
}

int fold_close(const Step *step) {
        const struct close *message = &step->message->close;
        FindingRecord *finding = state_find_finding(step->state, message->finding);
        FindingEvent event = {
                .kind = FINDING_EV_CLOSE,
                .seq = step->entry->seq,
                .ms = step->entry->received_ms,
                .retest_seq = message->verdict,
        };

        if (!finding || finding_apply(finding, &event) != 0)
                return step_corrupt(step, "closes no open finding");
        return 0;
}

int fold_note(const Step *step) {
        PhaseRecord *phase = state_find_phase(step->state, step->message->note.phase);

        if (!phase)
                return step_corrupt(step, "names no phase");
        fold_untold_note(step, phase);
        return 0;
}
