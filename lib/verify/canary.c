/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The canary: small commands whose outcome is known. When one of them comes out otherwise, it is
 * not the product that is sick. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"
#include "verify/attempt.h"
#include "verify/scratch.h"

enum { CANARY_MS = 20000 };

#define CANARY_SAYS "alive"

static const struct {
        const char *what;
        const char *argv[7];
        int status;
        const char *says; /* the whole of stdout */
} songs[] = {
        {"true ends with 0", {"/bin/true"}, 0, ""},
        {"exit 3 ends with 3", {"/bin/sh", "-c", "exit 3"}, 3, ""},
        {"writing, reading, forking and the loopback work",
         {"/bin/bash", "--noprofile", "--norc", "-euo", "pipefail", "-c",
          "for f in ./canary \"$TMPDIR/canary\" \"$HOME/canary\"; do\n"
          "  head -c 262144 /dev/zero > \"$f\"; [ \"$(wc -c < \"$f\")\" = 262144 ]; rm \"$f\"\n"
          "done\n"
          "pids=; for i in 1 2 3 4 5 6 7 8 9 10; do (exit 5) & pids+=\" $!\"; done\n"
          "for p in $pids; do r=0; wait \"$p\" || r=$?; [ $r = 5 ]; done\n"
          "said=$( { exec 3<>/dev/tcp/127.0.0.1/1; } 2>&1 ) || true\n"
          "case $said in *refused*) ;; *) echo \"loopback: $said\" >&2; exit 4 ;; esac\n"
          "printf " CANARY_SAYS},
         0,
         CANARY_SAYS},
};

static bool sing(const char *runner, const char *dir, size_t song, Buf *why, Buf *next) {
        static const char *const env[] = {"PATH=" ATTEMPT_PATH, "HOME=" SANDBOX_HOME,
                                          "TMPDIR=" SANDBOX_TMP, "LC_ALL=C.UTF-8", NULL};
        cleanup(sandbox_outcome_deinit) SandboxOutcome outcome = {.end = SANDBOX_BROKEN};
        cleanup_free char *scratch = mem_printf("%s/%zu", dir, song);
        const char *argv[ARRAY_SIZE(songs[0].argv) + 1] = {NULL};
        SandboxSpec spec = {
                .argv = argv, .env = env, .scratch = scratch, .limits = sandbox_limits_default};

        memcpy(argv, songs[song].argv, sizeof songs[song].argv);
        spec.limits.wall_ms = CANARY_MS;
        if (mkdir(scratch, 0700) < 0) {
                buf_printf(why, "no directory could be made: %s", strerror(errno));
                return false;
        }
        if (sandbox_run(runner, &spec, &outcome) != 0) {
                buf_text(why, "the sandbox could not be started");
                return false;
        }
        if (outcome.end == SANDBOX_EXITED && outcome.status == songs[song].status &&
            slice_is(buf_get(&outcome.out.head), songs[song].says))
                return true;
        buf_printf(why, "%s: ", songs[song].what);
        if (outcome.end == SANDBOX_EXITED)
                buf_printf(why, "it ended with %d; %.*s", outcome.status,
                           SLICE_ARGS(slice_head(buf_get(&outcome.err.head), 200)));
        else if (outcome.fault.rule)
                buf_printf(why, "%s: %s", outcome.fault.rule, outcome.fault.found);
        else
                buf_printf(why, "it did not exit (end %d, signal %d, error %d)", (int)outcome.end,
                           outcome.signal, outcome.error);
        buf_text(next, outcome.fault.next);
        return false;
}

int canary_run(const char *runner, const char *scratch, Fault *reterr_fault) {
        cleanup_buf Buf why = BUF_TEXT, next = BUF_TEXT;
        cleanup_free char *dir = NULL;
        bool is_well = true;

        if (scratch_open_job(scratch, &dir) != 0) {
                fault_set(reterr_fault, "host.canary", "no directory could be made in %s", scratch);
                return CANARY_E_SICK;
        }
        for (size_t i = 0; is_well && i < ARRAY_SIZE(songs); i++)
                is_well = sing(runner, dir, i, &why, &next);
        scratch_drop(dir);
        if (is_well)
                return 0;
        fault_set(reterr_fault, "host.canary", "%s", buf_get_text(&why));
        fault_place(reterr_fault, "%s", runner);
        if (next.n)
                fault_next(reterr_fault, "%s", buf_get_text(&next));
        return CANARY_E_SICK;
}
