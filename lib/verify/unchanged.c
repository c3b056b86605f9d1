/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Equality is that of the hashes of all that was printed; the difference is shown by lines of what
 * was kept of it. */

#include "verify/unchanged.h"

#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "verify/clip.h"

enum {
        PROBE_MS = 60000,
        TRIES_MAX = 2,
        LOOKS_MAX = 3,
        LOOK_AGAIN_MS = 500,
        LINES_SHOWN = 6,
        LINE_BYTES = 120,
        COMMAND_BYTES = 120,
};

void unchanged_deinit(Unchanged *unchanged) {
        arena_deinit(&unchanged->arena);
        *unchanged = (Unchanged){.before = NULL};
}

static int run_probe(AttemptSetting *setting, Slice text, Arena *arena,
                     SandboxOutcome *ret_outcome) {
        const Gate *gate = setting->request->gate;
        Check probe = {.id = slice_text("unchanged"),
                       .is_shell = true,
                       .command = &text,
                       .n_command = 1,
                       .timeout_ms = PROBE_MS,
                       .env = gate->vars,
                       .n_env = gate->n_vars,
                       .on = gate->unchanged_on};
        SandboxSpec spec = {.argv = NULL};
        int r = attempt_run_script(setting, &probe, false, arena, &spec, ret_outcome);

        if (r == 0)
                attempt_drop(setting, &spec);
        return r;
}

static void say_failed(Slice text, const SandboxOutcome *outcome, Fault *fault) {
        cleanup_arena Arena arena = ARENA_INIT;
        Slice command = clip_slice(text, COMMAND_BYTES, &arena);
        Slice error = clip_slice(buf_get(&outcome->err.head), LINE_BYTES, &arena);

        if (outcome->end == SANDBOX_EXITED)
                fault_set(fault, "residue.probe", "`%.*s` ended with exit status %d: %.*s",
                          SLICE_ARGS(command), outcome->status, SLICE_ARGS(error));
        else
                fault_set(fault, "residue.probe", "`%.*s` %s%s%s", SLICE_ARGS(command),
                          outcome->end == SANDBOX_TIMED_OUT ? "did not end in time"
                                                            : "could not be run to its end",
                          outcome->fault.rule ? ": " : "", outcome->fault.found);
}

/* The outcome of a probe that worked. */
static int ask(AttemptSetting *setting, Slice text, Arena *arena, SandboxOutcome *ret_outcome,
               Fault *reterr_fault) {
        for (unsigned i = 1;; i++) {
                int r = run_probe(setting, text, arena, ret_outcome);

                if (r != 0)
                        return r;
                if (ret_outcome->end == SANDBOX_EXITED && ret_outcome->status == 0)
                        return 0;
                say_failed(text, ret_outcome, reterr_fault);
                sandbox_outcome_deinit(ret_outcome);
                *ret_outcome = (SandboxOutcome){.end = SANDBOX_BROKEN};
                if (i == TRIES_MAX)
                        return UNCHANGED_E_PROBE;
        }
}

int unchanged_ask_before(Unchanged *unchanged, AttemptSetting *setting, Fault *reterr_fault) {
        const Gate *gate = setting->request->gate;

        unchanged->before = arena_alloc_array(&unchanged->arena, gate->n_unchanged + 1,
                                              sizeof *unchanged->before);
        for (size_t i = 0; i < gate->n_unchanged; i++) {
                cleanup(sandbox_outcome_deinit) SandboxOutcome outcome = {.end = SANDBOX_BROKEN};
                cleanup_arena Arena arena = ARENA_INIT;
                int r = ask(setting, gate->unchanged[i], &arena, &outcome, reterr_fault);

                if (r != 0)
                        return r;
                unchanged->before[i].hash = outcome.out.hash;
                unchanged->before[i].head =
                        arena_slice(&unchanged->arena, buf_get(&outcome.out.head));
        }
        return 0;
}

static Slice take_line(Slice *rest) {
        size_t n = slice_find(*rest, slice_text("\n"));
        Slice line = slice_head(*rest, n);

        *rest = slice_from(*rest, n + 1);
        return line;
}

static bool has_line(Slice text, Slice line) {
        while (text.n)
                if (slice_equal(take_line(&text), line))
                        return true;
        return false;
}

/* The lines of one that are not among those of the other. */
static void say_lines(Slice of, Slice other, const char *mark, Buf *text) {
        size_t n = 0;

        while (of.n) {
                char shown[LINE_BYTES];
                Slice line = take_line(&of);

                if (has_line(other, line))
                        continue;
                if (n++ >= LINES_SHOWN)
                        continue;
                clip_line(line, sizeof shown, shown);
                buf_printf(text, "%s%s %s", text->n ? "; " : "", mark, shown);
        }
        if (n > LINES_SHOWN)
                buf_printf(text, "; %s %zu more", mark, n - LINES_SHOWN);
}

static void say_changed(Slice command, Slice before, Slice after, Fault *fault) {
        cleanup_buf Buf text = BUF_TEXT;
        char shown[COMMAND_BYTES];

        clip_line(command, sizeof shown, shown);
        say_lines(after, before, "+", &text);
        say_lines(before, after, "-", &text);
        if (!text.n)
                buf_text(&text, "the same lines in another order, or another number of times");
        fault_set(fault, "residue.unchanged", "`%s` printed something else before the gate: %s",
                  shown, buf_get_text(&text));
}

static int look(Unchanged *unchanged, AttemptSetting *setting, Fault *reterr_fault) {
        const Gate *gate = setting->request->gate;

        for (size_t i = 0; i < gate->n_unchanged; i++) {
                cleanup(sandbox_outcome_deinit) SandboxOutcome outcome = {.end = SANDBOX_BROKEN};
                cleanup_arena Arena arena = ARENA_INIT;
                int r = ask(setting, gate->unchanged[i], &arena, &outcome, reterr_fault);

                if (r != 0)
                        return r;
                if (hash_equal(&outcome.out.hash, &unchanged->before[i].hash))
                        continue;
                say_changed(gate->unchanged[i], unchanged->before[i].head,
                            buf_get(&outcome.out.head), reterr_fault);
                return UNCHANGED_E_CHANGED;
        }
        return 0;
}

int unchanged_ask_after(Unchanged *unchanged, AttemptSetting *setting, Fault *reterr_fault) {
        const struct timespec pause = {.tv_nsec = LOOK_AGAIN_MS * 1000000L};

        for (unsigned i = 1;; i++) {
                int r = look(unchanged, setting, reterr_fault);

                if (r != UNCHANGED_E_CHANGED || i == LOOKS_MAX)
                        return r;
                (void)nanosleep(&pause, NULL);
        }
}
