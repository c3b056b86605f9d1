/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* At rest. Files are written in small steps between two waits; commits are a process of their own,
 * because git takes as long as it takes. */

#include "broker/rest.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "broker/files.h"
#include "broker/notify_exec.h"
#include "broker/views.h"

enum {
        FOLLOW_LEAST = 4, /* entries rendered in one step, at least and at most */
        FOLLOW_MOST = 256,
        STEP_US = 5000,        /* what a step may take: who talks to us waits for its end */
        LATE_PART = 8,         /* while somebody talks it is so much smaller */
        QUIET_MS = 3,          /* since somebody talked: until then more may be on its way */
        FILES_REST_MS = 50,    /* between two writings: who talks to us comes first */
        FILES_LATE_MS = 1000,  /* under steady load writing begins not later than this */
        LATE_SHARE = 20,       /* and then takes one part in so many of the time */
        FILES_RETRY_MS = 5000, /* after a failure to write them */
        VIEWS_RETRY_MS = 60000,
        COMMIT_LIMIT_MS = 600000,
};

struct Rest {
        const Project *project;
        Ledger *ledger;
        const Core *core;
        const Key *broker;
        Files *files;
        uint64_t files_seq;     /* what the files have */
        uint64_t files_due_ms;  /* monotonic: not before */
        uint64_t files_late_ms; /* monotonic: even without idle time; 0: not behind */
        uint64_t quiet_ms;      /* monotonic: from then on it is idle time */
        size_t n_follow;        /* entries in the next step, by what the last one took */
        Views *views;           /* NULL: they could not be written */
        uint64_t views_due_ms;  /* monotonic: not tried again before */
        ExecRun *commit;        /* NULL: none runs */
        uint64_t commit_seq;    /* what the newest one was to have */
        uint64_t commit_due_ms; /* monotonic: not before */
};

extern char **environ;

Rest *rest_new(const Project *project, Ledger *ledger, const Core *core, const Key *broker) {
        Rest *rest = mem_new(Rest);

        rest->project = project;
        rest->ledger = ledger;
        rest->core = core;
        rest->broker = broker;
        rest->n_follow = FOLLOW_MOST / 4;
        return rest;
}

Rest *rest_free(Rest *rest) {
        if (!rest)
                return NULL;
        (void)exec_run_free(rest->commit);
        (void)files_free(rest->files);
        (void)views_free(rest->views);
        free(rest);
        return NULL;
}

uint64_t rest_get_seq(const Rest *rest) {
        return rest->files_seq;
}

static const State *state_of(const Rest *rest) {
        return core_get_state(rest->core);
}

/* ---- views ---- */

/* Nobody but their readers needs them: they are left out for a while. */
static void drop_views(Rest *rest) {
        log_write(LOG_WARNING, "the views are left out for %d s", VIEWS_RETRY_MS / 1000);
        rest->views = views_free(rest->views);
        rest->views_due_ms = clock_mono_ms() + VIEWS_RETRY_MS;
}

static int hear_entry(void *userdata, const Files *files, const Entry *entry,
                      const Message *message) {
        Rest *rest = userdata;

        (void)files;
        if (rest->views && views_add(rest->views, entry, message) != 0)
                drop_views(rest);
        return 0;
}

/* Views that lack entries which the files have: the files begin again, which costs a walk. */
static void take_up_views(Rest *rest) {
        cleanup_free char *path = mem_printf("%s/views.db", rest->project->dir);

        if (rest->views || clock_mono_ms() < rest->views_due_ms)
                return;
        if (views_open(path, rest->ledger, &rest->views) != 0) {
                drop_views(rest);
                return;
        }
        if (rest->files && views_get_head(rest->views) < files_get_state(rest->files)->head_seq)
                (void)files_free(TAKE(rest->files));
}

static void bring_up_views(Rest *rest, bool is_all) {
        int r = 0;

        if (rest->views)
                r = is_all ? views_finish(rest->views, files_get_state(rest->files),
                                          files_get_as_of(rest->files))
                           : views_commit(rest->views);
        if (r != 0)
                drop_views(rest);
}

/* ---- files ---- */

static int write_checkpoint(Rest *rest) {
        const State *state = state_of(rest);

        return files_write_checkpoint(rest->project->docs, rest->broker, &state->ledger,
                                      state->head_seq, &state->head_hash);
}

/* FILES_E_BEHIND as files_follow. */
static int follow_files(Rest *rest, size_t n_follow) {
        Fault fault = FAULT_INIT;
        int r;

        take_up_views(rest);
        if (!rest->files) {
                TRY(files_new(rest->ledger, rest->project->docs, &rest->files));
                files_set_hear(rest->files, hear_entry, rest);
        }
        r = files_follow(rest->files, n_follow, &fault);
        if (r == 0 || r == FILES_E_BEHIND)
                bring_up_views(rest, r == 0);
        if (r == FILES_E_CORRUPT)
                log_write(LOG_ERROR, "%s: %s: %s", fault.place, fault.rule, fault.found);
        return r == 0 ? write_checkpoint(rest) : r;
}

static bool files_are_behind(const Rest *rest) {
        return rest->files_seq != state_of(rest)->head_seq;
}

/* Entries differ much, and so do machines: the time is what is bounded. */
static void fit_step(Rest *rest, uint64_t took_us) {
        if (took_us > STEP_US)
                rest->n_follow = size_max(rest->n_follow / 2, FOLLOW_LEAST);
        else if (took_us < STEP_US / 2)
                rest->n_follow = size_min(rest->n_follow * 2, FOLLOW_MOST);
}

/* Files can be written anew from the ledger at any time: that they cannot be written now is said
 * and tried again, and stops nobody's work. False: they could not be written. */
static bool step_files(Rest *rest, bool is_idle) {
        uint64_t head = state_of(rest)->head_seq, began_us = clock_mono_ns() / 1000;
        size_t part = is_idle ? 1 : LATE_PART;
        int r = follow_files(rest, size_max(rest->n_follow / part, 1));
        uint64_t took_us = clock_mono_ns() / 1000 - began_us, end_ms = clock_mono_ms();

        if (r == FILES_E_BEHIND) {
                fit_step(rest, took_us * part);
                rest->files_late_ms = end_ms + (took_us / 1000 + 1) * LATE_SHARE;
                return true;
        }
        rest->files_late_ms = 0;
        if (r == 0) {
                rest->files_seq = head;
                rest->files_due_ms = end_ms + FILES_REST_MS;
                (void)malloc_trim(0); /* a verdict's evidence is large, idle time is long */
                return true;
        }
        log_write(LOG_ERROR, "the files in %s cannot be written; tried again in %d s",
                  rest->project->docs, FILES_RETRY_MS / 1000);
        (void)files_free(TAKE(rest->files));
        rest->files_due_ms = end_ms + FILES_RETRY_MS;
        return false;
}

static void consider_files(Rest *rest, bool is_idle, uint64_t now_ms) {
        if (!files_are_behind(rest) || now_ms < rest->files_due_ms)
                return;
        if (rest->files_late_ms == 0)
                rest->files_late_ms = now_ms + FILES_LATE_MS;
        is_idle = is_idle && now_ms >= rest->quiet_ms;
        if (is_idle || now_ms >= rest->files_late_ms)
                (void)step_files(rest, is_idle); /* it comes again by itself */
}

void rest_finish(Rest *rest, uint64_t limit_ms) {
        uint64_t end_ms = clock_mono_ms() + limit_ms;

        while (files_are_behind(rest) && clock_mono_ms() < end_ms && step_files(rest, true))
                ;
}

/* ---- commits ---- */

static bool commit_is_wanted(const Rest *rest) {
        return rest->project->commit_every_ms && !rest->commit && !files_are_behind(rest) &&
               rest->commit_seq != rest->files_seq;
}

static void start_commit(Rest *rest, uint64_t now_ms) {
        char *const argv[] = {
                (char *)"broker", (char *)"render",    (char *)"--commit",
                (char *)"--dir",  rest->project->root, NULL,
        };
        ExecSpec spec = {
                .name = "render --commit",
                .program = "/proc/self/exe",
                .argv = argv,
                .env = environ,
                .timeout_ms = COMMIT_LIMIT_MS,
        };
        int why = 0;

        rest->commit = exec_run_start(&spec, &why);
        rest->commit_seq = rest->files_seq;
        rest->commit_due_ms = now_ms + rest->project->commit_every_ms;
        if (!rest->commit)
                log_write(LOG_ERROR, "the files cannot be committed: %s", strerror(why));
}

/* What could not be committed is committed with what comes next. */
static void end_commit(Rest *rest) {
        bool is_late = false;
        int status = 0;

        if (!exec_run_step(rest->commit, &status, &is_late))
                return;
        if (is_late || status != 0)
                log_write(LOG_WARNING, "the files were not committed");
        rest->commit = exec_run_free(rest->commit);
}

/* ---- the loop ---- */

uint64_t rest_deadline(const Rest *rest) {
        uint64_t due_ms = UINT64_MAX;

        if (files_are_behind(rest))
                due_ms = rest->files_due_ms < rest->quiet_ms ? rest->quiet_ms : rest->files_due_ms;
        if (commit_is_wanted(rest) && rest->commit_due_ms < due_ms)
                due_ms = rest->commit_due_ms;
        if (rest->commit && exec_run_deadline(rest->commit) < due_ms)
                due_ms = exec_run_deadline(rest->commit);
        return due_ms;
}

void rest_add_fds(const Rest *rest, LoopWait *wait) {
        if (rest->commit)
                exec_run_add_fds(rest->commit, wait);
}

void rest_step(Rest *rest, bool is_idle) {
        uint64_t now_ms = clock_mono_ms();

        if (!is_idle)
                rest->quiet_ms = now_ms + QUIET_MS;
        consider_files(rest, is_idle, now_ms);
        if (rest->commit)
                end_commit(rest);
        else if (is_idle && commit_is_wanted(rest) && now_ms >= rest->commit_due_ms)
                start_commit(rest, now_ms);
}
