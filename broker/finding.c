/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The life of a finding: filed, let stand, mended, re-tested. */

#include "broker/finding.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "broker/gate.h"

enum { TITLE_MAX = 200 }; /* one line of a list; the verdict has the rest */

static const MachineEvent event_rows[] = {
#define FINDING_EVENT(NAME, timer, source)                                                         \
        [FINDING_EV_##NAME] = {.name = #NAME, .is_timer = (timer), .cause = (source)},
#include "broker/finding.def"
};

static const MachineEdge edge_rows[] = {
#define FINDING_EDGE(from, event, to, reason)                                                      \
        {.in = FINDING_STATE_##from,                                                               \
         .on = FINDING_EV_##event,                                                                 \
         .becomes = FINDING_STATE_##to,                                                            \
         .because = (reason)},
#include "broker/finding.def"
};

static const Machine machine = {
        .name = "finding",
        .events = event_rows,
        .n_events = ARRAY_SIZE(event_rows),
        .edges = edge_rows,
        .n_edges = ARRAY_SIZE(edge_rows),
};

static char *copy_text(Slice text) {
        return text.n ? mem_strndup((const char *)text.data, text.n) : NULL;
}

static void replace_text(char **text, Slice by) {
        free(*text);
        *text = copy_text(by);
}

/* ---- the machine ---- */

static void fix(FindingRecord *finding, Slice commit) {
        size_t n = size_min(commit.n, sizeof finding->fixed_at - 1);

        memcpy(finding->fixed_at, commit.data, n);
        finding->fixed_at[n] = '\0';
}

/* Advice that must close before DONE is none any more. */
static void defer(FindingRecord *finding, Slice because) {
        finding->is_deferred = true;
        finding->waived_until_ms = 0;
        if (finding->blocks == BLOCKS_NOTHING)
                finding->blocks = BLOCKS_PHASE;
        replace_text(&finding->because, state_cut_said(because));
}

static void see_again(FindingRecord *finding, uint64_t seq) {
        finding->opened_seq = seq;
        finding->fixed_at[0] = '\0';
}

static void reopen(FindingRecord *finding, uint64_t seq) {
        see_again(finding, seq);
        finding->is_deferred = false;
        finding->waived_until_ms = 0;
        finding->closed_seq = 0;
        finding->retest_seq = 0;
        replace_text(&finding->because, SLICE_NULL);
}

/* What the event says beside the state. */
static void take_over(FindingRecord *finding, const FindingEvent *event) {
        switch (event->kind) {
        case FINDING_EV_FIX: fix(finding, event->commit); break;
        case FINDING_EV_CLOSE:
                finding->closed_seq = event->seq;
                finding->retest_seq = event->retest_seq;
                break;
        case FINDING_EV_REOPEN: reopen(finding, event->seq); break;
        case FINDING_EV_DEFER: defer(finding, event->because); break;
        case FINDING_EV_WAIVE:
                finding->waived_until_ms = event->waived_until_ms;
                replace_text(&finding->because, state_cut_said(event->because));
                break;
        case FINDING_EV_FAIL: reopen(finding, event->seq); break;
        case FINDING_EV_FAIL_WAIVED: see_again(finding, event->seq); break;
        case FINDING_EV_FAIL_DEFERRED:
                see_again(finding, event->seq);
                finding->waived_until_ms = 0;
                break;
        case _FINDING_EV_MAX: break;
        }
}

static bool is_fail(FindingEventKind kind) {
        return kind == FINDING_EV_FAIL || kind == FINDING_EV_FAIL_WAIVED ||
               kind == FINDING_EV_FAIL_DEFERRED;
}

int finding_apply(FindingRecord *finding, const FindingEvent *event) {
        int becomes = machine_next(&machine, (int)finding->state, (int)event->kind);
        bool was_open = finding_is_open(finding);

        if (becomes < 0)
                return FINDING_E_NOT_NOW;
        /* What is only seen once more has been where it is since before. */
        if (!is_fail(event->kind) || becomes != (int)finding->state) {
                finding->changed_seq = event->seq;
                finding->changed_ms = event->ms;
        }
        finding->state = (FindingState)becomes;
        take_over(finding, event);
        if (was_open && !finding_is_open(finding))
                finding->phase->n_open_findings--;
        if (!was_open && finding_is_open(finding))
                finding->phase->n_open_findings++;
        return 0;
}

/* For events that the table has in every state in which they are applied. */
static void apply_surely(FindingRecord *finding, const FindingEvent *event) {
        int r = finding_apply(finding, event);

        assert(r == 0);
        (void)r;
}

/* ---- questions ---- */

bool finding_is_open(const FindingRecord *finding) {
        return finding->state != FINDING_STATE_CLOSED;
}

bool finding_is_waived(const FindingRecord *finding, uint64_t now_ms) {
        return finding_is_open(finding) && now_ms < finding->waived_until_ms;
}

static bool may_block(const FindingRecord *finding, uint64_t now_ms) {
        return finding_is_open(finding) && finding->blocks != BLOCKS_NOTHING &&
               !finding_is_waived(finding, now_ms);
}

bool finding_is_blocking(const FindingRecord *finding, uint64_t now_ms) {
        const GateRecord *gate;

        if (!may_block(finding, now_ms))
                return false;
        if (finding->blocks == BLOCKS_PHASE || finding->is_deferred || !finding->gate)
                return true;
        gate = phase_find_gate(finding->phase, slice_text(finding->gate));
        return gate && !gate_is_waived(gate, now_ms);
}

bool finding_blocks_gate(const FindingRecord *finding, const GateRecord *gate, uint64_t now_ms) {
        return finding->blocks == BLOCKS_GATE && !finding->is_deferred &&
               may_block(finding, now_ms) && finding->gate &&
               phase_find_gate(finding->phase, slice_text(finding->gate)) == gate &&
               !gate_is_waived(gate, now_ms);
}

/* ---- filing ---- */

static FindingRecord *add(State *state, PhaseRecord *phase, const Entry *entry) {
        FindingRecord *finding;

        if (phase->n_findings >= FINDINGS_KEPT_MAX)
                state_drop_oldest_closed_finding(state, phase);
        finding = mem_new(FindingRecord);
        finding->seq = finding->opened_seq = finding->changed_seq = entry->seq;
        finding->received_ms = finding->changed_ms = entry->received_ms;
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

void finding_file_deferred(State *state, PhaseRecord *phase, const Entry *entry,
                           const struct defer *message) {
        FindingRecord *finding = add(state, phase, entry);
        FindingEvent event = {
                .kind = FINDING_EV_DEFER,
                .seq = entry->seq,
                .ms = entry->received_ms,
                .because = message->closes,
        };

        finding->gate = copy_text(message->gate);
        finding->severity = SEVERITY_MAJOR;
        finding->blocks = BLOCKS_PHASE;
        finding->title = copy_text(message->title);
        apply_surely(finding, &event);
}

bool correct_says_severity(const struct correct *message) {
        enum { TAG = 3 };

        return field_is_present(message->present, TAG);
}

bool correct_says_blocks(const struct correct *message) {
        enum { TAG = 4 };

        return field_is_present(message->present, TAG);
}

void finding_correct(FindingRecord *finding, const struct correct *message) {
        if (correct_says_severity(message))
                finding->severity = message->severity;
        if (correct_says_blocks(message))
                finding->blocks = message->blocks;
        if (message->title.n)
                replace_text(&finding->title, message->title);
        if (message->reproduce.n)
                replace_text(&finding->reproduce, message->reproduce);
}

/* ---- verdicts ---- */

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

static FindingRecord *find_of_fail(const State *state, const PhaseRecord *phase, Slice gate) {
        if (phase->n_open_findings == 0)
                return NULL;
        for (size_t i = state->n_findings; i-- > 0;) {
                FindingRecord *finding = state->findings[i];

                if (finding->phase == phase && finding_is_open(finding) && finding->is_of_fail &&
                    slice_is(gate, finding->gate))
                        return finding;
        }
        return NULL;
}

static bool has_failed(Outcome outcome) {
        return outcome == OUTCOME_FAIL || outcome == OUTCOME_TIMEOUT || outcome == OUTCOME_FLAKY;
}

static void show_checks(FindingRecord *finding, const struct verdict *message) {
        for (size_t i = 0; i < finding->n_checks; i++)
                free(finding->checks[i]);
        free(finding->checks);
        finding->checks = mem_new_array(char *, FINDING_CHECKS_MAX);
        finding->n_checks = 0;
        for (size_t i = 0; i < message->n_checks && finding->n_checks < FINDING_CHECKS_MAX; i++)
                if (has_failed(message->checks[i].outcome))
                        finding->checks[finding->n_checks++] = copy_text(message->checks[i].check);
}

static void remember_fail(FindingRecord *finding, uint64_t verdict_seq) {
        if (finding->n_fails == FINDING_FAILS_MAX) {
                finding->n_fails--;
                memmove(finding->fails, finding->fails + 1,
                        finding->n_fails * sizeof finding->fails[0]);
        }
        finding->fails[finding->n_fails++] = verdict_seq;
        finding->verdict_seq = verdict_seq;
}

/* Which event a further FAIL is: who let it stand is asked again when that is over, not before. */
static FindingEventKind event_of_fail(const FindingRecord *finding, uint64_t now_ms) {
        if (finding_is_waived(finding, now_ms))
                return FINDING_EV_FAIL_WAIVED;
        return finding->is_deferred ? FINDING_EV_FAIL_DEFERRED : FINDING_EV_FAIL;
}

static void show(State *state, PhaseRecord *phase, const Entry *entry,
                 const struct verdict *message) {
        FindingRecord *finding = find_of_fail(state, phase, message->gate);
        const GateRecord *gate = phase_find_gate_ever(phase, message->gate);

        if (!finding) {
                finding = add(state, phase, entry);
                finding->gate = copy_text(message->gate);
                finding->severity = SEVERITY_MAJOR;
                finding->blocks = BLOCKS_GATE;
                finding->is_of_fail = true;
        } else {
                apply_surely(finding,
                             &(FindingEvent){.kind = event_of_fail(finding, entry->received_ms),
                                             .seq = entry->seq,
                                             .ms = entry->received_ms});
        }
        free(finding->title);
        finding->title = title_of(message);
        replace_text(&finding->reproduce, message->reproduce);
        show_checks(finding, message);
        remember_fail(finding, entry->seq);
        finding->last_pass_seq = gate ? gate->last_pass.seq : 0;
}

void finding_hear_verdict(State *state, PhaseRecord *phase, const Entry *entry,
                          const struct verdict *message) {
        FindingEvent closed = {
                .kind = FINDING_EV_CLOSE,
                .seq = entry->seq,
                .ms = entry->received_ms,
                .retest_seq = entry->seq,
        };
        FindingRecord *finding;

        if (message->decision == DECISION_FAIL)
                show(state, phase, entry, message);
        if (message->decision != DECISION_PASS || message->mode != MODE_COLD)
                return;
        while ((finding = find_of_fail(state, phase, message->gate)))
                apply_surely(finding, &closed);
}

/* Whether nothing is left of the FAILs that showed it. */
static bool forget_fail(FindingRecord *finding, uint64_t verdict_seq) {
        size_t n = 0;

        for (size_t i = 0; i < finding->n_fails; i++)
                if (finding->fails[i] != verdict_seq)
                        finding->fails[n++] = finding->fails[i];
        if (n == finding->n_fails)
                return false;
        finding->n_fails = n;
        if (n)
                finding->verdict_seq = finding->fails[n - 1];
        return n == 0;
}

/* Nothing opens again for which no FAIL stands any more. */
static bool is_untested(const FindingRecord *finding, uint64_t verdict_seq) {
        return !finding_is_open(finding) && finding->retest_seq == verdict_seq &&
               (!finding->is_of_fail || finding->n_fails);
}

void finding_hear_retract(State *state, PhaseRecord *phase, const Entry *entry,
                          uint64_t verdict_seq) {
        FindingEvent event = {.seq = entry->seq, .ms = entry->received_ms};

        for (size_t i = 0; i < state->n_findings; i++) {
                FindingRecord *finding = state->findings[i];
                bool is_unfounded;

                if (finding->phase != phase)
                        continue;
                if (finding->last_pass_seq == verdict_seq)
                        finding->last_pass_seq = 0;
                is_unfounded = finding->is_of_fail && forget_fail(finding, verdict_seq) &&
                               finding_is_open(finding);
                event.kind = is_unfounded ? FINDING_EV_CLOSE : FINDING_EV_REOPEN;
                if (is_unfounded || is_untested(finding, verdict_seq))
                        apply_surely(finding, &event);
        }
}

void finding_get_machine(MachineState ret_states[_FINDING_STATE_MAX], Machine *ret_machine) {
#define FINDING_STATE_ROW(NAME, final, waiting)                                                    \
        ret_states[FINDING_STATE_##NAME] = (MachineState){                                         \
                .name = words_FINDING_STATE.rows[FINDING_STATE_##NAME].word,                       \
                .is_final = (final),                                                               \
                .is_waiting = (waiting),                                                           \
                .sentence = words_FINDING_STATE.rows[FINDING_STATE_##NAME].sentence,               \
        };
#include "broker/finding.def"
        *ret_machine = machine;
        ret_machine->states = ret_states;
        ret_machine->n_states = _FINDING_STATE_MAX;
}
