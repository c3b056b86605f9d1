/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Agents see the proxy's port as the broker's. */

#include "tests/chaos/bad_network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "proto/codec.h"
#include "tests/lib/figures.h"
#include "tests/lib/raw_agent.h"
#include "tests/lib/test.h"

enum {
        SENDERS = 2,
        WINDOW = 8,
        WARM_MS = 200,
        ANSWER_MS = 30000,
        TALK_BYTES = 1400,
        HEAR_MS = 5,
        TAKEN_MS = 10000,
};

void bad_network_init(BadNetwork *network, bool is_direct) {
        Fleet *fleet = &network->fleet;

        tcp_broker_init(&network->broker, "");
        fleet_init(fleet, network->broker.real.dir, "m", SENDERS, WINDOW);
        tcp_proxy_start(&network->proxy, network->broker.port);
        if (!is_direct) {
                free(fleet->project.endpoint);
                fleet->project.endpoint = mem_printf("tcp://127.0.0.1:%u", network->proxy.port);
        }
        for (size_t i = 0; i < SENDERS; i++)
                fleet_restart(fleet, i);
        real_broker_start(&network->broker.real);
        fleet_run(fleet, WARM_MS);
        fleet_settle(fleet, ANSWER_MS);
}

void bad_network_deinit(BadNetwork *network) {
        fleet_deinit(&network->fleet);
        tcp_proxy_stop(&network->proxy);
        tcp_broker_deinit(&network->broker);
}

uint64_t bad_network_heal(BadNetwork *network) {
        cleanup_free char *ledger = mem_printf("%s/.coldgate/ledger.db", network->broker.real.dir);
        TcpWeather *weather = network->proxy.weather;
        uint64_t healed_ms = clock_mono_ms(), took_ms;
        Fleet *fleet = &network->fleet;

        weather->reset_after = weather->delay_ms_max = weather->piece_max = 0;
        weather->swap_one_in = 0;
        weather->holds_up = weather->holds_down = false;
        while (fleet->answered_ms <= healed_ms) {
                CHECK(clock_mono_ms() - healed_ms < ANSWER_MS);
                fleet_step(fleet, 20);
        }
        took_ms = fleet->answered_ms - healed_ms;
        fleet_settle(fleet, ANSWER_MS);
        history_check(&fleet->history, ledger, DECEIT_NONE);
        history_expect_whole(&fleet->history);
        return took_ms;
}

static void talk_until_reset(BadNetwork *network, const Key *key, uint32_t n) {
        const RealBroker *real = &network->broker.real;
        RawAgent agent = {.client = NULL, .key = *key};
        Message hello = {.type = MESSAGE_HELLO,
                         .hello = {.protocol = 1, .program = slice_text("cut")}};
        uint32_t n_resets = network->proxy.weather->n_resets;
        uint64_t end_ms = clock_mono_ms() + ANSWER_MS;
        cleanup_buf Buf frame = BUF_INIT((size_t)1 << 20);
        CodecFault codec_fault;
        Fault fault = FAULT_INIT;

        network->proxy.weather->reset_after = n;
        CHECK_EQ_INT(channel_client_new(network->fleet.project.endpoint, &agent.key,
                                        real->project.broker_key.curve, &agent.client, &fault),
                     0);
        message_set_present(&hello);
        while (network->proxy.weather->n_resets == n_resets) {
                CHECK(clock_mono_ms() < end_ms);
                buf_clear(&frame);
                CHECK_EQ_INT(codec_encode(&hello, &frame, &codec_fault), 0);
                (void)raw_agent_send(&agent, buf_get(&frame));
                raw_agent_make_note(&agent, "m", &frame);
                (void)raw_agent_send(&agent, buf_get(&frame));
                raw_agent_hear(&agent, HEAR_MS);
        }
        agent.client = channel_client_free(agent.client);
}

typedef struct FdsWanted {
        pid_t pid;
        size_t n;
} FdsWanted;

static bool has_few_fds(void *userdata) {
        const FdsWanted *wanted = userdata;

        return process_count_fds(wanted->pid) <= wanted->n;
}

static bool has_taken_all(void *userdata) {
        const FdsWanted *wanted = userdata;

        return process_count_fds(wanted->pid) >= wanted->n;
}

/* It takes connections and never closes one. */
static void noreturn_ keep_for_ever(int listener) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
                (void)accept4(listener, NULL, NULL, SOCK_CLOEXEC);
}

static int connect_to(uint16_t port) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        CHECK(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
        return fd;
}

size_t bad_network_reset_keeper(uint32_t n, uint64_t limit_ms) {
        struct sockaddr_in address = {.sin_family = AF_INET};
        int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        socklen_t n_address = sizeof address;
        cleanup_tcp_proxy TcpProxy proxy;
        FdsWanted wanted;

        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        CHECK(bind(listener, (struct sockaddr *)&address, n_address) == 0 &&
              listen(listener, SOMAXCONN) == 0 &&
              getsockname(listener, (struct sockaddr *)&address, &n_address) == 0);
        wanted.pid = fork();
        if (wanted.pid == 0)
                keep_for_ever(listener);
        CHECK(wanted.pid > 0);
        fd_close(&listener);
        wanted.n = process_count_fds(wanted.pid);
        tcp_proxy_start(&proxy, ntohs(address.sin_port));
        proxy.weather->reset_after = 1;
        for (uint32_t i = 0; i < n; i++) {
                cleanup_fd int fd = connect_to(proxy.port);
                char byte = 0;

                (void)!send(fd, &byte, 1, MSG_NOSIGNAL);
                (void)!recv(fd, &byte, 1, 0); /* until it is reset */
        }
        wanted.n += n;
        CHECK(test_wait_until(has_taken_all, &wanted, TAKEN_MS));
        wanted.n -= n;
        (void)!test_wait_until(has_few_fds, &wanted, limit_ms);
        wanted.n = process_count_fds(wanted.pid) - wanted.n;
        raw_agent_end_flood(wanted.pid);
        return wanted.n;
}

void bad_network_reset_each(BadNetwork *network, uint32_t step) {
        cleanup_free char *path =
                mem_printf("%s/.coldgate/keys/adversary", network->broker.real.dir);
        pid_t pid = process_get_pid(network->broker.real.process);
        FdsWanted wanted = {pid, process_count_fds(pid)};
        Fault fault = FAULT_INIT;
        cleanup_key Key key;

        CHECK_EQ_INT(key_read(path, &key, &fault), 0);
        for (uint32_t n = 1; n < TALK_BYTES; n += step)
                talk_until_reset(network, &key, n);
        network->proxy.weather->reset_after = 0;
        CHECK(test_wait_until(has_few_fds, &wanted, ANSWER_MS));
        printf("# connections reset at a byte | %u, descriptors left %zu\n",
               network->proxy.weather->n_resets, process_count_fds(pid) - wanted.n);
}
