/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `withdraw`: takes a claim back. */

#include "verbs/talk.h"
#include "builder-agent/verbs.h"
#include "builder-agent/verdicts.h"
#include "proto/label.h"

static int withdraw(Talk *talk, Fault *fault) {
        Message message = {.type = MESSAGE_WITHDRAW};
        const char *name = talk->args->rest[0];
        cleanup_arena Arena arena = ARENA_INIT;
        FoundClaim found = {.seq = 0};
        cleanup_buf Buf text = BUF_TEXT;
        unsigned long long claim;
        uint64_t seq;
        char letter;
        bool is_label = label_parse(name, &letter, &seq);
        int r = 0;

        if (is_label)
                r = label_read(name, MESSAGE_CLAIM, &message.withdraw.claim, fault);
        if (r == 0)
                r = talk_connect(talk, fault);
        if (r == 0 && !is_label)
                r = claim_find(talk, name, &arena, &found, fault);
        if (r != 0)
                return r;
        if (!is_label)
                message.withdraw.claim = found.seq;
        message.withdraw.why = slice_text(args_get(talk->args, "why"));
        message_set_present(&message);
        r = talk_check(&message, fault);
        if (r == 0)
                r = talk_call(talk, &message, &seq, fault);
        if (r != 0)
                return r;
        claim = (unsigned long long)message.withdraw.claim;
        if (talk->is_json)
                buf_printf(&text, "{\"version\":1,\"withdrawn\":{\"claim\":%llu,\"seq\":%llu}}\n",
                           claim, (unsigned long long)seq);
        else
                buf_printf(&text, "C-%llu is withdrawn\n", claim);
        talk_print(&text);
        return 0;
}

int verb_withdraw(const Args *args) {
        return talk_run(args, withdraw);
}
