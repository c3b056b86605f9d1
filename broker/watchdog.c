/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Which waits are worth a ping, and when. To change that for a kind of wait: its row. */

#include "broker/watchdog.h"

#include <inttypes.h>
#include <string.h>

#include "broker/state_watch.h"
#include "broker/status_parts.h"
#include "broker/waits.h"
#include "proto/label.h"

enum {
        WHAT_BYTES_MAX = 512,
        SAY_MAX = 64,             /* in one look */
        KEPT_MAX = PINGS_MAX / 2, /* waits that are considered: their records must not push each
                                     other out */
};

typedef enum Manner {
        MANNER_NEVER,
        MANNER_ONCE,    /* one ping, no alert */
        MANNER_AT_ONCE, /* pings, then the alert */
        MANNER_LATER,   /* the same, but nothing before the first interval has passed */
} Manner;

static const struct {
        Manner manner;
        const char *because;
} manner_rows[_WAIT_FOR_MAX] = {
        [WAIT_FOR_OTHER] = {MANNER_AT_ONCE, "it is in words"},
        [WAIT_FOR_CLAIM] = {MANNER_NEVER, "a builder who builds is waited for by plan"},
        [WAIT_FOR_TAKE] = {MANNER_AT_ONCE, "nobody else can go on"},
        [WAIT_FOR_VERDICT] = {MANNER_NEVER, "without progress the lease lapses, and that is said"},
        [WAIT_FOR_SECOND] = {MANNER_AT_ONCE, "nobody else can go on"},
        [WAIT_FOR_MEND] = {MANNER_AT_ONCE, "the builder may not know of the FAIL"},
        [WAIT_FOR_RECLAIM] = {MANNER_AT_ONCE, "once nothing else is to be done in the phase"},
        [WAIT_FOR_FIX] = {MANNER_AT_ONCE, "the builder may not know of the finding"},
        [WAIT_FOR_RETEST] = {MANNER_AT_ONCE, "the builder cannot close it"},
        [WAIT_FOR_CLOSE] = {MANNER_AT_ONCE, "nobody else can close it"},
        [WAIT_FOR_LIFT] = {MANNER_NEVER, "a veto is meant to stand until its condition holds"},
        [WAIT_FOR_ANSWER] = {MANNER_AT_ONCE, "the check waits for a person"},
        [WAIT_FOR_DONE] = {MANNER_ONCE, "done-eligible is said once"},
        [WAIT_FOR_OPERATOR] = {MANNER_AT_ONCE, "nobody else can go on"},
        [WAIT_FOR_RELEASE] = {MANNER_LATER, "to wait for one's turn is normal"},
        [WAIT_FOR_SEE] = {MANNER_NEVER, "an alert stands until it is seen"},
        [WAIT_FOR_READ] = {MANNER_ONCE, "a note is told once"},
        [WAIT_FOR_DELIVERY] = {MANNER_NEVER, "it is an alert from the beginning"},
        [WAIT_FOR_UPKEEP] = {MANNER_NEVER, "it is an alert from the beginning"},
};

/* One wait on its way to a ping. */
typedef struct Case {
        PingKey key;
        Slice gate, what;
        uint64_t since_ms;
        Manner manner;
        size_t n_more; /* waits of the same key beside it */
} Case;

typedef struct Look {
        const State *state;
        const WatchSettings *settings;
        uint64_t now_ms, next_ms;
        Arena *arena;
        Case *cases;
        size_t n_cases, n_cases_max;
        size_t n_cases_before; /* of other phases: none of those is the same */
        Message *messages;
        size_t n_messages;
} Look;

/* ---- pauses ---- */

static bool is_meant(const AgentRecord *agent, Slice who) {
        return !agent->is_revoked && (slice_is(who, agent->name) ||
                                      slice_is(who, word_of(&words_ROLE, (int)agent->role)));
}

uint64_t watchdog_paused_until(const State *state, const PhaseRecord *phase, Slice who,
                               uint64_t now_ms) {
        uint64_t first = UINT64_MAX;

        for (size_t i = 0; i < state->n_agents; i++) {
                const AgentRecord *agent = state->agents[i];
                const PauseRecord *pause =
                        is_meant(agent, who) ? state_find_pause_of(state, phase, agent) : NULL;

                if (!is_meant(agent, who))
                        continue;
                if (!pause || pause->until_ms <= now_ms)
                        return 0;
                first = pause->until_ms < first ? pause->until_ms : first;
        }
        return first == UINT64_MAX ? 0 : first;
}

/* ---- cases ---- */

static bool is_key(const PingKey *a, const PingKey *b) {
        return a->cause == b->cause && a->wait_for == b->wait_for && a->phase == b->phase &&
               slice_equal(a->who, b->who);
}

static Case *find_case(const Look *look, const PingKey *key) {
        for (size_t i = look->n_cases; i-- > look->n_cases_before;)
                if (is_key(&look->cases[i].key, key))
                        return &look->cases[i];
        return NULL;
}

/* The gates of one claim that waits are one case. */
static void add_case(Look *look, const Case *draft) {
        Case *same = draft->manner == MANNER_NEVER ? NULL : find_case(look, &draft->key);

        if (same)
                same->n_more++;
        if (same || draft->manner == MANNER_NEVER || look->n_cases >= KEPT_MAX)
                return;
        if (look->n_cases == look->n_cases_max) {
                Case *more =
                        arena_alloc_array(look->arena, look->n_cases_max * 2 + 16, sizeof *more);

                if (look->n_cases)
                        memcpy(more, look->cases, look->n_cases * sizeof *more);
                look->cases = more;
                look->n_cases_max = look->n_cases_max * 2 + 16;
        }
        look->cases[look->n_cases++] = *draft;
}

static bool has_wait(const struct wait *waits, size_t n, WaitFor wait_for, Slice gate) {
        for (size_t i = 0; i < n; i++)
                if (waits[i].wait_for == wait_for && slice_equal(waits[i].gate, gate))
                        return true;
        return false;
}

static bool is_only_stale(const struct wait *waits, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (waits[i].wait_for != WAIT_FOR_RECLAIM && waits[i].wait_for != WAIT_FOR_LIFT)
                        return false;
        return true;
}

static bool somebody_verifies(const State *state) {
        for (size_t i = 0; i < state->n_claims; i++)
                if (state->claims[i]->state == CLAIM_STATE_LEASED)
                        return true;
        return false;
}

/* One failure is one matter, though it is a gate to mend and a finding to fix. Who works on another
 * claim will take this one. What is stale may stay so while the builder goes on: DONE queues it. */
static Manner choose_manner(const Look *look, const struct wait *waits, size_t n,
                            const struct wait *wait) {
        Manner manner = manner_rows[wait->wait_for].manner;

        if (wait->wait_for == WAIT_FOR_FIX && has_wait(waits, n, WAIT_FOR_MEND, wait->gate))
                return MANNER_NEVER;
        if (wait->wait_for == WAIT_FOR_RECLAIM && !is_only_stale(waits, n))
                return MANNER_NEVER;
        if (wait->wait_for == WAIT_FOR_TAKE && somebody_verifies(look->state))
                return MANNER_LATER;
        return manner;
}

static void add_waits(Look *look, const PhaseRecord *phase) {
        Waits waits;

        look->n_cases_before = look->n_cases;
        waits_build(look->state, phase, look->now_ms, look->arena, &waits);
        for (size_t i = 0; i < waits.n; i++) {
                const struct wait *wait = &waits.waits[i];

                add_case(look, &(Case){
                                       .key = {.phase = phase,
                                               .who = wait->who,
                                               .wait_for = wait->wait_for,
                                               .cause = wait->cause},
                                       .gate = wait->gate,
                                       .what = wait->what,
                                       .since_ms = wait->since_ms,
                                       .manner = choose_manner(look, waits.waits, waits.n, wait),
                               });
        }
}

static void add_untold(Look *look, const UntoldRecord *note) {
        cleanup_buf Buf what = BUF_TEXT;

        buf_text(&what, "read ");
        label_format(slice_text(message_name(MESSAGE_NOTE)), note->seq, &what);
        buf_printf(&what, ", a note by %s", note->author);
        add_case(look, &(Case){
                               .key = {.phase = note->phase,
                                       .who = slice_text(word_of(&words_ROLE, (int)note->role)),
                                       .wait_for = WAIT_FOR_READ,
                                       .cause = note->seq},
                               .gate = slice_text(note->gate),
                               .what = status_cut(look->arena, &what, WHAT_BYTES_MAX),
                               .since_ms = note->received_ms,
                               .manner = MANNER_ONCE,
                       });
}

/* The first who waits for what `owner` holds; NULL: nobody does. */
static const HoldRecord *find_waiting(const State *state, const HoldRecord *owner) {
        for (size_t i = 0; i < state->n_holds; i++)
                if (state->holds[i]->state == HOLD_STATE_WAITING &&
                    strcmp(state->holds[i]->resource, owner->resource) == 0)
                        return state->holds[i];
        return NULL;
}

static void add_hold(Look *look, const HoldRecord *hold) {
        const HoldRecord *waiting =
                hold->state == HOLD_STATE_HELD ? find_waiting(look->state, hold) : NULL;
        cleanup_buf Buf what = BUF_TEXT;

        if (!waiting)
                return;
        buf_printf(&what, "release %s (H-%" PRIu64 "): %s waits for it", hold->resource, hold->seq,
                   waiting->agent->name);
        add_case(look, &(Case){
                               .key = {.who = slice_text(hold->agent->name),
                                       .wait_for = WAIT_FOR_RELEASE,
                                       .cause = waiting->seq},
                               .what = status_cut(look->arena, &what, WHAT_BYTES_MAX),
                               .since_ms = waiting->received_ms,
                               .manner = MANNER_LATER,
                       });
}

/* ---- what is due ---- */

/* When this is to be said (0: at once); UINT64_MAX: it was, or not before something else happens.
 */
static uint64_t when_due(const Look *look, const Case *item, const PingRecord *ping) {
        const WatchSettings *settings = look->settings;

        if (item->key.wait_for == WAIT_FOR_DONE)
                return item->key.phase->eligible_seq < item->key.cause ? 0 : UINT64_MAX;
        if (!ping)
                return item->manner == MANNER_LATER ? item->since_ms + settings->again_ms[0] : 0;
        if (ping->is_escalated || item->manner == MANNER_ONCE)
                return UINT64_MAX;
        if (ping->attempts >= PINGS_OF_CAUSE && look->state->n_alerts >= ALERTS_MAX)
                return UINT64_MAX;
        return ping->last_ms +
               settings->again_ms[size_min((size_t)ping->attempts, PINGS_OF_CAUSE) - 1];
}

static Slice text_of(Look *look, const Case *item, const char *before) {
        cleanup_buf Buf what = BUF_TEXT;

        buf_printf(&what, "%s%.*s", before, SLICE_ARGS(item->what));
        if (item->n_more)
                buf_printf(&what, " (and %zu more)", item->n_more);
        return status_cut(look->arena, &what, WHAT_BYTES_MAX);
}

static void say_ping(Look *look, const Case *item, uint64_t attempt) {
        const PhaseRecord *phase = item->key.phase;

        look->messages[look->n_messages++] = (Message){
                .type = MESSAGE_PING,
                .ping = {.phase = slice_text(phase ? phase->name : NULL),
                         .who = arena_slice(look->arena, item->key.who),
                         .what = text_of(look, item, ""),
                         .cause = item->key.cause,
                         .wait_for = item->key.wait_for,
                         .attempt = attempt,
                         .gate = arena_slice(look->arena, item->gate)},
        };
}

static void say_alert(Look *look, const Case *item) {
        const PhaseRecord *phase = item->key.phase;
        const char *before =
                arena_printf(look->arena, "%.*s does not answer: ", SLICE_ARGS(item->key.who));

        look->messages[look->n_messages++] = (Message){
                .type = MESSAGE_ALERT,
                .alert = {.phase = slice_text(phase ? phase->name : NULL),
                          .what = text_of(look, item, before),
                          .cause = item->key.cause,
                          .wait_for = item->key.wait_for,
                          .who = arena_slice(look->arena, item->key.who),
                          .gate = arena_slice(look->arena, item->gate)},
        };
}

static void consider(Look *look, const Case *item) {
        const PingRecord *ping = state_find_ping(look->state, &item->key);
        uint64_t due_ms = when_due(look, item, ping);
        uint64_t paused_ms = item->key.phase ? watchdog_paused_until(look->state, item->key.phase,
                                                                     item->key.who, look->now_ms)
                                             : 0;

        if (due_ms == UINT64_MAX)
                return;
        if (due_ms < paused_ms)
                due_ms = paused_ms;
        if (look->n_messages >= SAY_MAX && due_ms <= look->now_ms)
                due_ms = look->now_ms + 1;
        if (due_ms > look->now_ms) {
                look->next_ms = due_ms < look->next_ms ? due_ms : look->next_ms;
                return;
        }
        if (!ping)
                say_ping(look, item, 1);
        else if (ping->attempts < PINGS_OF_CAUSE)
                say_ping(look, item, ping->attempts + 1);
        else
                say_alert(look, item);
}

void watchdog_look(const State *state, const WatchSettings *settings, uint64_t now_ms, Arena *arena,
                   Message **ret_messages, size_t *ret_n, uint64_t *ret_next_ms) {
        Look look = {
                .state = state,
                .settings = settings,
                .now_ms = now_ms,
                .next_ms = UINT64_MAX,
                .arena = arena,
                .messages = arena_alloc_array(arena, SAY_MAX, sizeof(Message)),
        };

        for (size_t i = 0; i < state->n_untold; i++)
                add_untold(&look, state->untold[i]);
        for (size_t i = 0; i < state->n_holds; i++)
                add_hold(&look, state->holds[i]);
        for (size_t i = 0; i < state->n_phases; i++)
                add_waits(&look, state->phases[i]);
        for (size_t i = 0; i < look.n_cases; i++)
                consider(&look, &look.cases[i]);
        *ret_messages = look.messages;
        *ret_n = look.n_messages;
        *ret_next_ms = look.next_ms;
}

/* ---- docs ---- */

void watchdog_print_docs(Buf *text) {
        static const char *const manners[] = {
                [MANNER_NEVER] = "never",
                [MANNER_ONCE] = "once",
                [MANNER_AT_ONCE] = "at once, again, alert",
                [MANNER_LATER] = "after the first interval, again, alert",
        };

        buf_text(text,
                 "# The watchdog\n\n"
                 "<!-- Printed from broker/watchdog.c by tools/describe; edit that. -->\n\n"
                 "The broker knows who is waited for, by the same function that `broker status` "
                 "shows, and tells them:\na `ping` entry, delivered as every entry is, and by the "
                 "deliveries of `.coldgate/deliveries`. The first\ncomes at once, three more after "
                 "`ping-2`, `ping-3` and `ping-4`, and after `ping-alert` an `alert`, which\n"
                 "stands until an operator says `seen`. Nobody is pinged twice for the same cause "
                 "and attempt, across\nrestarts too, for who was told is in the ledger. A `pause` "
                 "silences pings about its author (about a role:\nwhen all its agents pause) "
                 "until it ends. The gates of one claim are one ping. Prose causes nothing.\n\n"
                 "| wait | what is waited for | pinged | because |\n| --- | --- | --- | --- |\n");
        for (int i = 0; i < _WAIT_FOR_MAX; i++)
                buf_printf(text, "| `%s` | %s | %s | %s |\n", word_of(&words_WAIT_FOR, i),
                           words_WAIT_FOR.rows[i].sentence, manners[manner_rows[i].manner],
                           manner_rows[i].because);
        buf_text(text, "\n`take` waits for the first interval while an adversary verifies "
                       "something else. `fix` is not pinged while\nits gate is to be mended: one "
                       "failure is one matter. `reclaim` is pinged once nothing else is to be "
                       "done\nin the phase.\n\nA verification whose progress does not change for "
                       "the gate's `stall` limit (or the setting) is not alive,\nwhatever its "
                       "heartbeats say: its lease lapses, unless its adversary declared a pause or "
                       "waits for a resource.\n");
}
