/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Rows of what is tried, in the order in which a verification needs them. */

#include "verify/doctor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/processors.h"
#include "base/text.h"
#include "proto/describe.h"
#include "sandbox/mount.h"
#include "sandbox/sandbox.h"
#include "verify/attempt.h"
#include "verify/git.h"
#include "verify/scratch.h"
#include "verify/selftest.h"
#include "verify/tools.h"

enum {
        TRY_MS = 20000,
        KNOB_BYTES = 64,
        MEMINFO_BYTES = 16384,
        VERSION_BYTES = 4096,
        SCRATCH_LEAST_MIB = 1024,
        MEMORY_LEAST_MIB = 512,
};

#define GIT_LEAST "2.38"

typedef struct Examination {
        Doctor *doctor;
        const char *scratch;
        char *runner; /* NULL: there is none */
} Examination;

static void put(Examination *examination, const char *name, DoctorState state, const char *advice,
                const char *format, ...) printf_like(5, 6);

static void put(Examination *examination, const char *name, DoctorState state, const char *advice,
                const char *format, ...) {
        Doctor *doctor = examination->doctor;
        cleanup_buf Buf found = BUF_TEXT;
        va_list args;

        va_start(args, format);
        buf_vprintf(&found, format, args);
        va_end(args);
        doctor->rows[doctor->n_rows++] = (DoctorRow){
                .name = name,
                .state = state,
                .found = arena_slice(&doctor->arena, buf_get(&found)),
                .advice = state == DOCTOR_GOOD ? NULL : advice,
        };
}

/* ---- the sandbox ---- */

static void try_runner(Examination *examination) {
        Fault fault = FAULT_INIT;

        examination->runner = sandbox_find_runner(&fault);
        if (examination->runner && access(examination->runner, X_OK) < 0) {
                fault_set(&fault, "sandbox.runner", "%s: %s", examination->runner, strerror(errno));
                free(examination->runner);
                examination->runner = NULL;
        }
        if (examination->runner)
                put(examination, "runner", DOCTOR_GOOD, NULL, "%s", examination->runner);
        else
                put(examination, "runner", DOCTOR_MISSING,
                    "install coldgate whole, or set COLDGATE_RUNNER", "%s", fault.found);
}

/* The number in a kernel's setting; `fallback` where there is no such setting. */
static long read_knob(const char *path, long fallback) {
        cleanup_buf Buf text = BUF_INIT(KNOB_BYTES);

        return file_read(path, &text) == 0 && text.n ? strtol(buf_get_text(&text), NULL, 10)
                                                     : fallback;
}

/* Why an ordinary user gets no namespaces, where the kernel's settings say it. */
static const char *advise_namespaces(void) {
        Fault fault = FAULT_INIT;

        if (!mount_is_at_root(&fault))
                return MOUNT_CHROOT_NEXT;
        if (read_knob("/proc/sys/user/max_user_namespaces", 1) == 0)
                return "sysctl -w user.max_user_namespaces=10000, or run as root";
        if (read_knob("/proc/sys/kernel/unprivileged_userns_clone", 1) == 0)
                return "sysctl -w kernel.unprivileged_userns_clone=1, or run as root";
        if (read_knob("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 0) == 1)
                return "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or run as root";
        return "run where namespaces can be made: as root, or not inside a container that forbids "
               "them";
}

static int try_command(const Examination *examination, SandboxOutcome *ret_outcome) {
        static const char *const argv[] = {"/bin/true", NULL};
        static const char *const env[] = {"PATH=" ATTEMPT_PATH, "HOME=" SANDBOX_HOME,
                                          "TMPDIR=" SANDBOX_TMP, NULL};
        cleanup_free char *tree = mem_printf("%s/tree", examination->scratch);
        cleanup_free char *scratch = mem_printf("%s/run", examination->scratch);
        SandboxSpec spec = {.argv = argv,
                            .env = env,
                            .tree = tree,
                            .scratch = scratch,
                            .limits = sandbox_limits_default};

        spec.limits.wall_ms = TRY_MS;
        if (mkdir(tree, 0755) < 0 || mkdir(scratch, 0700) < 0)
                return error_origin(-errno);
        return sandbox_run(examination->runner, &spec, ret_outcome);
}

static void say_isolation(Examination *examination, const char *isolation) {
        bool is_root = geteuid() == 0;

        examination->doctor->isolation =
                arena_slice(&examination->doctor->arena, slice_text(isolation));
        put(examination, "isolation", is_root ? DOCTOR_GOOD : DOCTOR_WEAK,
            "run the agent as root: commands then run as a user of their own, over an overlay",
            "%s", isolation);
        put(examination, "workspace",
            strstr(isolation, "workspace overlay") ? DOCTOR_GOOD : DOCTOR_WEAK,
            "a copy is as cold, only slower; overlays need root and a kernel with overlayfs",
            strstr(isolation, "workspace overlay") ? "an overlay for each check"
                                                   : "a plain copy for each check");
}

static void try_isolation(Examination *examination) {
        cleanup(sandbox_outcome_deinit) SandboxOutcome outcome = {.end = SANDBOX_BROKEN};
        int r;

        if (!examination->runner)
                return;
        r = try_command(examination, &outcome);
        if (r == 0 && outcome.end == SANDBOX_EXITED && outcome.status == 0)
                say_isolation(examination, outcome.isolation);
        else if (r < 0)
                put(examination, "isolation", DOCTOR_MISSING, "mend this, then look again",
                    "it could not be tried: %s", strerror(-r));
        else
                put(examination, "isolation", DOCTOR_MISSING, advise_namespaces(), "%s",
                    outcome.fault.rule ? outcome.fault.found : "true did not end with 0");
}

static void try_canary(Examination *examination) {
        Fault fault = FAULT_INIT;

        if (!examination->doctor->isolation.n)
                return;
        if (canary_run(examination->runner, examination->scratch, &fault) == 0)
                put(examination, "canary", DOCTOR_GOOD, NULL,
                    "exit status, files, fork and loopback are as they must be");
        else
                put(examination, "canary", DOCTOR_MISSING,
                    "no verdict is given on a machine whose canary is sick", "%s", fault.found);
}

static void try_selftest(Examination *examination) {
        Fault fault = FAULT_INIT;
        int r;

        if (!examination->doctor->isolation.n)
                return;
        r = selftest_run(examination->runner, examination->scratch, &fault);
        if (r == 0)
                put(examination, "self-test", DOCTOR_GOOD, NULL,
                    "cheats are met, honest work passes");
        else
                put(examination, "self-test", DOCTOR_MISSING,
                    "no work is taken on a machine whose sandbox lets a cheat through", "%s",
                    r < 0 ? strerror(-r) : fault.found);
}

/* ---- the machine ---- */

static void try_git(Examination *examination) {
        static const char *const args[] = {"version", NULL};
        GitCommand command = {.git_dir = examination->scratch,
                              .args = args,
                              .deadline_ms = clock_mono_ms() + TRY_MS};
        cleanup_buf Buf output = BUF_INIT(VERSION_BYTES);
        int r = git_run(&command, &output);
        Slice version = r == 0 ? version_find(buf_get(&output)) : SLICE_NULL;

        if (r != 0)
                put(examination, "git", DOCTOR_MISSING, "apt-get install git",
                    "there is none that answers");
        else if (version_compare(version, slice_text(GIT_LEAST)) < 0)
                put(examination, "git", DOCTOR_WEAK,
                    "a git of version " GIT_LEAST " or newer knows safe.bareRepository",
                    "version %.*s", SLICE_ARGS(version));
        else
                put(examination, "git", DOCTOR_GOOD, NULL, "version %.*s", SLICE_ARGS(version));
}

static void try_room(Examination *examination) {
        struct statvfs about;
        uint64_t mib;

        if (statvfs(examination->scratch, &about) < 0) {
                put(examination, "scratch", DOCTOR_MISSING, "set TMPDIR to a directory of yours",
                    "%s: %s", examination->scratch, strerror(errno));
                return;
        }
        mib = (uint64_t)about.f_bavail * about.f_frsize >> 20;
        put(examination, "scratch", mib < SCRATCH_LEAST_MIB ? DOCTOR_WEAK : DOCTOR_GOOD,
            "workspaces that do not fit are INCONCLUSIVE: make room, or set TMPDIR",
            "%" PRIu64 " MiB free", mib);
}

static void try_memory(Examination *examination) {
        cleanup_buf Buf text = BUF_INIT(MEMINFO_BYTES);
        uint64_t kib = file_read("/proc/meminfo", &text) == 0
                               ? proc_find_number(buf_get(&text), "MemAvailable:")
                               : 0;
        uint64_t mib = kib >> 10;

        put(examination, "memory", mib < MEMORY_LEAST_MIB ? DOCTOR_WEAK : DOCTOR_GOOD,
            "a check that is killed for memory is judged by what else the machine was short of",
            "%" PRIu64 " MiB available", mib);
}

static void try_load(Examination *examination) {
        size_t n_cores = processors_count();
        double load = 0;

        if (getloadavg(&load, 1) != 1)
                return;
        put(examination, "load", load > 2 * (double)n_cores ? DOCTOR_WEAK : DOCTOR_GOOD,
            "deadlines are missed on a busy machine: such a check is run once more, alone",
            "%.1f on %zu cores", load, n_cores);
}

static void (*const tries[])(Examination *) = {
        try_runner, try_isolation, try_canary, try_selftest,
        try_git,    try_room,      try_memory, try_load,
};

int doctor_examine(const char *scratch, Doctor *ret_doctor) {
        cleanup_free char *dir = NULL;
        Examination examination = {.doctor = ret_doctor};

        *ret_doctor = (Doctor){.n_rows = 0};
        TRY(scratch_open_job(scratch, &dir));
        examination.scratch = dir;
        for (size_t i = 0; i < ARRAY_SIZE(tries); i++)
                tries[i](&examination);
        free(examination.runner);
        scratch_drop(dir);
        return 0;
}

void doctor_deinit(Doctor *doctor) {
        arena_deinit(&doctor->arena);
        *doctor = (Doctor){.n_rows = 0};
}

DoctorState doctor_get_state(const Doctor *doctor) {
        DoctorState worst = DOCTOR_GOOD;

        for (size_t i = 0; i < doctor->n_rows; i++)
                if (doctor->rows[i].state > worst)
                        worst = doctor->rows[i].state;
        return worst;
}

static const char *const state_words[] = {
        [DOCTOR_GOOD] = "good",
        [DOCTOR_WEAK] = "weak",
        [DOCTOR_MISSING] = "missing",
};

static const char *const promises[] = {
        [DOCTOR_GOOD] = "This machine gives verdicts, with all the isolation that there is.",
        [DOCTOR_WEAK] = "This machine gives verdicts; the evidence says what it could not have.",
        [DOCTOR_MISSING] = "This machine gives no verdicts: what is missing comes first.",
};

void doctor_describe(const Doctor *doctor, Buf *text) {
        for (size_t i = 0; i < doctor->n_rows; i++) {
                const DoctorRow *row = &doctor->rows[i];

                buf_printf(text, "  %-8s %-10s ", state_words[row->state], row->name);
                text_make_visible(row->found, false, text);
                if (row->advice)
                        buf_printf(text, "\n           next: %s", row->advice);
                buf_text(text, "\n");
        }
        buf_printf(text, "%s\n", promises[doctor_get_state(doctor)]);
}

void doctor_describe_json(const Doctor *doctor, Buf *text) {
        buf_printf(text, "{\"version\":1,\"doctor\":{\"state\":\"%s\",\"isolation\":",
                   state_words[doctor_get_state(doctor)]);
        describe_json_string(doctor->isolation, text);
        buf_text(text, ",\"rows\":[");
        for (size_t i = 0; i < doctor->n_rows; i++) {
                const DoctorRow *row = &doctor->rows[i];

                buf_printf(text, "%s{\"name\":\"%s\",\"state\":\"%s\",\"found\":", i ? "," : "",
                           row->name, state_words[row->state]);
                describe_json_string(row->found, text);
                if (row->advice) {
                        buf_text(text, ",\"next\":");
                        describe_json_string(slice_text(row->advice), text);
                }
                buf_text(text, "}");
        }
        buf_text(text, "]}}\n");
}
