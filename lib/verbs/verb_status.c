/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `status` of an agent: what the broker says. */

#include "verbs/agent.h"

#include <unistd.h>

#include "verbs/talk.h"
#include "view/status.h"
#include "view/terminal.h"

const OptionRow agent_status_options[] = {
        {"phase", "P", "As the argument."},
        {"why", NULL,
         "For each thing that waits: for whom, since when, because of what, pings so far."},
        {"key", "FILE",
         "The secret key to speak with (default: that of the role in .coldgate/keys)."},
        {NULL, NULL, NULL},
};

static int status(Talk *talk, Fault *fault) {
        const char *phase = talk_get_phase(talk->args);
        bool is_plain = args_has(talk->args, "no-color");
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf text = BUF_TEXT;
        struct status answer;
        int r = talk_connect(talk, fault);

        if (r == 0)
                r = talk_ask_status(talk, phase, &arena, &answer, fault);
        if (r != 0)
                return r;
        if (talk->is_json)
                status_describe_json(&answer, &text);
        else if (args_has(talk->args, "why"))
                status_describe_why(&answer, &text);
        else
                status_describe(&answer, colour_is_wanted(STDOUT_FILENO, is_plain), &text);
        talk_print(&text);
        return 0;
}

int agent_status(const Args *args) {
        return talk_run(args, status);
}
