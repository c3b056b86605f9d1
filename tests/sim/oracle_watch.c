/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Leases, holds, pauses and pings, from the entries. */

#include "tests/lib/test.h"
#include "tests/sim/oracle.h"

void oracle_copy(OracleName name, Slice text) {
        CHECK(text.n < sizeof(OracleName));
        if (text.n)
                memcpy(name, text.data, text.n);
        name[text.n] = '\0';
}

/* ---- leases ---- */

OracleLease *oracle_find_lease(Oracle *oracle, uint64_t seq) {
        for (size_t i = 0; i < oracle->n_leases; i++)
                if (oracle->leases[i].seq == seq)
                        return &oracle->leases[i];
        return NULL;
}

/* A claim has one lease at a time. */
static void hear_lease(Oracle *oracle, const Entry *entry, const struct lease *lease) {
        CHECK(oracle->n_leases < ORACLE_THINGS_MAX);
        CHECK(oracle_is_open(oracle, lease->claim));
        for (size_t i = 0; i < oracle->n_leases; i++)
                if (oracle->leases[i].claim == lease->claim)
                        oracle->leases[i].is_over = true;
        oracle->leases[oracle->n_leases] = (OracleLease){.seq = entry->seq, .claim = lease->claim};
        oracle_copy(oracle->leases[oracle->n_leases++].who, lease->adversary);
}

static void hear_lapse(Oracle *oracle, const struct lapse *lapse) {
        OracleLease *lease = oracle_find_lease(oracle, lapse->lease);

        CHECK(lease && !lease->is_over && lease->claim == lapse->claim);
        lease->is_over = true;
}

/* ---- holds ---- */

static OracleHold *find_hold(Oracle *oracle, uint64_t seq) {
        for (size_t i = 0; i < oracle->n_holds; i++)
                if (oracle->holds[i].seq == seq)
                        return &oracle->holds[i];
        FAIL_TEST("hold %llu was never asked for", (unsigned long long)seq);
}

static void enter(const Oracle *oracle, OracleHold *hold, HoldState state, const Entry *entry) {
        hold->state = state;
        hold->since_ms = entry->received_ms;
        hold->since_mono_ms = oracle->mono_ms;
        hold->n_restarts = oracle->n_restarts;
        hold->seen_ms = 0;
}

void oracle_begin_anew(Oracle *oracle, uint64_t wall_ms) {
        for (size_t i = 0; i < oracle->n_holds; i++)
                if (oracle->holds[i].seen_ms < wall_ms)
                        oracle->holds[i].seen_ms = wall_ms;
}

static void hear_hold(Oracle *oracle, const Entry *entry, const struct hold *message) {
        OracleHold *hold = &oracle->holds[oracle->n_holds++];

        CHECK(oracle->n_holds < ORACLE_THINGS_MAX);
        *hold = (OracleHold){.seq = entry->seq,
                             .lease = message->lease,
                             .hold_ms = message->hold_ms,
                             .wait_ms = message->wait_ms,
                             .lock = message->lock};
        oracle_copy(hold->resource, message->resource);
        oracle_copy(hold->who, entry->actor);
        enter(oracle, hold, HOLD_STATE_WAITING, entry);
}

/* Nobody overtakes, and an exclusive lock is alone. */
static void hear_grant(Oracle *oracle, const Entry *entry, const struct grant *grant) {
        OracleHold *hold = find_hold(oracle, grant->hold);

        CHECK_EQ_INT(hold->state, HOLD_STATE_WAITING);
        for (size_t i = 0; i < oracle->n_holds; i++) {
                const OracleHold *other = &oracle->holds[i];

                if (other == hold || strcmp(other->resource, hold->resource) != 0)
                        continue;
                if (other->state == HOLD_STATE_HELD)
                        CHECK(other->lock == LOCK_SHARED && hold->lock == LOCK_SHARED);
                if (other->state == HOLD_STATE_WAITING)
                        CHECK(other->seq > hold->seq);
        }
        enter(oracle, hold, HOLD_STATE_HELD, entry);
}

static Role role_of(const Oracle *oracle, Slice name) {
        for (size_t i = 0; i < oracle->n_agents; i++)
                if (slice_is(name, oracle->agents[i].name))
                        return oracle->agents[i].role;
        return ROLE_BROKER;
}

static void hear_release(Oracle *oracle, const Entry *entry, const struct release *release) {
        OracleHold *hold = find_hold(oracle, release->hold);

        CHECK(hold->state != HOLD_STATE_OVER);
        CHECK(slice_is(entry->actor, hold->who) || role_of(oracle, entry->actor) == ROLE_OPERATOR);
        hold->state = HOLD_STATE_OVER;
}

/* Its lease has ended, or its time has passed: by the clock that cannot be turned, or, where the
 * broker began anew, by what the other one says. */
static void hear_expire(Oracle *oracle, const Entry *entry, const struct expire *expire) {
        OracleHold *hold = find_hold(oracle, expire->hold);
        uint64_t limit_ms = hold->state == HOLD_STATE_HELD ? hold->hold_ms : hold->wait_ms;
        bool has_passed = limit_ms && oracle->mono_ms - hold->since_mono_ms >= limit_ms;

        CHECK(hold->state != HOLD_STATE_OVER);
        if (limit_ms && hold->n_restarts != oracle->n_restarts)
                has_passed |= hold->seen_ms >= hold->since_ms + limit_ms ||
                              entry->received_ms >= hold->since_ms + limit_ms;
        CHECK(has_passed || hold->lease);
        hold->state = HOLD_STATE_OVER;
}

/* ---- pauses ---- */

/* What has expired is over for good, also where the clock is turned back. */
static void hear_pause(Oracle *oracle, const Entry *entry, uint64_t until_ms) {
        for (size_t i = 0; i < oracle->n_agents; i++) {
                OracleAgent *agent = &oracle->agents[i];

                if (agent->paused_until_ms <= entry->received_ms)
                        agent->paused_until_ms = 0;
                if (!slice_is(entry->actor, agent->name))
                        continue;
                agent->paused = entry->seq;
                agent->paused_until_ms = until_ms;
        }
}

static void hear_resume(Oracle *oracle, uint64_t pause) {
        for (size_t i = 0; i < oracle->n_agents; i++)
                if (oracle->agents[i].paused == pause)
                        oracle->agents[i].paused_until_ms = 0;
}

static bool is_paused(const Oracle *oracle, Slice who, uint64_t now_ms) {
        bool is_anybody = false;

        for (size_t i = 0; i < oracle->n_agents; i++) {
                const OracleAgent *agent = &oracle->agents[i];

                if (!slice_is(who, agent->name) &&
                    !slice_is(who, word_of(&words_ROLE, (int)agent->role)))
                        continue;
                if (agent->paused_until_ms <= now_ms)
                        return false;
                is_anybody = true;
        }
        return is_anybody;
}

/* ---- pings ---- */

static bool is_one_of(MessageType type, const MessageType *types) {
        while (*types && *types != type)
                types++;
        return *types != 0;
}

static const MessageType causes[_WAIT_FOR_MAX][10] = {
        [WAIT_FOR_TAKE] = {MESSAGE_CLAIM, MESSAGE_REVERIFY},
        [WAIT_FOR_SECOND] = {MESSAGE_VERDICT},
        [WAIT_FOR_MEND] = {MESSAGE_VERDICT},
        [WAIT_FOR_RECLAIM] = {MESSAGE_VERDICT, MESSAGE_RETRACT},
        [WAIT_FOR_FIX] = {MESSAGE_FINDING, MESSAGE_VERDICT, MESSAGE_REOPEN, MESSAGE_DEFER,
                          MESSAGE_RETRACT, MESSAGE_WAIVE, MESSAGE_DIFFERS},
        [WAIT_FOR_RETEST] = {MESSAGE_FIXED},
        [WAIT_FOR_CLOSE] = {MESSAGE_FINDING, MESSAGE_VERDICT, MESSAGE_REOPEN, MESSAGE_DEFER,
                            MESSAGE_RETRACT, MESSAGE_WAIVE, MESSAGE_DIFFERS, MESSAGE_FIXED},
        [WAIT_FOR_ANSWER] = {MESSAGE_VERDICT},
        [WAIT_FOR_DONE] = {MESSAGE_VERDICT, MESSAGE_PLAN},
        [WAIT_FOR_OPERATOR] = {MESSAGE_VERDICT, MESSAGE_CLAIM, MESSAGE_REVERIFY},
        [WAIT_FOR_RELEASE] = {MESSAGE_HOLD},
        [WAIT_FOR_READ] = {MESSAGE_NOTE},
};

/* A claim that nobody is told to take is one that nobody has, and a resource that is to be given
 * back is waited for. */
static void check_cause(Oracle *oracle, const struct ping *ping) {
        if (ping->wait_for == WAIT_FOR_TAKE) {
                CHECK(oracle_is_open(oracle, ping->cause));
                for (size_t i = 0; i < oracle->n_leases; i++)
                        CHECK(oracle->leases[i].claim != ping->cause || oracle->leases[i].is_over);
        }
        if (ping->wait_for == WAIT_FOR_RELEASE)
                CHECK_EQ_INT(find_hold(oracle, ping->cause)->state, HOLD_STATE_WAITING);
}

/* Of each cause each one hears once, twice, three times in this order, and never the same again. */
static void hear_ping(Oracle *oracle, const Entry *entry, const struct ping *ping) {
        uint64_t n_before = 0;

        CHECK(ping->cause < entry->seq);
        if (!is_one_of(oracle->kinds[ping->cause], causes[ping->wait_for]))
                FAIL_TEST("%.*s is pinged about %s because of a %s", SLICE_ARGS(ping->who),
                          word_of(&words_WAIT_FOR, (int)ping->wait_for),
                          message_name(oracle->kinds[ping->cause]));
        CHECK(oracle->granted == 0 || !ping->phase.n || ping->wait_for == WAIT_FOR_READ);
        CHECK(!ping->phase.n || !is_paused(oracle, ping->who, entry->received_ms));
        check_cause(oracle, ping);
        for (size_t i = 0; i < oracle->n_pings; i++)
                n_before += oracle->pings[i].cause == ping->cause &&
                            oracle->pings[i].wait_for == ping->wait_for &&
                            slice_is(ping->who, oracle->pings[i].who);
        CHECK_EQ_U64(ping->attempt, n_before + 1);
        oracle->pings[oracle->n_pings] =
                (OraclePing){.cause = ping->cause, .wait_for = ping->wait_for};
        oracle_copy(oracle->pings[oracle->n_pings++].who, ping->who);
        CHECK(oracle->n_pings < ORACLE_THINGS_MAX);
}

static void hear_admit(Oracle *oracle, const struct admit *admit) {
        CHECK(oracle->n_agents < ORACLE_NAMES_MAX);
        oracle->agents[oracle->n_agents].role = admit->role;
        oracle_copy(oracle->agents[oracle->n_agents++].name, admit->name);
}

void oracle_hear_watch(Oracle *oracle, const Entry *entry, const Message *message) {
        switch ((int)message->type) {
        case MESSAGE_ADMIT: hear_admit(oracle, &message->admit); break;
        case MESSAGE_LEASE: hear_lease(oracle, entry, &message->lease); break;
        case MESSAGE_LAPSE: hear_lapse(oracle, &message->lapse); break;
        case MESSAGE_HOLD: hear_hold(oracle, entry, &message->hold); break;
        case MESSAGE_GRANT: hear_grant(oracle, entry, &message->grant); break;
        case MESSAGE_RELEASE: hear_release(oracle, entry, &message->release); break;
        case MESSAGE_EXPIRE: hear_expire(oracle, entry, &message->expire); break;
        case MESSAGE_PAUSE: hear_pause(oracle, entry, message->pause.until_ms); break;
        case MESSAGE_RESUME: hear_resume(oracle, message->resume.pause); break;
        case MESSAGE_PING: hear_ping(oracle, entry, &message->ping); break;
        default: break;
        }
}
