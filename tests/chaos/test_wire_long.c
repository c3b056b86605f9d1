/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A hundred thousand connections whose bytes are not what ZeroMQ says, at a real broker; and ten
 * thousand that say nothing. */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/hash.h"
#include "base/mem.h"
#include "tests/chaos/crowds.h"
#include "tests/chaos/mute.h"
#include "tests/lib/figures.h"
#include "tests/lib/raw_agent.h"
#include "tests/lib/tcp_broker.h"
#include "tests/lib/tcp_proxy.h"
#include "tests/lib/test.h"

enum {
        ANSWER_MS = 30000,
        N_MUTATED = 100000,
        N_WARM = 25000,
        N_LIVE = 3000,
        LIVE_SLICE = 1500,
        LIVE_MS = 15,
        AT_ONCE = 16,
        READ_MS = 20,
        ALIVE_EVERY = 1000,
        GROWTH_KIB_MAX = 1024,
        MORE_BYTES = 64,
        LARGE = 10000,
        MUTE_MS = 10000,
        N_ALLOWED = 8,
        PLANTED_BYTE = 0x2a,
};

/* What a client of ours says until it is welcome, and a little more. */
typedef struct Said {
        uint8_t bytes[TCP_SAID_BYTES + MORE_BYTES];
        size_t n;
} Said;

static uint32_t chance(void) {
        uint32_t number;

        random_bytes(&number, sizeof number);
        return number;
}

static void record(const TcpBroker *broker, Said *ret_said) {
        cleanup_tcp_proxy TcpProxy proxy;
        Project project = broker->real.project;
        cleanup_raw_agent RawAgent agent;

        tcp_proxy_start(&proxy, broker->port);
        project.endpoint = mem_printf("tcp://127.0.0.1:%u", proxy.port);
        raw_agent_connect(&agent, &project, "builder");
        (void)raw_agent_note(&agent, "m", ANSWER_MS);
        ret_said->n = proxy.weather->n_said;
        memcpy(ret_said->bytes, proxy.weather->said, ret_said->n);
        free(project.endpoint);
        CHECK(ret_said->n > 300);
}

/* One to four changes: a bit, a byte, a length; bytes that are missing, twice or new; an early
 * end. Most are behind the greeting, where the parser is. */
static void mutate(const Said *said, Said *ret_said) {
        *ret_said = *said;
        for (uint32_t n = 1 + chance() % 4; n > 0 && ret_said->n > MORE_BYTES; n--) {
                size_t place = chance() % ret_said->n, many = 1 + chance() % MORE_BYTES;
                uint8_t *at = ret_said->bytes + place;

                many = size_min(many, ret_said->n - place);
                switch (chance() % 7) {
                case 0: *at ^= (uint8_t)(1u << (chance() % 8)); break;
                case 1: *at = (uint8_t)chance(); break;
                case 2: memset(at, chance() % 2 ? 0xff : 0, many); break;
                case 3: random_bytes(at, many); break;
                case 4:
                        memmove(at, at + many, ret_said->n - place - many);
                        ret_said->n -= many;
                        break;
                case 5: ret_said->n = place + 1; break;
                default:
                        if (ret_said->n + many <= sizeof ret_said->bytes) {
                                memmove(at + many, at, ret_said->n - place);
                                ret_said->n += many;
                        }
                }
        }
}

/* From many addresses, for there are not enough ports of one. */
static int open_from(uint16_t port, uint32_t number) {
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
        struct sockaddr_in from = {.sin_family = AF_INET};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const int later = 1;

        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + number % 100);
        CHECK(fd >= 0);
        (void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &later, sizeof later);
        CHECK(bind(fd, (struct sockaddr *)&from, sizeof from) == 0);
        if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
                fd_close(&fd);
        return fd;
}

/* Some at once; each is left open until the server has closed it or a little while is over. False:
 * nobody takes connections. */
static bool throw_some(uint16_t port, const Said *said, uint32_t number) {
        struct pollfd items[AT_ONCE];
        uint64_t end_ms = clock_mono_ms() + READ_MS;
        bool is_there = true;
        int n_open = AT_ONCE;

        for (uint32_t i = 0; i < AT_ONCE; i++) {
                Said mutated;

                mutate(said, &mutated);
                items[i] = (struct pollfd){.fd = open_from(port, number + i), .events = POLLIN};
                if (items[i].fd < 0)
                        is_there = false;
                else
                        (void)!send(items[i].fd, mutated.bytes, mutated.n, MSG_NOSIGNAL);
        }
        while (is_there && n_open > AT_ONCE / 4 && clock_mono_ms() < end_ms) {
                (void)poll(items, AT_ONCE, 1);
                n_open = 0;
                for (size_t i = 0; i < AT_ONCE; i++) {
                        char bytes[1024];
                        ssize_t n = items[i].fd < 0
                                            ? 0
                                            : recv(items[i].fd, bytes, sizeof bytes, MSG_DONTWAIT);

                        if (n == 0 || (n < 0 && errno != EAGAIN))
                                fd_close(&items[i].fd);
                        n_open += items[i].fd >= 0;
                }
        }
        for (size_t i = 0; i < AT_ONCE; i++)
                fd_close(&items[i].fd);
        return is_there;
}

/* The same loop finds it if the server dies: how many connections it took, or `n`. */
static uint32_t throw_all(uint16_t port, const Said *said, uint32_t n, RawAgent *good) {
        uint32_t i = 0;

        while (i < n && throw_some(port, said, i)) {
                i += AT_ONCE;
                if (good && i % ALIVE_EVERY < AT_ONCE)
                        (void)raw_agent_note(good, "m", ANSWER_MS);
        }
        return i < n ? i : n;
}

/* Live handshakes of which one bit is another, at the bytes from `first` on. */
static void throw_live(const TcpBroker *broker, const Said *said, const Key *key, uint32_t first) {
        cleanup_free char *endpoint = NULL;
        cleanup_tcp_proxy TcpProxy proxy;
        Fault fault = FAULT_INIT;

        tcp_proxy_start(&proxy, broker->port);
        endpoint = mem_printf("tcp://127.0.0.1:%u", proxy.port);
        for (uint32_t i = first; i < first + LIVE_SLICE; i++) {
                ChannelClient *client = NULL;
                LoopWait wait = {.client_wants_send = true};

                proxy.weather->flip_at = (uint32_t)(1 + i % said->n);
                CHECK_EQ_INT(channel_client_new(endpoint, key,
                                                broker->real.project.broker_key.curve, &client,
                                                &fault),
                             0);
                wait.client = client;
                CHECK_EQ_INT(loop_wait(&wait, LIVE_MS), 0);
                (void)!channel_client_send(client, slice_text("not a message"));
                (void)channel_client_free(client);
        }
}

TEST(a_hundred_thousand_mutated_connections_crash_nothing_and_cost_nothing) {
        cleanup_tcp_broker TcpBroker broker;
        cleanup_raw_agent RawAgent good;
        uint64_t began_ms, kib, more_kib;
        size_t n_fds;
        Said said;
        pid_t pid;

        tcp_broker_start(&broker, "");
        pid = process_get_pid(broker.real.process);
        raw_agent_connect(&good, &broker.real.project, "builder");
        record(&broker, &said);
        CHECK_EQ_U64(throw_all(broker.port, &said, N_WARM, &good), N_WARM);
        kib = process_resident_kib(pid);
        n_fds = process_count_fds(pid);
        began_ms = clock_mono_ms();
        CHECK_EQ_U64(throw_all(broker.port, &said, N_MUTATED, &good), N_MUTATED);
        more_kib = process_resident_kib(pid) - kib;
        printf("# mutated connections | %d in %llu s, crashes 0; memory %lld KiB more; descriptors "
               "%zu, then %zu\n",
               N_MUTATED, (unsigned long long)((clock_mono_ms() - began_ms) / 1000),
               (long long)more_kib, n_fds, process_count_fds(pid));
        CHECK(process_is_running(broker.real.process));
        CHECK((int64_t)more_kib <= GROWTH_KIB_MAX);
        (void)raw_agent_note(&good, "m", ANSWER_MS);
}

/* libzmq 4.3.4 has an assertion for peers that go away at a bad moment (decision 046). */
static void try_live(bool is_stranger) {
        cleanup_free char *path = NULL;
        cleanup_tcp_broker TcpBroker broker;
        Fault fault = FAULT_INIT;
        cleanup_key Key key;
        uint32_t n_notes = 0;
        Said said;

        tcp_broker_start(&broker, "");
        record(&broker, &said);
        path = mem_printf("%s/.coldgate/keys/adversary", broker.real.dir);
        CHECK_EQ_INT(key_read(path, &key, &fault), 0);
        if (is_stranger)
                key_make(&key);
        for (uint32_t i = 0; i < N_LIVE; i += LIVE_SLICE) {
                cleanup_raw_agent RawAgent good;

                throw_live(&broker, &said, &key, i);
                raw_agent_connect(&good, &broker.real.project, "builder");
                (void)raw_agent_note(&good, "m", ANSWER_MS);
                CHECK(good.ack_seq > n_notes);
                n_notes++;
                CHECK(process_is_running(broker.real.process));
        }
        printf("# live handshakes with a changed bit | of %s %d, notes beside them %u; ends 0\n",
               is_stranger ? "a stranger" : "an admitted key", N_LIVE, n_notes);
        real_broker_do(&broker.real, NULL, "verify");
}

TEST(live_handshakes_with_a_changed_bit_end_nothing) {
        try_live(false);
        try_live(true);
}

/* It reads what a client says, and one byte in one place ends it. */
static void noreturn_ serve_with_a_bug(int listener) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
                cleanup_fd int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
                uint8_t bytes[TCP_SAID_BYTES + MORE_BYTES];
                ssize_t n = recv(fd, bytes, sizeof bytes, 0);

                if (n > MORE_BYTES && bytes[MORE_BYTES] == PLANTED_BYTE)
                        abort();
        }
}

TEST(a_server_with_a_planted_bug_is_found_dead) {
        struct sockaddr_in address = {.sin_family = AF_INET};
        socklen_t n = sizeof address;
        cleanup_fd int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        Said said = {.n = 512};
        uint32_t n_taken;
        pid_t pid;

        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        CHECK(bind(listener, (struct sockaddr *)&address, n) == 0 && listen(listener, 64) == 0);
        CHECK(getsockname(listener, (struct sockaddr *)&address, &n) == 0);
        memset(said.bytes, 0, sizeof said.bytes);
        pid = fork();
        if (pid == 0)
                serve_with_a_bug(listener);
        fd_close(&listener);
        n_taken = throw_all(ntohs(address.sin_port), &said, N_MUTATED, NULL);
        printf("# a planted bug | found by connection %u at the latest\n", n_taken);
        CHECK(n_taken < N_MUTATED);
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
}

/* ---- many that say nothing; a long silence of the key check ---- */

TEST(ten_thousand_idle_connections_keep_nobody_out) {
        size_t n_idle = crowds_most(LARGE);
        Crowds crowds;

        crowds_try(n_idle / 2, n_idle, &crowds);
        crowds_print(&crowds);
        CHECK(crowds.welcome_ms <= 4000);
        CHECK(crowds.cpu_percent <= 30);
}

TEST(ten_thousand_idle_connections_keep_a_good_one_out_where_nobody_limits_them) {
        Crowds crowds;

        crowds_try_plain(crowds_most(LARGE) / 2, crowds_most(LARGE), &crowds);
        crowds_print(&crowds);
        CHECK(!crowds.is_served);
}

TEST(who_may_is_in_soon_after_the_key_check_was_mute_for_long) {
        cleanup_tcp_broker TcpBroker broker;
        Mute mute;

        tcp_broker_start(&broker, "");
        mute_try(&broker, N_ALLOWED, MUTE_MS, &mute);
        printf("# key check mute for %d ms | in meanwhile 0, unknown key in 0; %d allowed in "
               "after %llu ms at most\n",
               MUTE_MS, N_ALLOWED, (unsigned long long)mute.back_ms);
        CHECK(mute.back_ms <= 1000);
}
