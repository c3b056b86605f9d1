/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What the kinds of check share: directory, environment, command, limits, progress, cleanup. */

#include "verify/attempt.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/proc.h"
#include "verify/environment.h"
#include "verify/kind.h"
#include "verify/load.h"
#include "verify/scratch.h"

enum {
        PROGRESS_MS = 2000,
        KEEP_BYTES = 1 << 20, /* of each end of a stream, for the matchers */
        VMSTAT_BYTES = 65536,
        SLICE_MS = 100, /* how late a cancellation may be noticed */
        TURN_STEP_MS = 20,
        FORBIDDEN_GRACE_MS = 1000, /* for what is left, where that decides */
        ROOM_SHARE = 2,
        COPIES = 2, /* of the tree in a run's directory, and what is changed of it */
};

static const CheckRunner runners[] = {
        [CHECK_RUN] = run_check_attempt,           [CHECK_HTTP] = http_check_attempt,
        [CHECK_REPORT] = report_check_attempt,     [CHECK_GIT] = git_check_attempt,
        [CHECK_REVISION] = revision_check_attempt, [CHECK_FILE] = file_check_attempt,
        [CHECK_PORT] = port_check_attempt,         [CHECK_PROCESS] = process_check_attempt,
        [CHECK_LOG] = log_check_attempt,           [CHECK_MANUAL] = manual_check_attempt,
};

void attempt_deinit(Attempt *attempt) {
        if (attempt->has_sandbox)
                sandbox_outcome_deinit(&attempt->sandbox);
        if (attempt->has_http)
                http_answer_deinit(&attempt->http);
        arena_deinit(&attempt->arena);
        *attempt = (Attempt){.has_sandbox = false};
}

bool attempt_is_cancelled(AttemptSetting *setting) {
        const VerifyProgress *progress = &setting->request->progress;
        uint64_t now_ms = clock_mono_ms();

        if (progress->report &&
            (setting->reported_ms == 0 || now_ms - setting->reported_ms >= PROGRESS_MS)) {
                setting->reported_ms = now_ms;
                progress->report(progress->userdata, setting->what, setting->n_done,
                                 setting->n_total);
        }
        return progress->is_cancelled && progress->is_cancelled(progress->userdata);
}

/* A text is a script; a list is an argv. */
static const char *const *make_argv(const Check *check, Arena *arena) {
        static const char *const bash[] = {"/bin/bash", "--noprofile", "--norc",
                                           "-euo",      "pipefail",    "-c"};
        size_t n_bash = check->is_shell ? ARRAY_SIZE(bash) : 0;
        const char **argv = arena_alloc_array(arena, n_bash + check->n_command + 1, sizeof(char *));

        for (size_t i = 0; i < n_bash; i++)
                argv[i] = bash[i];
        for (size_t i = 0; i < check->n_command; i++)
                argv[n_bash + i] = arena_text(arena, check->command[i]);
        return argv;
}

static uint64_t limit_of(const AttemptSetting *setting, uint64_t own, uint64_t fallback) {
        return (own ? own : fallback) * (setting->limit_factor ? setting->limit_factor : 1);
}

static void fill_limits(const AttemptSetting *setting, const Check *check, SandboxLimits *limits) {
        const CheckLimits *own = &check->limits;
        bool is_on_host = check->on == CHECK_ON_HOST;

        *limits = sandbox_limits_default;
        limits->wall_ms = check->timeout_ms;
        limits->memory_bytes = limit_of(setting, own->memory_bytes, limits->memory_bytes);
        limits->file_bytes = limit_of(setting, own->file_bytes, limits->file_bytes);
        /* There it would count what the user does elsewhere: only where the plan says so. */
        limits->n_processes =
                limit_of(setting, own->n_processes, is_on_host ? 0 : limits->n_processes);
        if (own->output_bytes)
                limits->output_bytes = own->output_bytes;
        /* What ends a little later, on a machine with much to do, is not left. */
        if (check->forbids_leftovers)
                limits->leak_grace_ms = FORBIDDEN_GRACE_MS;
        limits->keep_head = KEEP_BYTES;
        limits->keep_tail = KEEP_BYTES;
}

static const char *const *make_access(const Check *check, Arena *arena) {
        const char **access = arena_alloc_array(arena, check->n_host_access + 1, sizeof(char *));

        for (size_t i = 0; i < check->n_host_access; i++)
                access[i] = arena_text(arena, check->host_access[i]);
        return access;
}

bool check_reaches_out(const Check *check) {
        return check->on == CHECK_ON_HOST || check->network == CHECK_NETWORK_HOST;
}

/* Half of what there is, shared with those beside it, where the plan says nothing. */
static int make_dir(AttemptSetting *setting, const Check *check, const char *dir) {
        uint64_t most = limit_of(setting, check->limits.disk_bytes, 0);
        uint64_t share = (uint64_t)ROOM_SHARE * size_max(setting->n_beside, 1);

        setting->disk_bytes = most;
        setting->room_bytes = scratch_get_room(setting->dir);
        if (setting->request->keep)
                return mkdir(dir, 0700) < 0 ? error_origin(-errno) : 0;
        return scratch_make_run(setting->request->scratch, dir,
                                (most ? most : setting->room_bytes / share) +
                                        setting->tree_bytes * COPIES);
}

int attempt_prepare(AttemptSetting *setting, const Check *check, Arena *arena,
                    SandboxSpec *ret_spec) {
        char *dir = arena_printf(arena, "%s/run-%u", setting->dir, setting->n_dirs++);

        TRY(make_dir(setting, check, dir));
        *ret_spec = (SandboxSpec){
                .argv = make_argv(check, arena),
                .tree = setting->tree,
                .workdir = check->workdir.n ? arena_text(arena, check->workdir) : NULL,
                .scratch = dir,
                .hide = setting->hide,
                .access = make_access(check, arena),
                .network = check_reaches_out(check) ? SANDBOX_NETWORK_HOST : SANDBOX_NETWORK_NONE,
                .on_host = check->on == CHECK_ON_HOST,
        };
        fill_limits(setting, check, &ret_spec->limits);
        ret_spec->env = environment_make(setting, check, ret_spec, arena);
        return 0;
}

void attempt_drop(const AttemptSetting *setting, const SandboxSpec *spec) {
        if (!setting->request->keep)
                scratch_drop(spec->scratch);
}

bool attempt_was_overlay(const Attempt *attempt) {
        return attempt->has_sandbox && attempt->sandbox.isolation &&
               strstr(attempt->sandbox.isolation, "overlay");
}

uint64_t attempt_memory_kills(void) {
        cleanup_buf Buf text = BUF_INIT(VMSTAT_BYTES);

        return file_read("/proc/vmstat", &text) == 0 ? proc_find_number(buf_get(&text), "oom_kill ")
                                                     : 0;
}

/* Whether a PATH leads into the workspace: then the repository decides what a bare name is. */
static bool path_is_product(const char *path, const char *workspace) {
        size_t n_workspace = strlen(workspace);

        while (path && *path) {
                size_t n = strcspn(path, ":");

                if (n == 0 || path[0] != '/' ||
                    (n >= n_workspace && strncmp(path, workspace, n_workspace) == 0))
                        return true;
                path += n;
                path += *path == ':';
        }
        return false;
}

static bool path_has(const char *path, const char *name) {
        while (path && *path) {
                size_t n = strcspn(path, ":");
                cleanup_free char *file = mem_printf("%.*s/%s", (int)n, path, name);

                if (access(file, X_OK) == 0)
                        return true;
                path += n;
                path += *path == ':';
        }
        return false;
}

void attempt_get_facts(const SandboxSpec *spec, JudgeFacts *ret_facts) {
        const char *command = spec->argv[0];
        const char *path = environment_get(spec->env, "PATH");
        cleanup_arena Arena arena = ARENA_INIT;
        const char *workspace = spec->on_host ? sandbox_get_copy(spec, &arena) : SANDBOX_WORK;
        size_t n = strlen(workspace);

        if (!strchr(command, '/')) {
                ret_facts->command_is_product = path_is_product(path, workspace);
                ret_facts->command_is_missing = !path_has(path, command);
                return;
        }
        ret_facts->command_is_product =
                command[0] != '/' || (strncmp(command, workspace, n) == 0 && command[n] == '/');
        ret_facts->command_is_missing = access(command, X_OK) != 0;
}

Check attempt_settle(const AttemptSetting *setting, const Check *check, Arena *arena) {
        const PlanPair values[] = {
                {slice_text("N"),
                 slice_text(arena_printf(arena, "%llu",
                                         (unsigned long long)size_max(setting->repetition, 1)))},
                {slice_text("GATE_COMMIT"), slice_text(setting->request->commit)},
                {slice_text("GATE_STARTED_AT"), slice_text(setting->started_at)},
                {slice_text("GATE_SINCE"), slice_text(setting->since)},
        };

        return check_substitute_late(check, values, ARRAY_SIZE(values), arena);
}

static int await_turn(AttemptSetting *setting, Turn *turn) {
        const struct timespec step = {.tv_nsec = TURN_STEP_MS * 1000000L};
        int r;

        while ((r = turn_try(setting->request->scratch, setting->is_alone, turn)) == TURN_E_BUSY) {
                if (attempt_is_cancelled(setting))
                        return ATTEMPT_E_CANCELLED;
                (void)nanosleep(&step, NULL);
        }
        return r;
}

bool attempt_was_starved(const Check *check, const Attempt *attempt) {
        const SandboxOutcome *outcome = &attempt->sandbox;

        /* What reaches out can have others work for it; without a group nobody knows its share. */
        return attempt->judgement.outcome == OUTCOME_TIMEOUT && attempt->has_sandbox &&
               !check_reaches_out(check) && outcome->group_cpu_ms &&
               load_is_excuse(attempt->others, outcome->group_cpu_ms, outcome->wall_ms);
}

int attempt_make(AttemptSetting *setting, const Check *check, bool force_copy,
                 Attempt *ret_attempt) {
        cleanup(turn_give) Turn turn = TURN_NONE;
        LoadMark before, after;
        uint64_t started_ns;
        Check settled;
        int r = await_turn(setting, &turn);

        *ret_attempt = (Attempt){.started_ms = clock_wall_ms()};
        if (r != 0)
                return r;
        started_ns = clock_mono_ns();
        settled = attempt_settle(setting, check, &ret_attempt->arena);
        judge_by(SIGHTING_SANDBOX_BROKEN, "unjudged", &ret_attempt->judgement, "it was not judged");
        load_mark(&before);
        r = runners[check->kind](setting, &settled, force_copy, ret_attempt);
        load_mark(&after);
        turn_give(&turn);
        if (r == 0 && settled.forbids_leftovers && ret_attempt->has_sandbox)
                judge_residue(&ret_attempt->sandbox, &ret_attempt->judgement);
        /* Children that nobody waited for are in no count but the group's. */
        if (ret_attempt->has_sandbox &&
            ret_attempt->sandbox.group_cpu_ms > ret_attempt->sandbox.cpu_ms)
                after.own_ms += ret_attempt->sandbox.group_cpu_ms - ret_attempt->sandbox.cpu_ms;
        ret_attempt->others = load_of_others(&before, &after);
        ret_attempt->duration_ms = (clock_mono_ns() - started_ns) / 1000000;
        if (r != 0)
                attempt_deinit(ret_attempt);
        return r;
}

int attempt_follow(AttemptSetting *setting, Sandbox *sandbox, SandboxOutcome *ret_outcome) {
        int r;

        while ((r = sandbox_wait(sandbox, SLICE_MS, ret_outcome)) == SANDBOX_E_PENDING)
                if (attempt_is_cancelled(setting))
                        return ATTEMPT_E_CANCELLED;
        return r;
}

int attempt_run_script(AttemptSetting *setting, const Check *script, bool stays, Arena *arena,
                       SandboxSpec *ret_spec, SandboxOutcome *ret_outcome) {
        cleanup(sandbox_freep) Sandbox *sandbox = NULL;
        Check settled = attempt_settle(setting, script, arena);

        TRY(attempt_prepare(setting, &settled, arena, ret_spec));
        ret_spec->force_copy = stays;
        TRY(sandbox_start(setting->request->runner, ret_spec, &sandbox));
        return attempt_follow(setting, sandbox, ret_outcome);
}

void attempt_ask_canary(const AttemptSetting *setting, Judgement *judgement) {
        Fault fault = FAULT_INIT;

        if (judgement->outcome == OUTCOME_PASS || judgement->sighting == SIGHTING_HOST_DISK)
                return;
        if (canary_run(setting->request->runner, setting->dir, &fault) != 0)
                judge_by(SIGHTING_HOST_CANARY, NULL, judgement, "%s", fault.found);
}

int attempt_clean_up(AttemptSetting *setting, const Check *check, Buf *why, bool *ret_failed) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup(sandbox_outcome_deinit) SandboxOutcome outcome = {.end = SANDBOX_BROKEN};
        Check script = *check;
        SandboxSpec spec = {.argv = NULL};
        int r;

        *ret_failed = false;
        if (!check->cleanup.n || !check_reaches_out(check))
                return 0;
        script.is_shell = true;
        script.command = &script.cleanup;
        script.n_command = 1;
        r = attempt_run_script(setting, &script, false, &arena, &spec, &outcome);
        if (r != 0)
                return r;
        *ret_failed = outcome.end != SANDBOX_EXITED || outcome.status != 0;
        if (*ret_failed && outcome.end == SANDBOX_EXITED)
                buf_printf(why, "exit status %d", outcome.status);
        else if (*ret_failed)
                buf_text(why, outcome.end == SANDBOX_TIMED_OUT ? "it did not end in time"
                                                               : "it could not be run to its end");
        attempt_drop(setting, &spec);
        return 0;
}
