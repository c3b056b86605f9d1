/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The verbs of lib/verbs/say.def, as the operator: into the ledger, or to the broker that runs. */

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "broker/fold.h"
#include "broker/status.h"
#include "broker/verbs.h"
#include "verbs/say.h"

/* What the port looks up is read from the ledger, which anybody may. */
typedef struct Port {
        Errand *errand;
        State state; /* empty until it is asked for; a status borrows from it */
} Port;

static void port_deinit(Port *port) {
        state_deinit(&port->state);
}

static int with_ledger(Errand *errand, Fault *fault) {
        return errand->ledger ? 0 : errand_open_ledger(errand, LEDGER_READ, fault);
}

static int with_state(Port *port, Fault *fault) {
        int r = with_ledger(port->errand, fault);

        if (r == 0 && !port->state.has_genesis)
                r = fold_ledger(port->errand->ledger, &port->state, fault);
        return r > 0 ? SAY_E_REFUSED : r;
}

static int port_status(void *userdata, Arena *arena, struct status *ret_status, Fault *fault) {
        Port *port = userdata;
        int r = with_state(port, fault);

        if (r == 0)
                status_build(&port->state, SLICE_NULL, clock_wall_ms(), arena, ret_status);
        return r;
}

static int port_commit(void *userdata, const char *rev, char ret_commit[SAY_COMMIT_BYTES],
                       Fault *fault) {
        size_t n = strspn(rev, "0123456789abcdef");

        (void)userdata;
        if (!rev[n] && (n == 40 || n == 64)) {
                memcpy(ret_commit, rev, n + 1);
                return 0;
        }
        fault_set(fault, "commit-malformed", "`%s` is not a full commit id", rev);
        fault_next(fault, "git rev-parse %s", rev);
        return SAY_E_REFUSED;
}

static int port_submit(void *userdata, const Message *message, uint64_t *ret_seq, Fault *fault) {
        Errand *errand = ((Port *)userdata)->errand;

        errand->ledger = ledger_free(errand->ledger); /* errand_say may open it to write */
        return errand_say(errand, message, ret_seq, fault);
}

/* Whose key it is. */
static const char *port_name(void *userdata, Fault *fault) {
        Port *port = userdata;
        cleanup_free char *path =
                project_key_path(&port->errand->project, port->errand->args, "operator");
        const AgentRecord *agent = NULL;
        cleanup_key Key key;

        if (key_read(path, &key, fault) != 0 || with_state(port, fault) != 0)
                return NULL;
        agent = state_find_agent_by_curve(&port->state, key.public.curve);
        if (agent)
                return agent->name;
        fault_set(fault, "key-unknown", "no agent has this key");
        fault_place(fault, "%s", path);
        return NULL;
}

static int say(Errand *errand, Fault *reterr_fault) {
        cleanup_buf Buf text = BUF_TEXT;
        cleanup(port_deinit) Port operator_port = {.errand = errand};
        cleanup_say Say say;
        const SayPort port = {
                .userdata = &operator_port,
                .status = port_status,
                .commit = port_commit,
                .submit = port_submit,
                .name = port_name,
        };
        int r;

        state_init(&operator_port.state);
        say_init(&say, errand->args, &port, clock_wall_ms());
        r = say_run(&say, &text, reterr_fault);
        if (r == 0)
                errand_print(&text);
        return r > 0 ? ERRAND_E_REFUSED : r;
}

int verb_say(const Args *args) {
        return errand_run(args, say);
}
