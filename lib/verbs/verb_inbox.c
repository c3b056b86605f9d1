/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Entries come by cursor; the place up to which they were looked at is a small file. What cannot be
 * delivered (the sealed) is passed over by the broker, so that the end is not always an entry. */

#include "verbs/agent.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"
#include "proto/label.h"
#include "verbs/inbox.h"
#include "verbs/waiting.h"
#include "verbs/talk.h"
#include "view/entry.h"

const OptionRow agent_inbox_options[] = {
        {"follow", NULL, "Go on with what is still to come, until SIGINT or SIGTERM."},
        {"timeout", "D", "With --follow: until this time has passed.", "follow"},
        {"all", NULL, "From the beginning, not from where you last looked."},
        {"key", "FILE",
         "The secret key to speak with (default: that of the role in .coldgate/keys)."},
        {NULL, NULL, NULL},
};

enum { PLACE_BYTES_MAX = 64, PLACE_MODE = 0600 };

typedef struct Inbox {
        Talk *talk;
        char *path;
        uint64_t last; /* the newest entry that can be seen now; 0: all that comes is followed */
        uint64_t n_shown;
        Waiting waiting;
} Inbox;

static void inbox_deinit(Inbox *inbox) {
        waiting_end(&inbox->waiting);
        free(inbox->path);
}

/* ---- the place ---- */

/* What cannot be read is as good as never looked: everything is shown again. */
static uint64_t read_place(const char *path) {
        cleanup_buf Buf bytes = BUF_INIT(PLACE_BYTES_MAX);
        uint64_t seq = 0;
        char letter;

        if (file_read(path, &bytes) != 0 || bytes.n == 0 || bytes.data[bytes.n - 1] != '\n')
                return 0;
        bytes.data[bytes.n - 1] = '\0';
        return label_parse((const char *)bytes.data, &letter, &seq) ? seq : 0;
}

static int write_place(const Inbox *inbox) {
        cleanup_buf Buf bytes = BUF_TEXT;

        if (inbox->waiting.cursor == 0)
                return 0;
        buf_printf(&bytes, "%" PRIu64 "\n", inbox->waiting.cursor);
        return file_write_atomic(inbox->path, buf_get(&bytes), PLACE_MODE);
}

/* ---- the end ---- */

/* The newest entry that we may see, behind the cursor; 0: there is none. */
static int find_last(Inbox *inbox, uint64_t *ret_last, Fault *fault) {
        for (uint64_t seq = session_get_head(inbox->talk->session); seq > inbox->waiting.cursor;
             seq--) {
                cleanup_arena Arena arena = ARENA_INIT;
                struct entry entry;
                Message body;
                int r = talk_ask_entry(inbox->talk, seq, &arena, &entry, &body, fault);

                if (r == TALK_E_REFUSED && fault_is(fault, "entry-sealed"))
                        continue;
                *ret_last = seq;
                return r;
        }
        *ret_last = 0;
        return 0;
}

/* ---- what comes ---- */

static bool on_entry(void *userdata, const struct entry *entry, const Message *body) {
        Inbox *inbox = userdata;
        Session *session = inbox->talk->session;
        cleanup_buf Buf text = BUF_TEXT;

        if (inbox_is_for(body, slice_text(session_get_name(session)), session_get_role(session))) {
                if (inbox->talk->is_json) {
                        buf_text(&text, "{\"version\":1,\"entry\":");
                        entry_describe_json(entry, body, &text);
                        buf_text(&text, "}\n");
                } else {
                        inbox_describe(entry, body, &text);
                }
                talk_print(&text);
                inbox->n_shown++;
        }
        return inbox->last && entry->seq >= inbox->last;
}

/* ---- the verb ---- */

static int open_inbox(Inbox *inbox, Fault *fault) {
        cleanup_free char *dir = NULL;
        int r = waiting_deadline(inbox->talk->args, &inbox->waiting.deadline_ms, fault);

        if (r == 0)
                r = talk_connect(inbox->talk, fault);
        if (r != 0)
                return r;
        TRY(project_agent_dir(&inbox->talk->project, session_get_name(inbox->talk->session), &dir));
        inbox->path = mem_printf("%s/inbox", dir);
        if (!args_has(inbox->talk->args, "all"))
                inbox->waiting.cursor = read_place(inbox->path);
        return 0;
}

static int follow(Inbox *inbox, Fault *fault) {
        int r = waiting_run(&inbox->waiting, fault);

        return r == WAITING_E_TIMEOUT || r == WAITING_E_INTERRUPTED ? 0 : r;
}

static int show_new(Inbox *inbox, Fault *fault) {
        int r = find_last(inbox, &inbox->last, fault);

        if (r != 0 || inbox->last == 0)
                return r;
        return follow(inbox, fault);
}

static int look(Talk *talk, Fault *reterr_fault) {
        cleanup(inbox_deinit) Inbox inbox = {
                .talk = talk,
                .waiting = {.talk = talk, .on_entry = on_entry, .signal_fd = -1},
        };
        int r = open_inbox(&inbox, reterr_fault);

        inbox.waiting.userdata = &inbox;
        if (r != 0)
                return r;
        TRY(waiting_start(&inbox.waiting));
        r = args_has(talk->args, "follow") ? follow(&inbox, reterr_fault)
                                           : show_new(&inbox, reterr_fault);
        if (r != 0)
                return r;
        if (inbox.n_shown == 0 && !talk->is_json && !args_has(talk->args, "follow"))
                (void)fputs("nothing new\n", stderr);
        return write_place(&inbox);
}

int agent_inbox(const Args *args) {
        return talk_run(args, look);
}
