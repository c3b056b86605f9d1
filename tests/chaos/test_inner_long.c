/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* An admitted agent that says inside of its encryption what ZeroMQ never says: commands of any name
 * and length, flags that do not fit, metadata that is none; and that hangs up anywhere. */

#include <dlfcn.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <zmq.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "tests/lib/dealer.h"
#include "tests/lib/fleet.h"
#include "tests/lib/tcp_broker.h"
#include "tests/lib/tcp_proxy.h"
#include "tests/lib/test.h"

enum {
        N_ATTACKERS = 4,
        N_SENDERS = 2,
        WINDOW = 16,
        ATTACK_MS = 240000,
        SEND_MS = 200,
        ANSWER_MS = 60000,
        BURST_MAX = 400,
        TEXT_MAX = 300,
        ROUTE_MAX = 255,
        PLAIN_HEAD = 32 + 128, /* of an INITIATE: zeros, and what the handshake is made of */
};

/* Of an attacker's process only. */
static bool is_hostile, mutates_metadata;

typedef int (*Box)(unsigned char *, const unsigned char *, unsigned long long,
                   const unsigned char *, const unsigned char *);
typedef int (*BoxKeys)(unsigned char *, const unsigned char *, unsigned long long,
                       const unsigned char *, const unsigned char *, const unsigned char *);

int crypto_box_easy_afternm(unsigned char *box, const unsigned char *text, unsigned long long n,
                            const unsigned char *nonce, const unsigned char *key);
int crypto_box(unsigned char *box, const unsigned char *text, unsigned long long n,
               const unsigned char *nonce, const unsigned char *public,
               const unsigned char *secret);

static uint32_t chance(uint32_t n) {
        uint32_t number;

        random_bytes(&number, sizeof number);
        return number % n;
}

static void *find(const char *name) {
        void *function = dlsym(RTLD_NEXT, name);

        CHECK(function != NULL);
        return function;
}

static unsigned char *copy(const unsigned char *text, unsigned long long n) {
        unsigned char *own = mem_alloc_array((size_t)n + 1, 1);

        memcpy(own, text, (size_t)n);
        return own;
}

/* libsodium's, as libzmq's client finds them in this program: the flags of each message are by
 * chance. */
int crypto_box_easy_afternm(unsigned char *box, const unsigned char *text, unsigned long long n,
                            const unsigned char *nonce, const unsigned char *key) {
        unsigned char *own = copy(text, n);
        Box real;
        void *function = find("crypto_box_easy_afternm");
        int r;

        memcpy(&real, &function, sizeof real);
        if (is_hostile && n > 0 && chance(3) == 0)
                own[0] = (unsigned char)(chance(4) == 0 ? chance(256) : chance(4));
        r = real(box, own, n, nonce, key);
        free(own);
        return r;
}

int crypto_box(unsigned char *box, const unsigned char *text, unsigned long long n,
               const unsigned char *nonce, const unsigned char *public,
               const unsigned char *secret) {
        unsigned char *own = copy(text, n);
        BoxKeys real;
        void *function = find("crypto_box");
        int r;

        memcpy(&real, &function, sizeof real);
        if (is_hostile && mutates_metadata && n > PLAIN_HEAD)
                for (uint32_t i = 1 + chance(3); i > 0; i--)
                        own[PLAIN_HEAD + chance((uint32_t)n - PLAIN_HEAD)] =
                                (unsigned char)chance(256);
        r = real(box, own, n, nonce, public, secret);
        free(own);
        return r;
}

/* The name of a command, and whatever. */
static size_t make_text(uint8_t text[TEXT_MAX]) {
        static const char *const names[] = {"\4PING",   "\4PONG",  "\x09SUBSCRIBE", "\6CANCEL",
                                            "\4JOIN",   "\5LEAVE", "\5ERROR",       "\5READY",
                                            "\xffPING", "",        "\x07MESSAGE"};
        const char *name = names[chance(ARRAY_SIZE(names))];
        size_t n_name = strlen(name), n = chance(2) ? chance(24) : chance(TEXT_MAX);

        random_bytes(text, TEXT_MAX);
        memcpy(text, name, n_name);
        return chance(8) == 0 ? n : size_min(n_name + n, TEXT_MAX);
}

static void say_some(const Dealer *dealer) {
        for (uint32_t n = chance(BURST_MAX); n > 0; n--) {
                uint8_t text[TEXT_MAX];
                size_t n_text = make_text(text);

                if (!dealer_send(dealer, slice_make(text, n_text), false, SEND_MS))
                        return;
        }
}

static void attack_once(const TcpBroker *broker, const TcpProxy *proxy, const Key *key) {
        cleanup_free char *endpoint =
                mem_printf("tcp://127.0.0.1:%u", chance(2) ? proxy->port : broker->port);
        uint8_t route[ROUTE_MAX];
        size_t n = chance(3) == 0 ? chance(ROUTE_MAX) : chance(2) * 5;
        Dealer dealer;

        random_bytes(route, sizeof route);
        mutates_metadata = chance(4) == 0;
        proxy->weather->reset_after = chance(3) == 0 ? 0 : 300 + chance(20000);
        dealer_open(&dealer, endpoint, key, broker->real.project.broker_key.curve,
                    slice_make(route, n));
        say_some(&dealer);
        if (chance(4) == 0)
                (void)poll(NULL, 0, (int)chance(20));
        dealer_close(&dealer);
}

static pid_t start_attacker(const TcpBroker *broker, const Key *key, volatile uint64_t *n_done) {
        pid_t pid = fork();
        TcpProxy proxy;

        if (pid != 0) {
                CHECK(pid > 0);
                return pid;
        }
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        tcp_proxy_start(&proxy, broker->port);
        is_hostile = true;
        for (;; (*n_done)++)
                attack_once(broker, &proxy, key);
}

typedef struct Raid {
        volatile uint64_t *n_done; /* by each attacker */
        pid_t pids[N_ATTACKERS];
} Raid;

static void raid_begin(Raid *raid, const TcpBroker *broker) {
        cleanup_free char *path = mem_printf("%s/.coldgate/keys/adversary", broker->real.dir);
        Fault fault = FAULT_INIT;
        cleanup_key Key key;

        CHECK_EQ_INT(key_read(path, &key, &fault), 0);
        raid->n_done = mmap(NULL, N_ATTACKERS * sizeof *raid->n_done, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        CHECK(raid->n_done != MAP_FAILED);
        for (size_t i = 0; i < N_ATTACKERS; i++)
                raid->pids[i] = start_attacker(broker, &key, &raid->n_done[i]);
}

/* How many connections there were. */
static uint64_t raid_end(Raid *raid) {
        uint64_t n = 0;

        for (size_t i = 0; i < N_ATTACKERS; i++) {
                (void)kill(raid->pids[i], SIGKILL);
                (void)waitpid(raid->pids[i], NULL, 0);
                n += raid->n_done[i];
        }
        (void)munmap((void *)raid->n_done, N_ATTACKERS * sizeof *raid->n_done);
        return n;
}

TEST(an_admitted_agent_that_says_inside_of_its_encryption_what_it_likes_ends_nothing) {
        cleanup_free char *ledger = NULL;
        cleanup_tcp_broker TcpBroker broker;
        cleanup_fleet Fleet fleet;
        uint64_t n;
        Raid raid;

        tcp_broker_init(&broker, "");
        fleet_init(&fleet, broker.real.dir, "m", N_SENDERS, WINDOW);
        real_broker_start(&broker.real);
        raid_begin(&raid, &broker);
        fleet_run(&fleet, ATTACK_MS);
        n = raid_end(&raid);
        if (!process_is_running(broker.real.process))
                FAIL_TEST("ended after %llu connections: %s", (unsigned long long)n,
                          process_get_err(broker.real.process));
        fleet_settle(&fleet, ANSWER_MS);
        real_broker_stop(&broker.real);
        ledger = mem_printf("%s/.coldgate/ledger.db", broker.real.dir);
        history_check(&fleet.history, ledger, DECEIT_NONE);
        history_expect_whole(&fleet.history);
        printf("# inside of the encryption | %llu connections, ends 0; %zu entries beside them, "
               "lost 0, twice 0\n",
               (unsigned long long)n, fleet.history.n_rows);
}

static bool has_ended(void *userdata) {
        return !process_is_running(((const TcpBroker *)userdata)->real.process);
}

/* The same broker without quiet_resets.c. */
TEST(a_broker_that_lets_libzmq_hear_of_resets_is_soon_ended_by_who_says_what_it_likes) {
        cleanup_tcp_broker TcpBroker broker;
        uint64_t n;
        Raid raid;

        CHECK_EQ_INT(setenv("COLDGATE_BROKER", bench_program("COLDGATE_BROKER_LOUD"), 1), 0);
        tcp_broker_start(&broker, "");
        raid_begin(&raid, &broker);
        CHECK(test_wait_until(has_ended, &broker, ATTACK_MS));
        n = raid_end(&raid);
        CHECK_CONTAINS(process_get_err(broker.real.process), "!_io_error");
        printf("# the same without quiet_resets.c | ended after %llu connections\n",
               (unsigned long long)n);
}
