/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * An entry on its way into the ledger. Order of trust: decoded and in its limits, by the key that
 * the connection has, for this ledger and this id, not said before, allowed by the rules.
 */

#include <errno.h>

#include "base/error.h"
#include "broker/core_parts.h"
#include "broker/differs.h"
#include "broker/done.h"
#include "proto/codec.h"

enum { _SUBMIT_E_SUCCESS, SUBMIT_E_REFUSED };

typedef struct Receipt {
        uint64_t seq;
        Hash hash;
} Receipt;

typedef struct Submission {
        AgentRecord *actor;
        const struct submit *submit;
        Id id;
        Message message;
        Arena *arena;
        RuleRefusal *refusal;
} Submission;

static int decode_entry(Submission *submission) {
        Fault *fault = &submission->refusal->fault;
        CodecFault codec_fault;
        int r;

        r = codec_decode(submission->submit->frame, submission->arena, &submission->message,
                         &codec_fault);
        if (r == CODEC_E_REFUSED) {
                codec_fault_to_fault(&codec_fault, fault);
                return SUBMIT_E_REFUSED;
        }
        TRY(r);
        if (message_spec(submission->message.type)->direction == ON_LEDGER)
                return 0;
        fault_set(fault, "entry-not-submittable", "%s makes no entry",
                  message_name(submission->message.type));
        fault_place(fault, "submit.frame");
        return SUBMIT_E_REFUSED;
}

static bool is_signed(const Core *core, const Submission *submission) {
        const PublicKey *author = &submission->actor->key;
        const struct submit *submit = submission->submit;
        const Hash *ledger = &core->state.ledger;

        return (core->port.knows_signed &&
                core->port.knows_signed(core->port.userdata, author, ledger, submit)) ||
               entry_signature_holds(author, ledger, &submission->id, submit->frame,
                                     submit->signature);
}

static int check_signature(const Core *core, const Submission *submission) {
        Fault *fault = &submission->refusal->fault;

        if (is_signed(core, submission))
                return 0;
        fault_set(fault, "signature-wrong", "not signed by %s for this ledger and id",
                  submission->actor->name);
        fault_place(fault, "submit.signature");
        fault_next(fault, "sign with the key of this connection");
        return SUBMIT_E_REFUSED;
}

/* Said before: the same answer again, for ever. `ret_is_known` tells. */
static int look_up(Core *core, const Submission *submission, bool *ret_is_known,
                   Receipt *ret_receipt) {
        Fault *fault = &submission->refusal->fault;
        Entry known;
        int r;

        r = core->port.find(core->port.userdata, &submission->id, submission->arena, &known);
        *ret_is_known = r == 0;
        if (r > 0)
                return 0;
        TRY(r);
        if (slice_is(known.actor, submission->actor->name) &&
            slice_equal(known.frame, submission->submit->frame)) {
                *ret_receipt = (Receipt){.seq = known.seq, .hash = known.hash};
                return 0;
        }
        fault_set(fault, "id-reused", "this id stands for another entry");
        fault_place(fault, "submit.id");
        fault_next(fault, "make a new id for a new entry");
        return SUBMIT_E_REFUSED;
}

static int find_missing_evidence(Core *core, const Message *message, Slice *ret_missing) {
        *ret_missing = SLICE_NULL;
        if (message->type != MESSAGE_VERDICT)
                return 0;
        for (size_t i = 0; i < message->verdict.n_checks; i++) {
                Slice digest = message->verdict.checks[i].evidence, frame;
                cleanup_arena Arena arena = ARENA_INIT;
                Hash hash;
                int r;

                if (!hash_from_slice(digest, &hash))
                        continue;
                r = core->port.evidence_get(core->port.userdata, &hash, &arena, &frame);
                if (r > 0) {
                        *ret_missing = digest;
                        return 0;
                }
                TRY(r);
        }
        return 0;
}

static bool is_lease_over(const Core *core, const Message *message) {
        const ClaimRecord *claim;

        if (message->type == MESSAGE_VERDICT)
                return lease_is_over(core, message->verdict.claim, message->verdict.lease);
        if (message->type != MESSAGE_HOLD)
                return false;
        claim = state_find_lease(&core->state, message->hold.lease);
        return claim && lease_is_over(core, claim->seq, claim->lease_seq);
}

static int check_rules(Core *core, const Submission *submission) {
        const Message *message = &submission->message;
        RuleInput input = {
                .state = &core->state,
                .actor = submission->actor,
                .message = message,
                .now_ms = core_wall_ms(core),
                .lease_is_over = is_lease_over(core, message),
        };

        TRY(find_missing_evidence(core, message, &input.missing_evidence));
        return rules_check(&input, submission->arena, submission->refusal) == 0 ? 0
                                                                                : SUBMIT_E_REFUSED;
}

static int check_room(Core *core, const Submission *submission) {
        int r = core_ask_room(core, submission->submit->frame.n, &submission->refusal->fault);

        return r > 0 ? SUBMIT_E_REFUSED : r;
}

/* SUBMIT_E_REFUSED: the refusal says why, and nothing changed. */
static int accept(Core *core, Submission *submission, Receipt *ret_receipt) {
        bool is_known;
        Entry draft;
        int r;

        if (!id_from_slice(submission->submit->id, &submission->id))
                return error_origin(-EINVAL);
        r = decode_entry(submission);
        if (r == 0)
                r = check_signature(core, submission);
        if (r == 0)
                r = look_up(core, submission, &is_known, ret_receipt);
        if (r != 0 || is_known)
                return r;
        r = check_rules(core, submission);
        if (r == 0)
                r = check_room(core, submission);
        if (r != 0)
                return r;
        if (!quota_take(core, submission->actor, &submission->refusal->fault))
                return SUBMIT_E_REFUSED;
        draft = (Entry){
                .actor = slice_text(submission->actor->name),
                .id = submission->id,
                .frame = submission->submit->frame,
                .signature = submission->submit->signature,
        };
        TRY(done_supersede(core, &submission->message));
        TRY(core_append(core, &draft, &submission->message));
        *ret_receipt = (Receipt){.seq = core->state.head_seq, .hash = core->state.head_hash};
        TRY(differs_hear(core, &submission->message));
        return 0;
}

int on_submit(Core *core, Incoming *in) {
        const struct submit *submit = &in->message.submit;
        RuleRefusal refusal = {.n_reasons = 0};
        Submission submission = {
                .actor = in->actor, .submit = submit, .arena = in->arena, .refusal = &refusal};
        Receipt receipt = {.seq = 0};
        int r;

        r = accept(core, &submission, &receipt);
        if (r == SUBMIT_E_REFUSED)
                return held_refusal(core, in->route, submit->id, &refusal);
        TRY(r);
        if (submission.message.type == MESSAGE_VERDICT)
                lease_move(core, submission.message.verdict.claim,
                           submission.message.verdict.lease);
        held_later(core, &(Held){.kind = HELD_ACK,
                                 .route = *in->route,
                                 .id = submission.id,
                                 .seq = receipt.seq,
                                 .hash = receipt.hash});
        return 0;
}

static int refuse_key(const AgentRecord *actor, Fault *reterr_fault) {
        fault_set(reterr_fault, actor ? "key-revoked" : "key-unknown", "this key is not admitted%s",
                  actor ? " any more" : "");
        fault_next(reterr_fault, "an operator admits it: broker admit");
        return SUBMIT_E_REFUSED;
}

int core_submit_locally(Core *core, const Key *key, const Message *message, uint64_t *ret_seq,
                        Fault *reterr_fault) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        AgentRecord *actor = state_find_agent_by_curve(&core->state, key->public.curve);
        uint8_t signature[SIGNATURE_BYTES];
        RuleRefusal refusal = {.n_reasons = 0};
        struct submit submit = {.present = 0};
        Submission submission = {
                .actor = actor, .submit = &submit, .arena = &arena, .refusal = &refusal};
        Message entry = *message;
        CodecFault codec_fault;
        Receipt receipt = {.seq = 0};
        Id id;
        int r;

        if (!actor || actor->is_revoked)
                return refuse_key(actor, reterr_fault);
        message_set_present(&entry);
        r = codec_encode(&entry, &frame, &codec_fault);
        if (r == CODEC_E_REFUSED) {
                codec_fault_to_fault(&codec_fault, reterr_fault);
                return SUBMIT_E_REFUSED;
        }
        TRY(r);
        core_make_id(core, &id);
        entry_sign(key, &core->state.ledger, &id, buf_get(&frame), signature);
        submit.id = id_slice(&id);
        submit.frame = buf_get(&frame);
        submit.signature = slice_make(signature, sizeof signature);
        r = accept(core, &submission, &receipt);
        if (r == SUBMIT_E_REFUSED)
                *reterr_fault = refusal.fault;
        else if (r == 0)
                *ret_seq = receipt.seq;
        return r;
}
