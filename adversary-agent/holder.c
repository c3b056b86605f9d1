/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Whether a turn has come is asked for and not heard, since an adversary takes no entries. */

#include "adversary-agent/holder.h"

#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"

enum { HOLD_MS = 24 * 60 * 60 * 1000 }; /* it ends with its lease at the latest */

void holder_deinit(Holder *holder) {
        for (size_t i = 0; i < holder->n; i++)
                free(holder->held[i].resource);
        holder->n = 0;
}

static void forget(Holder *holder, Held *held) {
        free(held->resource);
        *held = holder->held[--holder->n];
}

static void refuse(const Holder *holder, const Held *held, const char *why) {
        Message message = {.type = MESSAGE_REFUSE,
                           .refuse = {.rule = slice_text("lock.busy"), .found = slice_text(why)}};

        message_set_present(&message);
        holder->tell(holder->userdata, held->lease, &message);
}

int holder_want(Holder *holder, uint64_t lease, const struct hold *hold) {
        Message entry = {.type = MESSAGE_HOLD, .hold = *hold};
        Held *held = &holder->held[holder->n];

        if (holder->n == HOLDER_MAX) {
                refuse(holder, &(Held){.lease = lease}, "too many resources are held");
                return 0;
        }
        entry.hold.lease = lease;
        entry.hold.hold_ms = HOLD_MS;
        message_set_present(&entry);
        *held = (Held){.lease = lease,
                       .resource =
                               mem_strndup((const char *)hold->resource.data, hold->resource.n)};
        holder->n++;
        return session_submit(holder->session, &entry, &held->id);
}

static int release(Holder *holder, Held *held) {
        Message entry = {.type = MESSAGE_RELEASE, .release = {.hold = held->seq}};

        message_set_present(&entry);
        held->is_releasing = true;
        return session_submit(holder->session, &entry, &held->id);
}

int holder_release(Holder *holder, uint64_t lease, uint64_t hold) {
        for (size_t i = 0; i < holder->n; i++)
                if (holder->held[i].lease == lease && holder->held[i].seq == hold && hold &&
                    !holder->held[i].is_releasing)
                        return release(holder, &holder->held[i]);
        return 0;
}

int holder_drop(Holder *holder, uint64_t lease) {
        for (size_t i = 0; i < holder->n; i++)
                if (holder->held[i].lease == lease)
                        holder->held[i].is_unwanted = true;
        return holder_step(holder, 0);
}

static Held *find(Holder *holder, Slice id) {
        for (size_t i = 0; i < holder->n; i++)
                if (slice_equal(id_slice(&holder->held[i].id), id))
                        return &holder->held[i];
        return NULL;
}

bool holder_on_ack(Holder *holder, const struct ack *ack) {
        Held *held = find(holder, ack->id);

        if (!held)
                return false;
        if (held->is_releasing) {
                forget(holder, held);
                return true;
        }
        held->seq = ack->seq;
        log_write(LOG_INFO, "waiting for %s: H-%llu", held->resource, (unsigned long long)ack->seq);
        holder->asked_ms = 0;
        return true;
}

bool holder_on_refuse(Holder *holder, const struct refuse *refusal) {
        Held *held = find(holder, refusal->id);
        cleanup_arena Arena arena = ARENA_INIT;

        if (!held)
                return false;
        if (!held->is_releasing)
                refuse(holder, held, arena_text(&arena, refusal->found));
        forget(holder, held); /* what is no more needs no release */
        return true;
}

static const struct hold_status *find_status(const struct status *status, uint64_t seq) {
        for (size_t i = 0; i < status->n_holds; i++)
                if (status->holds[i].hold == seq)
                        return &status->holds[i];
        return NULL;
}

/* False: it is over. */
static bool update(Holder *holder, Held *held, const struct hold_status *now) {
        Message grant = {.type = MESSAGE_GRANT, .grant = {.hold = held->seq}};

        if (!now || now->state == HOLD_STATE_OVER) {
                refuse(holder, held, "its turn did not come in time");
                return false;
        }
        if (now->state != HOLD_STATE_HELD)
                return true;
        held->is_held = true;
        log_write(LOG_INFO, "%s is ours: H-%llu", held->resource, (unsigned long long)held->seq);
        message_set_present(&grant);
        holder->tell(holder->userdata, held->lease, &grant);
        return true;
}

static bool waits(const Held *held) {
        return held->seq && !held->is_held && !held->is_releasing && !held->is_unwanted;
}

/* A status from before the hold says nothing of it. */
void holder_on_status(Holder *holder, const struct status *status) {
        for (size_t i = holder->n; i-- > 0;) {
                Held *held = &holder->held[i];

                if (waits(held) && held->seq <= status->head_seq &&
                    !update(holder, held, find_status(status, held->seq)))
                        forget(holder, held);
        }
}

int holder_step(Holder *holder, uint64_t now_ms) {
        Message question = {.type = MESSAGE_ASK, .ask = {.question = QUESTION_STATUS}};
        bool is_waiting = false;

        for (size_t i = 0; i < holder->n; i++) {
                Held *held = &holder->held[i];

                if (held->is_unwanted && held->seq && !held->is_releasing)
                        TRY(release(holder, held));
                is_waiting |= waits(held);
        }
        if (!is_waiting || !now_ms || now_ms - holder->asked_ms < HOLDER_ASK_MS)
                return 0;
        holder->asked_ms = now_ms;
        message_set_present(&question);
        return session_send(holder->session, &question);
}

uint64_t holder_due_ms(const Holder *holder) {
        for (size_t i = 0; i < holder->n; i++)
                if (waits(&holder->held[i]))
                        return holder->asked_ms + HOLDER_ASK_MS;
        return 0;
}
