/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `withdraw`: takes a claim back. */

#include "builder-agent/builder.h"
#include "builder-agent/verbs.h"
#include "view/entry.h"

static int withdraw(Builder *builder, Fault *fault) {
        Message message = {.type = MESSAGE_WITHDRAW};
        cleanup_buf Buf text = BUF_TEXT;
        unsigned long long claim;
        uint64_t seq;
        int r;

        if (!entry_name_parse(builder->args->rest[0], &message.withdraw.claim)) {
                fault_set(fault, "argument-value", "`%s` is not a claim", builder->args->rest[0]);
                fault_next(fault, "name it as builder-agent status does: C-12");
                return BUILDER_E_REFUSED;
        }
        message.withdraw.why = slice_text(args_get(builder->args, "why"));
        message_set_present(&message);
        r = builder_check(&message, fault);
        if (r == 0)
                r = builder_connect(builder, fault);
        if (r == 0)
                r = builder_call(builder, &message, &seq, fault);
        if (r != 0)
                return r;
        claim = (unsigned long long)message.withdraw.claim;
        if (builder->is_json)
                buf_printf(&text, "{\"version\":1,\"withdrawn\":{\"claim\":%llu,\"seq\":%llu}}\n",
                           claim, (unsigned long long)seq);
        else
                buf_printf(&text, "C-%llu is withdrawn\n", claim);
        builder_print(&text);
        return 0;
}

int verb_withdraw(const Args *args) {
        return builder_run(args, withdraw);
}
