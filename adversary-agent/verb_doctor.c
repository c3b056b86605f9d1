/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `doctor`: what isolation this machine gives, what is missing, and what to do about it. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adversary-agent/verbs.h"
#include "base/mem.h"
#include "verify/doctor.h"
#include "verify/scratch.h"

static int print(const Args *args, const Doctor *doctor) {
        cleanup_buf Buf text = BUF_TEXT;

        if (args_has(args, "json"))
                doctor_describe_json(doctor, &text);
        else
                doctor_describe(doctor, &text);
        (void)fwrite(text.data, 1, text.n, stdout);
        (void)fflush(stdout);
        return doctor_get_state(doctor) == DOCTOR_MISSING ? EXIT_HOLDS_NOT : EXIT_HOLDS;
}

int verb_doctor(const Args *args) {
        cleanup(doctor_deinit) Doctor doctor = {.n_rows = 0};
        const char *tmp = getenv("TMPDIR");
        cleanup_free char *scratch =
                mem_printf("%s/coldgate-XXXXXX", tmp && tmp[0] == '/' ? tmp : "/tmp");
        Fault fault = FAULT_INIT;
        bool is_private = false;
        int r;

        if (!mkdtemp(scratch)) {
                fault_set(&fault, "not-carried-out", "no directory could be made: %s",
                          strerror(errno));
                fault_place(&fault, "%s", scratch);
                fault_next(&fault, "set TMPDIR to a directory of yours");
                return args_refuse(args, &fault, EXIT_NOT_CARRIED_OUT);
        }
        r = scratch_make_private(scratch, &is_private, &fault);
        if (r >= 0) /* it says itself what it cannot have */
                r = doctor_examine(scratch, &doctor);
        scratch_drop(scratch);
        if (r == 0)
                return print(args, &doctor);
        fault_set(&fault, "not-carried-out", "%s", strerror(-r));
        return args_refuse(args, &fault, EXIT_NOT_CARRIED_OUT);
}
