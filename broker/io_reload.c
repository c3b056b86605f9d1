/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Settings and deliveries read again, all of them or none. */

#include "broker/io_parts.h"

#include <stdio.h>

#include "base/error.h"
#include "base/log.h"
#include "base/service.h"
#include "broker/delivery.h"

enum { WHAT_BYTES = 512 };

static int check_metrics(const Project *project, Fault *fault) {
        return project->metrics[0] ? scrape_new(project->metrics, project->root, NULL, fault) : 0;
}

int io_check(const Project *project, Fault *reterr_fault) {
        cleanup(deliveries_deinit) Deliveries deliveries = {.n = 0};
        int r = check_metrics(project, reterr_fault);

        if (r == 0)
                r = deliveries_read(project->dir, project->root, &deliveries, reterr_fault);
        return r > 0 ? IO_E_REFUSED : r;
}

static int read_all(Io *io, Project *fresh, Notify **ret_notify, Fault *fault) {
        int r = project_open_again(io->project, fresh, fault);

        if (r == 0)
                r = check_metrics(fresh, fault);
        if (r == 0)
                r = notify_new(io->project, io->ledger, core_get_state(io->core), ret_notify,
                               fault);
        return r;
}

static int say_refused(Io *io, const Fault *fault) {
        char what[WHAT_BYTES];

        log_write(LOG_ERROR, "%s: %s: %s; settings and deliveries stay as they were", fault->place,
                  fault->rule, fault->found);
        (void)snprintf(what, sizeof what, "settings were not taken over: %.120s: %.300s",
                       fault->place, fault->found);
        TRY(core_alert(io->core, WAIT_FOR_UPKEEP, what, core_get_state(io->core)->head_seq,
                       "settings"));
        return core_commit(io->core);
}

/* What is under way is broken off; its rows stay in the outbox. */
static void take_over(Io *io, Project *project, const Project *fresh, Notify *notify) {
        CoreSettings settings;

        if (!project_take_settings(project, fresh))
                log_write(LOG_WARNING,
                          "name, broker-key, endpoint, docs, metrics, backlog or "
                          "connections have changed: they count from the next start on");
        io_fill_settings(project, &settings);
        core_set_settings(io->core, &settings);
        (void)notify_free(io->notify);
        io->notify = notify;
        log_write(LOG_INFO, "settings and deliveries were read again");
}

int io_reload(Io *io, Project *project) {
        cleanup_project Project fresh = {0};
        Fault fault = FAULT_INIT;
        Notify *notify = NULL;
        int r;

        service_say_reloading();
        r = read_all(io, &fresh, &notify, &fault);
        if (r < 0)
                return r;
        if (r == 0)
                take_over(io, project, &fresh, notify);
        else
                TRY(say_refused(io, &fault));
        service_say("READY=1");
        return 0;
}
