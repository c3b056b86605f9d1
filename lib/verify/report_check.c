/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * A report that a command made. It counts only if this run made it: a file that stands in the
 * commit with the same bytes is the commit's word, not the run's.
 */

#include "base/error.h"
#include "base/fd.h"
#include "verify/command.h"
#include "verify/file_facts.h"
#include "verify/kind.h"
#include "verify/left.h"
#include "verify/report.h"

/* A report, or why there is none. */
typedef struct Found {
        Buf bytes;
        Sighting sighting; /* SIGHTING_HELD: it is there */
        const char *why;
} Found;

static void found_deinit(Found *found) {
        buf_deinit(&found->bytes);
}

static bool is_in_tree(const char *tree, Slice path, Slice bytes) {
        cleanup_fd int fd = -1;
        cleanup_buf Buf before = BUF_INIT(REPORT_BYTES_MAX);

        return left_find_in_tree(tree, path, &fd) == 0 && file_read_all(fd, &before) == 0 &&
               slice_equal(buf_get(&before), bytes);
}

static void miss(Found *found, Sighting sighting, const char *why) {
        found->sighting = sighting;
        found->why = why;
}

/* What was found is read; the commit's own does not count. */
static int read_file(const CommandRun *run, Slice file, int fd, Found *found) {
        int r = file_read_all(fd, &found->bytes);

        if (r < 0)
                return r;
        if (r == FILE_FACTS_E_TOO_LARGE)
                miss(found, SIGHTING_REPORT_MALFORMED, "it is larger than is read");
        else if (r != 0)
                miss(found, SIGHTING_REPORT_MISSING, "it is not a file that can be read");
        else if (is_in_tree(run->spec.tree, file, buf_get(&found->bytes)))
                miss(found, SIGHTING_REPORT_STALE,
                     "the commit has this very file; the run did not make it");
        return 0;
}

static int find_file(const CommandRun *run, Slice file, Found *found) {
        cleanup_buf Buf path = BUF_TEXT;
        cleanup_fd int fd = -1;
        int r = LEFT_E_ABSENT;

        if (left_path_normalise(file, &path))
                r = left_find(&run->spec, buf_get_text(&path), &fd);
        if (r == 0)
                return read_file(run, file, fd, found);
        miss(found, SIGHTING_REPORT_MISSING,
             r == LEFT_E_ABSENT ? "there is no such file" : "it may not be looked for");
        return 0;
}

static int find(const CommandRun *run, const Check *check, const Attempt *attempt, Found *found) {
        const SandboxStream *out = &attempt->sandbox.out;

        if (check->report.file.n)
                return find_file(run, check->report.file, found);
        buf_slice(&found->bytes, buf_get(&out->head));
        buf_slice(&found->bytes, buf_get(&out->tail));
        if (out->is_cut || found->bytes.is_full)
                miss(found, SIGHTING_OUTPUT_LIMIT, "standard output is larger than is kept");
        return 0;
}

static bool read_report(const Check *check, Slice bytes, Attempt *attempt, Report *ret_report,
                        Assertions *assertions) {
        bool is_tap = check->report.format == REPORT_TAP;
        char why[REPORT_WHY_BYTES];
        int r = is_tap ? report_read_tap(bytes, &attempt->arena, ret_report, why)
                       : report_read_junit(bytes, &attempt->arena, ret_report, why);

        if (r == 0)
                return true;
        assertions_add(assertions, SIGHTING_REPORT_MALFORMED, "report.format", false,
                       is_tap ? "TAP" : "JUnit XML", "%s", why);
        return false;
}

static int examine(const CommandRun *run, const Check *check, Attempt *attempt,
                   Assertions *assertions) {
        cleanup(found_deinit) Found found = {.bytes = BUF_INIT(REPORT_BYTES_MAX)};
        Observed observed;
        Report report;

        TRY(find(run, check, attempt, &found));
        if (check->report.file.n && found.bytes.n)
                attempt_keep_stream(attempt, "report", buf_get(&found.bytes));
        if (found.sighting != SIGHTING_HELD) {
                assertions_add(assertions, found.sighting, "report.made", false,
                               "a report that this run made", "%s; exit status %d", found.why,
                               attempt->sandbox.status);
                return 0;
        }
        if (!read_report(check, buf_get(&found.bytes), attempt, &report, assertions))
                return 0;
        report_assert(check, &report, assertions);
        command_observe(run, check, attempt, &observed);
        report_observe(&report, &attempt->arena, &observed);
        command_assert_status(check, attempt, assertions);
        assertions_add_expected(assertions, check, &observed);
        report_tell_failures(&report, assertions);
        return 0;
}

int report_check_attempt(AttemptSetting *setting, const Check *check, bool force_copy,
                         Attempt *attempt) {
        Assertions assertions = {.arena = &attempt->arena};
        CommandRun run;
        int r = command_run(setting, check, force_copy, attempt, &run);

        if (r != 0)
                return r;
        if (command_is_observable(check, attempt))
                TRY(examine(&run, check, attempt, &assertions));
        command_judge(&run, &assertions, attempt);
        command_drop(setting, &run);
        return 0;
}
