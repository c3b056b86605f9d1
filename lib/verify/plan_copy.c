/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * A copy that is weaker may only be old: the operator has approved more since. It was edited where
 * the approved text itself is in the commit's history; that is what the history is asked for.
 */

#include "verify/plan_copy.h"

#include "base/clock.h"
#include "base/text.h"
#include "verify/history.h"
#include "verify/mirror.h"

enum { COPY_BYTES_MAX = 256 << 10, HISTORY_MS = 20000, LINES_BYTES_MAX = 600 };

typedef struct Look {
        VerdictDraft *draft;
        History history;
        ObjectId approved; /* id of its text as a blob */
        Buf lines;         /* its text as git keeps it where a work tree has CR LF */
        ObjectId kept;     /* id of that */
        Buf path;          /* printable */
        Buf command;       /* that approves the copy */
        Buf weakening;     /* in one line */
} Look;

static void look_deinit(Look *look) {
        look->history.objects = objects_free(look->history.objects);
        buf_deinit(&look->lines);
        buf_deinit(&look->path);
        buf_deinit(&look->command);
        buf_deinit(&look->weakening);
}

static void note(const Look *look, const char *what) {
        draft_add_note(
                look->draft,
                "plan.copy: %s of this commit is not the approved plan, by which the gate is "
                "judged: %s. Next, if it is meant: %s",
                buf_get_text(&look->path), what, buf_get_text(&look->command));
}

/* The lines, as far as there is room, with semicolons between them. */
static void join_lines(Slice lines, Buf *text) {
        while (lines.n) {
                size_t n = slice_find(lines, slice_text("\n"));

                if (text->n + n > LINES_BYTES_MAX && text->n) {
                        buf_text(text, "; and more");
                        return;
                }
                buf_text(text, text->n ? "; " : "");
                text_make_visible(slice_head(lines, n), false, text);
                lines = slice_from(lines, n + 1);
        }
}

static void add_lines(Slice text, Buf *lines) {
        while (text.n) {
                Slice line = slice_head(text, slice_find(text, slice_text("\r\n")));

                buf_slice(lines, line);
                if (line.n < text.n)
                        buf_byte(lines, '\n');
                text = slice_from(text, line.n + 2);
        }
}

/* What ends the lines is the work tree's, and says nothing of the plan. */
static bool is_same(const Look *look, Slice copy) {
        cleanup_buf Buf lines = BUF_INIT(COPY_BYTES_MAX);

        add_lines(copy, &lines);
        return slice_equal(buf_get(&lines), buf_get(&look->lines));
}

static bool had(const Look *look, const ObjectId *id) {
        const VerifyRequest *request = look->draft->request;
        Fault fault = FAULT_INIT;
        bool was_there = false;
        int r = history_had(&look->history, request->commit, slice_text(request->plan_path), id,
                            &was_there, &fault);

        return r == 0 && was_there;
}

static bool is_edited(const Look *look) {
        return had(look, &look->approved) ||
               (memcmp(&look->kept, &look->approved, sizeof look->kept) != 0 &&
                had(look, &look->kept));
}

static int judge(Look *look, const Plan *copy, Fault *reterr_fault) {
        const VerifyRequest *request = look->draft->request;
        cleanup_buf Buf lines = BUF_TEXT, what = BUF_TEXT;

        if (!slice_equal(copy->phase, request->plan->phase)) {
                note(look, "it plans another phase");
                return 0;
        }
        plan_describe_gate_weakening(request->plan, copy, request->gate, &lines);
        join_lines(buf_get(&lines), &look->weakening);
        if (!look->weakening.n) {
                note(look, "it does not weaken this gate");
                return 0;
        }
        buf_text(&look->command, " --accept-weakening");
        buf_printf(&what, "it weakens %s", buf_get_text(&look->weakening));
        note(look, buf_get_text(&what));
        if (!is_edited(look))
                return 0;
        fault_set(reterr_fault, "claim.plan-copy",
                  "%s was the approved plan in this commit's history, and is edited: it weakens %s",
                  buf_get_text(&look->path), buf_get_text(&look->weakening));
        return PREP_E_FAIL;
}

static int compare(Look *look, const ObjectId *id, Fault *reterr_fault) {
        cleanup(plan_deinit) Plan copy = {.n_gates = 0};
        cleanup_object Object blob = OBJECT_INIT;
        Fault fault = FAULT_INIT;
        size_t n_faults = 0;
        ObjectKind kind;
        uint64_t n_bytes;

        if (objects_stat(look->history.objects, id, &kind, &n_bytes) != 0) {
                fault_set(reterr_fault, "prep.mirror", "the plan's copy cannot be read");
                return PREP_E_ERROR;
        }
        if (kind != OBJECT_BLOB || n_bytes > COPY_BYTES_MAX) {
                note(look, "it is larger than a plan may be, and was not read");
                return 0;
        }
        if (objects_read(look->history.objects, id, &blob) != 0) {
                fault_set(reterr_fault, "prep.mirror", "the plan's copy cannot be read");
                return PREP_E_ERROR;
        }
        if (is_same(look, blob.bytes))
                return 0;
        if (plan_parse_approved("copy", blob.bytes, &copy, &fault, 1, &n_faults) != 0) {
                note(look, "it cannot be read as a plan");
                return 0;
        }
        return judge(look, &copy, reterr_fault);
}

static int look_at(Look *look, Fault *reterr_fault) {
        const VerifyRequest *request = look->draft->request;
        HistoryPlace place;
        int r = history_find(&look->history, request->commit, slice_text(request->plan_path),
                             &place, reterr_fault);

        if (r != 0 || place.kind == HISTORY_NOTHING)
                return r;
        if (place.kind == HISTORY_OTHER) {
                note(look, "it is no file, and was not read");
                return 0;
        }
        if (memcmp(&place.id, &look->approved, sizeof place.id) == 0)
                return 0;
        return compare(look, &place.id, reterr_fault);
}

int plan_copy_check(VerdictDraft *draft, const char *mirror_path, Fault *reterr_fault) {
        const VerifyRequest *request = draft->request;
        cleanup(look_deinit)
                Look look = {.draft = draft,
                             .history = {.mirror = mirror_path,
                                         .deadline_ms = clock_mono_ms() + HISTORY_MS,
                                         .is_cancelled = request->progress.is_cancelled,
                                         .userdata = request->progress.userdata},
                             .lines = BUF_INIT(COPY_BYTES_MAX),
                             .path = BUF_TEXT,
                             .command = BUF_TEXT,
                             .weakening = BUF_TEXT};
        int r;

        if (!request->plan_path)
                return 0;
        add_lines(request->plan->text, &look.lines);
        if (objects_open(mirror_path, &look.history.objects) != 0 ||
            object_hash_blob(request->plan->text, &look.approved) != 0 ||
            object_hash_blob(buf_get(&look.lines), &look.kept) != 0) {
                fault_set(reterr_fault, "prep.mirror", "the mirror cannot be read");
                return PREP_E_ERROR;
        }
        text_make_name_visible(slice_text(request->plan_path), &look.path);
        buf_text(&look.command, "broker plan approve ");
        text_quote(request->plan_path, &look.command);
        r = look_at(&look, reterr_fault);
        return r == HISTORY_E_CANCELLED ? 0 : r; /* who cancels is heard before anything is run */
}
