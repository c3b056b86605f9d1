/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `status`: what the broker says. */

#include "adversary-agent/verbs.h"
#include "verbs/verb_status.h"

int verb_status(const Args *args) {
        return talk_run(args, talk_status);
}
