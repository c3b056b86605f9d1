/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `run`: the daemon. */

#include <signal.h>
#include <sys/resource.h>

#include "broker/io.h"
#include "broker/verbs.h"

/* Each connection is a descriptor. */
static void raise_file_limit(void) {
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max)
                return;
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit); /* with fewer it serves fewer */
}

static int run(Errand *errand, Fault *reterr_fault) {
        cleanup(io_freep) Io *io = NULL;
        int r = io_open(&errand->project, &io, reterr_fault);

        if (r == 0)
                r = io_run(io, reterr_fault);
        return r > 0 ? ERRAND_E_REFUSED : r;
}

int verb_run(const Args *args) {
        (void)signal(SIGPIPE, SIG_IGN); /* whoever reads our lines may go */
        raise_file_limit();
        return errand_run(args, run);
}
