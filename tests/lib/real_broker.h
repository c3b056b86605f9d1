/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* A project in a fresh directory with the real broker: its daemon and its verbs. Whatever does not
 * go as it should ends the test with what was printed. */

#include "base/buf.h"
#include "client/session.h"
#include "tests/lib/bench.h"

typedef struct RealBroker {
        const char *dir;
        Process *process; /* NULL: none runs */
        Project project;
} RealBroker;

/* `broker init`, in a directory of its own or in a given one. */
void real_broker_init(RealBroker *broker);
void real_broker_init_in(RealBroker *broker, const char *dir);
void real_broker_init_at(RealBroker *broker, const char *endpoint);
void real_broker_deinit(RealBroker *broker);
#define cleanup_real_broker cleanup(real_broker_deinit)

/* Until it says that it is ready. */
void real_broker_start(RealBroker *broker);
/* SIGTERM; it must end with 0 within some seconds. */
void real_broker_stop(RealBroker *broker);
/* SIGKILL. */
void real_broker_kill(RealBroker *broker);

/* A verb, in the project's directory; its exit status. The streams are added to the buffers, which
 * may be NULL. */
#define real_broker_verb(broker, out, err, ...)                                                    \
        real_broker_verb_argv((broker), (out), (err), (const char *[]){__VA_ARGS__, NULL})
int real_broker_verb_argv(const RealBroker *broker, Buf *out, Buf *err, const char *const *words);
/* The same, which must give 0. */
#define real_broker_do(broker, out, ...)                                                           \
        real_broker_do_argv((broker), (out), (const char *[]){__VA_ARGS__, NULL})
void real_broker_do_argv(const RealBroker *broker, Buf *out, const char *const *words);

/* A small plan of phase "m" with gates M1 and M2, approved. */
void real_broker_approve(const RealBroker *broker);

/* A session with a key of .coldgate/keys, not yet connected. */
Session *real_broker_session(const RealBroker *broker, const char *key) must_check;
