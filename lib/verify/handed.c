/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* How it went as numbers, its lines and notes, and its evidence as the frame that evidence is
 * anyway. */

#include "verify/handed.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/mem.h"
#include "sandbox/wire.h"
#include "verify/evidence.h"
#include "verify/pool.h"
#include "verify/scratch.h"
#include "verify/series.h"

/* What is told beside it must still fit the whole. */
enum { LINE_BYTES = 1000, FRAME_BYTES = 256 << 10 };

static void put_slices(const Slice *slices, size_t n, Buf *answer) {
        wire_put_u64(answer, n);
        for (size_t i = 0; i < n; i++)
                wire_put_bytes(answer, slices[i]);
}

static void put_report(const CheckReport *report, bool was_starved, Buf *answer) {
        const Attempt *last = &report->shown;

        wire_put_bytes(answer, slice_make(&last->judgement, sizeof last->judgement));
        wire_put_u64(answer, attempt_was_overlay(last));
        wire_put_u64(answer, was_starved);
        wire_put_u64(answer, last->started_ms);
        wire_put_u64(answer, last->duration_ms);
        wire_put_u64(answer, report->n_attempts);
        put_slices(report->lines, report->n_lines, answer);
        put_slices(report->notes, report->n_notes, answer);
}

static int put_evidence(const AttemptSetting *setting, const Check *check, CheckReport *report,
                        Buf *answer) {
        EvidenceFacts facts = {
                .request = setting->request, .tree = "", .reproduce = "", .bytes_max = FRAME_BYTES};
        VerifyEvidence evidence;

        report->n_lines = 0; /* they are told beside it */
        TRY(evidence_make(&facts, check, report, &report->arena, &evidence));
        wire_put_bytes(answer, evidence.frame);
        return 0;
}

static int make(AttemptSetting *setting, const Check *check, Buf *answer) {
        cleanup(check_report_deinit) CheckReport report = {.n_lines = 0};
        Attempt last = {.has_sandbox = false};
        bool was_starved;
        int r = series_run(setting, check, false, &report, &last);

        if (r != 0)
                return r;
        was_starved = attempt_was_starved(check, &last);
        report.judgement = last.judgement;
        check_report_show(&report, &last);
        check_report_add_residue(&report, check);
        put_report(&report, was_starved, answer);
        return put_evidence(setting, check, &report, answer);
}

int handed_make(const AttemptSetting *setting, const Check *check, const char *name, Buf *answer) {
        cleanup_free char *dir = mem_printf("%s/%s", setting->dir, name);
        AttemptSetting own = *setting;
        VerifyRequest request = *setting->request;
        int r;

        request.progress.report = NULL; /* the parent tells it */
        own.request = &request;
        own.dir = dir;
        own.n_dirs = 0;
        if (mkdir(dir, 0700) < 0)
                return error_origin(-errno);
        r = make(&own, check, answer);
        if (!request.keep)
                scratch_drop(dir);
        return r;
}

static size_t take_slices(WireReader *reader, size_t n_max, Slice *slices) {
        size_t n = wire_get_limited(reader, n_max);

        for (size_t i = 0; i < n; i++)
                slices[i] = wire_get_bytes(reader, LINE_BYTES);
        return n;
}

static bool is_ended(const char *text, size_t n) {
        return memchr(text, 0, n) != NULL;
}

static bool take_judgement(WireReader *reader, Judgement *ret_judgement) {
        Slice bytes = wire_get_bytes(reader, sizeof *ret_judgement);

        if (bytes.n != sizeof *ret_judgement)
                return false;
        memcpy(ret_judgement, bytes.data, bytes.n);
        return (unsigned)ret_judgement->sighting < _SIGHTING_MAX &&
               (unsigned)ret_judgement->outcome < _OUTCOME_MAX &&
               is_ended(ret_judgement->reason, sizeof ret_judgement->reason) &&
               is_ended(ret_judgement->summary, sizeof ret_judgement->summary);
}

bool handed_take(Slice bytes, HandedRun *ret_run) {
        WireReader reader = {.rest = bytes};

        *ret_run = (HandedRun){.n_lines = 0};
        if (!take_judgement(&reader, &ret_run->judgement))
                return false;
        ret_run->was_overlay = wire_get_u64(&reader) != 0;
        ret_run->was_starved = wire_get_u64(&reader) != 0;
        ret_run->started_ms = wire_get_u64(&reader);
        ret_run->duration_ms = wire_get_u64(&reader);
        ret_run->n_attempts = wire_get_u64(&reader);
        ret_run->n_lines = take_slices(&reader, CHECK_LINES_MAX, ret_run->lines);
        ret_run->n_notes = take_slices(&reader, CHECK_NOTES_MAX, ret_run->notes);
        ret_run->frame = wire_get_bytes(&reader, POOL_ANSWER_BYTES);
        return !reader.is_bad;
}

void handed_show(const HandedRun *run, Attempt *ret_attempt) {
        *ret_attempt = (Attempt){.started_ms = run->started_ms,
                                 .duration_ms = run->duration_ms,
                                 .judgement = run->judgement};
        ret_attempt->frame = arena_slice(&ret_attempt->arena, run->frame);
}
