/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `status`: what the broker says. */

#include <unistd.h>

#include "builder-agent/builder.h"
#include "builder-agent/verbs.h"
#include "view/status.h"

static int status(Builder *builder, Fault *fault) {
        const char *phase = builder_get_phase(builder->args);
        bool is_plain = args_has(builder->args, "no-color");
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf text = BUF_TEXT;
        struct status answer;
        int r = builder_connect(builder, fault);

        if (r == 0)
                r = builder_ask_status(builder, phase, &arena, &answer, fault);
        if (r != 0)
                return r;
        if (builder->is_json)
                status_describe_json(&answer, &text);
        else
                status_describe(&answer, colour_is_wanted(STDOUT_FILENO, is_plain), &text);
        builder_print(&text);
        return 0;
}

int verb_status(const Args *args) {
        return builder_run(args, status);
}
