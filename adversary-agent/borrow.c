/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* One question at a time, because a worker does one thing at a time. */

#include "adversary-agent/borrow.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "adversary-agent/framing.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

enum { STREAM_BYTES = 1 << 16, READ_BYTES = 4096, STEP_MS = 100, BEYOND_MS = 30000 };

void borrow_init(Borrow *borrow, int out_fd, int tell_fd, uint64_t lease) {
        *borrow = (Borrow){.out_fd = out_fd,
                           .tell_fd = tell_fd,
                           .lease = lease,
                           .files = lock_files_new(NULL),
                           .stream = BUF_INIT(STREAM_BYTES)};
}

void borrow_deinit(Borrow *borrow) {
        for (size_t i = 0; i < borrow->n_held; i++)
                free(borrow->held[i].resource);
        borrow->files = lock_files_free(borrow->files);
        buf_deinit(&borrow->stream);
}

static int refuse(const VerifyLockWish *wish, const char *why, Fault *reterr_fault) {
        fault_set(reterr_fault, "lock.busy", "%.*s: %s", SLICE_ARGS(wish->resource), why);
        return VERIFY_LOCK_E_REFUSED;
}

static bool say_hold(const Borrow *borrow, const VerifyLockWish *wish) {
        Message message = {.type = MESSAGE_HOLD,
                           .hold = {.resource = wish->resource,
                                    .lock = wish->is_shared ? LOCK_SHARED : LOCK_EXCLUSIVE,
                                    .hold_ms = wish->wait_ms,
                                    .wait_ms = wish->wait_ms,
                                    .why = slice_text("a verification"),
                                    .lease = borrow->lease}};

        message_set_present(&message);
        return framing_write(borrow->out_fd, &message) == 0;
}

static void say_release(const Borrow *borrow, uint64_t hold) {
        Message message = {.type = MESSAGE_RELEASE, .release = {.hold = hold}};

        message_set_present(&message);
        if (framing_write(borrow->out_fd, &message) != 0)
                log_write(LOG_DEBUG, "nobody is there to be told: the hold ends with the lease");
}

/* True once there is a whole message; its texts are in the arena. */
static bool hear(Borrow *borrow, Arena *arena, Message *ret_message) {
        struct pollfd polled = {.fd = borrow->tell_fd, .events = POLLIN};
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        CodecFault fault = {.message = NULL};
        uint8_t *room;
        ssize_t n;

        if (poll(&polled, 1, STEP_MS) > 0 && (room = buf_reserve(&borrow->stream, READ_BYTES))) {
                n = read(borrow->tell_fd, room, READ_BYTES);
                borrow->stream.n += n > 0 ? (size_t)n : 0;
        }
        return framing_take(&borrow->stream, &frame) == 0 &&
               codec_decode(arena_slice(arena, buf_get(&frame)), arena, ret_message, &fault) == 0;
}

/* What the broker's answer is; it ends the waiting itself, unless it is away. */
static int wait_for_grant(Borrow *borrow, const VerifyLockWish *wish, uint64_t *ret_hold,
                          Fault *reterr_fault) {
        uint64_t until_ms = clock_mono_ms() + wish->wait_ms + BEYOND_MS;

        while (clock_mono_ms() < until_ms) {
                cleanup_arena Arena arena = ARENA_INIT;
                Message message;

                if (wish->is_cancelled(wish->userdata))
                        return VERIFY_LOCK_E_CANCELLED;
                if (!hear(borrow, &arena, &message))
                        continue;
                if (message.type == MESSAGE_REFUSE)
                        return refuse(wish, arena_text(&arena, message.refuse.found), reterr_fault);
                if (message.type != MESSAGE_GRANT)
                        continue;
                *ret_hold = message.grant.hold;
                return 0;
        }
        return refuse(wish, "the broker has not answered", reterr_fault);
}

static int take(void *userdata, const VerifyLockWish *wish, Fault *reterr_fault) {
        Borrow *borrow = userdata;
        VerifyLocks here = lock_files_get(borrow->files);
        uint64_t hold = 0;
        int r;

        if (borrow->n_held == BORROW_MAX)
                return refuse(wish, "too many are held", reterr_fault);
        if (!say_hold(borrow, wish))
                return refuse(wish, "the daemon is away", reterr_fault);
        r = wait_for_grant(borrow, wish, &hold, reterr_fault);
        if (r != 0)
                return r;
        r = here.take(here.userdata, wish, reterr_fault);
        if (r != 0) {
                say_release(borrow, hold);
                return r;
        }
        borrow->held[borrow->n_held].resource =
                mem_strndup((const char *)wish->resource.data, wish->resource.n);
        borrow->held[borrow->n_held++].hold = hold;
        return 0;
}

static void give(void *userdata, Slice resource) {
        Borrow *borrow = userdata;
        VerifyLocks here = lock_files_get(borrow->files);

        here.give(here.userdata, resource);
        for (size_t i = borrow->n_held; i-- > 0;) {
                if (!slice_is(resource, borrow->held[i].resource))
                        continue;
                say_release(borrow, borrow->held[i].hold);
                free(borrow->held[i].resource);
                borrow->held[i] = borrow->held[--borrow->n_held];
                return;
        }
}

VerifyLocks borrow_get(Borrow *borrow) {
        return (VerifyLocks){.userdata = borrow, .take = take, .give = give};
}
