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

static int check(Errand *errand, Fault *reterr_fault) {
        cleanup_buf Buf text = BUF_TEXT;
        int r = io_check(&errand->project, reterr_fault);

        if (r != 0)
                return r > 0 ? ERRAND_E_REFUSED : r;
        buf_text(&text, errand->is_json ? "{\"version\":1,\"settings\":{\"hold\":true}}\n"
                                        : "settings and deliveries hold\n");
        errand_print(&text);
        return 0;
}

static int run(Errand *errand, Fault *reterr_fault) {
        cleanup(io_freep) Io *io = NULL;
        int r;

        if (args_has(errand->args, "check-config"))
                return check(errand, reterr_fault);
        r = io_open(&errand->project, &io, reterr_fault);
        if (r == 0)
                r = io_run(io, &errand->project, reterr_fault);
        return r > 0 ? ERRAND_E_REFUSED : r;
}

int verb_run(const Args *args) {
        sigset_t hangup;

        (void)signal(SIGPIPE, SIG_IGN); /* whoever reads our lines may go */
        (void)sigemptyset(&hangup);
        (void)sigaddset(&hangup, SIGHUP);
        (void)sigprocmask(SIG_BLOCK, &hangup, NULL); /* one that comes at the start waits */
        raise_file_limit();
        return errand_run(args, run);
}
