/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The descriptors are ZeroMQ's, which closes them from its own thread whenever it likes: they are
 * only ever shut down, and only if the kernel says that they are still the same socket. Who is hit
 * by mistake all the same connects again. */

#include "proto/crowd.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"

enum { ROWS_MORE = 64 };

/* 0: it is no open socket any more. */
static uint64_t cookie_of(int fd) {
        uint64_t cookie = 0;
        socklen_t n = sizeof cookie;

        return getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &n) == 0 ? cookie : 0;
}

void crowd_deinit(Crowd *crowd) {
        free(crowd->rows);
        free(crowd->keys);
        *crowd = (Crowd){.n_max = crowd->n_max};
}

static size_t find_key(Crowd *crowd, const uint8_t curve[CURVE_BYTES]) {
        size_t i = 0;

        while (i < crowd->n_keys && memcmp(crowd->keys[i].curve, curve, CURVE_BYTES) != 0)
                i++;
        if (i < crowd->n_keys)
                return i;
        crowd->keys = mem_resize(crowd->keys, crowd->n_keys + 1, sizeof *crowd->keys);
        crowd->keys[i] = (CrowdKey){.n_open = 0};
        memcpy(crowd->keys[i].curve, curve, CURVE_BYTES);
        crowd->n_keys++;
        return i;
}

/* Which group it is in is no longer so. */
static void leave_group(Crowd *crowd, const CrowdRow *row) {
        if (row->is_heard)
                crowd->keys[row->key].n_open--;
        else
                crowd->n_unheard--;
}

static int find_quietest(const Crowd *crowd, bool is_heard, size_t key) {
        int quietest = -1;

        for (size_t i = 0; i < crowd->n_rows; i++) {
                const CrowdRow *row = &crowd->rows[i];

                if (!row->is_open || row->is_heard != is_heard || (is_heard && row->key != key))
                        continue;
                if (quietest < 0 || row->at_ms < crowd->rows[quietest].at_ms)
                        quietest = (int)i;
        }
        return quietest;
}

static int find_who_goes(const Crowd *crowd) {
        size_t most = 0;

        for (size_t i = 1; i < crowd->n_keys; i++)
                if (crowd->keys[i].n_open > crowd->keys[most].n_open)
                        most = i;
        return crowd->n_keys && crowd->keys[most].n_open > crowd->n_unheard
                       ? find_quietest(crowd, true, most)
                       : find_quietest(crowd, false, 0);
}

static void evict(Crowd *crowd) {
        int fd = find_who_goes(crowd);

        if (cookie_of(fd) == crowd->rows[fd].cookie)
                (void)shutdown(fd, SHUT_RDWR);
        crowd->n_evicted++;
        crowd_close(crowd, fd);
}

void crowd_open(Crowd *crowd, int fd, uint64_t now_ms) {
        uint64_t cookie = fd >= 0 ? cookie_of(fd) : 0;

        if (cookie == 0)
                return;
        if ((size_t)fd >= crowd->n_rows) {
                size_t n = (size_t)fd + ROWS_MORE;

                crowd->rows = mem_resize(crowd->rows, n, sizeof *crowd->rows);
                memset(crowd->rows + crowd->n_rows, 0, (n - crowd->n_rows) * sizeof *crowd->rows);
                crowd->n_rows = n;
        }
        crowd_close(crowd, fd); /* its end may not have been told */
        crowd->rows[fd] = (CrowdRow){.is_open = true, .cookie = cookie, .at_ms = now_ms};
        crowd->n_open++;
        crowd->n_unheard++;
        if (!crowd->silent_due_ms)
                crowd->silent_due_ms = now_ms + CROWD_SILENT_MS;
        while (crowd->n_max && crowd->n_open > crowd->n_max)
                evict(crowd);
}

void crowd_close(Crowd *crowd, int fd) {
        if (fd < 0 || (size_t)fd >= crowd->n_rows || !crowd->rows[fd].is_open)
                return;
        leave_group(crowd, &crowd->rows[fd]);
        crowd->rows[fd].is_open = false;
        crowd->n_open--;
}

static void describe(int fd, uint64_t cookie, char ret_who[CROWD_WHO_BYTES]) {
        struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
        const struct sockaddr_in *inet = (const struct sockaddr_in *)&address;
        socklen_t n = sizeof address, n_peer = sizeof(struct ucred);
        struct ucred peer = {.pid = 0};
        char text[INET_ADDRSTRLEN];

        (void)snprintf(ret_who, CROWD_WHO_BYTES, "somebody");
        if (cookie_of(fd) != cookie)
                return;
        (void)getpeername(fd, (struct sockaddr *)&address, &n);
        if (address.ss_family == AF_INET && inet_ntop(AF_INET, &inet->sin_addr, text, sizeof text))
                (void)snprintf(ret_who, CROWD_WHO_BYTES, "%s:%u", text, ntohs(inet->sin_port));
        if (address.ss_family == AF_UNIX &&
            getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n_peer) == 0)
                (void)snprintf(ret_who, CROWD_WHO_BYTES, "process %d", peer.pid);
}

size_t crowd_find_silent(Crowd *crowd, uint64_t now_ms, char ret_who[CROWD_WHO_BYTES]) {
        size_t n = 0;

        if (!crowd->silent_due_ms || now_ms < crowd->silent_due_ms)
                return 0;
        crowd->silent_due_ms = 0;
        for (size_t i = 0; i < crowd->n_rows; i++) {
                CrowdRow *row = &crowd->rows[i];
                uint64_t due_ms = row->at_ms + CROWD_SILENT_MS;

                if (!row->is_open || row->is_heard || row->is_silent)
                        continue;
                if (due_ms <= now_ms) {
                        row->is_silent = true;
                        if (n++ == 0)
                                describe((int)i, row->cookie, ret_who);
                } else if (!crowd->silent_due_ms || due_ms < crowd->silent_due_ms) {
                        crowd->silent_due_ms = due_ms;
                }
        }
        crowd->n_silent += n;
        return n;
}

bool crowd_hear(Crowd *crowd, int fd, const uint8_t curve[CURVE_BYTES], uint64_t now_ms) {
        CrowdRow *row;

        if (fd < 0 || (size_t)fd >= crowd->n_rows || !crowd->rows[fd].is_open)
                return false;
        row = &crowd->rows[fd];
        row->at_ms = now_ms;
        if (row->is_heard && memcmp(crowd->keys[row->key].curve, curve, CURVE_BYTES) == 0)
                return false;
        leave_group(crowd, row);
        row->is_heard = true;
        row->key = find_key(crowd, curve);
        crowd->keys[row->key].n_open++;
        return true;
}
