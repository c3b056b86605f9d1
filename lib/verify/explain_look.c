/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The kernel's own words about a sandbox, asked inside of it. */

#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/proc.h"
#include "sandbox/place.h"
#include "verify/attempt.h"
#include "verify/explain.h"

enum { LOOK_MS = 20000, LOOK_BYTES = 4 << 20, ERROR_BYTES = 200 };

static bool has_end(Slice text, const char *end) {
        size_t n = strlen(end);

        return text.n >= n && slice_is(slice_from(text, text.n - n), end);
}

/* Ours, put over something that is not to be seen (sandbox/root.c). */
static bool is_hiding(const ProcMount *mount) {
        Slice size = slice_text("size=" HIDING_BYTES);

        return has_end(mount->root, "/" PART_EMPTY) ||
               (slice_is(mount->type, "tmpfs") &&
                slice_find(mount->of_system, size) < mount->of_system.n);
}

typedef struct Look {
        ExplainCheck *check;
        Arena *arena;
        ExplainFact *mounts, *hidden;
} Look;

static void take_mount(const Look *look, Slice line) {
        ProcMount mount;
        bool is_read_only;

        if (!proc_read_mount(line, &mount))
                return;
        is_read_only = slice_is(slice_head(mount.options, 2), "ro");
        if (is_hiding(&mount))
                explain_put(look->hidden, arena_slice(look->arena, mount.path), look->arena);
        else
                explain_put(look->mounts,
                            slice_text(arena_printf(look->arena, "%.*s %.*s, %s",
                                                    SLICE_ARGS(mount.path), SLICE_ARGS(mount.type),
                                                    is_read_only ? "read-only" : "writable")),
                            look->arena);
}

/* "Name:\tvalue\t…" of a process's status; empty if it is not there. */
static Slice find_status(Slice text, const char *name) {
        size_t at = slice_find(text, slice_text(name));
        Slice rest = slice_from(text, at + strlen(name));

        while (rest.n && (rest.data[0] == '\t' || rest.data[0] == ' '))
                rest = slice_from(rest, 1);
        return slice_head(rest, slice_find(rest, slice_text("\n")));
}

static Slice first_word(Slice text) {
        return slice_head(text, slice_find(text, slice_text("\t")));
}

static void take_status(const Look *look, Slice text) {
        Slice groups = find_status(text, "\nGroups:");
        bool has_filter = slice_is(find_status(text, "\nSeccomp:"), "2");
        Slice rights = find_status(text, "\nCapEff:");

        while (rights.n && rights.data[0] == '0')
                rights = slice_from(rights, 1);
        explain_put(explain_add(look->check, "user", false),
                    slice_text(arena_printf(
                            look->arena,
                            "uid %.*s, gid %.*s, groups %.*s; capabilities: %.*s; new privileges: "
                            "%s",
                            SLICE_ARGS(first_word(find_status(text, "\nUid:"))),
                            SLICE_ARGS(first_word(find_status(text, "\nGid:"))),
                            SLICE_ARGS(groups.n ? groups : slice_text("none")),
                            SLICE_ARGS(rights.n ? rights : slice_text("none")),
                            slice_is(find_status(text, "\nNoNewPrivs:"), "1") ? "never"
                                                                              : "may "
                                                                                "be had")),
                    look->arena);
        explain_put(explain_add(look->check, "seccomp", false),
                    slice_text(has_filter ? "a filter refuses what makes namespaces, mounts, keys, "
                                            "BPF and modules, with an error"
                                          : "none"),
                    look->arena);
}

static void take_mounts(Look *look, Slice text) {
        look->mounts = explain_add(look->check, "mounts", true);
        look->hidden = explain_add(look->check, "hidden", true);
        while (text.n)
                take_mount(look, proc_take_line(&text));
}

static int broken(const SandboxOutcome *outcome, Fault *reterr_fault) {
        if (outcome->fault.rule)
                *reterr_fault = outcome->fault;
        else
                fault_set(reterr_fault, "sandbox.probe", "a probe in this sandbox failed: %.*s",
                          SLICE_ARGS(slice_head(buf_get(&outcome->err.head), ERROR_BYTES)));
        return EXPLAIN_E_BROKEN;
}

int explain_look(const char *runner, const SandboxSpec *spec, ExplainCheck *check, Arena *arena,
                 Fault *reterr_fault) {
        static const char *const argv[] = {"/bin/cat", "/proc/self/status", "/proc/self/mountinfo",
                                           NULL};
        static const char *const env[] = {"PATH=" ATTEMPT_PATH, NULL};
        static const char end_of_status[] = "\nnonvoluntary_ctxt_switches:";
        cleanup(sandbox_outcome_deinit) SandboxOutcome outcome = {.end = SANDBOX_BROKEN};
        Look look = {.check = check, .arena = arena};
        SandboxSpec probe = *spec;
        size_t at;
        Slice text;

        probe.argv = argv;
        probe.env = env;
        probe.workdir = NULL;
        probe.limits = sandbox_limits_default;
        probe.limits.wall_ms = LOOK_MS;
        probe.limits.keep_head = LOOK_BYTES;
        TRY(sandbox_run(runner, &probe, &outcome));
        if (outcome.end != SANDBOX_EXITED || outcome.status != 0)
                return broken(&outcome, reterr_fault);
        explain_put(explain_add(check, "isolation", false),
                    arena_slice(arena, slice_text(outcome.isolation)), arena);
        text = buf_get(&outcome.out.head);
        at = slice_find(text, slice_text(end_of_status));
        take_status(&look, slice_head(text, at));
        if (!spec->on_host)
                take_mounts(&look, slice_from(text, at + 1));
        return 0;
}
