/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* How a broker does: for who asks by HTTP, and where a person must hear of it unasked. */

#include "broker/io_parts.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"

enum { WHAT_BYTES = 512 };

void io_print_metrics(void *userdata, Buf *text) {
        const Io *io = userdata;
        MetricsSource source = {
                .project = io->project,
                .core = io->core,
                .notify = io->notify,
                .commits = &io->commits,
                .checkpoint_seq = rest_get_seq(io->rest),
                .started_ms = io->started_ms,
                .now_ms = clock_mono_ms(),
                .wall_ms = clock_wall_ms(),
                .n_silent = channel_server_count_silent(io->server),
                .n_failed = channel_server_count_failed(io->server),
        };

        metrics_print(&source, text);
}

bool io_print_health(void *userdata, Buf *text) {
        const Io *io = userdata;
        Fault fault = FAULT_INIT;
        int r = ledger_look_for_room(io->ledger, &fault);

        if (r == 0)
                buf_text(text, "ok\n");
        else if (r > 0)
                buf_printf(text, "%s: %s\n", fault.rule, fault.found);
        else
                buf_text(text, "the disk cannot be asked for room\n");
        return r == 0;
}

int io_watch_log(Io *io) {
        char readers[LEDGER_READERS_BYTES], what[WHAT_BYTES];
        bool is_long = ledger_has_long_log(io->ledger);

        if (is_long == io->is_log_told || (is_long && !core_may_alert(io->core)))
                return 0;
        io->is_log_told = is_long;
        if (!is_long)
                return 0;
        ledger_find_readers(io->ledger, readers);
        (void)snprintf(what, sizeof what,
                       "the ledger's write-ahead log is long, for it is being read: end process "
                       "%s, or nothing more will be taken",
                       readers[0] ? readers : "unknown");
        TRY(core_alert(io->core, WAIT_FOR_UPKEEP, what, core_get_state(io->core)->head_seq,
                       "ledger"));
        return core_commit(io->core);
}
