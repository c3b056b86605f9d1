/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `note`: words. They claim nothing, whatever they say. */

#include "base/error.h"
#include "verbs/talk.h"
#include "verbs/choose.h"
#include "builder-agent/verbs.h"

static int find_phase(Talk *talk, Arena *arena, Slice *ret_phase, Fault *fault) {
        const char *named = args_get(talk->args, "phase");
        const struct phase_status *phase = NULL;
        struct status status;
        int r;

        if (named) {
                *ret_phase = slice_text(named);
                return 0;
        }
        r = talk_ask_status(talk, NULL, arena, &status, fault);
        if (r == 0)
                r = choose_phase(&status, NULL, 0, &phase, fault);
        if (r != 0)
                return r;
        *ret_phase = phase->phase;
        return 0;
}

static int note(Talk *talk, Fault *fault) {
        bool is_journal = args_has(talk->args, "journal");
        Message message = {.type = MESSAGE_NOTE};
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf text = BUF_TEXT;
        uint64_t seq;
        int r = talk_connect(talk, fault);

        if (r == 0)
                r = find_phase(talk, &arena, &message.note.phase, fault);
        if (r != 0)
                return r;
        message.note.to = is_journal ? NOTE_TO_JOURNAL : NOTE_TO_RECORD;
        message.note.text = slice_text(talk->args->rest[0]);
        message_set_present(&message);
        r = talk_check(&message, fault);
        if (r == 0)
                r = talk_call(talk, &message, &seq, fault);
        if (r != 0)
                return r;
        if (talk->is_json)
                buf_printf(&text, "{\"version\":1,\"note\":{\"seq\":%llu,\"to\":\"%s\"}}\n",
                           (unsigned long long)seq, word_of(&words_NOTE_TO, (int)message.note.to));
        else
                buf_printf(&text, "N-%llu, %s\n", (unsigned long long)seq,
                           is_journal ? "in the journal, sealed from adversaries until the verdict"
                                      : "on the record");
        talk_print(&text);
        return 0;
}

int verb_note(const Args *args) {
        return talk_run(args, note);
}
