/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* A worker's side of adversary-agent/holder.h: resources are asked of the daemon, which asks the
 * broker. What the broker has given is also locked on this machine, so that a verification by hand
 * keeps out of the way. */

#include "verify/lock.h"

enum { BORROW_MAX = 8 };

typedef struct Borrow {
        int out_fd;  /* to the daemon */
        int tell_fd; /* from it */
        uint64_t lease;
        LockFiles *files;
        Buf stream;
        struct {
                char *resource;
                uint64_t hold;
        } held[BORROW_MAX];
        size_t n_held;
} Borrow;

void borrow_init(Borrow *borrow, int out_fd, int tell_fd, uint64_t lease);
void borrow_deinit(Borrow *borrow);
/* For a request; `borrow` outlives it. */
VerifyLocks borrow_get(Borrow *borrow);
