/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What rows cannot say: defaults that depend on other fields, and what is looked up. */

#include <stdio.h>

#include "base/error.h"
#include "proto/label.h"
#include "verbs/say.h"

enum { HOLD_MS = 600000, TRY_ONCE_MS = 1, NAMES_FINDING = 'F', NAMES_PAUSE = 'Z' };

static const char *first_argument(const Say *say) {
        return say->args->n_rest ? say->args->rest[0] : NULL;
}

/* F-12 or 12, where it could be a phase as well. */
static bool is_label_of(const char *text, char letter, uint64_t *ret_seq) {
        char found;

        return text && label_parse(text, &found, ret_seq) && (found == '\0' || found == letter);
}

/* ---- notes, findings, holds: defaults ---- */

int say_note(Say *say, Fault *reterr_fault) {
        struct note *note = &say->message.note;

        if (!say_is_given(say, "role")) {
                say_give(say, "to");
                if (note->to == NOTE_TO_JOURNAL)
                        say->said =
                                "{name}, in the journal, sealed from adversaries until the verdict";
                return 0;
        }
        if (say_is_given(say, "to")) {
                fault_set(reterr_fault, "option-value", "a note is for the journal or an inbox");
                fault_next(reterr_fault, "leave --journal out, or --to-inbox");
                return SAY_E_REFUSED;
        }
        note->to = NOTE_TO_INBOX;
        say_give(say, "to");
        say->said = "{name}, in the inbox of {role}";
        return 0;
}

int say_finding(Say *say, Fault *reterr_fault) {
        struct finding *finding = &say->message.finding;

        (void)reterr_fault; /* nothing is refused */
        if (!say_is_given(say, "severity"))
                finding->severity = SEVERITY_MAJOR;
        if (!say_is_given(say, "blocks"))
                finding->blocks = finding->gate.n ? BLOCKS_GATE : BLOCKS_PHASE;
        say_give(say, "severity");
        say_give(say, "blocks");
        return 0;
}

int say_hold(Say *say, Fault *reterr_fault) {
        struct hold *hold = &say->message.hold;
        uint64_t timeout_ms;

        say_give(say, "lock");
        if (!say_is_given(say, "hold_ms"))
                hold->hold_ms = HOLD_MS;
        say_give(say, "hold_ms");
        if (!args_has(say->args, "wait")) {
                hold->wait_ms = TRY_ONCE_MS;
                return 0;
        }
        if (args_get_duration(say->args, "timeout", 0, &timeout_ms, reterr_fault) != 0)
                return SAY_E_REFUSED;
        hold->wait_ms = timeout_ms;
        return 0;
}

/* ---- findings by their label ---- */

static bool is_called(const struct finding_status *finding, uint64_t seq) {
        char label[32], letter;
        uint64_t found;

        (void)snprintf(label, sizeof label, "%.*s", SLICE_ARGS(finding->finding));
        return label_parse(label, &letter, &found) && found == seq;
}

/* Phase and title of a finding, whatever kind of entry filed it. */
static int look_up_finding(Say *say, uint64_t seq, Slice *ret_phase, Slice *ret_title,
                           Fault *fault) {
        struct status status;
        int r = say->port->status(say->port->userdata, &say->arena, &status, fault);

        if (r != 0)
                return r;
        for (size_t p = 0; p < status.n_phases; p++)
                for (size_t i = 0; i < status.phases[p].n_findings; i++)
                        if (is_called(&status.phases[p].findings[i], seq)) {
                                *ret_phase = status.phases[p].phase;
                                *ret_title = status.phases[p].findings[i].title;
                                return 0;
                        }
        fault_set(fault, "finding-unknown", "there is no finding F-%llu", (unsigned long long)seq);
        fault_next(fault, "`status` shows the findings");
        return SAY_E_REFUSED;
}

int say_defer(Say *say, Fault *reterr_fault) {
        struct defer *defer = &say->message.defer;
        Slice phase, title;
        int r;

        if (!first_argument(say))
                return 0;
        r = label_read(first_argument(say), MESSAGE_FINDING, &defer->finding, reterr_fault);
        if (r == 0)
                r = look_up_finding(say, defer->finding, &phase, &title, reterr_fault);
        if (r != 0)
                return r;
        say_give(say, "finding");
        if (!say_is_given(say, "phase"))
                defer->phase = phase;
        if (!say_is_given(say, "title"))
                defer->title = title;
        say_give(say, "phase");
        say_give(say, "title");
        say->said = "{finding} is deferred: it must close before DONE";
        return 0;
}

int say_waive(Say *say, Fault *reterr_fault) {
        struct waive *waive = &say->message.waive;
        const char *what = first_argument(say);
        Slice phase, title;
        uint64_t seq;
        char letter;
        int r;

        if (!is_label_of(what, NAMES_FINDING, &waive->finding)) {
                if (what && !say_is_given(say, "phase")) {
                        waive->phase = slice_text(what);
                        say_give(say, "phase");
                }
                if (say_is_given(say, "gate"))
                        return 0;
                if (what && label_parse(what, &letter, &seq)) /* of another kind */
                        return label_read(what, MESSAGE_FINDING, &seq, reterr_fault);
                return say_refuse_missing(say, "a finding, or --gate G", reterr_fault);
        }
        r = look_up_finding(say, waive->finding, &phase, &title, reterr_fault);
        if (r != 0)
                return r;
        waive->phase = phase;
        say_give(say, "finding");
        say_give(say, "phase");
        say->said = "{name}: {finding} is waived until {until_ms}";
        return 0;
}

/* ---- pauses ---- */

static bool is_wanted(const struct phase_status *phase, const char *wanted) {
        return !wanted || slice_is(phase->phase, wanted);
}

/* The only pause of mine, in a phase if one is named. */
static int find_my_pause(Say *say, const char *phase, Fault *fault) {
        const char *name = say->port->name(say->port->userdata, fault);
        struct status status;
        uint64_t *found = &say->message.resume.pause;
        int r = name ? say->port->status(say->port->userdata, &say->arena, &status, fault)
                     : SAY_E_REFUSED;

        for (size_t p = 0; r == 0 && p < status.n_phases; p++)
                for (size_t i = 0; i < status.phases[p].n_pauses; i++) {
                        const struct pause_status *pause = &status.phases[p].pauses[i];

                        if (!is_wanted(&status.phases[p], phase) || !slice_is(pause->who, name))
                                continue;
                        if (*found) {
                                fault_set(
                                        fault, "phase-ambiguous",
                                        "several of your pauses run, among them Z-%llu and Z-%llu",
                                        (unsigned long long)*found,
                                        (unsigned long long)pause->pause);
                                fault_next(fault, "name one: %s resume Z-%llu",
                                           say->args->program->name, (unsigned long long)*found);
                                return SAY_E_REFUSED;
                        }
                        *found = pause->pause;
                }
        return r;
}

int say_find_pause(Say *say, Fault *reterr_fault) {
        const char *what = first_argument(say) ? first_argument(say) : args_get(say->args, "phase");
        uint64_t *pause = &say->message.resume.pause;
        int r = 0;

        *pause = 0;
        if (!is_label_of(what, NAMES_PAUSE, pause)) {
                *pause = 0;
                r = find_my_pause(say, what, reterr_fault);
        }
        if (r == 0 && *pause == 0) {
                fault_set(reterr_fault, "pause-unknown", "no pause of yours runs");
                fault_next(reterr_fault, "`status` shows the pauses");
                return SAY_E_REFUSED;
        }
        say_give(say, "pause");
        return r;
}
