/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Filing and closing. */

#include "broker/finding.h"

#include <stdlib.h>

#include "base/mem.h"

enum { TITLE_MAX = 200 }; /* one line of a list; the verdict has the rest */

static char *copy_text(Slice text) {
        return text.n ? mem_strndup((const char *)text.data, text.n) : NULL;
}

static FindingRecord *add(State *state, PhaseRecord *phase, const Entry *entry) {
        FindingRecord *finding;

        if (phase->n_findings >= FINDINGS_KEPT_MAX)
                state_drop_oldest_closed_finding(state, phase);
        finding = mem_new(FindingRecord);
        finding->seq = entry->seq;
        finding->received_ms = entry->received_ms;
        finding->phase = phase;
        state_add_finding(state, finding);
        phase->n_findings++;
        phase->n_open_findings++;
        return finding;
}

void finding_file(State *state, PhaseRecord *phase, const Entry *entry,
                  const struct finding *message) {
        FindingRecord *finding = add(state, phase, entry);

        finding->gate = copy_text(message->gate);
        finding->severity = message->severity;
        finding->blocks = message->blocks;
        finding->title = copy_text(message->title);
        finding->reproduce = copy_text(message->reproduce);
        finding->verdict_seq = message->verdict;
}

/* A title is one line of bounded length, cut between characters. */
static char *title_of(const struct verdict *message) {
        char *title = mem_printf("%.*s does not hold at %.*s%s%.*s", SLICE_ARGS(message->gate),
                                 SLICE_ARGS(slice_head(message->commit, 12)),
                                 message->summary.n ? ": " : "", SLICE_ARGS(message->summary));
        size_t n = strlen(title);

        if (n > TITLE_MAX) {
                n = TITLE_MAX;
                while ((title[n] & 0xc0) == 0x80)
                        n--;
                title[n] = '\0';
        }
        return title;
}

static bool is_open_of_fail(const FindingRecord *finding, const PhaseRecord *phase, Slice gate) {
        return finding->phase == phase && finding->state == FINDING_STATE_OPEN &&
               finding->is_of_fail && slice_is(gate, finding->gate);
}

static FindingRecord *find_of_fail(const State *state, const PhaseRecord *phase, Slice gate) {
        if (phase->n_open_findings == 0)
                return NULL;
        for (size_t i = state->n_findings; i-- > 0;)
                if (is_open_of_fail(state->findings[i], phase, gate))
                        return state->findings[i];
        return NULL;
}

static void show(State *state, PhaseRecord *phase, const Entry *entry,
                 const struct verdict *message) {
        FindingRecord *finding = find_of_fail(state, phase, message->gate);

        if (!finding) {
                finding = add(state, phase, entry);
                finding->gate = copy_text(message->gate);
                finding->severity = SEVERITY_MAJOR;
                finding->blocks = BLOCKS_GATE;
                finding->is_of_fail = true;
        }
        free(finding->title);
        free(finding->reproduce);
        finding->title = title_of(message);
        finding->reproduce = copy_text(message->reproduce);
        finding->verdict_seq = entry->seq;
}

void finding_hear_verdict(State *state, PhaseRecord *phase, const Entry *entry,
                          const struct verdict *message) {
        FindingRecord *finding;

        if (message->decision == DECISION_FAIL)
                show(state, phase, entry, message);
        if (message->decision != DECISION_PASS || message->mode != MODE_COLD)
                return;
        while ((finding = find_of_fail(state, phase, message->gate)))
                finding_close(finding, entry->seq);
}

void finding_close(FindingRecord *finding, uint64_t closed_seq) {
        finding->state = FINDING_STATE_CLOSED;
        finding->closed_seq = closed_seq;
        finding->phase->n_open_findings--;
}

bool finding_is_blocking(const FindingRecord *finding, uint64_t now_ms) {
        if (finding->state == FINDING_STATE_CLOSED || finding->blocks == BLOCKS_NOTHING)
                return false;
        if (finding->state == FINDING_STATE_WAIVED && now_ms < finding->waived_until_ms)
                return false;
        return finding->blocks == BLOCKS_PHASE || !finding->gate ||
               phase_find_gate(finding->phase, slice_text(finding->gate));
}
