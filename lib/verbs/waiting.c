/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Entries come by cursor and credit: after each welcome the cursor is said again, so that nothing
 * is missed whatever was lost. */

#include "verbs/waiting.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "proto/codec.h"
#include "proto/loop.h"

enum { CREDIT_ENTRIES = 256, CREDIT_LOW = 128 };

int waiting_deadline(const Args *args, uint64_t *ret_deadline_ms, Fault *reterr_fault) {
        uint64_t timeout_ms;

        if (args_get_duration(args, "timeout", UINT64_MAX, &timeout_ms, reterr_fault) != 0)
                return TALK_E_REFUSED;
        *ret_deadline_ms = timeout_ms == UINT64_MAX ? UINT64_MAX : clock_mono_ms() + timeout_ms;
        return 0;
}

int waiting_hold_signals(void) {
        cleanup_fd int fd = -1;

        TRY(loop_signal_fd(false, &fd)); /* they stay blocked when it is closed */
        return 0;
}

int waiting_start(Waiting *waiting) {
        waiting->signal_fd = -1;
        TRY(loop_signal_fd(false, &waiting->signal_fd));
        progress_start(&waiting->progress, STDERR_FILENO, clock_mono_ms());
        return 0;
}

int waiting_start_thorough(Waiting *waiting) {
        static const int rows[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
        sigset_t signals;

        (void)sigemptyset(&signals);
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                struct sigaction action;

                /* nohup: what is blocked would come through all the same */
                if (sigaction(rows[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
                        (void)sigaddset(&signals, rows[i]);
        }
        if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
                return error_origin(-errno);
        waiting->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
        if (waiting->signal_fd < 0)
                return error_origin(-errno);
        progress_start(&waiting->progress, STDERR_FILENO, clock_mono_ms());
        return 0;
}

void waiting_end(Waiting *waiting) {
        progress_clear(&waiting->progress);
        fd_close(&waiting->signal_fd);
}

static int give_credit(Waiting *waiting) {
        Message credit = {.type = MESSAGE_CREDIT};

        credit.credit.entries = CREDIT_ENTRIES;
        credit.credit.after = waiting->cursor;
        message_set_present(&credit);
        waiting->n_taken = 0;
        return session_send(waiting->talk->session, &credit);
}

static int on_entry(Waiting *waiting, const struct entry *entry, Arena *arena, bool *ret_enough) {
        CodecFault fault;
        Message body;

        if (entry->seq <= waiting->cursor)
                return 0; /* delivered twice, around a reconnection */
        waiting->cursor = entry->seq;
        if (++waiting->n_taken >= CREDIT_LOW)
                TRY(give_credit(waiting));
        if (codec_decode(entry->frame, arena, &body, &fault) == 0)
                *ret_enough = waiting->on_entry(waiting->userdata, entry, &body);
        return 0;
}

static int on_message(Waiting *waiting, const Message *message, Arena *arena, bool *ret_enough) {
        if (message->type == MESSAGE_WELCOME)
                return give_credit(waiting);
        if (message->type == MESSAGE_ENTRY)
                return on_entry(waiting, &message->entry, arena, ret_enough);
        if (message->type == MESSAGE_PROGRESS && waiting->on_progress)
                waiting->on_progress(waiting->userdata, &message->progress);
        return 0;
}

static void show(Waiting *waiting) {
        cleanup_buf Buf text = BUF_TEXT;

        if (!waiting->describe)
                return;
        waiting->describe(waiting->userdata, &text);
        if (!session_is_connected(waiting->talk->session))
                buf_text(&text, "; the broker is away, trying again");
        progress_show(&waiting->progress, clock_mono_ms(), buf_get(&text));
}

/* Everything that has come; SESSION_E_NOTHING behind it. */
static int take_messages(Waiting *waiting, bool *ret_enough, Fault *fault) {
        while (!*ret_enough) {
                cleanup_arena Arena arena = ARENA_INIT;
                Message message;
                int r = session_poll(waiting->talk->session, &arena, &message, fault);

                if (r != 0)
                        return r;
                TRY(on_message(waiting, &message, &arena, ret_enough));
        }
        return 0;
}

/* Until something comes, the session is due, the deadline or the next progress line. */
static int pause_a_little(Waiting *waiting) {
        LoopWait wait = {.n_fds = 0};
        uint64_t now_ms = clock_mono_ms();
        uint64_t left_ms = waiting->deadline_ms > now_ms ? waiting->deadline_ms - now_ms : 0;
        uint64_t due_ms = size_min(progress_wait_ms(&waiting->progress, now_ms), left_ms);
        int64_t session_ms = session_prepare(waiting->talk->session, &wait);
        size_t signal = loop_add_fd(&wait, waiting->signal_fd, false);
        size_t other = waiting->has_other_fd ? loop_add_fd(&wait, waiting->other_fd, false) : 0;

        if (session_ms >= 0)
                due_ms = size_min(due_ms, (uint64_t)session_ms);
        TRY(loop_wait(&wait, (int64_t)size_min(due_ms, 60000)));
        waiting->signal = wait.fds[signal].is_ready ? loop_signal_read(waiting->signal_fd) : 0;
        if (waiting->signal)
                return WAITING_E_INTERRUPTED;
        return waiting->has_other_fd && wait.fds[other].is_ready ? WAITING_E_OTHER : 0;
}

int waiting_run(Waiting *waiting, Fault *reterr_fault) {
        bool is_enough = false;

        if (session_is_connected(waiting->talk->session))
                TRY(give_credit(waiting));
        for (;;) {
                int r = take_messages(waiting, &is_enough, reterr_fault);

                if (is_enough || (r != 0 && r != SESSION_E_NOTHING)) {
                        progress_clear(&waiting->progress);
                        return r == SESSION_E_REFUSED ? WAITING_E_REFUSED : is_enough ? 0 : r;
                }
                if (clock_mono_ms() >= waiting->deadline_ms)
                        return WAITING_E_TIMEOUT;
                show(waiting);
                r = pause_a_little(waiting);
                if (r != 0)
                        return r;
        }
}
