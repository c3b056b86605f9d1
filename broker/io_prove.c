/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * A stranger knocks at each start: a library that lets everybody in, because an option of it means
 * something else than it did, is found by that. The loop serves others meanwhile; what a stranger
 * says is refused by its key all the same.
 */

#include "broker/io_parts.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"

enum { ANSWER_MS = 10000 };

int io_prove_begin(Io *io) {
        Fault fault = FAULT_INIT;
        cleanup_key Key key;
        int r;

        key_make(&key);
        r = channel_client_new(io->project->endpoint, &key, io->key.public.curve, &io->stranger,
                               &fault);
        if (r < 0)
                return r;
        if (r == 0)
                channel_server_forgive(io->server);
        else
                log_write(LOG_WARNING, "whether strangers are refused cannot be tried: %s",
                          fault.found);
        io->stranger_due_ms = clock_mono_ms() + ANSWER_MS;
        return 0;
}

static void prove_end(Io *io) {
        io->stranger = channel_client_free(io->stranger);
}

int io_prove_step(Io *io) {
        if (!io->stranger)
                return 0;
        if (channel_client_is_key_refused(io->stranger)) {
                log_write(LOG_DEBUG, "a stranger was refused, as all are");
                prove_end(io);
                return 0;
        }
        if (channel_client_count_connections(io->stranger) > 0) {
                (void)fprintf(stderr,
                              "broker: strangers-admitted: a key that was made just now was let in "
                              "at %s: the check of keys does not work with this libzmq\n",
                              io->project->endpoint);
                return error_origin(-EACCES);
        }
        if (clock_mono_ms() < io->stranger_due_ms)
                return 0;
        log_write(LOG_WARNING, "whether strangers are refused was not answered within %d s",
                  ANSWER_MS / 1000);
        prove_end(io);
        return 0;
}
