/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Evidence before verdicts. */

#include "adversary-agent/delivery.h"

#include <errno.h>

#include "base/error.h"
#include "base/mem.h"
#include "proto/codec.h"

Delivery *delivery_new(uint64_t lease) {
        Delivery *delivery = mem_new(Delivery);

        delivery->lease = lease;
        delivery->verdict = BUF_INIT(FRAME_MAX);
        delivery->probe = BUF_INIT(FRAME_MAX);
        return delivery;
}

Delivery *delivery_free(Delivery *delivery) {
        if (!delivery)
                return NULL;
        arena_deinit(&delivery->arena);
        free(delivery->frames);
        free(delivery->digests);
        buf_deinit(&delivery->verdict);
        buf_deinit(&delivery->probe);
        free(delivery->gate);
        free(delivery);
        return NULL;
}

void delivery_add_evidence(Delivery *delivery, const struct evidence_put *evidence) {
        if (delivery->n == delivery->n_allocated) {
                delivery->n_allocated = size_max(16, delivery->n_allocated * 2);
                delivery->frames =
                        mem_resize(delivery->frames, delivery->n_allocated, sizeof(Slice));
                delivery->digests =
                        mem_resize(delivery->digests, delivery->n_allocated, sizeof(Hash));
        }
        delivery->frames[delivery->n] = arena_slice(&delivery->arena, evidence->frame);
        hash_of(evidence->frame, &delivery->digests[delivery->n]);
        delivery->n++;
}

int delivery_set_verdict(Delivery *delivery, const Message *verdict) {
        CodecFault fault = {.message = NULL};

        if (codec_encode(verdict, &delivery->verdict, &fault) != 0)
                return error_origin(-EINVAL);
        delivery->gate =
                mem_strndup((const char *)verdict->verdict.gate.data, verdict->verdict.gate.n);
        delivery->decision = verdict->verdict.decision;
        return 0;
}

static int send_batch(Delivery *delivery, Session *session, uint64_t now_ms) {
        Message question = {.type = MESSAGE_EVIDENCE_GET};
        size_t end = size_min(delivery->n, delivery->n_confirmed + DELIVERY_BATCH);

        for (size_t i = delivery->n_confirmed; i < end; i++) {
                Message message = {.type = MESSAGE_EVIDENCE_PUT,
                                   .evidence_put = {.digest = hash_slice(&delivery->digests[i]),
                                                    .frame = delivery->frames[i]}};

                message_set_present(&message);
                TRY(session_send(session, &message));
        }
        question.evidence_get.digest = hash_slice(&delivery->digests[end - 1]);
        message_set_present(&question);
        TRY(session_send(session, &question));
        delivery->n_sent = end;
        delivery->asked_ms = now_ms;
        return 0;
}

static int submit(Delivery *delivery, Session *session) {
        cleanup_arena Arena arena = ARENA_INIT;
        CodecFault fault = {.message = NULL};
        Message verdict;

        if (codec_decode(buf_get(&delivery->verdict), &arena, &verdict, &fault) != 0)
                return error_origin(-EINVAL);
        TRY(session_submit(session, &verdict, &delivery->id));
        delivery->is_submitted = true;
        return 0;
}

int delivery_step(Delivery *delivery, Session *session, uint64_t now_ms) {
        if (delivery->is_submitted || !delivery->verdict.n)
                return 0;
        if (delivery->n_confirmed == delivery->n)
                return submit(delivery, session);
        if (!session_is_connected(session) ||
            (delivery->asked_ms && now_ms - delivery->asked_ms < DELIVERY_ASK_MS))
                return 0;
        return send_batch(delivery, session, now_ms);
}

void delivery_hear(Delivery *delivery, const struct evidence *evidence) {
        if (!delivery->asked_ms || !delivery->n_sent ||
            !slice_equal(evidence->digest, hash_slice(&delivery->digests[delivery->n_sent - 1])))
                return;
        if (!evidence->frame.n)
                return; /* it was refused, or lost: sent again when the answer's time is over */
        delivery->asked_ms = 0;
        delivery->n_confirmed = delivery->n_sent;
}

void delivery_restart(Delivery *delivery) {
        delivery->asked_ms = 0;
}
