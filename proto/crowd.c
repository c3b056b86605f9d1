/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The descriptors are ZeroMQ's, which closes them from its own thread whenever it likes: they are
 * only ever shut down, and only if the kernel says that they are still the same socket. Who is hit
 * by mistake all the same connects again. */

#include "proto/crowd.h"

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
        *crowd = (Crowd){.n_max = crowd->n_max};
}

static size_t count_of(const Crowd *crowd, const CrowdRow *like) {
        size_t n = 0;

        for (size_t i = 0; i < crowd->n_rows; i++) {
                const CrowdRow *row = &crowd->rows[i];

                n += row->is_open && row->is_heard &&
                     memcmp(row->curve, like->curve, CURVE_BYTES) == 0;
        }
        return n;
}

static const CrowdRow *find_key_with_most(const Crowd *crowd) {
        const CrowdRow *most = NULL;
        size_t n_most = 0;

        for (size_t i = 0; i < crowd->n_rows; i++) {
                const CrowdRow *row = &crowd->rows[i];
                size_t n = row->is_open && row->is_heard ? count_of(crowd, row) : 0;

                if (n > n_most) {
                        most = row;
                        n_most = n;
                }
        }
        return most;
}

/* The quietest of those that were not heard, or of one key. */
static int find_quietest(const Crowd *crowd, const CrowdRow *like) {
        int quietest = -1;

        for (size_t i = 0; i < crowd->n_rows; i++) {
                const CrowdRow *row = &crowd->rows[i];

                if (!row->is_open || row->is_heard != (like != NULL) ||
                    (like && memcmp(row->curve, like->curve, CURVE_BYTES) != 0))
                        continue;
                if (quietest < 0 || row->at_ms < crowd->rows[quietest].at_ms)
                        quietest = (int)i;
        }
        return quietest;
}

static void evict(Crowd *crowd) {
        int fd = find_quietest(crowd, NULL);

        if (fd < 0)
                fd = find_quietest(crowd, find_key_with_most(crowd));
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
        while (crowd->n_max && crowd->n_open > crowd->n_max)
                evict(crowd);
}

void crowd_close(Crowd *crowd, int fd) {
        if (fd < 0 || (size_t)fd >= crowd->n_rows || !crowd->rows[fd].is_open)
                return;
        crowd->rows[fd].is_open = false;
        crowd->n_open--;
}

void crowd_hear(Crowd *crowd, int fd, const uint8_t curve[CURVE_BYTES], uint64_t now_ms) {
        CrowdRow *row;

        if (fd < 0 || (size_t)fd >= crowd->n_rows || !crowd->rows[fd].is_open)
                return;
        row = &crowd->rows[fd];
        row->is_heard = true;
        row->at_ms = now_ms;
        memcpy(row->curve, curve, CURVE_BYTES);
}
