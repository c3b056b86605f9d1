/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A debugger stops one thread of a process, the first, which is the loop's. */

#include "tests/chaos/mute.h"

#include <sys/ptrace.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/mem.h"
#include "proto/channel.h"
#include "proto/loop.h"
#include "tests/lib/test.h"

enum { BACK_MS = 20000, STEP_MS = 10 };

void mute_begin(pid_t pid) {
        int status;

        if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0)
                SKIP("no process can be traced here");
        CHECK(ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) == 0);
        CHECK(waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status));
}

void mute_end(pid_t pid) {
        CHECK(ptrace(PTRACE_DETACH, pid, NULL, NULL) == 0);
}

static ChannelClient *connect_with(const TcpBroker *broker, const char *name) {
        cleanup_free char *path = mem_printf("%s/.coldgate/keys/%s", broker->real.dir, name);
        const Project *project = &broker->real.project;
        ChannelClient *client = NULL;
        Fault fault = FAULT_INIT;
        cleanup_key Key key;

        CHECK_EQ_INT(key_read(path, &key, &fault), 0);
        CHECK_EQ_INT(channel_client_new(project->endpoint, &key, project->broker_key.curve, &client,
                                        &fault),
                     0);
        return client;
}

static size_t count_in(ChannelClient **clients, size_t n) {
        size_t n_in = 0;

        for (size_t i = 0; i < n; i++)
                n_in += channel_client_count_connections(clients[i]) > 0;
        return n_in;
}

static void step(ChannelClient *client) {
        LoopWait wait = {.client = client};

        CHECK_EQ_INT(loop_wait(&wait, STEP_MS), 0);
}

void mute_try(const TcpBroker *broker, size_t n_allowed, uint64_t mute_ms, Mute *ret_mute) {
        pid_t pid = process_get_pid(broker->real.process);
        ChannelClient *clients[MUTE_CLIENTS_MAX + 1];
        uint64_t began_ms, back_ms;

        real_broker_do(&broker->real, NULL, "keygen", "stranger");
        mute_begin(pid);
        began_ms = clock_mono_ms();
        for (size_t i = 0; i < n_allowed; i++)
                clients[i] = connect_with(broker, "builder");
        clients[n_allowed] = connect_with(broker, "stranger");
        while (clock_mono_ms() - began_ms < mute_ms) {
                step(clients[n_allowed]);
                CHECK_EQ_U64(count_in(clients, n_allowed + 1), 0);
        }
        back_ms = clock_mono_ms();
        mute_end(pid);
        while (count_in(clients, n_allowed) < n_allowed) {
                CHECK(clock_mono_ms() - back_ms < BACK_MS);
                step(clients[0]);
        }
        ret_mute->back_ms = clock_mono_ms() - back_ms;
        while (!channel_client_is_key_refused(clients[n_allowed])) {
                CHECK(clock_mono_ms() - back_ms < BACK_MS);
                step(clients[n_allowed]);
        }
        CHECK_EQ_U64(count_in(&clients[n_allowed], 1), 0);
        for (size_t i = 0; i <= n_allowed; i++)
                (void)channel_client_free(clients[i]);
}
