/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Agents that say notes as fast as they are answered: real sessions with keys and outboxes of their
 * own, in the test's process, what they say and hear in a history. */

#include "client/session.h"
#include "tests/lib/history.h"

typedef struct Fleet {
        Project project;
        const char *phase;
        Session *sessions[SENDERS_MAX];
        char *key_paths[SENDERS_MAX];
        size_t n_sessions, window; /* each has so many without an answer */
        bool is_quiet;             /* says nothing new, and hears */
        bool may_be_refused;       /* counted, else the end of the test */
        size_t n_refused;
        uint64_t answered_ms; /* when the newest answer came */
        History history;
} Fleet;

/* Makes keys and admits them as builders s0, s1 …, while no broker runs or one does. `dir` is the
 * project's. */
void fleet_init(Fleet *fleet, const char *dir, const char *phase, size_t n, size_t window);
void fleet_deinit(Fleet *fleet);
#define cleanup_fleet cleanup(fleet_deinit)

/* Says and hears until something has come or `limit_ms` are over. */
void fleet_step(Fleet *fleet, uint64_t limit_ms);
/* For so long. */
void fleet_run(Fleet *fleet, uint64_t duration_ms);
/* Says nothing more, until everything has its answer; ends the test if it has not in time. */
void fleet_settle(Fleet *fleet, uint64_t limit_ms);
/* As if the agent had been killed: its memory is gone, its files stay. */
void fleet_restart(Fleet *fleet, size_t sender);
