/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

#include "broker/follow.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "proto/loop.h"

enum { LOOK_MS = 200 };

int follow_start(Follow *follow, Errand *errand, Fault *reterr_fault) {
        uint64_t timeout_ms;

        *follow = (Follow){.ledger = errand->ledger, .signal_fd = -1};
        if (args_get_duration(errand->args, "timeout", UINT64_MAX, &timeout_ms, reterr_fault) != 0)
                return FOLLOW_E_REFUSED;
        follow->deadline_ms = timeout_ms == UINT64_MAX ? UINT64_MAX : clock_mono_ms() + timeout_ms;
        TRY(loop_signal_fd(false, &follow->signal_fd));
        return ledger_version(follow->ledger, &follow->version);
}

void follow_end(Follow *follow) {
        fd_close(&follow->signal_fd);
}

/* FOLLOW_E_OVER if there is a reason to end. */
static int pause_until(const Follow *follow, uint64_t until_ms) {
        /* Without events a descriptor tells only that its other end is gone. */
        struct pollfd fds[] = {{.fd = follow->signal_fd, .events = POLLIN},
                               {.fd = STDOUT_FILENO, .events = 0}};
        uint64_t now_ms = clock_mono_ms();
        int n;

        if (now_ms >= follow->deadline_ms)
                return FOLLOW_E_OVER;
        n = poll(fds, ARRAY_SIZE(fds), until_ms > now_ms ? (int)(until_ms - now_ms) : 0);
        if (n < 0 && errno != EINTR)
                return error_origin(-errno);
        return n > 0 && (fds[0].revents || (fds[1].revents & (POLLERR | POLLHUP))) ? FOLLOW_E_OVER
                                                                                   : 0;
}

int follow_next(Follow *follow, uint64_t wait_ms, Fault *reterr_fault) {
        uint64_t start_ms = clock_mono_ms();
        uint64_t end_ms = wait_ms == UINT64_MAX ? UINT64_MAX : start_ms + wait_ms;

        for (;;) {
                uint64_t now_ms = clock_mono_ms(), version;
                int r;

                TRY(ledger_version(follow->ledger, &version));
                if (version != follow->version) {
                        follow->version = version;
                        return 0;
                }
                r = ledger_check_place(follow->ledger, reterr_fault);
                if (r != 0)
                        return r > 0 ? FOLLOW_E_REFUSED : r;
                if (now_ms >= end_ms)
                        return FOLLOW_E_QUIET;
                r = pause_until(follow,
                                size_min(size_min(now_ms + LOOK_MS, end_ms), follow->deadline_ms));
                if (r != 0)
                        return r;
        }
}
