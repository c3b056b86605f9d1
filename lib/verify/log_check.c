/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Lines of a log since the claim. The control is what must be found in any case, so that "no such
 * line" is not said of a log that nobody could read. In a file of this machine it is looked for in
 * all that was read, and that it is not there is our lack; in what a command printed it is looked
 * for in the window, and the command is what is judged: otherwise whoever prints nothing would be
 * asked again instead of refused. So it is in a file of the commit.
 */

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"
#include "plan/regex.h"
#include "verify/command.h"
#include "verify/kind.h"
#include "verify/left.h"
#include "verify/log_window.h"

enum {
        FILE_BYTES_MAX = 32 << 20, /* the end of it */
        CHUNK_BYTES = 1 << 16,
        WINDOW_END_BYTES = 8 << 20,
        SECOND_MS = 1000,
};

static uint64_t count_lines(const ObservedStream *stream) {
        const Slice parts[] = {stream->head, stream->tail};
        Slice last = stream->tail.n ? stream->tail : stream->head;
        uint64_t n = last.n && last.data[last.n - 1] != '\n';

        for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
                for (size_t k = 0; k < parts[i].n; k++)
                        n += parts[i].data[k] == '\n';
        return n;
}

/* In both ends of what was read; not found is only sure where nothing was cut. */
static bool has_control(const Check *check, const ObservedStream *stream) {
        size_t start;

        return !check->log.control.n ||
               regex_search(check->log.control, stream->head,
                            stream->is_cut ? REGEX_HEAD : REGEX_WHOLE, &start) == REGEX_FOUND ||
               (stream->tail.n &&
                regex_search(check->log.control, stream->tail, REGEX_TAIL, &start) == REGEX_FOUND);
}

static int by_command(AttemptSetting *setting, const Check *check, bool force_copy,
                      Attempt *attempt) {
        Assertions assertions = {.arena = &attempt->arena};
        Observed observed;
        CommandRun run;
        int r = command_run(setting, check, force_copy, attempt, &run);

        if (r != 0)
                return r;
        if (command_is_observable(check, attempt)) {
                command_observe(&run, check, attempt, &observed);
                observed.lines = observed.out;
                observed.count = count_lines(&observed.out);
                command_assert_status(check, attempt, &assertions);
                assertions_add(&assertions, SIGHTING_LOG_CONTROL, "log.control",
                               has_control(check, &observed.out),
                               arena_printf(&attempt->arena, "a line that matches %.*s",
                                            SLICE_ARGS(check->log.control)),
                               "in %llu line%s", (unsigned long long)observed.count,
                               observed.count == 1 ? "" : "s");
                assertions_add_expected(&assertions, check, &observed);
        }
        command_judge(&run, &assertions, attempt);
        command_drop(setting, &run);
        return 0;
}

static bool is_of_host(const Check *check) {
        return check->log.file.n && check->log.file.data[0] == '/';
}

static int find_file(const AttemptSetting *setting, const Check *check, int *ret_fd) {
        return is_of_host(check) ? left_find_on_host(check->log.file, ret_fd)
                                 : left_find_in_tree(setting->tree, check->log.file, ret_fd);
}

/* What was there when it was looked at: what is written meanwhile is for the next look. */
static bool read_range(int fd, off_t from, off_t to, Buf *text) {
        uint8_t chunk[CHUNK_BYTES];

        while (from < to) {
                ssize_t n = pread(fd, chunk, size_min(sizeof chunk, (size_t)(to - from)), from);

                if (n < 0 && errno != EINTR)
                        return false;
                if (n == 0)
                        return true; /* it was cut meanwhile */
                buf_append(text, chunk, n > 0 ? (size_t)n : 0);
                from += n > 0 ? n : 0;
        }
        return true;
}

/* The end of the file. NULL, or why it cannot be read. */
static const char *read_end(int path_fd, Buf *text, bool *ret_is_whole) {
        cleanup_free char *name = mem_printf("/proc/self/fd/%d", path_fd);
        cleanup_fd int fd = -1;
        struct stat facts;

        if (fstat(path_fd, &facts) < 0 || !S_ISREG(facts.st_mode))
                return "it is not a regular file";
        fd = open(name, O_RDONLY | O_NOCTTY | O_CLOEXEC);
        *ret_is_whole = facts.st_size <= FILE_BYTES_MAX;
        return fd >= 0 && read_range(fd, *ret_is_whole ? 0 : facts.st_size - FILE_BYTES_MAX,
                                     facts.st_size, text)
                       ? NULL
                       : strerror(errno);
}

static ObservedStream observe(Slice bytes) {
        ObservedStream stream = {.head = bytes};

        if (bytes.n > 2 * WINDOW_END_BYTES) {
                stream.head = slice_head(bytes, WINDOW_END_BYTES);
                stream.tail = slice_from(bytes, bytes.n - WINDOW_END_BYTES);
                stream.is_cut = true;
        }
        return stream;
}

static void unreadable(const Check *check, const char *why, Attempt *attempt) {
        judge_by(is_of_host(check) ? SIGHTING_LOG_UNREADABLE : SIGHTING_LOG_CONTROL, NULL,
                 &attempt->judgement, "%.*s: %s", SLICE_ARGS(check->log.file), why);
}

static void examine(const AttemptSetting *setting, const Check *check, Slice text, bool is_whole,
                    Attempt *attempt) {
        Assertions assertions = {.arena = &attempt->arena};
        cleanup_free char *pattern =
                mem_strndup((const char *)check->log.stamp.data, check->log.stamp.n);
        uint64_t since_ms = setting->request->claimed_ms / SECOND_MS * SECOND_MS;
        LogWindow window = {.lines = BUF_INIT(FILE_BYTES_MAX)};
        ObservedStream all = observe(text);
        Observed observed = {.exit_status = -1};

        log_window_read(text, pattern, since_ms, clock_wall_ms(), &window);
        observed.lines = observe(arena_slice(&attempt->arena, buf_get(&window.lines)));
        buf_deinit(&window.lines);
        if (window.n_stamped == 0) {
                unreadable(check, "no line of it begins with a stamp", attempt);
                return;
        }
        if (!has_control(check, &all)) {
                unreadable(check, "what the control looks for does not stand in it", attempt);
                return;
        }
        if (!is_of_host(check) && window.n_lines) {
                unreadable(check,
                           "the commit has it, and is older than the claim: a line of the "
                           "window is forged",
                           attempt);
                return;
        }
        /* What stood before the part that was read may be of the window too. */
        observed.lines.is_cut |= !is_whole && window.first_stamp_ms >= since_ms;
        observed.count = window.n_lines;
        attempt_keep_stream(attempt, "log", observed.lines.head);
        assertions_add_expected(&assertions, check, &observed);
        attempt->results = assertions.items;
        attempt->n_results = assertions.n;
        judge_assertions(attempt->results, attempt->n_results, &attempt->judgement);
}

static int by_file(const AttemptSetting *setting, const Check *check, Attempt *attempt) {
        cleanup_buf Buf text = BUF_INIT(FILE_BYTES_MAX);
        cleanup_fd int fd = -1;
        const char *why = "there is no such file, or it may not be looked for";
        bool is_whole = true;
        int r = find_file(setting, check, &fd);

        if (r < 0)
                return r;
        if (r == 0)
                why = read_end(fd, &text, &is_whole);
        if (why)
                unreadable(check, why, attempt);
        else
                examine(setting, check, buf_get(&text), is_whole, attempt);
        return 0;
}

int log_check_attempt(AttemptSetting *setting, const Check *check, bool force_copy,
                      Attempt *attempt) {
        return check->n_command ? by_command(setting, check, force_copy, attempt)
                                : by_file(setting, check, attempt);
}
