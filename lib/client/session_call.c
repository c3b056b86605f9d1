/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* For one-shot verbs: say something, wait for its answer. What comes besides is dropped; entries
 * are delivered again by cursor. */

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"
#include "client/session_parts.h"

enum { NOBODY_MS = 2000 }; /* a broker that is being started with us has come by then */

/* One step, waiting until something happens or the deadline. As session_poll. */
static int step(Session *session, uint64_t deadline_ms, Arena *arena, Message *ret_message,
                Fault *fault) {
        LoopWait wait = {.n_fds = 0};
        int64_t due_ms;
        uint64_t now_ms;
        int r = session_poll(session, arena, ret_message, fault);

        if (r != SESSION_E_NOTHING)
                return r;
        now_ms = clock_mono_ms();
        if (now_ms >= deadline_ms)
                return SESSION_E_AWAY;
        due_ms = session_prepare(session, &wait);
        if (due_ms < 0 || (uint64_t)due_ms > deadline_ms - now_ms)
                due_ms = (int64_t)(deadline_ms - now_ms);
        TRY(loop_wait(&wait, due_ms));
        return SESSION_E_NOTHING;
}

/* A socket file on which nobody listens is left behind by every killed broker. */
static bool somebody_listens(const char *endpoint) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        const char *path = strncmp(endpoint, "ipc://", 6) == 0 ? endpoint + 6 : NULL;
        cleanup_fd int fd = -1;

        if (!path || strlen(path) >= sizeof address.sun_path)
                return true; /* it cannot be told from here */
        memcpy(address.sun_path, path, strlen(path));
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        return fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
}

static int refuse_key(Session *session, Fault *fault) {
        fault_set(fault, "key-refused", "the broker does not admit this key");
        fault_place(fault, "%s", session->key_path);
        fault_next(fault, "as the operator: broker admit NAME ROLE with the line in %s.pub",
                   session->key_path);
        return SESSION_E_REFUSED;
}

static int refuse_away(Session *session, uint64_t timeout_ms, Fault *fault) {
        cleanup_buf Buf time = BUF_TEXT;

        duration_describe(timeout_ms, &time);
        if (!somebody_listens(session->endpoint)) {
                fault_set(fault, "broker-away", "nobody listens there");
                fault_next(fault, "start it: broker run");
        } else {
                fault_set(fault, "broker-away", "no answer within %s", buf_get_text(&time));
                fault_next(fault,
                           "look at the broker; if it runs, it may not know this key, then as "
                           "the operator: broker admit NAME ROLE with the line in %s.pub",
                           session->key_path);
        }
        fault_place(fault, "%s", session->endpoint);
        return SESSION_E_AWAY;
}

/* Until the welcome; SESSION_E_AWAY without words. */
static int connect_until(Session *session, uint64_t deadline_ms, Fault *fault) {
        while (!session->link.is_welcomed) {
                cleanup_arena Arena arena = ARENA_INIT;
                Message message;
                int r = step(session, deadline_ms, &arena, &message, fault);

                if (r != 0 && r != SESSION_E_NOTHING)
                        return r;
                if (channel_client_is_key_refused(session->link.channel))
                        return refuse_key(session, fault);
        }
        return 0;
}

int session_connect(Session *session, uint64_t timeout_ms, Fault *reterr_fault) {
        uint64_t now_ms = clock_mono_ms();
        int r = connect_until(session, now_ms + size_min(timeout_ms, NOBODY_MS), reterr_fault);

        if (r == SESSION_E_AWAY && somebody_listens(session->endpoint))
                r = connect_until(session, now_ms + timeout_ms, reterr_fault);
        return r == SESSION_E_AWAY ? refuse_away(session, timeout_ms, reterr_fault) : r;
}

/* Whether the broker could have heard it. What it cannot have heard is taken back; what it may
 * have heard stays in the outbox until there is an answer. */
static void give_up(Session *session, const Id *id, Fault *fault) {
        OutboxItem *item = outbox_find(&session->outbox, id_slice(id));
        size_t n = strlen(fault->found);

        if (!item)
                return;
        if (item->welcome == 0) {
                outbox_remove(&session->outbox, item);
                (void)snprintf(fault->found + n, sizeof fault->found - n, "; nothing was said");
        } else {
                (void)snprintf(fault->found + n, sizeof fault->found - n,
                               "; whether it was heard is not known: it is kept and said again by "
                               "the next command, and counts once");
        }
}

static int await_answer(Session *session, const Id *id, uint64_t timeout_ms, uint64_t *ret_seq,
                        Fault *fault) {
        uint64_t deadline_ms = clock_mono_ms() + timeout_ms;

        for (;;) {
                cleanup_arena Arena arena = ARENA_INIT;
                Message message;
                int r = step(session, deadline_ms, &arena, &message, fault);

                if (r == SESSION_E_AWAY) {
                        (void)refuse_away(session, timeout_ms, fault);
                        give_up(session, id, fault);
                        return SESSION_E_AWAY;
                }
                if (r == SESSION_E_NOTHING)
                        continue;
                if (r != 0)
                        return r;
                if (message.type == MESSAGE_REFUSE && slice_equal(message.refuse.id, id_slice(id)))
                        return SESSION_E_REFUSED; /* the fault was filled by the step */
                if (message.type == MESSAGE_ACK && slice_equal(message.ack.id, id_slice(id))) {
                        *ret_seq = message.ack.seq;
                        return 0;
                }
        }
}

int session_call(Session *session, const Message *entry, uint64_t timeout_ms, uint64_t *ret_seq,
                 Fault *reterr_fault) {
        Id id;
        int r = session_connect(session, timeout_ms, reterr_fault);

        if (r != 0)
                return r;
        TRY(session_submit(session, entry, &id));
        session->awaited = &id;
        r = await_answer(session, &id, timeout_ms, ret_seq, reterr_fault);
        session->awaited = NULL;
        return r;
}

int session_ask(Session *session, const Message *question, MessageType answer, uint64_t timeout_ms,
                Arena *arena, Message *ret_answer, Fault *reterr_fault) {
        uint64_t deadline_ms = clock_mono_ms() + timeout_ms;
        int r = session_connect(session, timeout_ms, reterr_fault);

        if (r != 0)
                return r;
        TRY(session_send(session, question));
        for (;;) {
                r = step(session, deadline_ms, arena, ret_answer, reterr_fault);
                if (r == SESSION_E_AWAY)
                        return refuse_away(session, timeout_ms, reterr_fault);
                if (r == SESSION_E_NOTHING)
                        continue;
                if (r != 0)
                        return r;
                if (ret_answer->type == answer)
                        return 0;
                if (ret_answer->type == MESSAGE_WELCOME)
                        TRY(session_send(session, question)); /* the connection is a new one */
                if (ret_answer->type == MESSAGE_REFUSE && !ret_answer->refuse.id.n)
                        return SESSION_E_REFUSED;
        }
}
