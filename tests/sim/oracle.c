/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Gates, findings, vetoes and DONE, from the entries. */

#include "tests/sim/oracle.h"

#include "tests/lib/test.h"

/* ---- questions ---- */

bool oracle_awaits(const Oracle *oracle, uint64_t claim, const char *gate) {
        for (size_t i = 0; i < oracle->n_gates; i++)
                if (oracle->gates[i].claim == claim && oracle->gates[i].is_open &&
                    strcmp(oracle->gates[i].id, gate) == 0)
                        return true;
        return false;
}

bool oracle_is_open(const Oracle *oracle, uint64_t claim) {
        for (size_t i = 0; i < oracle->n_gates; i++)
                if (oracle->gates[i].claim == claim && oracle->gates[i].is_open)
                        return true;
        return false;
}

bool oracle_has_said(const Oracle *oracle, const char *who, uint64_t claim, const char *gate) {
        for (size_t i = 0; i < oracle->n_verdicts; i++) {
                const OracleVerdict *word = &oracle->verdicts[i];

                if (word->claim == claim && strcmp(word->who, who) == 0 &&
                    (!gate || strcmp(word->gate, gate) == 0))
                        return true;
        }
        return false;
}

/* ---- gates ---- */

static OracleGate *find_gate(Oracle *oracle, Slice id) {
        for (size_t i = 0; i < oracle->n_gates; i++)
                if (slice_is(id, oracle->gates[i].id))
                        return &oracle->gates[i];
        return NULL;
}

static void hear_plan(Oracle *oracle, const struct plan *plan) {
        for (size_t i = 0; i < oracle->n_gates; i++)
                oracle->gates[i].in_plan = false;
        for (size_t i = 0; i < plan->n_gates; i++) {
                const struct gate_digest *row = &plan->gates[i];
                OracleGate *gate = find_gate(oracle, row->gate);

                if (!gate) {
                        CHECK(oracle->n_gates < ORACLE_GATES_MAX);
                        gate = &oracle->gates[oracle->n_gates++];
                        oracle_copy(gate->id, row->gate);
                }
                gate->in_plan = true;
                gate->verifiers = row->verifiers ? row->verifiers : 1;
                gate->valid_for_ms = row->valid_for_ms;
                gate->must_match = row->must_match;
                CHECK(hash_from_slice(row->digest, &gate->digest));
        }
        for (size_t i = 0; i < oracle->n_gates; i++)
                oracle->gates[i].is_open &= oracle->gates[i].in_plan;
}

/* What names a check names a mark, and no evidence has that of a claim: it differs. */
static void hear_words(Oracle *oracle, const struct claim *claim) {
        for (size_t i = 0; i < claim->n_gates; i++) {
                OracleGate *gate = find_gate(oracle, claim->gates[i]);

                CHECK(gate);
                gate->is_lied_of =
                        slice_equal(slice_head(claim->claimed_evidence, 2), slice_text("c:"));
        }
}

/* The broker has no words of its own: at the same commit it stands on the builder's. */
static void keep_words(Oracle *oracle, const struct reverify *reverify) {
        for (size_t i = 0; i < reverify->n_gates; i++) {
                OracleGate *gate = find_gate(oracle, reverify->gates[i]);

                CHECK(gate);
                gate->is_lied_of &= slice_is(reverify->commit, gate->said.commit);
        }
}

static void open_claim(Oracle *oracle, uint64_t seq, const Slice *gates, size_t n, Slice commit) {
        CHECK_EQ_U64(oracle->granted, 0);
        for (size_t i = 0; i < n; i++) {
                OracleGate *gate = find_gate(oracle, gates[i]);

                CHECK(gate && gate->in_plan);
                gate->claim = seq;
                gate->is_open = true;
                gate->is_exhausted = false;
                gate->said.n = 0;
                oracle_copy(gate->said.commit, commit);
        }
}

static void end_claim(Oracle *oracle, uint64_t seq, bool is_exhausted) {
        for (size_t i = 0; i < oracle->n_gates; i++)
                if (oracle->gates[i].claim == seq && oracle->gates[i].is_open) {
                        oracle->gates[i].is_open = false;
                        oracle->gates[i].is_exhausted = is_exhausted;
                }
}

/* Words on a gate as it was are none on the gate as it is. */
static void drop_old(OracleGate *gate) {
        size_t n = 0;

        for (size_t i = 0; i < gate->said.n; i++)
                if (hash_equal(&gate->said.parts[i].digest, &gate->digest))
                        gate->said.parts[n++] = gate->said.parts[i];
        gate->said.n = n;
}

static bool is_pass(const OracleParts *parts) {
        for (size_t i = 0; i < parts->n; i++)
                if (!parts->parts[i].is_pass)
                        return false;
        return parts->n > 0;
}

static void hear_verdict(Oracle *oracle, const Entry *entry, const struct verdict *verdict) {
        OracleGate *gate = find_gate(oracle, verdict->gate);
        const OracleLease *lease = oracle_find_lease(oracle, verdict->lease);
        OracleVerdict *word = &oracle->verdicts[oracle->n_verdicts++];
        OraclePart *part;

        CHECK(oracle->n_verdicts < ORACLE_THINGS_MAX);
        CHECK(gate && gate->is_open && gate->claim == verdict->claim);
        CHECK(lease && !lease->is_over && slice_is(entry->actor, lease->who));
        *word = (OracleVerdict){.seq = entry->seq, .claim = verdict->claim};
        oracle_copy(word->gate, verdict->gate);
        oracle_copy(word->who, entry->actor);
        drop_old(gate);
        CHECK(gate->said.n < ORACLE_PARTS_MAX);
        for (size_t i = 0; i < gate->said.n; i++)
                CHECK(!slice_is(entry->actor, gate->said.parts[i].who));
        part = &gate->said.parts[gate->said.n++];
        *part = (OraclePart){.seq = entry->seq,
                             .received_ms = entry->received_ms,
                             .is_pass = verdict->decision == DECISION_PASS &&
                                        verdict->mode == MODE_COLD};
        CHECK(hash_from_slice(verdict->gate_digest, &part->digest));
        CHECK(slice_is(verdict->commit, gate->said.commit));
        oracle_copy(part->who, entry->actor);
        if (gate->said.n < gate->verifiers)
                return;
        gate->held = gate->said;
        if (gate->must_match && gate->is_lied_of && is_pass(&gate->held))
                gate->held.n = 0;
        gate->is_open = false;
}

static bool has_word(const OracleGate *gate, const char *who) {
        for (size_t i = 0; i < gate->said.n; i++)
                if (strcmp(gate->said.parts[i].who, who) == 0)
                        return true;
        return false;
}

/* A lease ends with the last word that its holder has to say. */
static void end_lease(Oracle *oracle, const struct verdict *verdict) {
        OracleLease *lease = oracle_find_lease(oracle, verdict->lease);

        for (size_t i = 0; i < oracle->n_gates; i++) {
                OracleGate *gate = &oracle->gates[i];

                drop_old(gate);
                if (oracle_awaits(oracle, verdict->claim, gate->id) && !has_word(gate, lease->who))
                        return;
        }
        lease->is_over = true;
}

static void drop_part(OracleParts *parts, uint64_t seq, bool drops_all) {
        size_t n = 0;

        for (size_t i = 0; i < parts->n; i++)
                if (parts->parts[i].seq != seq)
                        parts->parts[n++] = parts->parts[i];
        parts->n = drops_all && n < parts->n ? 0 : n;
}

static void drop_verdict(Oracle *oracle, uint64_t seq) {
        for (size_t i = 0; i < oracle->n_gates; i++) {
                drop_part(&oracle->gates[i].said, seq, false);
                drop_part(&oracle->gates[i].held, seq, true);
        }
}

/* What it fails had no PASS that counts, from the verdict on. */
static void hear_differs(Oracle *oracle, const struct differs *differs) {
        const OracleGate *gate = find_gate(oracle, differs->gate);

        CHECK(gate && gate->is_lied_of &&
              (!differs->fails || (gate->must_match && gate->held.n == 0)));
}

bool oracle_has_pass(const Oracle *oracle, const char *gate) {
        for (size_t i = 0; i < oracle->n_gates; i++)
                if (strcmp(oracle->gates[i].id, gate) == 0)
                        return is_pass(&oracle->gates[i].held);
        return false;
}

/* ---- findings ---- */

static void add_finding(Oracle *oracle, uint64_t seq, Slice gate, Blocks blocks) {
        OracleFinding *finding = &oracle->findings[oracle->n_findings++];

        CHECK(oracle->n_findings < ORACLE_THINGS_MAX);
        *finding = (OracleFinding){.seq = seq, .blocks = blocks, .is_open = true};
        oracle_copy(finding->gate, gate);
}

static OracleFinding *find_finding(Oracle *oracle, uint64_t seq) {
        static OracleFinding of_fail; /* filed by a FAIL: its gate's PASS is asked for anyway */

        for (size_t i = 0; i < oracle->n_findings; i++)
                if (oracle->findings[i].seq == seq)
                        return &oracle->findings[i];
        return &of_fail;
}

/* A waiver that still runs outlives that what was said to be mended is not. */
static void reopen(OracleFinding *finding, const Entry *entry) {
        if (!finding->is_open || finding->waived_until_ms <= entry->received_ms)
                finding->waived_until_ms = 0;
        finding->is_open = true;
}

static void hear_defer(Oracle *oracle, const Entry *entry, const struct defer *defer) {
        OracleFinding *finding;

        if (!defer->finding) {
                add_finding(oracle, entry->seq, defer->gate, BLOCKS_PHASE);
                return;
        }
        finding = find_finding(oracle, defer->finding);
        finding->waived_until_ms = 0;
        if (finding->blocks == BLOCKS_NOTHING)
                finding->blocks = BLOCKS_PHASE;
}

static void hear_waive(Oracle *oracle, const struct waive *waive) {
        if (waive->finding)
                find_finding(oracle, waive->finding)->waived_until_ms = waive->until_ms;
        else
                find_gate(oracle, waive->gate)->waived_until_ms = waive->until_ms;
}

static void hear_correct(Oracle *oracle, const struct correct *correct) {
        if (correct->present >> 4 & 1)
                find_finding(oracle, correct->finding)->blocks = correct->blocks;
}

/* ---- DONE ---- */

static void check_fresh(const OracleGate *gate, Slice commit, uint64_t now_ms) {
        if (!gate->in_plan || gate->waived_until_ms > now_ms)
                return;
        CHECK(!gate->is_open && !gate->is_exhausted);
        CHECK(gate->held.n >= gate->verifiers);
        CHECK(slice_is(commit, gate->held.commit));
        for (size_t i = 0; i < gate->held.n; i++) {
                const OraclePart *part = &gate->held.parts[i];

                CHECK(part->is_pass);
                CHECK(hash_equal(&part->digest, &gate->digest));
                CHECK(part->received_ms >= now_ms ||
                      now_ms - part->received_ms < gate->valid_for_ms);
        }
}

static void check_finding(Oracle *oracle, const OracleFinding *finding, uint64_t now_ms) {
        const OracleGate *gate = find_gate(oracle, slice_text(finding->gate));
        bool is_moot = finding->blocks == BLOCKS_GATE && gate &&
                       (!gate->in_plan || gate->waived_until_ms > now_ms);

        if (finding->is_open && finding->blocks != BLOCKS_NOTHING &&
            finding->waived_until_ms <= now_ms && !is_moot)
                FAIL_TEST("DONE at %llu, though F-%llu of \"%s\" is open and blocks the %s",
                          (unsigned long long)now_ms, (unsigned long long)finding->seq,
                          finding->gate, word_of(&words_BLOCKS, (int)finding->blocks));
}

static void hear_granted(Oracle *oracle, const Entry *entry, const struct granted *granted) {
        CHECK_EQ_U64(oracle->granted, 0);
        CHECK_EQ_U64(granted->done, oracle->asked);
        CHECK(slice_is(granted->commit, oracle->asked_commit));
        CHECK_EQ_U64(oracle->n_vetoes, 0);
        for (size_t i = 0; i < oracle->n_gates; i++)
                check_fresh(&oracle->gates[i], granted->commit, entry->received_ms);
        for (size_t i = 0; i < oracle->n_findings; i++)
                check_finding(oracle, &oracle->findings[i], entry->received_ms);
        oracle->granted = entry->seq;
}

static void hear_done(Oracle *oracle, const Entry *entry, const struct done *done) {
        CHECK_EQ_U64(oracle->asked, 0);
        oracle->asked = entry->seq;
        oracle_copy(oracle->asked_commit, done->commit);
}

static void lift(Oracle *oracle, uint64_t veto) {
        size_t n = 0;

        for (size_t i = 0; i < oracle->n_vetoes; i++)
                if (oracle->vetoes[i] != veto)
                        oracle->vetoes[n++] = oracle->vetoes[i];
        CHECK_EQ_U64(n + 1, oracle->n_vetoes);
        oracle->n_vetoes = n;
}

/* ---- all ---- */

static void hear_claims(Oracle *oracle, const Entry *entry, const Message *message) {
        switch ((int)message->type) {
        case MESSAGE_PLAN: hear_plan(oracle, &message->plan); break;
        case MESSAGE_CLAIM:
                hear_words(oracle, &message->claim);
                open_claim(oracle, entry->seq, message->claim.gates, message->claim.n_gates,
                           message->claim.commit);
                break;
        case MESSAGE_REVERIFY:
                keep_words(oracle, &message->reverify);
                open_claim(oracle, entry->seq, message->reverify.gates, message->reverify.n_gates,
                           message->reverify.commit);
                break;
        case MESSAGE_WITHDRAW: end_claim(oracle, message->withdraw.claim, false); break;
        case MESSAGE_LAPSE:
                if (message->lapse.exhausted)
                        end_claim(oracle, message->lapse.claim, true);
                break;
        case MESSAGE_VERDICT:
                hear_verdict(oracle, entry, &message->verdict);
                end_lease(oracle, &message->verdict);
                break;
        case MESSAGE_RETRACT: drop_verdict(oracle, message->retract.verdict); break;
        case MESSAGE_DIFFERS: hear_differs(oracle, &message->differs); break;
        default: break;
        }
}

static void hear_obstacles(Oracle *oracle, const Entry *entry, const Message *message) {
        switch ((int)message->type) {
        case MESSAGE_FINDING:
                add_finding(oracle, entry->seq, message->finding.gate, message->finding.blocks);
                break;
        case MESSAGE_DEFER: hear_defer(oracle, entry, &message->defer); break;
        case MESSAGE_CLOSE: find_finding(oracle, message->close.finding)->is_open = false; break;
        case MESSAGE_REOPEN: reopen(find_finding(oracle, message->reopen.finding), entry); break;
        case MESSAGE_CORRECT: hear_correct(oracle, &message->correct); break;
        case MESSAGE_WAIVE: hear_waive(oracle, &message->waive); break;
        case MESSAGE_VETO: oracle->vetoes[oracle->n_vetoes++] = entry->seq; break;
        case MESSAGE_LIFT: lift(oracle, message->lift.veto); break;
        case MESSAGE_DONE: hear_done(oracle, entry, &message->done); break;
        case MESSAGE_DENIED: oracle->asked = 0; break;
        case MESSAGE_GRANTED: hear_granted(oracle, entry, &message->granted); break;
        default: break;
        }
}

void oracle_hear(Oracle *oracle, const Entry *entry, const Message *message) {
        CHECK(entry->seq < ORACLE_THINGS_MAX);
        oracle->kinds[entry->seq] = message->type;
        hear_claims(oracle, entry, message);
        hear_obstacles(oracle, entry, message);
        oracle_hear_watch(oracle, entry, message);
}
