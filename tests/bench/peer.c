/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Peers as rows: how one is started, and in which protocol it is spoken to. */

#include "tests/bench/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/hash.h"
#include "base/mem.h"
#include "tests/lib/test.h"

enum { START_MS = 60000, ENV_MAX = 16, IN_BYTES_MAX = 1 << 20, OUT_BYTES_MAX = 64 << 20 };

struct Peer {
        PeerKind kind;
        const char *dir;
        unsigned port;
        Process *process;
};

/* ---- programs ---- */

static unsigned free_port(void) {
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        cleanup_fd int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        socklen_t n = sizeof address;

        CHECK(fd >= 0);
        CHECK_EQ_INT(bind(fd, (struct sockaddr *)&address, n), 0);
        CHECK_EQ_INT(getsockname(fd, (struct sockaddr *)&address, &n), 0);
        return ntohs(address.sin_port);
}

static Process *start_redis(const Peer *peer) {
        cleanup_free char *port = mem_printf("%u", peer->port);
        ProcessSpec spec = {.argv = {"redis-server", "--port", port, "--bind", "127.0.0.1", "--dir",
                                     peer->dir, "--save", "", "--appendonly", "yes",
                                     "--appendfsync", "always"}};

        return process_start(&spec);
}

/* The script of the package wants to be another user; the one behind it does not. */
static Process *start_rabbit(const Peer *peer) {
        static const char *const formats[] = {
                "HOME=%s",
                "RABBITMQ_MNESIA_BASE=%s/mnesia",
                "RABBITMQ_LOG_BASE=%s/log",
                "RABBITMQ_ENABLED_PLUGINS_FILE=%s/plugins",
                "RABBITMQ_CONF_ENV_FILE=%s/none",
                "RABBITMQ_CONFIG_FILE=%s/none",
        };
        static const char erlang[] = "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="
                                     "-kernel inet_dist_use_interface {127,0,0,1}";
        const char *env[ENV_MAX] = {"RABBITMQ_NODE_IP_ADDRESS=127.0.0.1",
                                    "RABBITMQ_NODENAME=bench@localhost", erlang,
                                    "ERL_EPMD_ADDRESS=127.0.0.1"};
        ProcessSpec spec = {.argv = {"/usr/lib/rabbitmq/bin/rabbitmq-server"}, .env = env};
        char *made[ARRAY_SIZE(formats) + 3];
        size_t n = 0;
        Process *process;

        bench_write(peer->dir, "plugins", "[].\n", 0644);
        for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
                made[n++] = mem_printf(formats[i], peer->dir);
        made[n++] = mem_printf("RABBITMQ_NODE_PORT=%u", peer->port);
        made[n++] = mem_printf("RABBITMQ_DIST_PORT=%u", free_port());
        made[n++] = mem_printf("ERL_EPMD_PORT=%u", free_port());
        for (size_t i = 0; i < n; i++)
                env[4 + i] = made[i];
        process = process_start(&spec);
        for (size_t i = 0; i < n; i++)
                free(made[i]);
        return process;
}

static Process *start_nats(const Peer *peer) {
        cleanup_free char *port = mem_printf("%u", peer->port);
        ProcessSpec spec = {
                .argv = {"nats-server", "-a", "127.0.0.1", "-p", port, "-js", "-sd", peer->dir}};

        return process_start(&spec);
}

static Process *start_mosquitto(const Peer *peer) {
        cleanup_free char *text = mem_printf("listener %u 127.0.0.1\nallow_anonymous true\n"
                                             "user root\npersistence true\n"
                                             "persistence_location %s/\n"
                                             "max_queued_messages 0\nmax_inflight_messages 0\n",
                                             peer->port, peer->dir);
        cleanup_free char *path = mem_printf("%s/conf", peer->dir);
        ProcessSpec spec = {.argv = {"mosquitto", "-c", path}};

        bench_write(peer->dir, "conf", text, 0644);
        return process_start(&spec);
}

static const struct {
        const char *name;
        const char *programs[2]; /* where Debian puts it */
        Process *(*start)(const Peer *peer);
        const PeerWire *wire;
} peer_rows[_PEER_MAX] = {
        [PEER_REDIS] = {"redis", {"/usr/bin/redis-server"}, start_redis, &peer_wire_resp},
        [PEER_RABBIT] = {"rabbitmq",
                         {"/usr/lib/rabbitmq/bin/rabbitmq-server"},
                         start_rabbit,
                         &peer_wire_amqp},
        [PEER_NATS] = {"nats",
                       {"/usr/sbin/nats-server", "/usr/bin/nats-server"},
                       start_nats,
                       &peer_wire_nats},
        [PEER_MOSQUITTO] = {"mosquitto", {"/usr/sbin/mosquitto"}, start_mosquitto, &peer_wire_mqtt},
};

static bool is_installed(PeerKind kind) {
        for (size_t i = 0; i < ARRAY_SIZE(peer_rows[kind].programs); i++)
                if (peer_rows[kind].programs[i] && access(peer_rows[kind].programs[i], X_OK) == 0)
                        return true;
        return false;
}

/* -1 while it does not listen. */
static int try_connect(const Peer *peer) {
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                      .sin_port = htons((uint16_t)peer->port)};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

        CHECK(fd >= 0);
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
                return fd;
        (void)close(fd);
        return -1;
}

static bool listens(void *userdata) {
        Peer *peer = userdata;
        int fd = try_connect(peer);

        if (!process_is_running(peer->process))
                FAIL_TEST("%s ended: %s %s", peer_rows[peer->kind].name,
                          process_get_out(peer->process), process_get_err(peer->process));
        if (fd >= 0)
                (void)close(fd);
        return fd >= 0;
}

Peer *peer_start(PeerKind kind, const char **ret_why) {
        Peer *peer;

        if (!is_installed(kind)) {
                *ret_why = "its package is not installed";
                return NULL;
        }
        peer = mem_new(Peer);
        peer->kind = kind;
        peer->dir = test_dir();
        peer->port = free_port();
        peer->process = peer_rows[kind].start(peer);
        if (!test_wait_until(listens, peer, START_MS))
                FAIL_TEST("%s does not listen", peer_rows[kind].name);
        if (peer_rows[kind].wire->prepare) {
                cleanup_fd int fd = try_connect(peer);

                peer_rows[kind].wire->prepare(fd);
        }
        return peer;
}

Peer *peer_free(Peer *peer) {
        if (!peer)
                return NULL;
        /* A group of its own: scripts have the server as their child. */
        (void)kill(-process_get_pid(peer->process), SIGKILL);
        peer->process = process_free(peer->process);
        free(peer);
        return NULL;
}

int peer_get_pid(const Peer *peer) {
        return (int)process_get_pid(peer->process);
}

/* ---- connections ---- */

void peer_write(int fd, Slice bytes) {
        while (bytes.n) {
                ssize_t n = write(fd, bytes.data, bytes.n);

                if (n < 0 && errno != EINTR)
                        FAIL_TEST("write: %s", strerror(errno));
                if (n > 0)
                        bytes = slice_from(bytes, (size_t)n);
        }
}

void peer_read(int fd, void *bytes, size_t n) {
        for (size_t have = 0; have < n;) {
                ssize_t r = read(fd, (uint8_t *)bytes + have, n - have);

                if (r == 0 || (r < 0 && errno != EINTR))
                        FAIL_TEST("the peer said no more");
                if (r > 0)
                        have += (size_t)r;
        }
}

typedef struct Connection {
        int fd;
        Buf in, out;
        uint64_t n_published, n_answers;
} Connection;

typedef struct Crowd {
        const PeerWire *wire;
        Connection *connections;
        struct pollfd *polls;
        unsigned n;
        Buf body;
} Crowd;

static void crowd_deinit(Crowd *crowd) {
        for (unsigned i = 0; i < crowd->n; i++) {
                fd_close(&crowd->connections[i].fd);
                buf_deinit(&crowd->connections[i].in);
                buf_deinit(&crowd->connections[i].out);
        }
        free(crowd->connections);
        free(crowd->polls);
        buf_deinit(&crowd->body);
}

static void crowd_open(const Peer *peer, unsigned n, size_t n_bytes, Crowd *ret_crowd) {
        *ret_crowd = (Crowd){.wire = peer_rows[peer->kind].wire, .n = n, .body = BUF_TEXT};
        ret_crowd->connections = mem_resize(NULL, n, sizeof(Connection));
        ret_crowd->polls = mem_resize(NULL, n, sizeof(struct pollfd));
        random_bytes(buf_reserve(&ret_crowd->body, n_bytes), n_bytes);
        ret_crowd->body.n = n_bytes;
        for (unsigned i = 0; i < n; i++) {
                Connection *connection = &ret_crowd->connections[i];

                *connection = (Connection){.fd = try_connect(peer),
                                           .in = BUF_INIT(IN_BYTES_MAX),
                                           .out = BUF_INIT(OUT_BYTES_MAX)};
                CHECK(connection->fd >= 0);
                ret_crowd->wire->greet(connection->fd, i);
                CHECK_EQ_INT(fcntl(connection->fd, F_SETFL, O_NONBLOCK), 0);
        }
}

static void crowd_publish(void *userdata, unsigned i) {
        Crowd *crowd = userdata;
        Connection *connection = &crowd->connections[i];

        PeerPost post = {.connection = i,
                         .n_before = connection->n_published++,
                         .body = buf_get(&crowd->body)};

        crowd->wire->publish(&post, &connection->out);
        CHECK(!connection->out.is_full);
}

static void drop_head(Buf *buf, size_t n) {
        memmove(buf->data, buf->data + n, buf->n - n);
        buf->n -= n;
}

static size_t crowd_take(void *userdata, unsigned i) {
        Crowd *crowd = userdata;
        Connection *connection = &crowd->connections[i];
        size_t n_answers = 0, n_taken;
        uint8_t chunk[16384];
        ssize_t n;

        if (!(crowd->polls[i].revents & (POLLIN | POLLHUP | POLLERR)))
                return 0;
        n = read(connection->fd, chunk, sizeof chunk);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
                FAIL_TEST("the peer closed a connection");
        if (n <= 0)
                return 0;
        buf_append(&connection->in, chunk, (size_t)n);
        n_taken = crowd->wire->take(buf_get(&connection->in), connection->n_answers, &n_answers);
        drop_head(&connection->in, n_taken);
        connection->n_answers += n_answers;
        return n_answers;
}

static void flush_out(Connection *connection) {
        ssize_t n;

        if (connection->out.n == 0)
                return;
        n = write(connection->fd, connection->out.data, connection->out.n);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
                FAIL_TEST("write: %s", strerror(errno));
        if (n > 0)
                drop_head(&connection->out, (size_t)n);
}

static void crowd_wait(void *userdata, unsigned timeout_ms) {
        Crowd *crowd = userdata;

        for (unsigned i = 0; i < crowd->n; i++) {
                Connection *connection = &crowd->connections[i];

                flush_out(connection);
                crowd->polls[i] = (struct pollfd){
                        .fd = connection->fd,
                        .events = (short)(connection->out.n ? POLLIN | POLLOUT : POLLIN)};
        }
        (void)poll(crowd->polls, crowd->n, (int)timeout_ms);
}

void peer_load(Peer *peer, unsigned n_connections, size_t n_bytes, const LoadShape *shape,
               LoadResult *ret_result) {
        cleanup(crowd_deinit) Crowd crowd = {.n = 0};
        LoadSide side = {.userdata = &crowd,
                         .n_connections = n_connections,
                         .publish = crowd_publish,
                         .take = crowd_take,
                         .wait = crowd_wait};

        crowd_open(peer, n_connections, n_bytes, &crowd);
        load_run(&side, shape, ret_result);
}
