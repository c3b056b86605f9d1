/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Waiting for entries, from a cursor on: through lost connections and restarted brokers, with
 * progress shown, until the caller has what it wants, a time has passed, or a person interrupts.
 */

#include "verbs/talk.h"
#include "view/progress.h"

typedef struct Waiting {
        Talk *talk;
        uint64_t cursor;      /* the newest entry that was handled; delivery goes on behind it */
        uint64_t deadline_ms; /* monotonic; UINT64_MAX: none */
        void *userdata;
        /* True: this is enough. */
        bool (*on_entry)(void *userdata, const struct entry *entry, const Message *body);
        /* May be NULL. */
        void (*on_progress)(void *userdata, const struct progress *progress);
        /* For the progress line, in one line. NULL: none is shown. */
        void (*describe)(void *userdata, Buf *text);
        bool has_other_fd; /* also until this can be read */
        int other_fd;

        int signal_fd; /* set by waiting_start */
        int signal;    /* that interrupted */
        Progress progress;
        uint64_t n_taken; /* entries since credit was given */
} Waiting;

enum {
        _WAITING_E_SUCCESS,
        WAITING_E_REFUSED,
        WAITING_E_TIMEOUT,
        WAITING_E_INTERRUPTED,
        WAITING_E_OTHER, /* other_fd can be read */
};

enum { EXIT_INTERRUPTED = 130 };

/* From now on SIGINT and SIGTERM are held until waiting_run looks at them. */
int waiting_hold_signals(void) must_check;
/* From now on SIGINT and SIGTERM end the wait, not the program. */
int waiting_start(Waiting *waiting) must_check;
/* The same, and SIGHUP and SIGQUIT where they are not ignored: for who has to clean up. */
int waiting_start_thorough(Waiting *waiting) must_check;
void waiting_end(Waiting *waiting);
#define cleanup_waiting cleanup(waiting_end)

/* 0: on_entry had enough. Can be called again. */
int waiting_run(Waiting *waiting, Fault *reterr_fault) must_check;

/* --timeout as a deadline. */
int waiting_deadline(const Args *args, uint64_t *ret_deadline_ms, Fault *reterr_fault) must_check;
