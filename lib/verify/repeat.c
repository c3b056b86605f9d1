/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Processes and not threads, so that everything that a check is made of stays as simple as it is. A
 * repetition's process says at its end how it went, as an Answer with its lines and notes, and its
 * evidence as the frame that evidence is anyway.
 */

#include "verify/repeat.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"
#include "sandbox/wire.h"
#include "verify/clip.h"
#include "verify/evidence.h"
#include "verify/scratch.h"
#include "verify/series.h"

enum {
        AT_A_TIME_MAX = 64,
        PER_PROCESSOR = 4, /* most repetitions wait for something */
        ANSWER_BYTES = 1 << 20,
        FRAME_BYTES = 256 << 10,
        LINE_BYTES = 1000,
        TICK_MS = 100,
        STEP_MS = 5,
        END_MS = 10000,
        LINES_EACH = 4, /* of a repetition that held after several attempts */
};

typedef struct Repetition {
        pid_t pid;
        int fd; /* -1: the place is free */
        uint64_t number;
        Buf answer;
} Repetition;

typedef struct Repeat {
        AttemptSetting *setting;
        const Check *check;
        CheckReport *report;
        Attempt *shown;
        Tally *tally;
        uint64_t n_started;
        size_t n_places, n_busy;
        Repetition places[AT_A_TIME_MAX];
} Repeat;

/* ---- the process of one repetition ---- */

static void put_report(const CheckReport *report, const Attempt *last, Buf *answer) {
        wire_put_bytes(answer, slice_make(&last->judgement, sizeof last->judgement));
        wire_put_u64(answer, attempt_was_overlay(last));
        wire_put_u64(answer, last->started_ms);
        wire_put_u64(answer, last->duration_ms);
        wire_put_u64(answer, report->n_attempts);
        wire_put_u64(answer, report->n_lines);
        for (size_t i = 0; i < report->n_lines; i++)
                wire_put_bytes(answer, report->lines[i]);
        wire_put_u64(answer, report->n_notes);
        for (size_t i = 0; i < report->n_notes; i++)
                wire_put_bytes(answer, report->notes[i]);
}

static int put_evidence(const Repeat *repeat, CheckReport *report, Buf *answer) {
        EvidenceFacts facts = {.request = repeat->setting->request,
                               .tree = "",
                               .reproduce = "",
                               .bytes_max = FRAME_BYTES};
        VerifyEvidence evidence;

        report->n_lines = 0; /* they are told beside it */
        TRY(evidence_make(&facts, repeat->check, report, &report->arena, &evidence));
        wire_put_bytes(answer, evidence.frame);
        return 0;
}

static int repeat_once(const Repeat *repeat, uint64_t number, Buf *answer) {
        cleanup(check_report_deinit) CheckReport report = {.n_lines = 0};
        cleanup_free char *dir =
                mem_printf("%s/repeat-%llu", repeat->setting->dir, (unsigned long long)number);
        AttemptSetting setting = *repeat->setting;
        VerifyRequest request = *setting.request;
        Attempt last = {.has_sandbox = false};
        int r;

        request.progress.report = NULL; /* the parent tells it */
        setting.request = &request;
        setting.dir = dir;
        setting.n_dirs = 0;
        setting.n_beside = repeat->n_places;
        setting.repetition = number;
        if (mkdir(dir, 0700) < 0)
                return error_origin(-errno);
        r = series_run(&setting, repeat->check, false, &report, &last);
        if (r == 0) {
                report.judgement = last.judgement;
                check_report_show(&report, &last);
                check_report_add_residue(&report, repeat->check);
                put_report(&report, &report.shown, answer);
                r = put_evidence(repeat, &report, answer);
        }
        if (!request.keep)
                scratch_drop(dir);
        return r;
}

noreturn_ static void be_repetition(const Repeat *repeat, uint64_t number, int fd, pid_t parent) {
        cleanup_buf Buf answer = BUF_INIT(ANSWER_BYTES);

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent || repeat_once(repeat, number, &answer) != 0 || answer.is_full)
                _exit(1);
        _exit(fd_write_all(fd, buf_get(&answer)) == 0 ? 0 : 1);
}

/* ---- its parent ---- */

/* Each is asked to end, so that its sandbox is dead with it, and killed if it will not. */
static void end_repetition(const Repetition *place) {
        const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};
        uint64_t until_ms = clock_mono_ms() + END_MS;

        while (waitpid(place->pid, NULL, WNOHANG) == 0) {
                if (clock_mono_ms() >= until_ms)
                        (void)kill(place->pid, SIGKILL);
                (void)nanosleep(&step, NULL);
        }
}

static void repeat_deinit(Repeat *repeat) {
        for (size_t i = 0; i < repeat->n_places; i++)
                if (repeat->places[i].fd >= 0)
                        (void)kill(repeat->places[i].pid, SIGTERM);
        for (size_t i = 0; i < repeat->n_places; i++) {
                Repetition *place = &repeat->places[i];

                if (place->fd >= 0)
                        end_repetition(place);
                fd_close(&place->fd);
                buf_deinit(&place->answer);
        }
}

/* False: there can be no further process now. */
static bool start(Repeat *repeat, Repetition *place) {
        uint64_t number = repeat->n_started + 1;
        pid_t parent = getpid();
        int fds[2];

        if (pipe2(fds, O_CLOEXEC) < 0)
                return false;
        place->pid = fork();
        if (place->pid == 0)
                be_repetition(repeat, number, fds[1], parent);
        (void)close(fds[1]);
        if (place->pid < 0) {
                (void)close(fds[0]);
                return false;
        }
        place->fd = fds[0];
        place->number = number;
        repeat->n_started++;
        repeat->n_busy++;
        return true;
}

/* What the harness failed at counts before what the product did, then the lowest number. */
static bool comes_first(const Tally *tally, uint64_t number, const Judgement *judgement) {
        bool is_error = judgement->outcome == OUTCOME_ERROR;
        bool was_error = tally->judgement.outcome == OUTCOME_ERROR;

        return !tally->first_failed ||
               (is_error == was_error ? number < tally->first_failed : is_error);
}

static void put_judgement(Repeat *repeat, uint64_t number, const Judgement *judgement) {
        Tally *tally = repeat->tally;

        if (judgement->outcome == OUTCOME_PASS) {
                tally->n_held++;
                return;
        }
        tally->n_failed++;
        if (!comes_first(tally, number, judgement))
                return;
        tally->first_failed = number;
        tally->judgement = *judgement;
}

static bool is_shown(const Repeat *repeat, const Judgement *judgement, uint64_t number) {
        return judgement->outcome == OUTCOME_PASS ? repeat->tally->first_failed == 0
                                                  : repeat->tally->first_failed == number;
}

static void take_lines(Repeat *repeat, uint64_t number, bool is_pass, WireReader *reader) {
        uint64_t n = wire_get_limited(reader, CHECK_LINES_MAX);

        for (uint64_t i = 0; i < n; i++) {
                Slice line = wire_get_bytes(reader, LINE_BYTES);

                if (!is_pass || i + LINES_EACH >= n)
                        check_report_add_line(repeat->report, "N=%llu, %.*s",
                                              (unsigned long long)number, SLICE_ARGS(line));
        }
        n = wire_get_limited(reader, CHECK_NOTES_MAX);
        for (uint64_t i = 0; i < n; i++) {
                Slice note = wire_get_bytes(reader, LINE_BYTES);

                check_report_add_note(repeat->report, "%.*s (N=%llu)", SLICE_ARGS(note),
                                      (unsigned long long)number);
        }
}

static bool take_answer(Repeat *repeat, const Repetition *place) {
        WireReader reader = {.rest = buf_get(&place->answer)};
        Attempt attempt = {.has_sandbox = false};
        Slice bytes = wire_get_bytes(&reader, sizeof attempt.judgement);

        if (bytes.n != sizeof attempt.judgement)
                return false;
        memcpy(&attempt.judgement, bytes.data, sizeof attempt.judgement);
        put_judgement(repeat, place->number, &attempt.judgement);
        repeat->tally->was_overlay |= wire_get_u64(&reader) != 0;
        attempt.started_ms = wire_get_u64(&reader);
        attempt.duration_ms = wire_get_u64(&reader);
        repeat->report->n_attempts += wire_get_u64(&reader);
        take_lines(repeat, place->number, attempt.judgement.outcome == OUTCOME_PASS, &reader);
        bytes = wire_get_bytes(&reader, ANSWER_BYTES);
        if (reader.is_bad)
                return false;
        if (!is_shown(repeat, &attempt.judgement, place->number))
                return true;
        attempt.frame = arena_slice(&attempt.arena, bytes);
        attempt_deinit(repeat->shown);
        *repeat->shown = attempt;
        return true;
}

static void finish(Repeat *repeat, Repetition *place) {
        Judgement broken;

        while (waitpid(place->pid, NULL, 0) < 0 && errno == EINTR)
                continue;
        fd_close(&place->fd);
        repeat->n_busy--;
        if (!take_answer(repeat, place)) {
                judge_by(SIGHTING_SANDBOX_BROKEN, "repeat", &broken,
                         "the process of repetition %llu died without an answer",
                         (unsigned long long)place->number);
                put_judgement(repeat, place->number, &broken);
        }
        buf_clear(&place->answer);
}

static void hear(Repeat *repeat, Repetition *place) {
        uint8_t *room = buf_reserve(&place->answer, 1 << 16);
        ssize_t n = room ? read(place->fd, room, 1 << 16) : 0;

        if (n < 0 && errno == EINTR)
                return;
        if (n > 0)
                place->answer.n += (size_t)n;
        else
                finish(repeat, place);
}

static void wait_for_news(Repeat *repeat) {
        struct pollfd polled[AT_A_TIME_MAX];

        for (size_t i = 0; i < repeat->n_places; i++)
                polled[i] = (struct pollfd){.fd = repeat->places[i].fd, .events = POLLIN};
        if (poll(polled, repeat->n_places, TICK_MS) <= 0)
                return;
        for (size_t i = 0; i < repeat->n_places; i++)
                if (polled[i].revents)
                        hear(repeat, &repeat->places[i]);
}

/* After an error of the harness no more are begun: what they would say does not count. */
static void fill_places(Repeat *repeat) {
        for (size_t i = 0; i < repeat->n_places; i++) {
                Repetition *place = &repeat->places[i];

                if (place->fd >= 0 || repeat->n_started == repeat->check->n_repeat ||
                    repeat->tally->judgement.outcome == OUTCOME_ERROR)
                        continue;
                if (start(repeat, place))
                        continue;
                if (repeat->n_busy == 0) {
                        Judgement broken;

                        judge_by(SIGHTING_SANDBOX_BROKEN, "repeat", &broken,
                                 "no process for a repetition could be made: %s", strerror(errno));
                        put_judgement(repeat, repeat->n_started + 1, &broken);
                }
                return;
        }
}

static size_t count_places(const Check *check) {
        long n_processors = sysconf(_SC_NPROCESSORS_ONLN);
        size_t most = n_processors > 0 ? (size_t)n_processors * PER_PROCESSOR : PER_PROCESSOR;

        return size_max(1, size_min(size_min(check->concurrency, check->n_repeat),
                                    size_min(most, AT_A_TIME_MAX)));
}

static void sum_up(Repeat *repeat) {
        Tally *tally = repeat->tally;

        tally->n = repeat->n_started;
        tally_say(tally, &tally->judgement);
        check_report_add_line(repeat->report, "repeat: %llu of %llu held, %llu at a time",
                              (unsigned long long)tally->n_held,
                              (unsigned long long)repeat->check->n_repeat,
                              (unsigned long long)tally->n_beside);
}

void tally_say(const Tally *tally, Judgement *judgement) {
        cleanup_buf Buf text = BUF_TEXT;

        if (tally->n_failed == 0)
                buf_printf(&text, "%llu repetitions held, %llu at a time",
                           (unsigned long long)tally->n, (unsigned long long)tally->n_beside);
        else
                buf_printf(&text, "%llu of %llu repetitions failed, N=%llu first: %s",
                           (unsigned long long)tally->n_failed, (unsigned long long)tally->n,
                           (unsigned long long)tally->first_failed, judgement->summary);
        clip_line(buf_get(&text), SUMMARY_BYTES, judgement->summary);
}

int repeat_run(AttemptSetting *setting, const Check *check, CheckReport *report, Attempt *ret_shown,
               Tally *ret_tally) {
        cleanup(repeat_deinit) Repeat repeat = {.setting = setting,
                                                .check = check,
                                                .report = report,
                                                .shown = ret_shown,
                                                .tally = ret_tally,
                                                .n_places = count_places(check)};

        *ret_tally = (Tally){.n = check->n_repeat, .n_beside = repeat.n_places};
        judge_by(SIGHTING_HELD, NULL, &ret_tally->judgement, "%s", "");
        for (size_t i = 0; i < repeat.n_places; i++)
                repeat.places[i] = (Repetition){.fd = -1, .answer = BUF_INIT(ANSWER_BYTES + 1)};
        for (fill_places(&repeat); repeat.n_busy; fill_places(&repeat)) {
                wait_for_news(&repeat);
                if (attempt_is_cancelled(setting))
                        return ATTEMPT_E_CANCELLED;
        }
        sum_up(&repeat);
        return 0;
}
