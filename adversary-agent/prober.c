/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A queue, and the worker at its head. */

#include "adversary-agent/prober.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "proto/codec.h"

enum { MESSAGES_MAX = 64 }; /* in one turn of the loop */

void prober_deinit(Prober *prober) {
        prober->worker = worker_free(prober->worker, prober->scratch);
        for (size_t i = 0; i < prober->n; i++)
                buf_deinit(&prober->queue[i]);
        prober->n = 0;
}

int prober_add(Prober *prober, Slice job_frame, Slice verdict_frame, uint64_t verdict_seq) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        CodecFault fault;
        Message job;

        if (codec_decode(job_frame, &arena, &job, &fault) != 0)
                return error_origin(-EINVAL);
        job.job.verdict = verdict_frame;
        job.job.verdict_seq = verdict_seq;
        message_set_present(&job);
        if (prober->n == PROBER_QUEUE_MAX || codec_encode(&job, &frame, &fault) != 0 ||
            frame.is_full) {
                log_write(LOG_WARNING, "no probe program for V-%llu: %s",
                          (unsigned long long)verdict_seq,
                          prober->n == PROBER_QUEUE_MAX ? "too many wait" : "it is too large");
                return 0;
        }
        prober->queue[prober->n++] = frame;
        frame = BUF_INIT(FRAME_MAX);
        return 0;
}

static int start(Prober *prober, uint64_t now_ms) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf frame = prober->queue[0];
        CodecFault fault;
        Message job;

        prober->n--;
        memmove(&prober->queue[0], &prober->queue[1], prober->n * sizeof prober->queue[0]);
        if (codec_decode(buf_get(&frame), &arena, &job, &fault) != 0)
                return error_origin(-EINVAL);
        if (worker_start(&prober->worker) != 0)
                return 0; /* it was reported; a verdict must not suffer from it */
        if (worker_give(prober->worker, 0, &job) != 0) {
                prober->worker = worker_free(prober->worker, prober->scratch);
                return 0;
        }
        prober->stop_at_ms = now_ms + job.job.probe_ms + PROBER_AROUND_MS;
        prober->n_said = 0;
        log_write(LOG_INFO, "probe program for V-%llu, worker %d",
                  (unsigned long long)job.job.verdict_seq, (int)prober->worker->pid);
        return 0;
}

/* What has read hostile words may say these two things only. */
static int hear(Prober *prober, const Message *message) {
        if (message->type != MESSAGE_FINDING && message->type != MESSAGE_PROBE)
                return 0;
        if (prober->n_said == PROBER_SAID_MAX)
                return 0;
        return session_submit(prober->session, message, &prober->said[prober->n_said++]);
}

static int hear_all(Prober *prober) {
        int r = 0;

        for (size_t i = 0; i < MESSAGES_MAX && prober->worker && r == 0; i++) {
                cleanup_arena Arena arena = ARENA_INIT;
                Message message;

                r = worker_hear(prober->worker, &arena, &message);
                if (r == 0)
                        TRY(hear(prober, &message));
        }
        if (r < 0)
                return r;
        if (r == WORKER_E_ENDED) {
                prober->worker = worker_free(prober->worker, prober->scratch);
                log_write(LOG_INFO, "the probe program has ended: %zu entr%s", prober->n_said,
                          prober->n_said == 1 ? "y" : "ies");
        }
        return 0;
}

int prober_step(Prober *prober, uint64_t now_ms) {
        TRY(hear_all(prober));
        if (prober->worker && now_ms >= prober->stop_at_ms)
                worker_stop(prober->worker, now_ms);
        if (prober->worker)
                worker_tick(prober->worker, now_ms);
        return !prober->worker && prober->n ? start(prober, now_ms) : 0;
}

uint64_t prober_due_ms(const Prober *prober) {
        if (!prober->worker)
                return prober->n ? 1 : 0;
        return prober->worker->kill_at_ms ? prober->worker->kill_at_ms : prober->stop_at_ms;
}

static bool is_said(const Prober *prober, Slice id) {
        for (size_t i = 0; i < prober->n_said; i++)
                if (slice_equal(id, id_slice(&prober->said[i])))
                        return true;
        return false;
}

bool prober_on_ack(const Prober *prober, const struct ack *ack) {
        return is_said(prober, ack->id);
}

bool prober_on_refuse(const Prober *prober, const struct refuse *refuse) {
        if (!is_said(prober, refuse->id))
                return false;
        log_write(LOG_WARNING, "refused, an entry of the probe program: %.*s: %.*s",
                  SLICE_ARGS(refuse->rule), SLICE_ARGS(refuse->found));
        return true;
}
