/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What the broker says goes into the core, or to whoever waits for it. */

#include "adversary-agent/daemon_parts.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/options.h"

enum { COMMIT_SHOWN = 12 };

/* A lost lease: whoever holds it now, it is not us. */
static const char *const lost_rules[] = {"lease-expired",    "lease-unknown",  "lease-not-yours",
                                         "claim-superseded", "claim-not-open", "claim-unknown",
                                         "claim-withdrawn"};

static void lose_lease(Daemon *daemon, uint64_t lease, const char *why) {
        mailbag_drop_lease(&daemon->bag, lease, true);
        if (core_cancel(daemon->core, lease))
                log_write(LOG_INFO, "lease L-%llu is over: %s", (unsigned long long)lease, why);
}

static void on_offer(Daemon *daemon, const struct offer *offer) {
        if (core_find(daemon->core, offer->lease))
                return;
        log_write(LOG_INFO, "claim C-%llu of phase %.*s: %zu gate%s at %.*s, lease L-%llu",
                  (unsigned long long)offer->claim, SLICE_ARGS(offer->phase), offer->n_gates,
                  offer->n_gates == 1 ? "" : "s",
                  SLICE_ARGS(slice_head(offer->commit, COMMIT_SHOWN)),
                  (unsigned long long)offer->lease);
        if (!core_offer(daemon->core, offer, clock_mono_ms()))
                log_write(LOG_WARNING, "there is no place for it; the lease will lapse");
}

static int on_ack(Daemon *daemon, const struct ack *ack) {
        const Delivery *delivery = mailbag_find(&daemon->bag, ack->id);

        if (holder_on_ack(&daemon->holder, ack) || sealer_on_ack(&daemon->sealer, ack) ||
            prober_on_ack(&daemon->prober, ack))
                return 0;
        if (!delivery) {
                log_write(LOG_INFO, "an entry of an earlier run is in the ledger: %llu",
                          (unsigned long long)ack->seq);
                return 0;
        }
        log_write(LOG_INFO, "%s: %s, V-%llu", delivery->gate,
                  word_of(&words_DECISION, (int)delivery->decision), (unsigned long long)ack->seq);
        if (delivery->probe.n)
                TRY(prober_add(&daemon->prober, buf_get(&delivery->probe),
                               buf_get(&delivery->verdict), ack->seq));
        mailbag_drop(&daemon->bag, delivery);
        return 0;
}

static bool is_lost(Slice rule) {
        for (size_t i = 0; i < ARRAY_SIZE(lost_rules); i++)
                if (slice_is(rule, lost_rules[i]))
                        return true;
        return false;
}

static void on_refuse(Daemon *daemon, const struct refuse *refuse) {
        const Delivery *delivery = mailbag_find(&daemon->bag, refuse->id);
        uint64_t lease = delivery ? delivery->lease : 0;

        log_write(LOG_WARNING, "refused%s%s: %.*s: %.*s", delivery ? ", the verdict on " : "",
                  delivery ? delivery->gate : "", SLICE_ARGS(refuse->rule),
                  SLICE_ARGS(refuse->found));
        if (!delivery)
                return;
        mailbag_drop(&daemon->bag, delivery);
        if (is_lost(refuse->rule))
                lose_lease(daemon, lease, "its verdict was refused");
}

static void on_welcome(Daemon *daemon, const struct welcome *welcome) {
        log_write(LOG_INFO, "connected to the broker of %.*s as %.*s (%s)",
                  SLICE_ARGS(welcome->project), SLICE_ARGS(welcome->name),
                  word_of(&words_ROLE, (int)welcome->role));
        if (welcome->role != ROLE_ADVERSARY) {
                log_write(LOG_ERROR, "this key may not verify: it is a key of role %s",
                          word_of(&words_ROLE, (int)welcome->role));
                daemon->status = EXIT_NOT_AUTHORISED;
                daemon->has_ended = true;
                return;
        }
        mailbag_restart(&daemon->bag);
        sealer_restart(&daemon->sealer);
        core_welcome(daemon->core);
}

static int hear(Daemon *daemon, const Message *message) {
        switch ((int)message->type) {
        case MESSAGE_WELCOME: on_welcome(daemon, &message->welcome); break;
        case MESSAGE_OFFER: on_offer(daemon, &message->offer); break;
        case MESSAGE_CANCEL: {
                cleanup_buf Buf why = BUF_TEXT;

                buf_slice(&why, message->cancel.why);
                lose_lease(daemon, message->cancel.lease, buf_get_text(&why));
                break;
        }
        case MESSAGE_ACK: return on_ack(daemon, &message->ack);
        case MESSAGE_REFUSE:
                if (!holder_on_refuse(&daemon->holder, &message->refuse) &&
                    !sealer_on_refuse(&daemon->sealer, &message->refuse) &&
                    !prober_on_refuse(&daemon->prober, &message->refuse))
                        on_refuse(daemon, &message->refuse);
                break;
        case MESSAGE_STATUS:
                holder_on_status(&daemon->holder, &message->status);
                return sealer_on_status(&daemon->sealer, &message->status);
        case MESSAGE_EVIDENCE:
                mailbag_hear(&daemon->bag, &message->evidence);
                sealer_on_evidence(&daemon->sealer, &message->evidence);
                break;
        default: /* entries and others' progress: nothing that we asked for */ break;
        }
        return 0;
}

int daemon_hear_broker(Daemon *daemon) {
        for (size_t i = 0; i < DAEMON_MESSAGES_MAX && !daemon->has_ended; i++) {
                cleanup_arena Arena arena = ARENA_INIT;
                Fault fault = FAULT_INIT;
                Message message;
                int r = session_poll(daemon->session, &arena, &message, &fault);

                if (r == SESSION_E_NOTHING)
                        return 0;
                if (r == SESSION_E_REFUSED) {
                        log_write(LOG_ERROR, "%s: %s%s%s", fault.rule, fault.found,
                                  fault.next[0] ? "; next: " : "", fault.next);
                        daemon->status = refusal_exit_status(&fault);
                        daemon->has_ended = true;
                        return 0;
                }
                TRY(r);
                TRY(hear(daemon, &message));
        }
        return 0;
}
