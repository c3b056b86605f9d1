/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Places, signals, progress, printing. */

#include "verify/by_hand.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"
#include "sandbox/sandbox.h"
#include "verify/scratch.h"
#include "view/status.h"
#include "view/terminal.h"

enum { FETCH_MS = 120000 };

/* Set by the handler of SIGINT and SIGTERM; nothing else may be done there. */
static volatile sig_atomic_t is_asked_to_stop;

void by_hand_deinit(ByHand *by_hand) {
        if (by_hand->scratch && by_hand->scratch[0] && !by_hand->keep)
                scratch_drop(by_hand->scratch);
        (void)lock_files_free(by_hand->locks);
        free(by_hand->mirrors);
        free(by_hand->scratch);
        free(by_hand->runner);
        *by_hand = (ByHand){.keep = by_hand->keep};
}

static void on_signal(int number) {
        (void)number;
        is_asked_to_stop = 1;
}

static bool is_cancelled(void *userdata) {
        (void)userdata;
        return is_asked_to_stop;
}

static void report(void *userdata, const char *what, size_t n_done, size_t n_total) {
        ByHand *by_hand = userdata;
        cleanup_buf Buf text = BUF_TEXT;

        buf_printf(&text, "%.*s: %zu/%zu  %s", SLICE_ARGS(by_hand->gate), n_done, n_total, what);
        progress_show(&by_hand->progress, clock_mono_ms(), buf_get(&text));
}

static char *cache_dir(const char *name) {
        const char *cache = getenv("XDG_CACHE_HOME");
        const char *home = getenv("HOME");

        if (cache && cache[0] == '/')
                return mem_printf("%s/coldgate/%s", cache, name);
        if (home && home[0] == '/')
                return mem_printf("%s/.cache/coldgate/%s", home, name);
        return mem_printf("/tmp/coldgate-%u/%s", (unsigned)getuid(), name);
}

static int make_places(ByHand *by_hand, const char *cache, Fault *reterr_fault) {
        const char *tmp = getenv("TMPDIR");
        bool is_private = false;
        int r = 0;

        by_hand->locks = lock_files_new(NULL);
        by_hand->mirrors = cache_dir(cache);
        TRY(dir_make(by_hand->mirrors, 0700));
        /* A command finds its name in the table of mounts: it says nothing. */
        by_hand->scratch = mem_printf("%s/tmp.XXXXXX", tmp && tmp[0] == '/' ? tmp : "/tmp");
        if (!mkdtemp(by_hand->scratch)) {
                r = -errno;
                by_hand->scratch[0] = 0; /* nothing of ours to be removed */
                return error_origin(r);
        }
        /* What is to be kept must be seen by others than us. */
        if (!by_hand->keep)
                r = scratch_make_private(by_hand->scratch, &is_private, reterr_fault);
        if (r != 0)
                return r < 0 ? r : CANARY_E_SICK;
        by_hand->runner = sandbox_find_runner(reterr_fault);
        if (!by_hand->runner)
                return CANARY_E_SICK;
        return canary_run(by_hand->runner, by_hand->scratch, reterr_fault);
}

int by_hand_open(ByHand *by_hand, const char *cache, Fault *reterr_fault) {
        struct sigaction stop = {.sa_handler = on_signal};
        int r;

        if (sigaction(SIGINT, &stop, NULL) < 0 || sigaction(SIGTERM, &stop, NULL) < 0)
                return error_origin(-errno);
        r = make_places(by_hand, cache, reterr_fault);
        if (r < 0)
                fault_set(reterr_fault, "not-carried-out", "%s", strerror(-r));
        return r == 0 ? 0 : BY_HAND_E_REFUSED;
}

int by_hand_run(ByHand *by_hand, VerifyRequest *request, VerifyResult *ret_result,
                Fault *reterr_fault) {
        int r;

        by_hand->gate = request->gate->id;
        request->only_check = by_hand->only_check;
        request->keep = by_hand->keep;
        request->mirrors = by_hand->mirrors;
        request->scratch = by_hand->scratch;
        request->runner = by_hand->runner;
        request->locks = lock_files_get(by_hand->locks);
        request->claimed_ms = clock_wall_ms();
        request->fetch_ms = request->fetch_ms ? request->fetch_ms : FETCH_MS;
        request->progress = (VerifyProgress){
                .userdata = by_hand, .report = report, .is_cancelled = is_cancelled};
        progress_start(&by_hand->progress, STDERR_FILENO, clock_mono_ms());
        r = verify_run(request, ret_result);
        progress_clear(&by_hand->progress);
        if (r == 0)
                return 0;
        fault_set(reterr_fault, r == VERIFY_E_CANCELLED ? "cancelled" : "not-carried-out", "%s",
                  r == VERIFY_E_CANCELLED ? "stopped before there was a verdict" : strerror(-r));
        return BY_HAND_E_REFUSED;
}

int by_hand_exit_status(Decision decision) {
        switch (decision) {
        case DECISION_PASS: return EXIT_HOLDS;
        case DECISION_FAIL: return EXIT_HOLDS_NOT;
        case DECISION_INCONCLUSIVE:
        case _DECISION_MAX: break;
        }
        return EXIT_NOT_CARRIED_OUT;
}

void by_hand_print(const Args *args, const VerifyResult *result) {
        cleanup_buf Buf text = BUF_TEXT;

        if (args_has(args, "json")) {
                verify_describe_json(result, &text);
                buf_text(&text, "\n");
        } else {
                verify_describe(result, colour_is_wanted(STDOUT_FILENO, args_has(args, "no-color")),
                                &text);
        }
        (void)fwrite(text.data, 1, text.n, stdout);
        (void)fflush(stdout);
}

/* git reads %XX in one, so that a `%` must be written as one. */
char *by_hand_url(const char *repository) {
        static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "0123456789-._~/+@,=:";
        char path[PATH_MAX];
        cleanup_buf Buf url = BUF_TEXT;

        if (strstr(repository, "://") || !realpath(repository, path))
                return mem_strdup(repository);
        buf_text(&url, "file://");
        for (const char *c = path; *c; c++)
                if (strchr(plain, *c))
                        buf_byte(&url, (uint8_t)*c);
                else
                        buf_printf(&url, "%%%02X", (unsigned char)*c);
        return buf_take(&url);
}
