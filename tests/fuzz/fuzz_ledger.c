/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A ledger as anybody may have written it: the input is the database file. It is refused, or found
 * not to hold, or it holds; what holds can be read and folded. The golden ledgers are the first of
 * its inputs. */

#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "broker/fold.h"
#include "broker/verify.h"

enum { INPUT_MAX = 1 << 16, PATH_BYTES = 64 };

static char dir[PATH_BYTES / 2], path[PATH_BYTES];
static Key broker; /* that of the golden ledgers */

static void clean_up(void) {
        must(dir_remove(dir) == 0);
}

static void make_world(void) {
        (void)snprintf(dir, sizeof dir, "/dev/shm/fuzz-ledger-%d", (int)getpid());
        (void)snprintf(path, sizeof path, "%s/ledger.db", dir);
        must(sign_start() == 0 && atexit(clean_up) == 0);
        key_from_seed((uint8_t[32]){1}, &broker);
}

static void put(Slice bytes) {
        must(dir_remove(dir) == 0 && dir_make(dir, 0700) == 0);
        must(file_write_atomic(path, bytes, 0600) == 0);
}

/* What is no refusal is an error of the file's own, and ends the process. */
static void must_be_told(int r, const Fault *fault) {
        must(r <= 0 || (fault->rule && fault->found[0]));
}

static bool holds(void) {
        cleanup(ledger_freep) Ledger *ledger = NULL;
        Fault fault = FAULT_INIT;
        VerifyReport report;
        int r = ledger_open(path, LEDGER_INSPECT, &ledger, &fault);

        if (r == 0)
                r = verify_ledger(ledger, &broker.public, NULL, 0, &report, &fault);
        must_be_told(r, &fault);
        return r == 0;
}

static void fold(bool must_fold) {
        cleanup(ledger_freep) Ledger *ledger = NULL;
        Fault fault = FAULT_INIT;
        State state;
        int r = ledger_open(path, LEDGER_READ, &ledger, &fault);

        state_init(&state);
        if (r == 0)
                r = fold_ledger(ledger, &state, &fault);
        must_be_told(r, &fault);
        must(r == 0 || !must_fold);
        state_deinit(&state);
}

/* As a broker that starts: the ledger is brought up to its format. */
static void start(void) {
        cleanup(ledger_freep) Ledger *ledger = NULL;
        Fault fault = FAULT_INIT;
        int r = ledger_open(path, LEDGER_WRITE, &ledger, &fault);

        must_be_told(r, &fault);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        if (!path[0])
                make_world();
        if (n == 0 || n > INPUT_MAX)
                return 0;
        put(slice_make(data, n));
        fold(holds());
        start();
        return 0;
}
