/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Facts of one file: of the commit; of the workspace as the check's command left it; or, where
 * the path is absolute, of this machine. Links are not followed at the end, and never out of the
 * workspace.
 */

#include <errno.h>
#include <fcntl.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"
#include "verify/beneath.h"
#include "verify/command.h"
#include "verify/file_facts.h"
#include "verify/kind.h"
#include "verify/left.h"

static bool is_of_host(const Check *check) {
        return check->file.path.n && check->file.path.data[0] == '/';
}

static int find_left(const CommandRun *run, Slice path, int *ret_fd) {
        cleanup_buf Buf normal = BUF_TEXT;

        if (!left_path_normalise(path, &normal))
                return LEFT_E_ABSENT;
        return left_find(&run->spec, buf_get_text(&normal), ret_fd);
}

/* The facts, unless the judgement says why there are none. */
static int observe(const Check *check, int found, int fd, uint64_t deadline_ms, Attempt *attempt,
                   ObservedFile *ret_file) {
        int r = found == 0 ? file_observe(fd, deadline_ms, &attempt->arena, ret_file) : 0;

        ret_file->path = check->file.path;
        if (r < 0)
                return r;
        if (found == LEFT_E_UNREADABLE || r == FILE_FACTS_E_UNREADABLE)
                judge_by(is_of_host(check) ? SIGHTING_HOST_FILE : SIGHTING_FILE_UNREADABLE, NULL,
                         &attempt->judgement, "%.*s is there and cannot be read",
                         SLICE_ARGS(check->file.path));
        else if (r == FILE_FACTS_E_DEADLINE)
                judge_by(SIGHTING_DEADLINE, NULL, &attempt->judgement,
                         "%.*s could not be read to its end before the deadline",
                         SLICE_ARGS(check->file.path));
        return found == LEFT_E_UNREADABLE ? found : r;
}

static void examine(const Check *check, const ObservedFile *file, Observed *observed,
                    Assertions *assertions, Attempt *attempt) {
        if (file->exists && file->is_regular)
                attempt_keep_file(attempt, file);
        observed->files = file;
        observed->n_files = 1;
        assertions_add_expected(assertions, check, observed);
}

static int without_command(AttemptSetting *setting, const Check *check, Attempt *attempt) {
        Assertions assertions = {.arena = &attempt->arena};
        uint64_t deadline_ms = clock_mono_ms() + check->timeout_ms;
        Observed observed = {.exit_status = -1};
        ObservedFile file = {.exists = false};
        cleanup_fd int fd = -1;
        int r;

        if (is_of_host(check))
                r = left_find_on_host(check->file.path, &fd);
        else
                r = left_find_in_tree(setting->tree, check->file.path, &fd);
        if (r < 0)
                return r;
        r = observe(check, r, fd, deadline_ms, attempt, &file);
        if (r != 0)
                return r < 0 ? r : 0;
        examine(check, &file, &observed, &assertions, attempt);
        attempt->results = assertions.items;
        attempt->n_results = assertions.n;
        judge_assertions(attempt->results, attempt->n_results, &attempt->judgement);
        return 0;
}

/* True in `ret_is_judged`: nothing is left to assert. */
static int examine_left(const CommandRun *run, const Check *check, Attempt *attempt,
                        Assertions *assertions, bool *ret_is_judged) {
        ObservedFile file = {.exists = false};
        Observed observed;
        cleanup_fd int fd = -1;
        int r = is_of_host(check) ? left_find_on_host(check->file.path, &fd)
                                  : find_left(run, check->file.path, &fd);

        if (r < 0)
                return r;
        r = observe(check, r, fd, clock_mono_ms() + check->timeout_ms, attempt, &file);
        *ret_is_judged = r > 0;
        if (r != 0)
                return r < 0 ? r : 0;
        command_observe(run, check, attempt, &observed);
        command_assert_status(check, attempt, assertions);
        examine(check, &file, &observed, assertions, attempt);
        return 0;
}

static int with_command(AttemptSetting *setting, const Check *check, bool force_copy,
                        Attempt *attempt) {
        Assertions assertions = {.arena = &attempt->arena};
        bool is_judged = false;
        CommandRun run;
        int r = command_run(setting, check, force_copy, attempt, &run);

        if (r != 0)
                return r;
        if (command_is_observable(check, attempt))
                TRY(examine_left(&run, check, attempt, &assertions, &is_judged));
        if (!is_judged)
                command_judge(&run, &assertions, attempt);
        command_drop(setting, &run);
        return 0;
}

int file_check_attempt(AttemptSetting *setting, const Check *check, bool force_copy,
                       Attempt *attempt) {
        return check->n_command ? with_command(setting, check, force_copy, attempt)
                                : without_command(setting, check, attempt);
}
