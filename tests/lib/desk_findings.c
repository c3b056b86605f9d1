/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Findings and vetoes on the desk. */

#include "tests/lib/desk_findings.h"

#include "tests/lib/test.h"

Message desk_make_fixed(uint64_t finding, const char *commit) {
        return (Message){.type = MESSAGE_FIXED,
                         .fixed = {.finding = finding, .commit = slice_text(commit)}};
}

Message desk_make_close(uint64_t finding, uint64_t verdict) {
        return (Message){
                .type = MESSAGE_CLOSE,
                .close = {.finding = finding, .verdict = verdict, .why = slice_text("gone")}};
}

Message desk_make_reopen(uint64_t finding) {
        return (Message){.type = MESSAGE_REOPEN,
                         .reopen = {.finding = finding, .why = slice_text("still there")}};
}

Message desk_make_correct(uint64_t finding) {
        return (Message){.type = MESSAGE_CORRECT,
                         .correct = {.finding = finding, .why = slice_text("misread")}};
}

Message desk_make_defer(uint64_t finding, const char *gate) {
        return (Message){.type = MESSAGE_DEFER,
                         .defer = {.phase = slice_text("m"),
                                   .finding = finding,
                                   .gate = slice_text(gate),
                                   .title = slice_text("the runbook"),
                                   .closes = slice_text("a runbook that was followed once")}};
}

Message desk_make_waive(const Desk *desk, uint64_t finding, const char *gate, uint64_t for_ms) {
        return (Message){.type = MESSAGE_WAIVE,
                         .waive = {.phase = slice_text("m"),
                                   .finding = finding,
                                   .gate = slice_text(gate),
                                   .why = slice_text("the upstream fix is on its way"),
                                   .until_ms = desk->port.wall_ms + for_ms}};
}

Message desk_make_probe(const char *gate) {
        return (Message){.type = MESSAGE_PROBE,
                         .probe = {.phase = slice_text("m"),
                                   .gate = slice_text(gate),
                                   .title = slice_text("looked at the log")}};
}

Message desk_make_veto(Desk *desk, const char *gate) {
        Slice *gates = arena_alloc(&desk->arena, sizeof *gates);

        *gates = slice_text(gate);
        return (Message){.type = MESSAGE_VETO,
                         .veto = {.phase = slice_text("m"),
                                  .gates = gates,
                                  .n_gates = gate ? 1 : 0,
                                  .why = slice_text("the gates do not look where it breaks"),
                                  .lift_when = slice_text("a gate looks there")}};
}

Message desk_make_lift(uint64_t veto) {
        return (Message){.type = MESSAGE_LIFT,
                         .lift = {.veto = veto, .why = slice_text("it does")}};
}

Message desk_make_revoke(const char *name) {
        return (Message){.type = MESSAGE_REVOKE,
                         .revoke = {.name = slice_text(name), .why = slice_text("lost")}};
}

uint64_t desk_verify_m1(Desk *desk, const char *commit, Decision decision) {
        uint64_t claim, verdict;

        desk_credit(desk, ADVERSARY, 1, 0, 0);
        claim = desk_submit(desk, BUILDER,
                            desk_make_claim(desk, "m", (const char *[]){"M1"}, 1, commit));
        CHECK(claim > 0);
        verdict = desk_submit(desk, ADVERSARY, desk_make_verdict(desk, claim, "M1", decision));
        CHECK(verdict > 0);
        return verdict;
}

const FindingRecord *desk_get_finding(const Desk *desk, uint64_t finding) {
        const FindingRecord *record = state_find_finding(desk_state(desk), finding);

        CHECK(record);
        return record;
}
